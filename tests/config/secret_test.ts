import assert from "node:assert/strict";
import { inspect } from "node:util";
import { Secret } from "../../src/config/secret.ts";

Deno.test("Secret: no way of printing shows the value, reveal does", () => {
  const secret = new Secret("hunter2");
  const holder = { secret };
  const printed = [
    `${secret}`,
    JSON.stringify(holder),
    Deno.inspect(holder),
    inspect(holder, { showHidden: true }),
    Object.values(secret).join(),
  ];
  for (const text of printed) assert.doesNotMatch(text, /hunter2/);
  assert.equal(secret.reveal(), "hunter2");
});
