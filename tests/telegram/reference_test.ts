import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { readMessageReference, readReference, type Reference, type Target } from "../../src/telegram/reference.ts";

const named = (username: string): Reference["chat"] => ({ kind: "username", username });
const byId = (id: string): Reference["chat"] => ({ kind: "id", id });
const PRIVATE = byId("-1002000000003");

const NAMES: readonly (readonly [text: string, chat: Reference["chat"]])[] = [
  ["me", { kind: "me" }],
  [" ME ", { kind: "me" }],
  ["@sandbox_news", named("sandbox_news")],
  ["734201334", { kind: "bare", digits: "734201334" }],
  ["0042", { kind: "bare", digits: "42" }],
  ["-42", byId("-42")],
  ["-1002000000003", PRIVATE],
  ["Anna", { kind: "title", title: "Anna" }],
  ["sandbox_news", { kind: "title", title: "sandbox_news" }],
  ["Plumber & sons, t.me/plumber", { kind: "title", title: "Plumber & sons, t.me/plumber" }],
  ["3.14", { kind: "title", title: "3.14" }],
  ["t.me", { kind: "title", title: "t.me" }],
  ["me@example.org", { kind: "title", title: "me@example.org" }],
  ["Привет", { kind: "title", title: "Привет" }],
];

for (const [text, chat] of NAMES) {
  Deno.test(`readReference: ${JSON.stringify(text)} is a ${chat.kind}`, () =>
    assert.deepEqual(readReference(text), { chat }));
}

const LINKS: readonly (readonly [text: string, chat: Reference["chat"], target?: Target])[] = [
  ["sandbox_news/812", named("sandbox_news"), { message: 812 }],
  ["c/2000000003/12/345", PRIVATE, { message: 345, topic: 12 }],
  ["+AbCdEfGhIjKl", { kind: "invite", hash: "AbCdEfGhIjKl" }],
  ["joinchat/AbCdEfGhIjKl", { kind: "invite", hash: "AbCdEfGhIjKl" }],
  ["t.me/@sandbox_news", named("sandbox_news")],
  ["https://t.me/sandbox_news", named("sandbox_news")],
  ["http://www.t.me/sandbox_news/", named("sandbox_news")],
  ["t.me/sandbox_news", named("sandbox_news")],
  ["telegram.me/sandbox_news", named("sandbox_news")],
  ["https://telegram.dog/sandbox_news", named("sandbox_news")],
  ["T.ME/sandbox_news", named("sandbox_news")],
  ["sandbox_news.t.me", named("sandbox_news")],
  ["https://sandbox_news.t.me/812", named("sandbox_news"), { message: 812 }],
  ["https://t.me/s/sandbox_news", named("sandbox_news")],
  ["https://t.me/s/sandbox_news/812", named("sandbox_news"), { message: 812 }],
  ["https://t.me/sandbox_news/812", named("sandbox_news"), { message: 812 }],
  ["https://t.me/sandbox_news/812?single", named("sandbox_news"), { message: 812, single: true }],
  ["https://t.me/sandbox_news/812?comment=34", named("sandbox_news"), { message: 812, comment: 34 }],
  ["https://t.me/sandbox_forum/12/345", named("sandbox_forum"), { message: 345, topic: 12 }],
  ["https://t.me/sandbox_forum/345?thread=12", named("sandbox_forum"), { message: 345, topic: 12 }],
  ["https://t.me/c/2000000003", PRIVATE],
  ["https://t.me/c/2000000003/345", PRIVATE, { message: 345 }],
  ["https://t.me/c/2000000003/12/345", PRIVATE, { message: 345, topic: 12 }],
  ["https://t.me/+AbCdEf_-12345678", { kind: "invite", hash: "AbCdEf_-12345678" }],
  ["https://t.me/joinchat/AbCdEf_-12345678", { kind: "invite", hash: "AbCdEf_-12345678" }],
  ["https://t.me/constructor", named("constructor")],
  ["tg://resolve?domain=sandbox_news", named("sandbox_news")],
  ["tg:resolve?domain=sandbox_news&post=812&single", named("sandbox_news"), { message: 812, single: true }],
  ["tg://resolve?domain=sandbox_forum&post=345&thread=12", named("sandbox_forum"), { message: 345, topic: 12 }],
  ["tg://privatepost?channel=2000000003&post=345", PRIVATE, { message: 345 }],
  ["tg://join?invite=AbCdEf_-12345678", { kind: "invite", hash: "AbCdEf_-12345678" }],
];

