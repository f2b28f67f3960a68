/**
 * Pages read ahead: the same lines as read one after another, with few requests too many.
 */
import assert from "node:assert/strict";
import { createRandom, type Random } from "../../sandbox/world/random.ts";
import type { Range } from "../../src/telegram/dates.ts";
import type { Account } from "../../src/telegram/account.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { EMPTY, readLines, withEmpty } from "./filled.ts";

const SEED = Number(Deno.env.get("SEED") ?? 1);
const WORLDS = Number(Deno.env.get("WORLDS") ?? 40);
/** Unix seconds of the first message of the first world. */
const FIRST = 1_600_000_000;
const SERVICE_EVERY = 17;

type Run = { readonly skip: number; readonly count: number };

/** Stretches of all densities, in any order. */
function drawRuns(random: Random): Run[] {
  const stretch = (): Run[] => {
    switch (random.int(6)) {
      case 0:
        return [{ skip: random.int(4), count: random.int(900) }];
      case 1:
        return Array.from({ length: random.int(150) }, () => ({ skip: random.int(4), count: 1 + random.int(30) }));
      case 2:
        return Array.from({ length: random.int(250) }, () => ({ skip: random.int(60), count: 1 + random.int(2) }));
      case 3:
        return [{ skip: random.int(5_000_000), count: 1 + random.int(250) }];
      case 4:
        return Array.from({ length: random.int(8) }, () => ({ skip: 10_000, count: 100 }));
      default:
        return [{ skip: 1 + random.int(3000), count: random.int(3) }];
    }
  };
  return Array.from({ length: 1 + random.int(5) }, stretch).flat();
}

/** A filled world: ids of the messages, each a second after the one before it. */
interface Filled {
  readonly ids: readonly number[];
  readonly dates: ReadonlyMap<number, number>;
}

interface Wanted {
  readonly range: Range;
  readonly type?: "text" | "service";
  readonly after?: number;
  readonly upTo: number;
  readonly limit?: number;
}

function drawPoint(random: Random, { ids, dates }: Filled): Range["from"] {
  const id = ids.length === 0 ? 1 : random.pick(ids) + random.int(3) - 1;
  return random.oneIn(2) ? { id } : { seconds: dates.get(id) ?? FIRST };
}

function drawWanted(random: Random, world: Filled): Wanted {
  const { ids } = world;
  const last = ids.at(-1) ?? 0;
  const some = (): number => random.oneIn(2) && ids.length > 0 ? random.pick(ids) : random.int(last + 2);
  return {
    range: {
      ...(random.oneIn(3) && { from: drawPoint(random, world) }),
      ...(random.oneIn(3) && { to: drawPoint(random, world) }),
    },
    ...(random.oneIn(4) && { type: random.pick(["text", "service"] as const) }),
    ...(random.oneIn(3) && { after: some() }),
    upTo: random.oneIn(3) ? some() : last,
    ...(random.oneIn(6) && { limit: 1 + random.int(400) }),
  };
}

/** Which ids are to be exported. */
function expectedIds({ ids, dates }: Filled, { range: { from, to }, type, after, upTo, limit }: Wanted): number[] {
  const isBelow = (id: number, point: NonNullable<Range["from"]>): boolean =>
    "id" in point ? id < point.id : (dates.get(id) ?? 0) < point.seconds;
  return ids.filter((id) => {
    if (id <= (after ?? 0) || id > upTo) return false;
    if (from !== undefined && isBelow(id, from) || to !== undefined && !isBelow(id, to)) return false;
    return type === undefined || ((dates.get(id) ?? 0) % SERVICE_EVERY === 0) === (type === "service");
  }).slice(0, limit);
}

let seconds = FIRST;

/** Empties the supergroup and fills it anew; its ids go on rising. */
async function fill(sandbox: TestSandbox, old: Filled | undefined, runs: readonly Run[]): Promise<Filled> {
  if (old !== undefined && old.ids.length > 0) await sandbox.remove(EMPTY, old.ids);
  const ids = await sandbox.fill(EMPTY, runs, { date: seconds, serviceEvery: SERVICE_EVERY });
  const dates = new Map(ids.map((id, index) => [id, seconds + index]));
  seconds += ids.length;
  return { ids, dates };
}

/** How many requests for pages an action takes. */
async function counted<T>(
  sandbox: TestSandbox,
  action: () => Promise<T>,
): Promise<{ readonly result: T; readonly requests: number }> {
  await sandbox.forgetMethods();
  const result = await action();
  return { result, requests: (await sandbox.methods())["messages.GetHistory"] ?? 0 };
}

/** Answers overtake each other. */
const SHUFFLED = {
  rules: [
    { method: "messages.getHistory", every: 3, delayMs: 6 },
    { method: "messages.getHistory", every: 2, delayMs: 2 },
  ],
};

