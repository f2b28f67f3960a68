/** Rows: DC migration, and what `destroy()` leaves of the connections to other data centres. */
import assert from "node:assert/strict";
import { AppError } from "../../../src/errors.ts";
import { addressOf, createDataCentre, type DataCentre, vouchedBy } from "../../../src/mtproto/data_centre.ts";
import { RpcError } from "../../../src/mtproto/errors.ts";
import { Api, bigInt, trustServerKey } from "../../../src/mtproto/gram.ts";
import type { Call } from "../../../src/mtproto/invoke.ts";
import { startRelay } from "../relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getSelf,
  isBackoff,
  isPing,
  rejection,
  startTelegram,
  type Telegram,
} from "../telegram.ts";

const AWAY = 5;
const IDLE_MS = 45_000;

/** A question about nothing that any data centre answers, and only to those who are signed in. */
const askForNothing = (): Api.upload.GetFile =>
  new Api.upload.GetFile({ location: new Api.InputTakeoutFileLocation(), offset: bigInt(0), limit: 4096 });

interface Stage extends AsyncDisposable {
  readonly telegram: Telegram;
  readonly home: Call;
  readonly away: DataCentre;
  readonly sleeper: ReturnType<typeof createSleeper>;
  /** Connections that are open, the one at home among them. */
  open(): Promise<{ readonly total: number; readonly open: number }>;
}

