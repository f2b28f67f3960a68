/** The command `restore`: what is good again with what it has put there, and what it refuses. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { KEYS_SCHEMA } from "../../src/auth/keys.ts";
import { FEATURES, migrateAll } from "../../src/backup/tables.ts";
import { holdDirectory } from "../../src/storage/lock.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { openToOthers } from "../../src/storage/private.ts";
import { archiveOf, backupOf, contentsIn, furnish, furnished, idOf, put, withFolder } from "../backup/house.ts";
import { canMount, withSmallDisk } from "../exports/small_disk.ts";
import { interactive, type Ran, run, start, until } from "./command.ts";
import { OF_A_MODULE, ofSources, product } from "./product.ts";
import { sizeOf } from "./exports.ts";

/** Names in a folder. */
function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).toSorted();
}

/** Everything below a folder, itself included. */
function* all(path: string): Generator<string> {
  yield path;
  for (const { name } of Deno.lstatSync(path).isDirectory ? Deno.readDirSync(path) : []) yield* all(join(path, name));
}

const restore = (file: string, directory: string, ...options: readonly string[]): Promise<Ran> =>
  run(["restore", file, ...options], { DATA_DIR: directory });

/** A backup of a directory with the letter n. */
async function backupFile(folder: string): Promise<string> {
  await furnish(join(folder, "new"), "n");
  const file = join(folder, "b.tar");
  await Deno.writeFile(file, await backupOf(join(folder, "new")));
  return file;
}

const [OLD, NEW] = [furnished("o"), furnished("n", { exports: false })];
/** Restored over {@link OLD}: what exports have stays, and is in no backup. */
const OVER = { ...NEW, exports: OLD.exports };
const KEPT = { ...OLD, exports: [] };

Deno.test("restore: into nothing, or a folder that is empty or was only held; owner and modes are right, and a second user of the session is warned of", async () => {
  await withFolder(async (folder) => {
    const file = await backupFile(folder);
    const targets = ["none", "empty", "held"].map((name) => join(folder, name));
    const [, empty = "", held = ""] = targets;
    await Deno.mkdir(empty, { mode: 0o700 });
    (await holdDirectory(held, "test"))[Symbol.dispose]();
    for (const target of targets) {
      const { code, out, err } = await restore(file, target);
      assert.deepEqual([code, out], [0, ""], err);
      assert.match(err, /is as it was at 2030-01-01T00:00:00\.000Z, by version 0\.0\.0: the database, the session and/);
      assert.match(err, /^Start nothing else with this session: .*AUTH_KEY_DUPLICATED/m);
      assert.doesNotMatch(err, /What was there/);
      assert.deepEqual(await contentsIn(target), NEW);
      for (const path of all(target)) {
        const { mode, isDirectory } = Deno.lstatSync(path);
        assert.equal((mode ?? 0) & 0o777, isDirectory ? 0o700 : 0o600, path);
      }
      assert.deepEqual(namesIn(target).filter((name) => name.startsWith(".")), []);
    }
  });
});

Deno.test("restore: what is in use is refused without --force; with it all that was there is kept beside, each time in another folder, and the files of exports stay, which is told of", async () => {
  await withFolder(async (folder) => {
    const [file, target] = [await backupFile(folder), join(folder, "old")];
    await furnish(target, "o");
    await put(join(target, "notes.txt"), "somebody else's");
    const refused = await restore(file, target);
    assert.equal(refused.code, 2);
    assert.match(
      refused.err,
      /is in use already: it has telegram-toolkit\.sqlite, session, exports-index\.\n/,
    );
    assert.match(refused.err, /--force/);
    assert.deepEqual(await contentsIn(target), OLD);
    for (let n = 1; n <= 3; n++) {
      const { code, err } = await restore(file, target, "--force");
      assert.equal(code, 0, err);
      assert.deepEqual(await contentsIn(target), OVER);
      assert.match(
        err,
        new RegExp(`does not know these exports in .*/exports, so nobody .*: ${idOf("o")}\\. The server`),
      );
      assert.match(err, /^Copy what you need of these files before you start the server\.$/m);
      const kept = namesIn(target).filter((name) => name.startsWith("before-restore-"));
      assert.equal(kept.length, n);
      assert.ok(kept.some((name) => err.includes(`What was there is in ${join(target, name)}, secrets too`)), err);
    }
    const [first = ""] = namesIn(target).filter((name) => name.startsWith("before-restore-"));
    assert.deepEqual(await contentsIn(join(target, first)), KEPT);
    assert.equal(await Deno.readTextFile(join(target, "notes.txt")), "somebody else's");
    assert.deepEqual(openToOthers(target), []);
  });
});

