import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { configureLogging } from "../../src/observability/log.ts";
import { getLogger } from "../../src/observability/log.ts";
import { ask, raw, type RawAnswer, route, serving } from "./serving.ts";

const ok = route("/ok", () => new Response("ok"), "GET", "POST");
const size = route("/size", async (request) => Response.json((await request.arrayBuffer()).byteLength), "POST");
const who = route("/who", (_, { clientIp }) => new Response(clientIp));

/** The records that a piece of work logs. */
async function logged(work: () => Promise<void>): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const config = { level: "debug", format: "json" } as const;
  await using _logging = configureLogging(config, { write: (line) => void lines.push(line) });
  await work();
  return lines.map((line) => JSON.parse(line));
}

Deno.test("request id: a sane inbound id is kept and echoed", async () => {
  await using app = serving([ok]);
  const answer = await ask(`${app.url}/ok`, { headers: { "x-request-id": "abc-123.def" } });
  assert.equal(answer.headers.get("x-request-id"), "abc-123.def");
});

Deno.test("request id: an odd inbound id is replaced by a UUID", async () => {
  await using app = serving([ok]);
  for (const odd of ["x", "a b c d e f g", "z".repeat(129), '"><script>']) {
    const answer = await ask(`${app.url}/ok`, { headers: { "x-request-id": odd } });
    assert.match(answer.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  }
});

Deno.test("request id: every record of a request carries it", async () => {
  await using app = serving([route("/log", () => {
    getLogger("test").info("inside");
    return new Response();
  })]);
  const records = await logged(async () => {
    await ask(`${app.url}/log`, { headers: { "x-request-id": "my-request" } });
  });
  assert.deepEqual(records.map(({ request_id }) => request_id), ["my-request", "my-request"]);
});

Deno.test("access log: one record with the route's name and without the query", async () => {
  await using app = serving([ok]);
  const records = await logged(async () => {
    (await ask(`${app.url}/ok?secret=1`)).body;
  });
  assert.equal(records.length, 1);
  const [record] = records;
  assert.deepEqual([record?.message, record?.method, record?.target, record?.status], ["request", "GET", "/ok", 200]);
  assert.equal(record?.client_ip, "127.0.0.1");
  assert.equal(typeof record?.ms, "number");
  assert.doesNotMatch(JSON.stringify(record), /secret/);
});

Deno.test("access log: of a path that no route has nothing stands in the log, whatever it holds", async () => {
  await using app = serving([ok]);
  const paths = ["/a-word-of-its-own-123456", "/ok/Ann%20Lee", "/phone/15551234567", "/tools/hunter2hunter2"];
  const records = await logged(async () => {
    for (const path of paths) assert.equal((await ask(app.url + path)).status, 404);
  });
  assert.deepEqual(records.map(({ target }) => target), paths.map(() => "unmatched"));
  assert.doesNotMatch(JSON.stringify(records), /word|Ann|1555|hunter2/);
});

Deno.test("metrics: requests are counted by route, invented paths and methods as one", async () => {
  await using app = serving([ok]);
  for (const path of ["/ok", "/a", "/b"]) await ask(app.url + path);
  await ask(`${app.url}/ok`, { method: "BREW" });
  const text = await app.metrics.render();
  assert.match(text, /http_requests_total\{method="GET",route="\/ok",status="200"\} 1/);
  assert.match(text, /http_requests_total\{method="GET",route="unmatched",status="404"\} 2/);
  assert.match(text, /http_requests_total\{method="other",route="\/ok",status="405"\} 1/);
  assert.match(text, /http_request_duration_seconds_count\{route="\/ok"\} 2/);
});

Deno.test("security headers: every answer has them, problems too", async () => {
  await using app = serving([ok]);
  for (const path of ["/ok", "/nothing"]) {
    const answer = await ask(app.url + path);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("x-frame-options"), "DENY");
    assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'/);
    assert.match(policy, /(?:^|; )frame-ancestors 'none'(?:;|$)/);
  }
});

Deno.test("security headers: a handler's own header stays", async () => {
  await using app = serving([route("/own", () => new Response("", { headers: { "cache-control": "max-age=60" } }))]);
  assert.equal((await ask(`${app.url}/own`)).headers.get("cache-control"), "max-age=60");
});

Deno.test("security headers: an immutable response gets them as well", async () => {
  await using app = serving([route("/away", () => Response.redirect("http://127.0.0.1/x"))]);
  const answer = await ask(`${app.url}/away`);
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
});

Deno.test("host check: loopback names with the listener's port pass", async () => {
  await using app = serving([ok]);
  for (const host of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]) {
    assert.equal((await raw(app.port, ["GET /ok HTTP/1.1", `Host: ${host}:${app.port}`])).status, 200, host);
  }
});

