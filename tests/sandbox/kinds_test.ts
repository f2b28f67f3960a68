import assert from "node:assert/strict";
import { createMethods } from "../../sandbox/methods/mod.ts";
import { Api } from "../../sandbox/tl.ts";
import { createWorld, WORLD_NOW } from "../../sandbox/world/mod.ts";
import { call, channel, history, ids, messagesOf, methods, newestFirst, page, refused, world } from "./calls.ts";

const ARCHIVE = "-1002000000002";
const CURIOSITIES = "-1002000000014";
const LIVE_DESK = "-1002000000017";
const NIGHT_SHIFT = "-1002000000015";
const MENU_BOT = "734201350";

/** Every message of every chat that we may read but the longest, as it comes over the wire. */
async function everything(): Promise<readonly (Api.Message | Api.MessageService)[]> {
  const seen: (Api.Message | Api.MessageService)[] = [];
  for (const { id, access } of world.chats.values()) {
    if (access === "closed" || id === ARCHIVE) continue;
    for (let offsetId = 0;;) {
      const messages = await messagesOf(history(id, { offsetId }));
      const last = messages.at(-1);
      if (!last) break;
      seen.push(...messages);
      offsetId = last.id;
    }
  }
  return seen;
}

const all = await everything();

/** The constructors of the schema whose names begin so. */
const constructors = (prefix: string): readonly string[] => Object.keys(Api).filter((name) => name.startsWith(prefix));

const plain = all.filter((each) => each instanceof Api.Message);

Deno.test("the world has every kind of medium", () => {
  const seen = new Set<string>(plain.flatMap(({ media }) => media?.className ?? []));
  assert.deepEqual(constructors("MessageMedia").filter((name) => !seen.has(name)), []);
});

Deno.test("the world has every kind of service message but those that only bots receive", () => {
  const seen = new Set<string>(
    all.flatMap((each) => each instanceof Api.MessageService ? [each.action.className] : []),
  );
  assert.deepEqual(constructors("MessageAction").filter((name) => !seen.has(name)), [
    "MessageActionPaymentSentMe",
    "MessageActionSecureValuesSentMe",
    "MessageActionWebViewDataSentMe",
    "MessageActionRequestedPeerSentMe",
  ]);
});

Deno.test("the world has every kind of formatting, button and reaction", () => {
  const entities = new Set<string>(plain.flatMap(({ entities }) => (entities ?? []).map(({ className }) => className)));
  assert.deepEqual(constructors("MessageEntity").filter((name) => !entities.has(name)), []);
  const buttons = new Set<string>(
    plain.flatMap(({ replyMarkup }) => replyMarkup && "rows" in replyMarkup ? replyMarkup.rows : [])
      .flatMap((row) => row.buttons.map(({ className }) => className)),
  );
  const wanted = constructors("KeyboardButton").filter((name) => name !== "KeyboardButtonRow");
  assert.deepEqual(wanted.filter((name) => !buttons.has(name)), []);
  const markups = new Set<string>(plain.flatMap(({ replyMarkup }) => replyMarkup?.className ?? []));
  assert.deepEqual([...markups].sort(), [
    "ReplyInlineMarkup",
    "ReplyKeyboardForceReply",
    "ReplyKeyboardHide",
    "ReplyKeyboardMarkup",
  ]);
  const reactions = new Set<string>(
    plain.flatMap(({ reactions }) => (reactions?.results ?? []).map(({ reaction }) => reaction.className)),
  );
  assert.deepEqual([...reactions].sort(), ["ReactionCustomEmoji", "ReactionEmoji", "ReactionPaid"]);
});

Deno.test("the world has quizzes, answers to stories and to other chats, spoilers, what destroys itself and what may not be copied", async () => {
  const { messages } = await page(CURIOSITIES, { limit: 100 });
  const found = messages.filter((each) => each instanceof Api.Message);
  const count = (test: (message: Api.Message) => unknown): number => found.filter(test).length;
  assert.equal(count(({ replyTo }) => replyTo instanceof Api.MessageReplyStoryHeader), 1);
  assert.equal(count(({ replyTo }) => replyTo instanceof Api.MessageReplyHeader && replyTo.replyToPeerId), 1);
  assert.equal(count(({ replyTo }) => replyTo instanceof Api.MessageReplyHeader && replyTo.quoteText), 1);
  assert.equal(count(({ media }) => media && "spoiler" in media && media.spoiler), 2);
  assert.equal(count(({ media }) => media && "ttlSeconds" in media && media.ttlSeconds), 4);
  assert.deepEqual([count(({ noforwards }) => noforwards), count(({ ttlPeriod }) => ttlPeriod)], [1, 1]);
  assert.equal(count(({ fromScheduled }) => fromScheduled), 1);
  const quiz = found.find(({ media }) => media instanceof Api.MessageMediaPoll && media.poll.quiz)?.media;
  assert(quiz instanceof Api.MessageMediaPoll && quiz.poll.closed && quiz.results.solution?.startsWith("The Mill"));
  assert.deepEqual(quiz.results.results?.map(({ correct, chosen }) => [Boolean(correct), Boolean(chosen)]), [
    [false, false],
    [true, true],
  ]);
});