Deno.test("restore: one session alone is enough, and so is a database without one", async () => {
  await withFolder(async (folder) => {
    await furnish(join(folder, "a"), "n");
    const cases: readonly [readonly string[], unknown][] = [
      [["session"], { session: "session of n", indexes: [], exports: OLD.exports }],
      [["telegram-toolkit.sqlite"], { keys: ["n"], indexes: [], exports: OLD.exports }],
    ];
    for (const [names, expected] of cases) {
      const file = join(folder, "b.tar");
      await Deno.writeFile(file, await archiveOf(join(folder, "a"), names));
      const target = join(folder, `of ${names}`);
      await furnish(target, "o");
      const { code, err } = await restore(file, target, "--force");
      assert.equal(code, 0, err);
      assert.deepEqual(await contentsIn(target), expected);
      assert.equal(/Start nothing else/.test(err), names.includes("session"));
    }
  });
});

Deno.test("restore: while somebody holds the directory it is refused, naming who, with --force too", async () => {
  await withFolder(async (folder) => {
    const [file, target] = [await backupFile(folder), join(folder, "old")];
    await furnish(target, "o");
    const lock = await holdDirectory(target, "export");
    for (const options of [[], ["--force"]]) {
      const { code, err } = await restore(file, target, ...options);
      assert.equal(code, 1);
      assert.match(err, new RegExp(`in use by "export", process ${Deno.pid}`));
    }
    lock[Symbol.dispose]();
    assert.deepEqual(await contentsIn(target), OLD);
    await Deno.chmod(target, 0o755);
    const open = await restore(file, target, "--force");
    assert.equal(open.code, 1);
    assert.match(open.err, /Other users of this machine have access to .*\n.*chmod 700/);
    assert.deepEqual(await contentsIn(target), OLD);
  });
});

Deno.test("restore: whatever is damaged, cut off or no backup changes nothing, with --force too", async () => {
  await withFolder(async (folder) => {
    const [whole, target, bad] = [await backupFile(folder), join(folder, "old"), join(folder, "bad.tar")];
    await furnish(target, "o");
    const bytes = await Deno.readFile(whole);
    const flipped = bytes.slice();
    const amid = Math.floor(bytes.length / 2);
    flipped[amid] = (flipped[amid] ?? 0) ^ 1;
    // Its sums are right, and yet it is none.
    await put(join(folder, "forged/telegram-toolkit.sqlite"), "SQLite format 3\0".repeat(300));
    const cases: Record<string, Uint8Array> = {
      "one bit": flipped,
      "half of it": bytes.slice(0, amid),
      "nothing": new Uint8Array(),
      "a text": new TextEncoder().encode("hello".repeat(1000)),
      "no database": await archiveOf(join(folder, "forged"), ["telegram-toolkit.sqlite"]),
    };
    for (const [what, content] of Object.entries(cases)) {
      await Deno.writeFile(bad, content);
      const { code, err } = await restore(bad, target, "--force");
      assert.equal(code, 2, `${what}: ${err}`);
      assert.match(err, /This is no whole backup of this program: .*\nNothing was changed\./, what);
      assert.doesNotMatch(err, / {4}at /);
      assert.deepEqual(await contentsIn(target), OLD, what);
      assert.deepEqual(namesIn(target).filter((name) => /^\.|^before/.test(name)), [], what);
    }
    for (const file of [join(folder, "none.tar"), folder, "/dev/null"]) {
      assert.equal((await restore(file, target, "--force")).code, 2, file);
    }
    await using terminal = interactive(["restore", "-"], { DATA_DIR: target }, { terminal: true });
    assert.equal(await terminal.ended(), 2);
    assert.match(terminal.out.text(), /cannot be typed/);
    assert.deepEqual(await contentsIn(target), OLD);
  });
});

