import assert from "node:assert/strict";
import reader from "telegram-chat-parser";
import { z } from "zod";
import { AppError } from "../../../src/errors.ts";
import type { Entity, Message } from "../../../src/model/message.ts";
import type { RenderChat, RenderContext } from "../../../src/exports/render/mod.ts";
import { CHAT, CONTEXT, message, NASTY, OTHER } from "./nasty.ts";
import { renderFile } from "./rendered.ts";

const date = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
const seconds = z.string().regex(/^-?\d+$/);
const peer = z.string().regex(/^(user|chat|channel)\d+$/);
const part = z.object({ type: z.string(), text: z.string() }).and(
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
);
/** Fields of every message of Telegram Desktop's writer, in its order; the rest depends on the message. */
const messageShape = z.looseObject({
  id: z.int(),
  type: z.enum(["message", "service"]),
  date,
  date_unixtime: seconds,
  edited: date.optional(),
  edited_unixtime: seconds.optional(),
  actor: z.string().optional(),
  actor_id: peer.optional(),
  action: z.string().optional(),
  from: z.string().optional(),
  from_id: peer.optional(),
  forwarded_from: z.string().optional(),
  reply_to_message_id: z.int().optional(),
  reply_to_peer_id: peer.optional(),
  photo: z.string().optional(),
  file: z.string().optional(),
  text: z.union([z.string(), z.array(z.union([z.string(), part]))]),
  text_entities: z.array(part),
  inline_bot_buttons: z.array(z.array(z.looseObject({ type: z.string(), text: z.string() }))).optional(),
  reactions: z.array(z.looseObject({ type: z.enum(["emoji", "custom_emoji", "paid"]), count: z.int() })).optional(),
});
const chatShape = z.strictObject({
  name: z.string().optional(),
  type: z.enum([
    "saved_messages",
    "personal_chat",
    "bot_chat",
    "private_group",
    "private_supergroup",
    "public_supergroup",
    "private_channel",
    "public_channel",
  ]),
  id: z.int().positive(),
  messages: z.array(messageShape),
});
const severalShape = z.strictObject({
  about: z.string(),
  chats: z.strictObject({ about: z.string(), list: z.array(chatShape) }),
});

async function readChat(messages: readonly Message[], context = CONTEXT): Promise<z.infer<typeof chatShape>> {
  return chatShape.parse(JSON.parse(await renderFile("json", messages, { context })));
}

async function readMessage(fields: Partial<Message>): Promise<z.infer<typeof messageShape>> {
  const { messages: [read] } = await readChat([message(1, fields)]);
  assert.ok(read !== undefined);
  return read;
}

