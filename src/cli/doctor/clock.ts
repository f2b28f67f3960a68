/**
 * `doctor`: this machine's clock against Telegram's.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Config } from "../../config/config.ts";
import { toAppError } from "../../errors.ts";
import { createDataCentre } from "../../mtproto/data_centre.ts";
import { DATA_CENTRES } from "../../mtproto/data_centres.ts";
import { Api, trustServerKey } from "../../mtproto/gram.ts";
import { noApplication } from "../../telegram/session_source.ts";
import { VERSION } from "../../version.ts";
import { fail, ok, type Outcome, warn } from "./outcome.ts";

const TIMEOUT_MS = 10_000;
/** Where one begins who has no account yet. */
const ANY_DC = 2;
const NOTICEABLE_S = 5;
/** Telegram refuses messages from further in the future (https://core.telegram.org/mtproto/description#message-identifier-msg-id). */
const HARMFUL_S = 30;

/**
 * How far this machine's clock is off. Asked with a key of its own: that needs no session, and disturbs no server that uses
 * one.
 */
export async function checkClock({ telegram }: Pick<Config, "telegram">, signal: AbortSignal): Promise<Outcome[]> {
  try {
    return [judge(await secondsAhead(telegram, signal))];
  } catch (error) {
    const { message } = toAppError(error);
    return [warn(
      `could not be compared with Telegram's: ${message}`,
      "See to the other lines first, and that the time is synchronised (timedatectl).",
    )];
  }
}

async function secondsAhead({ apiId, testDc, proxy }: Config["telegram"], signal: AbortSignal): Promise<number> {
  if (apiId === undefined) throw noApplication();
  if (testDc !== undefined) trustServerKey(testDc.publicKey);
  const address = testDc ?? DATA_CENTRES.get(ANY_DC);
  if (address === undefined) throw new Error(`data centre ${ANY_DC} has no address`);
  await using centre = createDataCentre({
    dcId: testDc?.id ?? ANY_DC,
    address: () => Promise.resolve(address),
    ...(proxy === undefined ? {} : { proxy }),
    apiId,
    appVersion: VERSION,
    requestTimeout: TIMEOUT_MS,
    sleep: (ms, end) => sleepMs(ms, undefined, { signal: end }),
  });
  const ask = (): Promise<Api.Config> => centre.call(new Api.help.GetConfig(), { signal });
  // The first answer takes the key exchange as well, which says nothing about when it was given.
  await ask();
  const asked = Date.now();
  const { date } = await ask();
  const answered = Date.now();
  // Telegram's date is in whole seconds, the half of one off on average.
  return (asked + answered) / 2000 - (date + 0.5);
}

function judge(ahead: number): Outcome {
  const off = Math.abs(ahead);
  const message = `${off < 1 ? "less than 1" : Math.round(off)} s ${ahead < 0 ? "behind" : "ahead of"} Telegram's`;
  const fix = "Turn time synchronisation on: timedatectl set-ntp true (for a container, on its host).";
  if (off < NOTICEABLE_S) return ok(message);
  return off < HARMFUL_S ? warn(message, fix) : fail(message, fix);
}
