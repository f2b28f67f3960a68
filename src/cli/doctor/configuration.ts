/**
 * `doctor`: the variables, and what stands in for those that cannot be used so that the other checks can go on.
 * @module
 */
import { isLoopback } from "../../config/formats.ts";
import type { Config } from "../../config/config.ts";
import { accessWarningsOf, ConfigError, type ConfigProblem, loadConfig, warningsOf } from "../../config/load.ts";
import type { Lookup } from "../../config/option_types.ts";
import { isOptionName, type OptionName, optionNames, optionOf } from "../../config/options.ts";
import { noApplication } from "../../telegram/session_source.ts";
import { fail, failed, ok, type Outcome, warn } from "./outcome.ts";

/** A configuration as far as it can be used. */
export interface Reading {
  readonly config: Config;
  readonly problems: readonly ConfigProblem[];
  /** Options whose value in `config` only stands in for one that cannot be used. */
  readonly faulty: ReadonlySet<OptionName>;
}

const fromEnvironment: Lookup = (name) => Deno.env.get(name);

/** Reads the configuration, without the options at fault if there are any. */
export function readConfiguration(env: Lookup = fromEnvironment): Reading {
  try {
    return { config: loadConfig(env), problems: [], faulty: new Set() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    const faulty = faultyOptions(problems);
    return { config: loadConfig((name) => standIn(name, env, faulty)), problems, faulty };
  }
}

function faultyOptions(problems: readonly ConfigProblem[]): ReadonlySet<OptionName> {
  const faulty = new Set(problems.flatMap(({ name }) => optionFor(name) ?? []));
  const pair = ["TELEGRAM_TEST_DC", "TELEGRAM_TEST_KEY_FILE"] as const;
  if (pair.some((name) => faulty.has(name))) { for (const name of pair) faulty.add(name); }
  return faulty;
}

/** An example for an option that the configuration cannot do without; others count as unset. */
function standIn(name: string, env: Lookup, faulty: ReadonlySet<OptionName>): string | undefined {
  const option = optionFor(name);
  if (option === undefined || !faulty.has(option)) return env(name);
  const isNeeded = optionOf(option).default !== undefined || option.startsWith("TELEGRAM_API_");
  return isNeeded && name === option ? optionOf(option).example : undefined;
}

/** The option that a variable sets, by itself or by naming a file. */
function optionFor(variable: string): OptionName | undefined {
  const name = isOptionName(variable) ? variable : variable.replace(/_FILE$/, "");
  return isOptionName(name) ? name : undefined;
}

/** What is wrong with the configuration, or may be. */
export async function checkConfiguration(
  { config, problems, faulty }: Reading,
  env: Lookup = fromEnvironment,
): Promise<Outcome[]> {
  const outcomes = problems.map(({ name, problem, example }) =>
    fail(`${name}: ${problem}`, example === undefined ? undefined : `For example ${name}=${example}`)
  );
  const { telegram: { apiId }, http: { publicUrl } } = config;
  if (apiId === undefined && !faulty.has("TELEGRAM_API_ID")) outcomes.push(failed(noApplication()));
  for (const warning of [...warningsOf(config), ...accessWarningsOf(config)]) outcomes.push(warn(warning));
  if (publicUrl !== undefined && URL.parse(publicUrl)?.protocol === "http:" && !isLocalUrl(publicUrl)) {
    outcomes.push(
      warn("PUBLIC_URL is not https: whoever is on the way reads along", "Put TLS in front of the server."),
    );
  }
  outcomes.push(...await openSecretFiles(env));
  return outcomes.length > 0 ? outcomes : [ok("every variable can be used")];
}

function isLocalUrl(url: string): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""));
}

/** Docker's place for secrets, which it lets everybody in the container read. */
const DOCKER_SECRETS = "/run/secrets/";

/** Files with secrets that others than their owner may read. Those that cannot be read are the configuration's problems. */
async function openSecretFiles(env: Lookup): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const name of optionNames().filter((option) => optionOf(option).secret)) {
    const path = env(`${name}_FILE`)?.trim();
    if (!path || path.startsWith(DOCKER_SECRETS)) continue;
    const info = await Deno.stat(path).catch(() => undefined);
    if (info !== undefined) outcomes.push(...forOthers(`the file of ${name}_FILE`, path, info.mode, "600"));
  }
  return outcomes;
}

/**
 * A warning about what others than the owner may read.
 * @param mode of the file; null where there are none
 * @param wanted the mode that it should have, octal
 */
export function forOthers(what: string, path: string, mode: number | null, wanted: string): Outcome[] {
  if (mode === null || (mode & 0o077) === 0) return [];
  const actual = (mode & 0o777).toString(8);
  return [warn(`${what} is open to other users of this machine (mode ${actual})`, `chmod ${wanted} ${path}`)];
}