async function stage(wrapHome: (call: Call) => Call = (call) => call): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const telegram = stack.use(await startTelegram());
  trustServerKey(await Deno.readTextFile(telegram.keyFile));
  const connection = stack.use(connect(telegram.sandbox.port, { session: telegram.session }));
  await connection.until("ready");
  const sleeper = createSleeper();
  const home = wrapHome(connection.call);
  const away = stack.use(createDataCentre({
    ...vouchedBy(home, AWAY),
    apiId: 1,
    appVersion: "test",
    requestTimeout: 5000,
    idle: IDLE_MS,
    sleep: sleeper.sleep,
  }));
  const resources = stack.move();
  return {
    telegram,
    home,
    away,
    sleeper,
    open: async () => Object(await telegram.sandbox.control("GET", "/connections")),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** LOCATION_INVALID is an answer: the data centre has taken the question. */
async function isAnswered({ away }: Stage): Promise<void> {
  const error = await rejection(away.call(askForNothing()), "INTERNAL");
  assert.match(error.message, /LOCATION_INVALID/);
}

Deno.test.afterEach(assertSilence);

Deno.test("data centre: nothing is dialled before it is asked; then one connection serves all calls", async () => {
  await using on = await stage();
  await on.telegram.faults();
  assert.equal((await on.open()).open, 1);
  await Promise.all([isAnswered(on), isAnswered(on), isAnswered(on)]);
  await isAnswered(on);
  assert.equal((await on.open()).total, 2);
  const { PingDelayDisconnect: _, MsgsAck: __, ...methods } = await on.telegram.received();
  assert.deepEqual(methods, {
    "help.GetConfig": 1,
    "auth.ExportAuthorization": 1,
    "auth.ImportAuthorization": 1,
    "upload.GetFile": 4,
  });
});

Deno.test("data centre: it is closed when idle, not while calls go on, and opened again with the same key", async () => {
  await using on = await stage();
  await isAnswered(on);
  await on.sleeper.wake((ms) => ms === IDLE_MS);
  await eventually(async () => (await on.open()).open === 1 || undefined, "the connection to be closed");
  await on.telegram.faults();
  await isAnswered(on);
  const methods = await on.telegram.received();
  assert.equal(methods["auth.ExportAuthorization"], undefined, "the key is known already");
  assert.equal(methods["upload.GetFile"], 1);
  // A call puts off the end that had begun to be waited for.
  await eventually(() => on.sleeper.asleep.includes(IDLE_MS) || undefined, "the idle time");
  await on.telegram.faults({ rules: [{ method: "upload.getFile", delayMs: 50 }] });
  const call = isAnswered(on);
  await eventually(() => !on.sleeper.asleep.includes(IDLE_MS) || undefined, "the idle time to end");
  await call;
  assert.equal((await on.open()).open, 2);
});

Deno.test("data centre: a connection that breaks fails its calls with CONNECTION and is made again", async () => {
  await using on = await stage();
  await isAnswered(on);
  await on.telegram.faults({ rules: [{ method: "upload.getFile", times: 1, close: true }] });
  await rejection(on.away.call(askForNothing()), "CONNECTION");
  await isAnswered(on);
});

Deno.test("data centre: a key that it has forgotten is replaced within the call", async () => {
  await using on = await stage();
  await isAnswered(on);
  const error = { code: 401, message: "AUTH_KEY_UNREGISTERED" };
  await on.telegram.faults({ rules: [{ method: "upload.getFile", times: 1, error }] });
  await isAnswered(on);
  assert.equal((await on.telegram.received())["auth.ImportAuthorization"], 1);
  // For good it is an error, after one more try.
  await on.telegram.faults({ rules: [{ method: "upload.getFile", error }] });
  await rejection(on.away.call(askForNothing()), "CONNECTION");
  assert.equal((await on.telegram.received())["upload.GetFile"], 2);
  assert.ok(await on.home(getSelf()), "the account's own session is not touched by that");
});

Deno.test("data centre: of two calls that meet a forgotten key, neither takes the new one from the other", async () => {
  await using on = await stage();
  await isAnswered(on);
  const error = { code: 401, message: "AUTH_KEY_UNREGISTERED" };
  for (let round = 0; round < 5; round++) {
    await on.telegram.faults({ rules: [{ method: "upload.getFile", times: 2, error }] });
    await Promise.all([isAnswered(on), isAnswered(on)]);
  }
});

Deno.test("data centre: a caller that gives up, or whose time is over, does not take the connection from the others", async () => {
  await using on = await stage();
  await on.telegram.faults({ rules: [{ method: "auth.exportAuthorization", delayMs: 500 }] });
  const leave = new AbortController();
  const left = on.away.call(askForNothing(), { signal: leave.signal });
  const late = rejection(on.away.call(askForNothing(), { timeout: 20 }), "TIMEOUT");
  const stayed = isAnswered(on);
  leave.abort(new Error("left"));
  await assert.rejects(left, /left/);
  await late;
  assert.equal((await on.telegram.received())["auth.ImportAuthorization"], undefined, "neither waits for the dialling");
  await stayed;
  assert.equal((await on.telegram.received())["auth.ImportAuthorization"], 1);
});

Deno.test("data centre: one that Telegram names no address of, or that cannot be reached, is a CONNECTION error", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (const dcOptions of [[], [new Api.DcOption({ id: AWAY, ipAddress: "127.0.0.1", port })]]) {
    const moved = (call: Call): Call => async (request, options) => {
      const answer = await call(request, options);
      return answer instanceof Api.Config ? Object.assign(answer, { dcOptions }) : answer;
    };
    await using on = await stage(moved);
    await rejection(on.away.call(askForNothing()), "CONNECTION");
  }
});

Deno.test("data centre: one that could not be reached is dialled anew for the next call", async () => {
  let isGone = true;
  const moved = (call: Call): Call => async (request, options) => {
    const answer = await call(request, options);
    return answer instanceof Api.Config && isGone ? Object.assign(answer, { dcOptions: [] }) : answer;
  };
  await using on = await stage(moved);
  await rejection(on.away.call(askForNothing()), "CONNECTION");
  isGone = false;
  await isAnswered(on);
});

Deno.test("data centre: a connection that is only half open is closed, and made again for the next call", async () => {
  await using on = await stage();
  const { dcOptions } = await on.home(new Api.help.GetConfig());
  await using relay = startRelay(dcOptions.find(({ id }) => id === AWAY)?.port);
  const sleeper = createSleeper();
  await using away = createDataCentre({
    ...vouchedBy(on.home, AWAY),
    address: () => Promise.resolve({ host: "127.0.0.1", port: relay.port }),
    apiId: 1,
    appVersion: "test",
    requestTimeout: 5000,
    sleep: sleeper.sleep,
  });
  await isAnswered({ ...on, away });
  relay.mute();
  await sleeper.wake(isPing);
  await sleeper.wake((ms) => ms === 15_000);
  await eventually(() => relay.open === 0 || undefined, "the end of the connection");
  relay.heal();
  await isAnswered({ ...on, away });
});

