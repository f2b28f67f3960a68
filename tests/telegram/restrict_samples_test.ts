import assert from "node:assert/strict";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { buildPage } from "../../src/mcp/page.ts";
import { createTally, nameGroups } from "../../src/mcp/tally.ts";
import { mapMessage, type TlMessage } from "../../src/telegram/map/message.ts";
import { withoutReferences } from "../../src/telegram/restrict_references.ts";
import type { Sight } from "../../src/telegram/restrict_sight.ts";
import { assertCanonical, channel, type Json, mapToJson, PEERS, receiveSample, type Sample, user } from "./golden.ts";
import { SAMPLES } from "./samples/mod.ts";

const samples = Object.values(SAMPLES).flat();

/** A view of these chats. */
const seeing = (...ids: readonly string[]): Sight => ({
  allows: (id) => ids.includes(id),
  hasSeen: () => false,
  see: () => {},
  peers: {
    byUsername: (name) => Object.values(PEERS).find(({ username }) => username === name),
    self: () => PEERS.self,
  },
});

function restricted({ sent, chat = PEERS.supergroup }: Pick<Sample, "sent" | "chat">, sight = seeing(chat.id)): Json {
  const message: TlMessage | undefined = withoutReferences(receiveSample(sent, chat), sight);
  assert.ok(message !== undefined, "messages of the chat itself stay");
  return mapToJson(message, chat);
}

/** Ids of chats that a mapped message names: all marked ids of groups and channels. */
function chatsNamed(value: unknown): string[] {
  if (typeof value === "string") return /^-\d+$/.test(value) ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(chatsNamed);
}

Deno.test("restrict: of every sample nothing is left that names another chat, and what is left is a message", () => {
  let fewer = 0;
  for (const sample of samples) {
    const { chat = PEERS.supergroup } = sample;
    const before = mapToJson(receiveSample(sample.sent, chat), chat);
    const after = restricted(sample);
    assert.deepEqual(chatsNamed(after).filter((id) => id !== chat.id), [], sample.title);
    // A giveaway of channels that are not told has none left; that is not how Telegram would send it.
    if (!("media" in after && JSON.stringify(after["media"]).includes('"chat_ids":[]'))) {
      assertCanonical(after, sample.title);
    }
    if (JSON.stringify(before) !== JSON.stringify(after)) fewer++;
  }
  assert.ok(fewer > 10, `${fewer} samples name another chat`);
});

Deno.test("restrict: with all chats allowed only origins go of which Telegram does not say where they are", () => {
  const changed = samples.filter(({ sent, chat = PEERS.supergroup }) => {
    const message = receiveSample(sent, chat);
    return withoutReferences(message, { ...seeing(), allows: () => true }) !== message;
  });
  assert.deepEqual(changed.map(({ title }) => title), [
    "a reply to somebody's words in a chat that is not named",
    "a reply to a photo of somebody who hides behind a name",
    "a forward of somebody who hides behind a name",
    "an imported message",
  ]);
});

Deno.test("restrict: what is taken out is missing in a copy, not in the message itself", () => {
  const sent = { fwdFrom: new Api.MessageFwdHeader({ fromId: channel(2_000_000_001), date: 5, channelPost: 7 }) };
  const message = receiveSample(sent, PEERS.supergroup);
  const before = JSON.stringify(mapToJson(message, PEERS.supergroup));
  const copy = withoutReferences(message, seeing(PEERS.supergroup.id));
  assert.notEqual(copy, message);
  assert.ok(copy instanceof Api.Message);
  assert.equal(JSON.stringify(mapToJson(message, PEERS.supergroup)), before);
  assert.doesNotMatch(JSON.stringify(copy), /2000000001/, "not even in what it was made of");
});

