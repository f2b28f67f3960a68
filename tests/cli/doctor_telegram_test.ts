import assert from "node:assert/strict";
import { checkNetwork } from "../../src/cli/doctor/network.ts";
import type { Outcome } from "../../src/cli/doctor/outcome.ts";
import { Secret } from "../../src/config/secret.ts";
import { findHolder, holdDirectory } from "../../src/storage/lock.ts";
import { storeSession } from "../../src/storage/session_file.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { startSocks5Server } from "../mtproto/socks5_server.ts";
import { command, type Running, until } from "./command.ts";
import {
  admit,
  assertFindings,
  type Expected,
  type Finding,
  type Patient,
  PROXY_PASSWORD,
  SESSION_KEY,
} from "./doctor.ts";
import { OF_A_MODULE, ofSources } from "./product.ts";
import { freePort } from "../http/port.ts";

const named = (outcomes: readonly Outcome[]): Finding[] => outcomes.map((outcome) => ({ check: "", ...outcome }));

/** Takes connections and never says a word. */
function mute(): { readonly port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = Array.fromAsync(listener);
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const connection of await accepting) connection.close();
    },
  };
}

/** Starts `serve` with a patient's variables and others. */
async function serving(
  { environment }: Patient,
  changes: Readonly<Record<string, string>> = {},
): Promise<{ readonly server: Running; readonly url: string }> {
  const server = command([], { ...environment, LOG_FORMAT: "text", ...changes });
  const line = await server.out.line(/^MCP endpoint: /);
  return { server, url: line.slice("MCP endpoint: ".length).replace(/\/mcp$/, "") };
}

/** What a server says to commands beside it. */
const healthOf = async ({ dataDir }: Pick<Patient, "dataDir">, url: string): Promise<string> => {
  const authorization = `Bearer ${findHolder(dataDir)?.key}`;
  return await (await fetch(`${url}/health`, { headers: { authorization } })).text();
};

