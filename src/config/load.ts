/**
 * From environment variables to a typed, frozen configuration; every problem is found before anything starts.
 * @module
 */
import { AppError } from "../errors.ts";
import { isLoopback, isRsaKey, type Socks5Proxy, type TestDc } from "./formats.ts";
import { type Lookup, type OptionName, optionOf, type OptionValue } from "./options.ts";
import type { Secret } from "./secret.ts";
import { warningAbout } from "./unknown.ts";

/** What the program was told. */
export interface Config {
  readonly telegram: {
    readonly apiId?: number;
    readonly apiHash?: Secret;
    readonly stringSession?: Secret;
    /** The file that it came from, which may come to hold another one. */
    readonly stringSessionFile?: string;
    /** What a stored session is encrypted with. */
    readonly sessionKey?: Secret;
    /** What Telegram is reached through. */
    readonly proxy?: Socks5Proxy;
    /** Used in place of Telegram's own data centres; `publicKey` is its RSA key, PEM. */
    readonly testDc?: TestDc & { readonly publicKey: string };
  };
  readonly http: {
    readonly host: string;
    /** 0 means any free port. */
    readonly port: number;
    /** Without a slash at its end. */
    readonly publicUrl?: string;
    /** `host` or `host:port`, in lower case. */
    readonly allowedHosts: readonly string[];
    /** IP addresses and CIDR ranges. */
    readonly trustedProxies: readonly string[];
  };
  readonly log: LogConfig;
  /** Seconds, 0 to 15. */
  readonly floodSleepThreshold: number;
  /** Milliseconds that one call to Telegram may take. */
  readonly requestTimeout: number;
  /** Messages, 1 to 100. */
  readonly maxPageSize: number;
  /** Pages of histories that exports ask for at once, 1 to 16. */
  readonly exportReadAhead: number;
  /** Whether media of chats that forbid saving may be read. */
  readonly allowProtectedMedia: boolean;
  readonly exports: {
    /** How long files are kept once an export is over; 0 is for ever. */
    readonly maxAgeHours: number;
    /** What the files of all exports may take; 0 is no limit. */
    readonly maxBytes: number;
  };
  /** What exports may download: bytes of a file, 0 for no limit, and files of one export. */
  readonly exportMedia: { readonly maxFileBytes: number; readonly maxFiles: number };
  /** A folder; it may not exist yet. */
  readonly dataDir: string;
  /** Sentences about variables that look like options and are not. */
  readonly warnings: readonly string[];
}

/** What is logged and how. */
export interface LogConfig {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly format: "text" | "json";
}

/** One thing wrong with a configuration; it never holds the value at fault. */
export interface ConfigProblem {
  /** The variable. */
  readonly name: string;
  /** What is wrong, a sentence without the name. */
  readonly problem: string;
  /** A valid assignment. */
  readonly example?: string;
}

/** Everything that is wrong with a configuration at once. */
export class ConfigError extends AppError {
  constructor(readonly problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ name, problem, example }) =>
      `  ${name}: ${problem}${example === undefined ? "" : `; for example ${name}=${example}`}`
    );
    super("INPUT_VALIDATION", ["The configuration cannot be used:", ...lines].join("\n"), {
      field: problems[0]?.name,
      hint: "Correct the named environment variables and start again.",
    });
  }
}

/** What {@link loadConfig} may be told about its surroundings. */
export interface LoadOptions {
  /** The names of all variables there are, to find misspelt ones. */
  readonly names?: readonly string[];
  /** Whether the log goes to a terminal. */
  readonly terminal?: boolean;
}

/**
 * Reads and checks the configuration. An empty variable counts as unset.
 *
 * @param env the value of a variable
 * @param readFile the text of a file, for the `_FILE` twins of secrets; it throws when there is none
 * @throws {ConfigError} with all problems at once
 */
