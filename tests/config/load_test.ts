import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { publicKeyPem } from "../../sandbox/wire/rsa.ts";
import { formatBytes } from "../../src/config/formats.ts";
import type { Config } from "../../src/config/config.ts";
import { ConfigError, loadConfig, type LoadOptions, warningsOf } from "../../src/config/load.ts";

const HASH = "0123456789abcdef0123456789abcdef";
const SESSION = `1${"Ab-_".repeat(88)}`;

type Variables = Readonly<Record<string, string>>;

function load(variables: Variables = {}, files: Variables = {}, options: LoadOptions = {}): Config {
  const all: Variables = { HOME: "/home/me", ...variables };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Deno.errors.NotFound(`no ${path}`);
    return text;
  };
  return loadConfig((name) => all[name], read, { names: Object.keys(all), terminal: false, ...options });
}

function problemsOf(variables: Variables, files: Variables = {}): ConfigError {
  try {
    load(variables, files);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error;
  }
  assert.fail("the configuration was accepted");
}

const KEY = publicKeyPem.trim();

Deno.test("loadConfig: a key file that is missing or holds no RSA key is a problem of its variable", () => {
  const variables = { TELEGRAM_TEST_DC: "2@127.0.0.1:4430", TELEGRAM_TEST_KEY_FILE: "/key.pem" };
  const { publicKey } = generateKeyPairSync("ed25519");
  for (const text of [undefined, "", "no key", publicKey.export({ type: "spki", format: "pem" }).toString()]) {
    const error = problemsOf(variables, text === undefined ? {} : { "/key.pem": text });
    assert.deepEqual(names(error), ["TELEGRAM_TEST_KEY_FILE"]);
  }
});

Deno.test("warningsOf: a test data centre is said to stand in for Telegram", () => {
  assert.deepEqual(warningsOf(load()), []);
  const variables = { TELEGRAM_TEST_DC: "2@127.0.0.1:4430", TELEGRAM_TEST_KEY_FILE: "/key.pem" };
  assert.deepEqual(warningsOf(load(variables, { "/key.pem": KEY })), [
    "A test data centre on port 4430 stands in for Telegram.",
  ]);
});

const names = (error: ConfigError): readonly string[] => error.problems.map(({ name }) => name);

Deno.test("loadConfig: an empty environment gives the defaults", () => {
  const { warnings, http, log, telegram, ...rest } = load();
  assert.deepEqual({ ...http }, {
    host: "127.0.0.1",
    port: 8000,
    metricsPort: undefined,
    publicUrl: undefined,
    localUrl: undefined,
    allowedHosts: [],
    trustedProxies: [],
  });
  assert.deepEqual({ ...log }, { level: "info", format: "json" });
  assert.equal(telegram.apiId, undefined);
  assert.deepEqual(rest, {
    auth: { mode: "keys", apiKey: undefined },
    limits: {
      rate: { count: 600, seconds: 60 },
      ratePerIp: { count: 1200, seconds: 60 },
      calls: 100,
      callsPerKey: 8,
      streamsPerKey: 16,
      sessionsPerKey: 20,
    },
    auditDays: 90,
    exportReadAhead: 10,
    floodSleepThreshold: 15,
    requestTimeout: 30_000,
    maxPageSize: 100,
    allowProtectedMedia: false,
    exports: { maxAgeHours: 24, maxBytes: 10_000_000_000 },
    exportMedia: { maxFileBytes: 100_000_000, maxFiles: 10_000 },
    dataDir: "/home/me/.local/state/telegram-toolkit-mcp",
  });
  assert.deepEqual(warnings, []);
});

