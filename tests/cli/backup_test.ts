/** The command `backup`, beside whatever else there is. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { contentsIn, furnish, furnished, put, withFolder } from "../backup/house.ts";
import { canMount, withMounted, withSmallDisk } from "../exports/small_disk.ts";
import { command, interactive, run, start, until } from "./command.ts";
import { product } from "./product.ts";
import { sizeOf } from "./exports.ts";

/** Names in a folder. */
function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).toSorted();
}

/** Runs `restore` into another folder, and says what is there then. */
async function restored(file: string, directory: string): Promise<unknown> {
  const { code, err } = await run(["restore", file], { DATA_DIR: directory });
  assert.equal(code, 0, err);
  return await contentsIn(directory);
}

Deno.test("backup and restore: no variable but DATA_DIR is needed, whatever is wrong with the others", async () => {
  await withFolder(async (folder) => {
    await furnish(join(folder, "a"), "a");
    const broken = { MCP_SERVER_PORT: "none", TELEGRAM_API_HASH: "x", SESSION_KEY_FILE: join(folder, "none") };
    const file = join(folder, "b.tar");
    const made = await run(["backup", file], { ...broken, DATA_DIR: join(folder, "a") });
    assert.deepEqual([made.code, made.out], [0, ""], made.err);
    assert.match(made.err, /b\.tar has the database, the session and the index of one export, \d+ bytes\./);
    assert.match(made.err, /^Whoever has it has the account: keep it secret\.$/m);
    assert.match(made.err, /^The files of exports are not in it: they are in .*\/a\/exports\.$/m);
    const { code, err } = await run(["restore", file], { ...broken, DATA_DIR: join(folder, "c") });
    assert.equal(code, 0, err);
    assert.deepEqual(await contentsIn(join(folder, "c")), furnished("a", { exports: false }));
    // By the default of DATA_DIR, too.
    const home = { XDG_STATE_HOME: join(folder, "state"), DATA_DIR: "" };
    assert.equal((await run(["restore", file], home)).code, 0);
    assert.deepEqual(await contentsIn(join(folder, "state/telegram-toolkit-mcp")), furnished("a", { exports: false }));
  });
});

Deno.test("backup: a session that is encrypted stays so, and one that is not there is told of", async () => {
  await withFolder(async (folder) => {
    const [data, file] = [join(folder, "a"), join(folder, "b.tar")];
    await furnish(data, "a");
    await put(join(data, "session"), "aes-256-gcm:AAAA\n");
    const sealed = await run(["backup", file], { DATA_DIR: data });
    assert.match(sealed.err, /^Its session is encrypted.* and SESSION_KEY in another place\.$/m);
    assert.equal(Object(await restored(file, join(folder, "c"))).session, "aes-256-gcm:AAAA");
    await Deno.remove(join(data, "session"));
    const without = await run(["backup", file, "--force"], { DATA_DIR: data });
    assert.match(
      without.err,
      /^No session is stored in the data directory: .*TELEGRAM_STRING_SESSION.* not in the backup\.$/m,
    );
    assert.equal(Object(await restored(file, join(folder, "d"))).session, undefined);
  });
});

Deno.test("backup: its file is its owner's alone under any umask, never half there, and replaces another one only when told", async () => {
  await withFolder(async (folder) => {
    const [data, to] = [join(folder, "a"), join(folder, "to")];
    await furnish(data, "a");
    await Deno.mkdir(to);
    const file = join(to, "b.tar");
    const environment = { DATA_DIR: data };
    const words = product(["backup", file], environment);
    await using unmasked = start("/bin/sh", ["-c", 'umask 0; exec "$@"', "sh", ...words], environment);
    assert.equal(await unmasked.ended(), 0, unmasked.err.text());
    assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual(namesIn(to), ["b.tar"]);
    await Deno.writeTextFile(file, "other", { mode: 0o644 });
    const refused = await run(["backup", file], environment);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /b\.tar exists already\.\n.*--force/);
    assert.equal(await Deno.readTextFile(file), "other");
    // What a killed one has left, and whatever it is.
    await Deno.symlink(join(folder, "elsewhere"), join(to, ".b.tar.part"));
    await Deno.chmod(file, 0o644);
    assert.equal((await run(["backup", file, "--force"], environment)).code, 0);
    assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual(namesIn(to), ["b.tar"]);
    assert.equal(await sizeOf(join(folder, "elsewhere")), 0);
    assert.deepEqual(await restored(file, join(folder, "c")), furnished("a", { exports: false }));
    for (const path of [to, join(folder, "none/b.tar")]) {
      const { code, err } = await run(["backup", path, "--force"], environment);
      assert.ok(code === 1 || code === 2, err);
      assert.doesNotMatch(err, / {4}at /);
    }
    assert.ok(!namesIn(data).includes(".backup"));
  });
});

