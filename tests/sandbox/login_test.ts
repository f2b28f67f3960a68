import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Api } from "../../sandbox/tl.ts";
import { BANNED_PHONE } from "../../sandbox/methods/login/phone.ts";
import { type Client, connectClient } from "./client.ts";
import { startSandbox } from "./unrecorded.ts";
import {
  assertRefused,
  assertServed,
  checkPassword,
  later,
  OWNER,
  resendCode,
  sendCode,
  signIn,
} from "./signing_in.ts";

const refusal = (errorMessage: string, code = 400): { errorMessage: string; code: number } => ({ errorMessage, code });
const question = ({ client }: Client): Promise<Api.account.TypePassword> =>
  client.invoke(new Api.account.GetPassword());

const sha256 = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();

/** A proof without the password: an `A` of zero makes the shared secret zero, unless the server looks. */
function forgery({ currentAlgo, srp_B: b, srpId }: Api.account.Password): Api.InputCheckPasswordSRP {
  assert.ok(currentAlgo instanceof Api.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow);
  assert.ok(b && srpId);
  const { p, g, salt1, salt2 } = currentAlgo;
  const zero = Buffer.alloc(256);
  const ofG = sha256(Buffer.alloc(255), Buffer.from([g]));
  const both = sha256(p).map((byte, index) => byte ^ (ofG[index] ?? 0));
  const M1 = sha256(both, sha256(salt1), sha256(salt2), zero, b, sha256(zero));
  return new Api.InputCheckPasswordSRP({ srpId, A: zero, M1 });
}

Deno.test("login: nothing but the right code of the right number signs in, once", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  await assertRefused(gram);
  const sent = await sendCode(gram, `+${OWNER}`);
  assert.ok(sent.type instanceof Api.auth.SentCodeTypeApp);
  assert.equal(sent.type.length, 5);
  await assert.rejects(signIn(gram, sent, "22223"), refusal("PHONE_CODE_INVALID"));
  await assert.rejects(signIn(gram, sent, ""), refusal("PHONE_CODE_EMPTY"));
  const stale = new Api.auth.SentCode({ ...sent, phoneCodeHash: "stale" });
  await assert.rejects(signIn(gram, stale), refusal("PHONE_CODE_EXPIRED"));
  await assert.rejects(signIn(gram, sent, "22222", "9996621001"), refusal("PHONE_CODE_EXPIRED"));
  await assert.rejects(signIn(gram, sent, "22222", "4912345678"), refusal("PHONE_NUMBER_INVALID", 406));
  await assertRefused(gram);
  const authorization = await signIn(gram, sent);
  assert.ok(authorization instanceof Api.auth.Authorization && authorization.user instanceof Api.User);
  assert.equal(authorization.user.id.toString(), "1000");
  await assertServed(gram);
  await assert.rejects(signIn(gram, sent), refusal("PHONE_CODE_EXPIRED"));
});

Deno.test("login: numbers of nobody, banned and flooded ones, and other applications are each told apart", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  await assert.rejects(sendCode(gram, "4912345678"), refusal("PHONE_NUMBER_INVALID", 406));
  await assert.rejects(sendCode(gram, BANNED_PHONE), refusal("PHONE_NUMBER_BANNED"));
  await assert.rejects(sendCode(gram, OWNER, 2), refusal("API_ID_INVALID"));
  const error = { code: 400, message: "PHONE_NUMBER_FLOOD" };
  await sandbox.control("POST", "/faults", { rules: [{ method: "auth.sendCode", times: 1, error }] });
  await assert.rejects(sendCode(gram), refusal("PHONE_NUMBER_FLOOD"));
  const answer = await signIn(gram, await sendCode(gram, "9996637777"), "33333", "9996637777");
  assert.ok(answer instanceof Api.auth.AuthorizationSignUpRequired);
  await assertRefused(gram);
});

Deno.test("login: an application that initConnection names must be the one registered", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  const words = { deviceModel: "x", systemVersion: "x", appVersion: "x", langPack: "", langCode: "en" };
  const as = (apiId: number): Promise<unknown> => {
    const query = new Api.help.GetNearestDc();
    return gram.client.invoke(new Api.InitConnection({ apiId, ...words, systemLangCode: "en", query }));
  };
  await assert.rejects(as(2), refusal("API_ID_INVALID"));
  await as(1);
});

Deno.test("login: a code asked for again comes by SMS, then by call, then no more; only the last one counts", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  const app = await sendCode(gram);
  const sms = await resendCode(gram, app);
  const call = await resendCode(gram, sms);
  const told = [app, sms, call].map((
    { type, nextType, timeout },
  ) => [type.className, nextType?.className, timeout ?? undefined]);
  assert.deepEqual(told, [
    ["auth.SentCodeTypeApp", "auth.CodeTypeSms", 60],
    ["auth.SentCodeTypeSms", "auth.CodeTypeCall", 60],
    ["auth.SentCodeTypeCall", undefined, undefined],
  ]);
  await assert.rejects(resendCode(gram, call), refusal("SEND_CODE_UNAVAILABLE", 406));
  await assert.rejects(signIn(gram, app), refusal("PHONE_CODE_EXPIRED"));
  await signIn(gram, call);
  await assertServed(gram);
});