Deno.test("restore: a backup of a newer program is refused, of a newer feature too; one of an older is brought up to date", async () => {
  await withFolder(async (folder) => {
    const target = join(folder, "old");
    await furnish(target, "o");
    const made = async (name: string, fill: (db: DatabaseSync) => void): Promise<string> => {
      const from = join(folder, name);
      await Deno.mkdir(from);
      const db = new DatabaseSync(join(from, "telegram-toolkit.sqlite"));
      fill(db);
      db.close();
      const file = join(folder, `${name}.tar`);
      await Deno.writeFile(file, await archiveOf(from, ["telegram-toolkit.sqlite"]));
      return file;
    };
    const newer = [
      await made("version", (db) => {
        migrateAll(db);
        db.exec("UPDATE schema_version SET version = version + 1 WHERE feature = 'peers'");
      }),
      await made("feature", (db) => {
        migrateAll(db);
        db.exec("INSERT INTO schema_version VALUES ('telepathy', 1)");
      }),
    ];
    for (const file of newer) {
      const { code, err } = await restore(file, target, "--force");
      assert.equal(code, 1);
      assert.match(err, /The backup was written by a newer version of this program\.\nNothing was changed\./);
      assert.deepEqual(await contentsIn(target), OLD);
    }
    const older = await made("older", (db) => {
      migrate(db, "keys", KEYS_SCHEMA.slice(0, 1));
      db.exec(`INSERT INTO api_keys (id, account_id, name, hash, scopes, created)
        VALUES ('k_aaaaaaaaaa', 'default', 'old key', x'00', 'read', '2026-01-01T00:00:00Z')`);
    });
    const { code, err } = await restore(older, target, "--force");
    assert.equal(code, 0, err);
    assert.deepEqual((await contentsIn(target)).keys, ["old key"]);
    using db = new DatabaseSync(join(target, "telegram-toolkit.sqlite"));
    const rows = db.prepare("SELECT feature, version FROM schema_version").all();
    assert.deepEqual(
      Object.fromEntries(rows.map(({ feature, version }) => [feature, version])),
      Object.fromEntries(Object.entries(FEATURES).map(([feature, steps]) => [feature, steps.length])),
    );
  });
});

ofSources(OF_A_MODULE, "restore: all features that a server's database has are known", async () => {
  const found = new Set<string>();
  for await (const file of sources("src")) {
    for (const [, feature = ""] of (await Deno.readTextFile(file)).matchAll(/\bmigrate\(\w+, "(\w+)"/g)) {
      found.add(feature);
    }
  }
  assert.deepEqual([...found].toSorted(), Object.keys(FEATURES).toSorted());
});

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(join(folder, name));
    else yield join(folder, name);
  }
}

Deno.test({
  // Only root may mount.
  ignore: !canMount,
  name: "restore: into a directory that is a mount point, and one that is full keeps what it had",
  fn: async () => {
    await withFolder(async (folder) => {
      const file = await backupFile(folder);
      await withSmallDisk({ directory: folder }, 4, async (small) => {
        await furnish(small, "o");
        const { code, err } = await restore(file, small, "--force");
        assert.equal(code, 0, err);
        assert.deepEqual(await contentsIn(small), OVER);
        const [kept = ""] = namesIn(small).filter((name) => name.startsWith("before-restore-"));
        assert.deepEqual(await contentsIn(join(small, kept)), KEPT);
        await put(join(folder, "new/exports-index", "c".repeat(26)), "x".repeat(5_000_000));
        await Deno.writeFile(file, await backupOf(join(folder, "new")));
        const full = await restore(file, small, "--force");
        assert.equal(full.code, 1);
        assert.match(full.err, /no space left on device\.\nNothing was changed: free space/i);
        assert.deepEqual(await contentsIn(small), OVER);
        assert.deepEqual(namesIn(small).filter((name) => name.startsWith(".")), []);
      });
    });
  },
});

