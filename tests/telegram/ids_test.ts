import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { bareId, type IdSpace, markedId, peerId, spaceOf } from "../../src/telegram/ids.ts";

const BOUNDS: readonly (readonly [bigint, IdSpace | undefined])[] = [
  [1n, "user"],
  [0xffffffffffn, "user"],
  [0n, undefined],
  [-1n, "group"],
  [-999_999_999_999n, "group"],
  [-1_000_000_000_000n, undefined],
  [-1_000_000_000_001n, "channel"],
  [-1_997_852_516_352n, "channel"],
  [-1_997_852_516_353n, undefined],
  [-2_002_147_483_649n, undefined],
];

Deno.test("spaceOf: the ends of each space", () => {
  for (const [marked, space] of BOUNDS) assert.equal(spaceOf(marked), space, String(marked));
});

Deno.test("markedId: a bare id and its space come back, whatever the id", () => {
  const random = createRandom(4);
  const spaces = { user: 1n << 40n, group: 999_999_999_999n, channel: 997_852_516_352n };
  for (const space of ["user", "group", "channel"] as const) {
    const limit = spaces[space];
    const drawn = Array.from({ length: 300 }, () => 1n + (BigInt(random.int(2 ** 31)) << 20n) % limit);
    for (const bare of [1n, limit, ...drawn]) {
      const marked = markedId(space, bare);
      assert.equal(bareId(marked), bare, marked);
      assert.equal(spaceOf(BigInt(marked)), space, marked);
      assert.equal(markedId(space, bigInt(bare)), marked, "either kind of big integer");
    }
  }
});

Deno.test("peerId: the three kinds of TL peer", () => {
  assert.equal(peerId(new Api.PeerUser({ userId: bigInt(5) })), "5");
  assert.equal(peerId(new Api.PeerChat({ chatId: bigInt(5) })), "-5");
  assert.equal(peerId(new Api.PeerChannel({ channelId: bigInt(5) })), "-1000000000005");
});
