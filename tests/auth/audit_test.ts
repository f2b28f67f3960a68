/**
 * The audit trail's table: what is written, when, and how long it stays.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Audit, createAudit } from "../../src/auth/audit.ts";
import type { AuditRecord } from "../../src/auth/audit_record.ts";
import { readAudit, sinceSchema } from "../../src/auth/audit_tail.ts";
import { databasePath, openDatabase, openDataDirectory, readDataDirectory } from "../../src/storage/open.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-03-01T12:00:00Z");
const READ: AuditRecord = {
  accountId: "default",
  principal: "k1",
  name: "desk",
  tool: "fetch_history",
  chats: ["-1002000000001"],
  messages: 5,
  outcome: "ok",
  ms: 12,
  requestId: "r1",
  clientIp: "127.0.0.1",
};
const LISTED: AuditRecord = {
  accountId: "default",
  principal: "local",
  tool: "list_chats",
  chats: [],
  outcome: "TIMEOUT",
  ms: 3,
};

async function inFolder(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "audit-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A clock with timers that run when their time has come. */
function createTime(now: number): {
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly pass: (ms: number) => void;
} {
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass: (ms) => {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.run();
      }
      now = end;
    },
  };
}

const none = (error: unknown): never => {
  throw error;
};
const tools = (audit: Pick<Audit, "tail">): string[] => audit.tail({ limit: 100 }).map(({ tool }) => tool);

Deno.test("audit: a record has what it was given and when, and nothing where nothing was known", () => {
  using db = openDatabase(":memory:");
  using audit = createAudit(db, { days: 1, now: () => NOW, after: () => () => {}, onProblem: none });
  audit.append(READ);
  audit.append({ ...LISTED, ms: 2.6 });
  const [first, second, ...more] = audit.tail({ limit: 10 });
  assert.deepEqual(first, { ...READ, id: 1, at: NOW });
  const unknown = { name: undefined, messages: undefined, requestId: undefined, clientIp: undefined };
  assert.deepEqual(second, { ...LISTED, ...unknown, id: 2, at: NOW, ms: 3 });
  assert.deepEqual(more, []);
});

Deno.test("audit: records are written some at a time, soon, and when the trail is closed", () =>
  inFolder((folder) => {
    using db = openDataDirectory(folder);
    const time = createTime(NOW);
    using other = openDataDirectory(folder);
    const written = (): number => readAudit(other).tail({ limit: 1000 }).length;
    {
      using audit = createAudit(db, { days: 0, ...time, onProblem: none });
      audit.append(READ);
      assert.equal(written(), 0);
      time.pass(250);
      assert.equal(written(), 1);
      for (let i = 0; i < 99; i++) audit.append(READ);
      assert.equal(written(), 1);
      audit.append(READ);
      assert.equal(written(), 101);
      audit.append(LISTED);
      assert.equal(written(), 101);
    }
    assert.equal(written(), 102);
  }));

Deno.test("audit: a call that ends behind the close is written at once", () => {
  using db = openDatabase(":memory:");
  const audit = createAudit(db, { days: 0, now: () => NOW, after: () => none(new Error("a timer")), onProblem: none });
  audit[Symbol.dispose]();
  audit.append(LISTED);
  assert.deepEqual(tools(readAudit(db)), ["list_chats"]);
});

Deno.test("audit: records older than their days go, at the start and once a day; with 0 none does", () => {
  using db = openDatabase(":memory:");
  const time = createTime(NOW);
  {
    using audit = createAudit(db, { days: 2, ...time, onProblem: none });
    audit.append({ ...READ, tool: "first" });
    time.pass(1.5 * DAY);
    audit.append({ ...READ, tool: "second" });
    assert.deepEqual(tools(audit), ["first", "second"]);
    time.pass(DAY);
    assert.deepEqual(tools(audit), ["first", "second"], "too old, and its day has not come");
    time.pass(0.5 * DAY);
    assert.deepEqual(tools(audit), ["second"]);
  }
  time.pass(100 * DAY);
  {
    using audit = createAudit(db, { days: 0, ...time, onProblem: none });
    time.pass(2 * DAY);
    assert.deepEqual(tools(audit), ["second"]);
  }
  using audit = createAudit(db, { days: 2, ...time, onProblem: none });
  assert.deepEqual(tools(audit), []);
  audit.append(READ);
  assert.equal(audit.tail({ limit: 1 })[0]?.id, 3, "a number is not given twice");
});

Deno.test("audit: more old records than are removed at once go one part after the other", () => {
  using db = openDatabase(":memory:");
  const time = createTime(NOW);
  {
    using audit = createAudit(db, { days: 0, ...time, onProblem: none });
    for (let i = 0; i < 25_000; i++) audit.append(READ);
  }
  time.pass(2 * DAY);
  using audit = createAudit(db, { days: 1, ...time, onProblem: none });
  assert.equal(audit.tail({ limit: 99_999 }).length, 15_000);
  time.pass(0);
  assert.equal(audit.tail({ limit: 99_999 }).length, 0);
});

