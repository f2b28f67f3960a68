/** The fuzzer itself: that it can fail, that its cases come again, and some of them on the product. */
import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import type { Family } from "./family.ts";
import { FAMILIES } from "./families/mod.ts";
import { type Material, openHouse } from "./house.ts";
import { bytesOf, type Json, jsonText, raw } from "./input.ts";
import { createFinder, type Reader } from "./oracle.ts";
import { fuzz, type Outcome, type Plan } from "./run.ts";
import { watch } from "./watch.ts";

const TEXT = "The harbour opens at six, and nobody else may read this sentence.";
const KEY = "k".repeat(40);

const MATERIAL: Material = {
  tools: [{ name: "fetch_history", description: "", inputSchema: { properties: { chat: { type: "string" } } } }],
  cursors: [{ tool: "fetch_history", args: { chat: "@a" }, cursor: btoa("cursor".repeat(9)) }],
  key: KEY,
  exportId: "e1",
  files: ["messages.ndjson"],
  etags: ['"sha256-1"'],
  links: { exports: ["/exports/e1/messages.ndjson?expires=1&principal=a&signature=b"], media: ["/media/abc"] },
  expired: ["/media/def", "/exports/e1/messages.ndjson?expires=0&principal=a&signature=b"],
  sessions: ["s1"],
};

const plan = (cases: number, patience = 20): Plan => {
  return { seed: 7, first: 0, goesOn: (number) => number < cases, workers: 4, patience };
};

/** Calls of one tool, some with an argument that the server under test cannot bear. */
const calls: Family = {
  name: "calls",
  draw: (random) => ({
    kind: "request",
    method: "POST",
    target: "/api/tools/fetch_history",
    headers: [["X-Filler", "a"]],
    body: { json: { chat: "@a", from: "b".repeat(10), ...(random.oneIn(10) ? { bad: [1, 2, 3] } : {}) } },
  }),
};

/** Runs cases against a server that answers as it is told. */
async function against(
  answer: (body: string) => Response | Promise<Response>,
  options: { readonly reader?: Reader; readonly patience?: number } = {},
): Promise<Outcome> {
  const cut = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: cut.signal, onListen: () => {} },
    async (request) => await answer(await request.text()),
  );
  try {
    return await fuzzPort(server.addr.port, options);
  } finally {
    cut.abort();
    await server.finished;
  }
}

function fuzzPort(
  port: number,
  { reader = { name: "the owner", key: KEY }, patience }: { readonly reader?: Reader; readonly patience?: number } = {},
): Promise<Outcome> {
  const target = {
    port,
    material: MATERIAL,
    hidden: { messages: createFinder([TEXT]), secrets: ["/data/secret"], keys: [KEY] },
    readers: [reader],
    tend: () => Promise.resolve(),
  };
  return fuzz(target, [calls], plan(60, patience));
}

const problem = (detail: string, status = 400): Response =>
  Response.json({ code: "INPUT_VALIDATION", detail }, { status });

Deno.test("fuzzer: a sound server passes, its refusals as well as its texts in good answers", async () => {
  const { cases, failures } = await against((body) =>
    body.includes("bad") ? problem("There is no argument bad.") : Response.json({ text: TEXT })
  );
  assert.deepEqual([cases, failures], [60, []]);
});

const PLANTED: readonly (readonly [string, RegExp, (bad: boolean) => Response])[] = [
  ["a status of 500", /^status 500$/, (bad) => bad ? problem("", 500) : Response.json({})],
  [
    "an internal error in a result",
    /^an internal error$/,
    (bad) => Response.json(bad ? { isError: true, content: [{ text: '{"error":{"code":"INTERNAL"}}' }] } : {}),
  ],
  [
    "an internal error of JSON-RPC",
    /^an internal error$/,
    (bad) => Response.json(bad ? { error: { code: -32603 } } : {}),
  ],
  [
    "a stack trace",
    /^a stack trace$/,
    (bad) => bad ? problem("Error: x\n    at run (ext:core/01.js:1:23)") : Response.json({}),
  ],
  ["an error of the runtime", /^an error of the runtime$/, (bad) => bad ? problem("TypeError: x") : Response.json({})],
  ["a path", /^a secret: \/data/, (bad) => bad ? problem("no such file: /data/secret") : Response.json({})],
  ["a text in a refusal", /^text that the owner must not be shown: /, (bad) => bad ? problem(TEXT) : Response.json({})],
];