Deno.test("backup -: standard output has it, a terminal does not get it, and a reader that has gone ends it", async () => {
  await withFolder(async (folder) => {
    const data = join(folder, "a");
    await furnish(data, "a");
    const environment = { DATA_DIR: data };
    const words = product(["backup", "-"], environment);
    const file = join(folder, "b.tar");
    await using redirected = start("/bin/sh", ["-c", `"$@" > '${file}'`, "sh", ...words], environment);
    assert.equal(await redirected.ended(), 0, redirected.err.text());
    assert.deepEqual(await restored(file, join(folder, "c")), furnished("a", { exports: false }));
    await using piped = start("/bin/sh", ["-c", `"$@" | gzip > '${file}.gz'`, "sh", ...words], environment);
    assert.equal(await piped.ended(), 0);
    const back = product(["restore", "-"], { DATA_DIR: join(folder, "d") });
    await using unpiped = start("/bin/sh", ["-c", `gunzip < '${file}.gz' | "$@"`, "sh", ...back], {
      DATA_DIR: join(folder, "d"),
    });
    assert.equal(await unpiped.ended(), 0, unpiped.err.text());
    assert.deepEqual(await contentsIn(join(folder, "d")), furnished("a", { exports: false }));

    await using terminal = interactive(["backup", "-"], environment, { terminal: true });
    assert.equal(await terminal.ended(), 2);
    assert.match(terminal.out.text(), /is a secret and no text/);
    assert.doesNotMatch(terminal.out.text(), /manifest\.json/);

    await Deno.writeFile(join(data, "exports-index", "b".repeat(26)), new Uint8Array(30_000_000), { mode: 0o600 });
    const codes = 'set -o pipefail; "$@" | head -c 100000 > /dev/null; echo "${PIPESTATUS[0]}"';
    await using gone = start("bash", ["-c", codes, "sh", ...words], environment);
    await gone.ended();
    assert.equal(gone.out.text().trim(), "141", gone.err.text());
    assert.ok(!namesIn(data).includes(".backup"));
  });
});

Deno.test("backup: nothing to keep, a damaged database and a directory that is open to others are refused", async () => {
  await withFolder(async (folder) => {
    const [data, file] = [join(folder, "a"), join(folder, "b.tar")];
    for (const path of [data, join(folder, "none")]) {
      await Deno.mkdir(data, { recursive: true, mode: 0o700 });
      const { code, err } = await run(["backup", file], { DATA_DIR: path });
      assert.equal(code, 1);
      assert.match(err, /There is nothing in .* to keep/);
    }
    assert.deepEqual(namesIn(folder), ["a"], "nothing is made of what is not there");
    await furnish(data, "a");
    const database = join(data, "telegram-toolkit.sqlite");
    const bytes = await Deno.readFile(database);
    // Pages behind the first: it opens, and is not whole.
    for (let at = 8192; at < bytes.length; at += 4096) bytes.fill(0x5a, at, at + 2000);
    await Deno.writeFile(database, bytes);
    const damaged = await run(["backup", file], { DATA_DIR: data });
    assert.equal(damaged.code, 1);
    assert.match(damaged.err, /telegram-toolkit\.sqlite is damaged: no backup was made\.\nRun `doctor`/);
    await Deno.writeTextFile(
      database,
      "no database at all, but as long as the header of one is, which makes it readable",
    );
    assert.equal((await run(["backup", file], { DATA_DIR: data })).code, 1);
    await Deno.chmod(data, 0o755);
    assert.match((await run(["backup", file], { DATA_DIR: data })).err, /Other users of this machine have access/);
    assert.deepEqual(namesIn(folder), ["a"]);
    assert.ok(!namesIn(data).includes(".backup"));
  });
});

Deno.test("backup: one after the other; a killed one keeps no turn and leaves nothing that counts", async () => {
  await withFolder(async (folder) => {
    const [data, file] = [join(folder, "a"), join(folder, "b.tar")];
    await furnish(data, "a");
    const large = join(data, "exports-index", "c".repeat(26));
    await Deno.writeFile(large, new Uint8Array(200_000_000), { mode: 0o600 });
    const environment = { DATA_DIR: data };
    {
      // Its reader does not read: it stands still amid the archive.
      const pipe = join(folder, "pipe");
      assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
      const words = product(["backup", "-"], environment);
      await using _reader = start("/bin/sh", ["-c", `exec sleep 600 < '${pipe}'`]);
      await using stuck = start("/bin/sh", ["-c", `exec "$@" > '${pipe}'`, "sh", ...words], environment);
      await until(() => namesIn(data).includes(".backup"), "it is at it");
      await using second = command(["backup", file], environment);
      await second.err.line(/^Another backup or a restore is under way/);
      second.signal("SIGINT");
      assert.equal(await second.ended(), 130);
      await using third = command(["backup", file], environment);
      await third.err.line(/^Another backup or a restore is under way/);
      await using restore = command(["restore", join(folder, "none.tar")], { DATA_DIR: data });
      assert.equal(await restore.ended(), 2);
      stuck.signal("SIGKILL");
      assert.equal(await third.ended(), 0, third.err.text());
    }
    assert.ok(!namesIn(data).includes(".backup"));
    await Deno.remove(large);
    assert.deepEqual(Object(await restored(file, join(folder, "c"))).keys, ["a"]);
  });
});

