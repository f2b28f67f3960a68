import assert from "node:assert/strict";
import { identityOf } from "../../src/telegram/identity.ts";
import { toLoginError } from "../../src/telegram/login.ts";
import { signInByQr } from "../../src/telegram/login_qr.ts";
import { assertSilence, eventually, rejection } from "../mtproto/telegram.ts";
import { assertServes, begin, type Signing, startSignInSandbox, watched } from "./signing_in.ts";

Deno.test.afterEach(assertSilence);

const POLL_MS = 3000;

/** Lets the time until the next look pass. */
const look = ({ sleeper }: Signing): Promise<number> => sleeper.wake();

Deno.test("login by QR code: the code that is shown signs in once it is scanned", async () => {
  await using sandbox = await startSignInSandbox();
  await using signing = begin(sandbox);
  await sandbox.faults();
  const signedIn = watched(signInByQr(signing.login));
  const link = await signing.nextLink();
  assert.equal(await look(signing), POLL_MS);
  assert.equal(await look(signing), POLL_MS);
  await eventually(() => signing.sleeper.asleep.length || undefined, "the third look to be over");
  assert.deepEqual(signing.links, [link], "the same code is not drawn again");
  await sandbox.scan(link);
  await look(signing);
  const { id, username, phone } = identityOf(await signedIn());
  assert.deepEqual([id, username, phone], ["1000", "sandbox_owner", "+9996••••00"]);
  assert.match(signing.text(), /Settings > Devices > Link Desktop Device/);
  const methods = Object.keys(await sandbox.received()).filter((name) => name !== "MsgsAck");
  assert.deepEqual(methods.sort(), ["auth.ExportLoginToken", "help.GetConfig"]);
  await assertServes(sandbox, signing.centre.session());
});

Deno.test("login by QR code: one that expires is replaced, and no sooner looked at than it has expired", async () => {
  await using sandbox = await startSignInSandbox();
  await using signing = begin(sandbox);
  const signedIn = watched(signInByQr(signing.login));
  const first = await signing.nextLink();
  signing.later(28.5);
  await look(signing);
  const ms = await eventually(() => signing.sleeper.asleep[0], "a look to come");
  assert.ok(ms > 0 && ms <= 1500, `${ms} ms until it expires`);
  signing.later(2);
  await sandbox.later(31);
  await look(signing);
  const second = await signing.nextLink();
  assert.notEqual(second, first);
  await assert.rejects(sandbox.scan(first), /AUTH_TOKEN_EXPIRED/);
  await sandbox.scan(second);
  await look(signing);
  await signedIn();
  await assertServes(sandbox, signing.centre.session());
});

for (const password of [undefined, "correct horse"]) {
  const what = password === undefined ? "" : ", and asks for the password there";
  Deno.test(`login by QR code: an account of another data centre is followed to it${what}`, async () => {
    await using sandbox = await startSignInSandbox();
    if (password !== undefined) await sandbox.setPassword(password);
    await using signing = begin(sandbox, { dc: 5, answers: password === undefined ? [] : [password] });
    const signedIn = watched(signInByQr(signing.login));
    await sandbox.scan(await signing.nextLink());
    await look(signing);
    await signedIn();
    const session = signing.centre.session();
    assert.equal(session?.dcId, 2);
    await assertServes(sandbox, session);
    await assertServes(sandbox, session, 5);
  });
}

Deno.test("login by QR code: a token that came too late at the other data centre is replaced by one of that", async () => {
  await using sandbox = await startSignInSandbox();
  await using signing = begin(sandbox, { dc: 5 });
  const signedIn = watched(signInByQr(signing.login));
  const error = { code: 400, message: "AUTH_TOKEN_EXPIRED" };
  await sandbox.faults({ rules: [{ method: "auth.importLoginToken", times: 1, error }] });
  await sandbox.scan(await signing.nextLink());
  await look(signing);
  await look(signing);
  await sandbox.scan(await signing.nextLink());
  await look(signing);
  await signedIn();
  await assertServes(sandbox, signing.centre.session());
});

Deno.test("login by QR code: a lost connection and a flood wait are waited out", async () => {
  await using sandbox = await startSignInSandbox();
  await using signing = begin(sandbox);
  const signedIn = watched(signInByQr(signing.login));
  const link = await signing.nextLink();
  await sandbox.faults({ rules: [{ method: "auth.exportLoginToken", times: 2, close: true }] });
  await look(signing);
  assert.equal(await look(signing), POLL_MS, "after the loss");
  const error = { code: 420, message: "FLOOD_WAIT_7" };
  await eventually(() => signing.sleeper.asleep[0], "a look to come");
  await sandbox.faults({ rules: [{ method: "auth.exportLoginToken", times: 1, error }] });
  await look(signing);
  await sandbox.scan(link);
  assert.equal(await look(signing), 7000, "after the flood");
  await signedIn();
  assert.deepEqual(signing.links, [link]);
});

Deno.test("login by QR code: when nobody scans in ten minutes it ends", async () => {
  await using sandbox = await startSignInSandbox();
  await using signing = begin(sandbox);
  const ended = watched(signInByQr(signing.login));
  await signing.nextLink();
  signing.later(599);
  await look(signing);
  await eventually(() => signing.sleeper.asleep.length || undefined, "it goes on");
  signing.later(2);
  await look(signing);
  assert.match((await rejection(ended(), "TIMEOUT")).message, /Nobody has scanned the code in ten minutes/);
});

Deno.test("login by QR code: what Telegram refuses from the start is said at once", async () => {
  await using sandbox = await startSignInSandbox();
  for (
    const [message, code, says] of [
      ["API_ID_INVALID", 400, /does not accept TELEGRAM_API_ID/],
      ["FLOOD_WAIT_7500", 420, /Telegram asks to wait 2 h 5 min/],
    ] as const
  ) {
    await using signing = begin(sandbox);
    await sandbox.faults({ rules: [{ method: "auth.exportLoginToken", error: { code, message } }] });
    const error = await signInByQr(signing.login).then(() => undefined, toLoginError);
    assert.ok(error instanceof Error);
    assert.match(error.message, says);
  }
});