Deno.test("loadConfig: every variable reaches its place", () => {
  const config = load({
    TELEGRAM_API_ID: "12345",
    TELEGRAM_API_HASH: HASH,
    TELEGRAM_STRING_SESSION: SESSION,
    TELEGRAM_PROXY: "socks5://me:p%40ss@proxy.example:1080",
    TELEGRAM_TEST_DC: "2@127.0.0.1:4430",
    TELEGRAM_TEST_KEY_FILE: "/key.pem",
    MCP_SERVER_HOST: "::1",
    MCP_SERVER_PORT: "0",
    METRICS_PORT: "9090",
    MCP_AUTH: "none",
    MCP_API_KEY: "k".repeat(32),
    RATE_LIMIT: "10/s",
    RATE_LIMIT_IP: "20/h",
    MAX_CALLS: "1",
    MAX_CALLS_PER_KEY: "2",
    MAX_STREAMS_PER_KEY: "3",
    MAX_SESSIONS_PER_KEY: "4",
    AUDIT_DAYS: "5",
    MCP_SERVER_LOG_LEVEL: "WARNING",
    LOG_FORMAT: "text",
    FLOOD_SLEEP_THRESHOLD: "0",
    REQUEST_TIMEOUT: "5",
    MAX_PAGE_SIZE: "20",
    DATA_DIR: "./data",
    PUBLIC_URL: "https://example.org/telegram/",
    LOCAL_URL: "http://app:8000/",
    ALLOWED_HOSTS: "A.example, b.example:81,",
    TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8,fd00::/8",
  }, { "/key.pem": `${KEY}\n` });
  assert.equal(config.telegram.apiId, 12345);
  assert.equal(config.telegram.apiHash?.reveal(), HASH);
  assert.equal(config.telegram.stringSession?.reveal(), SESSION);
  assert.deepEqual(config.telegram.testDc, { id: 2, host: "127.0.0.1", port: 4430, publicKey: KEY });
  const { password, ...proxy } = config.telegram.proxy ?? assert.fail();
  assert.deepEqual(proxy, { host: "proxy.example", port: 1080, username: "me" });
  assert.equal(password?.reveal(), "p@ss");
  assert.deepEqual(config.http, {
    host: "::1",
    port: 0,
    metricsPort: 9090,
    publicUrl: "https://example.org/telegram",
    localUrl: "http://app:8000",
    allowedHosts: ["a.example", "b.example:81"],
    trustedProxies: ["127.0.0.1", "10.0.0.0/8", "fd00::/8"],
  });
  assert.deepEqual([config.auth.mode, config.auth.apiKey?.reveal()], ["none", "k".repeat(32)]);
  assert.deepEqual(config.limits, {
    rate: { count: 10, seconds: 1 },
    ratePerIp: { count: 20, seconds: 3600 },
    calls: 1,
    callsPerKey: 2,
    streamsPerKey: 3,
    sessionsPerKey: 4,
  });
  assert.equal(config.auditDays, 5);
  assert.deepEqual(config.log, { level: "warning", format: "text" });
  assert.deepEqual([config.floodSleepThreshold, config.requestTimeout, config.maxPageSize], [0, 5_000, 20]);
  assert.equal(config.dataDir, "./data");
});

Deno.test("loadConfig: all problems come at once, with names and examples and without values", () => {
  const wrong = {
    TELEGRAM_API_ID: "wrong-id",
    TELEGRAM_API_HASH: "wrong-hash",
    TELEGRAM_STRING_SESSION: "wrong-session",
    TELEGRAM_PROXY: "socks5://wrong:wrong@wrong",
    TELEGRAM_TEST_DC: "wrong-dc",
    MCP_SERVER_HOST: "wrong host",
    MCP_SERVER_PORT: "65536",
    MCP_SERVER_LOG_LEVEL: "wrong-level",
    LOG_FORMAT: "wrong-format",
    FLOOD_SLEEP_THRESHOLD: "16",
    REQUEST_TIMEOUT: "0",
    MAX_PAGE_SIZE: "101",
    PUBLIC_URL: "ftp://wrong.example",
    ALLOWED_HOSTS: "wrong host",
    TRUSTED_PROXIES: "wrong-proxy",
  };
  const error = problemsOf(wrong);
  for (const [name, value] of Object.entries(wrong)) {
    assert.ok(names(error).includes(name), name);
    if (value.length > 3) assert.ok(!error.message.includes(`=${value}`), name);
  }
  assert.doesNotMatch(error.message, /wrong/);
  assert.match(error.message, /MCP_SERVER_PORT: expected a port .* for example MCP_SERVER_PORT=8000/);
});

Deno.test("loadConfig: empty and blank count as unset", () => {
  assert.equal(load({ MCP_SERVER_PORT: "", MCP_SERVER_HOST: "  ", TELEGRAM_API_HASH: "" }).http.port, 8000);
});

Deno.test("loadConfig: numbers in other notations are refused", () => {
  for (const port of ["8e3", "0x10", "-1", "80.5", "8000 9000", "99999999999999999999"]) {
    assert.deepEqual(names(problemsOf({ MCP_SERVER_PORT: port })), ["MCP_SERVER_PORT"], port);
  }
});

