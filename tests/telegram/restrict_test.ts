/**
 * Views of some chats, over the wire.
 */
import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Api, bigInt, type TlRequest } from "../../src/mtproto/gram.ts";
import { withTakeout } from "../../src/mtproto/takeout.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import type { Account } from "../../src/telegram/account.ts";
import { chatDetails, formerChat } from "../../src/telegram/chats.ts";
import { readHistory } from "../../src/telegram/history.ts";
import { inputChannel, inputPeer, inputUser } from "../../src/telegram/input.ts";
import type { TlMessage } from "../../src/telegram/map/message.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";
import { lookUpMessages } from "../../src/telegram/messages.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { findSelf, resolveChat } from "../../src/telegram/resolve.ts";
import { restrict } from "../../src/telegram/restrict.ts";
import { resolveSender } from "../../src/telegram/senders.ts";
import { threadUnder } from "../../src/telegram/threads.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";

const [NEWS, GROUP, PUBLIC, FORUM] = ["-1002000000001", "-1002000000003", "-1002000000007", "-1002000000008"];
const [JOURNAL, JOURNAL_TALK, CURIOSITIES] = ["-1002000000011", "-1002000000012", "-1002000000014"];
const [OLD_TOWN, OLD_TOWN_BEFORE, TEA_ROOM] = ["-1002000000013", "-4002", "-4001"];
const [ANN, BORIS, NOBODY] = ["734201334", "734201335", "-1002999999999"];

interface Opened extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly account: Account;
  view(...chats: readonly string[]): Account;
  /** The methods received since the last time that this was asked. */
  received(): Promise<readonly string[]>;
}

/** An account that knows all its chats, unless told otherwise. */
async function open({ knowing = true } = {}): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const { environment } = sandbox;
  const config = loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
  const db = stack.use(openDataDirectory(config.dataDir));
  const { account } = stack.use(openAccount(config, { db, accountId: "default", appVersion: "0" }));
  await findSelf(account);
  if (knowing) await account.dialogs.load(account.call);
  if (knowing) await resolveChat(account, "@sandbox_public");
  await sandbox.forgetMethods();
  const opened = stack.move();
  return {
    sandbox,
    account,
    view: (...chats) => restrict(account, new Set(chats)),
    received: async () => {
      const order = await sandbox.order();
      await sandbox.forgetMethods();
      return order;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What a promise was rejected with, as a caller is told, with the name that was asked for taken out. */
async function problem(promise: Promise<unknown>, name = "\0"): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return JSON.stringify(error).replaceAll(JSON.stringify(JSON.stringify(name)).slice(1, -1), "NAME")
      .replaceAll(JSON.stringify(name), "NAME").replaceAll(name.replace("@", ""), "NAME");
  }
  throw new assert.AssertionError({ message: "it was answered" });
}

async function historyOf(account: Account, chat: Peer): Promise<TlMessage[]> {
  const messages: TlMessage[] = [];
  for await (const slice of readHistory(account.call, { chat, direction: "oldest_first" })) {
    messages.push(...slice.messages);
  }
  return messages;
}

function found(peer: Peer | undefined): Peer {
  assert.ok(peer !== undefined);
  return peer;
}

