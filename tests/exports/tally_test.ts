import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { MOST_RANGES } from "../../src/exports/gaps.ts";
import { createTally, type Page, restoreTally, type Segment, type Tally } from "../../src/exports/tally.ts";
import type { ChatKind } from "../../src/model/chat.ts";
import type { Counts, Gaps } from "../../src/model/manifest.ts";
import type { Message } from "../../src/model/message.ts";
import type { Range } from "../../src/telegram/dates.ts";

type Verdict = Page["looked"][number]["verdict"];

const date = (id: number): string => new Date(1_700_000_000_000 + id * 1000).toISOString().replace(".000Z", "Z");

function message(id: number, more: Partial<Message> = {}): Message {
  return {
    schema: "message/1",
    id,
    chat_id: "-1007",
    date: date(id),
    observed_at: "2025-06-01T00:00:00.000Z",
    text: "",
    ...more,
  };
}

/** A page of what was looked at, `+` kept, `s` service, `f` filtered, and the span that was covered. */
function page(looked: string, span?: readonly [number, number], segment = 0): Page {
  const verdicts: Readonly<Record<string, Verdict>> = { "+": "kept", s: "service", f: "filtered" };
  const entries = looked.split(" ").filter(Boolean).map((each) => {
    const verdict = verdicts[each.slice(0, 1)];
    assert.ok(verdict, looked);
    return { id: Number(each.slice(1)), verdict };
  });
  return {
    segment,
    kept: entries.filter(({ verdict }) => verdict === "kept").map(({ id }) => message(id)),
    looked: entries,
    ...span && { from: span[0], to: span[1] },
  };
}

const channel = (upTo: number, range: Range = {}, kind: ChatKind = "channel"): Segment => ({ kind, range, upTo });

function only(tally: Tally): Counts {
  const [counts, ...others] = tally.counts();
  assert.ok(counts);
  assert.equal(others.length, 0);
  return JSON.parse(JSON.stringify(counts));
}

/** `from-to` and ranges as `id-id verdict`. */
function shown(gaps: Gaps | undefined): string[] {
  if (gaps === undefined) return [];
  return [`${gaps.from}-${gaps.to}`, ...gaps.ranges.map(({ from, to, verdict }) => `${from}-${to} ${verdict}`)];
}

function gapsAfter(segment: Segment, ...pages: Page[]): string[] {
  const tally = createTally([segment]);
  for (const each of pages) tally.add(each);
  return shown(only(tally).gaps);
}

Deno.test("tally: kinds are counted by text, media and service action, with the first and the last message", () => {
  const tally = createTally([channel(9)]);
  const kept = [
    message(2, { service: { action: "channel_create" } }),
    message(3, { text: "a" }),
    message(4, { media: { kind: "photo" }, text: "b" }),
    message(5, { media: { kind: "photo" } }),
    message(9, { service: { action: "pin_message" } }),
  ];
  tally.add({ segment: 0, kept, looked: kept.map(({ id }) => ({ id, verdict: "kept" })), from: 1, to: 9 });
  const { gaps: _, ...counts } = only(tally);
  assert.deepEqual(counts, {
    messages: 5,
    by_kind: { photo: 2, "service:channel_create": 1, "service:pin_message": 1, text: 1 },
    first: { id: 2, date: date(2) },
    last: { id: 9, date: date(9) },
  });
  assert.deepEqual(Object.keys(counts.by_kind), Object.keys(counts.by_kind).toSorted());
});

Deno.test("tally: an id in a covered span that nobody named is deleted, elsewhere unknown", () => {
  assert.deepEqual(gapsAfter(channel(12), page("+2 +5", [1, 6]), page("+10", [9, 10])), [
    "1-12",
    ...["1-1 deleted", "3-4 deleted", "6-6 deleted", "7-8 unknown", "9-9 deleted", "11-12 unknown"],
  ]);
});

