/**
 * The sandbox for the tests of this folder, which speak to it with clients of their own, also with methods that the product may
 * never send: these do not go into the suite's record of what the product has sent.
 * @module
 */
import { type SandboxProcess, startSandbox as startProcess } from "./process.ts";

export type { SandboxProcess };

/** Starts `sandbox/main.ts` with more flags; see `process.ts`. */
export function startSandbox(flags: readonly string[] = []): Promise<SandboxProcess> {
  return startProcess(flags, { client: "other" });
}