Deno.test("restrict: of a forward the origin is told only if it may be read itself", () => {
  const date = 1_700_000_000;
  const header = { date, fromId: channel(2_000_000_001), channelPost: 7, postAuthor: "The editor", imported: true };
  const saved = { savedFromPeer: channel(2_000_000_005), savedFromMsgId: 9 };
  const forward = (fields: object, ...ids: readonly string[]): unknown =>
    restricted(
      { sent: { fwdFrom: new Api.MessageFwdHeader({ date, ...fields }) } },
      seeing(PEERS.supergroup.id, ...ids),
    )["forward"];
  const shown = {
    from_id: PEERS.channel.id,
    from_name: "News",
    date: "2023-11-14T22:13:20Z",
    message_id: 7,
    author: "The editor",
    imported: true,
  };
  const bare = { date: shown.date };
  assert.deepEqual(forward(header), bare);
  assert.deepEqual(forward(header, PEERS.channel.id), shown);
  assert.deepEqual(forward({ ...header, ...saved }, PEERS.channel.id), shown);
  assert.deepEqual(forward({ ...header, ...saved }, PEERS.forum.id), bare);
  assert.deepEqual(forward({ ...header, ...saved }, PEERS.channel.id, PEERS.forum.id), {
    ...shown,
    saved_from: { chat_id: PEERS.forum.id, message_id: 9 },
  });
  assert.deepEqual(forward({ fromName: "Somebody hidden" }), bare);
  assert.deepEqual(forward({ fromId: user(734201334) }), bare, "the private chat with her may not be read");
});

Deno.test("restrict: an answer to a message elsewhere keeps its topic, one within the chat keeps all", () => {
  const reply = (fields: object, ...ids: readonly string[]): unknown =>
    restricted(
      { sent: { replyTo: new Api.MessageReplyHeader(fields) }, chat: PEERS.forum },
      seeing(PEERS.forum.id, ...ids),
    )["reply_to"];
  const elsewhere = { replyToMsgId: 7, replyToPeerId: channel(2_000_000_001), quoteText: "so it is", quote: true };
  assert.equal(reply(elsewhere), undefined);
  assert.deepEqual(reply({ ...elsewhere, forumTopic: true, replyToTopId: 3 }), undefined);
  assert.deepEqual(reply(elsewhere, PEERS.channel.id), { id: 7, chat_id: PEERS.channel.id, quote: "so it is" });
  assert.deepEqual(reply({ replyToMsgId: 7, quoteText: "so it is" }), { id: 7, quote: "so it is" });
  const hidden = { replyFrom: new Api.MessageFwdHeader({ date: 5, fromName: "Hidden" }), quoteText: "so it is" };
  assert.equal(reply(hidden), undefined, "of a private chat Telegram tells who wrote what was answered");
  assert.equal(reply({ replyMedia: new Api.MessageMediaUnsupported(), replyToMsgId: 7 }), undefined);
});

Deno.test("restrict: the thread of an answer to a message elsewhere stays that of its topic", () => {
  const replyTo = new Api.MessageReplyHeader({
    replyToMsgId: 7,
    replyToPeerId: channel(2_000_000_001),
    forumTopic: true,
    replyToTopId: 3,
  });
  const { topic_id } = restricted({ sent: { replyTo }, chat: PEERS.forum });
  assert.equal(topic_id, 3);
});

