import assert from "node:assert/strict";
import bigInt from "big-integer";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { FaultSettings } from "../../sandbox/faults.ts";
import type { Methods } from "../../sandbox/rpc.ts";
import { createServer, type Server, type ServerOptions } from "../../sandbox/server.ts";
import { Api, AuthKey, BinaryReader, GZIPPacked } from "../../sandbox/tl.ts";
import { ByteReader, bytes } from "../../sandbox/wire/bytes.ts";
import { futureSalts, isValidSalt } from "../../sandbox/wire/salts.ts";
import {
  asContainer,
  asResult,
  connectPeer,
  container,
  inner,
  int,
  long,
  Peer,
  ping,
  type Received,
  type Result,
} from "./peer.ts";

const nearest = (): Buffer => new Api.help.GetNearestDc().getBytes();

function start(options: Partial<ServerOptions> = {}, methods: Methods = {}): Server {
  return createServer({ methods, ...options });
}

/** The result of request `id`, when `received` brings it. */
function resultOf(id: bigint): (received: Received) => Result | undefined {
  return (received) => asResult(received, id);
}

function read({ body }: Result): unknown {
  return new BinaryReader(body ?? Buffer.alloc(0)).tgReadObject();
}

Deno.test("envelope: a key the data centre does not know is answered by transport error -404 and the end", async () => {
  await using server = start();
  using peer = await Peer.connect(server.port);
  const key = new AuthKey();
  await key.setKey(randomBytes(256));
  peer.useKey(key);
  await peer.sendMessage(ping(1n));
  assert.equal((await peer.receive())?.readInt32LE(), -404);
  assert.equal(await peer.receive(), undefined);
});

Deno.test("envelope: a packet that was tampered with closes the connection", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  const packet = await peer.state.encryptMessageData(inner(peer.nextId(), ping(1n)));
  // The last block is nothing but padding: all else still reads well.
  packet.writeUInt8(packet.readUInt8(packet.length - 1) ^ 1, packet.length - 1);
  await peer.send(packet);
  assert.equal(await peer.receiveMessage(), undefined);
});

Deno.test("salts: a wrong one is refused with the right one, and the message sent again is taken", async () => {
  await using server = start();
  using peer = await Peer.connect(server.port);
  await peer.authenticate();
  const id = await peer.sendMessage(nearest());
  const refusal = await peer.until(({ obj }) => obj instanceof Api.BadServerSalt ? obj : undefined);
  assert.equal(refusal.badMsgId.toString(), String(id));
  assert.equal(refusal.errorCode, 48);
  peer.state.salt = refusal.newServerSalt;
  const again = await peer.sendMessage(nearest());
  assert.ok(read(await peer.until(resultOf(again))) instanceof Api.NearestDc);
});

Deno.test("salts: one is taken for its half-hour and the next, then refused", async () => {
  let ahead = 0;
  await using server = start({ now: () => Date.now() / 1000 + ahead });
  using peer = await connectPeer(server.port);
  const late = async (periods: number): Promise<unknown> => {
    ahead = 1800 * periods;
    await peer.sendMessage(ping(1n), peer.nextId(-ahead));
    return await peer.until(({ obj }) => obj instanceof Api.Pong || obj instanceof Api.BadServerSalt ? obj : undefined);
  };
  assert.ok(await late(1) instanceof Api.Pong);
  assert.ok(await late(2) instanceof Api.BadServerSalt);
});

Deno.test("salts: after a rotation none that was known is taken", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  server.rotateSalts();
  await peer.sendMessage(ping(1n));
  const refusal = await peer.until(({ obj }) => obj instanceof Api.BadServerSalt ? obj : undefined);
  peer.state.salt = refusal.newServerSalt;
  await peer.sendMessage(ping(2n));
  assert.ok(await peer.until(({ obj }) => obj instanceof Api.Pong ? obj : undefined));
});

// GramJS cannot read future_salts, so that its bytes are looked at.
Deno.test("salts: get_future_salts names those that will be taken, each from its time on", () => {
  const key = { id: "0".repeat(16), key: randomBytes(256), dcId: 2, created: 0 };
  const now = 1_700_000_000;
  const reader = new ByteReader(futureSalts(5n, 3, key, now));
  assert.deepEqual([reader.id(), reader.long(), reader.int(), reader.int()], [0xae500895, 5n, now, 3]);
  for (let i = 0; i < 3; i++) {
    const [since, until, salt] = [reader.int(), reader.int(), reader.long()];
    assert.ok(!isValidSalt(salt, key, since - 1));
    assert.ok(isValidSalt(salt, key, since));
    assert.ok(isValidSalt(salt, key, until - 1));
    assert.ok(!isValidSalt(salt, key, until));
  }
  assert.equal(reader.rest().length, 0);
});

