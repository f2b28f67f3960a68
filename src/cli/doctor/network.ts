/**
 * `doctor`: names and data centres.
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isLoopback } from "../../config/formats.ts";
import type { Config } from "../../config/load.ts";
import { systemReason } from "../../exports/sink.ts";
import { type Address, DATA_CENTRES } from "../../mtproto/data_centres.ts";
import { sessionSource } from "../../telegram/session_source.ts";
import { fail, ok, type Outcome, warn, within } from "./outcome.ts";

const TIMEOUT_MS = 5000;

/** Whether the names that are needed are known, and the data centres reached. */
export async function checkNetwork(
  config: Pick<Config, "telegram" | "dataDir" | "http">,
  signal: AbortSignal,
  production: ReadonlyMap<number, Address> = DATA_CENTRES,
): Promise<Outcome[]> {
  const { testDc } = config.telegram;
  const centres = testDc === undefined ? production : new Map<number, Address>([[testDc.id, testDc]]);
  const [centresFound, ...namesFound] = await Promise.all([
    reachAll(centres, await ownCentre(config), signal),
    ...names(config).map((name) => resolveName(name, signal)),
  ]);
  return [...namesFound, ...centresFound];
}

/** A name, and what it is for. */
interface Name {
  readonly host: string;
  readonly fix: string;
}

function names({ telegram: { testDc }, http: { publicUrl } }: Pick<Config, "telegram" | "http">): Name[] {
  const found: Name[] = [];
  // Data centres are dialled by number: this tells only whether names can be looked up at all.
  if (testDc === undefined) {
    found.push({ host: "telegram.org", fix: "Check /etc/resolv.conf, and the firewall for port 53." });
  }
  const host = publicUrl === undefined ? "localhost" : new URL(publicUrl).hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) === 0 && !isLoopback(host)) {
    found.push({ host, fix: "Add a DNS record for it, or correct PUBLIC_URL: clients look it up too." });
  }
  return found;
}

async function resolveName({ host, fix }: Name, signal: AbortSignal): Promise<Outcome> {
  try {
    const { address } = await within(TIMEOUT_MS, () => lookup(host), signal);
    return ok(`the name ${host} is known (${address})`);
  } catch (error) {
    return warn(`the name ${host} is not known: ${systemReason(error)}`, fix);
  }
}

/** The data centre that the account lives on, if that can be told; what keeps the session from being read is said elsewhere. */
async function ownCentre(config: Pick<Config, "telegram" | "dataDir">): Promise<number | undefined> {
  try {
    return (await sessionSource(config)())?.dcId;
  } catch {
    return undefined;
  }
}

async function reachAll(
  centres: ReadonlyMap<number, Address>,
  own: number | undefined,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const attempts = await Promise.all([...centres].map(async ([id, address]) => ({
    id,
    ...await reach(address, signal),
  })));
  const reached = attempts.filter(({ ms }) => ms !== undefined);
  if (reached.length === 0) {
    const reasons = new Set(attempts.map((attempt) => attempt.reason));
    return [fail(
      `no data centre of Telegram's can be reached: ${[...reasons].join(", ")}`,
      "Let the firewall pass outgoing TCP to port 443, or set TELEGRAM_PROXY where Telegram is blocked.",
    )];
  }
  return [
    ok(`Telegram's data centres are reached: ${reached.map(({ id, ms }) => `${id} in ${ms} ms`).join(", ")}`),
    ...attempts.filter(({ ms }) => ms === undefined).map(({ id, reason }) => {
      const message = `Telegram's data centre ${id} cannot be reached: ${reason}`;
      if (id === own) return fail(`${message}; the account lives there`, "Let the firewall pass outgoing TCP to it.");
      return warn(message, "Files that lie there cannot be read. Let the firewall pass outgoing TCP to it.");
    }),
  ];
}

/** Whole milliseconds until a connection is open, or why there is none. */
async function reach(
  { host, port }: Address,
  signal: AbortSignal,
): Promise<{ readonly ms?: number; readonly reason?: string }> {
  const begun = performance.now();
  try {
    (await within(TIMEOUT_MS, (end) => Deno.connect({ hostname: host, port, signal: end }), signal)).close();
    return { ms: Math.round(performance.now() - begun) };
  } catch (error) {
    return { reason: systemReason(error) };
  }
}
