/**
 * Walks over random queries, page by page, against the naive model.
 */
import assert from "node:assert/strict";
import { createRandom, type Random } from "../../sandbox/world/random.ts";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import { type Case, chance, drawCase, drawShape, pickChat } from "./draw.ts";
import { type Bound, expected, expectedOfAll } from "./naive.ts";
import { answer, compactSchema, readPage, rfc, shown } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

/** Walks that `SEED` begins with; a failing one names its seed. */
const WALKS = Number(Deno.env.get("WALKS") ?? 2000);
const SEED = Number(Deno.env.get("SEED") ?? 1);
/** A walk that takes longer is compared as far as it came. */
const MOST_PAGES = 14;

async function walk(server: TestServer, random: Random, { tool, query, args }: Case, world: World): Promise<number> {
  const byId = new Map(expectedOfAll(world, query).map(({ chat, message }) => [`${chat}/${message.id}`, message]));
  const wanted = [...byId.keys()];
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1;; pages++) {
    const shape = drawShape(random);
    const given = cursor === undefined || chance(random, 30) ? args : { chat: query.chat };
    const page = readPage(tool, await answer(server, tool, { ...given, ...shape, cursor }), shape, byId, query.chat);
    ids.push(...page.ids);
    if (page.total !== undefined) {
      assert.equal(page.total, wanted.length, "total is exact where it is given");
      if (ids.length === page.total) assert.equal(page.next, undefined, "nothing is promised behind the last message");
    }
    assert.deepEqual(ids, wanted.slice(0, ids.length), "the matching messages, in order, each once");
    cursor = page.next;
    if (cursor === undefined) {
      assert.equal(ids.length, wanted.length, "nothing is left out");
      return pages;
    }
    if (pages === MOST_PAGES) return pages;
  }
}

Deno.test("fetch_history, search_messages: random queries, walked to their end, give what the naive model gives", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await answer(server, "fetch_history", { chat: "@sandbox_public", limit: 1 });
  await answer(server, "list_chats", {});
  let pages = 0;
  for (let seed = SEED; seed < SEED + WALKS; seed++) {
    const random = createRandom(0xca5e, seed);
    const drawn = drawCase(random, world, pickChat(random, world));
    try {
      pages += await walk(server, random, drawn, world);
    } catch (error) {
      throw new Error(`SEED=${seed} WALKS=1: ${JSON.stringify(drawn)}`, { cause: error });
    }
  }
  assert.ok(pages >= WALKS);
});

Deno.test("fetch_history: a page boundary on equal dates loses no message", async () => {
  const world = createWorld();
  const chat = "-1002000000001";
  const history = world.messages(chat);
  const places = Array.from({ length: history.length }, (_, index) => index);
  const runs = [...Map.groupBy(places, (index) => history.dateAt(index)).values()].filter((run) => run.length > 6);
  assert.ok(runs.length > 24);
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const run of runs.slice(-24, -12)) {
    const [first = 0, last = 0] = [run[0], run.at(-1)];
    const date = history.dateAt(first);
    const [at, id] = [(at: number): Bound => ({ at }), (place: number): Bound => ({ id: history.idAt(place) })];
    const cases: readonly (readonly [Bound, Bound, boolean, number])[] = [
      [at(date), at(date + 1), false, 2],
      [at(date), at(date + 1), true, 2],
      [at(date), id(last + 4), false, 4],
      [at(date), id(last + 4), true, 5],
      [id(first - 3), at(date), false, 2],
      [id(first - 3), at(date), true, 2],
      // A whole request of 100 ends in the middle of the run, on either side.
      [at(date), id(first + 103), false, 100],
      [id(first - 97), at(date + 1), true, 100],
    ];
    for (const [from, to, oldestFirst, limit] of cases) {
      const [said, until] = [from, to].map((bound) => "id" in bound ? `#${bound.id}` : `${rfc(bound.at)}Z`);
      const direction = oldestFirst ? "oldest_first" : "newest_first";
      const args = { chat, from: said, to: until, direction, limit, max_chars: 80_000 };
      const ids = await walkedIds(server, args);
      assert.deepEqual(ids, expected(world, { chat, from, to, oldestFirst }).map(({ id }) => id), JSON.stringify(args));
    }
  }
});

/** The ids of a walk to its end. */
async function walkedIds(server: TestServer, args: Record<string, unknown>): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | undefined;
  do {
    const body = compactSchema.parse(await answer(server, "fetch_history", { ...args, cursor }));
    ids.push(...shown(body).map(({ id }) => id));
    cursor = body.next_cursor;
  } while (cursor !== undefined);
  return ids;
}
