import assert from "node:assert/strict";
import { join } from "node:path";
import { readKey } from "../../src/auth/key.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, until } from "./command.ts";
import { create, keys, list, rotate, show } from "./keys.ts";
import type { Environment } from "./signed_in.ts";

/** A data directory that is not there yet, and no account. */
async function nobody(work: (environment: Environment, directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "keys-" });
  const data = join(directory, "data");
  try {
    await work({ DATA_DIR: data }, data);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Everything that is in the files of a folder. */
async function contents(directory: string): Promise<string> {
  let all = "";
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (isFile) all += new TextDecoder("latin1").decode(await Deno.readFile(join(directory, name)));
  }
  return all;
}

Deno.test("keys create: without an account the key is the one line of standard output; it is kept nowhere", () =>
  nobody(async (environment, directory) => {
    const { code, out, err } = await keys(environment, "create", "--name", "agent");
    assert.equal(code, 0, err);
    const key = out.trimEnd();
    assert.equal(`${key}\n`, out);
    assert.equal(readKey(key), "key");
    assert.match(err, /Key "agent" \(k_\w{10}\) is created\.\n/);
    assert.match(err, /scopes +read, export\nchats +all\n/);
    assert.match(err, /shown this once/);
    const texts = [err, await contents(directory)];
    for (const args of [["list"], ["show", "agent"], ["list", "--json"], ["show", "agent", "--json"]]) {
      const shown = await keys(environment, ...args);
      assert.equal(shown.code, 0, shown.err);
      texts.push(shown.out, shown.err);
    }
    for (const text of texts) assert.ok(!text.includes(key.slice(4, 20)) && !text.includes(key.slice(20, 40)));
    assert.equal((Deno.statSync(directory).mode ?? 0) & 0o777, 0o700);
    for await (const { name } of Deno.readDir(directory)) {
      assert.equal((Deno.statSync(join(directory, name)).mode ?? 0) & 0o777, 0o600, name);
    }
  }));

Deno.test("keys create: scopes, rate and end are as they were said", () =>
  nobody(async (environment) => {
    const options = ["--scope", "metrics,read", "--scope", "admin", "--rate", "10/s", "--expires", "12h"];
    const { key: _, ...made } = await create(environment, "--name", "Zoë.s agent", ...options);
    assert.deepEqual(made.scopes, ["metrics", "read", "admin"]);
    assert.equal(made.rate, "10/s");
    assert.equal(Math.round((Date.parse(made.expires ?? "") - Date.parse(made.created)) / 60_000), 12 * 60);
    assert.deepEqual(await show(environment, "Zoë.S AGENT"), made);
    assert.deepEqual(await show(environment, made.id), made);
  }));

const REFUSED: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["create"], /required option '--name <name>'/],
  [["create", "--name", "a", "--scope", "write"], /--scope: expected read, export, admin or metrics/],
  [["create", "--name", "TAKEN"], /There is a key named "taken" already: k_/],
  [["rotate", "taken", "--grace", "soon"], /--grace: expected a duration/],
  [["nonsense"], /unknown command 'nonsense'/],
  [["show", "tgk_000000"], /That is a key, not its name or id\.\n/],
];

Deno.test("keys: what is said wrongly is refused with what is right, and nothing changes", () =>
  nobody(async (environment) => {
    const { key: _, ...taken } = await create(environment, "--name", "taken");
    for (const [args, says] of REFUSED) {
      const { code, out, err } = await keys(environment, ...args);
      assert.deepEqual([code, out], [2, ""], `${args.join(" ")}: ${err}`);
      assert.match(err, says);
      assert.doesNotMatch(err, /tgk_0/);
    }
    assert.deepEqual(await list(environment), [taken]);
  }));

Deno.test("keys: for an unknown name the nearest one is offered", () =>
  nobody(async (environment) => {
    await create(environment, "--name", "research agent");
    for (const name of ["show", "revoke", "rotate"]) {
      const { code, out, err } = await keys(environment, name, "reserch agent");
      assert.deepEqual([code, out], [1, ""]);
      assert.match(err, /There is no key "reserch agent"\.\nDid you mean "research agent"\?/);
      const strange = await keys(environment, name, "k_abcdefghij");
      assert.equal(strange.code, 1);
      assert.match(strange.err, /There is no key "k_abcdefghij"\.\n`keys list` shows all/);
    }
  }));