export function loadConfig(
  env: Lookup = (name) => Deno.env.get(name),
  readFile: (path: string) => string = (path) => Deno.readTextFileSync(path),
  { names = Object.keys(Deno.env.toObject()), terminal = Deno.stderr.isTerminal() }: LoadOptions = {},
): Config {
  const problems: ConfigProblem[] = [];
  const lookup: Lookup = (name) => env(name)?.trim() || undefined;

  const problem = (name: string, text: string, example?: string): void => {
    problems.push({ name, problem: text, ...(example === undefined ? {} : { example }) });
  };

  function textOf(name: string, path: string): string | undefined {
    try {
      const text = readFile(path).trim();
      if (text !== "") return text;
      problem(name, "the file is empty");
    } catch (error) {
      problem(name, `the file cannot be read (${error instanceof Error ? error.name : "unknown error"})`);
    }
  }

  function value<N extends OptionName>(name: N): OptionValue<N> | undefined {
    const option = optionOf(name);
    const file = `${name}_FILE`;
    const path = option.secret && lookup(file);
    let text = lookup(name);
    if (path && text !== undefined) problem(name, `set this or ${file}, not both`);
    else if (path) text = textOf(file, path);
    else text ??= typeof option.default === "function" ? option.default({ env: lookup, terminal }) : option.default;
    if (text === undefined) {
      if (option.default !== undefined) problem(name, `expected ${option.expects}`, option.example);
      return undefined;
    }
    const parsed = option.type.safeParse(text);
    if (parsed.success) return parsed.data;
    problem(path ? file : name, `expected ${option.expects}`, path ? undefined : option.example);
  }

  /** A variable that makes sense only together with another. */
  function needs(name: OptionName, other: OptionName): void {
    const set = (each: OptionName): boolean =>
      Boolean(lookup(each) ?? (optionOf(each).secret && lookup(`${each}_FILE`)));
    if (set(name) && !set(other)) problem(other, `is missing although ${name} is set`, optionOf(other).example);
  }

  const apiId = value("TELEGRAM_API_ID");
  const apiHash = value("TELEGRAM_API_HASH");
  const stringSession = value("TELEGRAM_STRING_SESSION");
  const sessionKey = value("SESSION_KEY");
  const proxy = value("TELEGRAM_PROXY");
  const testDc = value("TELEGRAM_TEST_DC");
  const keyFile = value("TELEGRAM_TEST_KEY_FILE");
  const publicKey = keyFile === undefined ? undefined : textOf("TELEGRAM_TEST_KEY_FILE", keyFile);
  if (publicKey !== undefined && !isRsaKey(publicKey)) {
    problem("TELEGRAM_TEST_KEY_FILE", "the file holds no public RSA key in PEM");
  }
  const host = value("MCP_SERVER_HOST");
  const port = value("MCP_SERVER_PORT");
  const level = value("MCP_SERVER_LOG_LEVEL");
  const format = value("LOG_FORMAT");
  const floodSleepThreshold = value("FLOOD_SLEEP_THRESHOLD");
  const requestSeconds = value("REQUEST_TIMEOUT");
  const maxPageSize = value("MAX_PAGE_SIZE");
  const exportReadAhead = value("EXPORT_READ_AHEAD");
  const allowProtectedMedia = value("ALLOW_PROTECTED_MEDIA");
  const maxAgeHours = value("RESOURCE_MAX_AGE_HOURS");
  const maxBytes = value("MAX_EXPORT_BYTES");
  const maxFileBytes = value("EXPORT_MAX_FILE_BYTES");
  const maxFiles = value("EXPORT_MAX_FILES");
  const dataDir = value("DATA_DIR");
  const publicUrl = value("PUBLIC_URL");
  const allowedHosts = value("ALLOWED_HOSTS");
  const trustedProxies = value("TRUSTED_PROXIES");
  needs("TELEGRAM_API_ID", "TELEGRAM_API_HASH");
  needs("TELEGRAM_API_HASH", "TELEGRAM_API_ID");
  needs("TELEGRAM_STRING_SESSION", "TELEGRAM_API_ID");
  needs("TELEGRAM_TEST_DC", "TELEGRAM_TEST_KEY_FILE");
  needs("TELEGRAM_TEST_KEY_FILE", "TELEGRAM_TEST_DC");

  if (
    problems.length > 0 || host === undefined || port === undefined || level === undefined || format === undefined ||
    floodSleepThreshold === undefined || requestSeconds === undefined || maxPageSize === undefined ||
    exportReadAhead === undefined || allowProtectedMedia === undefined || maxAgeHours === undefined ||
    maxBytes === undefined || maxFileBytes === undefined || maxFiles === undefined || dataDir === undefined ||
    allowedHosts === undefined || trustedProxies === undefined
  ) throw new ConfigError(problems);

  return deepFreeze({
    telegram: {
      apiId,
      apiHash,
      stringSession,
      stringSessionFile: lookup("TELEGRAM_STRING_SESSION_FILE"),
      sessionKey,
      proxy,
      testDc: testDc && publicKey ? { ...testDc, publicKey } : undefined,
    },
    http: { host, port, publicUrl, allowedHosts, trustedProxies },
    log: { level, format },
    floodSleepThreshold,
    requestTimeout: requestSeconds * 1000,
    maxPageSize,
    exportReadAhead,
    allowProtectedMedia,
    exports: { maxAgeHours, maxBytes },
    exportMedia: { maxFileBytes, maxFiles },
    dataDir,
    warnings: names.flatMap(warningAbout),
  });
}

/** What the owner should know of a configuration that can be used, a sentence each. */
export function warningsOf({ warnings, telegram: { testDc } }: Config): string[] {
  if (testDc === undefined) return [...warnings];
  return [...warnings, `A test data centre on port ${testDc.port} stands in for Telegram.`];
}

/**
 * Refuses to serve beyond this machine as long as callers cannot be told apart.
 *
 * @throws {AppError} UNSUPPORTED unless `http.host` is a loopback address or name
 */
export function refuseOpenListener(config: Pick<Config, "http">): void {
  if (isLoopback(config.http.host)) return;
  throw new AppError(
    "UNSUPPORTED",
    "MCP_SERVER_HOST is not a loopback address: without authentication everyone who reaches the port could read the " +
      "account's messages, so listening beyond this machine is refused.",
    {
      field: "MCP_SERVER_HOST",
      hint: "Set MCP_SERVER_HOST=127.0.0.1 and put a proxy that authenticates (nginx) or an SSH tunnel in front of it.",
    },
  );
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === "object" && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
