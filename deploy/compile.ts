/**
 * Makes the binary: bundles the program, then compiles the bundle, which needs a third of the room that the sources and their packages
 * need and no stack of its own. `deno task compile [--target TRIPLE]`.
 * @module
 */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stop, transform } from "esbuild";
import { z } from "zod";
import { V8_FLAGS } from "./v8_flags.ts";
import { COMMIT_MARK, NAME, VERSION } from "../src/version.ts";
import { billOfMaterials } from "./sbom.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const HOST = Deno.build.target;
/** Of the binary; `unknown` when none is given and there is no repository, as in an image's build. */
const REVISION = /^([0-9a-f]{40}|unknown)$/;

/** No programs, no foreign code, none from the network either. Where it reads and writes is known when it starts: a container or systemd confines that. */
const PERMISSIONS = [
  "--no-prompt",
  "--deny-import",
  "--allow-env",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-sys=uid,statfs",
];

/**
 * What V8 has compiled would be kept in the temporary directory under a name that everybody can guess, and be trusted: on a machine of
 * several users another one could put it there.
 */
const NO_CACHE = "--no-code-cache";

const mapSchema = z.object({ sources: z.array(z.string()) });

/** What `deno compile` makes binaries for. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/**
 * Compiles the program into `dist/`, with what it is made of and the SHA-256 sums of all beside it. The same sources and the same Deno
 * give the same bytes.
 * @param options.target what for, one of {@link TARGETS}; what this runs on unless given
 * @returns the binary's path
 */
export async function compile({ target = HOST }: { readonly target?: string } = {}): Promise<string> {
  const suffix = target === HOST ? "" : `-${target}`;
  const dist = join(ROOT, "dist");
  const binary = join(dist, `${NAME}${suffix}${target.includes("windows") ? ".exe" : ""}`);
  const revision = Deno.env.get("COMMIT")?.trim() || await commitOf(ROOT);
  if (!REVISION.test(revision)) throw new Error(`COMMIT is ${revision}; it must be a commit's whole hash`);
  await Deno.mkdir(dist, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: dist, prefix: "compiling-" });
  try {
    const made = join(folder, basename(binary));
    const { entry, files } = await makeBundle(folder, revision);
    const built = ["--no-config", "--quiet", ...PERMISSIONS, NO_CACHE, V8_FLAGS, "--target", target];
    await deno(["compile", ...built, "--output", made, entry], { isHost: target === HOST });
    if (target === HOST) await assertRuns(made, revision);
    // What could not be made leaves the last one as it is.
    await Deno.rename(made, binary);
    const lock: unknown = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock")));
    const bill = billOfMaterials({ files, lock, commit: revision, deno: Deno.version.deno });
    await Deno.writeTextFile(join(dist, `${NAME}.cdx.json`), `${JSON.stringify(bill, null, 2)}\n`);
    await Deno.writeTextFile(join(dist, "SHA256SUMS"), await sums(dist));
    return binary;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * The program in a few files, and those that it is made of. What only some commands need is in files of its own, which are read when
 * they are imported; and only among them does the bundler leave out what is never used of a library.
 */
async function makeBundle(folder: string, commit: string): Promise<{ entry: string; files: readonly string[] }> {
  const options = ["--quiet", "--platform", "deno", "--sourcemap=external", "--code-splitting"];
  await deno(["bundle", ...options, "--outdir", folder, join(ROOT, "main.ts")]);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const bundled = names.filter((name) => name.endsWith(".js")).map((name) => join(folder, name));
  const texts = await Promise.all(bundled.map(async (path) => shrink(await Deno.readTextFile(path))));
  await stop();
  const marked = withCommit(texts, commit);
  const sources = await Promise.all(bundled.map(async (path, index) => {
    await Deno.writeTextFile(path, marked[index] ?? "");
    // The binary tells when the file was written.
    await Deno.utime(path, 0, 0);
    return mapSchema.parse(JSON.parse(await Deno.readTextFile(`${path}.map`))).sources;
  }));
  return {
    entry: join(folder, "main.js"),
    files: [...new Set(sources.flat())].map((source) => resolve(folder, source)),
  };
}

/**
 * A file without comments and blanks, in ASCII, of which V8 holds a byte a character instead of two. Names stay, for stack traces.
 * `deno bundle --minify` does more than is right: it takes a `using x = f()` whose x is read once for a plain expression, and what
 * should be closed there stays open.
 */
async function shrink(bundle: string): Promise<string> {
  const { code } = await transform(bundle, { minifyWhitespace: true, target: "esnext", legalComments: "inline" });
  const [before, after] = [bundle, code].map((text) => text.match(/\busing [\w$]+ ?=/g)?.length);
  if (before !== after) throw new Error(`of ${before} declarations by using ${after} are left`);
  // Left over are literals of regular expressions, where this means the same, and comments.
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A `denort` of another version than this Deno makes a file that does not start, or does something else. */
async function assertRuns(binary: string, commit: string): Promise<void> {
  const said = (await output(binary, ["--version"])).trim();
  const expected = commit === "unknown" ? VERSION : `${VERSION} (${commit.slice(0, 12)})`;
  if (said !== expected) throw new Error(`the binary says that it is "${said}" instead of "${expected}"`);
}

/** The sums of everything that was made, for other systems too, as `sha256sum -c` reads them. */
async function sums(dist: string): Promise<string> {
  const made = [...Deno.readDirSync(dist)].map(({ name }) => name).filter((name) => name.startsWith(NAME)).sort();
  const lines = made.map(async (name) => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(join(dist, name)));
    return `${new Uint8Array(digest).toHex()}  ${name}\n`;
  });
  return (await Promise.all(lines)).join("");
}

function withCommit(texts: readonly string[], commit: string): readonly string[] {
  const places = texts.join("").split(COMMIT_MARK).length - 1;
  if (places !== 1) throw new Error(`the bundle has ${places} places for the commit instead of one`);
  return texts.map((text) => text.replace(COMMIT_MARK, commit));
}

/** The commit of a checkout; `unknown` of a folder that is none, though it may lie in one. */
export async function commitOf(folder: string): Promise<string> {
  if (!existsSync(join(folder, ".git"))) return "unknown";
  return (await output("git", ["-C", folder, "rev-parse", "HEAD"])).trim();
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, { args: [...args], stderr: "inherit" }).output();
  if (!success) throw new Error(`${program} ${args[0]} failed`);
  return new TextDecoder().decode(stdout);
}

/** @param options.isHost whether it is for this machine, whose `denort` makes no binary for another one */
async function deno(args: readonly string[], { isHost = true } = {}): Promise<void> {
  const { DENORT_BIN: denort = "", ...environment } = Deno.env.toObject();
  // To Deno an empty name is the name of a file.
  const env = isHost && denort !== "" ? { ...environment, DENORT_BIN: denort } : environment;
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...args], clearEnv: true, env }).spawn().status;
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
