import assert from "node:assert/strict";
import { Api } from "../../sandbox/tl.ts";
import { type Client, connectClient } from "./client.ts";
import { type SandboxProcess, startSandbox } from "./unrecorded.ts";
import { assertRefused, assertServed, exportToken, sendCode, signIn } from "./signing_in.ts";

async function signedIn(sandbox: SandboxProcess): Promise<Client> {
  const gram = await connectClient(sandbox.port);
  await signIn(gram, await sendCode(gram));
  return gram;
}

Deno.test("sign-out: a key forgets its user, no other does, and it may sign in again", async () => {
  await using sandbox = await startSandbox();
  await using gram = await signedIn(sandbox);
  await using other = await signedIn(sandbox);
  assert.ok(await gram.client.invoke(new Api.auth.LogOut()) instanceof Api.auth.LoggedOut);
  await assertRefused(gram);
  await assert.rejects(gram.client.invoke(new Api.auth.LogOut()), { errorMessage: "AUTH_KEY_UNREGISTERED" });
  await assertServed(other);
  await signIn(gram, await sendCode(gram));
  await assertServed(gram);
});

for (const reason of ["AUTH_KEY_UNREGISTERED", "SESSION_REVOKED", "USER_DEACTIVATED"]) {
  Deno.test(`revoking: ${reason} is what a key answers until somebody signs in on it again`, async () => {
    await using sandbox = await startSandbox();
    await using gram = await signedIn(sandbox);
    await using bystander = await connectClient(sandbox.port);
    assert.deepEqual(await sandbox.control("POST", "/session/revoke", { reason }), { revoked: 1 });
    await assertRefused(gram, reason);
    await assertRefused(gram, reason);
    await assert.rejects(gram.client.invoke(new Api.auth.LogOut()), { errorMessage: reason });
    await assertRefused(bystander);
    await using later = await signedIn(sandbox);
    await assertServed(later);
    await assertRefused(gram, reason);
    await signIn(gram, await sendCode(gram));
    await assertServed(gram);
  });
}

Deno.test("revoking: a key seen in two places answers nothing else ever again, a later one does", async () => {
  await using sandbox = await startSandbox();
  await using gram = await signedIn(sandbox);
  await sandbox.control("POST", "/session/revoke", { reason: "AUTH_KEY_DUPLICATED" });
  await assertRefused(gram, "AUTH_KEY_DUPLICATED");
  await assert.rejects(sendCode(gram), { errorMessage: "AUTH_KEY_DUPLICATED", code: 406 });
  await using later = await signedIn(sandbox);
  await assertServed(later);
});

Deno.test("revoking: all are also the keys on which nobody is signed in", async () => {
  await using sandbox = await startSandbox();
  await using gram = await connectClient(sandbox.port);
  const reason = "AUTH_KEY_DUPLICATED";
  assert.deepEqual(await sandbox.control("POST", "/session/revoke", { reason }), { revoked: 0 });
  await exportToken(gram);
  assert.deepEqual(await sandbox.control("POST", "/session/revoke", { reason, all: true }), { revoked: 1 });
  await assert.rejects(exportToken(gram), { errorMessage: reason });
  await assert.rejects(sandbox.control("POST", "/session/revoke", { reason: "WHATEVER" }), /reason/);
});