Deno.test("host check: any other host is refused with a hint that names ALLOWED_HOSTS", async () => {
  await using app = serving([ok]);
  const hosts = [
    "evil.example",
    `evil.example:${app.port}`,
    "localhost:1",
    "localhost",
    `localhost.evil.example:${app.port}`,
    "",
  ];
  for (const host of hosts) {
    const answer = await raw(app.port, ["GET /ok HTTP/1.1", `Host: ${host}`]);
    assert.equal(answer.status, 403, host);
    assert.equal(JSON.parse(answer.body).code, "ACCESS_DENIED");
    assert.match(JSON.parse(answer.body).hint, /ALLOWED_HOSTS/);
  }
});

Deno.test("host check: configured hosts pass, with their port when they name one", async () => {
  await using app = serving([ok], { allowedHosts: ["a.example", "b.example:81"], publicUrl: "https://c.example" });
  const statusOf = async (host: string): Promise<number> =>
    (await raw(app.port, ["GET /ok HTTP/1.1", `Host: ${host}`])).status;
  assert.equal(await statusOf("a.example"), 200);
  assert.equal(await statusOf("a.example:9999"), 200);
  assert.equal(await statusOf("b.example:81"), 200);
  assert.equal(await statusOf("b.example"), 403);
  assert.equal(await statusOf("c.example"), 200);
});

Deno.test("origin check: foreign origins are refused, null among them", async () => {
  await using app = serving([ok]);
  for (const origin of ["https://evil.example", "null", "http://localhost:1", "nonsense"]) {
    const answer = await ask(`${app.url}/ok`, { headers: { origin } });
    assert.equal(answer.status, 403, origin);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
    assert.equal(JSON.parse(answer.body).field, "origin");
  }
});

Deno.test("origin check: of PUBLIC_URL's host only the very origin passes", async () => {
  await using app = serving([ok], { publicUrl: "https://c.example" });
  const statusOf = async (origin: string): Promise<number> =>
    (await ask(`${app.url}/ok`, { headers: { origin } })).status;
  assert.equal(await statusOf("https://c.example"), 200);
  assert.equal(await statusOf("https://c.example:8443"), 403);
  assert.equal(await statusOf("http://c.example"), 403);
});

Deno.test("cors: an allowed origin may read answers, problems included", async () => {
  await using app = serving([ok], { publicUrl: "https://c.example" });
  for (const path of ["/ok", "/nothing"]) {
    const answer = await ask(app.url + path, { headers: { origin: "https://c.example" } });
    assert.equal(answer.headers.get("access-control-allow-origin"), "https://c.example");
    assert.match(answer.headers.get("vary") ?? "", /\bOrigin$/);
    assert.equal(answer.headers.get("access-control-expose-headers"), "X-Request-Id");
  }
});

Deno.test("cors: a thrown error is readable by an allowed origin", async () => {
  const failing = route("/fail", () => Promise.reject(new AppError("TIMEOUT", "Too slow.")));
  await using app = serving([failing], { publicUrl: "https://c.example" });
  const answer = await ask(`${app.url}/fail`, { headers: { origin: "https://c.example" } });
  assert.equal(answer.status, 504);
  assert.equal(answer.headers.get("access-control-allow-origin"), "https://c.example");
});

Deno.test("cors: preflights are answered for allowed origins only", async () => {
  await using app = serving([ok], { publicUrl: "https://c.example" });
  const preflight = (origin: string): Promise<RawAnswer> =>
    ask(`${app.url}/ok`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
  const allowed = await preflight("https://c.example");
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get("access-control-allow-methods"), "GET, POST");
  assert.equal(allowed.headers.get("access-control-allow-headers"), "Content-Type");
  const refused = await preflight("https://evil.example");
  assert.equal(refused.status, 403);
  assert.equal(refused.headers.get("access-control-allow-methods"), null);
});

Deno.test("client address: X-Forwarded-For of an untrusted peer is ignored", async () => {
  await using app = serving([who]);
  const answer = await ask(`${app.url}/who`, { headers: { "x-forwarded-for": "203.0.113.7" } });
  assert.equal(answer.body, "127.0.0.1");
});

Deno.test("client address: behind trusted proxies it is the last address that is not theirs", async () => {
  await using app = serving([who], { trustedProxies: ["127.0.0.1", "10.0.0.0/8", "::1"] });
  const seen = async (forwarded: string): Promise<string> =>
    (await ask(`${app.url}/who`, { headers: { "x-forwarded-for": forwarded } })).body;
  assert.equal(await seen("203.0.113.7"), "203.0.113.7");
  assert.equal(await seen("198.51.100.9, 203.0.113.7, 10.1.2.3"), "203.0.113.7");
  assert.equal(await seen("2001:db8::1, ::ffff:10.1.2.3"), "2001:db8::1");
  assert.equal(await seen("2001:db8::1, ::FFFF:a01:203"), "2001:db8::1");
  assert.equal(await seen("0:0:0:0:0:ffff:cb00:7107"), "203.0.113.7");
  assert.equal(await seen("fe80::1%eth0"), "fe80::1%eth0");
  assert.equal(await seen("nonsense"), "127.0.0.1");
  assert.equal(await seen("203.0.113.7, nonsense"), "127.0.0.1");
});

