/**
 * The command `doctor`: what is wrong, and what to do about it.
 * @module
 */
import * as z from "zod";
import type { Config } from "../config/config.ts";
import type { OptionName } from "../config/options.ts";
import { writeAll } from "../observability/output.ts";
import { checkAccess } from "./doctor/access.ts";
import { checkClock } from "./doctor/clock.ts";
import { checkConfiguration, readConfiguration, type Reading } from "./doctor/configuration.ts";
import { checkDataDirectory } from "./doctor/data_directory.ts";
import { checkDisk } from "./doctor/disk.ts";
import { checkListener } from "./doctor/listener.ts";
import { checkNetwork } from "./doctor/network.ts";
import { failed, type Outcome, warn, within } from "./doctor/outcome.ts";
import { type Finding, reportJson, reportText, worst } from "./doctor/report.ts";
import { checkSession } from "./doctor/session.ts";

interface Check {
  readonly name: string;
  /** Without these options it cannot be made. */
  readonly needs: readonly OptionName[];
  readonly run: (config: Config, signal: AbortSignal) => Promise<readonly Outcome[]>;
}

const WAY_TO_TELEGRAM = ["TELEGRAM_TEST_DC", "TELEGRAM_TEST_KEY_FILE", "TELEGRAM_PROXY"] as const;
const APPLICATION = ["TELEGRAM_API_ID", "TELEGRAM_API_HASH"] as const;
const SESSION = ["TELEGRAM_STRING_SESSION", "SESSION_KEY", "DATA_DIR"] as const;

/** In the order in which they are printed: what comes first is often the cause of what follows. */
const CHECKS: readonly Check[] = [
  { name: "data directory", needs: ["DATA_DIR", "SESSION_KEY"], run: (config) => checkDataDirectory(config) },
  { name: "disk", needs: ["DATA_DIR"], run: (config) => checkDisk(config) },
  { name: "clock", needs: [...APPLICATION, ...WAY_TO_TELEGRAM], run: checkClock },
  { name: "network", needs: WAY_TO_TELEGRAM, run: (config, signal) => checkNetwork(config, signal) },
  { name: "session", needs: [...APPLICATION, ...WAY_TO_TELEGRAM, ...SESSION], run: checkSession },
  { name: "access", needs: ["MCP_SERVER_HOST", "MCP_API_KEY", "DATA_DIR"], run: checkAccess },
  { name: "listener", needs: ["MCP_SERVER_HOST", "MCP_SERVER_PORT", "DATA_DIR"], run: checkListener },
];

const LONGEST_RUN_MS = 20_000;

/**
 * Makes every check and prints what they found.
 * @returns the exit code: 1 when something failed
 */
export async function doctor(rawOptions: unknown): Promise<number> {
  const { json } = z.object({ json: z.boolean().default(false) }).parse(rawOptions);
  const findings = await examine(readConfiguration());
  const colours = Deno.stdout.isTerminal() && !Deno.noColor;
  writeAll(Deno.stdout, json ? reportJson(findings) : reportText(findings, { colours }));
  return worst(findings) === "fail" ? 1 : 0;
}

/** All checks at once, none of which keeps another one from being made. */
async function examine(reading: Reading): Promise<Finding[]> {
  const { config, faulty } = reading;
  const attempt = async (
    check: string,
    run: (signal: AbortSignal) => Promise<readonly Outcome[]>,
  ): Promise<Finding[]> => {
    const outcomes = await within(LONGEST_RUN_MS, run).catch((error) => [failed(error)]);
    return outcomes.map((outcome) => ({ check, ...outcome }));
  };
  const findings = await Promise.all([
    attempt("configuration", () => checkConfiguration(reading)),
    ...CHECKS.map(({ name, needs, run }) => {
      const missing = needs.filter((option) => faulty.has(option));
      if (missing.length === 0) return attempt(name, (signal) => run(config, signal));
      return [{ check: name, ...warn(`not checked, for want of ${missing.join(" and ")}`) }];
    }),
  ]);
  return findings.flat();
}
