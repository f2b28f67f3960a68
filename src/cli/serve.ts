/**
 * The command `serve`.
 * @module
 */
import { generateKey } from "../auth/key.ts";
import { refuseUnlocked } from "../auth/unlocked.ts";
import { accessWarningsOf, loadConfig, warningsOf } from "../config/load.ts";
import { KEY_HEADER } from "../http/landing.ts";
import { serve } from "../http/server.ts";
import { createStarting } from "../http/starting.ts";
import { configureLogging, getLogger } from "../observability/log.ts";
import { writeAll } from "../observability/output.ts";
import { holdDirectory } from "../storage/lock.ts";
import { RELEASE } from "../version.ts";
import { INTERRUPTED, SIGNALS } from "./interrupt.ts";

/** Of the ten seconds that a container has to stop, exports and requests have eight; the rest is Telegram's and the database's. */
const GRACE_MS = 8000;
/** What has not ended by then is cut off, as by a crash: exports go on at their last checkpoints. */
const LAST_MS = 9500;
const CUT_OFF = 1;
/**
 * Loading what serves, GramJS and its schema above all, takes several times as long as all before it, and blocks the process: a health
 * check that already waits is answered first, for so long.
 */
const ATTENTION_MS = 25;

/**
 * Serves until SIGINT or SIGTERM, then stops in order, within ten seconds; running requests finish if they can. A second signal
 * ends the process at once.
 */
export async function serveUntilStopped(): Promise<number> {
  const config = loadConfig();
  await using _logging = configureLogging(config.log);
  const log = getLogger();
  for (const warning of [...warningsOf(config), ...accessWarningsOf(config)]) log.warning("configuration", { warning });
  using lock = await holdDirectory(config.dataDir, "serve", {
    configured: config.telegram.stringSession !== undefined,
  });
  if (lock.restored !== undefined) log.warning("an interrupted restore was completed", { ...lock.restored });
  // Before it listens, if only to say that it lives.
  refuseUnlocked(config);
  const stopped = Promise.withResolvers<string>();
  let isStopping = false;
  const handlers = SIGNALS.map((signal) => ({
    signal,
    stop: (): void => {
      if (isStopping) return exitNow(INTERRUPTED);
      isStopping = true;
      stopped.resolve(signal);
    },
  }));
  for (const { signal, stop } of handlers) Deno.addSignalListener(signal, stop);
  const { host, port } = config.http;
  const starting = createStarting();
  const server = serve({ handler: starting.handler, host, port, grace: GRACE_MS });
  await starting.answered(ATTENTION_MS);
  const { createApp } = await import("../app.ts");
  const localKey = generateKey();
  await using app = await createApp(config, { localKey });
  starting.hand(app.fetch);
  greet(config.http.publicUrl ?? server.url, {
    chat: config.telegram.testDc === undefined ? "me" : "@sandbox_news",
    needsKey: config.auth.mode === "keys",
  });
  lock.announce(config.http.localUrl ?? server.url, localKey);
  const { metricsPort } = config.http;
  await using _metrics = metricsPort === undefined
    ? undefined
    : serve({ handler: app.metrics, host, port: metricsPort, grace: 0 });
  log.info("listening", { version: RELEASE, url: server.url, host: server.hostname });
  const signal = await stopped.promise;
  const begun = performance.now();
  log.info("stopping", { signal });
  Deno.unrefTimer(setTimeout(() => {
    log.error("cut off", { ms: LAST_MS });
    exitNow(CUT_OFF);
  }, LAST_MS));
  await app.drain();
  await server.shutdown(Math.max(0, GRACE_MS - (performance.now() - begun)));
  for (const { signal, stop } of handlers) Deno.removeSignalListener(signal, stop);
  return 0;
}

/** Ends the process. Under `deno --watch` that ends the program, not the process, and comes back with an error in its last moment. */
function exitNow(code: number): void {
  try {
    Deno.exit(code);
  } catch {
    // There is nothing left to do, and nothing wrong.
  }
}

/** Says on standard output how to connect; where a key is needed, the shell's variable KEY stands for it. */
function greet(url: string, { chat, needsKey }: { readonly chat: string; readonly needsKey: boolean }): void {
  const body = JSON.stringify({ chat, limit: 3 });
  const lines = [
    `MCP endpoint: ${url}/mcp`,
    `  claude mcp add --transport http telegram ${url}/mcp${needsKey ? ` --header ${KEY_HEADER}` : ""}`,
    `  curl -s ${url}/api/tools/fetch_history ${
      needsKey ? `-H ${KEY_HEADER} ` : ""
    }-H 'content-type: application/json' -d '${body}'`,
  ];
  writeAll(Deno.stdout, `${lines.join("\n")}\n`);
}
