import assert from "node:assert/strict";
import { join } from "node:path";
import { assertServes, CODE, PHONE, startSignInSandbox } from "../telegram/signing_in.ts";
import { parseSession } from "../../src/mtproto/session.ts";
import { interactive, type Ran } from "./command.ts";
import { assertStoredServes, piped, storedText } from "./signed_in.ts";

const PASSWORD = "correct horse";

/** Nothing that is secret was printed. */
function assertDiscreet(ran: Ran, ...secrets: readonly string[]): void {
  for (const secret of [PHONE, CODE, ...secrets]) {
    assert.ok(!`${ran.out}${ran.err}`.includes(secret), `${secret} in ${ran.out}${ran.err}`);
  }
  assert.doesNotMatch(ran.err, /^ +at /m);
}

Deno.test("login: answers that are piped in sign in, and the session is stored for its owner alone", async () => {
  await using sandbox = await startSignInSandbox();
  await sandbox.setPassword(PASSWORD);
  const environment = sandbox.environment();
  const ran = await piped(["login", "--phone"], `+${PHONE}\n11111\n${CODE}\nwrong\n${PASSWORD}\n`, environment);
  assert.deepEqual([ran.code, ran.out], [0, ""], ran.err);
  assert.match(
    ran.err,
    /Signed in as Olga Owner \(@sandbox_owner, id 1000, \+9996••••00\)\.\nThe session is stored in/,
  );
  assertDiscreet(ran, PASSWORD, storedText(sandbox));
  const { mode } = Deno.statSync(join(sandbox.directory, "data", "session"));
  assert.equal((mode ?? 0) & 0o777, 0o600);
  await assertStoredServes(environment);
  const again = await piped(["login", "--phone", PHONE], `${CODE}\n`, environment);
  assert.equal(again.code, 1);
  assert.match(again.err, /Signed in already as Olga Owner .*\nRun `logout` first, or `login --again`/);
});

Deno.test("login: a QR code is written with its link, also where the account is of another data centre", async () => {
  await using sandbox = await startSignInSandbox();
  await using running = interactive(["login"], sandbox.environment(5));
  await sandbox.scan(await running.err.line(/^tg:/));
  assert.equal(await running.ended(), 0, running.err.text());
  assert.match(running.err.text(), /\n {4}█▀▀▀▀▀█ .* █▀▀▀▀▀█ {4}\n/);
  assert.equal(parseSession(storedText(sandbox)).dcId, 2);
  await assertStoredServes(sandbox.environment());
});

Deno.test("login: at a terminal nothing secret is shown, and the terminal is as before", async () => {
  await using sandbox = await startSignInSandbox();
  await sandbox.setPassword(PASSWORD);
  await using running = interactive(["login", "--phone"], sandbox.environment(), { terminal: true });
  await running.out.until(/Phone number .*: $/);
  await running.type(`${PHONE}9\x7f\r`);
  await running.out.until(/Code: $/);
  await running.type(`${CODE}\r`);
  await running.out.until(/Password \(not shown\): $/);
  await running.type(`${PASSWORD}\r`);
  assert.equal(await running.ended(), 0, running.out.text());
  assert.match(running.out.text(), /Signed in as Olga Owner/);
  assert.ok(running.out.text().includes(CODE), "what is not hidden is echoed");
  assert.ok(!running.out.text().includes(PASSWORD));
  await assertStoredServes(sandbox.environment());
});

Deno.test("login: Ctrl-C ends it with 130, cancels the code and leaves the terminal as it was", async () => {
  await using sandbox = await startSignInSandbox();
  const wrapper = `before=$(stty -a); "$@"; echo "code $?"; test "$before" = "$(stty -a)" && echo same`;
  for (const question of ["--phone", "--import"]) {
    await sandbox.faults();
    await using running = interactive(["login", question], sandbox.environment(), { terminal: true, wrapper });
    await running.out.until(/: $/);
    if (question === "--phone") await running.type(`${PHONE}\r`);
    await running.out.until(/(Code|String session \(not shown\)): $/);
    await running.type("\x03");
    assert.equal(await running.ended(), 0);
    assert.match(running.out.text(), /Interrupted; nothing was stored\.\r\ncode 130\r\nsame/);
    assert.equal((await sandbox.received())["auth.CancelCode"], question === "--phone" ? 1 : undefined);
  }
  await using waiting = interactive(["login"], sandbox.environment());
  await waiting.err.line(/^tg:/);
  waiting.signal("SIGINT");
  assert.equal(await waiting.ended(), 130);
});

Deno.test("login: input that ends is a sentence, wherever it ends", async () => {
  await using sandbox = await startSignInSandbox();
  for (const input of ["", `${PHONE}\n`, `${PHONE}\n11111\n`]) {
    const ran = await piped(["login", "--phone"], input, sandbox.environment());
    assert.equal(ran.code, 2, ran.err);
    assert.match(ran.err, /The input ended before all questions were answered\.\nRun the command in a terminal/);
    assertDiscreet(ran, "11111");
  }
});

Deno.test("login --print: the session alone is on standard output, and nothing is stored", async () => {
  await using sandbox = await startSignInSandbox();
  const ran = await piped(["login", "--print", "--phone", PHONE], CODE, sandbox.environment());
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.out, /^1[\w+/=]+\n$/);
  assert.ok(!ran.err.includes(ran.out.trim()));
  await assert.rejects(Deno.stat(join(sandbox.directory, "data", "session")));
  await assertServes(sandbox, parseSession(ran.out));
});

Deno.test("login: with SESSION_KEY the session is stored encrypted; --again leaves the one before signed in", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = { ...sandbox.environment(), SESSION_KEY: "a key that nobody guesses" };
  const ran = await piped(["login", "--phone", PHONE], CODE, environment);
  assert.match(ran.err, /encrypted with SESSION_KEY/);
  const stored = storedText(sandbox);
  assert.match(stored, /^aes-256-gcm:/);
  await assertStoredServes(environment);
  const again = await piped(["login", "--again", "--phone", PHONE], CODE, environment);
  assert.equal(again.code, 0, again.err);
  assert.match(again.err, /The session before it is still signed in; end it in a Telegram app/);
  assert.notEqual(storedText(sandbox), stored);
  await assertStoredServes(environment);
});
