/** Rows: clocks that are wrong or jump, and salts that change. */
import assert from "node:assert/strict";
import { assertSilence, connect, getFolders, getSelf, startTelegram, type Telegram } from "../telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

Deno.test("data centre's clock an hour off, either way: understood at once", async () => {
  for (const wire of [3600, -3600]) {
    await using other = await startTelegram();
    await other.sandbox.control("POST", "/clock", { wire });
    await using connection = connect(other.sandbox.port, { session: other.session, requestTimeout: 1000 });
    await Promise.all([connection.call(getFolders()), connection.call(getSelf())]);
    assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
    // Salts change every half-hour.
    await other.sandbox.control("POST", "/clock", { wire: 7200 });
    await Promise.all([connection.call(getFolders()), connection.call(getSelf())]);
    assert.deepEqual(connection.problems, []);
  }
});

Deno.test("machine's clock jumps by an hour while connected: no request is lost", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 1000 });
  await connection.call(getFolders());
  const { getTime } = Date.prototype;
  try {
    for (const jump of [3_600_000, 0, -3_600_000]) {
      Date.prototype.getTime = function (): number {
        return getTime.call(this) + jump;
      };
      await Promise.all([connection.call(getFolders()), connection.call(getSelf())]);
    }
  } finally {
    Date.prototype.getTime = getTime;
  }
  await connection.call(getFolders());
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
});

Deno.test("salts rotating: calls under way are sent again with the new salt, each answered once", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 2000 });
  await connection.until("ready");
  const ROUNDS = 5;
  for (let round = 0; round < ROUNDS; round++) {
    await telegram.sandbox.control("POST", "/salts/rotate");
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((i) => connection.call<unknown>(i % 2 ? getFolders() : getSelf())));
  }
  const received = await telegram.received();
  assert.equal(received["messages.GetDialogFilters"], 4 * ROUNDS);
  assert.equal(received["users.GetUsers"], 4 * ROUNDS + 1);
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
  assert.deepEqual(connection.problems, []);
});
