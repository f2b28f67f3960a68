/** What signing in to a sandbox takes, whichever way. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Api, computeCheck } from "../../sandbox/tl.ts";
import { history } from "./calls.ts";
import type { Client } from "./client.ts";
import type { SandboxProcess } from "./unrecorded.ts";

/** The owner's number and the code of its data centre. */
export const OWNER = "9996621000";
export const CODE = "22222";
export const API_HASH = "0".repeat(32);
const CHAT = "-1002000000001";

/** A request on the client's key. */
const ask = <R extends Api.AnyRequest>({ client }: Client, request: R): Promise<R["__response"]> =>
  client.invoke(request);

/** Asks for a code. */
export async function sendCode(gram: Client, phoneNumber = OWNER, apiId = 1): Promise<Api.auth.SentCode> {
  const settings = new Api.CodeSettings({});
  const sent = await ask(gram, new Api.auth.SendCode({ phoneNumber, apiId, apiHash: API_HASH, settings }));
  assert.ok(sent instanceof Api.auth.SentCode);
  return sent;
}

/** Asks for it by the next way. */
export async function resendCode(gram: Client, { phoneCodeHash }: Api.auth.SentCode): Promise<Api.auth.SentCode> {
  const sent = await ask(gram, new Api.auth.ResendCode({ phoneNumber: OWNER, phoneCodeHash }));
  assert.ok(sent instanceof Api.auth.SentCode);
  return sent;
}

/** Shows the code. */
export const signIn = (
  gram: Client,
  { phoneCodeHash }: Api.auth.SentCode,
  phoneCode = CODE,
  phoneNumber = OWNER,
): Promise<Api.auth.TypeAuthorization> => ask(gram, new Api.auth.SignIn({ phoneNumber, phoneCodeHash, phoneCode }));

/** Shows the password, to a question asked for now or before. */
export async function checkPassword(
  gram: Client,
  text: string,
  question?: Api.account.Password,
): Promise<Api.auth.TypeAuthorization> {
  const password = await computeCheck(question ?? await ask(gram, new Api.account.GetPassword()), text);
  return await ask(gram, new Api.auth.CheckPassword({ password }));
}

/** Asks for a token to show as a QR code, or what became of it. */
export const exportToken = (gram: Client, apiId = 1): Promise<Api.auth.TypeLoginToken> =>
  ask(gram, new Api.auth.ExportLoginToken({ apiId, apiHash: API_HASH, exceptIds: [] }));

/** A token that waits. */
export async function waitingToken(gram: Client): Promise<Api.auth.LoginToken> {
  const token = await exportToken(gram);
  assert.ok(token instanceof Api.auth.LoginToken, token.className);
  return token;
}

/** Takes over a token at home. */
export const importToken = (gram: Client, token: Buffer): Promise<Api.auth.TypeLoginToken> =>
  ask(gram, new Api.auth.ImportLoginToken({ token }));

/** Accepts a token as the owner's phone does; the newest one unless one is given. */
export const accept = ({ control }: SandboxProcess, token?: Buffer): Promise<unknown> =>
  control("POST", "/login/accept", { token: token?.toString("base64url") });

/** Moves the clock of the wire. */
export const later = ({ control }: SandboxProcess, seconds: number): Promise<unknown> =>
  control("POST", "/clock", { wire: seconds });

/** The key is served a page of history. */
export async function assertServed(gram: Client): Promise<void> {
  const page = await ask(gram, history(CHAT, { limit: 3 }));
  assert.ok(page instanceof Api.messages.ChannelMessages && page.messages.length === 3);
}

/** The key is refused it. */
export const assertRefused = (gram: Client, message = "AUTH_KEY_UNREGISTERED"): Promise<void> =>
  assert.rejects(ask(gram, history(CHAT, { limit: 3 })), { errorMessage: message });
