import assert from "node:assert/strict";
import { join } from "node:path";
import { AppError } from "../../src/errors.ts";
import { budgeted } from "../../src/mtproto/budget.ts";
import { createFloods, type Flood } from "../../src/mtproto/floods.ts";
import { Api } from "../../src/mtproto/gram.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { assertSilence, connect, getFolders, getHistory, inTurns, rejection, startTelegram } from "./telegram.ts";

Deno.test.afterEach(assertSilence);

const HISTORY = "messages.GetHistory";
const lookUp = (): Api.contacts.ResolveUsername => new Api.contacts.ResolveUsername({ username: "sandbox_news" });

Deno.test("floods: a wait is in force until its end, for its method, in the next process too", async () => {
  const directory = await Deno.makeTempDir();
  let now = 1_000_000;
  const expected: Flood = { method: HISTORY, until: 1_060_000, seconds: 60 };
  const path = join(directory, "db");
  {
    using db = openDatabase(path);
    assert.deepEqual(createFloods(db, "a", { now: () => now }).begin(HISTORY, 60), expected);
  }
  using db = openDatabase(path);
  const floods = createFloods(db, "a", { now: () => now });
  assert.deepEqual(floods.find(HISTORY), expected);
  assert.equal(floods.find("messages.Search"), undefined);
  assert.equal(createFloods(db, "b", { now: () => now }).find(HISTORY), undefined, "another account's");
  floods.begin("upload.GetFile", 5);
  assert.equal(floods.longest()?.method, HISTORY);
  now = 1_060_000;
  assert.equal(floods.find(HISTORY), undefined);
  assert.equal(floods.longest(), undefined);
  floods.begin(HISTORY, 60);
  floods.clear();
  assert.equal(floods.find(HISTORY), undefined);
  assert.equal(createFloods(db, "a", { now: () => now }).find(HISTORY), undefined, "cleared for good");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("floods: a clock that was set back an hour lengthens no wait beyond what Telegram asked for", () => {
  using db = openDatabase(":memory:");
  let now = 10_000_000;
  const floods = createFloods(db, "a", { now: () => now });
  floods.begin(HISTORY, 60);
  now -= 3_600_000;
  assert.equal(floods.find(HISTORY)?.until, now + 60_000);
  assert.equal(floods.longest()?.until, now + 60_000);
  now += 59_999;
  assert.ok(floods.find(HISTORY));
  now += 1;
  assert.equal(floods.find(HISTORY), undefined);
  now -= 30_000;
  assert.equal(floods.find(HISTORY), undefined, "one that is over does not come back");
});

Deno.test("floods: one that cannot be kept is in force all the same, and that is said", () => {
  using db = openDatabase(":memory:");
  const problems: unknown[] = [];
  const floods = createFloods(db, "a", { onProblem: (problem) => problems.push(problem) });
  db.exec("PRAGMA query_only = ON");
  floods.begin(HISTORY, 60);
  assert.ok(floods.find(HISTORY));
  assert.equal(problems.length, 1);
});

Deno.test("inTurns: for a minute after a flood wait its class goes one at a time, the others as before", async () => {
  await using telegram = await startTelegram();
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  using db = openDatabase(":memory:");
  let now = 0;
  const floods = createFloods(db, "a", { now: () => now });
  let [underWay, most] = [0, 0];
  const call = inTurns(async (request, options) => {
    most = Math.max(most, ++underWay);
    return await connection.call(request, options).finally(() => underWay--);
  }, { limit: 2, longestWait: 60_000, floods });
  const mostOf = async (calls: Promise<unknown>[]): Promise<number> => {
    most = 0;
    await Promise.all(calls);
    return most;
  };
  const four = (): Promise<unknown>[] => [1, 2, 3, 4].map(() => call(getHistory()));
  assert.equal(await mostOf(four()), 2);
  floods.begin("messages.Search", 10);
  for (const at of [5000, 10_000, 69_999]) {
    now = at;
    assert.equal(await mostOf(four()), 1, `${at} ms`);
    assert.equal(
      await mostOf([call(getHistory()), call(getHistory()), call(getFolders())]),
      2,
      "the other turn is free",
    );
    assert.equal(await mostOf([call(getFolders()), call(getFolders())]), 2, "another class");
  }
  now = 70_000;
  assert.equal(await mostOf(four()), 2);
});

Deno.test("budgeted: 30 lookups of names in a row, one more every five minutes, restarts included", async () => {
  await using telegram = await startTelegram();
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  using db = openDatabase(":memory:");
  let now = 0;
  const open = (): ReturnType<typeof budgeted> => budgeted(connection.call, db, "a", { now: () => now });
  let call = open();
  for (let i = 0; i < 30; i++) await call(lookUp());
  const { retryAfter, hint } = await rejection(call(lookUp()), "RATE_LIMITED");
  assert.equal(retryAfter, 300);
  assert.match(hint, /id/);
  await call(getFolders());
  call = open();
  await rejection(call(lookUp()), "RATE_LIMITED");
  now = 299_000;
  assert.equal((await rejection(call(lookUp()), "RATE_LIMITED")).retryAfter, 1);
  now = 300_000;
  await call(lookUp());
  await rejection(call(lookUp()), "RATE_LIMITED");
  now = 1000 * 300_000;
  for (let i = 0; i < 30; i++) await call(lookUp());
  await rejection(call(lookUp()), "RATE_LIMITED");
  now = 0;
  await rejection(call(lookUp()), "RATE_LIMITED");
  assert.equal((await telegram.received())["contacts.ResolveUsername"], 61, "what is refused does not leave");
  const gone = budgeted(() => Promise.reject(new AppError("CONNECTION", "no")), openDatabase(":memory:"), "a");
  for (let i = 0; i < 40; i++) await rejection(gone(lookUp()), "CONNECTION");
});