Deno.test({
  // Only root may mount.
  ignore: !canMount,
  name:
    "backup: a disk that is full takes nothing away: there is no file, no copy is left, and the server's data are as they were",
  fn: async () => {
    await withFolder(async (folder) => {
      await withSmallDisk({ directory: folder }, 4, async (small) => {
        const [data, file] = [join(folder, "a"), join(small, "b.tar")];
        await furnish(data, "a");
        await Deno.writeFile(join(data, "exports-index", "c".repeat(26)), new Uint8Array(5_000_000), { mode: 0o600 });
        const { code, err } = await run(["backup", file], { DATA_DIR: data });
        assert.equal(code, 1);
        assert.match(err, /b\.tar cannot be written: no space left on device\.\nFree space/i);
        assert.deepEqual([namesIn(small), namesIn(data).includes(".backup")], [[], false]);
        // Where the data are, no second database fits.
        await furnish(join(small, "data"), "a");
        await fill(join(small, "filler"), 100_000);
        const before = await contentsIn(join(small, "data"));
        const full = await run(["backup", join(folder, "c.tar")], { DATA_DIR: join(small, "data") });
        assert.equal(full.code, 1, full.err);
        assert.match(full.err, /cannot be written: .*(full|no space left)/i);
        assert.doesNotMatch(full.err, / {4}at /);
        assert.deepEqual(namesIn(folder), ["a", "small"]);
        assert.ok(!namesIn(join(small, "data")).includes(".backup"));
        await Deno.remove(join(small, "filler"));
        assert.deepEqual(await contentsIn(join(small, "data")), before);
        assert.equal((await run(["backup", join(folder, "c.tar")], { DATA_DIR: join(small, "data") })).code, 0);
      });
    });
  },
});

Deno.test({
  ignore: !canMount,
  name: "backup: where a file can have no second name, indexes are copied",
  fn: async () => {
    await withFolder(async (folder) => {
      const [data, file] = [join(folder, "a"), join(folder, "b.tar")];
      await Deno.mkdir(data, { mode: 0o700 });
      await withMounted(join(data, "exports-index"), "tmpfs", async () => {
        await furnish(data, "a");
        const { code, err } = await run(["backup", file], { DATA_DIR: data });
        assert.equal(code, 0, err);
      });
      assert.deepEqual(await restored(file, join(folder, "c")), furnished("a", { exports: false }));
    });
  },
});

/** Takes a disk but for so many bytes. */
async function fill(path: string, left: number): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  try {
    for (;;) await file.write(new Uint8Array(4096));
  } catch (error) {
    assert.match(String(error), /No space left/);
  }
  await file.truncate((await file.stat()).size - left);
}

Deno.test("backup: consistent while another process writes without a pause", async () => {
  await withFolder(async (folder) => {
    const data = join(folder, "a");
    await furnish(data, "a");
    const script = `
      import { DatabaseSync } from "node:sqlite";
      const db = new DatabaseSync(${JSON.stringify(join(data, "telegram-toolkit.sqlite"))});
      db.exec("PRAGMA busy_timeout = 5000; CREATE TABLE pairs (n INTEGER, side TEXT, filler BLOB)");
      const put = db.prepare("INSERT INTO pairs VALUES (?, ?, randomblob(2000))");
      console.log("ready");
      for (let n = 0;; n++) { db.exec("BEGIN IMMEDIATE"); put.run(n, "left"); put.run(n, "right"); db.exec("COMMIT"); }`;
    await using writer = start(Deno.execPath(), ["eval", "--no-lock", script]);
    await writer.out.line(/ready/);
    for (let round = 0; round < 5; round++) {
      const file = join(folder, `${round}.tar`);
      const { code, err } = await run(["backup", file], { DATA_DIR: data });
      assert.equal(code, 0, err);
      await restoredPairs(file, join(folder, `r${round}`));
    }
  });
});

/** Of every pair both sides are there, and of those before the last one all. */
async function restoredPairs(file: string, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const { success } = await new Deno.Command("tar", { args: ["-xf", file, "-C", folder] }).output();
  assert.ok(success);
  const { DatabaseSync } = await import("node:sqlite");
  using db = new DatabaseSync(join(folder, "telegram-toolkit.sqlite"));
  const row = db.prepare("SELECT count(*) AS rows, count(DISTINCT n) AS pairs, max(n) + 1 AS last FROM pairs").get();
  assert.ok(Number(row?.rows) > 0);
  assert.deepEqual([Number(row?.rows), Number(row?.pairs)], [2 * Number(row?.last), Number(row?.last)]);
}
