/** What the program says when something was thrown that nobody caught, or printed that nobody asked for. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { result, start } from "./command.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const MAIN = new URL("../../src/cli/main.ts", import.meta.url).href;
const SECRET = "+15551234567";

/** Runs `serve` with some code beside it, as a library may have any. */
async function beside(code: string): Promise<{ readonly code: number; readonly err: string; readonly out: string }> {
  const directory = await Deno.makeTempDir();
  try {
    const script = join(directory, "script.ts");
    await Deno.writeTextFile(
      script,
      `import { main } from ${JSON.stringify(MAIN)};
      const ending = main(["serve"]);
      setTimeout(() => { ${code} }, 300);
      Deno.exit(await ending);`,
    );
    const args = ["run", "-A", "--no-check", "--config", CONFIG, script, "serve"];
    await using running = start(Deno.execPath(), args, {
      DATA_DIR: join(directory, "data"),
      MCP_SERVER_PORT: "0",
      LOG_FORMAT: "text",
    });
    return await result(running);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (
  const [what, code] of [
    ["an error that nobody caught", `throw new TypeError("no code for ${SECRET}")`],
    ["a rejection that nobody handled", `Promise.reject(new TypeError("no code for ${SECRET}"))`],
    ["a text that was thrown", `throw "no code for ${SECRET}"`],
  ] as const
) {
  Deno.test(`crash: ${what} is said without secrets, and ends the program with 1`, async () => {
    const { code: exitCode, err, out } = await beside(code);
    assert.equal(exitCode, 1, err);
    assert.match(err, /^telegram-toolkit-mcp: Something went wrong.*\nThis is a defect of the program/m);
    if (what !== "a text that was thrown") assert.match(err, /TypeError: no code for \[redacted\]\n {4}at /);
    assert.ok(!`${err}${out}`.includes(SECRET.slice(2)), err);
  });
}

Deno.test("console: of what a library prints the log has the kind alone", async () => {
  const { err, out } = await beside(
    `console.log("a message's text"); console.error(new RangeError("a message's text")); Deno.exit(0)`,
  );
  assert.doesNotMatch(`${err}${out}`, /a message's text/);
  assert.match(err, /WARNING telegram-toolkit-mcp\.library: printed by=log what=\["string"\]/);
  assert.match(err, /printed by=error what=\["RangeError at .*script\.ts/);
});