Deno.test("restrict: a chat that may not be seen is answered as one that does not exist, by whatever name, and nobody is asked", async () => {
  await using opened = await open();
  const view = opened.view(GROUP, CURIOSITIES, TEA_ROOM);
  // Each with a name that is spelt almost alike, so that the same chats of the view come near it, and that nothing has.
  const pairs: readonly (readonly [string, string])[] = [
    [NEWS, NOBODY],
    ["2000000001", "2999999999"],
    ["@sandbox_news", "@sandbox_newz"],
    ["sandbox_news", "sandbox_newz"],
    ["https://t.me/sandbox_news/12", "https://t.me/sandbox_newz/12"],
    ["https://t.me/c/2000000001/12", "https://t.me/c/2999999999/12"],
    ["tg://resolve?domain=sandbox_news", "tg://resolve?domain=sandbox_newz"],
    ["@sandbox_public", "@sandbox_publik"],
    ["https://t.me/+AbCdEfGhIjKl", "https://t.me/+NoSuchInvite1"],
    ["https://t.me/+LoCkEdRoOm01", "https://t.me/+NoSuchInvite1"],
    ["-1002000000005", NOBODY],
    ["-1002000000004", NOBODY],
    ["Sandbox News", "Sandbox Newz"],
    [OLD_TOWN_BEFORE, "-4999"],
    ["4002", "4999"],
    [ANN, "734299999"],
    ["@annlee", "@annleh"],
    ["1000", "734299999"],
    ["@sandbox_owner", "@sandbox_ownez"],
  ];
  for (const [forbidden, missing] of pairs) {
    const told = await problem(resolveChat(view, forbidden), idOr(forbidden));
    assert.equal(told, await problem(resolveChat(view, missing), idOr(missing)), forbidden);
    assert.match(told, /CHAT_NOT_FOUND/, forbidden);
    assert.doesNotMatch(told, /2000000001|734201334|Sandbox News/, forbidden);
  }
  assert.deepEqual(await opened.received(), [], "no name is asked for, and the chat list is not read because of one");
  for (const name of [GROUP, "2000000003", "@sandbox_group", "sandbox_group", "Group", "https://t.me/c/2000000003/5"]) {
    assert.equal((await resolveChat(view, name)).peer.id, GROUP, name);
  }
  assert.equal((await resolveChat(view, "4001")).peer.id, TEA_ROOM);
  assert.deepEqual(await opened.received(), []);
});

/** The part of a name that an error repeats. */
function idOr(name: string): string {
  const link = /c\/(\d+)/.exec(name)?.[1];
  return link === undefined ? /domain=(\w+)|t\.me\/(\w+)/.exec(name)?.slice(1).find(Boolean) ?? name : `-100${link}`;
}

