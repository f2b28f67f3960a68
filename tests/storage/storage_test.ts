import assert from "node:assert/strict";
import { join } from "node:path";
import { AppError } from "../../src/errors.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { openDatabase } from "../../src/storage/open.ts";

const STEPS = ["CREATE TABLE peers (id INTEGER PRIMARY KEY)", "ALTER TABLE peers ADD COLUMN name TEXT"];

async function withDir(work: (dir: string) => void | Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const modeOf = (path: string): number => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("openDatabase: folder, database and side files are the owner's alone", () =>
  withDir((dir) => {
    const path = join(dir, "deep", "state", "data.sqlite");
    using db = openDatabase(path);
    migrate(db, "peers", STEPS);
    assert.equal(modeOf(join(dir, "deep")), 0o700);
    assert.equal(modeOf(join(dir, "deep", "state")), 0o700);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(modeOf(file), 0o600, file);
  }));

Deno.test("openDatabase: write-ahead logging and foreign keys are on", () =>
  withDir((dir) => {
    using db = openDatabase(join(dir, "data.sqlite"));
    assert.equal(db.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal");
    assert.equal(db.prepare("PRAGMA foreign_keys").get()?.foreign_keys, 1);
    assert.equal(db.prepare("PRAGMA busy_timeout").get()?.timeout, 5000);
  }));

Deno.test("openDatabase: what was written is there when opened again", () =>
  withDir((dir) => {
    const path = join(dir, "data.sqlite");
    {
      using db = openDatabase(path);
      migrate(db, "peers", STEPS);
      db.exec("INSERT INTO peers VALUES (1, 'a')");
    }
    using db = openDatabase(path);
    assert.equal(db.prepare("SELECT name FROM peers").get()?.name, "a");
  }));

Deno.test("openDatabase: a file that is no database is refused", () =>
  withDir((dir) => {
    const path = join(dir, "data.sqlite");
    Deno.writeTextFileSync(path, "this is not a database at all ".repeat(100));
    assert.throws(() => openDatabase(path), (error) => error instanceof AppError && /DATA_DIR/.test(error.hint));
  }));

Deno.test("migrate: runs each step once, for each feature by itself", () => {
  using db = openDatabase(":memory:");
  migrate(db, "peers", STEPS.slice(0, 1));
  db.exec("INSERT INTO peers VALUES (1)");
  migrate(db, "jobs", ["CREATE TABLE jobs (id INTEGER)"]);
  migrate(db, "peers", STEPS);
  migrate(db, "peers", STEPS);
  const versions = db.prepare("SELECT feature, version FROM schema_version ORDER BY feature").all();
  assert.deepEqual(versions.map((row) => ({ ...row })), [{ feature: "jobs", version: 1 }, {
    feature: "peers",
    version: 2,
  }]);
  assert.deepEqual({ ...db.prepare("SELECT id, name FROM peers").get() }, { id: 1, name: null });
});

Deno.test("migrate: a failing step undoes them all", () => {
  using db = openDatabase(":memory:");
  assert.throws(() => migrate(db, "peers", [...STEPS, "CREATE NONSENSE"]));
  assert.equal(db.isTransaction, false);
  assert.deepEqual(db.prepare("SELECT name FROM sqlite_schema").all(), []);
  migrate(db, "peers", STEPS);
});

Deno.test("migrate: a database of a newer program is refused untouched", () => {
  using db = openDatabase(":memory:");
  migrate(db, "peers", STEPS);
  assert.throws(
    () => migrate(db, "peers", STEPS.slice(0, 1)),
    (error) =>
      error instanceof AppError && error.code === "UNSUPPORTED" && /peers.*version 2.*knows 1/.test(error.message),
  );
  assert.equal(db.isTransaction, false);
  migrate(db, "peers", STEPS);
});

Deno.test("migrate: two connections at once run a step once", () =>
  withDir((dir) => {
    const path = join(dir, "data.sqlite");
    using one = openDatabase(path);
    using two = openDatabase(path);
    migrate(one, "peers", STEPS);
    migrate(two, "peers", STEPS);
    assert.equal(two.prepare("SELECT version FROM schema_version").get()?.version, 2);
  }));
