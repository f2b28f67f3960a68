/**
 * `doctor`: the account's session.
 * @module
 */
import { existsSync } from "node:fs";
import * as z from "zod";
import type { Config } from "../../config/config.ts";
import { AppError, toAppError } from "../../errors.ts";
import { createConnection } from "../../mtproto/connection.ts";
import { Api, trustServerKey } from "../../mtproto/gram.ts";
import type { Session } from "../../mtproto/session.ts";
import { openToOthers } from "../../storage/private.ts";
import { findHolder, holdDirectory, type Holder } from "../../storage/lock.ts";
import { isSettled } from "../../storage/replace.ts";
import { readStored } from "../../storage/session_file.ts";
import { CONFIGURED_SESSION_HINT, noApplication, sessionSource } from "../../telegram/session_source.ts";
import { VERSION } from "../../version.ts";
import { askServer } from "../ask.ts";
import { hintOf } from "../explain.ts";
import { fail, failed, ok, type Outcome, warn } from "./outcome.ts";

const TIMEOUT_MS = 10_000;
const CONFIGURED = hintOf(new AppError("SESSION_INVALID", "It was refused.", { hint: CONFIGURED_SESSION_HINT }));
const LOGIN = "Run the command `login`; a running server then goes on by itself.";

/** Whether Telegram accepts the session, and whose it is; of a session in use, what its holder says. */
export async function checkSession(
  config: Pick<Config, "telegram" | "dataDir">,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const { telegram: { stringSession, apiId }, dataDir } = config;
  const outcomes: Outcome[] = [];
  if (stringSession !== undefined && readStored(dataDir) !== undefined) {
    outcomes.push(warn(
      "TELEGRAM_STRING_SESSION is set, so the session that `login` has stored is not used",
      "Unset TELEGRAM_STRING_SESSION and its _FILE twin to use the stored one.",
    ));
  }
  // What the directory says of its holder could be another user's words.
  if (openToOthers(dataDir).length > 0) {
    return [...outcomes, warn("not checked, since others have access to the data directory", "See its line.")];
  }
  if (!isSettled(dataDir)) {
    return [...outcomes, warn("not checked, since a restore was interrupted", "See the line of the data directory.")];
  }
  const holder = findHolder(dataDir);
  if (holder !== undefined) return [...outcomes, await askHolder(holder, signal)];
  const session = await sessionSource(config)();
  if (session === undefined) return [fail("no account is signed in", LOGIN)];
  if (apiId === undefined) throw noApplication();
  // Of a folder that is not there nobody can use the session, and making it is not for a check.
  using _lock = existsSync(dataDir) ? await holdDirectory(dataDir, "doctor") : undefined;
  return [...outcomes, await askTelegram(session, { ...config.telegram, apiId }, signal)];
}

async function askTelegram(
  session: Session,
  { apiId, testDc, proxy }: Config["telegram"] & { readonly apiId: number },
  signal: AbortSignal,
): Promise<Outcome> {
  if (testDc !== undefined) trustServerKey(testDc.publicKey);
  await using connection = createConnection({
    findSession: () => Promise.resolve(session),
    apiId,
    appVersion: VERSION,
    requestTimeout: TIMEOUT_MS,
    ...(testDc === undefined ? {} : { testDc }),
    ...(proxy === undefined ? {} : { proxy }),
  });
  try {
    const [self] = await connection.call(new Api.users.GetUsers({ id: [new Api.InputUserSelf()] }), { signal });
    return ok(
      `Telegram accepts it: ${self instanceof Api.User ? nameOf(self) : "nobody"}, data centre ${session.dcId}`,
    );
  } catch (error) {
    const { code, message } = toAppError(error);
    if (code === "FLOOD_WAIT") return warn(message, "Nothing but waiting helps.");
    if (code !== "CONNECTION" && code !== "TIMEOUT") return failed(error);
    return fail(
      `it cannot be tried: ${message}`,
      proxy === undefined
        ? "Where data centres are reached all the same, something on the way blocks what Telegram speaks: set TELEGRAM_PROXY."
        : "See to TELEGRAM_PROXY and the proxy that it names.",
    );
  }
}

/** Whose it is, without the name and the number of a person. */
function nameOf({ id, username }: Api.User): string {
  return `user ${id}${username !== undefined && /^\w+$/.test(username) ? `, @${username}` : ""}`;
}

const healthSchema = z.object({
  components: z.object({ telegram: z.object({ state: z.string(), detail: z.string().optional() }) }),
});

/** A session in use is not opened a second time: Telegram may end it for that. */
async function askHolder({ command, pid, url, key, configured }: Holder, signal: AbortSignal): Promise<Outcome> {
  const who = `"${command}", process ${pid}`;
  if (url === undefined) return ok(`in use by ${who}, and not opened beside it`);
  try {
    const { body } = await askServer(`${url}/health`, { key, signal });
    const { state, detail } = healthSchema.parse(JSON.parse(body)).components.telegram;
    const message = `in use by ${who}, whose connection is ${state}${detail === undefined ? "" : `: ${detail}`}`;
    if (state === "ready" || state === "flood_waiting") return ok(message);
    if (state === "needs_login") return fail(message, configured ? CONFIGURED : LOGIN);
    return warn(message, "Run this again in a minute; if it stays so, see the other lines and the server's log.");
  } catch {
    return warn(`in use by ${who}, which does not say how it is`, "See the line of the listener.");
  }
}