for (const [what, says, answer] of PLANTED) {
  Deno.test(`fuzzer: ${what} is found, with its case, and made smaller`, async () => {
    const { failures } = await against((body) => answer(body.includes("bad")));
    assert.ok(failures.length > 0);
    for (const { what, drawn, smallest, number } of failures) {
      assert.match(what, says);
      assert.match(drawn, /X-Filler.*"bad":\[1,2,3\]/s);
      assert.match(smallest, /\{"bad":\[\]\}$/);
      assert.doesNotMatch(smallest, /X-Filler/);
      assert.equal(createRandom(7, number).oneIn(10), true, "the number draws it again");
    }
  });
}

Deno.test("fuzzer: a request that is never answered is found, and so is one whose connection just ends", async () => {
  const waiting: PromiseWithResolvers<Response>[] = [];
  const hung = await against((body) => {
    if (!body.includes("bad")) return Response.json({});
    const never = Promise.withResolvers<Response>();
    waiting.push(never);
    return never.promise;
  }, { patience: 1 });
  for (const { resolve } of waiting) resolve(new Response());
  assert.match(hung.failures[0]?.what ?? "", /^neither an answer nor an end in/);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const broken = await fuzzPort(listener.addr.port);
  listener.close();
  await closing;
  assert.equal(broken.failures[0]?.what, "a request was not answered");
});

Deno.test("fuzzer: a stranger who is answered is found, and a key that is shown what it may not see", async () => {
  const stranger = await against(() => Response.json({}), { reader: { name: "a stranger" } });
  assert.equal(stranger.failures[0]?.what, "a stranger was answered");
  const refused = await against(() => problem("", 401), { reader: { name: "a stranger" } });
  assert.deepEqual(refused.failures, []);
  const some = { name: "a key of some chats", key: KEY, hidden: createFinder([TEXT]) };
  const shown = await against(() => Response.json({ text: TEXT }), { reader: some });
  assert.match(shown.failures[0]?.what ?? "", /^text that a key of some chats must not be shown: /);
});

Deno.test("fuzzer: a number draws the same input again, in every family", () => {
  for (const { name, draw } of FAMILIES) {
    for (let number = 0; number < 300; number++) {
      const [one, other] = [draw(createRandom(3, number), MATERIAL), draw(createRandom(3, number), MATERIAL)];
      assert.equal(bytesOf(one, 8000, KEY), bytesOf(other, 8000, KEY), `${name} ${number}`);
    }
  }
});

Deno.test("fuzzer: JSON can say what JSON.stringify cannot", () => {
  const value: Json = { a: raw("1e400"), "a@2": [raw("12345678901234567890")], b: "\ud800" };
  assert.equal(jsonText(value), '{"a":1e400,"a":[12345678901234567890],"b":"\\ud800"}');
  assert.equal(jsonText(Object.fromEntries([["__proto__", 1]])), '{"__proto__":1}');
});

Deno.test("fuzzer: a thousand of its inputs find nothing wrong with the product, which was only asked to read", async () => {
  await using house = await openHouse();
  const watched = await watch(house);
  const { cases, failures } = await fuzz({ ...house, tend: watched.tend }, FAMILIES, plan(1000, 60));
  assert.deepEqual(failures, []);
  assert.equal(cases, 1000);
  assert.deepEqual(await watched.complaints(), []);
});