Deno.test("tally: what was read and is not wanted has its verdict, runs are one range across pages", () => {
  const pages = [page("+1 s2 s3", [1, 3]), page("s4 f5", [4, 5]), page("f6 +9", [6, 9]), page("", [10, 12])];
  assert.deepEqual(gapsAfter(channel(12), ...pages), [
    "1-12",
    ...["2-4 service", "5-6 filtered", "7-8 deleted", "10-12 deleted"],
  ]);
});

Deno.test("tally: a search that names matches only leaves everything else unknown", () => {
  assert.deepEqual(gapsAfter(channel(9), page("+3"), page("+4 +8")), [
    "1-9",
    "1-2 unknown",
    "5-7 unknown",
    "9-9 unknown",
  ]);
});

Deno.test("tally: bounds by id are the whole's bounds, whatever was covered beyond them", () => {
  const range = { from: { id: 5 }, to: { id: 10 } };
  assert.deepEqual(gapsAfter(channel(99, range), page("+6", [1, 200])), ["5-9", "5-5 deleted", "7-9 deleted"]);
  assert.deepEqual(gapsAfter(channel(7, range), page("", [1, 200])), ["5-7", "5-7 deleted"]);
  assert.deepEqual(gapsAfter(channel(4, range), page("", [1, 200])), []);
});

Deno.test("tally: with dates as bounds the whole goes from the first message read to the last", () => {
  const range = { from: { seconds: 1 }, to: { seconds: 2 } };
  assert.deepEqual(gapsAfter(channel(99, range), page("f6 +8", [3, 9]), page("+12", [10, 20])), [
    "6-12",
    ...["6-6 filtered", "7-7 deleted", "9-11 deleted"],
  ]);
  assert.deepEqual(gapsAfter(channel(99, range), page("", [3, 20])), []);
  assert.deepEqual(gapsAfter(channel(9, { from: { seconds: 1 } }), page("+6", [3, 9])), ["6-9", "7-9 deleted"]);
});

Deno.test("tally: an empty chat has no gaps, one that lost all its messages is nothing but gaps", () => {
  assert.deepEqual(gapsAfter(channel(0)), []);
  assert.deepEqual(gapsAfter(channel(3), page("", [1, 3])), ["1-3", "1-3 deleted"]);
  assert.deepEqual(gapsAfter(channel(3)), ["1-3", "1-3 unknown"]);
});

Deno.test("tally: gaps are told of channels, supergroups and forums only", () => {
  const kinds: ChatKind[] = ["user", "bot", "group", "supergroup", "forum", "channel", "saved"];
  const told = kinds.filter((kind) => gapsAfter(channel(9, {}, kind), page("+2", [1, 9])).length > 0);
  assert.deepEqual(told, ["supergroup", "forum", "channel"]);
});

Deno.test("tally: segments are counted apart", () => {
  const tally = createTally([channel(5, {}, "group"), channel(3)]);
  tally.add(page("+2 +5", [1, 5]));
  tally.add(page("+1", [1, 3], 1));
  assert.deepEqual(tally.counts().map(({ messages, last }) => [messages, last?.id]), [[2, 5], [1, 1]]);
  assert.deepEqual(tally.counts().map(({ gaps }) => shown(gaps)), [[], ["1-3", "2-3 deleted"]]);
});

Deno.test("tally: what a delta has of the export before is counted apart, and is no part of the gaps", () => {
  const tally = createTally([{ ...channel(12), since: 9 }]);
  const deletions = [
    { schema: "deletion/1", chat_id: "-1007", id: 5, detected_at: date(9), verdict: "deleted_after_seen" } as const,
  ];
  tally.add({ ...page("+4", [1, 8]), deletions });
  tally.add(page("+11", [9, 12]));
  const { messages, edited, deletions: gone, first, gaps } = only(tally);
  assert.deepEqual([messages, edited, gone, first?.id], [2, 1, 1, 4]);
  assert.deepEqual(shown(gaps), ["10-12", "10-10 deleted", "12-12 deleted"]);
});

