import assert from "node:assert/strict";
import { socks5Proxy } from "../../src/config/formats.ts";
import { AppError } from "../../src/errors.ts";
import { createDataCentre, vouchedBy } from "../../src/mtproto/data_centre.ts";
import { connectThrough } from "../../src/mtproto/socks5.ts";
import { startRelay } from "./relay.ts";
import { type Behaviour, type Socks5Server, startSocks5Server } from "./socks5_server.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getHistory,
  rejection,
  startTelegram,
  type Telegram,
} from "./telegram.ts";

const CREDENTIALS = "owner:hunter2-long";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

const proxyAt = (port: number, credentials?: string): ReturnType<typeof socks5Proxy.parse> =>
  socks5Proxy.parse(`socks5://${credentials === undefined ? "" : `${credentials}@`}127.0.0.1:${port}`);

const destination = { host: "10.1.2.3", port: 443 };

/** What connecting fails with, which never holds the password. */
async function failureOf(server: Socks5Server, behaviour: Behaviour, credentials?: string): Promise<AppError> {
  server.behave(behaviour);
  const { signal } = new AbortController();
  const error = await rejection(connectThrough(proxyAt(server.port, credentials), destination, signal), "CONNECTION");
  assert.match(error.message, /^The proxy on the way to Telegram \(TELEGRAM_PROXY\) /);
  assert.doesNotMatch(`${JSON.stringify(error)}${error.stack}${Deno.inspect(error.cause)}`, /hunter2/);
  await eventually(() => server.open === 0 || undefined, "the connection to be closed");
  return error;
}

Deno.test("socks5: a history is read through the proxy, with and without credentials, and only through it", async () => {
  for (const [asked, given] of [[undefined, undefined], [CREDENTIALS, CREDENTIALS], [undefined, CREDENTIALS]]) {
    await using server = startSocks5Server(asked === undefined ? {} : { credentials: asked });
    await using gate = startRelay(telegram.sandbox.port);
    await using connection = connect(gate.port, { session: telegram.session, proxy: proxyAt(server.port, given) });
    const answer = await connection.call(getHistory());
    assert.ok("messages" in answer && answer.messages.length > 0);
    assert.deepEqual(server.destinations, [`127.0.0.1:${gate.port}`]);
    assert.deepEqual([server.accepted, gate.accepted], [1, 1]);
  }
});

