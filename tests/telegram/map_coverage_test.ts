import assert from "node:assert/strict";
import { LAYER } from "../../src/mtproto/gram.ts";
import { MESSAGE_JSON_SCHEMA } from "../../src/model/message.ts";
import { compareWithSamples, compareWithSchema, placesUnfilled } from "./coverage/check.ts";
import { LEDGER } from "./coverage/mod.ts";
import { SAMPLES } from "./samples/mod.ts";
import { LAYER_TEXT, readConstructors } from "./tl_schema.ts";

const constructors = readConstructors(LAYER_TEXT);
const samples = Object.values(SAMPLES).flat();

Deno.test("map coverage: every constructor that a message of the layer can hold, and every field, is accounted for", () => {
  assert.equal(LAYER, 198);
  assert.deepEqual(compareWithSchema(LEDGER, constructors), []);
});

Deno.test("map coverage: what is kept fills its place in a sample, what is left out is never read", () => {
  assert.deepEqual(compareWithSamples(LEDGER, samples), []);
});

Deno.test("map coverage: every place of message/1 is filled by a sample", () => {
  // Paid media are media like any other: only some can be sold, and only they can be locked.
  const unfilled = placesUnfilled(MESSAGE_JSON_SCHEMA, samples)
    .filter((place) => !place.startsWith("media_items.") && place !== "media.locked");
  assert.deepEqual(unfilled, []);
});

Deno.test("map coverage: of every constructor that is kept under its TL name, dropped or left out a reason is given", () => {
  for (const [name, { tl_type, dropped, left = {} }] of Object.entries(LEDGER)) {
    for (const reason of [tl_type, dropped, ...Object.values(left)]) {
      assert.ok(reason === undefined || reason.includes(" "), `${name}: ${reason}`);
    }
  }
});

Deno.test("map coverage: a new constructor, a new field and a stale entry are found", () => {
  const newer = LAYER_TEXT
    .replace("\nmessageMediaEmpty#", "\nmessageMediaToDo#8a53b014 todo:TodoList = MessageMedia;\nmessageMediaEmpty#")
    .replace("webPageEmpty#211a1788 flags:#", "webPageEmpty#211a1788 flags:# mood:flags.1?string");
  const { MessageMediaDice: _, ...smaller } = LEDGER;
  assert.deepEqual(
    compareWithSchema({ ...smaller, MessageMediaMood: {} }, readConstructors(newer)),
    [
      "MessageMediaToDo has no entry",
      "MessageMediaDice has no entry",
      "WebPageEmpty.mood is neither kept nor left",
      "MessageMediaMood is not held",
    ],
  );
});

Deno.test("map coverage: a claim that the samples do not bear out is found", () => {
  const claims = {
    MessageMediaDice: { kept: { emoticon: "media.title" }, left: { value: "said to be left out" } },
    ReplyKeyboardHide: { tl_type: "said to be kept" },
    KeyboardButtonUnheard: {},
  };
  assert.deepEqual(compareWithSamples(claims, samples), [
    "MessageMediaDice.value is read",
    "MessageMediaDice.emoticon never fills media.title",
    "ReplyKeyboardHide and tl_type do not agree",
    "KeyboardButtonUnheard has no sample",
  ]);
});