Deno.test("tally: of a delta from a date or a message on, the gaps begin behind what the export before knew", () => {
  const gapsOf = (range: Range, ...pages: Page[]): string[] => {
    const tally = createTally([{ ...channel(12, range), since: 9 }]);
    pages.forEach((each) => tally.add(each));
    return shown(only(tally).gaps);
  };
  const from = { from: { seconds: 1 } };
  assert.deepEqual(gapsOf(from, page("+4", [1, 8]), page("+11", [9, 12])), ["11-12", "12-12 deleted"]);
  assert.deepEqual(gapsOf(from, page("+4", [1, 12])), []);
  assert.deepEqual(gapsOf({ from: { id: 3 } }, page("+4", [1, 12])), ["10-12", "10-12 deleted"]);
  assert.deepEqual(gapsOf({ from: { id: 11 } }, page("", [1, 12])), ["11-12", "11-12 deleted"]);
});

Deno.test("tally: a page that does not come next is refused and changes nothing", () => {
  const tally = createTally([channel(20, { to: { id: 15 } })]);
  tally.add(page("+2 s3 +5", [1, 5]));
  const before = JSON.stringify(tally.snapshot());
  const refused: readonly (readonly [Page, RegExp])[] = [
    [page("+2 s3 +5", [1, 5]), /message 2 does not come behind 5/],
    [page("+5", [5, 9]), /message 5 does not come behind 5/],
    [page("+7 +7", [6, 9]), /message 7 does not come behind 7/],
    [page("+8 f7", [6, 9]), /message 7 does not come behind 8/],
    [page("+15", [6, 15]), /message 15 lies above 14/],
    [page("+6", [6, 6], 1), /no segment 1/],
    [{ ...page("+6 +7", [6, 7]), kept: [message(6)] }, /what is kept/],
    [{ ...page("+6 s7", [6, 7]), kept: [message(7)] }, /what is kept/],
  ];
  for (const [each, reason] of refused) {
    assert.throws(() => tally.add(each), (error) => error instanceof RangeError && reason.test(error.message));
    assert.equal(JSON.stringify(tally.snapshot()), before);
  }
});

Deno.test("tally: a span that is told of twice counts once", () => {
  const once = gapsAfter(channel(9), page("+2", [1, 5]), page("+8", [6, 9]));
  assert.deepEqual(gapsAfter(channel(9), page("+2", [1, 5]), page("", [1, 5]), page("+8", [3, 9])), once);
});

Deno.test("tally: spans without messages stay one, and may come in any order", () => {
  const tally = createTally([channel(1000)]);
  for (let id = 1; id <= 900; id += 10) tally.add(page("", [id, id + 9]));
  tally.add(page("", [950, 949]));
  assert.deepEqual(tally.snapshot().segments[0]?.gaps?.covered, [[1, 900]]);
  assert.deepEqual(gapsAfter(channel(9), page("", [7, 8]), page("", [1, 5]), page("+9")), [
    "1-9",
    ...["1-5 deleted", "6-6 unknown", "7-8 deleted"],
  ]);
});

Deno.test("tally: neither counts nor a snapshot change what goes on, or with it", () => {
  const tally = createTally([channel(9)]);
  tally.add(page("+2", [1, 2]));
  const snapshot = tally.snapshot();
  const [before, text] = [tally.counts(), JSON.stringify(snapshot)];
  assert.deepEqual(shown(before[0]?.gaps), ["1-9", "1-1 deleted", "3-9 unknown"]);
  tally.add(page("+4", [3, 9]));
  assert.deepEqual(shown(only(tally).gaps), ["1-9", "1-1 deleted", "3-3 deleted", "5-9 deleted"]);
  assert.deepEqual([before[0]?.messages, before[0]?.by_kind, JSON.stringify(snapshot)], [1, { text: 1 }, text]);
});

