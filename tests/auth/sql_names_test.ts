/** Names that look like SQL: they are names like any other. */
import assert from "node:assert/strict";
import { createAudit } from "../../src/auth/audit.ts";
import { createKeyStore } from "../../src/auth/keys.ts";
import { readKeyNames } from "../../src/auth/key_names.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDatabase } from "../../src/storage/open.ts";

const NAMES = ["x' OR '1'='1", 'x" OR "1"="1', "'); DROP TABLE api_keys; --", ":account", "?", "%", "_"];

Deno.test("sql: keys and records whose names look like SQL are found by these names, and find no others", () => {
  using db = openDatabase(":memory:");
  using audit = createAudit(db, { days: 0, after: () => () => {}, onProblem: assert.ifError });
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId);
  keys.create({ name: "desk", scopes: ["read"] });
  const record = { accountId: "default", chats: [], outcome: "ok", ms: 1 };
  audit.append({ ...record, principal: "k1", name: "desk", tool: "list_chats" });
  for (const name of NAMES) {
    assert.equal(keys.find(name), undefined, name);
    assert.equal(keys.findLive(name), undefined, name);
    assert.deepEqual(audit.tail({ limit: 9, principal: name }), [], name);
    assert.deepEqual(audit.tail({ limit: 9, tool: name }), [], name);
    const { key } = keys.create({ name, scopes: ["read"] });
    audit.append({ ...record, principal: key.id, name, tool: name });
    assert.equal(keys.find(name)?.id, key.id, name);
    for (const query of [{ principal: name }, { tool: name }]) {
      assert.deepEqual(audit.tail({ limit: 9, ...query }).map(({ principal }) => principal), [key.id], name);
    }
  }
  assert.deepEqual(readKeyNames(db).map(({ name }) => name).reverse(), ["desk", ...NAMES]);
  assert.equal(audit.tail({ limit: 99 }).length, 1 + NAMES.length);
});