Deno.test("loadConfig: the age and the room of exports; a size has a unit or none, and is no fraction", () => {
  const bytes = (MAX_EXPORT_BYTES: string): number => load({ MAX_EXPORT_BYTES }).exports.maxBytes;
  const sizes = ["0", "1000000", "1MB", "1 mib", "20 GB", "2GiB", "3tb", "1234567B"].map(bytes);
  assert.deepEqual(sizes, [0, 1e6, 1e6, 1 << 20, 20e9, 2 ** 31, 3e12, 1_234_567]);
  for (const size of ["999999", "1.5GB", "-1", "10 XB", "GB", "10K", "9007199254740993", "99999TiB", "1e9"]) {
    assert.deepEqual(names(problemsOf({ MAX_EXPORT_BYTES: size })), ["MAX_EXPORT_BYTES"], size);
  }
  assert.equal(load({ RESOURCE_MAX_AGE_HOURS: "0" }).exports.maxAgeHours, 0);
  assert.deepEqual(names(problemsOf({ RESOURCE_MAX_AGE_HOURS: "1.5" })), ["RESOURCE_MAX_AGE_HOURS"]);
});

Deno.test("formatBytes: three digits and a unit", () => {
  const texts = [0, 999, 1000, 1_234_567, 10e9, 2 ** 50].map(formatBytes);
  assert.deepEqual(texts, ["0 bytes", "999 bytes", "1 KB", "1.23 MB", "10 GB", "1130 TB"]);
});

Deno.test("loadConfig: half of the Telegram application is a problem of the other half", () => {
  assert.deepEqual(names(problemsOf({ TELEGRAM_API_ID: "1" })), ["TELEGRAM_API_HASH"]);
  assert.deepEqual(names(problemsOf({ TELEGRAM_API_HASH: HASH })), ["TELEGRAM_API_ID"]);
  assert.deepEqual(names(problemsOf({ TELEGRAM_TEST_DC: "2@127.0.0.1:1" })), ["TELEGRAM_TEST_KEY_FILE"]);
  assert.deepEqual(names(problemsOf({ TELEGRAM_STRING_SESSION: SESSION })), ["TELEGRAM_API_ID"]);
});

Deno.test("loadConfig: a secret may come from the file of its twin, trimmed", () => {
  const config = load({ TELEGRAM_API_ID: "1", TELEGRAM_API_HASH_FILE: "/hash" }, { "/hash": `${HASH}\n` });
  assert.equal(config.telegram.apiHash?.reveal(), HASH);
  assert.deepEqual(config.warnings, []);
});

Deno.test("loadConfig: a twin that is unreadable, empty, wrong or one too many is a problem", () => {
  const withFile = { TELEGRAM_API_ID: "1", TELEGRAM_API_HASH_FILE: "/hash" };
  assert.match(problemsOf(withFile).message, /TELEGRAM_API_HASH_FILE: the file cannot be read \(NotFound\)$/);
  assert.match(problemsOf(withFile, { "/hash": "\n" }).message, /TELEGRAM_API_HASH_FILE: the file is empty$/);
  assert.match(problemsOf(withFile, { "/hash": "secret" }).message, /TELEGRAM_API_HASH_FILE: expected 32 hex/);
  const both = problemsOf({ ...withFile, TELEGRAM_API_HASH: HASH }, { "/hash": HASH });
  assert.match(both.message, /TELEGRAM_API_HASH: set this or TELEGRAM_API_HASH_FILE, not both$/);
});

Deno.test("loadConfig: a test data centre must be on this machine or a private network", () => {
  const dc = (text: string): Variables => ({ TELEGRAM_TEST_DC: text, TELEGRAM_TEST_KEY_FILE: "/key" });
  for (const host of ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "[::1]", "[fd00::1]", "localhost"]) {
    assert.ok(load(dc(`2@${host}:443`), { "/key": KEY }).telegram.testDc, host);
  }
  const refused = [
    "149.154.167.51",
    "8.8.8.8",
    "172.32.0.1",
    "[2001:67c:4e8:f002::a]",
    "example.org",
    "127.0.0.1.evil.example",
  ];
  for (const host of refused) {
    assert.deepEqual(names(problemsOf(dc(`2@${host}:443`), { "/key": KEY })), ["TELEGRAM_TEST_DC"], host);
  }
  for (const text of ["127.0.0.1:443", "9@127.0.0.1:443", "2@127.0.0.1", "2@127.0.0.1:0", "2@127.0.0.1:70000"]) {
    assert.deepEqual(names(problemsOf(dc(text), { "/key": KEY })), ["TELEGRAM_TEST_DC"], text);
  }
});

