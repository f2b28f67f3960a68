/**
 * `result.json` against readers of Telegram Desktop's exports that others have written: what they find in it is, message by
 * message, what the NDJSON says. Not part of the gate, since it needs Python: `deno task test:peer`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import type { Entity, Message } from "../../src/model/message.ts";
import { messageSchema } from "../../src/model/message.ts";
import { until } from "../cli/command.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { startServer } from "../e2e/server.ts";
import { renderFile } from "../exports/render/rendered.ts";
import { mapSample, PEERS } from "../telegram/golden.ts";
import { SAMPLES } from "../telegram/samples/mod.ts";
import { installReaders, type ReadFile, type ReadMessage } from "./readers.ts";

/** Kinds as tg-parser has them, which takes those that it does not know for supergroups; and names, which oneself has none. */
const CHATS = [
  { chat: "@sandbox_news", id: "-1002000000001", title: "Sandbox News", kind: "channel", least: 9000 },
  { chat: "@sandbox_group", id: "-1002000000003", title: "Group", kind: "supergroup", least: 4000 },
  { chat: "@sandbox_journal_talk", id: "-1002000000012", title: "Journal Talk", kind: "supergroup", least: 500 },
  { chat: "-4001", id: "-4001", title: "Tea Room", kind: "group", least: 50 },
  { chat: "@annlee", id: "734201334", title: "Ann Lee", kind: "personal", least: 250 },
  { chat: "734201344", id: "734201344", title: "Reminder Bot", kind: "supergroup", least: 30 },
  { chat: "734201345", id: "734201345", title: "Deleted Account", kind: "personal", least: 3 },
  { chat: "me", id: "1000", title: "Unknown", kind: "supergroup", least: 20 },
];
const FORUM = { chat: "@sandbox_forum", id: "-1002000000008", title: "Sandbox Forum" };
const MIGRATED = { chat: "-1002000000013", id: "-1002000000013", title: "Old Town" };

const directory = await Deno.makeTempDir({ prefix: "readers-" });
Deno.test.afterAll(() => Deno.remove(directory, { recursive: true }));
const read = await installReaders(directory);
await exportAll([...CHATS, FORUM, MIGRATED].map(({ chat }) => chat));

/** Exports chats as JSON, each into a folder of its name. */
async function exportAll(chats: readonly string[]): Promise<void> {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const statusSchema = z.object({ id: z.string(), state: z.string() });
  const ask = async (tool: string, args: unknown): Promise<z.infer<typeof statusSchema>> =>
    statusSchema.parse((await server.call(tool, args)).body);
  for (const chat of chats) {
    const { id } = await ask("start_export", { chat, format: "json", wait_seconds: 45 });
    await until(async () => (await ask("get_export", { id })).state === "completed", `${chat} is exported`, 120);
    await Deno.rename(join(String(sandbox.environment["DATA_DIR"]), "exports", id), join(directory, chat));
  }
}

/** An export as the readers have it, and the messages that it was made from. */
async function open(chat: string): Promise<{ readonly file: ReadFile; readonly messages: readonly Message[] }> {
  const lines = (await Deno.readTextFile(join(directory, chat, "messages.ndjson"))).trimEnd().split("\n");
  return {
    file: await read(join(directory, chat, "result.json")),
    messages: lines.map((line) => messageSchema.parse(JSON.parse(line))),
  };
}

/** Marked ids as Telegram Desktop writes them. */
function tag(id: string): string {
  if (!id.startsWith("-")) return `user${id}`;
  return id.startsWith("-100") ? `channel${id.slice(4)}` : `chat${id.slice(1)}`;
}

/** Kinds of media by their names in the file; of others, tg-parser knows nothing. */
const FILES: Readonly<Record<string, string>> = {
  photo: "photo",
  video: "video_file",
  video_note: "video_message",
  voice: "voice_message",
  audio: "audio_file",
  gif: "animation",
  sticker: "sticker",
};
/** What Telegram Desktop says in other fields than `media_type`. */
const FIELDS = ["document", "location", "contact", "poll", "game", "invoice", "giveaway", "giveaway_results"];

function expectedMedia({ media, service }: Message): ReadMessage["media"] {
  const photo = { type: "photo", name: null, mime: null, size: null };
  if (service !== undefined) return /^(chat_edit|suggest_profile)_photo$/.test(service.action) ? [photo] : [];
  if (media === undefined || FIELDS.includes(media.kind) || media.kind === "paid_media") return [];
  if (media.kind === "photo") return [photo];
  const { kind, file_name: name = null, mime_type: mime = null, size = null } = media;
  return [kind in FILES ? { type: FILES[kind] ?? kind, name, mime, size } : { ...photo, type: kind }];
}

const FORMATS: Readonly<Record<string, string>> = {
  bold: "bold",
  italic: "italic",
  underline: "underline",
  strike: "strikethrough",
  code: "code",
  pre: "pre",
  text_link: "link",
};

