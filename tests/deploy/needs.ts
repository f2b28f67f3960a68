/**
 * What tests of the deployment need of a machine. One that cannot be run is left out by name, with the reason, and counts as nothing.
 * @module
 */
import { noteNotRun } from "../not_run.ts";

/** Looks for something that a test needs; says why it is not there, or nothing when it is. */
export type Need = () => string | undefined;

/**
 * Registers a test that needs something of its machine.
 * @param needs the first that is missing is the reason why the test is not run
 */
export function deployTest(name: string, needs: readonly Need[], test: (t: Deno.TestContext) => Promise<void>): void {
  const reason = lacking(needs);
  if (reason !== undefined) noteNotRun(`${name}: ${reason}`);
  Deno.test({ name, ignore: reason !== undefined, fn: test });
}

/** The reason of the first that is missing, nothing when all are there. */
export function lacking(needs: readonly Need[]): string | undefined {
  for (const need of needs) {
    const reason = need();
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** A program on the PATH, or by its path. */
export function program(name: string): Need {
  return () => succeeds("sh", ["-c", 'command -v "$0"', name]) ? undefined : `${name} is not installed`;
}

/** The superuser, as daemons and namespaces need. */
export const root: Need = () => Deno.uid() === 0 ? undefined : "not root";

/** Network namespaces, in which the daemons of a test meet nobody else's. */
export const networkNamespaces: Need = () => {
  const name = `needs-${Deno.pid}`;
  if (!succeeds("ip", ["netns", "add", name])) return "no network namespace can be made";
  succeeds("ip", ["netns", "del", name]);
  return undefined;
};

/** Whether a command can be started and ends well. */
export function succeeds(command: string, args: readonly string[]): boolean {
  try {
    return new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
