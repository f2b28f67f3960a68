import assert from "node:assert/strict";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { mapChat, mapUser } from "../../src/telegram/map/peer.ts";
import { DATE, received } from "./golden.ts";

const HASH = "-7300000000000000001";
const name = (username: string, active: boolean): Api.Username => new Api.Username({ username, active });

function user(fields: Partial<ConstructorParameters<typeof Api.User>[0]>): unknown {
  return mapUser(received(new Api.User({ id: bigInt(77), ...fields })));
}

function channel(fields: Partial<ConstructorParameters<typeof Api.Channel>[0]>): unknown {
  return mapChat(
    received(
      new Api.Channel({ id: bigInt(2000000003), title: "T", photo: new Api.ChatPhotoEmpty(), date: DATE, ...fields }),
    ),
  );
}

function group(fields: Partial<ConstructorParameters<typeof Api.Chat>[0]>): unknown {
  const photo = new Api.ChatPhotoEmpty();
  return mapChat(
    received(
      new Api.Chat({ id: bigInt(42), title: "T", photo, participantsCount: 3, date: DATE, version: 1, ...fields }),
    ),
  );
}

Deno.test("map user: names, usernames and access", () => {
  assert.deepEqual(
    user({ firstName: "Ann", lastName: "Lee", username: "annlee", accessHash: bigInt(HASH), contact: true }),
    {
      id: "77",
      kind: "user",
      title: "Ann Lee",
      usernames: ["annlee"],
      username: "annlee",
      contact: true,
      accessHash: HASH,
    },
  );
  assert.deepEqual(
    user({ firstName: "B", bot: true, botInfoVersion: 1, usernames: [name("old_bot", false), name("b_bot", true)] }),
    {
      id: "77",
      kind: "bot",
      title: "B",
      usernames: ["b_bot"],
      username: "b_bot",
    },
  );
});

Deno.test("map user: without a name the username stands in, and the account is Saved Messages", () => {
  assert.deepEqual(user({ username: "nameless" }), {
    id: "77",
    kind: "user",
    title: "nameless",
    usernames: ["nameless"],
    username: "nameless",
  });
  assert.deepEqual(user({}), { id: "77", kind: "user", title: "Unnamed", usernames: [] });
  assert.deepEqual(user({ deleted: true }), { id: "77", kind: "user", title: "Deleted Account", usernames: [] });
  assert.deepEqual(user({ self: true, firstName: "Sam" }), { id: "77", kind: "saved", title: "Sam", usernames: [] });
  assert.equal(mapUser(received(new Api.UserEmpty({ id: bigInt(1) }))), undefined);
});

Deno.test("map peers: the access hash of a min object is not kept", () => {
  const min = { min: true, accessHash: bigInt(HASH) };
  assert.deepEqual(user({ ...min, firstName: "A" }), { id: "77", kind: "user", title: "A", usernames: [], min: true });
  assert.deepEqual(channel({ ...min, broadcast: true }), {
    id: "-1002000000003",
    kind: "channel",
    title: "T",
    usernames: [],
    min: true,
  });
});

Deno.test("map chat: a channel, a supergroup and a forum", () => {
  const base = { id: "-1002000000003", title: "T", usernames: [] };
  assert.deepEqual(channel({ broadcast: true }), { ...base, kind: "channel" });
  assert.deepEqual(channel({ megagroup: true, left: true, noforwards: true }), {
    ...base,
    kind: "supergroup",
    left: true,
    protected: true,
  });
  assert.deepEqual(channel({ gigagroup: true, participantsCount: 0 }), { ...base, kind: "supergroup" });
  assert.deepEqual(
    channel({ megagroup: true, forum: true, username: "f", usernames: [name("g", true)], participantsCount: 9 }),
    { ...base, kind: "forum", usernames: ["f", "g"], username: "f", members: 9 },
  );
});

Deno.test("map chat: a basic group, and one that moved", () => {
  assert.deepEqual(group({}), { id: "-42", kind: "group", title: "T", usernames: [], members: 3 });
  const migratedTo = new Api.InputChannel({ channelId: bigInt(2000000003), accessHash: bigInt(1) });
  assert.deepEqual(group({ deactivated: true, noforwards: true, migratedTo }), {
    id: "-42",
    kind: "group",
    title: "T",
    usernames: [],
    members: 3,
    left: true,
    protected: true,
    migratedTo: "-1002000000003",
  });
});

Deno.test("map chat: what may not be read", () => {
  assert.deepEqual(mapChat(received(new Api.ChatForbidden({ id: bigInt(42), title: "T" }))), {
    id: "-42",
    kind: "group",
    title: "T",
    usernames: [],
    forbidden: true,
  });
  const closed = { id: bigInt(2000000003), accessHash: bigInt(HASH), title: "T" };
  const expected = { id: "-1002000000003", title: "T", usernames: [], accessHash: HASH, forbidden: true };
  assert.deepEqual(mapChat(received(new Api.ChannelForbidden(closed))), { ...expected, kind: "channel" });
  assert.deepEqual(mapChat(received(new Api.ChannelForbidden({ ...closed, megagroup: true }))), {
    ...expected,
    kind: "supergroup",
  });
  assert.equal(mapChat(received(new Api.ChatEmpty({ id: bigInt(1) }))), undefined);
});
