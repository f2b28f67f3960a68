import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { Api } from "../../sandbox/tl.ts";
import { type Client, connectClient } from "./client.ts";
import { asResult, connectPeer, ping } from "./peer.ts";
import { type SandboxProcess, startSandbox } from "./unrecorded.ts";
import {
  accept,
  API_HASH,
  assertRefused,
  assertServed,
  checkPassword,
  exportToken,
  importToken,
  later,
  sendCode,
  signIn,
  waitingToken,
} from "./signing_in.ts";

const refusal = (errorMessage: string, code = 400): { errorMessage: string; code: number } => ({ errorMessage, code });

/** A token of a client at the other data centre, accepted and sent home. */
async function migratedToken(sandbox: SandboxProcess, away: Client): Promise<Buffer> {
  const { token } = await waitingToken(away);
  await accept(sandbox, token);
  const answer = await exportToken(away);
  assert.ok(answer instanceof Api.auth.LoginTokenMigrateTo, answer.className);
  assert.equal(answer.dcId, 2);
  return answer.token;
}

Deno.test("qr: a token is the same until it expires, is then replaced, and signs its key in once accepted", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  await assert.rejects(exportToken(gram, 2), refusal("API_ID_INVALID"));
  const first = await waitingToken(gram);
  const seconds = first.expires - Date.now() / 1000;
  assert.ok(seconds > 25 && seconds <= 30, `${seconds} s of life`);
  assert.deepEqual((await waitingToken(gram)).token, first.token);
  await later(sandbox, 31);
  await assert.rejects(accept(sandbox, first.token), /AUTH_TOKEN_EXPIRED/);
  const second = await waitingToken(gram);
  assert.notDeepEqual(second.token, first.token);
  await assertRefused(gram);
  await accept(sandbox, second.token);
  await assert.rejects(accept(sandbox, second.token), /AUTH_TOKEN_ALREADY_ACCEPTED/);
  const answer = await exportToken(gram);
  assert.ok(answer instanceof Api.auth.LoginTokenSuccess);
  assert.ok(answer.authorization instanceof Api.auth.Authorization);
  await assertServed(gram);
});

Deno.test("qr: a client that is signed in accepts for another, which is told so", async () => {
  await using sandbox = await startSandbox();
  await using phone = await connectClient(sandbox.port);
  await using gram = await connectClient(sandbox.port);
  const updates = new EventTarget();
  gram.client.addEventHandler((update: unknown) => {
    if (update instanceof Api.UpdateLoginToken) updates.dispatchEvent(new Event("accepted"));
  });
  const { token } = await waitingToken(gram);
  const accepting = new Api.auth.AcceptLoginToken({ token });
  await assert.rejects(phone.client.invoke(accepting), refusal("AUTH_KEY_UNREGISTERED", 401));
  await signIn(phone, await sendCode(phone));
  const told = once(updates, "accepted");
  const session = await phone.client.invoke(accepting);
  assert.ok(session instanceof Api.Authorization);
  await told;
  await assert.rejects(phone.client.invoke(accepting), refusal("AUTH_TOKEN_ALREADY_ACCEPTED"));
  const unknown = new Api.auth.AcceptLoginToken({ token: Buffer.alloc(32) });
  await assert.rejects(phone.client.invoke(unknown), refusal("AUTH_TOKEN_INVALIDX"));
  assert.ok(await exportToken(gram) instanceof Api.auth.LoginTokenSuccess);
  await assertServed(gram);
});

for (const isQuiet of [false, true]) {
  Deno.test(`qr: a client that asks ${isQuiet ? "without updates is not" : "plainly is"} told of it`, async () => {
    await using sandbox = await startSandbox();
    using peer = await connectPeer(sandbox.port);
    const query = new Api.auth.ExportLoginToken({ apiId: 1, apiHash: API_HASH, exceptIds: [] });
    const request = isQuiet ? new Api.InvokeWithoutUpdates({ query }) : query;
    const id = await peer.sendMessage(request.getBytes());
    await peer.until((received) => asResult(received, id));
    await accept(sandbox);
    await peer.sendMessage(ping(1n));
    const next = await peer.until(({ obj }) =>
      obj instanceof Api.UpdateShort || obj instanceof Api.Pong ? obj : undefined
    );
    assert.equal(next.className, isQuiet ? "Pong" : "UpdateShort");
  });
}

Deno.test("qr: a token from the other data centre is taken over at home, by one key, in its time", async () => {
  await using sandbox = await startSandbox();
  await using away = await connectClient(sandbox.awayPort, { dc: 5 });
  await using home = await connectClient(sandbox.port);
  await assert.rejects(importToken(home, Buffer.alloc(32)), refusal("AUTH_TOKEN_INVALID"));
  const waiting = await waitingToken(away);
  await assert.rejects(importToken(home, waiting.token), refusal("AUTH_TOKEN_INVALID"), "nobody has accepted it");
  const late = await migratedToken(sandbox, away);
  await assert.rejects(importToken(away, late), refusal("AUTH_TOKEN_INVALID"), "this is not where it was sent");
  await later(sandbox, 31);
  await assert.rejects(importToken(home, late), refusal("AUTH_TOKEN_EXPIRED"));
  const token = await migratedToken(sandbox, away);
  assert.ok(await importToken(home, token) instanceof Api.auth.LoginTokenSuccess);
  await assertServed(home);
  await using thief = await connectClient(sandbox.port);
  await assert.rejects(importToken(thief, token), refusal("AUTH_TOKEN_ALREADY_ACCEPTED"));
  await assertRefused(thief);
});

Deno.test("qr: with a password set the key waits for it, at home and after migration", async () => {
  await using sandbox = await startSandbox();
  await sandbox.control("POST", "/login/password", { password: "correct horse" });
  const needed = refusal("SESSION_PASSWORD_NEEDED", 401);
  await using gram = await connectClient(sandbox.port);
  await waitingToken(gram);
  await accept(sandbox);
  await assert.rejects(exportToken(gram), needed);
  await assert.rejects(exportToken(gram), needed, "however often it asks");
  await assert.rejects(checkPassword(gram, "wrong"), refusal("PASSWORD_HASH_INVALID"));
  await assertRefused(gram);
  await checkPassword(gram, "correct horse");
  await assertServed(gram);
  assert.ok(await exportToken(gram) instanceof Api.auth.LoginTokenSuccess);

  await using away = await connectClient(sandbox.awayPort, { dc: 5 });
  await using home = await connectClient(sandbox.port);
  const token = await migratedToken(sandbox, away);
  await assert.rejects(importToken(home, token), needed);
  await assert.rejects(importToken(home, token), needed);
  await assertRefused(home);
  await checkPassword(home, "correct horse");
  await assertServed(home);
});
