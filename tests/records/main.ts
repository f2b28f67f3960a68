/**
 * Runs the suite and then looks at what it has left behind as a whole: `deno task test`. What it looks for no test can see by
 * itself: that nothing was ever sent but what may be, and that no log held what logs must not.
 * @module
 */
import { readRecords } from "./folder.ts";
import { problemsOf } from "./judge.ts";
import { RECORDS_VARIABLE } from "../../sandbox/record.ts";

const FLAGS = ["test", "-A", "--no-check", "--sanitize-ops", "--sanitize-resources"];

/** What runs the product in a process of its own shares next to nothing with another file's tests. */
const APART = ["tests/cli/", "tests/e2e/"];
/** Of all tests, first those that bear company. */
const ALL = [["--parallel", ...APART], [`--ignore=${APART.join(",")}`, "tests/"]];

/** Runs tests; the exit code. @param tests files and folders; all without any */
async function run(tests: readonly string[]): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "records-" });
  try {
    let code = 0;
    for (const args of tests.length > 0 ? [tests] : ALL) {
      const testing = new Deno.Command(Deno.execPath(), {
        args: [...FLAGS, ...args],
        env: { [RECORDS_VARIABLE]: folder },
      });
      code = (await testing.spawn().status).code || code;
    }
    const records = await readRecords(folder);
    // Some files by themselves may well start no sandbox.
    const problems = await problemsOf(records, { isWhole: tests.length === 0 });
    const { methods, written } = records;
    say(`records: ${methods.size} methods received, ${written.length} logs and outputs looked through`);
    for (const problem of problems) say(`records: ${problem}`);
    return problems.length > 0 ? code || 1 : code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await run(Deno.args));
