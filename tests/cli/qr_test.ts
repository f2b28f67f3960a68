import assert from "node:assert/strict";
// @ts-types="npm:@types/qrcode@1.5.6"
import { create } from "qrcode";
import { drawQr } from "../../src/cli/qr.ts";

const LINK = `tg://login?token=${"aB3_".repeat(11)}`;

/** The modules that half blocks show, the quiet zone around them left out; `isDark` says which blocks are the code's. */
function modules(rows: readonly string[], isDark: (block: "upper" | "lower", character: string) => boolean): string[] {
  const grid = rows.flatMap((row) =>
    (["upper", "lower"] as const).map((half) => [...row].map((each) => isDark(half, each) ? "#" : ".").join(""))
  );
  const [first, last] = [grid.findIndex((row) => row.includes("#")), grid.findLastIndex((row) => row.includes("#"))];
  const left = Math.min(...grid.filter((row) => row.includes("#")).map((row) => row.indexOf("#")));
  return grid.slice(first, last + 1).map((row) => row.slice(left, left + last + 1 - first));
}

const FULL: Readonly<Record<string, string>> = { upper: "█▀", lower: "█▄" };

function expected(): string[] {
  const { size, data } = create(LINK, { errorCorrectionLevel: "L" }).modules;
  return Array.from(
    { length: size },
    (_, y) => Array.from({ length: size }, (_, x) => data[y * size + x] ? "#" : ".").join(""),
  );
}

Deno.test("QR code: what is written elsewhere than to a terminal is the code and then its link", async () => {
  const { text, rows } = await drawQr(LINK, 0, undefined);
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.at(-1), LINK);
  assert.deepEqual(modules(lines.slice(0, -1), (half, each) => FULL[half]?.includes(each) ?? false), expected());
  assert.equal(rows, 0);
});

Deno.test("QR code: on a terminal it is dark on light, and takes the place of the one before", async () => {
  const { text, rows } = await drawQr(LINK, 0, 80);
  const lines = text.trimEnd().split("\n");
  assert.equal(rows, lines.length);
  assert.equal(lines.at(-1), LINK);
  const picture = lines.slice(0, -1);
  const light = picture.map((line) => line.slice("\x1b[30;47m".length, -"\x1b[0m".length));
  assert.deepEqual(picture, light.map((line) => `\x1b[30;47m${line}\x1b[0m`));
  assert.deepEqual(modules(light, (half, each) => FULL[half]?.includes(each) ?? false), expected());
  const next = await drawQr(LINK, rows, 80);
  assert.equal(next.text, `\x1b[${rows}A\x1b[J${text}`);
  assert.equal((await drawQr(LINK, 0, 50)).rows, rows + 1, "a link that is wider than the terminal takes two rows");
});
