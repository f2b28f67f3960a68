import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { CODE, PHONE, type SignInSandbox, startSignInSandbox } from "../telegram/signing_in.ts";
import { command, run, until } from "./command.ts";
import { assertStoredServes, type Environment, fetched, piped, urlOf } from "./signed_in.ts";

const KEY_BYTES = 256;

/** The sandbox's session as the three libraries write one, with addresses that nobody listens at. */
function writtenForms({ session: { authKey } }: SignInSandbox): Readonly<Record<string, string>> {
  const key = Buffer.from(authKey);
  const port = Buffer.of(1, 0xbb);
  const host = Buffer.from("10.77.0.2");
  const gram = Buffer.concat([Buffer.of(2, 0, host.length), host, port, key]);
  const telethon = Buffer.concat([Buffer.of(2, 10, 77, 0, 2), port, key]);
  const [application, user] = [Buffer.alloc(4), Buffer.alloc(8)];
  application.writeInt32BE(1);
  user.writeBigInt64BE(1000n);
  const pyrogram = Buffer.concat([Buffer.of(2), application, Buffer.of(0), key, user, Buffer.of(0)]);
  assert.equal(key.length, KEY_BYTES);
  return {
    GramJS: `1${gram.toString("base64")}`,
    Telethon: `1${telethon.toString("base64url")}=`,
    Pyrogram: pyrogram.toString("base64url"),
  };
}

const login = (environment: Environment, ...options: readonly string[]): ReturnType<typeof piped> =>
  piped(["login", "--phone", PHONE, ...options], CODE, environment);

Deno.test("login --import: strings of GramJS, Telethon and Pyrogram are told apart, tried and stored", async () => {
  await using sandbox = await startSignInSandbox();
  for (const [form, text] of Object.entries(writtenForms(sandbox))) {
    const environment = { ...sandbox.environment(), DATA_DIR: join(sandbox.directory, form) };
    const ran = await piped(["login", "--import"], `${text}\n`, environment);
    assert.equal(ran.code, 0, ran.err);
    assert.match(ran.err, new RegExp(`A string session of ${form}, data centre 2;`));
    assert.match(ran.err, /Signed in as Olga Owner/);
    assert.ok(!ran.err.includes(text.slice(20, 60)));
    await assertStoredServes(environment);
  }
});

Deno.test("login --import: what is no session, is not signed in, or is a bot's is refused and not stored", async () => {
  await using sandbox = await startSignInSandbox();
  const { GramJS = "", Pyrogram = "" } = writtenForms(sandbox);
  const bot = Buffer.from(Pyrogram, "base64url");
  bot[bot.length - 1] = 1;
  const test = Buffer.from(Pyrogram, "base64url");
  test[5] = 1;
  const other = Buffer.from(GramJS.slice(1), "base64");
  other.fill(7, other.length - KEY_BYTES);
  const cases: [string, number, RegExp][] = [
    ["", 2, /none of GramJS, Telethon or Pyrogram, or not a whole one\.\nPaste the whole string session/],
    [GramJS.slice(0, -40), 2, /or not a whole one/],
    [bot.toString("base64url"), 2, /is a bot's/],
    [test.toString("base64url"), 2, /test servers/],
    [`1${other.toString("base64")}`, 1, /Telegram does not know the session's key.*\nNothing was stored/],
  ];
  for (const [text, code, says] of cases) {
    const ran = await piped(["login", "--import"], `${text}\n`, sandbox.environment());
    assert.equal(ran.code, code, ran.err);
    assert.match(ran.err, says);
    await assert.rejects(Deno.stat(join(sandbox.directory, "data", "session")));
  }
  const both = await run(["login", "--import", "--phone"], sandbox.environment());
  assert.deepEqual([both.code, /two ways to log in/.test(both.err)], [2, true]);
  const nobody = await run(["login"], { DATA_DIR: sandbox.directory });
  assert.match(nobody.err, /TELEGRAM_API_ID and TELEGRAM_API_HASH are not set\.\n.*my\.telegram\.org\/apps/);
});

Deno.test("login: a running server whose session was ended goes on with the new one by itself", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = sandbox.environment();
  assert.equal((await login(environment)).code, 0);
  await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: "0" });
  const url = await urlOf(server);
  assert.deepEqual(await fetched(url), [200, 1]);
  const refused = await login(environment);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /Signed in already as @sandbox_owner, id 1000, in use by the server at http:/);
  await sandbox.revoke("SESSION_REVOKED");
  assert.equal((await fetched(url))[0], 503);
  const ran = await login(environment);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /The server at http:\S+ goes on with it by itself/);
  await until(async () => (await fetched(url))[0] === 200, "the server answers again");
  assert.deepEqual(await fetched(url), [200, 1]);
});

