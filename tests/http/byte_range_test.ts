import assert from "node:assert/strict";
import { type ByteRange, readByteRange } from "../../src/http/byte_range.ts";

const part = (start: number, end: number): ByteRange => ({ start, end });

const CASES: readonly [string | null, number, ReturnType<typeof readByteRange>][] = [
  [null, 10, undefined],
  ["", 10, undefined],
  ["bytes=0-0", 10, part(0, 1)],
  ["bytes=2-5", 10, part(2, 6)],
  ["BYTES=2-5", 10, part(2, 6)],
  ["bytes= 2-5 ", 10, part(2, 6)],
  ["bytes=2-", 10, part(2, 10)],
  ["bytes=2-99", 10, part(2, 10)],
  ["bytes=-3", 10, part(7, 10)],
  ["bytes=-30", 10, part(0, 10)],
  ["bytes=9-9", 10, part(9, 10)],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=10-12", 10, "unsatisfiable"],
  ["bytes=99999999999999999999-", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=-00", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-5", 0, "unsatisfiable"],
  ["bytes=5-2", 10, undefined],
  ["bytes=12-11", 10, undefined],
  ["bytes=-", 10, undefined],
  ["bytes=0-1,3-4", 10, undefined],
  ["bytes=a-b", 10, undefined],
  ["bytes=0x1-2", 10, undefined],
  ["bytes=1.5-2", 10, undefined],
  ["items=0-1", 10, undefined],
  ["bytes 0-1", 10, undefined],
];

for (const [header, size, expected] of CASES) {
  Deno.test(`byte range: ${JSON.stringify(header)} of ${size} bytes`, () => {
    assert.deepEqual(readByteRange(header, size), expected);
  });
}
