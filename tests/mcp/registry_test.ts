import assert from "node:assert/strict";
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import { type CallContext, createRegistry, defineTool, READS_TELEGRAM, type Tool } from "../../src/mcp/registry.ts";
import type { CallRecord } from "../../src/mcp/call_record.ts";
import { toolResult } from "../../src/mcp/result.ts";
import { LOCAL_PRINCIPAL, type Scope } from "../../src/model/principal.ts";
import { READER } from "../http/principals.ts";

function context(signal = new AbortController().signal): CallContext {
  return { principal: LOCAL_PRINCIPAL, origin: "http://127.0.0.1:8000", signal, progress: () => {} };
}

function tool(
  name: string,
  scope: Scope = "read",
  run: () => Promise<{ n: number }> = () => Promise.resolve({ n: 1 }),
): Tool {
  return defineTool({
    name,
    title: name,
    description: "d",
    scope,
    hints: READS_TELEGRAM,
    input: z.strictObject({ chat: z.string(), limit: z.int().min(1).max(9).default(5) }),
    output: z.object({ n: z.int(), rest: z.string().optional() }),
    envelope: z.object({ n: z.int() }),
    explain: (args, issue) =>
      issue.path[0] === "limit"
        ? new AppError("INPUT_VALIDATION", `not ${JSON.stringify(args)}`, { field: "limit" })
        : undefined,
    run,
  });
}

async function failure(args: unknown, of = tool("t")): Promise<AppError> {
  const outcome = await createRegistry([of]).call(of, args, context());
  assert.ok(!outcome.ok, "it was accepted");
  return outcome.error;
}

Deno.test("defineTool: the schemas of arguments, envelope and whole result", () => {
  const { inputSchema, outputSchema, fullOutputSchema } = tool("t");
  assert.deepEqual(inputSchema, {
    type: "object",
    properties: { chat: { type: "string" }, limit: { type: "integer", minimum: 1, maximum: 9, default: 5 } },
    required: ["chat"],
    additionalProperties: false,
  });
  assert.deepEqual(outputSchema?.required, ["n"]);
  assert.deepEqual(Object.keys(z.record(z.string(), z.unknown()).parse(outputSchema?.properties)), ["n"]);
  assert.deepEqual(Object.keys(z.record(z.string(), z.unknown()).parse(fullOutputSchema.properties)), ["n", "rest"]);
});

Deno.test("call: what a tool attaches stands before its JSON, and one without structure advertises no schema", async () => {
  const attachment = { type: "image", data: "AA==", mimeType: "image/png" } as const;
  const picture = (isStructured: boolean): Tool =>
    defineTool({
      name: "picture",
      title: "picture",
      description: "d",
      scope: "read",
      hints: READS_TELEGRAM,
      input: z.strictObject({}),
      output: z.object({ n: z.int() }),
      isStructured,
      run: (_, { attach }) => {
        attach(attachment);
        return Promise.resolve({ n: 1 });
      },
    });
  for (const isStructured of [true, false]) {
    const tool = picture(isStructured);
    const outcome = await createRegistry([tool]).call(tool, {}, context());
    assert.deepEqual(outcome, { ok: true, output: { n: 1 }, attachments: [attachment] });
    assert.equal("outputSchema" in tool, isStructured);
    assert.deepEqual(toolResult(tool, outcome), {
      content: [attachment, { type: "text", text: '{"n":1}' }],
      ...(isStructured ? { structuredContent: { n: 1 } } : {}),
    });
  }
});

Deno.test("call: arguments are checked and completed before the tool runs", async () => {
  const seen: unknown[] = [];
  const echo = defineTool({
    name: "echo",
    title: "Echo",
    description: "d",
    scope: "read",
    hints: READS_TELEGRAM,
    input: z.strictObject({ limit: z.int().default(5) }),
    output: z.object({}),
    run: (input) => {
      seen.push(input);
      return Promise.resolve({});
    },
  });
  const registry = createRegistry([echo]);
  for (const args of [undefined, {}, { limit: 3 }]) await registry.call(echo, args, context());
  assert.equal((await registry.call(echo, { limit: "3" }, context())).ok, false);
  assert.deepEqual(seen, [{ limit: 5 }, { limit: 5 }, { limit: 3 }]);
});

Deno.test("call: an unknown argument is refused by its name, with those there are", async () => {
  const error = await failure({ chat: "a", sinceDate: 1 });
  assert.equal(error.code, "INPUT_VALIDATION");
  assert.equal(error.field, "sinceDate");
  assert.equal(error.hint, "The arguments are: chat, limit.");
});

Deno.test("call: a wrong or missing argument is named", async () => {
  assert.equal((await failure({})).field, "chat");
  assert.equal((await failure({ chat: 5 })).field, "chat");
  for (const args of ["text", [], 5]) assert.equal((await failure(args)).code, "INPUT_VALIDATION");
});

Deno.test("call: a tool can say more about what is wrong, and sees of the arguments what is valid", async () => {
  assert.equal((await failure({ chat: "a", limit: 5000, nonsense: 1 })).message, 'not {"chat":"a"}');
});

Deno.test("call: what a tool throws is its outcome, and INTERNAL without its text if it is no AppError", async () => {
  const flood = new AppError("FLOOD_WAIT", "Wait.", { retryAfter: 9 });
  assert.equal(await failure({ chat: "a" }, tool("t", "read", () => Promise.reject(flood))), flood);
  const secret = await failure({ chat: "a" }, tool("t", "read", () => Promise.reject(new Error("api_hash=1"))));
  assert.equal(secret.code, "INTERNAL");
  assert.doesNotMatch(JSON.stringify(secret), /api_hash/);
});

Deno.test("call: its end is told, with the status and the seconds it took", async () => {
  const records: CallRecord[] = [];
  let now = 1000;
  const clock = (): number => now += 250;
  const aborted = AbortSignal.abort();
  const [good, bad] = [tool("good"), tool("bad", "read", () => Promise.reject(new AppError("TIMEOUT", "Late.")))];
  const registry = createRegistry([good, bad], { onCall: (record) => records.push(record), clock });
  await registry.call(good, { chat: "a" }, context());
  await registry.call(bad, { chat: "a" }, context());
  await registry.call(bad, { chat: "a" }, context(aborted));
  await registry.call(good, { chat: "a" }, context(aborted));
  assert.deepEqual(records.map(({ tool, status, seconds }) => [tool, status, seconds]), [
    ["good", "ok", 0.25],
    ["bad", "TIMEOUT", 0.25],
    ["bad", "CANCELLED", 0.25],
    ["good", "ok", 0.25],
  ]);
  assert.equal(records[1]?.error?.code, "TIMEOUT");
});

Deno.test("registry: a principal sees and finds the tools of its scopes, in their order", () => {
  const registry = createRegistry([tool("b"), tool("a", "export"), tool("c", "admin")]);
  const reader = { ...READER, scopes: ["read"] as const };
  assert.deepEqual(registry.list(READER).map(({ name }) => name), ["b", "a"]);
  assert.deepEqual(registry.list(reader).map(({ name }) => name), ["b"]);
  assert.equal(registry.find("a", reader), undefined);
  assert.equal(registry.find("a", READER)?.name, "a");
  assert.equal(registry.find("x", READER), undefined);
});