/** A text in stretches; telegram-export-md knows seven ways to format one. */
function expectedParts(text: string, entities: readonly Entity[] = []): ReadMessage["parts"] {
  const parts: NonNullable<ReadMessage["parts"]> = [];
  let at = 0;
  for (const { offset, length, type, url = null } of entities.toSorted((a, b) => a.offset - b.offset)) {
    // Of entities around each other there is room for one.
    if (offset < at) continue;
    parts.push([null, text.slice(at, offset), null], [FORMATS[type] ?? null, text.slice(offset, offset + length), url]);
    at = offset + length;
  }
  return [...parts, [null, text.slice(at), null] as const].filter(([, stretch]) => stretch !== "").map((each) => [
    ...each,
  ]);
}

/** A basic group's ids lie so far away from those of its supergroup in Telegram Desktop's file. */
const SHIFT = -1_000_000_000;

type Chat = Pick<typeof FORUM, "id" | "title">;

/**
 * What the readers have to find.
 * @param topics the first messages of a forum's topics; General, which is 1, has none
 */
function expected(message: Message, chat: Chat, topics: ReadonlySet<number>): ReadMessage {
  const { id, text, entities = [], sender, service, topic_id: topic, reply_to: reply, forward, reactions = [] } =
    message;
  const shift = message.chat_id === chat.id ? 0 : SHIFT;
  const first = service !== undefined || reply !== undefined ? undefined : topic;
  // What was pinned is in a field that the readers pass over.
  const answered = service?.action === "pin_message" ? undefined : reply?.id ?? first;
  const question = message.media?.poll?.question;
  const mentions = entities.filter(({ type }) => type === "mention");
  return {
    id: id + shift,
    date: message.date.replace("Z", ""),
    service: service !== undefined,
    sender: sender === undefined
      ? { id: tag(message.chat_id), name: chat.title }
      : { id: tag(sender.id), name: sender.name },
    text,
    ...(topics.size === 0 ? {} : { topic: answered !== undefined && topics.has(answered) ? answered : 1 }),
    ...(answered === undefined ? {} : { reply: answered + shift }),
    ...(forward?.from_name === undefined ? {} : { forward: forward.from_name }),
    mentions: [...new Set(mentions.map(({ offset, length }) => text.slice(offset, offset + length)))],
    reactions: Object.fromEntries(
      reactions.flatMap(({ kind, value = "", count }) => kind === "emoji" ? [[value, count]] : []),
    ),
    media: expectedMedia(message),
    ...(service === undefined ? { edited: message.edited !== undefined, parts: expectedParts(text, entities) } : {}),
    ...(question === undefined ? {} : { question }),
  };
}

function assertRead({ messages: found }: ReadFile, messages: readonly Message[], chat: Chat): void {
  const topics = new Set(messages.flatMap(({ id, service }) => service?.action === "topic_create" ? [id] : []));
  assert.equal(found.length, messages.length);
  for (const [place, message] of messages.entries()) {
    assert.deepEqual(found[place], expected(message, chat, topics), `#${message.id}`);
  }
}

for (const { chat, id, title, kind, least } of CHATS) {
  Deno.test(`other readers: all of ${chat} is in its result.json, message by message`, async () => {
    const { file, messages } = await open(chat);
    assert.deepEqual(file.chat, { id: Number(id.replace(/^-(100)?/, "")), name: title, kind, topics: {} });
    assert.ok(messages.length >= least);
    assertRead(file, messages, { id, title });
  });
}

Deno.test("other readers: a forum's topics have the messages that answer nothing", async () => {
  const { file, messages } = await open(FORUM.chat);
  const { id, topics, ...chat } = file.chat;
  assert.deepEqual([id, chat], [2000000008, { name: FORUM.title, kind: "supergroup_forum" }]);
  const created = messages.filter(({ service }) => service?.action === "topic_create");
  assert.equal(created.length, 6);
  for (const { id, service } of created) assert.equal(topics[id], service?.title);
  assertRead(file, messages, FORUM);
  let inTopics = 0;
  for (const [place, { topic_id: topic, reply_to: reply, service }] of messages.entries()) {
    // In which topic an answer or a service message is, Telegram Desktop does not tell.
    if (reply !== undefined || service !== undefined) continue;
    assert.equal(file.messages[place]?.topic, topic ?? 1);
    if (topic !== undefined) inTopics++;
  }
  assert.ok(inTopics > 1000);
});

Deno.test("other readers: a supergroup and the basic group that it was are one chat, whose ids do not collide", async () => {
  const { file, messages } = await open(MIGRATED.chat);
  assert.deepEqual(file.chat, { id: 2000000013, name: MIGRATED.title, kind: "supergroup", topics: {} });
  assert.ok(messages.some(({ chat_id: chat }) => chat === "-4002"));
  assertRead(file, messages, MIGRATED);
  assert.equal(new Set(file.messages.map(({ id }) => id)).size, messages.length);
});

Deno.test("other readers: everything that Telegram can send is read", async () => {
  const chat = PEERS.supergroup;
  const messages = Object.values(SAMPLES).flatMap((samples) => samples.map(({ sent }) => sent)).map((sent, index) =>
    messageSchema.parse({ ...mapSample(sent, chat), id: index + 1 })
  );
  assert.ok(messages.length > 150);
  const path = join(directory, "samples.json");
  await Deno.writeTextFile(path, await renderFile("json", messages, { context: { chats: [chat], tz: "UTC" } }));
  assertRead(await read(path), messages, chat);
});