Deno.test("json: the nastiest messages have the shape, keys in its order", async () => {
  const { messages } = await readChat(NASTY);
  assert.deepEqual(messages.map(({ id }) => id), NASTY.map(({ id }) => id));
  const order = Object.keys(messageShape.shape);
  for (const each of messages) {
    const known = Object.keys(each).filter((key) => order.includes(key));
    assert.deepEqual(known, [...known].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
  }
});

Deno.test("json: another program's reader of Telegram Desktop's exports finds chat, senders, replies and texts", async () => {
  const chat = new reader.TelegramChat(await renderFile("json", NASTY));
  assert.deepEqual([chat.name, chat.type, chat.id], [CHAT.title, "public_supergroup", 2000000003]);
  assert.ok(chat.isPublicSupergroup);
  assert.deepEqual(chat.messages.map((each) => each.text()), NASTY.map(({ text }) => text));
  assert.deepEqual(chat.messages.map((each) => each.isService), NASTY.map(({ service }) => service !== undefined));
  const senders = chat.messages.map((each) => (each.from ?? each.actor)?.name);
  assert.deepEqual(senders, NASTY.map(({ sender }) => sender?.name ?? CHAT.title));
  assert.equal(chat.messageByID(107)?.replyTo?.id, 101);
  assert.equal(chat.messageByID(109)?.contentType, "poll");
});

Deno.test("json: dates are the zone's, and the seconds those of the world", async () => {
  const read = await readMessage({ date: "2025-03-01T20:00:00Z", edited: "2025-03-01T20:00:01Z" });
  assert.deepEqual([read.date, read.date_unixtime], ["2025-03-02T01:45:00", "1740859200"]);
  assert.deepEqual([read.edited, read.edited_unixtime], ["2025-03-02T01:45:01", "1740859201"]);
});

const CHATS: readonly (readonly [Partial<RenderChat>, string])[] = [
  [{ id: "1000", kind: "saved" }, "saved_messages"],
  [{ id: "7", kind: "user" }, "personal_chat"],
  [{ id: "7", kind: "bot" }, "bot_chat"],
  [{ id: "-42", kind: "group" }, "private_group"],
  [{ kind: "supergroup", username: undefined }, "private_supergroup"],
  [{ kind: "forum" }, "public_supergroup"],
  [{ kind: "channel", username: undefined }, "private_channel"],
  [{ kind: "channel" }, "public_channel"],
];
for (const [fields, type] of CHATS) {
  Deno.test(`json: a chat is a ${type}, known by its bare id`, async () => {
    const chat = { ...CHAT, ...fields };
    const read = await readChat([message(1, { chat_id: chat.id })], { ...CONTEXT, chats: [chat] });
    assert.equal(read.type, type);
    assert.equal(read.id, Math.abs(Number(chat.id.replace("-100", ""))));
    assert.equal(read.name, type === "saved_messages" ? undefined : CHAT.title);
  });
}

Deno.test("json: several chats are a list, each with its messages", async () => {
  const context: RenderContext = { ...CONTEXT, chats: [CHAT, OTHER] };
  const messages = [message(1), message(2), message(1, { chat_id: OTHER.id })];
  const { chats } = severalShape.parse(JSON.parse(await renderFile("json", messages, { context })));
  assert.deepEqual(chats.list.map(({ name, messages }) => [name, messages.length]), [[CHAT.title, 2], [
    OTHER.title,
    1,
  ]]);
  const none = severalShape.parse(JSON.parse(await renderFile("json", [], { context })));
  assert.deepEqual(none.chats.list, []);
});

Deno.test("json: one chat without messages is a chat; a second one that was not announced is refused", async () => {
  assert.deepEqual((await readChat([])).messages, []);
  await assert.rejects(
    renderFile("json", [message(1), message(1, { chat_id: OTHER.id })]),
    (error) => error instanceof AppError && error.code === "UNSUPPORTED",
  );
});

Deno.test("json: a chat that is not named has what its messages tell of it", async () => {
  const link = "https://t.me/sandbox_news/1";
  const read = await readChat([message(1, { post: true, link, sender: undefined })], { chats: [], tz: "UTC" });
  assert.deepEqual([read.name, read.type, read.id], [CHAT.id, "public_channel", 2000000003]);
  assert.deepEqual([read.messages[0]?.from, read.messages[0]?.from_id], [CHAT.id, "channel2000000003"]);
});

const ENTITIES: readonly (readonly [Omit<Entity, "offset" | "length">, object])[] = [
  [{ type: "url" }, { type: "link" }],
  [{ type: "strike" }, { type: "strikethrough" }],
  [{ type: "text_link", url: "http://e.org" }, { type: "text_link", href: "http://e.org" }],
  [{ type: "mention_name", user_id: "7" }, { type: "mention_name", user_id: 7 }],
  [{ type: "pre" }, { type: "pre", language: "" }],
  [{ type: "pre", language: "ts" }, { type: "pre", language: "ts" }],
  [{ type: "custom_emoji", custom_emoji_id: "5400000000000000001" }, {
    type: "custom_emoji",
    document_id: "5400000000000000001",
  }],
  [{ type: "blockquote", collapsed: true }, { type: "blockquote", collapsed: true }],
];
for (const [entity, expected] of ENTITIES) {
  Deno.test(`json: ${JSON.stringify(entity)} is ${JSON.stringify(expected)}`, async () => {
    const read = await readMessage({ text: "a b c", entities: [{ ...entity, offset: 2, length: 1 }] });
    assert.deepEqual(read.text, ["a ", { ...expected, text: "b" }, " c"]);
    const around = [{ type: "plain", text: "a " }, { ...expected, text: "b" }, { type: "plain", text: " c" }];
    assert.deepEqual(read.text_entities, around);
  });
}

Deno.test("json: of entities around each other, the one with an address of its own is told", async () => {
  const entities: Entity[] = [
    { type: "bold", offset: 0, length: 3 },
    { type: "text_link", offset: 2, length: 1, url: "http://e.org" },
  ];
  const { text } = await readMessage({ text: "a b", entities });
  assert.deepEqual(text, [{ type: "bold", text: "a " }, { type: "text_link", text: "b", href: "http://e.org" }]);
});

const NOT_INCLUDED = "(File not included. Change data exporting settings to download.)";

/** A message's own fields, and those that the shape has for them. */
const FIELDS: Readonly<Record<string, readonly [Partial<Message>, object]>> = {
  "a photo": [{ media: { kind: "photo", id: "1", width: 9, height: 8, size: 7, spoiler: true } }, {
    photo: NOT_INCLUDED,
    photo_file_size: 7,
    width: 9,
    height: 8,
    media_spoiler: true,
  }],
  "a round video": [{ media: { kind: "video_note", mime_type: "video/mp4", duration: 2.9, ttl_seconds: 5 } }, {
    file: NOT_INCLUDED,
    media_type: "video_message",
    mime_type: "video/mp4",
    duration_seconds: 2,
    self_destruct_period_seconds: 5,
  }],
  "a place": [{ media: { kind: "location", location: { latitude: 1.5, longitude: -2, live: true, period: 60 } } }, {
    location_information: { latitude: 1.5, longitude: -2 },
    live_location_period_seconds: 60,
  }],
  "a place that is held back": [{ media: { kind: "location" } }, { location_information: null }],
  "a contact": [{ media: { kind: "contact", contact: { phone: "+1", first_name: "Bo" } } }, {
    contact_information: { first_name: "Bo", last_name: "", phone_number: "+1" },
  }],
  "a poll": [{
    media: { kind: "poll", poll: { id: "1", question: "Q", options: [{ text: "A", voters: 2 }], closed: true } },
  }, { poll: { question: "Q", closed: true, answers: [{ text: "A", voters: 2 }] } }],
  "what the shape does not know": [{ media: { kind: "dice", emoji: "🎲", value: 6 } }, {
    media_type: "dice",
    dice: { emoji: "🎲", value: 6 },
  }],
  "a reply to another chat": [{ reply_to: { id: 9, chat_id: "-42" } }, {
    reply_to_message_id: 9,
    reply_to_peer_id: "chat42",
  }],
  "a reply in the same chat": [{ reply_to: { id: 9, chat_id: CHAT.id } }, { reply_to_message_id: 9 }],
  "a forward": [{ forward: { from_id: "7", date: "2025-01-01T00:00:00Z" } }, {
    forwarded_from: "7",
    forwarded_from_id: "user7",
  }],
  "a bot that helped": [{ via_bot: "5001" }, { via_bot: "5001" }],
};
for (const [what, [fields, expected]] of Object.entries(FIELDS)) {
  Deno.test(`json: ${what}`, async () => {
    const { id: _, type: __, date: ___, date_unixtime: ____, from, from_id, text, text_entities, ...rest } =
      await readMessage(fields);
    assert.deepEqual(rest, expected);
    assert.deepEqual([from, from_id, text, text_entities], ["Ann Lee", "user734201334", "", []]);
  });
}

const ACTIONS: Readonly<Record<string, readonly [Partial<Message>, object]>> = {
  create_group: [{ service: { action: "chat_create", title: "T", user_ids: ["734201334", "8"] } }, {
    title: "T",
    members: ["Ann Lee", "8"],
  }],
  pin_message: [{ service: { action: "pin_message" }, reply_to: { id: 9 } }, { message_id: 9 }],
  phone_call: [{ service: { action: "phone_call", duration: 5, reason: "hangup" } }, {
    duration_seconds: 5,
    discard_reason: "hangup",
  }],
  edit_group_photo: [{ service: { action: "chat_edit_photo" } }, { photo: NOT_INCLUDED }],
  proximity_reached: [
    { service: { action: "geo_proximity_reached", from_id: "7", to_id: CHAT.id, metres: 10 } },
    { from: "7", from_id: "user7", to: CHAT.title, to_id: "channel2000000003", distance: 10 },
  ],
  refunded_payment: [{ service: { action: "payment_refunded", chat_id: "7", amount: 3, currency: "XTR" } }, {
    peer_name: "7",
    peer_id: "user7",
    amount: 3,
    currency: "XTR",
  }],
  group_call_scheduled: [{ service: { action: "group_call_scheduled", scheduled: "2025-01-01T00:00:00Z" } }, {
    schedule_date: 1735689600,
  }],
  attach_menu_bot_allowed: [{ service: { action: "bot_allowed", attach_menu: true } }, { attach_menu: true }],
  something_new: [{ service: { action: "something_new", title: "T" } }, { title: "T" }],
};
for (const [action, [fields, expected]] of Object.entries(ACTIONS)) {
  Deno.test(`json: the service message ${action}`, async () => {
    const { id: _, type, date: __, date_unixtime: ___, actor, actor_id, text, text_entities, ...rest } =
      await readMessage(fields);
    assert.deepEqual(rest, { action, ...expected });
    assert.deepEqual([type, actor, actor_id], ["service", "Ann Lee", "user734201334"]);
    assert.deepEqual([text, text_entities], ["", []]);
  });
}
