/**
 * Makes the binary: bundles the program, then compiles the bundle, which needs a third of the room that the sources and their packages
 * need and no stack of its own. `deno task compile [--target TRIPLE]`.
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { V8_FLAGS } from "./v8_flags.ts";
import { COMMIT_MARK, NAME } from "../src/version.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const HOST = Deno.build.target;

/** No programs, no foreign code. Where it reads and writes is known when it starts: a container or systemd confines that. */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-env",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-sys=uid,statfs",
];

/** CommonJS packages ask for Node's modules; Deno 2.7's bundles bring nothing that answers them. */
const REQUIRE =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);\n';

/**
 * Compiles the program into `dist/`.
 * @param options.target what for, one of `deno compile`'s triples; what this runs on unless given
 * @returns the binary's path
 */
export async function compile({ target = HOST }: { readonly target?: string } = {}): Promise<string> {
  const suffix = target === HOST ? "" : `-${target}`;
  const binary = `${ROOT}dist/${NAME}${suffix}${target.includes("windows") ? ".exe" : ""}`;
  const bundle = `${ROOT}dist/${NAME}.js`;
  await Deno.mkdir(`${ROOT}dist`, { recursive: true });
  await deno(["bundle", "--quiet", "--platform", "deno", "--minify", "--output", bundle, `${ROOT}main.ts`]);
  await Deno.writeTextFile(bundle, withCommit(await Deno.readTextFile(bundle), await commit()));
  const built = ["--no-config", "--quiet", ...PERMISSIONS, V8_FLAGS, "--target", target, "--output", binary, bundle];
  // A `denort` of this machine makes no binary for another one.
  await deno(["compile", ...built], target === HOST ? {} : { DENORT_BIN: "" });
  await Deno.remove(bundle);
  return binary;
}

function withCommit(bundle: string, commit: string): string {
  const parts = bundle.split(COMMIT_MARK);
  if (parts.length !== 2) throw new Error(`the bundle has ${parts.length - 1} places for the commit instead of one`);
  const head = /\bcreateRequire\b.{0,80}\bnode:module\b/.test(bundle.slice(0, 1000)) ? "" : REQUIRE;
  return head + parts.join(commit);
}

/** COMMIT, for where there is no repository, as in an image's build. */
async function commit(): Promise<string> {
  const given = Deno.env.get("COMMIT")?.trim();
  if (given) return given;
  const git = new Deno.Command("git", { args: ["-C", ROOT, "rev-parse", "HEAD"], stderr: "inherit" });
  const { success, stdout } = await git.output();
  if (!success) throw new Error("no commit: set COMMIT, or compile in a clone");
  return new TextDecoder().decode(stdout).trim();
}

async function deno(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...args], env }).spawn().status;
  if (!success) throw new Error(`deno ${args[0]} failed`);
}

if (import.meta.main) {
  const { values } = parseArgs({ args: Deno.args, options: { target: { type: "string" } } });
  // deno-lint-ignore no-console
  console.log(await compile(values));
}
