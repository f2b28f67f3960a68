/**
 * A supergroup that was a basic group: two spaces of ids that collide, read as one history.
 */
import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import { expectedOfAll, type Query } from "./naive.ts";
import { answer, compact, compactSchema, shown } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const [GROUP, FORMER] = ["-1002000000013", "-4002"];

/** A walk to its end: `chat/id` of every message, in order. */
async function walk(server: TestServer, tool: string, args: Record<string, unknown>): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = compactSchema.parse(await answer(server, tool, { chat: GROUP, ...args, cursor }));
    const rows = shown(page).map(({ id, more }) => `${more.chat ?? GROUP}/${id}`);
    const hasFormer = rows.some((row) => row.startsWith(FORMER));
    assert.equal((page.notes ?? []).some((note) => note.includes(`was ${FORMER}`)), hasFormer, "a note says so");
    assert.equal(page.total, undefined, "no total stands for one of two counts");
    found.push(...rows);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return found;
}

/** A date in the former group, one in the supergroup, ids of both. */
const BOUNDS = { early: "2014-06-01T00:00:00Z", late: "2020-01-01T00:00:00Z" };
const at = (text: string): { readonly at: number } => ({ at: Date.parse(text) / 1000 });

const CASES:
  readonly (readonly [what: string, args: Record<string, unknown>, query: Omit<Query, "chat" | "oldestFirst">])[] = [
    ["everything", {}, {}],
    ["from a date before the migration", { from: BOUNDS.early }, { from: at(BOUNDS.early) }],
    ["to a date before it", { to: BOUNDS.early }, { to: at(BOUNDS.early) }],
    ["across it", { from: BOUNDS.early, to: BOUNDS.late }, { from: at(BOUNDS.early), to: at(BOUNDS.late) }],
    ["from an id, which is the supergroup's", { from: "#5" }, { from: { id: 5 } }],
    ["to an id, which lies behind all of the former group", { to: "#5" }, { to: { id: 5 } }],
    ["by a sender", { sender: "@annlee" }, { sender: "734201334" }],
    ["of a type that is picked out here", { type: "service" }, { type: "service" }],
    ["of a type that Telegram picks out", { type: "photo" }, { type: "photo" }],
    ["unread", { unread: true }, { unread: true }],
  ];

for (const oldestFirst of [false, true]) {
  const direction = oldestFirst ? "oldest_first" : "newest_first";
  Deno.test(`migrated group, ${direction}: both histories are read, in order and each message once`, async () => {
    const world = createWorld();
    await using sandbox = await startSandbox();
    await using server = await startServer(sandbox.environment);
    for (const [what, args, query] of CASES) {
      const placed = expectedOfAll(world, { ...query, chat: GROUP, oldestFirst });
      const wanted = placed.map(({ chat, message }) => `${chat}/${message.id}`);
      const inOrder = placed.map(({ message }) => message.date);
      assert.deepEqual(inOrder, inOrder.toSorted((a, b) => oldestFirst ? a - b : b - a));
      for (const limit of [7, 79, 80, 81, 100]) {
        assert.deepEqual(
          await walk(server, "fetch_history", { ...args, direction, limit }),
          wanted,
          `${what}, by ${limit}`,
        );
      }
    }
  });
}

Deno.test("migrated group: words are found on both sides of the migration", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const wanted = expectedOfAll(world, { chat: GROUP, oldestFirst: false, words: ["meeting"] });
  const found = await walk(server, "search_messages", { query: "meeting", limit: 3 });
  assert.deepEqual(found, wanted.map(({ chat, message }) => `${chat}/${message.id}`));
  assert.equal(new Set(wanted.map(({ chat }) => chat)).size, 2);
});

Deno.test("migrated group: what it was is asked of Telegram once, and the former group read alone says where it went", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (let round = 0; round < 3; round++) await compact(server, { chat: GROUP, limit: 5 });
  assert.equal((await sandbox.methods())["channels.GetFullChannel"], 1);
  const page = await compact(server, { chat: FORMER, limit: 5 });
  assert.ok(page.notes?.some((note) => note.includes(GROUP)));
});