for (const [text, chat, target] of LINKS) {
  Deno.test(`readReference: ${text} is a link`, () => {
    assert.deepEqual(readReference(text), { chat, ...(target === undefined ? {} : { target }), link: true });
  });
}

const REFUSED: readonly (readonly [text: string, code: ErrorCode])[] = [
  ["", "INPUT_VALIDATION"],
  ["  ", "INPUT_VALIDATION"],
  ["@", "INPUT_VALIDATION"],
  ["@abc", "INPUT_VALIDATION"],
  ["@1abcd", "INPUT_VALIDATION"],
  ["@Анна", "INPUT_VALIDATION"],
  [`@${"a".repeat(33)}`, "INPUT_VALIDATION"],
  ["https://t.me/", "INPUT_VALIDATION"],
  ["https://t.me/%zz", "INPUT_VALIDATION"],
  ["https://t.me/c/abc/5", "INPUT_VALIDATION"],
  ["https://t.me/c/", "INPUT_VALIDATION"],
  ["https://t.me/sandbox_news/0", "INPUT_VALIDATION"],
  ["https://t.me/sandbox_news/2147483648", "INPUT_VALIDATION"],
  ["https://t.me/sandbox_bot/app", "INPUT_VALIDATION"],
  ["https://t.me/sandbox_news/812?comment=x", "INPUT_VALIDATION"],
  ["https://t.me/joinchat/", "INPUT_VALIDATION"],
  ["https://t.me/+short", "INPUT_VALIDATION"],
  ["tg://resolve", "INPUT_VALIDATION"],
  ["tg://privatepost?post=1", "INPUT_VALIDATION"],
  ["https://t.me/+4930123456", "UNSUPPORTED"],
  ["https://t.me/addstickers/Cats", "UNSUPPORTED"],
  ["https://t.me/AddList/abc", "UNSUPPORTED"],
  ["https://t.me/share/url?url=x", "UNSUPPORTED"],
  ["https://t.me/sandbox_news/s/7", "UNSUPPORTED"],
  ["tg://resolve?phone=4930123456", "UNSUPPORTED"],
  ["tg://resolve?domain=sandbox_news&story=7", "UNSUPPORTED"],
  ["tg://settings", "UNSUPPORTED"],
  ["https://example.org/sandbox_news", "UNSUPPORTED"],
  ["https://t.me.example.org/sandbox_news", "UNSUPPORTED"],
  ["https://nott.me/sandbox_news", "UNSUPPORTED"],
];

for (const [text, code] of REFUSED) {
  Deno.test(`readReference: ${JSON.stringify(text)} is refused with ${code}`, () => {
    assert.throws(() => readReference(text), (error) => error instanceof AppError && error.code === code);
  });
}

Deno.test("readReference: an error names the argument and calls the kind of link by its name", () => {
  assert.throws(
    () => readReference("https://t.me/addstickers/Cats", "sender"),
    /^AppError: sender is a link to a sticker set/,
  );
  assert.throws(() => readReference("@", "sender"), { field: "sender" });
});

Deno.test("readReference: whatever is typed, the answer is a reference or an AppError", () => {
  const random = createRandom(3);
  const parts = [
    "t.me",
    "https://",
    "tg://",
    "/",
    "?",
    "&",
    "c",
    "+",
    "@",
    "%",
    "#",
    "=",
    "-",
    "12",
    "name",
    " ",
    "é",
    "𝕏",
    "\0",
  ];
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: 1 + random.int(9) }, () => random.pick(parts)).join("");
    try {
      assert.ok(readReference(text).chat.kind.length > 0);
    } catch (error) {
      assert.ok(error instanceof AppError, `${JSON.stringify(text)}: ${error}`);
    }
  }
});

for (const text of ["812", " 812 ", "#812", "0812"]) {
  Deno.test(`readMessageReference: ${JSON.stringify(text)} is an id`, () =>
    assert.deepEqual(readMessageReference(text), { id: 812 }));
}

for (const [text, chat, target] of LINKS) {
  if (target?.message === undefined) {
    Deno.test(`readMessageReference: ${text} names no message`, () =>
      assert.throws(() => readMessageReference(text), { code: "INPUT_VALIDATION", field: "messages" }));
  } else {
    Deno.test(`readMessageReference: ${text} is what the link says`, () =>
      assert.deepEqual(readMessageReference(text), { chat, target }));
  }
}

for (const text of ["0", "-812", "2147483648", "8 12", "#", "@sandbox_news", "Anna", "me", ""]) {
  Deno.test(`readMessageReference: ${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => readMessageReference(text), { code: "INPUT_VALIDATION", field: "messages" }));
}
