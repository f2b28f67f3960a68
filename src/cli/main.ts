/**
 * The command line: reads arguments, runs a command, turns errors into sentences and exit codes.
 * @module
 */
import { Command, CommanderError } from "commander";
import { optionsText } from "../config/reference.ts";
import { toAppError } from "../errors.ts";
import { NAME, RELEASE } from "../version.ts";
import { quietConsole } from "../observability/console.ts";
import { addKeysCommands } from "./keys_commands.ts";
import { writeToStderr } from "../observability/output.ts";
import { endOnCrash } from "./crash.ts";
import { explain } from "./explain.ts";
import { giveUp } from "./permissions.ts";

/** Exit codes: 0 done, 1 failed, 2 used wrongly, 130 interrupted, 141 the reader of standard output has gone. */
export async function main(args: readonly string[]): Promise<number> {
  endOnCrash();
  quietConsole();
  // Commands are loaded when they run: a container's health is asked for every ten seconds, and needs little of it all.
  let code = 0;
  const program = new Command(NAME)
    .description("A read-only MCP server for the Telegram history its owner can see.")
    .version(RELEASE, "--version", "print the version")
    .helpOption("-h, --help", "print this")
    .addHelpText("after", () => `\nEnvironment variables:\n${optionsText()}`)
    .exitOverride()
    .hook("preAction", (_, command) => giveUp(firstWord(command)));
  program.command("serve", { isDefault: true })
    .description("serve MCP over HTTP (what happens without a command)")
    .action(async () => {
      const { serveUntilStopped } = await import("./serve.ts");
      code = await serveUntilStopped();
    });
  program.command("export <chat>")
    .description("write a chat's history to a file, oldest message first; a running server is asked to do it")
    .requiredOption(
      "--out <file>",
      "where to; with / at its end a folder, which gets a manifest too; - for standard output",
    )
    .option("--format <format>", "ndjson (one JSON message a line), json, csv, markdown or html", "ndjson")
    .option("--from <date>", "inclusive: RFC 3339 with zone, age (24h, 7d, 2w) or #ID")
    .option("--to <date>", "exclusive, same forms")
    .option("--tz <zone>", "IANA time zone for dates without one")
    .option("--topic <topic>", "id, exact title or general, of a forum")
    .option("--sender <sender>", "id, @name, me, or exact display name in the chat")
    .option("--type <type>", "text, media, photo, video, document, link, ...")
    .option("--download-media", "the messages' files too, into media/ of the folder")
    .option("--delta-of <id>", "only what came, was edited or deleted since that export")
    .option("--takeout", "within a takeout of Telegram's, which you may have to allow in an app")
    .option("--limit <n>", "at most so many messages")
    .option("--force", "replace the file if it exists")
    .action(async (chat: string, options: unknown) => {
      const { exportChat } = await import("./export.ts");
      code = await exportChat(chat, options);
    });
  program.command("render <file>")
    .description("turn an exported file into another format, without Telegram")
    .requiredOption("--format <format>", "json (as Telegram Desktop's), csv, markdown or html")
    .requiredOption("--out <folder>", "where to")
    .option("--tz <zone>", "IANA time zone that dates are shown in", "UTC")
    .option("--force", "replace files that exist")
    .action(async (file: string, options: unknown) => {
      const { render } = await import("./render.ts");
      code = await render(file, options);
    });
  program.command("verify <folder>")
    .description("check a finished export: every file, every line and every number of its manifest")
    .action(async (folder: string) => {
      const { verify } = await import("./verify.ts");
      code = await verify(folder);
    });
  program.command("login")
    .description("sign a Telegram account in, by QR code unless told otherwise, and store the session")
    .option("--phone [number]", "by a code that Telegram sends")
    .option("--import", "by a string session of GramJS, Telethon or Pyrogram; it is asked for")
    .option("--print", "print the session on standard output and store nothing")
    .option("--again", "although an account is signed in; its session is not ended")
    .action(async (options: unknown) => {
      const { login } = await import("./login.ts");
      code = await login(options);
    });
  program.command("logout")
    .description("end the session at Telegram's and remove it here")
    .action(async () => {
      const { logout } = await import("./logout.ts");
      code = await logout();
    });
  program.command("whoami")
    .description("say which account is signed in")
    .option("--json", "as one JSON object")
    .action(async (options: unknown) => {
      const { whoami } = await import("./whoami.ts");
      code = await whoami(options);
    });
  addKeysCommands(program, (ended) => code = ended);
  const audit = program.command("audit").description("see what was called, by whom, and how it ended");
  audit.command("tail")
    .description("print the latest records: time, who, tool, outcome, messages, duration, address, chats")
    .option("-n, --lines <n>", "at most so many", "20")
    .option("-f, --follow", "go on with those that come")
    .option("--key <key>", "only those of one key, by its name or id; local is this machine")
    .option("--tool <tool>", "only those of one tool; also export, download, download link, media link, resources/read")
    .option("--since <when>", "only from then on: an age (30m, 2h, 7d, 2w) or RFC 3339 with zone")
    .option("--json", "one JSON object a line")
    .action(async (options: unknown) => {
      const { auditTail } = await import("./audit.ts");
      code = await auditTail(options);
    });
  program.command("backup <file>")
    .description("write the data directory to a file, less the files of exports, beside a running server too")
    .option("--force", "replace the file if it exists")
    .action(async (file: string, options: unknown) => {
      const { backup } = await import("./backup.ts");
      code = await backup(file, options);
    });
  program.command("restore <file>")
    .description("fill the data directory from what backup wrote; no server may run with it")
    .option("--force", "although there is something in it, which is kept in a folder of it")
    .action(async (file: string, options: unknown) => {
      const { restore } = await import("./restore.ts");
      code = await restore(file, options);
    });
  program.command("healthcheck")
    .description("ask the running server whether it lives; for containers")
    .action(async () => {
      const { healthcheck } = await import("./healthcheck.ts");
      code = await healthcheck();
    });
  program.command("doctor")
    .description("look for what is wrong: configuration, data directory, disk, clock, network, session, listener")
    .option("--json", "print JSON")
    .action(async (options: unknown) => {
      const { doctor } = await import("./doctor.ts");
      code = await doctor(options);
    });
  const [first] = args;
  const commands = program.commands.map((command) => command.name());
  if (first !== undefined && !first.startsWith("-") && ![...commands, "help"].includes(first)) {
    writeToStderr(`${NAME}: there is no command ${JSON.stringify(first)}; the commands are ${commands.join(", ")}.\n`);
    return 2;
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    writeToStderr(`${NAME}: ${explain(error)}`);
    return toAppError(error).code === "INPUT_VALIDATION" ? 2 : 1;
  }
}

/** `keys` of `keys create`. */
function firstWord(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : firstWord(parent);
}
