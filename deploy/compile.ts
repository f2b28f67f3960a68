/**
 * Makes the binary: bundles the program, then compiles the bundle, which needs less room than the sources and their packages
 * do and no stack of its own. `deno task compile [--target TRIPLE]`.
 * @module
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { V8_FLAGS } from "./v8_flags.ts";
import { COMMIT_MARK, NAME } from "../src/version.ts";
import { billOfMaterials } from "./sbom.ts";

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

/** What `deno compile` makes binaries for. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/**
 * Compiles the program into `dist/`, with what it is made of and the SHA-256 sums of both beside it.
 * @param options.target what for, one of {@link TARGETS}; what this runs on unless given
 * @returns the binary's path
 */
export async function compile({ target = HOST }: { readonly target?: string } = {}): Promise<string> {
  const suffix = target === HOST ? "" : `-${target}`;
  const dist = join(ROOT, "dist");
  const binary = join(dist, `${NAME}${suffix}${target.includes("windows") ? ".exe" : ""}`);
  const bundle = join(dist, `${NAME}.js`);
  const revision = await commit();
  await Deno.mkdir(dist, { recursive: true });
  // Not minified: that takes a `using x = f()` whose x is read once for a plain expression, and what it opened stays open.
  await deno(["bundle", "--quiet", "--platform", "deno", "--output", bundle, join(ROOT, "main.ts")]);
  await Deno.writeTextFile(bundle, withCommit(await Deno.readTextFile(bundle), revision));
  const built = ["--no-config", "--quiet", ...PERMISSIONS, V8_FLAGS, "--target", target, "--output", binary, bundle];
  // A `denort` of this machine makes no binary for another one.
  await deno(["compile", ...built], target === HOST ? {} : { DENORT_BIN: "" });
  await Deno.remove(bundle);
  const materials = join(dist, `${NAME}.cdx.json`);
  const info = JSON.parse(await output(Deno.execPath(), ["info", "--json", join(ROOT, "main.ts")]));
  const lock = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock")));
  await Deno.writeTextFile(
    materials,
    `${JSON.stringify(billOfMaterials({ info, lock, commit: revision }), null, 2)}\n`,
  );
  await Deno.writeTextFile(join(dist, "SHA256SUMS"), await sums([binary, materials]));
  return binary;
}

/** As `sha256sum -c` reads them. */
async function sums(files: readonly string[]): Promise<string> {
  const lines = files.map(async (file) => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
    return `${new Uint8Array(digest).toHex()}  ${basename(file)}\n`;
  });
  return (await Promise.all(lines)).join("");
}

function withCommit(bundle: string, commit: string): string {
  const parts = bundle.split(COMMIT_MARK);
  if (parts.length !== 2) throw new Error(`the bundle has ${parts.length - 1} places for the commit instead of one`);
  return parts.join(commit);
}

/** COMMIT says it where there is no repository, as in an image's build. */
async function commit(): Promise<string> {
  const given = Deno.env.get("COMMIT")?.trim();
  if (given) return given;
  return (await output("git", ["-C", ROOT, "rev-parse", "HEAD"])).trim();
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, { args: [...args], stderr: "inherit" }).output();
  if (!success) throw new Error(`${program} ${args[0]} failed`);
  return new TextDecoder().decode(stdout);
}

async function deno(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...args], env }).spawn().status;
  if (!success) throw new Error(`deno ${args[0]} failed`);
}

/** The exit code: 2 for arguments that are not right. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    say(`usage: deno task compile [--target TRIPLE], of ${TARGETS.join(", ")}`);
    return 2;
  }
  say(await compile(options));
  return 0;
}

function readOptions(args: readonly string[]): { readonly target?: string } | undefined {
  try {
    const { values } = parseArgs({ args: [...args], options: { target: { type: "string" } } });
    return values.target === undefined || TARGETS.includes(values.target) ? values : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
