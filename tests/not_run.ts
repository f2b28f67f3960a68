/**
 * Tests that cannot be run here: left out by name, with the reason, and told at the end of a run. They never count as passed.
 * @module
 */
import { join } from "node:path";

/** Variable: the file to which the tests that were not run are added, a line each. */
const NOT_RUN = "TEST_NOT_RUN";

/** Says that a test was not run, and why. */
export function noteNotRun(line: string): void {
  const file = Deno.env.get(NOT_RUN);
  if (file === undefined) say(`not run: ${line}`);
  else Deno.writeTextFileSync(file, `${line}\n`, { append: true });
}

/** What {@link runTests} takes besides the arguments of `deno test`. */
export interface RunTestsOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What is known not to be run before it begins, a line each. */
  readonly left?: readonly string[];
}

/** Runs `deno test`, and tells at its end what was not run. @returns its exit code */
export async function runTests(
  args: readonly string[],
  { env = {}, left = [] }: RunTestsOptions = {},
): Promise<number> {
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "not-run");
    await Deno.writeTextFile(file, left.map((line) => `${line}\n`).join(""));
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", ...args],
      env: { ...env, [NOT_RUN]: file },
    }).spawn().status;
    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n").filter((line) => line !== "");
    say(lines.length === 0 ? "every test was run" : lines.map((line) => `not run: ${line}`).join("\n"));
    return code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes a line to standard error. */
export function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}
