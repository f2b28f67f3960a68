/**
 * What readers of Telegram Desktop's exports go by, beyond one message's own fields: topics, migrations, and who did what.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { readContext } from "../../../src/exports/render/context.ts";
import type { RenderChat } from "../../../src/exports/render/mod.ts";
import type { Message } from "../../../src/model/message.ts";
import { CHAT, CONTEXT, message, OTHER } from "./nasty.ts";
import { renderFile, stream } from "./rendered.ts";

const chatSchema = z.looseObject({ id: z.int(), type: z.string(), messages: z.array(z.looseObject({ id: z.int() })) });
type Chat = z.infer<typeof chatSchema>;

async function readChat(messages: readonly Message[], chats: readonly RenderChat[] = [CHAT]): Promise<Chat> {
  return chatSchema.parse(JSON.parse(await renderFile("json", messages, { context: { ...CONTEXT, chats } })));
}

const TOPICS: Readonly<Record<string, readonly [Partial<Message>, number | undefined]>> = {
  "a message that answers nothing": [{ topic_id: 3 }, 3],
  "an answer in the topic": [{ topic_id: 3, reply_to: { id: 7, top_id: 3 } }, 7],
  "an answer to another chat": [{ topic_id: 3, reply_to: { id: 7, chat_id: OTHER.id, top_id: 3 } }, 7],
  "an answer to a story": [{ topic_id: 3, reply_to: { chat_id: OTHER.id, story_id: 7 } }, undefined],
  "a message in General": [{}, undefined],
};
for (const [what, [fields, expected]] of Object.entries(TOPICS)) {
  Deno.test(`json: in a forum, ${what} answers ${expected ?? "nothing"}`, async () => {
    const { messages: [read] } = await readChat([message(9, fields)]);
    assert.equal(read?.["reply_to_message_id"], expected);
  });
}

Deno.test("json: what opens a topic does not answer itself", async () => {
  const { messages: [read] } = await readChat([message(3, { topic_id: 3, service: { action: "topic_create" } })]);
  assert.equal(read?.["reply_to_message_id"], undefined);
});

const FORMER: RenderChat = { id: "-42", kind: "group", title: "Before", migrated_to: CHAT.id };
const HISTORY = [
  message(1, { chat_id: FORMER.id }),
  message(2, { chat_id: FORMER.id, reply_to: { id: 1 } }),
  message(3, { chat_id: FORMER.id, service: { action: "pin_message" }, reply_to: { id: 2 } }),
  message(4, { chat_id: FORMER.id, service: { action: "chat_migrate_to", chat_id: CHAT.id }, sender: undefined }),
  message(1, { service: { action: "channel_migrate_from", title: "Before", chat_id: FORMER.id } }),
  message(2, { reply_to: { id: 2, chat_id: FORMER.id } }),
];

Deno.test("json: a basic group is the beginning of the supergroup that it has become, its ids moved", async () => {
  const { id, messages } = await readChat(HISTORY, [FORMER, CHAT]);
  assert.equal(id, 2000000003);
  assert.deepEqual(messages.map(({ id }) => id), [-999999999, -999999998, -999999997, -999999996, 1, 2]);
  const answered = messages.map((each) => each["reply_to_message_id"] ?? each["message_id"]);
  assert.deepEqual(answered, [undefined, -999999999, -999999998, undefined, undefined, 2]);
  assert.equal(messages[5]?.["reply_to_peer_id"], "chat42");
  assert.equal(messages[3]?.["actor_id"], "chat42");
  assert.deepEqual((await readChat([], [FORMER, CHAT])).id, id);
});

Deno.test("json: a file of messages tells itself which group has become which", async () => {
  const { chats } = await readContext(stream(HISTORY));
  const { id, messages } = await readChat(HISTORY, chats);
  assert.deepEqual([id, messages.length, messages[0]?.id], [2000000003, 6, -999999999]);
  const alone = HISTORY.slice(0, 4);
  const before = await readChat(alone, (await readContext(stream(alone))).chats);
  assert.deepEqual([before.id, before.messages[0]?.id], [42, 1]);
});

Deno.test("json: a migrated group is one of several chats", async () => {
  const messages = [...HISTORY, message(5, { chat_id: OTHER.id })];
  const context = { ...CONTEXT, chats: [FORMER, CHAT, OTHER] };
  const read = z.object({ chats: z.object({ list: z.array(chatSchema) }) }).parse(
    JSON.parse(await renderFile("json", messages, { context })),
  );
  assert.deepEqual(read.chats.list.map(({ messages }) => messages.length), [6, 1]);
});

const ACTIONS: readonly (readonly [Message["service"], object])[] = [
  [{ action: "set_messages_ttl", seconds: 60, from_id: "7" }, {
    action: "set_messages_ttl",
    period: 60,
    from_peer_name: "7",
    from_peer_id: "user7",
  }],
  [{ action: "bot_allowed", from_request: true }, { action: "web_app_bot_allowed", from_request: true }],
];
for (const [service, expected] of ACTIONS) {
  Deno.test(`json: ${service?.action} is by its actor alone`, async () => {
    const {
      messages: [{ id: _, type: __, date: ___, date_unixtime: ____, text, text_entities, ...read } = { id: 0 }],
    } = await readChat([message(1, { service })]);
    assert.deepEqual([text, text_entities], ["", []]);
    assert.deepEqual(read, { actor: "Ann Lee", actor_id: "user734201334", ...expected });
  });
}
