import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { AppError } from "../../src/errors.ts";
import { formatPoint, readPoint, readRange } from "../../src/telegram/dates.ts";

/** 2025-03-02T00:00:00Z */
const NOW = 1740873600;
const HOUR = 3600;
const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Asia/Tehran",
  "Africa/Casablanca",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "UTC",
];

function read(text: string, tz?: string): number {
  const point = readPoint(text, { field: "from", now: NOW, ...(tz === undefined ? {} : { tz }) });
  assert.ok("seconds" in point, `${text} is a date`);
  return point.seconds;
}

function refusal(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it was accepted" });
}

/** What clocks in a zone show, as text: the runtime's own formatting, not the code under test. */
function wall(seconds: number, tz: string): string {
  return new Date(seconds * 1000).toLocaleString("sv-SE", { timeZone: tz });
}

Deno.test("readPoint: RFC 3339 in all its spellings", () => {
  const instant = Date.UTC(2025, 2, 1, 8, 12, 33) / 1000;
  const spellings = [
    "2025-03-01T08:12:33Z",
    "2025-03-01t08:12:33z",
    "2025-03-01 08:12:33Z",
    "  2025-03-01T08:12:33+00:00 ",
    "2025-03-01T08:12:33-00:00",
    "2025-03-01T10:12:33+02:00",
    "2025-02-28T22:42:33-09:30",
    "2025-03-01T08:12:33.000Z",
  ];
  for (const text of spellings) assert.equal(read(text), instant, text);
  assert.equal(read("2024-02-29T00:00:00Z"), Date.UTC(2024, 1, 29) / 1000);
});

Deno.test("readPoint: a fraction rounds up, since Telegram counts whole seconds", () => {
  const next = Date.UTC(2025, 2, 1, 8, 12, 34) / 1000;
  for (const text of ["2025-03-01T08:12:33.000001Z", "2025-03-01T08:12:33.999Z"]) assert.equal(read(text), next, text);
  assert.equal(read("2025-03-01T08:12:33.5", "UTC"), next);
});

Deno.test("readPoint: a zone in the text counts more than tz", () => {
  assert.equal(read("2025-03-01T00:00:00Z", "Asia/Kathmandu"), Date.UTC(2025, 2, 1) / 1000);
});

Deno.test("readPoint: dates and local times follow tz", () => {
  assert.equal(read("2025-03-01", "Europe/Berlin"), Date.UTC(2025, 1, 28, 23) / 1000);
  assert.equal(read("2025-07-01T12:30", "Europe/Berlin"), Date.UTC(2025, 6, 1, 10, 30) / 1000);
  assert.equal(read("2025-07-01 12:30:15", "Asia/Kathmandu"), Date.UTC(2025, 6, 1, 6, 45, 15) / 1000);
});

Deno.test("readPoint: ages count back from now", () => {
  assert.equal(read("24h"), NOW - 86_400);
  assert.equal(read("7d"), NOW - 7 * 86_400);
  assert.equal(read("2w"), NOW - 14 * 86_400);
});

Deno.test("readPoint: #ID is a message", () => {
  const context = { field: "from", now: NOW };
  assert.deepEqual(readPoint("#1", context), { id: 1 });
  assert.deepEqual(readPoint(" #2147483647", context), { id: 2147483647 });
});

