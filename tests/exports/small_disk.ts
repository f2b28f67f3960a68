/**
 * A disk that is full soon.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestSandbox } from "../e2e/sandbox.ts";

/** Only root may mount. */
export const canMount: boolean = Deno.build.os === "linux" && Deno.uid() === 0;

/** Calls back with a folder that takes so many MiB. */
export async function withSmallDisk(
  sandbox: Pick<TestSandbox, "directory">,
  mebibytes: number,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = join(sandbox.directory, "small");
  await Deno.mkdir(directory);
  await run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700`, "tmpfs", directory);
  try {
    await use(directory);
  } finally {
    await run("umount", directory);
  }
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