Deno.test("keys revoke: the key stays listed, its name is free, and once more changes nothing", () =>
  nobody(async (environment) => {
    const { key: _, ...made } = await create(environment, "--name", "agent");
    const first = await keys(environment, "revoke", "agent");
    assert.deepEqual([first.code, first.out], [0, ""]);
    assert.match(first.err, /Key "agent" \(k_\w+\) is revoked: it is refused from now on/);
    const { revoked, ...rest } = await show(environment, made.id);
    assert.ok(revoked);
    assert.deepEqual(rest, { ...made, state: "revoked" });
    const again = await keys(environment, "revoke", "agent");
    assert.equal(again.code, 0);
    assert.match(again.err, /was revoked already/);
    assert.equal((await show(environment, made.id)).revoked, revoked);
    const rotated = await keys(environment, "rotate", "agent");
    assert.deepEqual([rotated.code, rotated.out], [1, ""]);
    assert.match(rotated.err, /is revoked\.\nCreate another one/);
    const next = await create(environment, "--name", "agent");
    assert.equal((await show(environment, "agent")).id, next.id);
    assert.deepEqual((await list(environment)).map(({ state }) => state), ["revoked", "active"]);
  }));

Deno.test("keys rotate: another key under the same id, as the only line of standard output", () =>
  nobody(async (environment) => {
    const made = await create(environment, "--name", "agent", "--rate", "60/min");
    const { code, out, err } = await keys(environment, "rotate", "agent");
    assert.equal(code, 0, err);
    assert.equal(readKey(out.trimEnd()), "key");
    assert.notEqual(out.trimEnd(), made.key);
    assert.match(err, /the former one is refused from now on/);
    const { key: _, rotated: __, ...rotated } = await rotate(environment, made.id, "--grace", "24h", "--expires", "2w");
    assert.deepEqual([rotated.id, rotated.name, rotated.rate], [made.id, "agent", "60/min"]);
    const days = (time = ""): number => Math.round((Date.parse(time) - Date.parse(made.created)) / 86_400_000);
    assert.deepEqual([days(rotated.former_until), days(rotated.expires)], [1, 14]);
  }));

Deno.test("keys list: a table with one line a key, and a sentence where there is none", () =>
  nobody(async (environment) => {
    const none = await keys(environment, "list");
    assert.deepEqual([none.code, none.out], [0, ""]);
    assert.match(none.err, /There are no keys; `keys create --name NAME` makes one/);
    assert.equal((await keys(environment, "list", "--json")).out, "[]\n");
    const made = await create(environment, "--name", "a rather long name", "--expires", "1s");
    await create(environment, "--name", "b");
    await until(async () => (await show(environment, made.id)).state === "expired", "it expires");
    const [head, ...rows] = (await keys(environment, "list")).out.trimEnd().split("\n");
    assert.match(head ?? "", /^NAME +ID +SCOPES +CHATS +EXPIRES +LAST USE +USES +STATE$/);
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? "", /^a rather long name {2}k_\w{10} {2}read,export {2}all +\S+Z +never +0 +expired$/);
    assert.match(rows[1] ?? "", /^b {19}k_\w{10} {2}read,export {2}all +never +never +0 +active$/);
  }));

/** What is typed, and what is kept of it. */
const CHATS = ["--chat", "@sandbox_news,-1002000000013", "--chat", "https://t.me/sandbox_news/3"];
const KEPT = [
  { id: "-1002000000001", username: "sandbox_news", former: undefined },
  { id: "-1002000000013", username: undefined, former: "-4002" },
];

async function assertRestricts(environment: Environment): Promise<void> {
  const made = await create(environment, "--name", "of some", ...CHATS);
  const kept = made.chats?.map(({ id, username, former }) => ({ id, username, former }));
  assert.deepEqual(kept, KEPT);
  for (const { title } of made.chats ?? []) assert.ok(title);
  const { out } = await keys(environment, "show", "of some");
  assert.match(out, /^chats +-1002000000001 ".+" @sandbox_news\n +-1002000000013 ".+" and -4002, the basic group/m);
  for (const unknown of ["@nobody_at_all", "-1009999999999", "t.me/addstickers/x"]) {
    const { code, out, err } = await keys(environment, "create", "--name", "b", "--chat", `@sandbox_news,${unknown}`);
    assert.notEqual(code, 0);
    assert.equal(out, "", err);
    assert.match(err, /No chat|never seen|sticker set/);
  }
  assert.equal((await list(environment)).length, 1, "what was not found made no key");
}

Deno.test("keys create --chat: without a server Telegram is asked; a former group comes along; what is not found makes no key", async () => {
  await using sandbox = await startSandbox();
  await assertRestricts(sandbox.environment);
});

Deno.test("keys create --chat: a running server is asked, whose key the lock has; nothing else connects", async () => {
  await using sandbox = await startSandbox();
  const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0", MCP_AUTH: "keys" };
  await using server = command(["serve"], environment);
  await server.out.line(/^MCP endpoint: /);
  await assertRestricts(environment);
});

Deno.test("keys create --chat: without an account it says so and makes no key", () =>
  nobody(async (environment) => {
    const { code, out, err } = await keys(environment, "create", "--name", "a", "--chat", "@sandbox_news");
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /No Telegram account is signed in\.\nRun the command `login`\./);
    assert.deepEqual(await list(environment), []);
  }));
