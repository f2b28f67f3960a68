import assert from "node:assert/strict";
import { toLoginError } from "../../src/telegram/login.ts";
import { signInByPhone } from "../../src/telegram/login_phone.ts";
import { assertSilence } from "../mtproto/telegram.ts";
import {
  type Answer,
  assertServes,
  begin,
  CODE,
  PHONE,
  type Signing,
  type SignInSandbox,
  startSignInSandbox,
} from "./signing_in.ts";

Deno.test.afterEach(assertSilence);

const PASSWORD = "correct horse";
const NOBODY = "9996621999";

/** Signs in with those answers after the number. */
async function signIn(
  sandbox: SignInSandbox,
  answers: readonly Answer[],
  { dc = 2, phone = PHONE, serves = true }: { dc?: 2 | 5; phone?: string; serves?: boolean } = {},
): Promise<Signing & { readonly error?: Error }> {
  const signing = begin(sandbox, { answers, dc });
  const failure = await signInByPhone(signing.login, phone).then(() => undefined, toLoginError);
  if (failure instanceof Error) return { ...signing, error: failure };
  assert.equal(failure, undefined);
  if (serves) await assertServes(sandbox, signing.centre.session());
  return signing;
}

function assertFails({ error }: { readonly error?: Error }, message: RegExp): void {
  assert.ok(error !== undefined, "it fails");
  assert.match(error.message, message);
}

Deno.test("login by phone: the number is asked for when none is given, in any way of writing it", async () => {
  await using sandbox = await startSignInSandbox();
  await using signing = begin(sandbox, { answers: ["", "12", `+${PHONE.slice(0, 3)} ${PHONE.slice(3)}`, CODE] });
  await signInByPhone(signing.login);
  await assertServes(sandbox, signing.centre.session());
  assert.equal(signing.text().match(/Telegram does not take this for a phone number/g)?.length, 2);
  assert.match(signing.text(), /a code of 5 digits to the Telegram app on your other devices, not by SMS/);
  await using _ = await signIn(sandbox, ["00 999 662-1000", "22-2 22"], { phone: "1" });
});

Deno.test("login by phone: a wrong code is asked for again, and after three a new one is offered", async () => {
  await using sandbox = await startSignInSandbox();
  await sandbox.faults();
  await using once = await signIn(sandbox, ["11111", CODE]);
  assert.match(once.text(), /That is not the code\.\nCode: $/);
  assert.equal((await sandbox.received())["auth.SendCode"], 1);
  await sandbox.faults();
  await using thrice = await signIn(sandbox, ["11111", "11112", "11113", "", CODE]);
  assert.match(thrice.text(), /Press Enter for a new one/);
  const { "auth.SendCode": sent, "auth.SignIn": tried } = await sandbox.received();
  assert.deepEqual([sent, tried], [2, 4]);
});

Deno.test("login by phone: an expired code is replaced by itself, whether it is typed or another way is asked for", async () => {
  await using sandbox = await startSignInSandbox();
  const late = (answer: string) => async (): Promise<string> => {
    await sandbox.later(301);
    return answer;
  };
  for (const answers of [[late(CODE), CODE], [late("11111"), late(CODE), CODE]]) {
    await sandbox.faults();
    await using signing = await signIn(sandbox, answers);
    assert.match(signing.text(), /That code has expired; a new one is on its way\.\nTelegram has sent a code/);
    assert.equal((await sandbox.received())["auth.SendCode"], answers.length);
  }
  await using signing = begin(sandbox, {
    answers: [async (): Promise<string> => (signing.later(61), await late("")()), CODE],
  });
  await signInByPhone(signing.login, PHONE);
  assert.match(signing.text(), /That code has expired; a new one is on its way/);
});

Deno.test("login by phone: an empty line sends the code another way, in Telegram's time and until there is none", async () => {
  await using sandbox = await startSignInSandbox();
  const later = (seconds: number) => (): Promise<string> => {
    signing.later(seconds);
    return Promise.resolve("");
  };
  await sandbox.faults();
  await using signing = begin(sandbox, { answers: ["", later(61), later(30), later(31), "", CODE] });
  await signInByPhone(signing.login, PHONE);
  await assertServes(sandbox, signing.centre.session());
  const told = signing.text();
  assert.match(told, /sends the code by SMS in 60 s at the earliest\.\nNo code\? It goes to the Telegram app .* first/);
  assert.match(told, /a code of 5 digits by SMS\.\nNo code\? Press Enter after 60 s: it then comes by a call\./);
  assert.match(told, /sends the code by a call in 30 s at the earliest/);
  assert.match(told, /Telegram calls and says a code of 5 digits/);
  assert.match(
    told,
    /says a code of 5 digits\.\nNo code\? It goes to the Telegram app/,
    "there is no way after the last",
  );
  assert.match(told, /Telegram has no other way to send a code to this number\.\n.*Scanning is surer/);
  assert.equal((await sandbox.received())["auth.ResendCode"], 3);
});