Deno.test("restrict: the preview of a link into another chat is its address, any other stays", () => {
  const preview = (url: string, type: string | undefined, ...ids: readonly string[]): unknown =>
    restricted({
      sent: {
        media: new Api.MessageMediaWebPage({
          webpage: new Api.WebPage({
            id: bigInt(1),
            url,
            displayUrl: url,
            hash: 0,
            type,
            title: "A title",
            description: "What is written there",
          }),
        }),
      },
    }, seeing(PEERS.supergroup.id, ...ids))["preview"];
  const whole = (url: string): Json => ({ url, title: "A title", description: "What is written there" });
  for (
    const url of [
      "https://t.me/sandbox_news/7",
      "https://telegram.me/sandbox_news",
      "https://sandbox_news.t.me/7",
      "https://t.me/c/2000000001/7",
      "https://t.me/+AbCdEfGhIjKl",
      "tg://resolve?domain=sandbox_news",
    ]
  ) {
    assert.deepEqual(preview(url, "telegram_message"), { url });
    assert.deepEqual(preview(url, undefined), { url });
    const isNews = !url.includes("+");
    assert.deepEqual(preview(url, "telegram_message", PEERS.channel.id), isNews ? whole(url) : { url });
  }
  for (
    const url of [
      "https://t.me./sandbox_public/7",
      "https://T.ME/sandbox_public/7",
      "https://telegram.dog./sandbox_public",
      "t.me/sandbox_public/7",
      "TG://resolve?domain=sandbox_public",
      "Tg:resolve?domain=sandbox_public",
      "https://t.me/sandbox_news/5?comment=9",
      "https://t.me/c/2000000001/5?single&comment=9",
      "tg://resolve?domain=sandbox_news&post=5&comment=9",
      "tg://privatepost?channel=2000000001&post=5&comment=9",
    ]
  ) assert.deepEqual(preview(url, undefined, PEERS.channel.id), { url }, url);
  const inCapitals = "TG://resolve?domain=sandbox_news";
  assert.deepEqual(preview(inCapitals, undefined, PEERS.channel.id), whole(inCapitals));
  assert.deepEqual(preview("https://example.com/t.me", "article"), whole("https://example.com/t.me"));
});

Deno.test("restrict: a sender that is another chat is hidden in pages and counts, and not taken for the chat itself", () => {
  const chat = PEERS.supergroup;
  const hidden = ["-1002000000001", "-1002000000005"].map((id) => ({ fromId: channel(Number(id.slice(4))) }));
  const action = new Api.MessageActionPinMessage();
  const own = { fromId: channel(2_000_000_003) };
  const entries = [...hidden, { ...hidden[0], action }, own, { fromId: undefined }, {}].map((sent) => {
    const raw: TlMessage | undefined = withoutReferences(receiveSample(sent, chat), seeing(chat.id));
    assert.ok(raw !== undefined);
    const context = { chat, self: PEERS.self.id, peers: new Map(), observedAt: "2025-03-02T00:00:00Z" };
    return { chat, raw, message: mapMessage(raw, context) };
  });
  const page = buildPage({
    chat,
    entries,
    hasMore: false,
    notes: [],
    self: PEERS.self.id,
    fields: "compact",
    maxChars: 10_000,
    cursorAfter: () => "",
  });
  const rows = page.messages.flatMap((each) => "rows" in each ? each.rows : []);
  assert.deepEqual(rows.map(([, , from]) => from), ["hidden", "hidden", "hidden", "", "", "734201334"]);
  assert.equal(page.senders?.["hidden"], "a chat that this key may not read");
  const tally = createTally({ grouping: "sender", tz: "UTC", limit: 10 });
  tally.add(entries);
  const { body, notes } = nameGroups(tally, { grouping: "sender", self: PEERS.self.id, limit: 10, topics: [] });
  assert.deepEqual(body.groups, [["hidden", 3], ["", 2], ["734201334", 1]]);
  assert.equal(body.senders?.["hidden"], "a chat that this key may not read");
  assert.deepEqual(notes, ['"" is the chat itself.']);
});

Deno.test("restrict: a sender that is another chat is not told, the chat itself and people are", () => {
  const sender = (fields: Json): unknown => restricted({ sent: fields })["sender"];
  assert.equal(sender({ fromId: channel(2_000_000_001), postAuthor: "The editor" }), undefined);
  assert.equal(restricted({ sent: { fromId: channel(2_000_000_001), postAuthor: "The editor" } })["author"], undefined);
  assert.deepEqual(Object(sender({ fromId: channel(2_000_000_003) })).id, PEERS.supergroup.id);
  assert.deepEqual(Object(sender({ fromId: user(734201334) })).name, "Ann Lee");
});
