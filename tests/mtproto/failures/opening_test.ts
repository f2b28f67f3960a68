/** Rows: the server is down at the start, silent after accepting, or ends the key exchange. */
import assert from "node:assert/strict";
import { startRelay } from "../relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getSelf,
  isBackoff,
  openTo,
  rejection,
  startTelegram,
  type Telegram,
  took,
} from "../telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

Deno.test("server down at start: calls are CONNECTION at once, with growing pauses of at most 30 s", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const sleeper = createSleeper();
  let chance = 1;
  await using connection = connect(port, { session: telegram.session, sleep: sleeper.sleep, random: () => chance });
  const ms = await took(rejection(connection.call(getSelf()), "CONNECTION"));
  assert.ok(ms < 1000, `${ms} ms`);
  const pauses: number[] = [];
  for (let i = 0; i < 9; i++) pauses.push(await sleeper.wake((ms) => ms !== 20_000));
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  chance = 0;
  await sleeper.wake((ms) => ms !== 20_000);
  assert.equal(await sleeper.wake((ms) => ms !== 20_000), 15_000, "they are jittered");
});

Deno.test("server silent after accept: given up after 20 s, and tried again", async () => {
  const sleeper = createSleeper();
  await using relay = startRelay(undefined);
  await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
  await rejection(connection.call(getSelf(), { timeout: 30 }), "CONNECTION");
  assert.equal(await sleeper.wake(), 20_000);
  const { reason } = await connection.until("reconnecting");
  assert.match(reason, /did not answer while connecting/);
  await sleeper.wake(isBackoff);
  await eventually(() => relay.accepted === 2 || undefined, "a second attempt");
});

Deno.test("key exchange cut off: an error with its cause", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept().then(async (conn) => {
    await conn.read(new Uint8Array(64));
    conn.close();
  });
  await assert.rejects(openTo(telegram, { port: listener.addr.port, authKey: undefined }), Error);
  await accepted;
  listener.close();
});
