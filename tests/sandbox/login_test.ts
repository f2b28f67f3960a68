import assert from "node:assert/strict";
import { connectClient } from "./client.ts";
import { Api } from "../../sandbox/tl.ts";
import { createMethods } from "../../sandbox/methods/mod.ts";
import { createServer } from "../../sandbox/server.ts";
import { createWorld } from "../../sandbox/world/mod.ts";

const OWNER = "9996621000";
const API_HASH = "0".repeat(32);

const code = (phoneNumber: string, apiId = 1, apiHash = API_HASH): Api.auth.SendCode =>
  new Api.auth.SendCode({ phoneNumber, apiId, apiHash, settings: new Api.CodeSettings({}) });

Deno.test("login: the owner signs in on a new key with the code of a test number, and is then served", async () => {
  await using server = createServer({ methods: createMethods(createWorld()) });
  await using gram = await connectClient(server.port);
  const me = new Api.users.GetUsers({ id: [new Api.InputUserSelf()] });
  await assert.rejects(gram.client.invoke(me), /AUTH_KEY_UNREGISTERED/);
  const sent = await gram.client.invoke(code(`+${OWNER}`));
  assert.ok(sent instanceof Api.auth.SentCode && sent.type instanceof Api.auth.SentCodeTypeApp);
  assert.equal(sent.type.length, 5);
  const { phoneCodeHash } = sent;
  const signIn = (phoneNumber: string, phoneCode: string, hash = phoneCodeHash): Promise<Api.auth.TypeAuthorization> =>
    gram.client.invoke(new Api.auth.SignIn({ phoneNumber, phoneCode, phoneCodeHash: hash }));
  await assert.rejects(signIn(OWNER, "22223"), /PHONE_CODE_INVALID/);
  await assert.rejects(signIn(OWNER, ""), /PHONE_CODE_EMPTY/);
  await assert.rejects(signIn(OWNER, "22222", "stale"), /PHONE_CODE_EXPIRED/);
  await assert.rejects(signIn("9996621001", "22222"), /PHONE_CODE_EXPIRED/, "the code belongs to its number");
  await assert.rejects(signIn("4912345678", "22222"), /PHONE_NUMBER_INVALID/);
  await assert.rejects(gram.client.invoke(me), /AUTH_KEY_UNREGISTERED/, "nothing but the right code signs in");
  const authorization = await signIn(OWNER, "22222");
  assert.ok(authorization instanceof Api.auth.Authorization && authorization.user instanceof Api.User);
  assert.equal(authorization.user.id.toString(), "1000");
  assert.equal((await gram.client.invoke(me)).length, 1);
  await assert.rejects(signIn(OWNER, "22222"), /PHONE_CODE_EXPIRED/, "a code is good once");
});

Deno.test("login: a number of nobody must sign up, and what is no test number or application is refused", async () => {
  await using server = createServer({ methods: createMethods(createWorld()) });
  await using gram = await connectClient(server.port);
  await assert.rejects(gram.client.invoke(code("4912345678")), /PHONE_NUMBER_INVALID/);
  await assert.rejects(gram.client.invoke(code(OWNER, 1, "no hash")), /API_ID_INVALID/);
  const sent = await gram.client.invoke(code("9996637777"));
  assert.ok(sent instanceof Api.auth.SentCode);
  const { phoneCodeHash } = sent;
  const answer = await gram.client.invoke(
    new Api.auth.SignIn({ phoneNumber: "9996637777", phoneCodeHash, phoneCode: "33333" }),
  );
  assert.equal(answer.className, "auth.AuthorizationSignUpRequired");
  const me = new Api.users.GetUsers({ id: [new Api.InputUserSelf()] });
  await assert.rejects(gram.client.invoke(me), /AUTH_KEY_UNREGISTERED/);
});