Deno.test("doctor: a clock that is off is a warning, one that is far off a failure, in either direction", async () => {
  await using patient = await admit();
  const fix = /timedatectl set-ntp true/;
  let moved = 0;
  for (
    const [seconds, expected] of [
      [-3600, [["clock", "fail", /^(3599|3600|3601) s ahead of Telegram's$/, fix]]],
      [-15, [["clock", "warn", /^1[456] s ahead of Telegram's$/, fix]]],
      [3, []],
      [15, [["clock", "warn", /^1[456] s behind Telegram's$/, fix]]],
      [3600, [["clock", "fail", /^(3599|3600|3601) s behind Telegram's$/, fix]]],
    ] satisfies [number, Expected[]][]
  ) {
    await patient.sandbox.moveClock(seconds - moved);
    moved = seconds;
    // The session is served all the same.
    assertFindings(await patient.faults(), expected, `${seconds} s`);
  }
});

Deno.test("doctor: a data centre that nobody listens at fails network and session, and the clock is not compared", async () => {
  await using patient = await admit();
  assertFindings(await patient.faults({ TELEGRAM_TEST_DC: `2@127.0.0.1:${freePort()}` }), [
    ["clock", "warn", /^could not be compared with Telegram's: Telegram's data centre 2 cannot be reached$/],
    [
      "network",
      "fail",
      /^no data centre of Telegram's can be reached: connection refused$/,
      /firewall.*TELEGRAM_PROXY/,
    ],
    ["session", "fail", /^it cannot be tried: .*connection refused/i],
  ]);
});

Deno.test("doctor: something on the way that takes connections and stays silent ends the run within 20 s", async () => {
  await using patient = await admit();
  await using silent = mute();
  const begun = performance.now();
  assertFindings(await patient.faults({ TELEGRAM_TEST_DC: `2@127.0.0.1:${silent.port}` }), [
    ["clock", "warn", /^could not be compared .*did not answer/],
    ["session", "fail", /^it cannot be tried: Telegram cannot be reached/, /TELEGRAM_PROXY/],
  ]);
  assert.ok(performance.now() - begun < 20_000);
});

ofSources(OF_A_MODULE, "doctor: of several data centres the account's own must be reached, others should", async () => {
  await using patient = await admit();
  const config = {
    dataDir: patient.dataDir,
    telegram: { stringSession: new Secret(patient.session) },
    http: { host: "127.0.0.1", port: 0, allowedHosts: [], trustedProxies: [] },
  };
  const [there, gone] = [{ host: "127.0.0.1", port: patient.sandbox.port }, { host: "127.0.0.1", port: freePort() }];
  const look = async (centres: Record<number, typeof there>, name = "localhost"): Promise<Finding[]> => {
    const places = new Map(Object.entries(centres).map(([id, address]) => [Number(id), address]));
    return named(await checkNetwork(config, new AbortController().signal, { name, centres: places }));
  };
  assertFindings(await look({ 1: there, 2: gone, 3: gone }), [
    ["", "ok", /reached: 1 in \d+ ms$/],
    ["", "fail", /^Telegram's data centre 2 cannot be reached: connection refused; the account lives there$/],
    ["", "warn", /^Telegram's data centre 3 cannot be reached: connection refused$/, /Files that lie there/],
  ]);
  assertFindings(await look({ 1: gone, 2: gone }), [["", "fail", /^no data centre/]]);
  assertFindings(await look({ 1: there, 2: there }, "telegram.invalid"), [
    ["", "warn", /^the name telegram\.invalid is not known: /, /resolv\.conf/],
    ["", "ok", /reached: 1 in \d+ ms, 2 in \d+ ms$/],
  ]);
});

Deno.test("doctor: behind a proxy everything goes through it, and what the proxy does wrong is told", async () => {
  await using patient = await admit();
  await using proxy = startSocks5Server({ credentials: `owner:${PROXY_PASSWORD}` });
  const through = { TELEGRAM_PROXY: `socks5://owner:${PROXY_PASSWORD}@127.0.0.1:${proxy.port}` };
  const findings = await patient.findings(through);
  assertFindings(findings.filter(({ check, status }) => status !== "ok" && check !== "configuration"), []);
  assert.match(
    findings.find(({ check }) => check === "network")?.message ?? "",
    /reached through the proxy: 2 in \d+ ms$/,
  );
  assert.deepEqual(proxy.destinations, Array(3).fill(`127.0.0.1:${patient.sandbox.port}`));
  const wrong: [string, RegExp][] = [
    [`owner:not-${PROXY_PASSWORD}@127.0.0.1:${proxy.port}`, /refuses the user name or the password$/],
    [`127.0.0.1:${proxy.port}`, /wants a user name and a password$/],
    [`127.0.0.1:${freePort()}`, /cannot be reached \(connection refused\)$/],
  ];
  for (const [place, reason] of wrong) {
    assertFindings(await patient.faults({ TELEGRAM_PROXY: `socks5://${place}` }), [
      ["clock", "warn", /^could not be compared/],
      ["network", "fail", reason, /^See to TELEGRAM_PROXY/],
      ["session", "fail", /^it cannot be tried: .*TELEGRAM_PROXY/, /^See to TELEGRAM_PROXY/],
    ], place);
  }
  proxy.behave({ reply: 4 });
  assertFindings((await patient.faults({ TELEGRAM_PROXY: `socks5://127.0.0.1:${proxy.port}` })).slice(1, 2), [
    ["network", "fail", /does not connect to Telegram \(host unreachable\)$/],
  ]);
  assertFindings((await patient.faults({ TELEGRAM_PROXY: "socks5://proxy.invalid:1080" })).slice(1, 2), [
    ["network", "fail", /^the name proxy\.invalid is not known/, /^Correct TELEGRAM_PROXY/],
  ]);
});

Deno.test("doctor: a PUBLIC_URL whose name nobody knows is a warning", async () => {
  await using patient = await admit();
  assertFindings(await patient.faults({ PUBLIC_URL: "https://telegram.invalid", TRUSTED_PROXIES: "127.0.0.1" }), [
    ["network", "warn", /^the name telegram\.invalid is not known: /, /DNS record.*PUBLIC_URL/],
  ]);
});

Deno.test("doctor: a session that is missing, cannot be read, decrypted or used is told with what to do", async () => {
  await using patient = await admit();
  const { dataDir, session, sandbox } = patient;
  const none = { TELEGRAM_STRING_SESSION_FILE: "" };
  assertFindings(await patient.faults(none), [[
    "session",
    "fail",
    /^no account is signed in$/,
    /^Run the command `login`/,
  ]]);
  assertFindings(await patient.faults({ ...none, TELEGRAM_STRING_SESSION: `1${"A".repeat(400)}` }), [
    ["session", "fail", /string session/],
  ]);
  await storeSession(dataDir, new Secret(session), new Secret(SESSION_KEY));
  assertFindings(await patient.faults(), [["session", "warn", /so the session that `login` has stored is not used$/]]);
  assertFindings(await patient.faults(none), [[
    "session",
    "fail",
    /encrypted, and SESSION_KEY is not set$/,
    /SESSION_KEY/,
  ]]);
  assertFindings(await patient.faults({ ...none, SESSION_KEY: "not the one that it was" }), [
    ["session", "fail", /^The stored session cannot be decrypted/, /SESSION_KEY/],
  ]);
  const refusals: [{ code: number; message: string }, Expected][] = [
    [{ code: 401, message: "SESSION_REVOKED" }, ["session", "fail", /^The session was ended in an app/, /`login`/]],
    [{ code: 401, message: "USER_DEACTIVATED_BAN" }, [
      "session",
      "fail",
      /has banned the account$/,
      /recover@telegram/,
    ]],
    [{ code: 406, message: "AUTH_KEY_DUPLICATED" }, [
      "session",
      "fail",
      /two programs used it/,
      /a session of its own/,
    ]],
    [{ code: 420, message: "FLOOD_WAIT_30" }, ["session", "warn", /asks to wait 30 s/]],
  ];
  for (const [error, expected] of refusals) {
    // The connection's own greeting is let through to a wait: what is refused is the question.
    const after = error.code === 420 ? 1 : 0;
    await sandbox.faults({ rules: [{ method: "users.getUsers", error, after }] });
    assertFindings(await patient.faults({ ...none, SESSION_KEY }), [expected], error.message);
  }
  await sandbox.clearFaults();
  await using elsewhere = await startSandbox();
  const stranger = elsewhere.environment.TELEGRAM_STRING_SESSION_FILE ?? "";
  await Deno.remove(`${dataDir}/session`);
  assertFindings(await patient.faults({ TELEGRAM_STRING_SESSION_FILE: stranger }), [
    ["session", "fail", /does not know the session's key/, /`login`/],
  ]);
});

Deno.test("doctor: beside a running server its session is asked for, not opened", async () => {
  await using patient = await admit();
  const { server, url } = await serving(patient);
  await using _ = server;
  await until(async () => (await healthOf(patient, url)).includes(`"state":"ready"`), "the server is ready");
  await patient.sandbox.forgetMethods();
  const findings = await patient.findings();
  const [session, listener] = findings.slice(-2);
  assert.match(
    session?.message ?? "",
    new RegExp(`^in use by "serve", process ${server.pid}, whose connection is ready$`),
  );
  assert.equal(listener?.message, `the server answers at ${url}`);
  assertFindings(findings.filter(({ status }) => status === "fail"), []);
  assert.equal((await patient.sandbox.methods())["users.GetUsers"], undefined);
  const error = { code: 401, message: "SESSION_REVOKED" };
  await patient.sandbox.faults({ rules: [{ method: "users.getUsers", error }] });
  await patient.sandbox.closeConnections();
  await until(async () => (await healthOf(patient, url)).includes(`"state":"needs_login"`), "the server needs a login");
  assertFindings(await patient.faults(), [[
    "session",
    "fail",
    /connection is needs_login: The session was ended/,
    /`login`/,
  ]]);
});

Deno.test("doctor: beside another command its session is not opened, and the port can be listened on", async () => {
  await using patient = await admit();
  using lock = await holdDirectory(patient.dataDir, "export");
  await patient.sandbox.forgetMethods();
  const [session, listener] = (await patient.findings()).slice(-2);
  assert.match(session?.message ?? "", /^in use by "export", process \d+, and not opened beside it$/);
  assert.match(listener?.message ?? "", /can be listened on$/);
  assert.equal((await patient.sandbox.methods())["users.GetUsers"], undefined);
  const url = `http://127.0.0.1:${freePort()}`;
  lock.announce(url);
  assertFindings(await patient.faults(), [
    ["session", "warn", /which does not say how it is$/],
    ["listener", "fail", new RegExp(`^the server, process ${Deno.pid}, does not answer at ${url}$`), /log/],
  ]);
});

Deno.test("doctor: a port that is taken is told with who has it, as is a host that is not this machine's", async () => {
  await using patient = await admit();
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response("hello"));
  assertFindings(await patient.faults({ MCP_SERVER_PORT: `${other.addr.port}` }), [
    ["listener", "fail", /port \d+: another program listens there$/, /MCP_SERVER_PORT/],
  ]);
  const { server, url } = await serving(patient, { DATA_DIR: `${patient.dataDir}2` });
  await using _ = server;
  assertFindings(await patient.faults({ MCP_SERVER_PORT: new URL(url).port }), [
    [
      "listener",
      "fail",
      /a server of this program answers that uses another data directory$/,
      /variables of that server/,
    ],
  ]);
  for (
    const [host, reason] of [["192.0.2.1", /not one of this machine$/], ["nowhere.invalid", /cannot be used$/]] as const
  ) {
    assertFindings(await patient.faults({ MCP_SERVER_HOST: host }), [
      ["access", "fail", /There is no API key/],
      ["listener", "fail", reason, /MCP_SERVER_HOST/],
    ]);
  }
});
