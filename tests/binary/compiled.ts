/**
 * The binary that tests run: compiled anew, by the Deno that DENO_COMPILE names where that is another one than runs the tests.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

let compiled: Promise<string | undefined> | undefined;

/** As {@link compileProblem}, once for all that ask. */
export function compileOnce(): Promise<string | undefined> {
  return compiled ??= compileProblem();
}

/** Compiles into `dist/`; says why there is no binary, if there is none. */
export async function compileProblem(): Promise<string | undefined> {
  const denort = Deno.env.get("DENORT_BIN");
  if (denort && !existsSync(denort)) return `DENORT_BIN names ${denort}, which does not exist`;
  const deno = Deno.env.get("DENO_COMPILE") || Deno.execPath();
  try {
    const compiling = new Deno.Command(deno, { args: ["run", "-A", join(ROOT, "deploy/compile.ts")], cwd: ROOT });
    const { success } = await compiling.spawn().status;
    if (success) return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `DENO_COMPILE names ${deno}, which does not exist`;
  }
  return "the binary could not be compiled: it needs a denort of the same version as Deno, from DENORT_BIN or from Deno's own site";
}
