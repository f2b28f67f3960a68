import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { createRateLimit, type RateLimitOptions } from "../../src/http/middleware/rate_limit.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../../src/model/principal.ts";
import { configureLogging } from "../../src/observability/log.ts";
import { holders } from "./principals.ts";
import { ask, type RawAnswer, route, type Serving, serving } from "./serving.ts";

/** The last of an address that no router leads to, https://www.rfc-editor.org/rfc/rfc5737. */
const ELSEWHERE = "203.0.113.7";

const named = (id: string, more: Partial<Principal> = {}): Principal => ({ ...LOCAL_PRINCIPAL, id, ...more });
const HOLDERS: Readonly<Record<string, Principal>> = {
  ann: named("ann"),
  bob: named("bob"),
  slow: named("slow", { rate: { count: 1, seconds: 60 } }),
  owner: LOCAL_PRINCIPAL,
};

interface Limited extends Serving {
  readonly refused: readonly string[];
  /** Asks with a key and from an address, both of one's choice. */
  readonly get: (path: string, from?: { readonly key?: string; readonly ip?: string }) => Promise<RawAnswer>;
  readonly pass: (seconds: number) => void;
}

/** A server with both limits, and a proxy before it that says where clients are. */
function limited(options: Partial<RateLimitOptions> = {}): Limited {
  let now = 0;
  const refused: string[] = [];
  const running = serving([
    route("/ok", () => new Response("ok")),
    route("/batch/:more", (_, { spend, params }) => {
      spend?.(Number(params.more));
      return new Response("ok");
    }),
    route("/gone", () => {
      throw new AppError("NOT_FOUND", "It is not there.");
    }),
    route("/signed/:token", () => new Response("ok")),
    route("/health/live", () => new Response("ok")),
  ], {
    trustedProxies: ["127.0.0.1"],
    auth: {
      verifier: {
        authenticate: (key) => HOLDERS[key],
        isMistyped: () => false,
        revoked: holders([]).revoked,
      },
      failures: { add: () => Promise.resolve(undefined) },
      onRefused: () => {},
    },
    rateLimit: createRateLimit({
      perAddress: { count: 1000, seconds: 60 },
      perPrincipal: { count: 3, seconds: 60 },
      exempt: ["/health/live"],
      onRefused: (limit) => void refused.push(limit),
      clock: () => now,
      ...options,
    }),
  });
  return {
    ...running,
    refused,
    pass: (seconds) => void (now += seconds * 1000),
    get: (path, { key, ip } = {}) =>
      ask(running.url + path, {
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(ip === undefined ? {} : { "x-forwarded-for": ip }),
        },
      }),
  };
}

const FEW: Partial<RateLimitOptions> = {
  perAddress: { count: 2, seconds: 60 },
  perPrincipal: { count: 1000, seconds: 60 },
};

Deno.test("rate limit: each answer says the policy and what is left, and a refusal is a problem with the wait", async () => {
  await using app = limited();
  const seen: (string | null)[] = [];
  for (let i = 0; i < 3; i++) {
    const { status, headers } = await app.get("/ok", { key: "ann" });
    assert.equal(status, 200);
    assert.equal(headers.get("ratelimit-policy"), '"key";q=3;w=60');
    seen.push(headers.get("ratelimit"));
  }
  assert.deepEqual(seen, ['"key";r=2;t=20', '"key";r=1;t=20', '"key";r=0;t=20']);
  app.pass(3);
  const refused = await app.get("/ok", { key: "ann" });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  assert.equal(refused.headers.get("retry-after"), "17");
  assert.equal(refused.headers.get("ratelimit"), '"key";r=0;t=17');
  const { code, retry_after, detail, request_id } = JSON.parse(refused.body);
  assert.deepEqual([code, retry_after], ["RATE_LIMITED", 17]);
  assert.match(detail, /3 calls in 60 s/);
  assert.match(request_id, /./);
  assert.deepEqual(app.refused, ["key_rate"]);
});

Deno.test("rate limit: Retry-After is enough, and nothing less is", async () => {
  await using app = limited();
  for (let i = 0; i < 3; i++) await app.get("/ok", { key: "ann" });
  const { headers } = await app.get("/ok", { key: "ann" });
  app.pass(Number(headers.get("retry-after")) - 1);
  assert.equal((await app.get("/ok", { key: "ann" })).status, 429);
  app.pass(1);
  assert.equal((await app.get("/ok", { key: "ann" })).status, 200);
});

Deno.test("rate limit: one principal never uses up another's, and one with a rate of its own has that", async () => {
  await using app = limited();
  for (let i = 0; i < 20; i++) await app.get("/ok", { key: "ann" });
  assert.equal((await app.get("/ok", { key: "ann" })).status, 429);
  assert.equal((await app.get("/ok", { key: "bob" })).headers.get("ratelimit"), '"key";r=2;t=20');
  const slow = await app.get("/ok", { key: "slow" });
  assert.equal(slow.headers.get("ratelimit-policy"), '"key";q=1;w=60');
  assert.equal((await app.get("/ok", { key: "slow" })).headers.get("retry-after"), "60");
});

