import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createServer } from "../../sandbox/server.ts";
import { Api } from "../../sandbox/tl.ts";
import { connectClient, type connections } from "./client.ts";
import { connectPeer, framings, Peer, type PeerOptions, ping, readSome } from "./peer.ts";

/** A request and an answer longer than 127 words, which is where abridged lengths change their form. */
async function exchange(peer: Peer): Promise<void> {
  const body = Buffer.concat([new Api.MsgsAck({ msgIds: [] }).getBytes(), Buffer.alloc(600)]);
  await peer.sendMessage(body);
  const id = await peer.sendMessage(ping(7n));
  const pong = await peer.until(({ obj }) => obj instanceof Api.Pong ? obj : undefined);
  assert.equal(pong.msgId.toString(), String(id));
  await peer.sendMessage(new Api.help.GetConfig().getBytes());
  assert.ok(await peer.until(({ obj }) => "body" in Object(obj) ? true : undefined));
}

const kinds: PeerOptions[] = [
  ...framings.map((framing) => ({ framing })),
  ...framings.filter((framing) => framing !== "full").map((framing) => ({ framing, obfuscated: true })),
];
for (const options of kinds) {
  const name = `${options.obfuscated ? "obfuscated " : ""}${options.framing}`;
  Deno.test(`transport: ${name} carries a key exchange and encrypted messages`, async () => {
    await using server = createServer({ methods: {}, gzipAbove: Infinity });
    using peer = await connectPeer(server.port, options);
    await exchange(peer);
  });
  Deno.test(`transport: ${name} is understood byte by byte`, async () => {
    await using server = createServer({ methods: {}, gzipAbove: Infinity });
    using peer = await connectPeer(server.port, { ...options, portion: 1 });
    await exchange(peer);
  });
}

const classes = [
  "ConnectionTCPAbridged",
  "ConnectionTCPFull",
  "ConnectionTCPObfuscated",
] satisfies (keyof typeof connections)[];
for (const connection of classes) {
  Deno.test(`transport: GramJS's ${connection} works`, async () => {
    await using server = createServer({ methods: {} });
    await using gram = await connectClient(server.port, { connection });
    const config = await gram.client.invoke(new Api.help.GetConfig());
    assert.deepEqual(config.dcOptions.map(({ id, ipAddress, port }) => ({ id, ipAddress, port }))[1], {
      id: 2,
      ipAddress: "127.0.0.1",
      port: server.port,
    });
  });
}

const garbage: Record<string, Buffer> = {
  "an HTTP request": Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  "a TLS greeting": Buffer.from("16030102000100", "hex"),
  "an obfuscated header with an unknown tag": Buffer.concat([Buffer.from([1, 2, 3, 4, 5]), randomBytes(59)]),
  "an abridged packet longer than 1 MiB": Buffer.from("ef7fffffff", "hex"),
  "an intermediate packet longer than 1 MiB": Buffer.from("eeeeeeeeffffff7f", "hex"),
  "a full packet longer than 1 MiB": Buffer.from("ffffff7f00000000", "hex"),
  "an empty packet": Buffer.from("eeeeeeee00000000", "hex"),
  "a full packet with a wrong checksum": Buffer.concat([Buffer.from("2000000000000000", "hex"), Buffer.alloc(24, 1)]),
  "a packet too short for any message": Buffer.from("ef0101020304", "hex"),
  "an unencrypted message that is no handshake": Buffer.concat([Buffer.from("ef0a", "hex"), Buffer.alloc(40)]),
  "an unencrypted message with a negative length": Buffer.concat([
    Buffer.from("ef0a", "hex"),
    Buffer.alloc(16),
    Buffer.alloc(24, 255),
  ]),
};
for (const [name, bytes] of Object.entries(garbage)) {
  Deno.test(`transport: ${name} closes the connection and nothing else`, async () => {
    const reported: unknown[] = [];
    await using server = createServer({ methods: {}, report: (error) => reported.push(error) });
    using bystander = await connectPeer(server.port);
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await conn.write(bytes);
    assert.equal(await readSome(conn, new Uint8Array(1)), null);
    await exchange(bystander);
    assert.deepEqual(reported, []);
  });
}

Deno.test("transport: random bytes never end the server", async () => {
  const reported: unknown[] = [];
  await using server = createServer({ methods: {}, report: (error) => reported.push(error) });
  for (let i = 0; i < 200; i++) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await conn.write(Buffer.concat([Buffer.from(["", "ef", "eeeeeeee"][i % 3] ?? "", "hex"), randomBytes(1 + i)]));
  }
  using peer = await Peer.connect(server.port);
  await peer.authenticate();
  assert.deepEqual(reported, []);
});