Deno.test("body limit: a body of exactly the limit arrives whole", async () => {
  await using app = serving([size]);
  const answer = await ask(`${app.url}/size`, { method: "POST", body: new Uint8Array(1_000_000) });
  assert.equal(JSON.parse(answer.body), 1_000_000);
});

Deno.test("body limit: 5 MB by length or in chunks is a 413 problem and the process goes on", async () => {
  await using app = serving([size, ok]);
  const chunks = (): ReadableStream<Uint8Array> =>
    ReadableStream.from(Array.from({ length: 50 }, () => new Uint8Array(100_000)));
  for (const body of [new Uint8Array(5_000_000), chunks()]) {
    const answer = await ask(`${app.url}/size`, { method: "POST", body });
    assert.equal(answer.status, 413);
    assert.equal(JSON.parse(answer.body).code, "PAYLOAD_TOO_LARGE");
  }
  assert.equal((await ask(`${app.url}/ok`)).body, "ok");
});

Deno.test("body limit: a declared length is refused before the body comes", async () => {
  await using app = serving([size]);
  const head = ["POST /size HTTP/1.1", `Host: localhost:${app.port}`, "Content-Length: 5000000"];
  assert.equal((await raw(app.port, head)).status, 413);
});

Deno.test("body limit: a chunked body within the limit arrives whole", async () => {
  await using app = serving([size]);
  const body = ReadableStream.from([new Uint8Array(400_000), new Uint8Array(600_000)]);
  assert.equal((await ask(`${app.url}/size`, { method: "POST", body })).body, "1000000");
});

Deno.test("body limit: a small Content-Length does not smuggle a large chunked body in", async () => {
  await using app = serving([size], { bodyLimit: 10 });
  const head = [
    "POST /size HTTP/1.1",
    `Host: localhost:${app.port}`,
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
  ];
  const answer = await raw(app.port, head, "14\r\n01234567890123456789\r\n0\r\n\r\n");
  assert.ok(answer.status === 413 || answer.status === 400, String(answer.status));
});

Deno.test("errors: an AppError becomes its problem", async () => {
  const failing = route("/fail", () => {
    throw new AppError("FLOOD_WAIT", "Telegram asks to wait.", { retryAfter: 6.2, candidates: [{ id: "1" }] });
  });
  await using app = serving([failing]);
  const answer = await ask(`${app.url}/fail`, { headers: { "x-request-id": "request-1" } });
  assert.equal(answer.status, 429);
  assert.equal(answer.headers.get("retry-after"), "7");
  assert.deepEqual(JSON.parse(answer.body), {
    type: "about:blank",
    title: "Too Many Requests",
    status: 429,
    detail: "Telegram asks to wait.",
    code: "FLOOD_WAIT",
    hint: "Telegram asked to wait. Do not retry before retry_after seconds have passed.",
    retry_after: 6.2,
    candidates: [{ id: "1" }],
    request_id: "request-1",
  });
});

Deno.test("errors: an unexpected exception is logged with its stack and shown to nobody", async () => {
  await using app = serving([route("/fail", () => {
    throw new Error("the secret detail");
  })]);
  const records = await logged(async () => {
    const answer = await ask(`${app.url}/fail`);
    assert.equal(answer.status, 500);
    const text = answer.body;
    assert.match(text, /"code":"INTERNAL"/);
    assert.doesNotMatch(text, /secret|middleware_test/);
  });
  const errors = records.filter(({ level }) => level === "ERROR");
  assert.equal(errors.length, 1);
  assert.match(JSON.stringify(errors[0]), /the secret detail.*middleware_test\.ts/);
});

Deno.test("errors: a client that has gone away is not an error of ours", async () => {
  const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const untilGone = ({ signal }: Request): Promise<Response> => {
    begun.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  await using app = serving([route("/gone", (request) => untilGone(request).finally(over.resolve))]);
  const records = await logged(async () => {
    const client = new AbortController();
    const answer = fetch(`${app.url}/gone`, { signal: client.signal });
    await begun.promise;
    client.abort();
    await assert.rejects(answer);
    await over.promise;
  });
  assert.deepEqual(records.filter(({ level }) => level === "ERROR"), []);
});