Deno.test({
  // Only root may give files away.
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  name: "restore: by root everything is the owner's of the directory, who runs the server",
  fn: async () => {
    await withFolder(async (folder) => {
      const [file, target] = [await backupFile(folder), join(folder, "old")];
      await furnish(target, "o");
      for (const path of all(target)) await Deno.chown(path, 65532, 65532);
      const { code, err } = await restore(file, target, "--force");
      assert.equal(code, 0, err);
      for (const path of all(target)) {
        const { uid, gid } = Deno.lstatSync(path);
        assert.deepEqual([uid, gid], [65532, 65532], path);
      }
      assert.equal((await run(["backup", join(folder, "c.tar")], { DATA_DIR: target })).code, 0);
      for (const path of all(target)) assert.equal(Deno.lstatSync(path).uid, 65532, path);
    });
  },
});

Deno.test({
  // Only root can take from itself what lets it read everything.
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  name: "restore: a file that its user may not read is refused, with the way that is left, which works",
  fn: async () => {
    await withFolder(async (folder) => {
      const [file, directory] = [await backupFile(folder), join(folder, "data")];
      await Deno.chown(file, 65534, 65534);
      await Deno.chmod(file, 0o600);
      const environment = { DATA_DIR: directory };
      const plain = ["--bounding-set=-dac_override,-dac_read_search"];
      await using refused = start(
        "setpriv",
        [...plain, ...product(["restore", "--force", file], environment)],
        environment,
      );
      assert.equal(await refused.ended(), 2);
      assert.match(refused.err.text(), /b\.tar cannot be read: permission denied\.\n.*`restore --force - < FILE`\.\n/);
      const words = product(["restore", "--force", "-"], environment);
      const shell = ["-c", `exec setpriv ${plain} "$@" < '${file}'`, "sh", ...words];
      await using piped = start("/bin/sh", shell, environment);
      assert.equal(await piped.ended(), 0, piped.err.text());
      assert.deepEqual(await contentsIn(directory), NEW);
    });
  },
});

Deno.test("restore: with umask 0 all is its owner's alone", async () => {
  await withFolder(async (folder) => {
    const file = await backupFile(folder);
    const directory = join(folder, "data");
    const words = product(["restore", file], { DATA_DIR: directory });
    await using unmasked = start("/bin/sh", ["-c", 'umask 0; exec "$@"', "sh", ...words], { DATA_DIR: directory });
    assert.equal(await unmasked.ended(), 0, unmasked.err.text());
    for (const path of all(directory)) {
      const { mode, isDirectory } = Deno.lstatSync(path);
      assert.equal((mode ?? 0) & 0o777, isDirectory ? 0o700 : 0o600, path);
    }
  });
});

Deno.test("restore -: standard input is taken to its end, a terminal is not, and an interrupt changes nothing", async () => {
  await withFolder(async (folder) => {
    const file = await backupFile(folder);
    const directory = join(folder, "old");
    await furnish(directory, "o");
    const whole = await Deno.readFile(file);
    const words = product(["restore", "-", "--force"], { DATA_DIR: directory });
    {
      // It has all files, and waits for the end.
      const [most, pipe] = [join(folder, "most"), join(folder, "pipe")];
      await Deno.writeFile(most, whole.slice(0, -1500));
      assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
      await using _writer = start("/bin/sh", ["-c", `exec > '${pipe}'; cat '${most}'; exec sleep 600`]);
      const shell = ["-c", `exec "$@" < '${pipe}'`, "sh", ...words];
      await using waiting = start("/bin/sh", shell, { DATA_DIR: directory });
      const last = join(directory, ".restore", "exports-index", idOf("n"));
      await until(async () => await sizeOf(last) > 0, "it has the last of its files");
      waiting.signal("SIGTERM");
      assert.equal(await waiting.ended(), 130, waiting.err.text());
      assert.match(waiting.err.text(), /^interrupted; nothing was changed$/m);
      assert.deepEqual(await contentsIn(directory), OLD);
      assert.deepEqual(namesIn(directory).filter((name) => /^\.|^before/.test(name)), []);
    }
    await using terminal = interactive(["restore", "-"], { DATA_DIR: join(folder, "none") }, { terminal: true });
    assert.equal(await terminal.ended(), 2);
    assert.match(terminal.out.text(), /A backup cannot be typed/);
    await using piped = start("/bin/sh", ["-c", `exec "$@" < '${file}'`, "sh", ...words], { DATA_DIR: directory });
    assert.equal(await piped.ended(), 0, piped.err.text());
    assert.deepEqual(await contentsIn(directory), OVER);
  });
});
