/**
 * Searching a long trail while others are served.
 */
import assert from "node:assert/strict";
import { type Audit, createAudit } from "../../src/auth/audit.ts";
import { type Database, openDatabase } from "../../src/storage/open.ts";

/** A trail in which only these records are left. */
function trailOf(db: Database, records: readonly (readonly [id: number, name: string])[]): Audit {
  const audit = createAudit(db, {
    days: 0,
    after: () => () => {},
    onProblem: (error) => {
      throw error;
    },
  });
  const insert = db.prepare(
    "INSERT INTO audit (id, account_id, at, principal, name, tool, chats, outcome, ms) " +
      "VALUES (?, 'default', 0, ?, ?, 'list_chats', '[]', 'ok', 1)",
  );
  for (const [id, name] of records) insert.run(id, `k_${name}`, name);
  return audit;
}

Deno.test("audit search: part by part with others between, and of a long trail only the newer part", async () => {
  using db = openDatabase(":memory:");
  using audit = trailOf(db, [[1, "ann"], [600_000, "bob"], [700_001, "bob"], [1_400_000, "eve"]]);
  let pauses = 0;
  const search = async (principal: string, limit = 10): Promise<[number[], number]> => {
    pauses = 0;
    const found = await audit.search({ limit, principal }, () => Promise.resolve(void pauses++));
    return [found.map(({ id }) => id), pauses];
  };
  assert.deepEqual(await search("eve", 1), [[1_400_000], 0]);
  assert.deepEqual(await search("bob"), [[600_000, 700_001], 49]);
  assert.deepEqual(await search("k_bob"), [[600_000, 700_001], 49]);
  assert.deepEqual(await search("bob", 1), [[700_001], 34]);
  assert.deepEqual(await search("ann"), [[], 49]);
  assert.deepEqual(audit.tail({ limit: 10, principal: "ann" }).map(({ id }) => id), [1]);
});

Deno.test("audit search: the records of an id are found by an index", () => {
  using db = openDatabase(":memory:");
  using _audit = trailOf(db, []);
  const plan = db.prepare("EXPLAIN QUERY PLAN SELECT * FROM audit WHERE principal = ? ORDER BY id DESC LIMIT 1").all(
    "x",
  );
  assert.match(JSON.stringify(plan), /USING INDEX audit_by_principal/);
});
