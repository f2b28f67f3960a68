/**
 * The commands there are.
 * @module
 */
import assert from "node:assert/strict";
import { run } from "./command.ts";

/** Their first words, as the help of the program lists them. */
export async function listedCommands(): Promise<string[]> {
  const { out } = await run(["--help"]);
  const [, commands = ""] = out.split("Commands:\n");
  const listed = [...commands.split("\n\n", 1)[0]?.matchAll(/^ {2}([a-z]+)/gm) ?? []].map(([, name = ""]) => name);
  assert.ok(listed.length >= 9, out);
  return listed;
}
