/**
 * `doctor`: names and data centres.
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isLoopback, type Socks5Proxy } from "../../config/formats.ts";
import type { Config } from "../../config/config.ts";
import { AppError } from "../../errors.ts";
import { systemReason } from "../../exports/disk.ts";
import { type Address, DATA_CENTRES } from "../../mtproto/data_centres.ts";
import { connectThrough } from "../../mtproto/socks5.ts";
import { sessionSource } from "../../telegram/session_source.ts";
import { fail, ok, type Outcome, warn, within } from "./outcome.ts";

const TIMEOUT_MS = 5000;

/** What stands for Telegram itself. */
interface Production {
  readonly name: string;
  readonly centres: ReadonlyMap<number, Address>;
}

/** Whether the names that are needed are known, and the data centres reached. */
export async function checkNetwork(
  config: Pick<Config, "telegram" | "dataDir" | "http">,
  signal: AbortSignal,
  production: Production = { name: "telegram.org", centres: DATA_CENTRES },
): Promise<Outcome[]> {
  const { testDc, proxy } = config.telegram;
  const centres = testDc === undefined ? production.centres : new Map<number, Address>([[testDc.id, testDc]]);
  const [centresFound, ...namesFound] = await Promise.all([
    reachAll(centres, await ownCentre(config), proxy, signal),
    ...names(config, production).map((name) => resolveName(name, signal)),
  ]);
  return [...namesFound, ...centresFound];
}

/** A name, and what is to be said when nobody knows it. */
interface Name {
  readonly host: string;
  readonly say: typeof warn;
  readonly fix: string;
}

function names(
  { telegram: { testDc, proxy }, http: { publicUrl } }: Pick<Config, "telegram" | "http">,
  { name }: Production,
): Name[] {
  const found: Name[] = [];
  if (proxy !== undefined) {
    found.push({ host: proxy.host, say: fail, fix: "Correct TELEGRAM_PROXY: it names no host." });
  } else if (testDc === undefined) {
    // Data centres are dialled by number: this tells only whether names can be looked up at all.
    found.push({ host: name, say: warn, fix: "Check /etc/resolv.conf, and the firewall for port 53." });
  }
  if (publicUrl !== undefined) {
    const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, "");
    found.push({ host, say: warn, fix: "Add a DNS record for it, or correct PUBLIC_URL: clients look it up too." });
  }
  return found.filter(({ host }) => isIP(host) === 0 && !isLoopback(host));
}

async function resolveName({ host, say, fix }: Name, signal: AbortSignal): Promise<Outcome> {
  try {
    const { address } = await within(TIMEOUT_MS, () => lookup(host), signal);
    return ok(`the name ${host} is known (${address})`);
  } catch (error) {
    return say(`the name ${host} is not known: ${systemReason(error)}`, fix);
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
  proxy: Socks5Proxy | undefined,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const attempts = await Promise.all([...centres].map(async ([id, address]) => ({
    id,
    ...await reach(address, proxy, signal),
  })));
  const reached = attempts.filter(({ ms }) => ms !== undefined);
  if (reached.length === 0) {
    const reasons = new Set(attempts.map((attempt) => attempt.reason));
    return [fail(
      `no data centre of Telegram's can be reached: ${[...reasons].join(", ")}`,
      proxy === undefined
        ? "Let the firewall pass outgoing TCP to port 443, or set TELEGRAM_PROXY where Telegram is blocked."
        : "See to TELEGRAM_PROXY and the proxy that it names.",
    )];
  }
  const way = proxy === undefined ? "" : " through the proxy";
  return [
    ok(`Telegram's data centres are reached${way}: ${reached.map(({ id, ms }) => `${id} in ${ms} ms`).join(", ")}`),
    ...attempts.filter(({ ms }) => ms === undefined).map(({ id, reason }) => {
      const message = `Telegram's data centre ${id} cannot be reached: ${reason}`;
      if (id === own) return fail(`${message}; the account lives there`, "Let the firewall pass outgoing TCP to it.");
      return warn(message, "Files that lie there cannot be read. Let the firewall pass outgoing TCP to it.");
    }),
  ];
}

/** Whole milliseconds until a connection is open, or why there is none. */
async function reach(
  address: Address,
  proxy: Socks5Proxy | undefined,
  signal: AbortSignal,
): Promise<{ readonly ms?: number; readonly reason?: string }> {
  const begun = performance.now();
  try {
    const connect = (end: AbortSignal): Promise<Deno.TcpConn> =>
      proxy === undefined
        ? Deno.connect({ hostname: address.host, port: address.port, signal: end })
        : connectThrough(proxy, address, end);
    (await within(TIMEOUT_MS, connect, signal)).close();
    return { ms: Math.round(performance.now() - begun) };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** What a proxy did may have a reason of its own. */
function reasonOf(error: unknown): string {
  const sentence = systemReason(error).replace(/\.$/, "");
  return error instanceof AppError && error.cause !== undefined
    ? `${sentence} (${systemReason(error.cause)})`
    : sentence;
}