for (const [what, ago, code] of [["low", 400, 16], ["high", -60, 17]] as const) {
  Deno.test(`message ids: one too ${what} for the clock is refused with code ${code}`, async () => {
    await using server = start();
    using peer = await connectPeer(server.port);
    await peer.sendMessage(ping(1n), peer.nextId(ago));
    const refusal = await peer.until(({ obj }) => obj instanceof Api.BadMsgNotification ? obj : undefined);
    assert.equal(refusal.errorCode, code);
  });
}

Deno.test("message ids: one that came before is not executed again, but answered again", async () => {
  let calls = 0;
  await using server = start({}, {
    "help.GetTermsOfServiceUpdate": () => {
      calls++;
      return new Api.NearestDc({ country: "XX", thisDc: 2, nearestDc: 2 });
    },
  });
  using peer = await connectPeer(server.port, { securityChecks: false });
  const body = new Api.help.GetTermsOfServiceUpdate().getBytes();
  const id = await peer.sendMessage(body);
  await peer.until(resultOf(id));
  await peer.sendMessage(body, id);
  await peer.until(resultOf(id));
  assert.equal(calls, 1);
});

Deno.test("containers: every message in one is taken, also packed ones", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  const [first, second] = [peer.nextId(), peer.nextId()];
  const packed = Buffer.concat([int(GZIPPacked.CONSTRUCTOR_ID), bytes(gzipSync(nearest()))]);
  await peer.sendMessage(container(inner(first, nearest()), inner(second, packed)));
  const results = [await peer.until(resultOf(first)), await peer.until(resultOf(second))];
  for (const result of results) assert.ok(read(result) instanceof Api.NearestDc);
});

Deno.test("gzip: a request packed inside its wrappers is read", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  const packed = Buffer.concat([int(GZIPPacked.CONSTRUCTOR_ID), bytes(gzipSync(nearest()))]);
  const id = await peer.sendMessage(Buffer.concat([int(0xda9b0d0d), int(198), packed]));
  assert.ok(read(await peer.until(resultOf(id))) instanceof Api.NearestDc);
});

Deno.test("gzip: a small bomb is refused", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  const bomb = gzipSync(Buffer.alloc(1 << 25));
  await peer.sendMessage(Buffer.concat([int(GZIPPacked.CONSTRUCTOR_ID), bytes(bomb)]));
  assert.equal(
    await peer.until(({ obj }) => obj instanceof Api.Pong ? obj : undefined).catch(() => "closed"),
    "closed",
  );
});

Deno.test("gzip: long answers are packed, short ones and all others by choice are not", async () => {
  const methods = { "help.GetSupportName": () => new Api.help.SupportName({ name: "a".repeat(5000) }) };
  for (const [gzipAbove, isPacked] of [[1024, true], [Infinity, false]] as const) {
    await using server = start({ gzipAbove }, methods);
    using peer = await connectPeer(server.port);
    await peer.sendMessage(new Api.help.GetSupportName().getBytes());
    // The raw bytes decide: GramJS unpacks before anybody sees it.
    for (;;) {
      const packet = await peer.receive() ?? assert.fail("closed");
      const { obj } = await peer.state.decryptMessageData(packet);
      if (asResult({ obj: await obj }) === undefined) continue;
      assert.equal(packet.length < 1000, isPacked);
      break;
    }
  }
});

Deno.test("sessions: a new one is announced once, and destroyed on demand", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  await peer.sendMessage(ping(1n));
  const seen: unknown[] = [];
  await peer.until(({ obj }) => seen.push(obj) && obj instanceof Api.Pong ? obj : undefined);
  await peer.sendMessage(ping(2n));
  await peer.until(({ obj }) => seen.push(obj) && obj instanceof Api.Pong ? obj : undefined);
  const announced = seen.filter((obj) => obj instanceof Api.NewSessionCreated);
  assert.equal(announced.length, 1);
  for (const expected of [Api.DestroySessionOk, Api.DestroySessionNone]) {
    const sessionId = expected === Api.DestroySessionOk ? announced[0]?.uniqueId : bigInt(5);
    await peer.sendMessage(new Api.DestroySession({ sessionId }).getBytes());
    await peer.until(({ obj }) => obj instanceof expected ? obj : undefined);
  }
});