Deno.test("data centre: what may not be sent at home may not be sent there", async () => {
  await using on = await stage();
  await rejection(on.away.call(new Api.messages.ReadHistory({ peer: new Api.InputPeerSelf(), maxId: 0 })), "INTERNAL");
  assert.equal((await on.telegram.received())["messages.ReadHistory"], undefined);
});

Deno.test("data centre: disposing ends what goes on, a dialling included", async () => {
  await using on = await stage();
  await on.telegram.faults({ rules: [{ method: "auth.importAuthorization", drop: true }] });
  const call = rejection(on.away.call(askForNothing()), "CONNECTION");
  await eventually(
    async () => (await on.telegram.received())["auth.ImportAuthorization"],
    "the introduction to be under way",
  );
  await on.away[Symbol.asyncDispose]();
  await call;
});

Deno.test("destroy(): disposing is over when everything that went on is", async () => {
  let hasEnded = false;
  const away = createDataCentre({
    dcId: AWAY,
    address: () => Promise.reject(new AppError("CONNECTION", "Nowhere.")),
    apiId: 1,
    appVersion: "test",
    requestTimeout: 5000,
    sleep: (_, signal) =>
      new Promise((_, reject) => {
        const end = (): void => {
          hasEnded = true;
          reject(signal.reason);
        };
        signal.addEventListener("abort", () => setTimeout(end, 10), { once: true });
      }),
  });
  await rejection(away.call(askForNothing()), "CONNECTION");
  await away[Symbol.asyncDispose]();
  assert.ok(hasEnded);
});

Deno.test("DC migration of a file (FILE_MIGRATE): said with its number, and its data centre answers", async () => {
  await using on = await stage();
  const error = { code: 303, message: `FILE_MIGRATE_${AWAY}` };
  await on.telegram.faults({ rules: [{ method: "upload.getFile", times: 1, error }] });
  const moved = await rejection(on.home(askForNothing()), "INTERNAL");
  assert.ok(moved instanceof RpcError);
  assert.equal(moved.rpc, `FILE_MIGRATE_${AWAY}`);
  await isAnswered(on);
});

Deno.test("DC migration of the account (USER_MIGRATE) at the greeting: said, and tried again with pauses", async () => {
  await using telegram = await startTelegram();
  const error = { code: 303, message: "USER_MIGRATE_4" };
  await telegram.faults({ rules: [{ method: "users.getUsers", times: 1, error }] });
  const sleeper = createSleeper();
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, sleep: sleeper.sleep });
  await rejection(connection.call(getSelf()), "CONNECTION");
  const { reason } = await connection.until("reconnecting");
  assert.match(reason, /USER_MIGRATE_4/);
  await sleeper.wake(isBackoff);
  await connection.until("ready");
});

Deno.test("data centre: what home says of the account is passed on, and asked for once", async () => {
  let asked = 0;
  const home: Call = () => {
    asked++;
    return Promise.reject(new AppError("SESSION_INVALID", "It was revoked."));
  };
  await using away = createDataCentre({
    ...vouchedBy(home, AWAY),
    apiId: 1,
    appVersion: "test",
    requestTimeout: 5000,
    sleep: createSleeper().sleep,
  });
  const { message } = await rejection(away.call(askForNothing()), "SESSION_INVALID");
  assert.deepEqual([message, asked], ["It was revoked.", 1]);
});

Deno.test("data centre: where a test data centre stands in for Telegram, no address beyond the local network is dialled", async () => {
  const option = { id: AWAY, ipAddress: "149.154.167.91", port: 443 };
  const home: Call = <R>() => Promise.resolve<R>(Object({ dcOptions: [option] }));
  await rejection(addressOf(home, AWAY, { localOnly: true }), "CONNECTION");
  assert.deepEqual(await addressOf(home, AWAY), { host: "149.154.167.91", port: 443 });
});
