import assert from "node:assert/strict";
import { principalOf, signalOf } from "../../src/http/chain.ts";
import type { AuthenticateOptions, Refusal } from "../../src/http/middleware/authenticate.ts";
import type { Principal } from "../../src/model/principal.ts";
import { READER } from "./principals.ts";
import { raw, route, type Serving, serving } from "./serving.ts";

interface Keyed extends AsyncDisposable {
  readonly serving: Serving;
  readonly refused: [Refusal, string][];
  readonly revoke: () => void;
  /** Failures from now on are answered by 429. */
  readonly exhaust: () => void;
}

/** A server for one key, `good`, of {@link READER}; `/open` answers everybody, `/any` keys, `/metrics` those with the scope. */
function keyed(anonymous?: Principal): Keyed {
  const refused: [Refusal, string][] = [];
  const controller = new AbortController();
  let retryAfter: number | undefined;
  const auth: AuthenticateOptions = {
    verifier: {
      authenticate: (key) => key === "good" ? READER : undefined,
      isMistyped: (key) => key === "goof",
      revoked: () => controller.signal,
      ...(anonymous && { anonymous }),
    },
    failures: { add: () => Promise.resolve(retryAfter) },
    onRefused: (reason, clientIp) => void refused.push([reason, clientIp]),
  };
  const who = route("/any", (_, context) => Response.json(principalOf(context).id));
  const on = serving([
    { ...who, access: "any" },
    { ...who, path: "/metrics", access: "metrics" },
    route("/open", (_, { principal }) => Response.json(principal?.id ?? null)),
    route("/slow", async (request, context) => {
      const signal = signalOf(request, context);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      return Response.json("over");
    }),
  ], { auth });
  return {
    serving: on,
    refused,
    revoke: () => controller.abort(),
    exhaust: () => retryAfter = 7,
    [Symbol.asyncDispose]: () => on[Symbol.asyncDispose](),
  };
}

async function ask(on: Keyed, path: string, authorization?: string): Promise<{ response: Response; body: unknown }> {
  const response = await fetch(`${on.serving.url}${path}`, authorization ? { headers: { authorization } } : {});
  return { response, body: await response.json() };
}

const code = ({ body }: { readonly body: unknown }): unknown => Object(body).code;

Deno.test("authenticate: a good key is known on every route, however Bearer is spelt", async () => {
  await using on = keyed();
  for (const header of ["Bearer good", "bearer good", "BEARER   good "]) {
    for (const path of ["/any", "/open"]) {
      const { response, body } = await ask(on, path, header);
      assert.deepEqual([response.status, body], [200, "local"], header);
    }
  }
  assert.deepEqual(on.refused, []);
});

Deno.test("authenticate: without a key closed routes answer 401 that says how, open ones do not know who asks", async () => {
  await using on = keyed();
  const { response, body } = await ask(on, "/any");
  assert.deepEqual([response.status, Object(body).code], [401, "AUTH_REQUIRED"]);
  assert.equal(response.headers.get("www-authenticate"), "Bearer");
  assert.match(Object(body).hint, /Authorization: Bearer KEY; .*keys create/);
  assert.equal((await ask(on, "/open")).body, null);
  assert.deepEqual(on.refused, [], "nobody guessed anything");
});

Deno.test("authenticate: a wrong key is refused on open routes too, and the reason is told", async () => {
  await using on = keyed();
  const reasons: [string, Refusal, RegExp][] = [
    ["Bearer bad", "unknown", /not valid, or not any more/],
    ["Bearer goof", "mistyped", /mistyped or cut/],
    ["Bearer", "malformed", /is not `Bearer` and a key/],
    ["Bearer good good", "malformed", /is not/],
    ["Basic Z29vZA==", "malformed", /is not/],
    ["good", "malformed", /is not/],
  ];
  for (const [header, reason, says] of reasons) {
    for (const path of ["/any", "/open"]) {
      const answer = await ask(on, path, header);
      assert.deepEqual([answer.response.status, code(answer)], [401, "AUTH_REQUIRED"], header);
      assert.match(Object(answer.body).detail, says);
      assert.deepEqual(on.refused.pop(), [reason, "127.0.0.1"]);
    }
  }
});

Deno.test("authenticate: a key in the address, in a cookie or sent twice counts for nothing", async () => {
  await using on = keyed();
  for (const query of ["?key=good", "?access_token=good", "?token=good", "?authorization=Bearer%20good"]) {
    assert.equal((await ask(on, `/any${query}`)).response.status, 401, query);
  }
  const host = `Host: 127.0.0.1:${on.serving.port}`;
  const answers = await Promise.all([
    raw(on.serving.port, ["GET /any HTTP/1.1", host, "Cookie: key=good; authorization=Bearer good"]),
    raw(on.serving.port, ["GET /any HTTP/1.1", host, "Authorization: Bearer bad", "Authorization: Bearer good"]),
    raw(on.serving.port, ["GET /any HTTP/1.1", host, "Authorization: Bearer good", "Authorization: Bearer bad"]),
    raw(on.serving.port, ["GET /any HTTP/1.1", host, "X-Api-Key: good", "Proxy-Authorization: Bearer good"]),
  ]);
  assert.deepEqual(answers.map(({ status }) => status), [401, 401, 401, 401]);
});

Deno.test("authenticate: a scope that the key lacks is 403, which names it", async () => {
  await using on = keyed();
  const answer = await ask(on, "/metrics", "Bearer good");
  assert.deepEqual([answer.response.status, code(answer)], [403, "ACCESS_DENIED"]);
  assert.match(Object(answer.body).detail, /scope metrics/);
});

Deno.test("authenticate: where anybody may ask a wrong key is refused all the same", async () => {
  await using on = keyed(READER);
  assert.equal((await ask(on, "/any")).body, "local");
  assert.equal((await ask(on, "/any", "Bearer bad")).response.status, 401);
});

Deno.test("authenticate: too many wrong keys are told when to come back, the right one is let in meanwhile", async () => {
  await using on = keyed();
  on.exhaust();
  const answer = await ask(on, "/any", "Bearer bad");
  assert.deepEqual([answer.response.status, code(answer)], [429, "RATE_LIMITED"]);
  assert.equal(answer.response.headers.get("retry-after"), "7");
  assert.equal((await ask(on, "/any", "Bearer good")).response.status, 200);
});

Deno.test("authenticate: what a handler does ends when the key is taken back", async () => {
  await using on = keyed();
  const slow = ask(on, "/slow", "Bearer good");
  on.revoke();
  assert.equal((await slow).body, "over");
});

Deno.test("authenticate: a path that is not there is 404 to whom sends no key, and a wrong key is 401 there as everywhere", async () => {
  await using on = keyed();
  for (const [path, status] of [["/nothing", 404], ["/any", 401]] as const) {
    assert.equal((await ask(on, path)).response.status, status);
    assert.equal((await ask(on, path, "Bearer bad")).response.status, 401);
  }
  assert.equal((await ask(on, "/nothing", "Bearer good")).response.status, 404);
});
