/** What arguments may be made of, whatever a tool's schema says of them. */
import assert from "node:assert/strict";
import { z } from "zod";
import { defineTool, READS_TELEGRAM } from "../../src/mcp/registry.ts";
import { createFixture, type Served, serveMcp } from "./fixture.ts";
import { events, post } from "./raw.ts";

let calls = 0;
/** Takes anything, so that what refuses is the bound. */
const anything = defineTool({
  name: "anything",
  title: "Anything",
  description: "For tests.",
  scope: "read",
  hints: READS_TELEGRAM,
  input: z.strictObject({ text: z.unknown().optional(), cursor: z.unknown().optional() }),
  output: z.object({}),
  run: () => {
    calls++;
    return Promise.resolve({});
  },
});

/** So many arrays within one another, as JSON. */
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const list = (length: number): string => JSON.stringify(Array(length).fill(0));
const object = (length: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length }, (_, index) => [`m${index}`, 0])));
const string = (length: number): string => JSON.stringify("x".repeat(length));

/** Arguments as JSON, with the field that is named and a part of the sentence. */
const REFUSED: readonly (readonly [string, string, string, RegExp])[] = [
  ["a string", `{"text":${string(4097)}}`, "text", /at most 4096 characters/],
  ["a string within", `{"text":{"a":[0,${string(4097)}]}}`, "text.a.1", /at most 4096 characters/],
  ["a cursor", `{"cursor":${string(16_385)}}`, "cursor", /at most 16384 characters/],
  ["a cursor within", `{"text":{"cursor":${string(4097)}}}`, "text.cursor", /at most 4096/],
  ["an array", `{"text":${list(1001)}}`, "text", /at most 1000 items/],
  ["an object", `{"text":${object(1001)}}`, "text", /at most 1000 members/],
  ["the arguments", object(1001), "arguments", /at most 1000 members/],
  ["a nesting", `{"text":${nested(17)}}`, "text", /at most 16 levels/],
  ["a nesting as deep as a body may have", `{"text":${nested(60)}}`, "text", /at most 16 levels/],
  ["__proto__", '{"__proto__":{"text":"a"}}', "__proto__", /no argument "__proto__"/],
  ["constructor", '{"text":"a","constructor":1}', "constructor", /no argument "constructor"/],
  ["prototype", '{"prototype":null}', "prototype", /no argument "prototype"/],
  ["__proto__ within", '{"text":{"a":[{"__proto__":1}]}}', "text.a.0.__proto__", /no argument "text.a.0.__proto__"/],
];

const ACCEPTED: readonly string[] = [
  `{"text":${string(4096)}}`,
  `{"cursor":${string(16_384)}}`,
  `{"text":${list(1000)}}`,
  `{"text":${object(1000)}}`,
  `{"text":${nested(16)}}`,
  `{"text":"__proto__"}`,
  "{}",
];

const errorSchema = z.looseObject({ code: z.string(), field: z.string().optional(), hint: z.string() });

async function overMcp(served: Served, args: string): Promise<unknown> {
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"anything","arguments":${args}}}`;
  const result = (await events(await post(served.url, body))).at(-1)?.message?.result;
  const content = z.array(z.object({ text: z.string() })).parse(result?.content);
  return result?.isError === true ? JSON.parse(content[0]?.text ?? "").error : undefined;
}

async function overHttp(served: Served, args: string): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${served.url}/api/tools/anything`, { method: "POST", headers, body: args });
  const { detail, ...problem } = await answer.json();
  assert.equal(answer.status, detail === undefined ? 200 : 400);
  return detail === undefined ? undefined : { ...problem, message: detail };
}

for (const [surface, ask] of [["MCP", overMcp], ["plain HTTP", overHttp]] as const) {
  Deno.test(`arguments over ${surface}: what is too large, too deep or inborn is refused by name before the tool sees it`, async () => {
    await using served = serveMcp(createFixture([anything]).registry);
    calls = 0;
    for (const [what, args, field, sentence] of REFUSED) {
      const error = errorSchema.parse(await ask(served, args), { error: () => what });
      assert.deepEqual([error.code, error.field], ["INPUT_VALIDATION", field], what);
      assert.match(String(error.message), sentence, what);
      if (sentence.source.startsWith("no argument")) assert.match(error.hint, /text, cursor/, what);
    }
    assert.equal(calls, 0);
    for (const args of ACCEPTED) assert.equal(await ask(served, args), undefined, args.slice(0, 80));
    assert.equal(calls, ACCEPTED.length);
    assert.equal(Reflect.get({}, "text"), undefined);
  });
}