Deno.test("read ahead: whatever the ids are like, the lines, counts and gaps are those of reading in order, and those of the world", async () => {
  await using sandbox = await startSandbox();
  await withEmpty(sandbox, async ({ call }, chat) => {
    let world: Filled | undefined;
    let overlapping = 0;
    for (let seed = SEED; seed < SEED + WORLDS; seed++) {
      const random = createRandom(0xa4ead, seed);
      world = await fill(sandbox, world, drawRuns(random));
      await sandbox.faults(SHUFFLED);
      for (let number = 0; number < 3; number++) {
        const wanted: Wanted = number === 0 ? { range: {}, upTo: world.ids.at(-1) ?? 0 } : drawWanted(random, world);
        const readAhead = 2 + random.int(15);
        const told = `SEED=${seed} WORLDS=1: ${JSON.stringify({ number, readAhead, wanted })}`;
        const one = await counted(sandbox, () => readLines(call, { chat, ...wanted }, { readAhead: 1 }));
        const many = await counted(sandbox, () => readLines(call, { chat, ...wanted }, { readAhead }));
        assert.deepEqual(one.result.ids, expectedIds(world, wanted), told);
        assert.equal(many.result.text, one.result.text, told);
        // Where a limit ends it, what was looked at behind the last line depends on where pages end.
        if (wanted.limit === undefined) assert.deepEqual(many.result.counts, one.result.counts, told);
        assertSpans(many.result.spans, told);
        assert.ok(many.requests <= 2 * one.requests + readAhead, `${many.requests} for ${one.requests}, ${told}`);
        if (((await sandbox.atOnce())["messages.GetHistory"] ?? 0) > 1) overlapping++;
      }
    }
    assert.ok(overlapping > WORLDS, `${overlapping}`);
  });
});

function assertSpans(spans: Awaited<ReturnType<typeof readLines>>["spans"], told: string): void {
  for (const [index, [from]] of spans.entries()) {
    const [, before] = spans[index - 1] ?? [];
    if (before !== undefined) assert.equal(from, before + 1, `a span begins where the one before it ends, ${told}`);
  }
}

Deno.test("read ahead: of messages that come and go meanwhile, what was there and stayed comes once, in order", async () => {
  await using sandbox = await startSandbox();
  await withEmpty(sandbox, async ({ call }, chat) => {
    let world: Filled | undefined;
    for (let seed = SEED; seed < SEED + WORLDS / 2; seed++) {
      const random = createRandom(0x6009e, seed);
      world = await fill(sandbox, world, [{ skip: 0, count: 300 }, ...drawRuns(random)]);
      const { ids } = world;
      await sandbox.faults(SHUFFLED);
      const upTo = ids.at(-1) ?? 0;
      const gone = new Set<number>();
      const came: number[] = [];
      const { ids: found, spans, counts } = await readLines(call, { chat, upTo }, {
        readAhead: 2 + random.int(15),
        onLines: async ({ reached }) => {
          const first = ids.findIndex((id) => id >= reached);
          const near = ids.slice(Math.max(0, first - 50), first + 1500);
          const some = [...near.filter(() => random.oneIn(20)), ...(random.oneIn(4) ? ids.slice(-3) : [])];
          for (const id of some) gone.add(id);
          if (some.length > 0) await sandbox.remove(EMPTY, some);
          came.push((await sandbox.append(EMPTY, "New.")).id);
        },
      });
      const told = `SEED=${seed} WORLDS=1`;
      assert.deepEqual(found, [...new Set(found)].sort((a, b) => a - b), told);
      const missing = ids.filter((id) => !gone.has(id) && !found.includes(id));
      assert.deepEqual(missing, [], told);
      assert.deepEqual(found.filter((id) => !ids.includes(id)), [], told);
      assertSpans(spans, told);
      assert.equal(counts?.gaps?.unknown, 0, told);
      assert.equal((counts?.gaps?.deleted ?? 0) + found.length, upTo, told);
      world = { ids: [...ids.filter((id) => !gone.has(id)), ...came], dates: world.dates };
    }
  });
});

/** Requests for all messages, one page after the other and eight at once. */
async function requestsFor(
  sandbox: TestSandbox,
  { call }: Account,
  chat: Peer,
  upTo: number,
): Promise<readonly [one: number, eight: number]> {
  const one = await counted(sandbox, () => readLines(call, { chat, upTo }, { readAhead: 1 }));
  const eight = await counted(sandbox, () => readLines(call, { chat, upTo }, { readAhead: 8 }));
  assert.equal(eight.result.text, one.result.text);
  return [one.requests, eight.requests];
}

Deno.test("read ahead: sparse ids, holes and a late beginning cost few requests", async () => {
  const dense = (count: number): Run => ({ skip: 0, count });
  const worlds: readonly (readonly [string, readonly Run[], most: number])[] = [
    ["a million ids with ten messages", Array.from({ length: 10 }, () => ({ skip: 100_000, count: 1 })), 2],
    ["a history that begins at 5,000,000", [{ skip: 5_000_000, count: 2000 }], 28],
    ["no id missing", [dense(3000)], 31],
    ["one id in ten missing", Array.from({ length: 300 }, () => ({ skip: 1, count: 9 })), 32],
    ["every second id missing", Array.from({ length: 3000 }, () => ({ skip: 1, count: 1 })), 36],
    ["one id in fifty there", Array.from({ length: 3000 }, () => ({ skip: 49, count: 1 })), 36],
    ["a desert in the middle", [dense(1500), { skip: 1_000_000, count: 1500 }], 40],
    ["pages far from each other", Array.from({ length: 20 }, () => ({ skip: 10_000, count: 100 })), 44],
  ];
  await using sandbox = await startSandbox();
  await withEmpty(sandbox, async (account, chat) => {
    let world: Filled | undefined;
    for (const [what, runs, most] of worlds) {
      world = await fill(sandbox, world, runs);
      const [one, eight] = await requestsFor(sandbox, account, chat, world.ids.at(-1) ?? 0);
      assert.ok(eight <= most, `${what}: ${eight} requests where one after the other takes ${one}`);
      if (Deno.env.has("SHOW")) Deno.stderr.writeSync(new TextEncoder().encode(`${what}: ${one}, ${eight}\n`));
    }
  });
});
