/**
 * Readers of Telegram Desktop's `result.json` that others have written, in Python.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const chatSchema = z.strictObject({
  id: z.int(),
  name: z.string(),
  kind: z.string(),
  topics: z.record(z.string(), z.string()),
});
const messageSchema = z.strictObject({
  id: z.int(),
  date: z.string(),
  service: z.boolean(),
  sender: z.strictObject({ id: z.string(), name: z.string() }),
  text: z.string(),
  topic: z.int().optional(),
  reply: z.int().optional(),
  forward: z.string().optional(),
  mentions: z.array(z.string()),
  reactions: z.record(z.string(), z.int()),
  media: z.array(
    z.strictObject({
      type: z.string(),
      name: z.string().nullable(),
      mime: z.string().nullable(),
      size: z.int().nullable(),
    }),
  ),
  edited: z.boolean().optional(),
  question: z.string().optional(),
  parts: z.array(z.tuple([z.string().nullable(), z.string(), z.string().nullable()])).optional(),
});

/** A message as the readers found it; dates without a zone, what it does not have is absent or null. */
export type ReadMessage = z.infer<typeof messageSchema>;

/** A `result.json` as the readers found it. */
export interface ReadFile {
  readonly chat: z.infer<typeof chatSchema>;
  readonly messages: readonly ReadMessage[];
}

/**
 * Installs the readers.
 * @param directory where they and a Python environment of their own go
 * @returns what reads the `result.json` at a path
 */
export async function installReaders(directory: string): Promise<(path: string) => Promise<ReadFile>> {
  const python = join(directory, "python", "bin", "python");
  await run("python3", "-m", "venv", join(directory, "python"));
  // What they need besides is for their commands and windows; they read with Python alone.
  const pinned = ["--no-deps", "--require-hashes", "--requirement", here("requirements.txt")];
  await run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...pinned);
  return async (path) => {
    const [chat, ...messages] = (await run(python, here("readers.py"), path)).trimEnd().split("\n");
    return {
      chat: chatSchema.parse(JSON.parse(chat ?? "")),
      messages: messages.map((line) => messageSchema.parse(JSON.parse(line))),
    };
  };
}

async function run(program: string, ...args: string[]): Promise<string> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
    if (success) return new TextDecoder().decode(stdout);
    throw new Error(`${program} ${args.join(" ")} failed:\n${new TextDecoder().decode(stderr)}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("Python is needed: install Python 3.11 or newer with `venv`, and put `python3` on the PATH.");
  }
}