Deno.test("login: a code is good for five minutes, for five wrong tries, and until it is cancelled", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  const aged = await sendCode(gram);
  await later(sandbox, 310);
  await assert.rejects(signIn(gram, aged), refusal("PHONE_CODE_EXPIRED"));
  await assert.rejects(resendCode(gram, aged), refusal("PHONE_CODE_EXPIRED"));

  const guessed = await sendCode(gram);
  for (let i = 0; i < 5; i++) await assert.rejects(signIn(gram, guessed, "1"), refusal("PHONE_CODE_INVALID"));
  await assert.rejects(signIn(gram, guessed), refusal("PHONE_CODE_EXPIRED"));

  const { phoneCodeHash } = await sendCode(gram);
  const cancelled = new Api.auth.CancelCode({ phoneNumber: OWNER, phoneCodeHash });
  assert.equal(await gram.client.invoke(cancelled), true);
  await assert.rejects(gram.client.invoke(cancelled), refusal("PHONE_CODE_EXPIRED"));

  const fresh = await sendCode(gram);
  await later(sandbox, 250);
  await signIn(gram, fresh);
  await assertServed(gram);
});

Deno.test("login: the other data centre sends a phone home", async () => {
  await using sandbox = await startSandbox();
  assert.equal(sandbox.awayDc, 5);
  await using gram = await connectClient(sandbox.awayPort, { dc: 5, attempts: 2, nextPort: sandbox.port });
  const sent = await sendCode(gram);
  assert.equal(gram.session.dcId, 2, "GramJS followed PHONE_MIGRATE_2");
  await signIn(gram, sent);
  await assertServed(gram);
});

Deno.test("password: after the right code a wrong one is refused and the right one signs in", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  assert.equal((await question(gram)).hasPassword, false);
  await sandbox.control("POST", "/login/password", { password: "correct horse", hint: "an animal" });
  await assert.rejects(checkPassword(gram, "correct horse"), refusal("AUTH_KEY_UNREGISTERED", 401));
  const sent = await sendCode(gram);
  await assert.rejects(signIn(gram, sent), refusal("SESSION_PASSWORD_NEEDED", 401));
  await assertRefused(gram);
  const { hasPassword, hint, currentAlgo } = await question(gram);
  assert.deepEqual([hasPassword, hint], [true, "an animal"]);
  assert.ok(currentAlgo instanceof Api.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow);
  await assert.rejects(checkPassword(gram, "wrong horse"), refusal("PASSWORD_HASH_INVALID"));
  await assert.rejects(signIn(gram, sent), refusal("SESSION_PASSWORD_NEEDED", 401), "the code stays good");
  await assertRefused(gram);
  assert.ok(await checkPassword(gram, "correct horse") instanceof Api.auth.Authorization);
  await assertServed(gram);
});

Deno.test("password: a question is good for one answer, and for the password it was asked about", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  await sandbox.control("POST", "/login/password", { password: "first" });
  const sent = await sendCode(gram);
  await assert.rejects(signIn(gram, sent), refusal("SESSION_PASSWORD_NEEDED", 401));
  const old = await question(gram);
  const asked = await question(gram);
  await assert.rejects(checkPassword(gram, "first", old), refusal("SRP_ID_INVALID"));
  await assert.rejects(checkPassword(gram, "wrong", asked), refusal("PASSWORD_HASH_INVALID"));
  await assert.rejects(checkPassword(gram, "first", asked), refusal("SRP_ID_INVALID"));
  const before = await question(gram);
  await sandbox.control("POST", "/login/password", { password: "second" });
  await assert.rejects(checkPassword(gram, "first", before), refusal("SRP_PASSWORD_CHANGED"));
  const forged = gram.client.invoke(new Api.auth.CheckPassword({ password: forgery(await question(gram)) }));
  await assert.rejects(forged, refusal("PASSWORD_HASH_INVALID"));
  await sandbox.control("POST", "/login/password", { password: null });
  await signIn(gram, sent);
  await assertServed(gram);
});

Deno.test("password: after five wrong ones none is taken for a minute", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  await sandbox.control("POST", "/login/password", { password: "right" });
  await assert.rejects(signIn(gram, await sendCode(gram)), refusal("SESSION_PASSWORD_NEEDED", 401));
  for (let i = 0; i < 5; i++) await assert.rejects(checkPassword(gram, "wrong"), refusal("PASSWORD_HASH_INVALID"));
  await assert.rejects(checkPassword(gram, "right"), { seconds: 60 });
  await later(sandbox, 61);
  await checkPassword(gram, "right");
  await assertServed(gram);
});
