import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findHolder, heldBy, holdDirectory } from "../../src/storage/lock.ts";

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("holdDirectory: a second holder is refused with the name of the first, and let in when that has ended", () =>
  inDirectory(async (parent) => {
    const directory = join(parent, "data");
    {
      using lock = await holdDirectory(directory, "serve");
      assert.equal(findHolder(directory)?.command, "serve");
      lock.announce("http://127.0.0.1:8000");
      await assert.rejects(holdDirectory(directory, "export"), (error: Error) => {
        assert.match(error.message, new RegExp(`"serve" at http://127.0.0.1:8000, process ${Deno.pid}, since 20`));
        return true;
      });
      assert.equal((Deno.statSync(join(directory, "holder.lock")).mode ?? 0) & 0o777, 0o600);
    }
    assert.equal(findHolder(directory), undefined);
    using _next = await holdDirectory(directory, "export");
    assert.deepEqual(Object.keys(findHolder(directory) ?? {}), ["pid", "command", "since"]);
  }));

Deno.test("findHolder: a folder that nobody has used has none", () =>
  inDirectory(async (directory) => {
    assert.equal(findHolder(join(directory, "nowhere")), undefined);
    assert.equal(findHolder(directory), undefined);
    await Promise.resolve();
  }));

Deno.test("holdDirectory: a process that is killed leaves nothing that keeps the next one out", () =>
  inDirectory(async (directory) => {
    const module = fileURLToPath(new URL("../../src/storage/lock.ts", import.meta.url));
    const script = `const { holdDirectory } = await import(${JSON.stringify(module)});
      await holdDirectory(${JSON.stringify(directory)}, "serve");
      console.log("held");
      setInterval(() => {}, 1000);`;
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", script], stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assert.equal(findHolder(directory)?.pid, child.pid);
    await assert.rejects(holdDirectory(directory, "export"), new RegExp(`process ${child.pid}`));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assert.equal(findHolder(directory), undefined);
    using _lock = await holdDirectory(directory, "export");
  }));

Deno.test("holdDirectory: a command that ends by itself within seconds is waited for", () =>
  inDirectory(async (directory) => {
    const lock = await holdDirectory(directory, "whoami");
    const next = holdDirectory(directory, "serve", { configured: true });
    setTimeout(() => lock[Symbol.dispose](), 400);
    using _serving = await next;
    assert.deepEqual([findHolder(directory)?.command, findHolder(directory)?.configured], ["serve", true]);
  }));

Deno.test("heldBy: says what to do, whether the holder answers somewhere or not", () => {
  const holder = { pid: 7, command: "export", since: "2026-11-25T00:00:00.000Z" };
  assert.match(heldBy(holder).hint, /Wait until it has ended/);
  assert.match(heldBy({ ...holder, url: "http://127.0.0.1:1" }).hint, /Ask that server/);
  assert.match(heldBy(undefined).message, /Another process/);
});
