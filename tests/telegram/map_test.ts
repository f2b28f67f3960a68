import assert from "node:assert/strict";
import { Api } from "../../src/mtproto/gram.ts";
import { mapEntity } from "../../src/telegram/map/entities.ts";
import { ANN, assertCanonical, assertGolden, DATE, mapSample, PEERS, received } from "./golden.ts";
import { SAMPLES } from "./samples/mod.ts";

for (const [subject, samples] of Object.entries(SAMPLES)) {
  for (const sample of samples) Deno.test(`map ${subject}: ${sample.title}`, () => assertGolden(sample));
}

Deno.test("map entities: offsets stay in UTF-16 units", () => {
  const text = "😀 bold";
  const entity = mapEntity(new Api.MessageEntityBold({ offset: 3, length: 4 }));
  assert.equal(text.slice(entity.offset, entity.offset + entity.length), "bold");
});

Deno.test("map link: a forum's messages and a private supergroup's have a members' link, basic groups none", () => {
  assert.equal(mapSample({}, PEERS.forum).link, "https://t.me/c/2000000005/4201");
  assert.equal(mapSample({}, PEERS.supergroup).link, "https://t.me/sandbox_group/4201");
  for (const chat of [PEERS.group, PEERS.ann, PEERS.self]) assert.equal("link" in mapSample({}, chat), false);
});

Deno.test("map: absent flags do come off the wire as null and false, which the goldens are there for", () => {
  const message = received(new Api.Message({ id: 1, peerId: ANN, date: DATE, message: "" }));
  assert.equal(message.views, null);
  assert.equal(message.out, false);
});

Deno.test("golden: the checks refuse null, an unknown key and keys out of order", () => {
  const good = mapSample({ silent: true }, PEERS.supergroup);
  const { id, ...rest } = good;
  assert.throws(() => assertCanonical({ ...good, silent: null }, "null"));
  assert.throws(() => assertCanonical({ ...good, shares: 1 }, "unknown"));
  assert.throws(() => assertCanonical({ ...rest, id }, "order"), /order/);
  assert.throws(() => assertCanonical({ ...good, entities: [] }, "empty"), /empty/);
});
