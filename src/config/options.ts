/**
 * The options of the program, one table: what `load.ts` reads and what `--help` and the reference print.
 * @module
 */
import * as z from "zod";
import { ACCESS_OPTIONS } from "./access_options.ts";
import { byteSize, socks5Proxy, testDc } from "./formats.ts";
import { type DefaultContext, type Option, secret, wholeNumber } from "./option_types.ts";

/** With less not even one page of messages is sure to fit. */
const LEAST_EXPORT_BYTES = 1_000_000;

/** `$XDG_STATE_HOME` counts only when absolute: https://specifications.freedesktop.org/basedir-spec/latest/ */
function defaultDataDir({ env }: DefaultContext): string | undefined {
  const state = env("XDG_STATE_HOME");
  if (state?.startsWith("/")) return `${state}/telegram-toolkit-mcp`;
  const home = env("HOME") ?? env("USERPROFILE");
  return home && `${home}/.local/state/telegram-toolkit-mcp`;
}

/** Every option by the name of its variable. */
export const OPTIONS = {
  TELEGRAM_API_ID: {
    type: wholeNumber(1, 2_147_483_647),
    expects: "the number shown at https://my.telegram.org/apps",
    example: "123456",
    help: "The api_id of your Telegram application.",
  },
  TELEGRAM_API_HASH: {
    type: secret(/^[0-9a-f]{32}$/i),
    secret: true,
    expects: "32 hexadecimal digits, shown at https://my.telegram.org/apps",
    example: "0123456789abcdef0123456789abcdef",
    help: "The api_hash of your Telegram application.",
  },
  TELEGRAM_STRING_SESSION: {
    type: secret(/^[1AB][A-Za-z0-9+/=_-]{300,}$/),
    secret: true,
    expects: "a string session of GramJS, Telethon or Pyrogram: 1, A or B and then more than 300 characters of base64",
    example: "1BVtsOK4Bu…",
    help: "A session that is signed in, used before what `login` has stored; whoever has it is the account.",
  },
  SESSION_KEY: {
    type: secret(/^.{16,}$/),
    secret: true,
    expects: "16 characters or more",
    example: "the output of: openssl rand -base64 32",
    help: "Encrypts the session that `login` stores.",
  },
  MCP_SERVER_HOST: {
    type: z.union([z.ipv4(), z.ipv6(), z.hostname()]),
    default: "127.0.0.1",
    expects: "an IP address or a host name",
    example: "127.0.0.1",
    help: "The address to listen on.",
  },
  MCP_SERVER_PORT: {
    type: wholeNumber(0, 65_535),
    default: "8000",
    expects: "a port from 0 to 65535 (0: any free one)",
    example: "8000",
    help: "The port to listen on.",
  },
  MCP_SERVER_LOG_LEVEL: {
    type: z.string().toLowerCase().pipe(z.enum(["debug", "info", "warning", "error"])),
    default: "info",
    expects: "debug, info, warning or error",
    example: "info",
    help: "The least severe level that is logged.",
  },
  LOG_FORMAT: {
    type: z.string().toLowerCase().pipe(z.enum(["text", "json"])),
    default: ({ terminal }) => terminal ? "text" : "json",
    defaultText: "text on a terminal, else json",
    expects: "text or json",
    example: "json",
    help: "How a line of the log is written.",
  },
  FLOOD_SLEEP_THRESHOLD: {
    type: wholeNumber(0, 15),
    default: "15",
    expects: "seconds from 0 to 15",
    example: "10",
    help: "The longest wait that Telegram may impose on a call before the call is answered with FLOOD_WAIT; seconds.",
  },
  REQUEST_TIMEOUT: {
    type: wholeNumber(1, 600),
    default: "30",
    expects: "seconds from 1 to 600",
    example: "30",
    help: "How long one call to Telegram may take; seconds.",
  },
  MAX_PAGE_SIZE: {
    type: wholeNumber(1, 100),
    default: "100",
    expects: "a number from 1 to 100",
    example: "50",
    help: "The most messages that a page may have.",
  },
  EXPORT_READ_AHEAD: {
    type: wholeNumber(1, 16),
    default: "10",
    expects: "a number from 1 to 16",
    example: "4",
    help: "How many pages all exports together may ask Telegram for at once; 1 reads one page after another. A lower " +
      "number is slower and gentler: choose one if exports meet flood waits again and again.",
  },
  ALLOW_PROTECTED_MEDIA: {
    type: z.string().toLowerCase().pipe(z.enum(["true", "false"])).transform((word) => word === "true"),
    default: "false",
    expects: "true or false",
    example: "true",
    help: "Whether files may be read whose chat forbids saving them, or that were sent to vanish once they are seen.",
  },
  RESOURCE_MAX_AGE_HOURS: {
    type: wholeNumber(0, 876_000),
    default: "24",
    expects: "hours from 0 to 876000 (0: for ever)",
    example: "72",
    help: "How long the files of an export are kept once it is over; hours. 0 keeps them for ever.",
  },
  MAX_EXPORT_BYTES: {
    type: byteSize.refine((bytes) => bytes === 0 || bytes >= LEAST_EXPORT_BYTES),
    default: "10GB",
    expects: "a size of 1MB or more with KB, MB, GB, TB, KiB, MiB, GiB, TiB or no unit, or 0 (no limit)",
    example: "50GB",
    help:
      "What the files of all exports together may take; an export that would need more waits until older ones are " +
      "removed. 0 sets no limit.",
  },
  EXPORT_MAX_FILE_BYTES: {
    type: byteSize,
    default: "100MB",
    expects: "a size with KB, MB, GB, TB, KiB, MiB, GiB, TiB or no unit, or 0 (no limit)",
    example: "2GB",
    help: "The largest file of a message that an export downloads; larger ones are told of instead. 0 sets no limit.",
  },
  EXPORT_MAX_FILES: {
    type: wholeNumber(1, 100_000),
    default: "10000",
    expects: "a number from 1 to 100000",
    example: "1000",
    help: "The most files that one export downloads; those of later messages are told of instead.",
  },
  DATA_DIR: {
    type: z.string().min(1),
    default: defaultDataDir,
    defaultText: "$XDG_STATE_HOME/telegram-toolkit-mcp, or $HOME/.local/state/telegram-toolkit-mcp",
    expects: "a folder (neither XDG_STATE_HOME nor HOME is set to derive it from)",
    example: "/var/lib/telegram-toolkit-mcp",
    help:
      "The folder of the database (known chats, their access hashes, flood waits), of the stored session and of the lock.",
  },
  ...ACCESS_OPTIONS,
  TELEGRAM_PROXY: {
    type: socks5Proxy,
    secret: true,
    expects: "socks5://host:port or socks5://user:password@host:port, special characters percent-encoded; " +
      "proxies of other kinds (HTTP, SOCKS4, MTProto) are not supported",
    example: "socks5://127.0.0.1:1080",
    help: "The SOCKS5 proxy through which Telegram is reached, and nothing else; it resolves names. HTTP_PROXY, " +
      "HTTPS_PROXY and ALL_PROXY have no influence on the way to Telegram.",
  },
  TELEGRAM_TEST_DC: {
    type: testDc,
    expects: "id@address:port with a loopback or private address",
    example: "2@127.0.0.1:4430",
    help: "A test data centre used in place of Telegram's own.",
  },
  TELEGRAM_TEST_KEY_FILE: {
    type: z.string().min(1),
    expects: "the path of the public RSA key of TELEGRAM_TEST_DC",
    example: "/tmp/sandbox/key.pem",
    help: "The file with the test data centre's public RSA key.",
  },
} as const satisfies Record<string, Option>;

/** A name of {@link OPTIONS}. */
export type OptionName = keyof typeof OPTIONS;

/** The value of an option once parsed. */
export type OptionValue<N extends OptionName> = z.output<(typeof OPTIONS)[N]["type"]>;

/** Whether a variable is an option. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** The names of {@link OPTIONS} in the order of the table. */
export function optionNames(): readonly OptionName[] {
  return Object.keys(OPTIONS).filter(isOptionName);
}

/** The table's entry of a name. */
export function optionOf<N extends OptionName>(name: N): Option<OptionValue<N>> {
  const table: { readonly [K in OptionName]: Option<OptionValue<K>> } = OPTIONS;
  return table[name];
}