Deno.test("socks5: each refusal says that it was the proxy, and which one", async () => {
  await using server = startSocks5Server();
  const cases: readonly (readonly [Behaviour, string | undefined, RegExp])[] = [
    [{ credentials: CREDENTIALS }, undefined, /wants a user name and a password/],
    [{ credentials: CREDENTIALS }, "owner:hunter2-wrong", /refuses the user name or the password/],
    [{ reply: 2 }, undefined, /does not connect to Telegram \(not allowed by its rules\)/],
    [{ reply: 5 }, CREDENTIALS, /does not connect to Telegram \(connection refused\)/],
    [{ reply: 99 }, undefined, /does not connect to Telegram \(reply 99\)/],
    [{ greeting: [5, 0xff] }, CREDENTIALS, /takes no user name and password/],
    [{ greeting: [...new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")] }, undefined, /not speak SOCKS5/],
    [{ greeting: [5, 7] }, undefined, /does not speak SOCKS5/],
    [{ greeting: [5, 2] }, undefined, /does not speak SOCKS5/],
    [{ greeting: [5, 0, 4, 1, 0, 0] }, undefined, /does not speak SOCKS5/],
    [{ reply: 0, bound: [9] }, undefined, /does not speak SOCKS5/],
  ];
  for (const [behaviour, credentials, message] of cases) {
    assert.match((await failureOf(server, behaviour, credentials)).message, message);
  }
});

Deno.test("socks5: a proxy that cuts the handshake off, after whichever byte, closes the connection", async () => {
  await using server = startSocks5Server();
  // 2 bytes for the method, 2 for the credentials, 10 for the reply.
  for (let cutAfter = 0; cutAfter < 14; cutAfter++) {
    const { message } = await failureOf(server, { credentials: CREDENTIALS, reply: 0, cutAfter }, CREDENTIALS);
    assert.match(message, /closes the connection/);
  }
});

Deno.test("socks5: giving up closes the connection wherever the handshake stands", async () => {
  await using server = startSocks5Server();
  const reason = new Error("enough");
  for (let silentAfter = 0; silentAfter < 14; silentAfter++) {
    server.behave({ credentials: CREDENTIALS, reply: 0, silentAfter });
    const controller = new AbortController();
    const connecting = connectThrough(proxyAt(server.port, CREDENTIALS), destination, controller.signal);
    await eventually(() => server.silent > silentAfter || undefined, "the proxy to fall silent");
    controller.abort(reason);
    await assert.rejects(connecting, reason);
    await eventually(() => server.open === 0 || undefined, "the connection to be closed");
  }
  await assert.rejects(connectThrough(proxyAt(server.port), destination, AbortSignal.abort(reason)), reason);
});

Deno.test("socks5: names and IPv6 addresses reach the proxy as such, and every form of its reply is read to its end", async () => {
  const bounds = [[1, 0, 0, 0, 0], [3, 2, 97, 98], [3, 0], [4, ...Array.from({ length: 16 }, () => 7)]];
  const expected = [
    ["venus.web.telegram.org", "name:venus.web.telegram.org"],
    ["2001:67c:4e8:f002::a", "ipv6:2001067c04e8f002000000000000000a"],
    ["2001:67c:4e8:f002:0:0:0:a", "ipv6:2001067c04e8f002000000000000000a"],
    ["::1", "ipv6:00000000000000000000000000000001"],
    ["fd00::", "ipv6:fd000000000000000000000000000000"],
    ["::ffff:1.2.3.4", "ipv6:00000000000000000000ffff01020304"],
    ["1:2:3:4:5:6:7:8", "ipv6:00010002000300040005000600070008"],
  ] as const;
  await using server = startSocks5Server();
  for (const bound of bounds) {
    server.behave({ bound });
    for (const [host, wanted] of expected) {
      const { signal } = new AbortController();
      using _ = await connectThrough(proxyAt(server.port), { host, port: 50_443 }, signal);
      assert.equal(server.destinations.at(-1), `${wanted}:50443`);
    }
  }
  server.behave({ bound: [3, 2, 97, 98] });
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, proxy: proxyAt(server.port) });
  assert.ok(await connection.call(getHistory()), "what follows the reply is the answer");
});

Deno.test("socks5: the connection says that the proxy is at fault, and is there once the proxy is", async () => {
  const sleeper = createSleeper();
  await using server = startSocks5Server({ credentials: CREDENTIALS });
  const proxy = proxyAt(server.port, "owner:hunter2-wrong");
  const options = { session: telegram.session, proxy, sleep: sleeper.sleep };
  await using connection = connect(telegram.sandbox.port, options);
  const { reason } = await connection.until("reconnecting");
  assert.match(reason, /TELEGRAM_PROXY\) refuses the user name or the password/);
  const { message } = await rejection(connection.call(getHistory()), "CONNECTION");
  assert.match(message, /TELEGRAM_PROXY/);
  assert.doesNotMatch(Deno.inspect([message, connection.statuses, connection.problems], { depth: 9 }), /hunter2/);
  server.behave({});
  await sleeper.wake((ms) => ms < 15_000);
  await connection.until("ready");
  await connection.call(getHistory());
});

Deno.test("socks5: a proxy that cannot be reached, or hangs for 20 s, is named too; hanging leaves nothing open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using unreachable = connect(telegram.sandbox.port, { session: telegram.session, proxy: proxyAt(port) });
  assert.match((await unreachable.until("reconnecting")).reason, /TELEGRAM_PROXY\) cannot be reached/);

  for (const silentAfter of [0, 5]) {
    const sleeper = createSleeper();
    await using server = startSocks5Server({ silentAfter });
    const options = { session: telegram.session, proxy: proxyAt(server.port), sleep: sleeper.sleep };
    await using hanging = connect(telegram.sandbox.port, options);
    await eventually(() => server.open === 1 || undefined, "the proxy to be asked");
    assert.equal(await sleeper.wake(), 20_000);
    assert.match((await hanging.until("reconnecting")).reason, /proxy .*\(TELEGRAM_PROXY\), did not answer/);
    await eventually(() => server.open === 0 || undefined, "the connection to be closed");
  }
});

Deno.test("socks5: disposing while the proxy hangs ends at once and leaves nothing open", async () => {
  await using server = startSocks5Server({ silentAfter: 0 });
  const connection = connect(telegram.sandbox.port, { session: telegram.session, proxy: proxyAt(server.port) });
  await eventually(() => server.open === 1 || undefined, "the proxy to be asked");
  await connection[Symbol.asyncDispose]();
  await eventually(() => server.open === 0 || undefined, "the connection to be closed");
});

Deno.test("socks5: another data centre that the proxy does not connect to fails its calls, which say so", async () => {
  await using server = startSocks5Server();
  const options = { apiId: 1, appVersion: "test", requestTimeout: 5000, proxy: proxyAt(server.port) };
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, ...options });
  await connection.until("ready");
  server.behave({ reply: 4 });
  await using away = createDataCentre({ ...options, ...vouchedBy(connection.call, 5), sleep: createSleeper().sleep });
  const { message } = await rejection(away.call(getHistory()), "CONNECTION");
  assert.match(message, /TELEGRAM_PROXY\) does not connect to Telegram \(host unreachable\)/);
});