Deno.test("login: beside a server with a session of its configuration it says what goes first; its file may be replaced", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = sandbox.environment();
  const file = join(sandbox.directory, "configured");
  const print = async (): Promise<void> => {
    const printed = await login({ ...environment, DATA_DIR: join(sandbox.directory, "elsewhere") }, "--print");
    await Deno.writeTextFile(file, printed.out);
  };
  await print();
  const served = { ...environment, MCP_SERVER_PORT: "0", TELEGRAM_STRING_SESSION_FILE: file };
  await using server = command(["serve"], served);
  const url = await urlOf(server);
  assert.deepEqual(await fetched(url), [200, 1]);
  await sandbox.revoke("SESSION_REVOKED");
  assert.equal((await fetched(url))[0], 503);
  const ran = await login(environment);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /uses TELEGRAM_STRING_SESSION, which goes before the stored session: unset it there/);
  assert.equal((await fetched(url))[0], 503);
  await Deno.remove(file);
  await server.err.line(/state"?[=:]"?needs_login.*TELEGRAM_STRING_SESSION_FILE cannot be read \(NotFound\)/);
  await print();
  await until(async () => (await fetched(url))[0] === 200, "the server reads its file again");
});

Deno.test("login: a stored session that Telegram refuses is replaced; one that cannot be read only if told so", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = sandbox.environment();
  await login({ ...environment, SESSION_KEY: "one that is lost by now" });
  const lost = await login(environment);
  assert.equal(lost.code, 1, lost.err);
  assert.match(lost.err, /SESSION_KEY is not set\.\nSet SESSION_KEY as it was .*`login --again`/);
  await Deno.writeTextFile(join(sandbox.directory, "data", "session"), "damaged");
  const damaged = await login(environment);
  assert.match(damaged.err, /stored session is damaged: it cannot be read\.\nRun the command `login --again`\./);
  const again = await login(environment, "--again");
  assert.equal(again.code, 0, again.err);
  await sandbox.revoke("SESSION_REVOKED");
  const revoked = await login(environment);
  assert.equal(revoked.code, 0, revoked.err);
  assert.match(revoked.err, /Terminate all sessions\. The new login takes the place of that session/);
  await assertStoredServes(environment);
});

Deno.test("login: where no session can be stored none is made, except to be printed", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = { ...sandbox.environment(), DATA_DIR: "/proc/nowhere" };
  const ran = await login(environment);
  assert.equal(ran.code, 1, ran.err);
  assert.match(ran.err, /No session can be stored in \/proc\/nowhere\.\nCheck DATA_DIR/);
  assert.ok(!/code/i.test(ran.err), "nothing was sent");
  const printed = await login(environment, "--print");
  assert.equal(printed.code, 0, printed.err);
});

Deno.test("logout: the session ends at Telegram's and here, and not under a server that uses it", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = sandbox.environment();
  await login(environment);
  {
    await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: "0" });
    const url = await urlOf(server);
    const beside = await run(["logout"], environment);
    assert.equal(beside.code, 1);
    assert.match(beside.err, /in use by "serve" at http:.*\n.*stop it and try again/);
    assert.deepEqual(await fetched(url), [200, 1]);
  }
  await sandbox.faults();
  const ran = await run(["logout"], environment);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /Logged out\.\nThe stored session is removed/);
  assert.equal((await sandbox.received())["auth.LogOut"], 1);
  await assert.rejects(Deno.stat(join(sandbox.directory, "data", "session")));
  assert.match((await run(["logout"], environment)).err, /Nobody is signed in/);

  await login(environment);
  await sandbox.revoke("SESSION_REVOKED");
  const revoked = await run(["logout"], environment);
  assert.match(revoked.err, /There was nothing left to log out\.\nThe stored session is removed/);
});

Deno.test("logout: a session of the configuration is ended, and its owner told to unset it", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = sandbox.environment();
  await login(environment);
  const printed = await login(environment, "--print");
  const configured = { ...environment, TELEGRAM_STRING_SESSION: printed.out.trim() };
  const again = await login(configured, "--again");
  assert.match(again.err, /TELEGRAM_STRING_SESSION is set and goes before the stored session/);
  const ran = await run(["logout"], configured);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /Logged out\.\nNow unset TELEGRAM_STRING_SESSION .*\nThere is a stored session besides/);
  const whoami = await run(["whoami"], configured);
  assert.equal(whoami.code, 1);
  await assertStoredServes(environment);
});

Deno.test("whoami: the account, its phone's middle hidden, alone and beside a server", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = sandbox.environment();
  const nobody = await run(["whoami"], environment);
  assert.deepEqual([nobody.code, nobody.out], [1, ""]);
  assert.match(nobody.err, /No Telegram account is signed in\.\nRun the command `login`/);
  await login(environment);
  const alone = await run(["whoami"], environment);
  assert.match(
    alone.out,
    /^id +1000\nname +Olga Owner\nusername +@sandbox_owner\nphone +\+9996••••00\ndata centre +2\nsession +\S+\/session\n$/,
  );
  const json = JSON.parse((await run(["whoami", "--json"], environment)).out);
  assert.deepEqual([json.id, json.username, json.dc], ["1000", "sandbox_owner", 2]);
  await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: "0" });
  const url = await urlOf(server);
  const beside = await run(["whoami"], { ...environment, HTTP_PROXY: "http://127.0.0.1:9" });
  assert.equal(beside.code, 0, beside.err);
  assert.ok(beside.out.includes(`session      the server at ${url}`), beside.out);
  assert.match(beside.out, /^id +1000\nusername +@sandbox_owner\nsession /);
  await sandbox.revoke("SESSION_REVOKED");
  await fetched(url);
  const ended = await run(["whoami"], environment);
  assert.equal(ended.code, 1);
  assert.match(ended.err, /has no account to show: The session was ended in an app/);
});
