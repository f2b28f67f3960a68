import assert from "node:assert/strict";
import { FaultSettings } from "../../sandbox/faults.ts";
import type { Methods } from "../../sandbox/rpc.ts";
import { createServer, type Server } from "../../sandbox/server.ts";
import { Api, BinaryReader } from "../../sandbox/tl.ts";
import { asResult, connectPeer, type Peer, ping } from "./peer.ts";

interface Trial {
  readonly server: Server;
  readonly peer: Peer;
  /** How often the method was executed. */
  readonly calls: () => number;
  /** Sends the request; its id. */
  readonly ask: (id?: bigint) => Promise<bigint>;
}

/** Runs `body` with faults in force for `help.getNearestDc`'s neighbour, whose executions are counted. */
async function withFaults(settings: unknown, body: (trial: Trial) => Promise<void>): Promise<void> {
  let calls = 0;
  const methods: Methods = {
    "help.GetSupportName": () => {
      calls++;
      return new Api.help.SupportName({ name: "sandbox" });
    },
  };
  await using server = createServer({ methods });
  using peer = await connectPeer(server.port);
  server.faults.set(FaultSettings.parse(settings));
  const request = new Api.help.GetSupportName().getBytes();
  await body({ server, peer, calls: () => calls, ask: (id) => peer.sendMessage(request, id) });
}

/** The error in the answer to `id`; nothing if it was a result. */
async function errorOf(peer: Peer, id: bigint): Promise<string | undefined> {
  const { error } = await peer.until((received) => asResult(received, id));
  return error instanceof Api.RpcError ? `${error.errorCode} ${error.errorMessage}` : undefined;
}

/** Whether a request is left without an answer while a later ping has its pong. */
async function isSilent(peer: Peer, id: bigint): Promise<boolean> {
  await peer.sendMessage(ping(1n));
  return await peer.until((received) => {
    if (asResult(received, id) !== undefined) return "answered";
    return received.obj instanceof Api.Pong ? "silent" : undefined;
  }) === "silent";
}

Deno.test("faults: an error rule passes `after`, takes each `every`th and stops after `times`", async () => {
  const error = { code: 420, message: "FLOOD_WAIT_3" };
  const rule = { method: "help.getSupportName", after: 1, every: 2, times: 2, error };
  await withFaults({ rules: [rule] }, async ({ peer, ask, calls }) => {
    const errors = [];
    for (let i = 0; i < 7; i++) errors.push(await errorOf(peer, await ask()));
    const flood = "420 FLOOD_WAIT_3";
    assert.deepEqual(errors, [undefined, flood, undefined, flood, undefined, undefined, undefined]);
    assert.equal(calls(), 5);
  });
});

Deno.test("faults: a rule for other methods does nothing, one for * does", async () => {
  const error = { code: 500, message: "INTERNAL" };
  await withFaults({ rules: [{ method: ["messages.search", "x"], error }] }, async ({ server, peer, ask }) => {
    assert.equal(await errorOf(peer, await ask()), undefined);
    server.faults.set(FaultSettings.parse({ rules: [{ method: "*", error }] }));
    assert.equal(await errorOf(peer, await ask()), "500 INTERNAL");
    server.faults.clear();
    assert.equal(await errorOf(peer, await ask()), undefined);
  });
});

Deno.test("faults: a dropped request is not executed, and is when it is sent again", async () => {
  await withFaults({ rules: [{ method: "*", times: 1, drop: true }] }, async ({ peer, ask, calls }) => {
    const id = await ask();
    assert.ok(await isSilent(peer, id));
    assert.equal(calls(), 0);
    await ask(id);
    assert.equal(await errorOf(peer, id), undefined);
    assert.equal(calls(), 1);
  });
});

Deno.test("faults: a lost answer was executed, and comes when the request is sent again", async () => {
  await withFaults({ rules: [{ method: "*", times: 1, lose: true }] }, async ({ peer, ask, calls }) => {
    const id = await ask();
    assert.ok(await isSilent(peer, id));
    await ask(id);
    assert.equal(await errorOf(peer, id), undefined);
    assert.equal(calls(), 1);
  });
});

Deno.test("faults: close cuts the connection before the method is executed, or after with lose", async () => {
  for (const lose of [false, true]) {
    await withFaults({ rules: [{ method: "*", close: true, lose }] }, async ({ peer, ask, calls }) => {
      await ask();
      await assert.rejects(peer.until(() => undefined), /the connection has ended/);
      assert.equal(calls(), lose ? 1 : 0);
    });
  }
});

Deno.test("faults: a garbled answer was executed, and is of no type of the schema", async () => {
  await withFaults({ rules: [{ method: "*", garble: true }] }, async ({ peer, ask, calls }) => {
    const id = await ask();
    const { body } = await peer.until((received) => asResult(received, id));
    assert.ok(body);
    assert.throws(() => new BinaryReader(body).tgReadObject());
    assert.equal(calls(), 1);
  });
});

Deno.test("faults: a delayed request is acknowledged at once, and answered after its delay", async () => {
  await withFaults({ rules: [{ method: "*", delayMs: 30 }] }, async ({ peer, ask }) => {
    const started = performance.now();
    const id = await ask();
    await peer.until(({ obj }) => obj instanceof Api.MsgsAck ? obj : undefined);
    assert.equal(await errorOf(peer, id), undefined);
    assert.ok(performance.now() - started >= 29);
  });
});

Deno.test("faults: settings that make no sense are refused by name", () => {
  const wrong = [{ rules: [{ method: "x", foo: 1 }] }, { containers: 0 }, { rules: [{ method: "" }] }, { latency: 1 }];
  for (const settings of wrong) assert.ok(!FaultSettings.safeParse(settings).success, JSON.stringify(settings));
});
