import assert from "node:assert/strict";
import { Secret } from "../../src/config/secret.ts";
import {
  isSealed,
  readStored,
  removeSession,
  sessionPath,
  storeSession,
  unseal,
} from "../../src/storage/session_file.ts";

const SESSION = new Secret("1a-session-of-no-account");
const KEY = new Secret("sixteen characters");

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const key of [undefined, KEY]) {
  const how = key === undefined ? "as it is" : "encrypted";
  Deno.test(`storeSession: ${how}, for its owner only, in place of the one before`, () =>
    inDirectory(async (directory) => {
      const deep = `${directory}/state/telegram`;
      assert.equal(readStored(deep), undefined);
      await storeSession(deep, new Secret("1before"), undefined);
      await storeSession(deep, SESSION, key);
      const stored = readStored(deep) ?? "";
      assert.equal(isSealed(stored), key !== undefined);
      assert.equal(stored.includes(SESSION.reveal()), key === undefined);
      assert.equal(await unseal(stored, key), SESSION.reveal());
      assert.equal((Deno.statSync(sessionPath(deep)).mode ?? 0) & 0o777, 0o600);
      assert.deepEqual([...Deno.readDirSync(deep)].map(({ name }) => name), ["session"]);
      assert.equal(await removeSession(deep), true);
      assert.equal(await removeSession(deep), false);
    }));
}

Deno.test("storeSession: the same session is never encrypted to the same text", () =>
  inDirectory(async (directory) => {
    await storeSession(directory, SESSION, KEY);
    const first = readStored(directory);
    await storeSession(directory, SESSION, KEY);
    assert.notEqual(readStored(directory), first);
  }));

Deno.test("unseal: a missing key, another key and an altered text are SESSION_INVALID, quoting nothing", () =>
  inDirectory(async (directory) => {
    await storeSession(directory, SESSION, KEY);
    const stored = readStored(directory) ?? "";
    const altered = [stored.slice(0, -8), stored.slice(0, 20), `${stored.slice(0, 60)}AAAA${stored.slice(64)}`];
    const wrong: readonly (readonly [string, Secret | undefined])[] = [
      [stored, undefined],
      [stored, new Secret("another key of 16")],
      ...altered.map((text) => [text, KEY] as const),
    ];
    for (const [text, key] of wrong) {
      await assert.rejects(unseal(text, key), (error: Error) => {
        assert.equal(Reflect.get(error, "code"), "SESSION_INVALID");
        assert.match(error.message, /SESSION_KEY/);
        assert.ok(!error.message.includes(stored.slice(20, 40)));
        return true;
      });
    }
  }));
