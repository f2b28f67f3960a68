/**
 * From environment variables to a typed, frozen configuration; every problem is found before anything starts.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Config } from "./config.ts";
import { isRsaKey } from "./formats.ts";
import type { Lookup } from "./option_types.ts";
import { type OptionName, optionOf, type OptionValue } from "./options.ts";
import { rememberSecrets } from "./redact.ts";
import { warningAbout } from "./unknown.ts";

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
 * Reads and checks the configuration. An empty variable counts as unset. What its secrets say is in no log from now on.
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
    if (parsed.success) {
      rememberSecrets(parsed.data);
      return parsed.data;
    }
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
  const needed = {
    host: value("MCP_SERVER_HOST"),
    port: value("MCP_SERVER_PORT"),
    level: value("MCP_SERVER_LOG_LEVEL"),
    format: value("LOG_FORMAT"),
    mode: value("MCP_AUTH"),
    rate: value("RATE_LIMIT"),
    ratePerIp: value("RATE_LIMIT_IP"),
    calls: value("MAX_CALLS"),
    callsPerKey: value("MAX_CALLS_PER_KEY"),
    streamsPerKey: value("MAX_STREAMS_PER_KEY"),
    sessionsPerKey: value("MAX_SESSIONS_PER_KEY"),
    auditDays: value("AUDIT_DAYS"),
    floodSleepThreshold: value("FLOOD_SLEEP_THRESHOLD"),
    requestSeconds: value("REQUEST_TIMEOUT"),
    maxPageSize: value("MAX_PAGE_SIZE"),
    exportReadAhead: value("EXPORT_READ_AHEAD"),
    allowProtectedMedia: value("ALLOW_PROTECTED_MEDIA"),
    maxAgeHours: value("RESOURCE_MAX_AGE_HOURS"),
    maxBytes: value("MAX_EXPORT_BYTES"),
    maxFileBytes: value("EXPORT_MAX_FILE_BYTES"),
    maxFiles: value("EXPORT_MAX_FILES"),
    dataDir: value("DATA_DIR"),
    allowedHosts: value("ALLOWED_HOSTS"),
    trustedProxies: value("TRUSTED_PROXIES"),
  };
  const apiKey = value("MCP_API_KEY");
  const metricsPort = value("METRICS_PORT");
  const publicUrl = value("PUBLIC_URL");
  const localUrl = value("LOCAL_URL");
  needs("TELEGRAM_API_ID", "TELEGRAM_API_HASH");
  needs("TELEGRAM_API_HASH", "TELEGRAM_API_ID");
  needs("TELEGRAM_STRING_SESSION", "TELEGRAM_API_ID");
  needs("TELEGRAM_TEST_DC", "TELEGRAM_TEST_KEY_FILE");
  needs("TELEGRAM_TEST_KEY_FILE", "TELEGRAM_TEST_DC");

  if (problems.length > 0 || !isComplete(needed)) throw new ConfigError(problems);
  const { host, port, allowedHosts, trustedProxies, level, format, mode, requestSeconds, ...rest } = needed;
  const { rate, ratePerIp, calls, callsPerKey, streamsPerKey, sessionsPerKey } = rest;
  const { maxAgeHours, maxBytes, maxFileBytes, maxFiles } = rest;
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
    http: { host, port, metricsPort, publicUrl, localUrl, allowedHosts, trustedProxies },
    auth: { mode, apiKey },
    limits: { rate, ratePerIp, calls, callsPerKey, streamsPerKey, sessionsPerKey },
    auditDays: rest.auditDays,
    log: { level, format },
    floodSleepThreshold: rest.floodSleepThreshold,
    requestTimeout: requestSeconds * 1000,
    maxPageSize: rest.maxPageSize,
    exportReadAhead: rest.exportReadAhead,
    allowProtectedMedia: rest.allowProtectedMedia,
    exports: { maxAgeHours, maxBytes },
    exportMedia: { maxFileBytes, maxFiles },
    dataDir: rest.dataDir,
    warnings: names.flatMap(warningAbout),
  });
}

/** What the owner should know of a configuration that can be used, a sentence each. */
export function warningsOf({ warnings, telegram: { testDc } }: Config): string[] {
  if (testDc === undefined) return [...warnings];
  return [...warnings, `A test data centre on port ${testDc.port} stands in for Telegram.`];
}

/** What the owner should know at each start of a server, a sentence each. */
export function accessWarningsOf({ auth: { mode }, http: { publicUrl, trustedProxies } }: Config): string[] {
  return [
    ...(mode === "keys"
      ? []
      : ["MCP_AUTH is none: everyone who reaches the server reads all of the account's messages, without a key."]),
    ...(publicUrl === undefined || trustedProxies.length > 0
      ? []
      : ["PUBLIC_URL is set and TRUSTED_PROXIES is not: all clients behind the proxy count as one address."]),
  ];
}

/** Whether every value is there. */
function isComplete<T extends object>(values: { readonly [K in keyof T]: T[K] | undefined }): values is T {
  return Object.values(values).every((value) => value !== undefined);
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === "object" && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
