/**
 * `doctor`: where the server listens, or would.
 * @module
 */
import type { Config } from "../../config/config.ts";
import { localUrl } from "../../http/address.ts";
import { listening } from "../../http/server.ts";
import { findHolder } from "../../storage/lock.ts";
import { openToOthers } from "../../storage/private.ts";
import { NAME } from "../../version.ts";
import { askServer } from "../ask.ts";
import { fail, failed, ok, type Outcome } from "./outcome.ts";

/** Whether the running server answers, or else whether one could listen. */
export async function checkListener(
  { http: { host, port }, dataDir }: Pick<Config, "http" | "dataDir">,
  signal: AbortSignal,
): Promise<Outcome[]> {
  // Without a holder that can be believed it is found out by listening.
  const holder = openToOthers(dataDir).length > 0 ? undefined : findHolder(dataDir);
  if (holder?.url !== undefined) return [await checkRunning(holder.url, holder.pid, signal)];
  try {
    listening(host, port, () => Deno.listen({ hostname: host, port }).close());
    return [ok(port === 0 ? `any free port of ${host} can be listened on` : `${host} port ${port} can be listened on`)];
  } catch (error) {
    const outcome = failed(error);
    if (!await isOurs(localUrl(host, port), signal)) return [outcome];
    const message = `at ${host} port ${port} a server of this program answers that uses another data directory`;
    return [fail(message, "Run this with the variables of that server, or set MCP_SERVER_PORT to another port.")];
  }
}

async function checkRunning(url: string, pid: number, signal: AbortSignal): Promise<Outcome> {
  const isAlive = await askServer(`${url}/health/live`, { signal }).then(({ status }) => status === 200, () => false);
  if (isAlive) return ok(`the server answers at ${url}`);
  return fail(`the server, process ${pid}, does not answer at ${url}`, "Look at its log, and start it again.");
}

async function isOurs(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await askServer(`${url}/`, { signal })).body.includes(NAME);
  } catch {
    return false;
  }
}
