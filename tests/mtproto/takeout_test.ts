/**
 * Takeouts on the wire: what is sent, what Telegram answers, and who may send it.
 */
import assert from "node:assert/strict";
import { floodGate, patient } from "../../src/mtproto/flood.ts";
import { createFloods } from "../../src/mtproto/floods.ts";
import { Api, bigInt, type TlRequest } from "../../src/mtproto/gram.ts";
import { assertAllowed, classify, type MethodClass } from "../../src/mtproto/guard.ts";
import { type CallEnd, guarded, measured } from "../../src/mtproto/invoke.ts";
import { finishTakeout, initTakeout, isTakeoutDelay, isTakeoutLost, withTakeout } from "../../src/mtproto/takeout.ts";
import { openDatabase } from "../../src/storage/open.ts";
import {
  assertSilence,
  connect,
  getFolders,
  getHistory,
  getSelf,
  hurried,
  type Observed,
  rejection,
  startTelegram,
  type Telegram,
} from "./telegram.ts";

const NOTHING = { users: false, groups: false, supergroups: false, channels: false, files: false };
const METHODS: readonly TlRequest<unknown>[] = [
  new Api.account.InitTakeoutSession({}),
  new Api.account.FinishTakeoutSession({ success: true }),
];

Deno.test.afterEach(assertSilence);

function connected(name: string, body: (connection: Observed, telegram: Telegram) => Promise<void>): void {
  Deno.test(name, async () => {
    await using telegram = await startTelegram();
    await using connection = connect(telegram.sandbox.port, { session: telegram.session });
    await connection.until("ready");
    await telegram.faults();
    await body(connection, telegram);
  });
}

/** Every request with its takeout, and every takeout. */
async function seen({ sandbox }: Telegram): Promise<{ readonly order: unknown[]; readonly takeouts: unknown[] }> {
  const order: { method: string; wrappers: string[]; takeoutId?: string }[] =
    Object(await sandbox.control("GET", "/methods")).order;
  const takeouts: unknown[] = Object(await sandbox.control("GET", "/takeouts"));
  return { order: order.map(({ method, wrappers, takeoutId }) => [method, wrappers.at(-1), takeoutId]), takeouts };
}

connected(
  "takeout: it is opened with its scope, carries requests of every kind of answer, and is closed",
  async (connection, telegram) => {
    const { call } = connection;
    const [users, files] = [
      await initTakeout(call, { ...NOTHING, users: true }),
      await initTakeout(call, { ...NOTHING, groups: true, supergroups: true, channels: true, files: true }),
    ];
    const within = withTakeout(call, users);
    const history = await within(getHistory());
    assert.ok(history instanceof Api.messages.MessagesSlice || history instanceof Api.messages.Messages);
    const [self] = await within(getSelf());
    assert.ok(self instanceof Api.User && self.self);
    await finishTakeout(call, users, true);
    await finishTakeout(call, files, false);
    const { order, takeouts } = await seen(telegram);
    assert.deepEqual(takeouts, [
      { id: users, flags: ["messageUsers"], state: "finished", success: true },
      {
        id: files,
        flags: ["messageChats", "messageMegagroups", "messageChannels", "files"],
        state: "finished",
        success: false,
      },
    ]);
    assert.deepEqual(order, [
      ["account.InitTakeoutSession", "InvokeWithoutUpdates", undefined],
      ["account.InitTakeoutSession", "InvokeWithoutUpdates", undefined],
      ["messages.GetHistory", "InvokeWithTakeout", users],
      ["users.GetUsers", "InvokeWithTakeout", users],
      ["account.FinishTakeoutSession", "InvokeWithTakeout", users],
      ["account.FinishTakeoutSession", "InvokeWithTakeout", files],
    ]);
  },
);

connected("takeout: ids of any sign and length reach Telegram as they came", async (connection, telegram) => {
  for (const id of ["1", "-1", "9223372036854775807", "-9223372036854775808", "-1234567890123456789"]) {
    await rejection(withTakeout(connection.call, id)(getSelf()), "INTERNAL");
    assert.deepEqual((await seen(telegram)).order.at(-1), ["users.GetUsers", "InvokeWithTakeout", id]);
  }
});

connected(
  "takeout: one that was never opened, is closed or was ended is told from all other errors",
  async (connection, telegram) => {
    const { call } = connection;
    const [closed, ended] = [await initTakeout(call, NOTHING), await initTakeout(call, NOTHING)];
    await finishTakeout(call, closed, true);
    await withTakeout(call, ended)(getSelf());
    await telegram.sandbox.control("POST", "/takeouts/invalidate");
    for (const id of ["5", closed, ended]) {
      assert.ok(isTakeoutLost(await rejection(withTakeout(call, id)(getSelf()), "INTERNAL")), id);
      assert.ok(isTakeoutLost(await rejection(finishTakeout(call, id, true), "INTERNAL")), id);
    }
    assert.ok(isTakeoutLost(await rejection(call(new Api.account.FinishTakeoutSession({})), "INTERNAL")));
    await telegram.faults({ rules: [{ method: "users.getUsers", error: { code: 400, message: "TAKEOUT" } }] });
    assert.ok(!isTakeoutLost(await rejection(call(getSelf()), "INTERNAL")));
  },
);

