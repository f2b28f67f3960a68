/**
 * The commands `keys …` as the command line knows them.
 * @module
 */
import type { Command } from "commander";

/**
 * Adds them to a program.
 * @param onEnd told the exit code of one that has ended
 */
export function addKeysCommands(program: Command, onEnd: (code: number) => void): void {
  const keys = program.command("keys").description("API keys: who may ask the server, for what, and how often");
  const gathered = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  keys.command("create")
    .description("make a key and print it, this once; beside a running server it is good at once")
    .requiredOption("--name <name>", "what you will know it by")
    .option("--scope <scopes>", "read, export, admin, metrics; separated by commas (default: read,export)", gathered)
    .option("--chat <chats>", "only these: @name, id or link, separated by commas; may be repeated", gathered)
    .option("--expires <duration>", "when it ends by itself: 90d, 12h, 30m")
    .option("--rate <rate>", "at most so many requests: 60/min, 10/s, 1000/h")
    .option("--json", "print JSON")
    .action(async (options: unknown) => {
      const { createKey } = await import("./keys_create.ts");
      onEnd(await createKey(options));
    });
  keys.command("list")
    .description("all keys there are and were")
    .option("--json", "print JSON")
    .action(async (options: unknown) => {
      const { listKeys } = await import("./keys.ts");
      onEnd(listKeys(options));
    });
  keys.command("show <key>")
    .description("what is known of a key, by its name or id")
    .option("--json", "print JSON")
    .action(async (key: string, options: unknown) => {
      const { showKey } = await import("./keys.ts");
      onEnd(showKey(key, options));
    });
  keys.command("revoke <key>")
    .description("take a key back, by its name or id: it is refused at once, and its streams end")
    .option("--json", "print JSON")
    .action(async (key: string, options: unknown) => {
      const { revokeKey } = await import("./keys.ts");
      onEnd(revokeKey(key, options));
    });
  keys.command("rotate <key>")
    .description("print another key in place of one, by its name or id; exports and cursors stay")
    .option("--grace <duration>", "how long the former one is accepted too: 24h, 30m (default: not at all)")
    .option("--expires <duration>", "when the key ends by itself, counted from now: 90d, 12h, 30m")
    .option("--json", "print JSON")
    .action(async (key: string, options: unknown) => {
      const { rotateKey } = await import("./keys.ts");
      onEnd(rotateKey(key, options));
    });
}