Deno.test("rate limit: the owner on this machine has no limit, and neither have requests without a key there", async () => {
  await using app = limited({ perAddress: { count: 1, seconds: 60 }, perPrincipal: { count: 1, seconds: 60 } });
  for (const from of [{ key: "owner" }, {}]) {
    for (let i = 0; i < 5; i++) {
      const { status, headers } = await app.get("/ok", from);
      assert.deepEqual([status, headers.get("ratelimit")], [200, null]);
    }
  }
});

Deno.test("rate limit: by address, whoever asks, wrong keys apart", async () => {
  await using app = limited(FEW);
  const statuses: number[] = [];
  for (const key of ["ann", "wrong", "bob", "owner", undefined]) {
    statuses.push((await app.get("/ok", { ...(key && { key }), ip: ELSEWHERE })).status);
  }
  assert.deepEqual(statuses, [200, 401, 200, 429, 429]);
  assert.equal((await app.get("/ok", { key: "ann", ip: "203.0.113.8" })).status, 200);
  assert.deepEqual(new Set(app.refused), new Set(["ip_rate"]));
});

Deno.test("rate limit: an IPv6 address stands for its /64", async () => {
  await using app = limited(FEW);
  const ask = async (ip: string): Promise<number> => (await app.get("/ok", { ip })).status;
  assert.equal(await ask("2001:db8:0:1::1"), 200);
  assert.equal(await ask("2001:0db8:0000:0001:ffff::2"), 200);
  assert.equal(await ask("2001:DB8::1:0:0:0:3"), 429);
  assert.equal(await ask("2001:db8:0:2::1"), 200);
});

Deno.test("rate limit: an answer names every policy that counted it", async () => {
  await using app = limited(FEW);
  const { headers } = await app.get("/ok", { key: "ann", ip: ELSEWHERE });
  assert.equal(headers.get("ratelimit-policy"), '"key";q=1000;w=60, "ip";q=2;w=60');
  assert.equal(headers.get("ratelimit"), '"key";r=999;t=1, "ip";r=1;t=30');
});

Deno.test("rate limit: a probe of the server's health is never limited", async () => {
  await using app = limited({ perAddress: { count: 1, seconds: 60 }, perPrincipal: { count: 1, seconds: 60 } });
  for (let i = 0; i < 5; i++) assert.equal((await app.get("/health/live", { key: "ann", ip: ELSEWHERE })).status, 200);
});

Deno.test("rate limit: requests that fail and paths that are not there count too", async () => {
  await using app = limited();
  assert.equal((await app.get("/gone", { key: "ann" })).status, 404);
  assert.equal((await app.get("/nowhere", { key: "ann" })).status, 404);
  assert.equal((await app.get("/ok", { key: "ann" })).headers.get("ratelimit"), '"key";r=0;t=20');
});

Deno.test("rate limit: a request that holds several calls costs as many, and waits for as many", async () => {
  await using app = limited();
  const first = await app.get("/batch/1", { key: "ann" });
  assert.deepEqual([first.status, first.headers.get("ratelimit")], [200, '"key";r=1;t=20']);
  const second = await app.get("/batch/2", { key: "ann" });
  // Its first token is spent: three are needed, none is left.
  assert.deepEqual([second.status, second.headers.get("retry-after")], [429, "60"]);
  app.pass(60);
  assert.equal((await app.get("/batch/2", { key: "ann" })).status, 200);
});

Deno.test("rate limit: a request with more calls than there may ever be is told to hold fewer, and not to wait", async () => {
  await using app = limited();
  const { status, headers, body } = await app.get("/batch/3", { key: "ann" });
  assert.deepEqual([status, headers.get("retry-after")], [429, null]);
  const { code, detail, hint } = JSON.parse(body);
  assert.equal(code, "RATE_LIMITED");
  assert.match(detail, /4 calls is more than the 3/);
  assert.match(hint, /3 calls or fewer/);
});

Deno.test("rate limit: several calls count against the address as well", async () => {
  await using app = limited(FEW);
  assert.equal((await app.get("/batch/4", { key: "ann", ip: ELSEWHERE })).status, 429);
  assert.equal((await app.get("/batch/4", { key: "ann" })).status, 200);
});

Deno.test("rate limit: the path of a request that is refused for its rate or its key, which may be a signed link, is not in the log", async () => {
  const lines: string[] = [];
  await using _logging = configureLogging({ level: "debug", format: "json" }, {
    write: (line) => void lines.push(line),
  });
  await using app = limited(FEW);
  await app.get("/signed/s3cret-t0ken", { ip: ELSEWHERE, key: "wrong" });
  for (let i = 0; i < 3; i++) await app.get("/signed/s3cret-t0ken", { ip: ELSEWHERE });
  assert.equal(lines.filter((line) => line.includes('"status":401')).length, 1);
  assert.equal(lines.filter((line) => line.includes('"status":429')).length, 1);
  assert.doesNotMatch(lines.join("\n"), /s3cret/);
});

Deno.test("rate limit: wrong keys use up nothing that a right one of the same address needs", async () => {
  await using on = limited({ perAddress: { count: 2, seconds: 60 } });
  for (let i = 0; i < 5; i++) assert.equal((await on.get("/ok", { key: "guess", ip: ELSEWHERE })).status, 401);
  assert.equal((await on.get("/ok", { key: "ann", ip: ELSEWHERE })).status, 200);
});
