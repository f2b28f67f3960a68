/**
 * Signing in by a QR code that is scanned with a phone on which the account is (https://core.telegram.org/api/qr-login).
 * @module
 */
import { Buffer } from "node:buffer";
import { AppError } from "../errors.ts";
import { Api } from "../mtproto/gram.ts";
import { inWords, type Login, nameOf, userOf } from "./login.ts";
import { withPassword } from "./login_password.ts";

const GIVE_UP_MS = 600_000;
/** Telegram is asked so often whether the code was scanned; until it expires it is the same one. */
const POLL_MS = 3000;

/**
 * TL methods auth.exportLoginToken and auth.importLoginToken, until somebody has scanned.
 * @throws AppError TIMEOUT after ten minutes, or what Telegram refuses with
 */
export async function signInByQr(login: Login): Promise<Api.User> {
  const { person, now, sleep } = login;
  const until = now() + GIVE_UP_MS;
  let shown: string | undefined;
  person.show(
    "Scan this with Telegram on your phone: Settings > Devices > Link Desktop Device.\n" +
      "(It is good for half a minute and then replaced. Without a phone at hand: `login --phone`.)",
  );
  for (;;) {
    const answer = await untilReached(login, shown === undefined ? 0 : until - now());
    if (answer instanceof Api.auth.LoginTokenSuccess) return userOf(answer.authorization);
    if (answer instanceof Api.auth.Authorization || answer instanceof Api.auth.AuthorizationSignUpRequired) {
      return userOf(answer);
    }
    if (now() >= until) throw gaveUp();
    let pause = typeof answer === "number" ? answer : POLL_MS;
    if (answer instanceof Api.auth.LoginToken) {
      const link = `tg://login?token=${Buffer.from(answer.token).toString("base64url")}`;
      if (link !== shown) await person.showQr(link);
      shown = link;
      const left = answer.expires * 1000 - now();
      // With a clock that is wrong nothing is known of that.
      if (left > 0) pause = Math.min(left, POLL_MS);
    }
    await sleep(pause);
  }
}

/** What has become of the token; undefined when it came too late where it had to be taken. */
async function nextToken(login: Login): Promise<Api.auth.TypeLoginToken | Api.auth.TypeAuthorization | undefined> {
  const { centre, application: { apiId, apiHash } } = login;
  const exporting = new Api.auth.ExportLoginToken({ apiId, apiHash: apiHash.reveal(), exceptIds: [] });
  const answer = await withPassword(login, () => centre.call(exporting));
  if (!(answer instanceof Api.auth.LoginTokenMigrateTo)) return answer;
  await centre.moveTo(answer.dcId);
  const importing = new Api.auth.ImportLoginToken({ token: answer.token });
  try {
    return await withPassword(login, () => centre.call(importing));
  } catch (error) {
    if (!/^AUTH_TOKEN_(EXPIRED|INVALID)/.test(nameOf(error) ?? "")) throw error;
    return undefined;
  }
}

/**
 * The answer, or milliseconds after which to ask again.
 * @param left milliseconds that there are for it
 */
async function untilReached(login: Login, left: number): Promise<Awaited<ReturnType<typeof nextToken>> | number> {
  try {
    return await nextToken(login);
  } catch (error) {
    if (left <= 0 || !(error instanceof AppError)) throw error;
    if (error.code === "CONNECTION" || error.code === "TIMEOUT") return POLL_MS;
    const wait = error.code === "FLOOD_WAIT" ? (error.retryAfter ?? 1) * 1000 : Infinity;
    if (wait > left) throw error;
    login.person.show(`Telegram asks to wait ${inWords(wait / 1000)}; a new code follows then.`);
    return wait;
  }
}

function gaveUp(): AppError {
  return new AppError("TIMEOUT", "Nobody has scanned the code in ten minutes.", {
    hint: "Run `login` again when the phone is at hand, or `login --phone` for a code in place of the scan.",
  });
}