Deno.test("login by phone: a connection that is lost while the code is looked for does not end it", async () => {
  await using sandbox = await startSignInSandbox();
  const later = async (): Promise<string> => {
    await sandbox.sandbox.control("POST", "/connections/close");
    return CODE;
  };
  await using _idle = await signIn(sandbox, [later]);
  await sandbox.faults({ rules: [{ method: "auth.signIn", times: 1, close: true }] });
  await using _asked = await signIn(sandbox, [CODE]);
  assert.equal((await sandbox.received())["auth.SendCode"], 1);
});

Deno.test("login by phone: a number of another data centre is followed to it", async () => {
  await using sandbox = await startSignInSandbox();
  await using signing = await signIn(sandbox, [CODE], { dc: 5, serves: false });
  assert.equal(signing.centre.session()?.dcId, 2);
  await assertServes(sandbox, signing.centre.session(), 5);
});

Deno.test("login by phone: a data centre that sends on and on is not followed for ever", async () => {
  await using sandbox = await startSignInSandbox();
  await sandbox.faults({ rules: [{ method: "auth.sendCode", error: { code: 303, message: "NETWORK_MIGRATE_2" } }] });
  await using signing = await signIn(sandbox, []);
  assertFails(signing, /NETWORK_MIGRATE_2/);
  assert.equal((await sandbox.received())["auth.SendCode"], 4);
});

Deno.test("login by phone: the password is asked for with its hint, not shown, and again when it is wrong", async () => {
  await using sandbox = await startSignInSandbox();
  await sandbox.setPassword(PASSWORD, "the usual");
  await sandbox.faults();
  await using signing = await signIn(sandbox, [CODE, "wrong", PASSWORD]);
  assert.match(
    signing.text(),
    /Hint: "the usual"\nPassword \(not shown\): \(hidden\)\nThat is not the password\.\nPassword/,
  );
  assert.equal((await sandbox.received())["account.GetPassword"], 3);
  const error = { code: 400, message: "SRP_ID_INVALID" };
  await sandbox.faults({ rules: [{ method: "auth.checkPassword", times: 1, error }] });
  await using late = await signIn(sandbox, [CODE, PASSWORD, PASSWORD]);
  assert.match(late.text(), /Telegram wants to be told again/);
  await using thrice = await signIn(sandbox, [CODE, "wrong", "wronger", "wrongest"]);
  assertFails(thrice, /That was not the password of the account's two-step verification/);
});

Deno.test("login by phone: spaces around a password are part of it", async () => {
  await using sandbox = await startSignInSandbox();
  await sandbox.setPassword(" spaced ");
  await using _ = await signIn(sandbox, [CODE, "spaced", " spaced "]);
});

Deno.test("login by phone: what Telegram refuses is said in sentences", async () => {
  await using sandbox = await startSignInSandbox();
  await using nobody = await signIn(sandbox, [CODE], { phone: NOBODY });
  assertFails(nobody, /There is no Telegram account of this number/);
  await using invalid = await signIn(sandbox, ["3", "4"], { phone: "12" });
  assertFails(invalid, /does not take this for a phone number/);
  for (
    const [message, code, says] of [
      ["PHONE_NUMBER_BANNED", 400, /has banned this phone number/],
      ["PHONE_NUMBER_FLOOD", 400, /too many codes to this number/],
      ["PHONE_PASSWORD_FLOOD", 406, /too many attempts/],
      ["FLOOD_WAIT_3000", 420, /Telegram asks to wait 50 min before the next attempt/],
      ["API_ID_PUBLISHED_FLOOD", 400, /it was published/],
    ] as const
  ) {
    await sandbox.faults({ rules: [{ method: "auth.sendCode", error: { code, message } }] });
    await using signing = await signIn(sandbox, []);
    assertFails(signing, says);
  }
});

Deno.test("login by phone: who gives up has the code cancelled, whatever comes of it", async () => {
  await using sandbox = await startSignInSandbox();
  await sandbox.faults();
  await using signing = await signIn(sandbox, []);
  assertFails(signing, /The input ended/);
  assert.equal((await sandbox.received())["auth.CancelCode"], 1);
  // Telegram's refusal of that is nobody's business.
  await sandbox.faults({ rules: [{ method: "auth.cancelCode", error: { code: 500, message: "INTERNAL" } }] });
  await using again = await signIn(sandbox, []);
  assertFails(again, /The input ended/);
});
