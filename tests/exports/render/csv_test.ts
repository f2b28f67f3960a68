import assert from "node:assert/strict";
import { parse as parseCsv } from "csv-parse/sync";
import { z } from "zod";
import { CONTEXT, message, NASTY, TEXTS } from "./nasty.ts";
import { readCsv } from "./parsed.ts";
import { renderFile } from "./rendered.ts";

const table = z.array(z.array(z.string()));

Deno.test("csv: no field begins like a formula, and one apostrophe less is the field", async () => {
  const file = await renderFile("csv", NASTY);
  for (const field of table.parse(parseCsv(file, { bom: true })).flat()) {
    if (!/^-?\d+$/.test(field)) assert.doesNotMatch(field, /^[\s\p{C}]*[=+\-@＝＋－＠]|^[\t\r\n]/u);
  }
  assert.deepEqual(readCsv(file).slice(0, TEXTS.length).map(({ text }) => text), TEXTS);
});

Deno.test("csv: a number stays one, so that ids can be counted with", async () => {
  const file = await renderFile("csv", [message(1, { text: "-5" })]);
  assert.match(file, /\r\n-1002000000003,.*,-5,/);
});

Deno.test("csv: lines end with CRLF, quotes are doubled, and the file begins with the byte order mark", async () => {
  const file = await renderFile("csv", [message(1, { text: 'a "b", c\nd' })]);
  assert.match(file, /^\uFEFFchat_id,chat_title,id,date,edited,/);
  assert.ok(file.includes(',"a ""b"", c\nd",'));
  assert.deepEqual(file.split("\r\n").length, 3);
});

Deno.test("csv: dates have the zone's offset, summer time included", async () => {
  const dates = ["2025-01-01T00:00:00Z", "2025-07-01T00:00:00Z"];
  const file = await renderFile("csv", dates.map((date, index) => message(index + 1, { date, edited: date })), {
    context: { ...CONTEXT, tz: "America/New_York" },
  });
  assert.deepEqual(readCsv(file).map(({ date, edited }) => [date, edited]), [
    ["2024-12-31T19:00:00-05:00", "2024-12-31T19:00:00-05:00"],
    ["2025-06-30T20:00:00-04:00", "2025-06-30T20:00:00-04:00"],
  ]);
});
