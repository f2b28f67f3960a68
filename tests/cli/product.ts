/**
 * What tests start as the product: its sources, or the binary that PRODUCT names (`deno task test:binary`).
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { permissionFlags } from "../../sandbox/permissions.ts";
import { noteNotRun } from "../not_run.ts";

/** Variable: the binary to start in place of the sources. */
export const PRODUCT = "PRODUCT";

/** The binary, if there is one. */
export const BINARY: string | undefined = (() => {
  const path = Deno.env.get(PRODUCT);
  return path === undefined || path === "" ? undefined : resolve(path);
})();

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

let started = 0;

/** How often a test of this file has asked for the product by {@link product}. */
export function startedCount(): number {
  return started;
}

/** A program and its arguments. */
export type Words = readonly [program: string, ...args: string[]];

/**
 * How to start the product: from its sources with no more permissions than it needs, or the binary with what it was compiled with.
 * @param options.flags Deno's own in place of those permissions; a binary has none
 */
export function product(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  { flags }: { readonly flags?: readonly string[] } = {},
): Words {
  started++;
  if (BINARY !== undefined) return [BINARY, ...args];
  const allowed = flags ??
    permissionFlags({ args, environment: { ...baseEnvironment(), ...environment }, cwd: Deno.cwd() });
  return [Deno.execPath(), "run", ...allowed, MAIN, ...args];
}

/** Variables that every process needs, the tests' own configuration left out. */
export function baseEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "DENO_DIR", "TMPDIR", "TEST_RECORDS"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** Whether what is started as {@link product} says is a server: what it writes is a log. */
export function isServer([program, ...args]: Words): boolean {
  return args.includes("serve") || args.includes("dev") || args.at(-1) === MAIN ||
    (program === BINARY && args.length === 0);
}

/** A reason of {@link ofSources}. */
export const OF_A_MODULE = "it is about a module alone";

/**
 * Registers a test that a binary cannot pass or fail: of modules, of Deno's own flags. Beside a binary it is not run, and said so.
 * @param reason why
 * @param options.ignore as of `Deno.test`
 */
export function ofSources(
  reason: string,
  name: string,
  test: (t: Deno.TestContext) => void | Promise<void>,
  { ignore = false }: { readonly ignore?: boolean } = {},
): void {
  const isLeftOut = BINARY !== undefined;
  if (isLeftOut) noteNotRun(`${name}: ${reason}`);
  Deno.test({ name, ignore: isLeftOut || ignore, fn: test });
}
