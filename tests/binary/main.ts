/**
 * `deno task test:binary [PATH…]`: makes the binary, then runs every end-to-end test against it. DENO_COMPILE names the Deno that
 * compiles, where that is another one than runs the tests; its `denort` comes from DENORT_BIN, or else from Deno's own site. Tells at its
 * end which tests cannot be run against a binary, and why.
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { NAME } from "../../src/version.ts";
import { PRODUCT } from "../cli/product.ts";
import { NOT_RUN } from "../deploy/needs.ts";
import { compileProblem } from "./compiled.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ALL = [join(ROOT, "tests/e2e"), join(ROOT, "tests/cli")];

/** The exit code of the tests; 1 when there is no binary to test. */
async function main(paths: readonly string[]): Promise<number> {
  const problem = await compileProblem();
  if (problem !== undefined) {
    say(`test:binary: ${problem}; nothing was tested`);
    return 1;
  }
  const directory = await Deno.makeTempDir();
  try {
    // Alone in a folder of its own, and no other one when somebody compiles meanwhile.
    const binary = join(directory, NAME);
    await Deno.copyFile(join(ROOT, "dist", NAME), binary);
    const notRun = join(directory, "not-run");
    await Deno.writeTextFile(notRun, "");
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--sanitize-ops", "--sanitize-resources", ...(paths.length > 0 ? paths : ALL)],
      env: { [PRODUCT]: binary, [NOT_RUN]: notRun },
    }).spawn().status;
    const lines = (await Deno.readTextFile(notRun)).split("\n").filter((line) => line !== "");
    say(lines.length === 0 ? "every test was run" : lines.map((line) => `not run: ${line}`).join("\n"));
    return code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
