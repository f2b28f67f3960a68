/**
 * Runs the suite with npm `teleproto`, a fork of GramJS, behind the product's door in place of GramJS: `deno task
 * test:teleproto`. It runs in a copy of the tree whose configuration swaps the package, so that the processes that tests
 * start are swapped too. The sandbox keeps GramJS.
 *
 * Its releases speak layers 214 (214.1.7), 223, 228 and 229, and the sandbox answers in layer 198 only, as constructors such as
 * `message` and `user` differ; so 214.1.7, the one whose modules are still GramJS's, is given that layer's schema. Its
 * network, encryption, packing and TL reading are its own.
 * @module
 */
import { cp } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LEFT_BEHIND = new Set([".git", "data", "dist", "node_modules"]);
const VERSION = "214.1.7";
const LAYER_198 = "./tests/teleproto/layer_198.ts";

/** It counts the methods of GramJS's own classes, one by one; another library has more. */
const GRAMJS_ONLY = "tests/mtproto/read_only_test.ts";

const configSchema = z.looseObject({ imports: z.record(z.string(), z.string()) });

/** The configuration with the package swapped everywhere but in the sandbox and in this folder. */
function swapped(text: string): string {
  const config = configSchema.parse(JSON.parse(text));
  const { telegram = "", "telegram/": parts = "" } = config.imports;
  const gram = { telegram, "telegram/": parts };
  return JSON.stringify({
    ...config,
    lock: { frozen: false },
    imports: {
      ...config.imports,
      telegram: `npm:teleproto@${VERSION}`,
      "telegram/": `npm:/teleproto@${VERSION}/`,
      "telegram/tl/AllTLObjects.js": LAYER_198,
      "telegram/tl/apiTl.js": `${parts}tl/apiTl.js`,
      "telegram/tl/schemaTl.js": `${parts}tl/schemaTl.js`,
      "./src/mtproto/before_gramjs.ts": LAYER_198,
    },
    scopes: {
      "./sandbox/": { ...gram, "telegram/tl/AllTLObjects.js": `${parts}tl/AllTLObjects.js` },
      "./tests/teleproto/": gram,
    },
  });
}

/** Throws unless the product in the copy gets its network from the other package. */
async function assertSwapped(directory: string): Promise<void> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json", "main.ts"], cwd: directory });
  const modules = new TextDecoder().decode((await info.output()).stdout);
  if (!modules.includes(`npm:/teleproto@${VERSION}/network/index.js`)) {
    throw new Error("teleproto is not behind the door");
  }
}

/** Runs tests in the copy; their exit code. @param tests files and folders */
async function run(tests: readonly string[]): Promise<number> {
  const directory = await Deno.makeTempDir({ prefix: "teleproto-" });
  try {
    await cp(ROOT, directory, {
      recursive: true,
      filter: (path) => !LEFT_BEHIND.has(relative(ROOT, path).split("/")[0] ?? ""),
    });
    await Deno.writeTextFile(join(directory, "deno.json"), swapped(await Deno.readTextFile(join(ROOT, "deno.json"))));
    await assertSwapped(directory);
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--sanitize-ops", "--sanitize-resources", `--ignore=${GRAMJS_ONLY}`, ...tests],
      cwd: directory,
    }).spawn().status;
    return code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await run(Deno.args.length > 0 ? Deno.args : ["tests/"]));
