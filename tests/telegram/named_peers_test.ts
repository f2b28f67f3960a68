import assert from "node:assert/strict";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { FOLDER, namedBy, namedIn, SELF } from "../../src/telegram/named_peers.ts";
import { askedBy } from "../../src/telegram/touched.ts";

Deno.test("namedIn: ids of the language and of a library, the account itself, a folder as a whole", () => {
  const accessHash = bigInt(5);
  assert.deepEqual(namedIn(new Api.InputPeerChat({ chatId: bigInt(4001) })), ["-4001"]);
  assert.deepEqual(namedIn({ className: "InputPeerChat", chatId: 4001n }), ["-4001"]);
  assert.deepEqual(namedIn([new Api.InputUser({ userId: bigInt(7), accessHash }), new Api.InputUserSelf()]), [
    "7",
    SELF,
  ]);
  assert.deepEqual(namedIn(new Api.InputDialogPeerFolder({ folderId: 1 })), [FOLDER]);
});

Deno.test("namedBy: with the field, and inside of envelopes; the record of a call names whom the allow-list looks at", () => {
  const asked = new Api.messages.GetChats({ id: [bigInt(4001)] });
  assert.deepEqual(namedBy(new Api.InvokeWithLayer({ layer: 1, query: asked })), [{ id: "-4001", field: "id" }]);
  assert.deepEqual(askedBy(asked), ["-4001"]);
});