Deno.test("restrict: candidates are chats of the view, and a name that several have is told apart among them only", async () => {
  await using opened = await open();
  const view = opened.view(GROUP, FORUM);
  const told = await problem(resolveChat(view, "Sandbox Forums"));
  assert.match(told, /"candidates":\[\{"id":"-1002000000008"/);
  assert.doesNotMatch(told, /-1002000000001|-1002000000002|Archive/);
  const both = opened.view("734201334", "734201341");
  assert.match(await problem(resolveChat(both, "Ann Lee")), /CHAT_AMBIGUOUS/);
  assert.equal((await resolveChat(opened.view("734201341"), "Ann Lee")).peer.id, "734201341");
});

Deno.test("restrict: after a new login the chat list is read whatever the name, and once for all names", async () => {
  await using opened = await open({ knowing: false });
  const view = opened.view(GROUP);
  await problem(resolveChat(view, "@sandbox_news"));
  const first = await opened.received();
  assert.ok(first.length > 0 && first.every((method) => /^messages.GetDialog/.test(method)), String(first));
  assert.equal((await resolveChat(view, "@sandbox_group")).peer.id, GROUP);
  for (const name of [NEWS, "@sandbox_news", "@nothing_at_all", "Sandbox News", "2000000001"]) {
    await problem(resolveChat(view, name));
  }
  assert.deepEqual(await opened.received(), []);
});

Deno.test("restrict: a request that names another chat never leaves, by whatever method, within a takeout or to another data centre", async () => {
  await using opened = await open();
  const { account } = opened;
  const view = opened.view(GROUP);
  const [news, group] = [found(account.peers.get(NEWS)), found(account.peers.get(GROUP))];
  const boris = found(account.peers.get(BORIS));
  const slice = { offsetId: 0, offsetDate: 0, addOffset: 0, limit: 1, maxId: 0, minId: 0, hash: bigInt(0) };
  const search = { ...slice, q: "", minDate: 0, maxDate: 0, filter: new Api.InputMessagesFilterEmpty() };
  const location = new Api.InputPeerPhotoFileLocation({ peer: inputPeer(news), photoId: bigInt(1) });
  const seenBy = { peer: inputPeer(group), msgId: 5 };
  const requests: readonly TlRequest<unknown>[] = [
    new Api.messages.GetHistory({ peer: inputPeer(news), ...slice }),
    new Api.messages.GetHistory({ peer: inputPeer(boris), ...slice }),
    new Api.messages.GetHistory({ peer: new Api.InputPeerSelf(), ...slice }),
    new Api.messages.GetHistory({ peer: new Api.InputPeerChat({ chatId: bigInt(4001) }), ...slice }),
    new Api.messages.GetHistory({
      peer: new Api.InputPeerChannelFromMessage({ ...seenBy, channelId: bigInt(2_000_000_007) }),
      ...slice,
    }),
    new Api.messages.GetHistory({
      peer: new Api.InputPeerUserFromMessage({ ...seenBy, userId: bigInt(BORIS) }),
      ...slice,
    }),
    new Api.messages.GetReplies({ peer: inputPeer(news), msgId: 5, ...slice }),
    new Api.messages.GetDiscussionMessage({ peer: inputPeer(news), msgId: 5 }),
    new Api.messages.Search({ peer: inputPeer(news), ...search }),
    new Api.messages.Search({ peer: new Api.InputPeerEmpty(), ...search }),
    new Api.messages.Search({ peer: inputPeer(group), fromId: new Api.InputPeerEmpty(), ...search }),
    new Api.messages.GetHistory({ peer: new Api.InputPeerEmpty(), ...slice }),
    new Api.messages.GetMessages({ id: [new Api.InputMessageReplyTo({ id: 5 })] }),
    new Api.messages.GetMessages({ id: [new Api.InputMessageID({ id: 5 }), new Api.InputMessagePinned()] }),
    new Api.messages.GetMessages({ id: [new Api.InputMessageCallbackQuery({ id: 5, queryId: bigInt(1) })] }),
    new Api.channels.GetMessages({ channel: inputChannel(group), id: [new Api.InputMessageReplyTo({ id: 5 })] }),
    new Api.channels.GetFullChannel({ channel: new Api.InputChannelEmpty() }),
    new Api.users.GetFullUser({ id: new Api.InputUserEmpty() }),
    new Api.messages.Search({ peer: inputPeer(group), fromId: inputPeer(news), ...search }),
    new Api.messages.Search({ peer: inputPeer(group), fromId: inputPeer(boris), ...search }),
    new Api.messages.Search({ peer: inputPeer(group), savedPeerId: inputPeer(boris), ...search }),
    new Api.messages.GetPeerDialogs({ peers: [new Api.InputDialogPeer({ peer: inputPeer(news) })] }),
    new Api.messages.GetPeerDialogs({ peers: [new Api.InputDialogPeerFolder({ folderId: 1 })] }),
    new Api.messages.GetChats({ id: [bigInt(4001)] }),
    new Api.messages.GetFullChat({ chatId: bigInt(4001) }),
    new Api.messages.GetDialogs({
      offsetDate: 0,
      offsetId: 0,
      offsetPeer: new Api.InputPeerEmpty(),
      limit: 1,
      hash: bigInt(0),
    }),
    new Api.messages.GetDialogFilters(),
    new Api.messages.CheckChatInvite({ hash: "AbCdEfGhIjKl" }),
    new Api.contacts.ResolveUsername({ username: "sandbox_group" }),
    new Api.channels.GetFullChannel({ channel: inputChannel(news) }),
    new Api.channels.GetMessages({ channel: inputChannel(news), id: [new Api.InputMessageID({ id: 2 })] }),
    new Api.channels.GetParticipants({
      channel: inputChannel(news),
      filter: new Api.ChannelParticipantsRecent(),
      offset: 0,
      limit: 1,
      hash: bigInt(0),
    }),
    new Api.channels.GetForumTopics({
      channel: inputChannel(news),
      offsetDate: 0,
      offsetId: 0,
      offsetTopic: 0,
      limit: 1,
    }),
    new Api.channels.GetForumTopicsByID({ channel: inputChannel(news), topics: [1] }),
    new Api.users.GetFullUser({ id: inputUser(boris) }),
    new Api.users.GetFullUser({ id: new Api.InputUserSelf() }),
    new Api.users.GetUsers({ id: [inputUser(boris)] }),
    new Api.users.GetUsers({ id: [new Api.InputUserSelf(), inputUser(boris)] }),
    new Api.upload.GetFile({ location, offset: bigInt(0), limit: 4096 }),
  ] as const;
  const nothing = await problem(
    account.call(requests[0] ?? fail(), {}).then(() =>
      account.call(
        new Api.messages.GetHistory({
          peer: new Api.InputPeerChannel({ channelId: bigInt(2_999_999_999), accessHash: bigInt(1) }),
          ...slice,
        }),
      )
    ),
  );
  await opened.received();
  for (const request of requests) {
    for (const call of [view.call, withTakeout(view.call, "5"), view.withDc(4)]) {
      assert.equal(await problem(call(request)), nothing, request.className);
    }
  }
  const everywhere = new Api.messages.SearchGlobal({
    q: "harbour",
    filter: new Api.InputMessagesFilterEmpty(),
    minDate: 0,
    maxDate: 0,
    offsetRate: 0,
    offsetPeer: new Api.InputPeerEmpty(),
    offsetId: 0,
    limit: 1,
  });
  assert.match(await problem(view.call(everywhere)), /INPUT_VALIDATION.*"field":"chat".*list_chats/);
  assert.match(await problem(view.call(new Api.help.GetNearestDc())), /INTERNAL/);
  assert.deepEqual(await opened.received(), []);
});

function fail(): never {
  throw new Error("there is none");
}

Deno.test("restrict: the chat with oneself may be read only if it is allowed", async () => {
  await using opened = await open();
  const me = found(opened.account.peers.self());
  const [with1, without] = [opened.view("1000"), opened.view(GROUP)];
  assert.equal((await resolveChat(with1, "me")).peer.id, "1000");
  assert.ok((await historyOf(with1, me)).length > 10);
  assert.match(await problem(resolveChat(without, "me")), /CHAT_NOT_FOUND.*No chat/);
  assert.equal((await findSelf(without)).id, "1000", "the account itself is known all the same");
  const saved = await historyOf(with1, me);
  assert.ok(saved.some((message) => message.className === "Message" && message.fwdFrom));
  assert.doesNotMatch(JSON.stringify(saved), /2000000001/, "where notes were saved from is not told");
});

Deno.test("restrict: of messages by their ids those of other chats are as if there were none", async () => {
  await using opened = await open();
  const { account } = opened;
  const view = opened.view(TEA_ROOM);
  const [tea, ann] = [found(account.peers.get(TEA_ROOM)), found(account.peers.get(ANN))];
  const [teaId, annId] = [(await historyOf(account, tea))[3]?.id ?? 0, (await historyOf(account, ann))[3]?.id ?? 0];
  const ids = [teaId, annId, 999_999_999];
  const missing = ids.slice(1);
  assert.deepEqual((await lookUpMessages(view, tea, ids)).missing.sort(), missing);
  const id = ids.map((each) => new Api.InputMessageID({ id: each }));
  const answer = await view.call(new Api.messages.GetMessages({ id }));
  assert.ok(answer.className !== "messages.MessagesNotModified");
  assert.deepEqual(answer.messages.map(({ className }) => className), ["Message", "MessageEmpty", "MessageEmpty"]);
  assert.doesNotMatch(JSON.stringify(answer), /annlee|Ann Lee/);
  const whole = await account.call(new Api.messages.GetMessages({ id }));
  assert.ok(whole.className !== "messages.MessagesNotModified");
  assert.equal(whole.messages[1]?.className, "Message", "others see it still");
});

Deno.test("restrict: a history names no other chat and nobody who is not part of it, and its texts are as they were", async () => {
  await using opened = await open();
  const { account } = opened;
  for (const id of [CURIOSITIES, GROUP, JOURNAL_TALK, TEA_ROOM, "734201350"]) {
    const view = opened.view(id);
    const chat = found(account.peers.get(id));
    const [all, seen] = [await historyOf(account, chat), await historyOf(view, chat)];
    const content = (message: TlMessage): unknown =>
      message.className === "Message" ? [message.id, message.message, message.entities?.length] : [message.id];
    assert.deepEqual(seen.map(content), all.map(content), id);
    const channels = new Set(
      [...JSON.stringify(seen).matchAll(/"channelId":"?(\d+)/g)].map(([, bare]) => `-100${bare}`),
    );
    channels.delete(id);
    assert.deepEqual([...channels], [], id);
    for await (const slice of readHistory(view.call, { chat, direction: "newest_first" })) {
      for (const peer of slice.peers.values()) assert.ok(BigInt(peer.id) > 0n || peer.id === id, `${id}: ${peer.id}`);
    }
  }
});

Deno.test("restrict: a channel without its discussion group has none, and with it both are there", async () => {
  await using opened = await open();
  const { account } = opened;
  const journal = found(account.peers.get(JOURNAL));
  assert.equal((await chatDetails(account.call, journal)).discussion, JOURNAL_TALK);
  const [alone, both] = [opened.view(JOURNAL), opened.view(JOURNAL, JOURNAL_TALK)];
  assert.equal((await chatDetails(alone.call, journal)).discussion, undefined);
  assert.equal((await chatDetails(both.call, journal)).discussion, JOURNAL_TALK);
  const post = async (view: Account): Promise<Parameters<typeof threadUnder>[1]> => {
    const { found: [one] } = await lookUpMessages(view, journal, [50]);
    assert.ok(one !== undefined);
    return one;
  };
  assert.equal(await threadUnder(alone, await post(alone)), undefined);
  assert.equal((await threadUnder(both, await post(both)))?.root.chat.id, JOURNAL_TALK);
  const slice = { offsetId: 0, offsetDate: 0, addOffset: 0, limit: 10, maxId: 0, minId: 0, hash: bigInt(0) };
  const replies = new Api.messages.GetReplies({ peer: inputPeer(journal), msgId: 50, ...slice });
  const answer = await alone.call(replies);
  assert.ok(answer.className === "messages.ChannelMessages");
  assert.deepEqual([answer.messages.length, answer.count, answer.users.length], [0, 0, 0]);
  const discussion = await alone.call(new Api.messages.GetDiscussionMessage({ peer: inputPeer(journal), msgId: 50 }));
  const { messages, users, maxId, unreadCount } = discussion;
  assert.deepEqual([messages.length, users.length, maxId, unreadCount], [0, 0, undefined, 0]);
});

Deno.test("restrict: a basic group stands for the supergroup that it became, a supergroup for its past only if that is allowed, too", async () => {
  await using opened = await open();
  const { account } = opened;
  const town = found(account.peers.get(OLD_TOWN));
  assert.equal((await formerChat(account, town))?.id, OLD_TOWN_BEFORE);
  const before = opened.view(OLD_TOWN_BEFORE);
  assert.equal((await resolveChat(before, OLD_TOWN)).peer.id, OLD_TOWN);
  assert.equal((await resolveChat(before, "Old Town")).peer.id, OLD_TOWN);
  assert.equal((await formerChat(before, town))?.id, OLD_TOWN_BEFORE);
  const after = opened.view(OLD_TOWN);
  assert.equal(await formerChat(after, town), undefined);
  assert.match(await problem(resolveChat(after, OLD_TOWN_BEFORE)), /CHAT_NOT_FOUND/);
  const [first] = await historyOf(after, town);
  assert.ok(first?.className === "MessageService");
  assert.equal(first.action.className, "MessageActionChannelMigrateFrom");
  assert.doesNotMatch(JSON.stringify(first), /4002/);
  assert.equal((await formerChat(account, town))?.id, OLD_TOWN_BEFORE, "what a view does not see others do");
});

Deno.test("restrict: the chat list has the chats of the view and the folders with one of them, and stays whole for others", async () => {
  await using opened = await open();
  const { account } = opened;
  const view = opened.view(GROUP, TEA_ROOM);
  const list = await view.dialogs.load(view.call);
  assert.deepEqual(list.dialogs.map(({ peer }) => peer.id).sort(), [GROUP, TEA_ROOM]);
  assert.deepEqual(list.folders.map(({ name }) => name), ["Work", "People to answer"]);
  assert.deepEqual((await opened.view(NEWS).dialogs.load(view.call)).folders.map(({ name }) => name), ["News"]);
  const whole = await account.dialogs.load(account.call);
  assert.ok(whole.dialogs.length > 50 && whole.folders.length === 3);
});

Deno.test("restrict: senders are those whom the view has shown, and members of the chat", async () => {
  await using opened = await open();
  const { account } = opened;
  const view = opened.view(TEA_ROOM, CURIOSITIES);
  const tea = found(account.peers.get(TEA_ROOM));
  assert.equal((await resolveSender(view, tea, "Ann Lee")).id, ANN);
  assert.equal((await resolveSender(view, tea, ANN)).id, ANN);
  assert.equal((await resolveSender(view, tea, "me")).id, "1000");
  for (const stranger of ["Mary", "@mary_plumber", "734201339", "734201340", "@sandbox_news", NEWS, "Kim Park"]) {
    const told = await problem(resolveSender(view, tea, stranger), stranger);
    assert.match(told, /INPUT_VALIDATION/, stranger);
    assert.doesNotMatch(told, /mary_plumber|734201339|Sandbox News|Kim Park/, stranger);
  }
  assert.match(await problem(resolveChat(view, ANN)), /CHAT_NOT_FOUND/, "a sender is no chat");
  const curiosities = found(account.peers.get(CURIOSITIES));
  const fresh = opened.view(CURIOSITIES);
  await opened.received();
  assert.equal((await resolveSender(fresh, curiosities, "@annlee")).id, ANN, "a member whom nothing has shown yet");
  assert.deepEqual(await opened.received(), ["channels.GetParticipants"]);
  assert.equal((await resolveSender(fresh, curiosities, "@annlee")).id, ANN);
  assert.deepEqual(await opened.received(), []);
  assert.match(await problem(resolveSender(fresh, curiosities, "@mary_plumber")), /INPUT_VALIDATION/);
  assert.deepEqual(await opened.received(), ["channels.GetParticipants"], "once, and nobody else is asked");
  const written: TlMessage[] = [];
  const sender = await resolveSender(view, curiosities, ANN);
  for await (
    const { messages } of readHistory(view.call, { chat: curiosities, sender, direction: "newest_first" })
  ) written.push(...messages);
  assert.ok(written.length > 3 && (await opened.received()).includes("messages.Search"));
});

Deno.test("restrict: what is not found for a view may be there for others, and the other way round", async () => {
  await using opened = await open({ knowing: false });
  const { account } = opened;
  const view = opened.view(GROUP);
  await problem(resolveChat(view, "@sandbox_public"));
  assert.equal((await resolveChat(account, "@sandbox_public")).peer.id, PUBLIC);
  assert.match(await problem(resolveChat(view, "@sandbox_public")), /CHAT_NOT_FOUND/);
});

Deno.test("restrict: the same chats give the same view, which remembers whom it has shown", async () => {
  await using opened = await open();
  const { account } = opened;
  const view = opened.view(GROUP, TEA_ROOM);
  assert.equal(opened.view(TEA_ROOM, GROUP), view);
  assert.notEqual(opened.view(GROUP), view);
  const within = { ...account };
  assert.notEqual(restrict(within, new Set([GROUP, TEA_ROOM])), view, "another way to Telegram");
  await historyOf(view, found(account.peers.get(TEA_ROOM)));
  assert.equal(restrict(within, new Set([GROUP, TEA_ROOM])).senders.get(ANN)?.title, "Ann Lee");
  assert.equal(opened.view(GROUP).senders.get(ANN), undefined);
  for (let other = 1; other <= 300; other++) opened.view(`-${other}`);
  assert.notEqual(opened.view(GROUP, TEA_ROOM), view, "views that nobody asks for are forgotten");
});