Deno.test("audit: the latest are told in their order, of one principal by id or name, of one tool, since when, behind one", () => {
  using db = openDatabase(":memory:");
  const time = createTime(NOW);
  using audit = createAudit(db, { days: 0, ...time, onProblem: none });
  for (const record of [READ, LISTED, { ...READ, tool: "get_media" }, { ...LISTED, tool: "download" }]) {
    audit.append(record);
    time.pass(1000);
  }
  const told = (query: Parameters<typeof audit.tail>[0]): number[] => audit.tail(query).map(({ id }) => id);
  assert.deepEqual(told({ limit: 10 }), [1, 2, 3, 4]);
  assert.deepEqual(told({ limit: 2 }), [3, 4]);
  assert.deepEqual(told({ limit: 0 }), []);
  assert.deepEqual(told({ limit: 10, principal: "k1" }), [1, 3]);
  assert.deepEqual(told({ limit: 10, principal: "Desk" }), [1, 3]);
  assert.deepEqual(told({ limit: 10, principal: "des" }), []);
  assert.deepEqual(told({ limit: 10, tool: "get_media" }), [3]);
  assert.deepEqual(told({ limit: 10, since: NOW + 1000 }), [2, 3, 4]);
  assert.deepEqual(told({ limit: 10, since: NOW + 1001, principal: "local", tool: "download" }), [4]);
  assert.deepEqual(told({ limit: 2, after: 1 }), [2, 3]);
});

Deno.test("audit: since is an age or a date with its zone", () => {
  const since = sinceSchema(() => NOW);
  assert.equal(since.parse("30m"), NOW - 1_800_000);
  assert.equal(since.parse("2h"), NOW - 7_200_000);
  assert.equal(since.parse("7d"), NOW - 7 * DAY);
  assert.equal(since.parse("2w"), NOW - 14 * DAY);
  assert.equal(since.parse("2026-02-01T00:00:00+02:00"), Date.parse("2026-01-31T22:00:00Z"));
  for (const text of ["", "2", "2y", "-2h", "yesterday", "2026-02-01", "2026-02-30T00:00:00Z", "2026-02-01T00:00:00"]) {
    assert.equal(since.safeParse(text).success, false, text);
  }
});

Deno.test("audit: what cannot be written is told with how many were lost, and later ones are written", () => {
  using db = openDatabase(":memory:");
  const lost: number[] = [];
  using audit = createAudit(db, { days: 0, after: () => () => {}, onProblem: (_, count) => lost.push(count) });
  db.exec("CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.tool = 'second' BEGIN SELECT RAISE(FAIL, 'full'); END");
  for (const tool of ["first", "second", "third"]) audit.append({ ...READ, tool });
  assert.deepEqual(tools(audit), []);
  assert.deepEqual(lost, [3]);
  assert.equal(db.isTransaction, false);
  audit.append(LISTED);
  assert.deepEqual(tools(audit), ["list_chats"]);
  assert.deepEqual(lost, [3]);
});

Deno.test("audit: with a database that is closed nothing is thrown either", () => {
  const db = openDatabase(":memory:");
  const lost: number[] = [];
  const audit = createAudit(db, { days: 0, after: () => () => {}, onProblem: (_, count) => lost.push(count) });
  audit.append(READ);
  db.close();
  audit[Symbol.dispose]();
  audit.append(READ);
  assert.deepEqual(lost, [1, 1]);
});

Deno.test("audit: two programs write to one trail, and a third one reads it without writing", () =>
  inFolder((folder) => {
    assert.equal(readDataDirectory(folder), undefined);
    using one = openDataDirectory(folder);
    using reader = readDataDirectory(folder);
    assert.ok(reader !== undefined);
    const { tail } = readAudit(reader);
    assert.deepEqual(tail({ limit: 10 }), [], "there is no table yet");
    using two = openDataDirectory(folder);
    const [a, b] = [one, two].map((db) => createAudit(db, { days: 0, after: () => () => {}, onProblem: none }));
    for (const tool of ["1", "2", "3"]) {
      a?.append({ ...READ, tool: `a${tool}` });
      b?.append({ ...READ, tool: `b${tool}` });
      a?.[Symbol.dispose]();
      b?.[Symbol.dispose]();
    }
    assert.deepEqual(tools({ tail }), ["a1", "b1", "a2", "b2", "a3", "b3"]);
    assert.throws(() => reader.exec("DELETE FROM audit"), /readonly/);
  }));

Deno.test("audit: a file that is no database is refused by name", () =>
  inFolder(async (folder) => {
    const text = "no database at all, but long enough for a header ".repeat(10);
    await Deno.writeTextFile(databasePath(folder), text, { mode: 0o600 });
    assert.throws(() => readDataDirectory(folder), { code: "RESOURCE_EXHAUSTED", message: new RegExp(join(folder)) });
  }));
