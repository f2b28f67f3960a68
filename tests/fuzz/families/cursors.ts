/**
 * Cursors: with bits turned, cut, doubled, another tool's, another query's.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Random } from "../../../sandbox/world/random.ts";
import type { Family } from "../family.ts";
import { damaged, text } from "../values.ts";

/** A sealed text, altered. */
export function altered(random: Random, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64url");
  const at = random.int(bytes.length);
  switch (random.int(7)) {
    case 0:
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.int(8)), at);
      return bytes.toString("base64url");
    case 1:
      return sealed.slice(0, random.int(sealed.length));
    case 2:
      return bytes.toString("base64");
    case 3:
      return sealed + sealed;
    case 4:
      // A signature of nothing, and JSON that is none.
      return Buffer.concat([bytes.subarray(0, 16), Buffer.from(random.pick(["", "null", "{}", "[", "1e400"]))])
        .toString("base64url");
    case 5:
      return text(random);
    default:
      return damaged(random, sealed);
  }
}

/** A page further on, if the server lets itself be talked into it. */
export const cursors: Family = {
  name: "cursors",
  draw: (random, { cursors }) => {
    const { tool, args } = random.pick(cursors);
    const genuine = random.pick(cursors).cursor;
    const cursor = random.oneIn(5) ? genuine : altered(random, genuine);
    return {
      kind: "request",
      method: "POST",
      target: `/api/tools/${tool}`,
      headers: [["Content-Type", "application/json"]],
      body: { json: random.oneIn(4) ? { ...args, cursor, chat: "@sandbox_group" } : { ...args, cursor } },
    };
  },
};
