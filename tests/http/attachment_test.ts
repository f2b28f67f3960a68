import assert from "node:assert/strict";
import { attachment, safeFileName } from "../../src/http/attachment.ts";

const NAMES: readonly [string, string][] = [
  ["report.pdf", "report.pdf"],
  ["отчёт за март.pdf", "отчёт за март.pdf"],
  ["../../etc/passwd", "_.._etc_passwd"],
  ["C:\\windows\\win.ini", "C__windows_win.ini"],
  [".bashrc", "bashrc"],
  ["  a.txt. ", "a.txt"],
  ["a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"],
  ["gpj.\u202Eexe.txt", "gpj.exe.txt"],
  ["nul", "_nul"],
  ["CON.tar.gz", "_CON.tar.gz"],
  ["console.log", "console.log"],
  ["\uD800a.txt", "a.txt"],
  ["", "fallback"],
  ["...", "fallback"],
  ["\u200B\u202E", "fallback"],
  [`${"x".repeat(300)}.pdf`, `${"x".repeat(116)}.pdf`],
  ["😀".repeat(200), "😀".repeat(120)],
];

for (const [name, safe] of NAMES) {
  Deno.test(`safeFileName: ${JSON.stringify(name.slice(0, 30))}`, () => {
    assert.equal(safeFileName(name, "fallback"), safe);
  });
}

Deno.test("attachment: a plain name stands alone, any other in two forms that no header is broken by", () => {
  assert.equal(attachment("report.pdf"), 'attachment; filename="report.pdf"');
  assert.equal(
    attachment("naïve (1)'*.txt"),
    "attachment; filename=\"na_ve (1)'*.txt\"; filename*=UTF-8''na%C3%AFve%20%281%29%27%2A.txt",
  );
  assert.equal(
    attachment('a"\\%.txt'),
    `attachment; filename="a___.txt"; filename*=UTF-8''a%22%5C%25.txt`,
  );
  for (const [name] of NAMES) {
    const value = attachment(safeFileName(name, "fallback"));
    new Headers({ "content-disposition": value });
    assert.match(value, /^[\x20-\x7e]+$/);
  }
});
