import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import { createCursors, disagrees } from "../../src/mcp/cursor.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";

const KEY = new Uint8Array(32).fill(7);
const cursors = createCursors(KEY);
const schema = z.object({ after: z.int() });
const sealed = cursors.seal("fetch_history", LOCAL_PRINCIPAL, { after: 12 });

function refusal(text: string, tool = "fetch_history", principal = LOCAL_PRINCIPAL): AppError {
  try {
    cursors.open(text, tool, principal, schema);
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, "INVALID_CURSOR");
    assert.equal(error.field, "cursor");
    return error;
  }
  throw new assert.AssertionError({ message: "it was accepted" });
}

Deno.test("cursor: what is sealed is opened, by another process with the same key too", () => {
  assert.deepEqual(cursors.open(sealed, "fetch_history", LOCAL_PRINCIPAL, schema), { after: 12 });
  assert.deepEqual(createCursors(KEY.slice()).open(sealed, "fetch_history", LOCAL_PRINCIPAL, schema), { after: 12 });
});

Deno.test("cursor: it goes into a URL and a JSON string as it is", () => assert.match(sealed, /^[\w-]+$/));

Deno.test("cursor: a change of any one character is noticed", () => {
  for (let index = 0; index < sealed.length; index++) {
    const other = sealed[index] === "A" ? "B" : "A";
    refusal(sealed.slice(0, index) + other + sealed.slice(index + 1));
  }
});

Deno.test("cursor: cut, padded, empty and made-up ones are refused", () => {
  const unsigned = Buffer.from(
    JSON.stringify({ tool: "fetch_history", principal: "local", account: "default", body: {} }),
  );
  const made = [
    "",
    "x",
    "!!!",
    sealed.slice(0, -1),
    sealed.slice(0, 21),
    `${sealed}A`,
    `${sealed}==`,
    ` ${sealed}`,
    unsigned.toString("base64url"),
    Buffer.concat([Buffer.alloc(16), unsigned]).toString("base64url"),
  ];
  for (const text of made) refusal(text);
});

Deno.test("cursor: another server's key, another tool, another principal and another account are refused", () => {
  refusal(createCursors(new Uint8Array(32)).seal("fetch_history", LOCAL_PRINCIPAL, { after: 12 }));
  assert.match(refusal(sealed, "list_chats").message, /belongs to fetch_history/);
  refusal(sealed, "fetch_history", { ...LOCAL_PRINCIPAL, id: "other" });
  refusal(sealed, "fetch_history", { ...LOCAL_PRINCIPAL, accountId: "other" });
});

Deno.test("cursor: a body of another shape is refused as another version's", () => {
  assert.match(refusal(cursors.seal("fetch_history", LOCAL_PRINCIPAL, { after: "12" })).message, /another version/);
});

Deno.test("disagrees: names the argument", () => {
  const { code, field, hint } = disagrees("sender");
  assert.deepEqual([code, field], ["INVALID_CURSOR", "sender"]);
  assert.match(hint, /sender/);
});
