import assert from "node:assert/strict";
import type { ExportQuery, ExportState, Job, Target } from "../../src/exports/job.ts";
import { createExportStore, fingerprint } from "../../src/exports/store.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { AppError } from "../../src/errors.ts";
import { ME } from "./jobs.ts";

const QUERY: ExportQuery = { chats: ["@a"], from: undefined, format: "csv" };
const TARGET: Target = { id: "-1001", kind: "channel", title: "A\u202e", range: { from: { id: 3 } }, topic: undefined };
const WANTED = { query: QUERY, targets: [TARGET] };
const ALL: readonly ExportState[] = ["queued", "running", "waiting", "completed", "failed", "cancelled"];

Deno.test("export store: a job is what was written of it, in another opening too", () => {
  using db = openDatabase(":memory:");
  const store = createExportStore(db);
  const job = store.create(ME, WANTED, 1000);
  assert.match(job.id, /^[a-z2-7]{26}$/);
  assert.deepEqual(JSON.parse(JSON.stringify([job.query, job.targets])), [job.query, job.targets]);
  assert.deepEqual([job.state, job.created, "from" in job.query], ["queued", "1970-01-01T00:00:01.000Z", false]);
  const changed: Job = {
    ...job,
    state: "waiting",
    plan: { self: "1", begun: job.created, segments: [{ ...TARGET, topic: 5, upTo: 9 }], estimated: 7 },
    position: { segment: 0, after: 4, bytes: 100, written: 3, tally: { a: [1] }, lost: [{ segment: 0, reason: "r" }] },
    waiting: { reason: "flood", until: job.created },
    error: { code: "CHANNEL_PRIVATE", message: "m", hint: "h" },
    complete: false,
    started: job.created,
    finished: job.created,
    bytes: 12,
  };
  store.save(changed);
  assert.deepEqual(createExportStore(db).get(job.id), changed);
  assert.equal(store.get("nothing"), undefined);
});

Deno.test("export store: lists are an owner's own, newest first, page by page, by state", () => {
  using db = openDatabase(":memory:");
  const store = createExportStore(db);
  // Several at one instant: the id decides.
  const mine = [1, 2, 2, 2, 3].map((second) => store.create(ME, WANTED, second * 1000));
  store.create({ ...ME, id: "other" }, WANTED, 9000);
  store.create({ ...ME, accountId: "other" }, WANTED, 9000);
  const expected = mine.toSorted((a, b) =>
    a.created === b.created ? (a.id < b.id ? 1 : -1) : a.created < b.created ? 1 : -1
  );
  const seen: string[] = [];
  let after: Job | undefined;
  do {
    const { jobs, total } = store.list(ME, { states: ALL, after, limit: 2 });
    assert.equal(total, 5);
    seen.push(...jobs.map(({ id }) => id));
    after = jobs.at(-1);
  } while (after !== undefined);
  assert.deepEqual(seen, expected.map(({ id }) => id));
  const [first] = mine;
  assert.ok(first);
  store.save({ ...first, state: "completed" });
  assert.deepEqual(store.list(ME, { states: ["completed"], limit: 9 }), { jobs: [store.get(first.id)], total: 1 });
  assert.deepEqual(store.unfinished().length, 6);
  assert.deepEqual(store.unfinished().slice(0, 4).map(({ created }) => created.slice(17, 19)), [
    "02",
    "02",
    "02",
    "03",
  ]);
});

Deno.test("export store: equal queries have equal fingerprints, by what their words mean", () => {
  const print = fingerprint(QUERY, [TARGET]);
  assert.equal(fingerprint({ ...QUERY, chats: ["t.me/a"] }, [{ ...TARGET, title: "B" }]), print);
  const others: [Partial<ExportQuery>, Partial<Target>][] = [
    [{ format: "ndjson" }, {}],
    [{ from: "7d" }, {}],
    [{ type: "photo" }, {}],
    [{}, { id: "-1002" }],
    [{}, { sender: "7" }],
    [{}, { topic: 7 }],
  ];
  const prints = others.map(([query, target]) => fingerprint({ ...QUERY, ...query }, [{ ...TARGET, ...target }]));
  assert.equal(new Set([...prints, print]).size, 7);
});

Deno.test("export store: a database that cannot be written says so, and what cannot be is not hidden as that", () => {
  using db = openDatabase(":memory:");
  const store = createExportStore(db);
  const job = store.create(ME, WANTED, 0);
  db.exec("PRAGMA query_only = ON");
  assert.throws(() => store.save(job), (error) => error instanceof AppError && error.code === "RESOURCE_EXHAUSTED");
  db.exec("PRAGMA query_only = OFF");
  db.exec("DROP TABLE exports");
  assert.throws(() => store.save(job), (error) => !(error instanceof AppError));
});