Deno.test("service messages: states, resending and dropping answers", async () => {
  const waiting = Promise.withResolvers<void>();
  await using server = start({}, {
    "help.GetSupport": async () => {
      await waiting.promise;
      return new Api.NearestDc({ country: "XX", thisDc: 2, nearestDc: 2 });
    },
  });
  using peer = await connectPeer(server.port);
  const running = await peer.sendMessage(new Api.help.GetSupport().getBytes());
  const answered = await peer.sendMessage(nearest());
  const answer = await peer.until((received) => resultOf(answered)(received) && received);

  await peer.sendMessage(
    Buffer.concat([int(0xda69fb52), int(0x1cb5c415), int(3), long(running), long(answered), long(1n)]),
  );
  const info = await peer.until(({ obj }) => obj instanceof Api.MsgsStateInfo ? obj.info : undefined);
  assert.deepEqual([...Buffer.from(info)], [4 | 32, 4 | 64, 1]);

  const drop = async (id: bigint): Promise<unknown> => {
    const request = await peer.sendMessage(new Api.RpcDropAnswer({ reqMsgId: bigInt(String(id)) }).getBytes());
    return read(await peer.until(resultOf(request)));
  };
  assert.ok(await drop(running) instanceof Api.RpcAnswerDroppedRunning);
  assert.ok(await drop(answered) instanceof Api.RpcAnswerDropped);
  assert.ok(await drop(1n) instanceof Api.RpcAnswerUnknown);
  waiting.resolve();

  await peer.sendMessage(container(
    inner(peer.nextId(), Buffer.concat([int(0x62d6b459), int(0x1cb5c415), int(1), long(answer.msgId)]), 2),
    inner(peer.nextId(), new Api.HttpWait({ maxDelay: 0, waitAfter: 0, maxWait: 0 }).getBytes()),
    inner(peer.nextId(), ping(9n)),
  ));
  const pong = await peer.until(({ obj }) => {
    assert.equal(asResult({ obj }), undefined, "the dropped answer was sent");
    return obj instanceof Api.Pong ? obj : undefined;
  });
  assert.equal(pong.pingId.toString(), "9");
});

Deno.test("service messages: ping_delay_disconnect answers, and disconnects when it is not called again", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  await peer.sendMessage(new Api.PingDelayDisconnect({ pingId: bigInt(3), disconnectDelay: 0 }).getBytes());
  await peer.until(({ obj }) => obj instanceof Api.Pong ? obj : undefined);
  assert.equal(await peer.receiveMessage(), undefined);

  using patient = await connectPeer(server.port);
  await patient.sendMessage(new Api.PingDelayDisconnect({ pingId: bigInt(3), disconnectDelay: 60 }).getBytes());
  await patient.until(({ obj }) => obj instanceof Api.Pong ? obj : undefined);
  await patient.sendMessage(ping(4n));
  await patient.until(({ obj }) => obj instanceof Api.Pong && obj.pingId.toString() === "4" ? obj : undefined);
});

Deno.test("service messages: a key destroyed is unknown afterwards", async () => {
  await using server = start();
  using peer = await connectPeer(server.port);
  const id = await peer.sendMessage(new Api.DestroyAuthKey().getBytes());
  assert.ok(read(await peer.until(resultOf(id))) instanceof Api.DestroyAuthKeyOk);
  await peer.sendMessage(ping(1n));
  assert.equal((await peer.receive())?.readInt32LE(), -404);
});

Deno.test("containers: the server makes them of the asked size, in the order of the answers", async () => {
  await using server = start();
  server.faults.set(FaultSettings.parse({ containers: 3 }));
  using peer = await connectPeer(server.port);
  const ids = [peer.nextId(), peer.nextId(), peer.nextId(), peer.nextId()];
  await peer.sendMessage(container(...ids.map((id) => inner(id, nearest()))));
  const sizes = [3, 1];
  for (const size of sizes) {
    const messages = await peer.until(asContainer);
    const results = await Promise.all(messages.map(async ({ obj }) => asResult({ obj: await obj })?.reqMsgId));
    assert.deepEqual(results, ids.splice(0, size).map(String));
  }
});
