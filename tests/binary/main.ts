/**
 * `deno task test:binary [PATH…]`: makes the binary, then runs every end-to-end test against it. DENO_COMPILE names the Deno that
 * compiles, where that is another one than runs the tests; its `denort` comes from DENORT_BIN, or else from Deno's own site. Tells at its
 * end which tests cannot be run against a binary, and why. One that is run must start it, or fails: see `started.ts`.
 * @module
 */
import { fileURLToPath } from "node:url";
import { join, relative, resolve } from "node:path";
import { NAME } from "../../src/version.ts";
import { OF_A_MODULE, PRODUCT } from "../cli/product.ts";
import { runTests, say } from "../not_run.ts";
import { compileProblem } from "./compiled.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ALL = ["tests/e2e", "tests/cli"];

/** Files of which no test starts the binary, and why. Single tests like that say so by `ofSources`. */
const NOT_OF_BINARIES: Readonly<Record<string, string>> = {
  "tests/cli/crash_test.ts": "it adds code that throws to the sources",
  "tests/cli/dev_test.ts": "the tasks of deno.json run the sources",
  "tests/cli/keys_options_test.ts": OF_A_MODULE,
  "tests/cli/permissions_test.ts":
    "it is about Deno's flags, which a binary has compiled in: see tests/deploy/binary_suite.ts",
  "tests/cli/qr_test.ts": OF_A_MODULE,
};

/** Files with tests, relative to the project: of a folder all that are in it. Deno's own `--ignore` forgets folders but the first. */
function testsOf(path: string): string[] {
  const names = Deno.statSync(path).isDirectory
    ? [...Deno.readDirSync(path)].map(({ name }) => join(path, name))
    : [path];
  return names.filter((name) => name.endsWith("_test.ts")).map((name) => relative(ROOT, name)).sort();
}

/** The exit code of the tests; 1 when there is no binary to test. */
async function main(given: readonly string[]): Promise<number> {
  const problem = await compileProblem();
  if (problem !== undefined) {
    say(`test:binary: ${problem}; nothing was tested`);
    return 1;
  }
  const all = (given.length > 0 ? given : ALL).flatMap((path) => testsOf(resolve(ROOT, path)));
  const files = all.filter((file) => !(file in NOT_OF_BINARIES));
  const left = all.flatMap((file) => NOT_OF_BINARIES[file] === undefined ? [] : [`${file}: ${NOT_OF_BINARIES[file]}`]);
  if (files.length === 0) {
    say(`test:binary: no test of a binary is named\n${left.map((line) => `not run: ${line}`).join("\n")}`);
    return 1;
  }
  const directory = await Deno.makeTempDir();
  try {
    // Alone in a folder of its own, and no other one when somebody compiles meanwhile.
    const binary = join(directory, NAME);
    await Deno.copyFile(join(ROOT, "dist", NAME), binary);
    return await runTests([
      ...["--sanitize-ops", "--sanitize-resources"],
      // What runs the product in a process of its own shares next to nothing with another file's tests.
      "--parallel",
      `--preload=${join(ROOT, "tests/binary/started.ts")}`,
      ...files.map((file) => join(ROOT, file)),
    ], { env: { [PRODUCT]: binary }, left });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