const REFUSED: readonly (readonly [text: string, hint: RegExp])[] = [
  ["", /RFC 3339/],
  ["yesterday", /RFC 3339/],
  ["7 d", /RFC 3339/],
  ["-7d", /RFC 3339/],
  ["7m", /RFC 3339/],
  ["2025-03", /RFC 3339/],
  ["01.03.2025", /RFC 3339/],
  ["#0", /positive/],
  ["#2147483648", /below 2147483648/],
  ["12345", /#12345/],
  ["1740816753", /^Send 2025-03-01T08:12:33Z\.$/],
  ["1740816753000", /^Send 2025-03-01T08:12:33Z\.$/],
  ["2025-02-29T00:00:00Z", /calendar/],
  ["2025-13-01T00:00:00Z", /calendar/],
  ["2025-03-01T24:00:00Z", /23:59:59/],
  ["2025-03-01T23:59:60Z", /23:59:59/],
  ["2025-03-01T08:12:33+24:00", /\+02:00/],
  ["2025-03-01T08:12:33+01:60", /\+02:00/],
  ["2025-03-01", /2025-03-01T00:00:00Z.*tz/],
  ["2025-03-01T08:12", /2025-03-01T08:12:00Z.*tz/],
];

for (const [text, hint] of REFUSED) {
  Deno.test(`readPoint: ${JSON.stringify(text)} is refused with a correction`, () => {
    const error = refusal(() => readPoint(text, { field: "to", now: NOW }));
    assert.equal(error.code, "INPUT_VALIDATION");
    assert.equal(error.field, "to");
    assert.match(error.hint, hint);
  });
}

const EDGES: readonly (readonly [tz: string, local: string, offsets: readonly string[]])[] = [
  ["Europe/Berlin", "2025-03-30T02:30:00", ["+01:00", "+02:00"]],
  ["Europe/Berlin", "2025-10-26T02:30:00", ["+02:00", "+01:00"]],
  ["America/St_Johns", "2025-03-09T02:00:00", ["-03:30", "-02:30"]],
  ["Australia/Lord_Howe", "2025-04-06T01:45:00", ["+11:00", "+10:30"]],
  ["Pacific/Apia", "2011-12-30T12:00:00", ["-10:00", "+14:00"]],
];

for (const [tz, local, offsets] of EDGES) {
  Deno.test(`readPoint: ${local} in ${tz}, which is not one instant, is refused with both offsets`, () => {
    const { hint } = refusal(() => read(local, tz));
    assert.equal(hint, `Send ${offsets.map((offset) => `${local}${offset}`).join(" or ")}.`);
    for (const offset of offsets) assert.ok(read(`${local}${offset}`) > 0, "what is offered is accepted");
  });
}

Deno.test("readPoint: the last second before and the first behind a change of clocks are read", () => {
  assert.equal(read("2025-03-30T01:59:59", "Europe/Berlin"), Date.UTC(2025, 2, 30, 0, 59, 59) / 1000);
  assert.equal(read("2025-03-30T03:00:00", "Europe/Berlin"), Date.UTC(2025, 2, 30, 1) / 1000);
  assert.equal(read("2025-10-26T01:59:59", "Europe/Berlin"), Date.UTC(2025, 9, 25, 23, 59, 59) / 1000);
  assert.equal(read("2025-10-26T03:00:00", "Europe/Berlin"), Date.UTC(2025, 9, 26, 2) / 1000);
});

Deno.test("readPoint: what clocks show at any instant is read as it, or refused if they show it twice", () => {
  const random = createRandom(1);
  let twice = 0;
  for (const tz of ZONES) {
    const anywhere = Array.from({ length: 60 }, () => Date.UTC(2013, 0) / 1000 + random.int(17 * 365 * 86_400));
    const nearEdges = edges(tz).flatMap((edge) => [edge - 1, edge, edge + 1, edge - 2 * HOUR + random.int(4 * HOUR)]);
    for (const instant of [...anywhere, ...nearEdges]) {
      const shown = wall(instant, tz);
      const isTwice = [-2, -1, -0.5, 0.5, 1, 2].some((shift) => wall(instant + shift * HOUR, tz) === shown);
      if (isTwice) {
        twice++;
        assert.match(refusal(() => read(shown, tz)).message, /show twice/, `${shown} ${tz}`);
      } else assert.equal(read(shown, tz), instant, `${shown} ${tz}`);
    }
  }
  assert.ok(twice > 20, `only ${twice} instants were near an edge`);
});

/** The instants from 2023 to 2025 at which a zone's clocks are put forward or back. */
function edges(tz: string): number[] {
  const offset = (at: number): number => Date.parse(`${wall(at, tz).replace(" ", "T")}Z`) / 1000 - at;
  const found: number[] = [];
  for (let day = Date.UTC(2023, 0) / 1000; day < Date.UTC(2026, 0) / 1000; day += 86_400) {
    let [before, after] = [day, day + 86_400];
    if (offset(before) === offset(after)) continue;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offset(middle) === offset(day)) before = middle;
      else after = middle;
    }
    found.push(after);
  }
  return found;
}

Deno.test("formatPoint: what is echoed reads back as the same point", () => {
  const random = createRandom(2);
  for (let round = 0; round < 200; round++) {
    const point = random.oneIn(2) ? { seconds: random.int(0x7fffffff) } : { id: 1 + random.int(0x7ffffffe) };
    assert.deepEqual(readPoint(formatPoint(point), { field: "from", now: NOW }), point);
  }
});

Deno.test("readRange: both ends, one or none", () => {
  assert.deepEqual(readRange({}, NOW), {});
  assert.deepEqual(readRange({ from: "24h" }, NOW), { from: { seconds: NOW - 86_400 } });
  assert.deepEqual(readRange({ from: "2025-03-01", to: "2025-03-02", tz: "UTC" }, NOW), {
    from: { seconds: NOW - 86_400 },
    to: { seconds: NOW },
  });
});

Deno.test("readRange: a range in which nothing can lie is refused", () => {
  assert.match(refusal(() => readRange({ from: "#5", to: "#5" }, NOW)).hint, /at least one/);
  assert.match(refusal(() => readRange({ from: "1d", to: "2d" }, NOW)).hint, /Exchange/);
  assert.match(
    refusal(() => readRange({ from: "2025-03-01T00:00:00Z", to: "2025-03-01T01:00:00+01:00" }, NOW)).hint,
    /least/,
  );
  assert.deepEqual(readRange({ from: "#5", to: "1d" }, NOW), { from: { id: 5 }, to: { seconds: NOW - 86_400 } });
});

Deno.test("readRange: an unknown zone is refused even where no date needs it", () => {
  const error = refusal(() => readRange({ from: "1d", tz: "Middle/Earth" }, NOW));
  assert.equal(error.field, "tz");
});
