/**
 * Signing in by phone number and code (https://core.telegram.org/api/auth#sending-a-verification-code).
 * @module
 */
import { Api } from "../mtproto/gram.ts";
import { inWords, type Login, nameOf, userOf } from "./login.ts";
import { assertSent, describeSent, nextOf, type Sent, wayOf } from "./login_code.ts";
import { withPassword } from "./login_password.ts";

const TRIES = 3;
/** Milliseconds that giving up waits for Telegram. */
const CANCEL_MS = 3000;

const NO_CODE =
  "No code? It goes to the Telegram app on your other devices first, into the chat with Telegram, and not by " +
  "SMS. Without such a device, check that the number is right and has signal. Scanning is surer: `login` without --phone.";

/**
 * TL methods auth.sendCode, auth.resendCode, auth.signIn and auth.cancelCode.
 * @param given the phone number; asked for when absent
 * @throws what asking the person fails with, or what Telegram refuses with
 */
export async function signInByPhone(login: Login, given?: string): Promise<Api.User> {
  const { sent, phoneNumber } = await sendTo(login, given);
  if (sent instanceof Api.auth.SentCodeSuccess) return userOf(sent.authorization);
  let last = sent;
  try {
    return await signInWith(login, phoneNumber, sent, (next) => last = next);
  } catch (error) {
    await cancel(login, phoneNumber, last);
    throw error;
  }
}

/** Asks for a number until Telegram takes one. */
async function sendTo(
  login: Login,
  given: string | undefined,
): Promise<{ readonly sent: Sent | Api.auth.SentCodeSuccess; readonly phoneNumber: string }> {
  const { person } = login;
  for (let tries = 1;; tries++) {
    const written = tries === 1 && given !== undefined
      ? given
      : await person.ask("Phone number of the account, with the country's code (+49 170 …): ");
    const phoneNumber = written.replace(/\D/g, "").replace(/^00/, "");
    try {
      return { sent: await sendCode(login, phoneNumber), phoneNumber };
    } catch (error) {
      if (nameOf(error) !== "PHONE_NUMBER_INVALID" || tries === TRIES) throw error;
      person.show("Telegram does not take this for a phone number: write it with the country's code.");
    }
  }
}

async function sendCode(
  { centre: { call }, application: { apiId, apiHash } }: Login,
  phoneNumber: string,
): Promise<Sent | Api.auth.SentCodeSuccess> {
  const settings = new Api.CodeSettings({});
  const request = new Api.auth.SendCode({ phoneNumber, apiId, apiHash: apiHash.reveal(), settings });
  return assertSent(await call(request));
}

/** Asks for the code, and sends it again, until it is right. */
async function signInWith(
  login: Login,
  phoneNumber: string,
  first: Sent,
  onSent: (sent: Sent) => void,
): Promise<Api.User> {
  const { person, now } = login;
  let [sent, sentAt, wrong] = [first, now(), 0];
  const show = (): void => person.show(`${describeSent(sent)}\n${describeNext(sent)}`);
  const replace = (next: Sent): void => {
    [sent, sentAt, wrong] = [next, now(), 0];
    onSent(next);
    show();
  };
  show();
  for (;;) {
    const text = (await person.ask("Code: ")).trim();
    let answer: Sent | Api.auth.TypeAuthorization | Api.auth.SentCodeSuccess | undefined;
    if (text === "") {
      answer = await sendOtherwise(login, phoneNumber, sent, sentAt);
    } else {
      const outcome = await tryCode(login, phoneNumber, sent, text);
      if (outcome === "wrong" && ++wrong < TRIES) {
        person.show("That is not the code.");
      } else if (outcome === "wrong") {
        await person.ask("That is not the code. Press Enter for a new one: ");
        answer = await sendCode(login, phoneNumber);
      } else if (outcome === "expired") {
        answer = await sendAgain(login, phoneNumber);
      } else answer = outcome;
    }
    if (answer instanceof Api.auth.SentCode) replace(answer);
    else if (answer instanceof Api.auth.SentCodeSuccess) return userOf(answer.authorization);
    else if (answer !== undefined) return userOf(answer);
  }
}

/** In place of a code that has expired. */
async function sendAgain(login: Login, phoneNumber: string): Promise<Sent | Api.auth.SentCodeSuccess> {
  login.person.show("That code has expired; a new one is on its way.");
  return await sendCode(login, phoneNumber);
}

async function tryCode(
  login: Login,
  phoneNumber: string,
  { type, phoneCodeHash }: Sent,
  text: string,
): Promise<Api.auth.TypeAuthorization | "wrong" | "expired"> {
  const isWords = type instanceof Api.auth.SentCodeTypeSmsWord || type instanceof Api.auth.SentCodeTypeSmsPhrase;
  const code = isWords ? text : text.replace(/[\s-]/g, "");
  const proof = type instanceof Api.auth.SentCodeTypeEmailCode
    ? { emailVerification: new Api.EmailVerificationCode({ code }) }
    : { phoneCode: code };
  try {
    const request = new Api.auth.SignIn({ phoneNumber, phoneCodeHash, ...proof });
    return await withPassword(login, () => login.centre.call(request));
  } catch (error) {
    if (/^(PHONE_CODE|EMAIL_CODE|CODE)_INVALID$/.test(nameOf(error) ?? "")) return "wrong";
    if (/^(PHONE_CODE|EMAIL_VERIFY)_EXPIRED$/.test(nameOf(error) ?? "")) return "expired";
    throw error;
  }
}

/** The code by another way, or undefined and the reason why not. */
async function sendOtherwise(
  login: Login,
  phoneNumber: string,
  sent: Sent,
  sentAt: number,
): Promise<Sent | Api.auth.SentCodeSuccess | undefined> {
  const { centre: { call }, person, now } = login;
  const { phoneCodeHash } = sent;
  const { type, after } = nextOf(sent);
  const left = sentAt / 1000 + after - now() / 1000;
  if (type !== undefined && left > 0) {
    person.show(`Telegram sends the code ${wayOf(type)} in ${inWords(left)} at the earliest.\n${NO_CODE}`);
    return undefined;
  }
  try {
    return assertSent(await call(new Api.auth.ResendCode({ phoneNumber, phoneCodeHash })));
  } catch (error) {
    if (nameOf(error) === "PHONE_CODE_EXPIRED") return await sendAgain(login, phoneNumber);
    if (nameOf(error) !== "SEND_CODE_UNAVAILABLE") throw error;
    person.show(`Telegram has no other way to send a code to this number.\n${NO_CODE}`);
    return undefined;
  }
}

function describeNext(sent: Sent): string {
  const { type, after } = nextOf(sent);
  if (type === undefined) return NO_CODE;
  const when = after > 0 ? ` after ${inWords(after)}` : "";
  return `No code? Press Enter${when}: it then comes ${wayOf(type)}.`;
}

/** Nobody waits for that code any more; whatever comes of saying so, the reason for it is what counts. */
async function cancel({ centre }: Login, phoneNumber: string, { phoneCodeHash }: Sent): Promise<void> {
  // The person has given up, not this.
  const options = { timeout: CANCEL_MS, signal: new AbortController().signal };
  await centre.call(new Api.auth.CancelCode({ phoneNumber, phoneCodeHash }), options).catch(() => {});
}