Deno.test("tally: more ranges than are listed are counted all the same", () => {
  const tally = createTally([channel(10_000)]);
  for (let id = 2; id <= 10_000; id += 2) tally.add(page(`+${id}`, [id - 1, id]));
  const { gaps } = only(tally);
  assert.deepEqual([gaps?.deleted, gaps?.ranges.length, gaps?.truncated], [5000, MOST_RANGES, true]);
  assert.equal(gaps?.ranges.at(-1)?.from, MOST_RANGES * 2 - 1);
});

Deno.test("tally: a foreign snapshot is refused", () => {
  assert.throws(() => restoreTally({ segments: [{ messages: 1 }] }), /invalid_type/);
  assert.throws(() => restoreTally(undefined), /invalid_type/);
});

/** A history with holes, walked in pages some of which covered less than they passed. */
function drawWalk(seed: number): { segment: Segment; pages: Page[]; naive: Record<number, string> } {
  const random = createRandom(seed, 0x7a11);
  const upTo = 1 + random.int(60);
  const low = random.oneIn(2) ? 1 : 1 + random.int(10);
  const naive: Record<number, string> = {};
  const pages: Page[] = [];
  for (let id = low; id <= upTo; id++) naive[id] = "unknown";
  for (let at = low; at <= upTo;) {
    const end = at + random.int(9);
    const from = random.oneIn(3) ? at + random.int(4) : at;
    const isSearch = random.oneIn(4);
    const looked: string[] = [];
    for (let id = at; id <= Math.min(end, upTo); id++) {
      const what = isSearch || id >= from ? random.pick(["+", "+", "s", "f", "", ""]) : "";
      if (what !== "") looked.push(`${what}${id}`);
      const verdict = { "+": "kept", s: "service", f: "filtered" }[what];
      if (verdict !== undefined) naive[id] = verdict;
      else if (!isSearch && id >= from) naive[id] = "deleted";
    }
    pages.push(page(looked.join(" "), isSearch ? undefined : [from, end]));
    at = end + 1;
  }
  return { segment: channel(upTo, low === 1 ? {} : { from: { id: low } }), pages, naive };
}

Deno.test("tally: it agrees with counting id by id, and a walk resumed from JSON after any page is the same", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const { segment, pages, naive } = drawWalk(seed);
    const tally = createTally([segment]);
    let resumed = createTally([segment]);
    for (const each of pages) {
      tally.add(each);
      resumed.add(each);
      resumed = restoreTally(JSON.parse(JSON.stringify(resumed.snapshot())));
      if (each.looked.length > 0) assert.throws(() => resumed.add(each), RangeError, `seed ${seed}`);
    }
    const { gaps } = only(tally);
    assert.deepEqual(only(resumed).gaps, gaps, `seed ${seed}`);
    const entries = Object.entries(naive).map(([id, verdict]) => ({ id: Number(id), verdict }));
    const expected = entries.filter(({ verdict }) => verdict !== "kept");
    const listed = (gaps?.ranges ?? []).flatMap(({ from, to, verdict }) =>
      Array.from({ length: to - from + 1 }, (_, index) => ({ id: from + index, verdict }))
    );
    assert.deepEqual(listed, expected, `seed ${seed}`);
    for (const verdict of ["deleted", "service", "filtered", "unknown"] as const) {
      const count = expected.filter((each) => each.verdict === verdict).length;
      assert.equal(gaps?.[verdict] ?? 0, count, `seed ${seed}, ${verdict}`);
    }
    const merged = gaps?.ranges.every(({ from, verdict }, index, all) => {
      const before = all[index - 1];
      return before === undefined || before.to + 1 < from || before.verdict !== verdict;
    });
    assert.ok(merged ?? true, `seed ${seed}: ranges are merged`);
  }
});