Deno.test("loadConfig: a proxy is a SOCKS5 one, with credentials or without, from a file too", () => {
  const place = (text: string): unknown => {
    const { password, ...proxy } = load({ TELEGRAM_PROXY: text }).telegram.proxy ?? assert.fail();
    return { ...proxy, ...(password === undefined ? {} : { password: password.reveal() }) };
  };
  assert.deepEqual(place("socks5://127.0.0.1:1080"), { host: "127.0.0.1", port: 1080 });
  assert.deepEqual(place("SOCKS5h://proxy.example:9050/"), { host: "proxy.example", port: 9050 });
  assert.deepEqual(place("socks5://[::1]:1080"), { host: "::1", port: 1080 });
  const signedIn = { host: "localhost", port: 1, username: "a:b", password: "c@d/e #é" };
  assert.deepEqual(place("socks5://a%3Ab:c%40d%2Fe%20%23%C3%A9@localhost:1"), signedIn);
  const secret = "hunter2-long";
  const refused = [
    ...["http", "https", "socks4", "socks4a", "socks", "mtproto", "tg"].map((scheme) => `${scheme}://127.0.0.1:1080`),
    "127.0.0.1:1080",
    "socks5:127.0.0.1:1080",
    "socks5://127.0.0.1",
    "socks5://127.0.0.1:0",
    "socks5://127.0.0.1:65536",
    "socks5://bad_host!:1080",
    "socks5://[::1:1080",
    "socks5://127.0.0.1:1080/path",
    "socks5://127.0.0.1:1080?x=1",
    `socks5://me@127.0.0.1:1080`,
    `socks5://me:@127.0.0.1:1080`,
    `socks5://:${secret}@127.0.0.1:1080`,
    `socks5://me:${secret}@x@127.0.0.1:1080`,
    `socks5://me:${secret}%zz@127.0.0.1:1080`,
    `socks5://me:${secret.repeat(22)}@127.0.0.1:1080`,
  ];
  for (const text of refused) {
    const error = problemsOf({ TELEGRAM_PROXY: text });
    assert.deepEqual(names(error), ["TELEGRAM_PROXY"], text);
    assert.match(error.message, /expected socks5:\/\/host:port .* \(HTTP, SOCKS4, MTProto\) are not supported/);
    assert.ok(!error.message.includes(secret), text);
  }
  const { telegram } = load({ TELEGRAM_PROXY_FILE: "/proxy" }, { "/proxy": `socks5://me:${secret}@127.0.0.1:1080\n` });
  assert.equal(telegram.proxy?.password?.reveal(), secret);
  assert.ok(!`${JSON.stringify(telegram)}${Deno.inspect(telegram, { depth: 9 })}`.includes(secret));
});

Deno.test("loadConfig: a misspelt variable is a warning that names the nearest option, never its value", () => {
  const { warnings } = load({ TELEGRAM_API_HAS: "the-value", MCP_SOMETHING_ELSE: "the-value", OTHER: "x" });
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? "", /^TELEGRAM_API_HAS is not an option.*Did you mean TELEGRAM_API_HASH\?$/);
  assert.doesNotMatch(warnings.join(), /the-value/);
});

Deno.test("loadConfig: the state folder follows XDG when that is absolute, and is asked for when there is no home", () => {
  assert.equal(load({ XDG_STATE_HOME: "/state" }).dataDir, "/state/telegram-toolkit-mcp");
  assert.equal(load({ XDG_STATE_HOME: "state" }).dataDir, "/home/me/.local/state/telegram-toolkit-mcp");
  assert.throws(() => loadConfig(() => undefined, () => "", { names: [] }), /DATA_DIR: expected a folder/);
});

Deno.test("loadConfig: the log is text on a terminal", () => {
  assert.equal(load({}, {}, { terminal: true }).log.format, "text");
});

Deno.test("loadConfig: the result cannot be changed", () => {
  const config = load({ ALLOWED_HOSTS: "a.example" });
  for (const part of [config, config.http, config.http.allowedHosts, config.telegram]) assert.ok(Object.isFrozen(part));
});
