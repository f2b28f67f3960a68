/**
 * What compiling does where it cannot: it says so, and leaves what was made before.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { commitOf } from "../../deploy/compile.ts";
import { compileProblem } from "../binary/compiled.ts";
import { type Ran, result, start } from "../cli/command.ts";
import { deployTest, type Need, program } from "./needs.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DIST = join(ROOT, "dist");
/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:9";
const REFUSED =
  "the binary could not be compiled: it needs a denort of the same version as Deno, from DENORT_BIN or from Deno's own site";

/** By what the tests run and a binary is compiled are two Denos, each of which needs a denort of its own. */
const otherDenort: Need = () =>
  Deno.env.get("DENORT_BIN") && Deno.env.get("DENO_COMPILE") ? undefined : "no denort of another version is at hand";

/** Variables that say by what is compiled, less what the tests change. */
function givenVariables(): Record<string, string> {
  const names = ["DENO_COMPILE", "DENO_TLS_CA_STORE", "COMMIT"];
  return Object.fromEntries(names.flatMap((name) => Deno.env.has(name) ? [[name, Deno.env.get(name) ?? ""]] : []));
}

/** Once for all tests, so that there is something to lose. */
let compiled: Promise<string | undefined> | undefined;

/** Runs `deno task test:binary`, which must leave the binary that there was. */
async function testBinary(variables: Readonly<Record<string, string>>): Promise<Ran> {
  compiled ??= compileProblem();
  assert.equal(await compiled, undefined);
  const before = await contents();
  const args = ["run", "-A", join(ROOT, "tests/binary/main.ts"), "tests/e2e"];
  const tried = await ran(Deno.execPath(), args, { ...givenVariables(), ...variables });
  assert.deepEqual(await contents(), before);
  return tried;
}

/** The names and sizes of what is in `dist/`, and the sums. */
async function contents(): Promise<readonly unknown[]> {
  const names = [...Deno.readDirSync(DIST)].map(({ name }) => name).sort();
  const sums = await ran("sha256sum", names.map((name) => join(DIST, name)));
  return [sums.code, sums.out];
}

function assertRefused({ code, err }: Ran, why: RegExp): void {
  assert.equal(code, 1, err);
  assert.match(err, why);
  assert.ok(err.endsWith(`test:binary: ${REFUSED}; nothing was tested\n`), err);
}

/** Fills a folder so that Deno finds in it all that it has downloaded but `denort`. */
async function linkWithoutDenort(folder: string): Promise<void> {
  const { out } = await ran(Deno.env.get("DENO_COMPILE") || Deno.execPath(), ["info", "--json"]);
  const { denoDir } = z.object({ denoDir: z.string() }).parse(JSON.parse(out));
  const downloads = join(folder, "dl");
  await Deno.mkdir(downloads);
  for (const [from, to, left] of [[denoDir, folder, "dl"], [join(denoDir, "dl"), downloads, "release"]] as const) {
    for (const { name } of Deno.readDirSync(from)) {
      if (name !== left) await Deno.symlink(join(from, name), join(to, name));
    }
  }
}

async function ran(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  await using running = start(program, args, variables);
  return await result(running);
}

deployTest(
  "test:binary: where Deno's own site cannot be reached and no denort is named, it says so and ends with 1",
  [],
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await linkWithoutDenort(folder);
      // To Deno an empty name would be the name of a file.
      for (const unset of [[], [["DENORT_BIN", ""]]]) {
        assertRefused(
          await testBinary({ DENO_DIR: folder, HTTPS_PROXY: NOWHERE, ...Object.fromEntries(unset) }),
          /denort-.*\.zip/,
        );
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

deployTest("test:binary: by a file that is no denort nothing is tested", [], async () => {
  assertRefused(await testBinary({ DENORT_BIN: "/bin/true" }), /says that it is "true /);
});

deployTest("test:binary: a denort of another version makes nothing that is tested", [otherDenort], async () => {
  const variables = { DENORT_BIN: Deno.env.get("DENORT_BIN") ?? "", DENO_COMPILE: "" };
  assertRefused(await testBinary(variables), /--version failed|says that it is/);
});

deployTest(
  "compile: the commit is that of the checkout, and unknown where there is none",
  [program("git")],
  async () => {
    const within = await Deno.makeTempDir({ dir: ROOT });
    try {
      assert.match(await commitOf(ROOT), /^[0-9a-f]{40}$/);
      assert.equal(await commitOf(within), "unknown");
    } finally {
      await Deno.remove(within);
    }
  },
);

deployTest("compile: for another system no denort of this one is taken", [], async () => {
  const folder = await Deno.makeTempDir();
  try {
    await linkWithoutDenort(folder);
    const deno = Deno.env.get("DENO_COMPILE") || Deno.execPath();
    const variables = { ...givenVariables(), DENO_DIR: folder, HTTPS_PROXY: NOWHERE, DENORT_BIN: "/bin/true" };
    const args = ["run", "-A", join(ROOT, "deploy/compile.ts"), "--target", "aarch64-apple-darwin"];
    const { code, err } = await ran(deno, args, variables);
    assert.deepEqual([code, /denort-aarch64-apple-darwin\.zip/.test(err)], [1, true], err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
