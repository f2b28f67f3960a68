import assert from "node:assert/strict";
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import { defineTool, READS_TELEGRAM, type Tool } from "../../src/mcp/registry.ts";
import { createFixture, serveMcp } from "./fixture.ts";

/** The suite of the protocol's authors; https://github.com/modelcontextprotocol/conformance. */
const SUITE = "npm:@modelcontextprotocol/conformance@0.1.16";

/** What a server with tools and logging can pass. The others want prompts, resources, sampling, elicitation or media. */
const PASSES = [
  "dns-rebinding-protection",
  "json-schema-2020-12",
  "logging-set-level",
  "ping",
  "server-initialize",
  "server-sse-multiple-streams",
  "tools-call-error",
  "tools-call-simple-text",
  "tools-call-with-progress",
  "tools-list",
];
/** Passes with a warning: no tool here ends its stream early to be polled. */
const WARNS = ["server-sse-polling"];

const common = { description: "For the suite.", scope: "read", hints: READS_TELEGRAM } as const;

const text = defineTool({
  ...common,
  name: "test_simple_text",
  title: "Text",
  input: z.strictObject({}),
  output: z.object({ text: z.string() }),
  run: () => Promise.resolve({ text: "This is a simple text response for testing." }),
});

const error = defineTool({
  ...common,
  name: "test_error_handling",
  title: "Error",
  input: z.strictObject({}),
  output: z.object({}),
  run: () => Promise.reject(new AppError("UNSUPPORTED", "This tool intentionally returns an error for testing.")),
});

const progress = defineTool({
  ...common,
  name: "test_tool_with_progress",
  title: "Progress",
  input: z.strictObject({}),
  output: z.object({ steps: z.number() }),
  run: (_input, { progress }) => {
    for (const done of [0, 50, 100]) progress("step", done, 100);
    return Promise.resolve({ steps: 3 });
  },
});

const schema: Tool = {
  ...text,
  name: "json_schema_2020_12_tool",
  inputSchema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    $defs: { address: { type: "object", properties: { street: { type: "string" }, city: { type: "string" } } } },
    properties: { name: { type: "string" }, address: { $ref: "#/$defs/address" } },
    additionalProperties: false,
  },
};

Deno.test("conformance: every scenario that tools and logging can satisfy passes", async () => {
  await using served = serveMcp(createFixture([text, error, progress, schema]).registry);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Away from the project's configuration and lock file: the suite is no dependency of it.
    args: ["run", "-A", "--no-config", "--no-lock", SUITE, "server", "--url", `${served.url}/mcp`, "--suite", "all"],
    env: { NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stdout);
  const results = [...output.matchAll(/^([✓✗]) ([\w-]+): (\d+) passed, (\d+) failed(.*)$/gm)];
  assert.ok(results.length >= 30, output + new TextDecoder().decode(stderr));
  const passed = results.filter(([, mark]) => mark === "✓").map(([, , name]) => name).sort();
  assert.deepEqual(passed, [...PASSES, ...WARNS].sort());
});
