import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isDiskError } from "../../src/storage/disk_error.ts";

const INSERT = "INSERT INTO t VALUES (randomblob(100000))";

/** What is thrown. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("isDiskError: a database that is locked, full or read-only is the disk's, however it is asked", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "data.sqlite");
    using db = new DatabaseSync(path);
    using other = new DatabaseSync(path);
    using reader = new DatabaseSync(path, { readOnly: true });
    db.exec("CREATE TABLE t (x); BEGIN IMMEDIATE");
    const asked = (
      on: DatabaseSync,
    ): unknown[] => [thrown(() => on.exec(INSERT)), thrown(() => on.prepare(INSERT).run())];
    assert.deepEqual(asked(other).map(isDiskError), [true, true], "locked");
    db.exec("COMMIT");
    assert.deepEqual(asked(reader).map(isDiskError), [true, true], "read-only");
    db.exec("PRAGMA max_page_count = 1");
    assert.deepEqual(asked(db).map(isDiskError), [true, true], "full");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("isDiskError: a defect is none", () => {
  using db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)");
  const twice = "INSERT INTO t VALUES (1)";
  const errors = [
    thrown(() => db.exec("CREATE NONSENSE")),
    thrown(() => db.exec(twice)),
    thrown(() => db.prepare(twice).run()),
    new Error("database is locked"),
    undefined,
  ];
  assert.deepEqual(errors.map(isDiskError), errors.map(() => false));
});
