import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import type { Message } from "../../src/model/message.ts";
import { readNamedRecords } from "../../src/exports/records.ts";
import { readContext } from "../../src/exports/render/context.ts";
import { CHAT, message, NASTY, OTHER } from "./render/nasty.ts";
import { stream } from "./render/rendered.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const line = (record: object): string => `${JSON.stringify(record)}\n`;
const DELETION = {
  schema: "deletion/1",
  chat_id: CHAT.id,
  id: 5,
  detected_at: "2025-03-01T00:00:00Z",
  verdict: "empty",
};

async function read(content: string | Uint8Array): Promise<{ messages: Message[]; deletions: number }> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof content === "string" ? encode(content) : content);
    let deletions = 0;
    return { messages: await Array.fromAsync(readNamedRecords(path, { onDeletion: () => deletions++ })), deletions };
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readRecords: what was written is read, characters on the edges of blocks included", async () => {
  const long = Array.from({ length: 40 }, (_, index) => message(index + 1000, { text: "😀é".repeat(1500 + index) }));
  const all = [...NASTY, ...long];
  const written = all.map((each) => JSON.parse(line(each)));
  assert.deepEqual((await read(all.map(line).join(""))).messages, written);
});

Deno.test("readRecords: deletions are passed over and counted", async () => {
  const { messages, deletions } = await read(line(message(1)) + line(DELETION) + line(DELETION) + line(message(2)));
  assert.deepEqual([messages.map(({ id }) => id), deletions], [[1, 2], 2]);
});

Deno.test("readRecords: an empty file has no messages, and a last line may be without its end", async () => {
  assert.deepEqual((await read("")).messages, []);
  assert.deepEqual((await read(line(message(1)).trimEnd())).messages.length, 1);
});

const good = line(message(1)) + line(message(2));
const BAD: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
  "a line that is no JSON": [`${good}hello\n${good}`, /^Line 3 of .* is no message\/1\.$/],
  "an empty line": [`${good}\n`, /^Line 3 of /],
  "another schema": [good + line({ schema: "message/2", id: 1 }), /^Line 3 of .*: schema is not what it must be\.$/],
  "a field of another type": [
    good + line({ ...message(3), entities: [{ type: "bold", offset: "0", length: 1 }] }),
    /^Line 3 of .*: entities\.0\.offset is not what it must be\.$/,
  ],
  "a last line that was cut off": [good + line(message(3)).slice(0, 30), / ends within line 3: it is not complete\.$/],
  "a last line cut within a character": [
    new Uint8Array([...encode(`${good}{"text":"`), 0xf0, 0x9f]),
    / ends within line 3: it is not complete\.$/,
  ],
};
for (const [what, [content, pattern]] of Object.entries(BAD)) {
  Deno.test(`readRecords: ${what} is refused, without its text`, () =>
    assert.rejects(read(content), (error) => {
      assert.ok(error instanceof AppError && error.code === "INPUT_VALIDATION");
      assert.match(error.message, pattern);
      assert.doesNotMatch(error.message, /hello|Ann/);
      return true;
    }));
}

Deno.test("readRecords: a file that is not there, and a folder, are refused with the system's word", async () => {
  await assert.rejects(Array.fromAsync(readNamedRecords("/nowhere/f")), /cannot be read: no such file/);
  await assert.rejects(Array.fromAsync(readNamedRecords("/tmp")), /cannot be read: is a directory/);
});

Deno.test("readContext: chats are known by their service messages, own posts, links, and posts", async () => {
  const link = "https://t.me/sandbox_group/1";
  const { chats, self, created } = await readContext(stream([
    message(1, { service: { action: "channel_create", title: "Old" }, link }),
    message(2, { service: { action: "chat_edit_title", title: "New" } }),
    message(3, { service: { action: "topic_create", title: "Topic" } }),
    message(1, { chat_id: "-1002000000001", post: true, sender: undefined, link: "https://t.me/c/2000000001/1" }),
    message(1, { chat_id: "5001", sender: { id: "5001", kind: "bot", name: "Weather" } }),
    message(2, {
      chat_id: "5001",
      outgoing: true,
      sender: { id: "1000", kind: "user", name: "Sam" },
      observed_at: "2025-04-01T00:00:00Z",
    }),
    message(1, { chat_id: OTHER.id, sender: { id: "1000", kind: "user", name: "Sam" } }),
    message(1, {
      chat_id: "1000",
      sender: { id: "1000", kind: "user", name: "Sam" },
    }),
    message(1, { chat_id: "-42", sender: undefined }),
    message(1, { chat_id: "-1002000000009", link: "https://t.me/public_one/1", observed_at: "2025-05-01T00:00:00Z" }),
  ]));
  assert.deepEqual(chats, [
    { id: CHAT.id, kind: "supergroup", username: "sandbox_group", title: "New" },
    { id: "-1002000000001", kind: "channel", title: "-1002000000001" },
    { id: "5001", kind: "bot", title: "Weather" },
    { id: OTHER.id, kind: "user", title: OTHER.id },
    { id: "1000", kind: "saved", title: "Sam" },
    { id: "-42", kind: "group", title: "-42" },
    { id: "-1002000000009", kind: "supergroup", username: "public_one", title: "@public_one" },
  ]);
  assert.equal(self, "1000");
  assert.equal(created, "2025-05-01T00:00:00Z");
});