connected(
  "takeout: the wait for its owner's confirmation is no flood wait, for nobody",
  async (connection, telegram) => {
    const floods = createFloods(openDatabase(":memory:"), "a");
    const booked: unknown[] = [];
    const gate = floodGate(connection.call, floods, { onFlood: (flood) => booked.push(flood) });
    const patience = hurried(86_400);
    await telegram.sandbox.control("POST", "/takeouts/delay", { seconds: 86_400 });
    const error = await rejection(initTakeout(patient(gate, patience), NOTHING), "RATE_LIMITED");
    assert.ok(isTakeoutDelay(error) && !isTakeoutLost(error));
    assert.ok((error.retryAfter ?? 0) > 86_390 && (error.retryAfter ?? 0) <= 86_400);
    assert.match(error.hint, /allow it in a Telegram app/);
    assert.deepEqual([booked, patience.waits, floods.longest()], [[], [], undefined]);
    await telegram.sandbox.control("POST", "/takeouts/confirm");
    await initTakeout(gate, NOTHING);
    const flood = { code: 420, message: "FLOOD_WAIT_9" };
    await telegram.faults({ rules: [{ method: "account.initTakeoutSession", error: flood }] });
    assert.equal(isTakeoutDelay(await rejection(initTakeout(gate, NOTHING), "FLOOD_WAIT")), false);
    assert.equal(floods.longest()?.method, "account.InitTakeoutSession");
  },
);

connected(
  "takeout: requests within it are counted, and wait for floods, as what they ask for",
  async (connection, telegram) => {
    const floods = createFloods(openDatabase(":memory:"), "a");
    const calls: CallEnd[] = [];
    const call = guarded(measured(floodGate(connection.call, floods), (end) => calls.push(end)));
    const within = withTakeout(call, await initTakeout(connection.call, NOTHING));
    const flood = { code: 420, message: "FLOOD_WAIT_9" };
    await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, error: flood }] });
    await rejection(within(getHistory()), "FLOOD_WAIT");
    await rejection(call(getHistory()), "FLOOD_WAIT");
    await within(getFolders());
    assert.deepEqual(calls.map(({ method, status }) => [method, status]), [
      ["messages.GetHistory", "FLOOD_WAIT"],
      ["messages.GetHistory", "FLOOD_WAIT"],
      ["messages.GetDialogFilters", "ok"],
    ]);
    assert.deepEqual(await telegram.received(), { "messages.GetHistory": 1, "messages.GetDialogFilters": 1 });
  },
);

Deno.test("takeout: around a method that may not be sent it may not be sent either, and its own methods are no reading ones", () => {
  const around = (query: TlRequest<unknown>): TlRequest<unknown> =>
    new Api.InvokeWithTakeout({ takeoutId: bigInt(1), query });
  const all: readonly MethodClass[] = ["read", "session", "takeout", "login"];
  const refusing = (request: TlRequest<unknown>, ...allowed: readonly MethodClass[]): void =>
    assert.throws(() => assertAllowed(request, allowed), { code: "INTERNAL" });
  const writing = new Api.messages.ReadHistory({ peer: new Api.InputPeerSelf(), maxId: 0 });
  for (const request of [writing, around(writing), around(around(writing))]) refusing(request, ...all);
  for (const request of [new Api.auth.LogOut(), new Api.help.GetConfig()]) refusing(around(request), "read", "takeout");
  for (const request of METHODS) {
    assert.equal(classify(request.className), "takeout");
    for (const each of [request, around(request)]) {
      refusing(each, "read", "session", "login");
      assertAllowed(each, ["takeout"]);
    }
  }
  assertAllowed(around(getHistory()), ["read"]);
  refusing(around(getHistory()), "takeout");
});

connected(
  "takeout: the way that opens and closes it lets nothing else pass, and the reading one none of it",
  async (connection, telegram) => {
    const [reading, opening] = [guarded(connection.call), guarded(connection.call, ["takeout"])];
    const id = await initTakeout(opening, NOTHING);
    await withTakeout(reading, id)(getSelf());
    for (const request of METHODS) {
      await rejection(reading(request), "INTERNAL");
      await rejection(withTakeout(reading, id)(request), "INTERNAL");
    }
    await rejection(opening(getSelf()), "INTERNAL");
    await rejection(withTakeout(opening, id)(getSelf()), "INTERNAL");
    await finishTakeout(opening, id, true);
    assert.deepEqual(await telegram.received(), {
      "account.InitTakeoutSession": 1,
      "users.GetUsers": 1,
      "account.FinishTakeoutSession": 1,
    });
  },
);

Deno.test("takeout: its methods are made in one module", async () => {
  const found: string[] = [];
  const walk = async (folder: URL): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const url = new URL(isDirectory ? `${name}/` : name, folder);
      if (isDirectory) await walk(url);
      else if (/\b(Init|Finish)TakeoutSession\(|\bInvokeWithTakeout\(/.test(await Deno.readTextFile(url))) {
        found.push(name);
      }
    }
  };
  await walk(new URL("../../src/", import.meta.url));
  assert.deepEqual(found, ["takeout.ts"]);
});
