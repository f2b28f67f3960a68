/**
 * search_messages over all chats against the naive model; within one chat the walks of `walk_test.ts` cover it.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createRandom } from "../../sandbox/world/random.ts";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import { hasWord, typesOf } from "./naive.ts";
import { answer } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const rowSchema = z.tuple([z.int(), z.string(), z.string()]).rest(
  z.union([z.string(), z.record(z.string(), z.unknown())]),
);
const pageSchema = z.strictObject({
  range: z.strictObject({ from: z.string().optional(), to: z.string().optional() }).optional(),
  count: z.int(),
  total: z.int().optional(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).min(1),
  neutralized: z.int().optional(),
  senders: z.record(z.string(), z.string()).optional(),
  chats: z.record(z.string(), z.string()),
  columns: z.array(z.string()),
  messages: z.array(z.strictObject({ day: z.string(), rows: z.array(rowSchema) })),
});

interface Search {
  readonly query: string;
  readonly chat_kind?: "user" | "group" | "channel";
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
}

const KINDS: Readonly<Record<string, string>> = {
  bot: "user",
  channel: "channel",
  forum: "group",
  group: "group",
  saved: "user",
  supergroup: "group",
  user: "user",
};

/** Every message of the account's chats that fits, as `chat/id`. */
function matching(world: World, { query, chat_kind, type, from, to }: Search): string[] {
  const words = query.split(" ");
  const [first, end] = [from, to].map((text) => text === undefined ? undefined : Date.parse(text) / 1000);
  return [...world.dialogs.keys()].flatMap((id) => {
    const kind = KINDS[world.chats.get(id)?.kind ?? ""];
    if (chat_kind !== undefined && kind !== chat_kind) return [];
    return [...world.messages(id)]
      .filter((message) => words.every((word) => hasWord(message, word)))
      .filter((message) => type === undefined || typesOf(message).includes(type))
      .filter(({ date }) => (first === undefined || date >= first) && (end === undefined || date < end))
      .map((message) => `${id}/${message.id}`);
  });
}

/** The pages of a search to its end, and what they show, as `chat/id`. */
async function walk(server: TestServer, search: Search, shape: () => Record<string, unknown>): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1; pages < 60; pages++) {
    const page = pageSchema.parse(
      await answer(server, "search_messages", { ...(cursor === undefined ? search : {}), ...shape(), cursor }),
    );
    assert.match(page.notes[0] ?? "", /may repeat a message or leave one out.*Within one chat/);
    assert.equal(page.columns[2], "chat");
    for (const [id, , label] of page.messages.flatMap(({ rows }) => rows)) {
      found.push(`${page.chats[label]?.split(" ")[0]}/${id}`);
    }
    if (page.next_cursor === undefined) return found;
    cursor = page.next_cursor;
  }
  return found;
}

const SEARCHES: readonly Search[] = [
  { query: "harbour" },
  { query: "PARSER invoice", chat_kind: "channel", from: "2024-06-01T00:00:00Z" },
  { query: "invoice", from: "2025-05-01T00:00:00Z", to: "2025-05-20T00:00:00Z" },
  { query: "report", type: "document", chat_kind: "user" },
  { query: "sticker", type: "sticker", chat_kind: "group" },
  { query: "nothinghasthisword" },
];

Deno.test("search_messages: over all chats an undisturbed search finds what the naive model finds, each once", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const random = createRandom(0x5ea);
  let most = 0;
  for (const search of SEARCHES) {
    const wanted = matching(world, search);
    most = Math.max(most, wanted.length);
    const found = await walk(server, search, () => ({
      limit: 40 + random.int(61),
      ...(random.oneIn(3) ? { max_chars: 4000 + random.int(20_000) } : {}),
    }));
    assert.equal(new Set(found).size, found.length, `${JSON.stringify(search)}: nothing is shown twice`);
    const unexpected = new Set(found).difference(new Set(wanted));
    assert.deepEqual([...unexpected], [], JSON.stringify(search));
    if (wanted.length < 1500) assert.deepEqual(found.sort(), wanted.sort(), JSON.stringify(search));
  }
  assert.ok(most > 100, "a search has several pages");
});

Deno.test("search_messages: a cursor goes on with its own search only, of one chat or of all", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const chat = "@sandbox_news";
  const cursorOf = async (args: Record<string, unknown>): Promise<unknown> =>
    (await answer(server, "search_messages", { ...args, limit: 2 })).next_cursor;
  const [one, all] = [await cursorOf({ query: "invoice", chat }), await cursorOf({ query: "invoice" })];
  assert.ok(typeof one === "string" && typeof all === "string");
  const next = await answer(server, "search_messages", { cursor: one, limit: 3 });
  assert.equal(Reflect.get(Object(next.chat), "username"), "sandbox_news", "chat may be left out beside a cursor");
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ cursor: all, chat }, "chat"],
    [{ cursor: all, query: "parser" }, "query"],
    [{ cursor: one, chat: "@sandbox_group" }, "chat"],
    [{ cursor: one, query: "parser" }, "query"],
    [{ cursor: one, chat_kind: "user" }, "chat_kind"],
  ];
  for (const [args, field] of cases) {
    const { status, body } = await server.call("search_messages", args);
    assert.deepEqual([status, body.code, body.field], [400, "INVALID_CURSOR", field], JSON.stringify(body));
  }
});

Deno.test("search_messages: in a flood the found messages come back short, and the cursor goes on", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer({ ...sandbox.environment, FLOOD_SLEEP_THRESHOLD: "0" });
  await answer(server, "list_chats", {});
  const error = { code: 420, message: "FLOOD_WAIT_60" };
  await sandbox.faults({ rules: [{ method: "messages.searchGlobal", after: 1, error }] });
  // Messages with media are picked out here, so a page takes several requests.
  const page = pageSchema.parse(
    await answer(server, "search_messages", { query: "meeting", type: "media", limit: 100 }),
  );
  assert.ok(page.count > 0 && page.has_more);
  assert.match(page.notes[1] ?? "", /asks to wait.*60 s/);
  const { status, body } = await server.call("search_messages", { cursor: page.next_cursor });
  assert.deepEqual([status, body.code, Number(body.retry_after) > 50], [429, "FLOOD_WAIT", true]);
});