Deno.test("usernames: several are a list, an old one is free or somebody else's", async () => {
  const resolve = (username: string): Api.contacts.ResolveUsername => new Api.contacts.ResolveUsername({ username });
  const [renamed] = (await call(resolve("sandbox_second_name"), Api.contacts.ResolvedPeer)).chats;
  assert(renamed instanceof Api.Channel && !renamed.username);
  assert.deepEqual(renamed.usernames?.map(({ username, editable }) => [username, Boolean(editable)]), [
    ["sandbox_renamed_now", true],
    ["sandbox_second_name", false],
  ]);
  const [person] = (await call(resolve("Gina_Wraps"), Api.contacts.ResolvedPeer)).users;
  assert(person instanceof Api.User && person.firstName === "Gina" && person.usernames?.length === 3);
  await refused(resolve("sandbox_renamed"), "USERNAME_NOT_OCCUPIED");
  const [taken] = (await call(resolve("sandbox_moved"), Api.contacts.ResolvedPeer)).chats;
  assert(taken instanceof Api.Channel && taken.title === "Somebody Else" && taken.left);
});

Deno.test("invites: one may be to ask first", async () => {
  const invite = await call(new Api.messages.CheckChatInvite({ hash: "WaItInGrOoM1" }), Api.ChatInvite);
  assert.deepEqual([invite.title, invite.requestNeeded], ["Waiting Room", true]);
});

Deno.test("a hidden General is told as such", async () => {
  const { topics } = await call(
    new Api.channels.GetForumTopicsByID({ channel: channel("-1002000000016"), topics: [1, 2] }),
    Api.messages.ForumTopics,
  );
  assert.deepEqual(
    topics.map((each) => each instanceof Api.ForumTopic && [each.title, Boolean(each.hidden), Boolean(each.closed)]),
    [["General", true, true], ["Only here", false, false]],
  );
});

Deno.test("@sandbox_night_shift: both sides of both changes of clocks in Berlin", () => {
  const dates = newestFirst(NIGHT_SHIFT).map(({ date }) => date);
  for (const change of ["2024-10-27T01:00:00Z", "2025-03-30T01:00:00Z"]) {
    const at = Date.parse(change) / 1000;
    assert(dates.includes(at) && dates.includes(at - 1) && dates.includes(at + 1));
  }
});

Deno.test("the ids of chats with people added since come after all others", () => {
  const added = ids(newestFirst(MENU_BOT));
  const others = [...world.chats.keys()].filter((id) =>
    !id.startsWith("-100") && !["734201350", "734201351"].includes(id)
  );
  const last = Math.max(...others.flatMap((id) => ids(newestFirst(id).slice(0, 1))));
  assert(Math.min(...added) > last);
});

Deno.test("the clock: posts come, are edited and deleted in their time; scheduled ones are in no answer before", async () => {
  let now = WORLD_NOW;
  const own = createWorld({ now: () => now });
  const table = createMethods(own);
  const posts = async (): Promise<ReadonlyMap<number, Api.Message>> => {
    const { messages } = await page(LIVE_DESK, {}, table);
    return new Map(messages.flatMap((each) => each instanceof Api.Message ? [[each.id, each]] : []));
  };
  const scheduled = async (): Promise<unknown> => {
    const request = new Api.channels.GetFullChannel({ channel: channel(LIVE_DESK) });
    const { fullChat } = await call(request, Api.messages.ChatFull, table);
    return fullChat instanceof Api.ChannelFull && Boolean(fullChat.hasScheduled);
  };
  const first = await posts();
  assert.deepEqual([first.get(5)?.message, first.has(7), first.has(13)], ["Turnout at noon: 13 percent.", true, false]);
  const found = newestFirst(LIVE_DESK, own).filter(({ text }) => text.startsWith("Scheduled"));
  assert.deepEqual([found, own.scheduled(LIVE_DESK).length, await scheduled()], [[], 3, true]);
  now += 3 * 60_000;
  own.catchUp();
  const second = await posts();
  assert.equal(second.get(13)?.message, "The polls have opened.");
  assert.deepEqual([second.get(5)?.editDate, second.has(7)], [WORLD_NOW / 1000 + 120, false]);
  own.catchUp();
  assert.equal((await posts()).size, second.size);
  now += 4 * 3_600_000;
  own.catchUp();
  const last = await posts();
  assert.deepEqual(
    [...last.values()].filter(({ fromScheduled }) => fromScheduled).map(({ date }) => date - WORLD_NOW / 1000)
      .reverse(),
    [3_660, 7_260, 10_860],
  );
  assert.deepEqual([own.scheduled(LIVE_DESK).length, await scheduled()], [0, false]);
  assert(methods["messages.GetScheduledHistory"] === undefined);
});
