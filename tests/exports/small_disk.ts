/**
 * A disk that is full soon, and other mount points.
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

/** Calls back while something is mounted on a folder: a disk of its own, or a folder of the same disk. */
export async function withMounted<T>(
  folder: string,
  from: "tmpfs" | { readonly folder: string },
  use: () => Promise<T>,
): Promise<T> {
  for (const each of [folder, ...from === "tmpfs" ? [] : [from.folder]]) {
    await Deno.mkdir(each, { recursive: true, mode: 0o700 });
  }
  if (from === "tmpfs") await run("mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", folder);
  else await run("mount", "--bind", from.folder, folder);
  try {
    return await use();
  } finally {
    await run("umount", folder);
  }
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
