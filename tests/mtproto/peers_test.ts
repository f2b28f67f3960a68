import assert from "node:assert/strict";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { inputChannel, inputPeer, inputUser } from "../../src/telegram/input.ts";
import { createPeers, learning, type Peers } from "../../src/telegram/peers.ts";
import { assertSilence, connect, getHistory, getSelf, startTelegram } from "./telegram.ts";

Deno.test.afterEach(assertSilence);

interface UserFields {
  readonly id: number;
  readonly hash?: number;
  readonly name?: string;
  readonly username?: string;
  readonly self?: boolean;
  readonly min?: boolean;
}

function user({ id, hash = id * 10, name = `user ${id}`, ...rest }: UserFields): Api.User {
  return new Api.User({ id: bigInt(id), accessHash: bigInt(hash), firstName: name, ...rest });
}

function channel(
  id: number,
  fields: { username?: string; min?: boolean; hash?: number; title?: string } = {},
): Api.Channel {
  const { hash = id * 10, title = `channel ${id}`, ...rest } = fields;
  const photo = new Api.ChatPhotoEmpty();
  return new Api.Channel({ id: bigInt(id), accessHash: bigInt(hash), title, photo, date: 1, broadcast: true, ...rest });
}

const answer = (users: Api.TypeUser[], chats: Api.TypeChat[] = []): unknown => ({ users, chats });
const ids = (peers: Peers, wanted: readonly string[]): string[] => wanted.filter((id) => peers.get(id) !== undefined);

/** A test with a database in a file, which can be opened again. */
function stored(title: string, body: (open: (accountId?: string) => Peers) => void): void {
  Deno.test(title, () => {
    const directory = Deno.makeTempDirSync();
    const databases: Disposable[] = [];
    try {
      body((accountId = "a") => {
        const db = openDatabase(`${directory}/db.sqlite`);
        databases.push(db);
        return createPeers(db, accountId);
      });
    } finally {
      for (const db of databases) db[Symbol.dispose]();
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

stored("peers: what an answer told is known by id, bare id and username, after a restart too", (open) => {
  const peers = open();
  peers.learn(answer(
    [user({ id: 1000, self: true }), user({ id: 7, username: "Alice_A" })],
    [channel(7, { username: "news" }), new Api.ChatEmpty({ id: bigInt(9) })],
  ));
  for (const each of [peers, open()]) {
    assert.equal(each.self()?.id, "1000");
    assert.equal(each.get("7")?.title, "user 7");
    assert.equal(each.byUsername("alice_a")?.id, "7");
    assert.equal(each.byUsername("NEWS")?.id, "-1000000000007");
    assert.deepEqual(each.byBareId("7").map(({ id }) => id).sort(), ["-1000000000007", "7"]);
    assert.equal(each.get("9") ?? each.get("-9") ?? each.byUsername("nobody"), undefined);
    assert.equal(each.get("7")?.accessHash, "70");
  }
});

stored("peers: a bare vector of users is learnt from, and what is no answer is not", (open) => {
  const peers = open();
  peers.learn([user({ id: 1 }), new Api.UserEmpty({ id: bigInt(2) }), 3, null]);
  for (const nothing of [undefined, null, true, 1, "x", {}, { users: 1, chats: "x" }]) peers.learn(nothing);
  assert.deepEqual(ids(peers, ["1", "2", "3"]), ["1"]);
});

stored("peers: min objects are never kept, and never replace what is known", (open) => {
  const peers = open();
  peers.learn(answer([user({ id: 1, min: true, hash: 666 })], [channel(2, { min: true, hash: 666 })]));
  assert.deepEqual(ids(peers, ["1", "-1000000000002"]), []);
  peers.learn(answer([user({ id: 1 })], [channel(2)]));
  peers.learn(answer([user({ id: 1, min: true, hash: 666 })], [channel(2, { min: true, hash: 666 })]));
  for (const each of [peers, open()]) {
    assert.equal(each.get("1")?.accessHash, "10");
    assert.equal(each.get("-1000000000002")?.accessHash, "20");
  }
});

stored("peers: what changes is kept as it is now", (open) => {
  const peers = open();
  peers.learn(answer([user({ id: 1, name: "before", username: "before" })]));
  peers.learn(answer([user({ id: 1, name: "after", username: "after", hash: 99 })]));
  for (const each of [peers, open()]) {
    assert.deepEqual([each.get("1")?.title, each.get("1")?.accessHash], ["after", "99"]);
    assert.equal(each.byUsername("before"), undefined);
    assert.equal(each.byUsername("after")?.id, "1");
  }
});

stored("peers: a username leads to the chat that was last seen with it, there and back", (open) => {
  let peers = open();
  const owner = (): string | undefined => peers.byUsername("name")?.id;
  peers.learn(answer([], [channel(1, { username: "name" }), channel(2)]));
  assert.equal(owner(), "-1000000000001");
  peers.learn(answer([], [channel(2, { username: "NAME" })]));
  assert.equal(owner(), "-1000000000002");
  assert.deepEqual(peers.get("-1000000000001")?.usernames, [], "the other one has lost it");
  assert.equal(peers.get("-1000000000001")?.username, undefined);
  peers = open();
  assert.equal(owner(), "-1000000000002");
  peers.learn(answer([], [channel(1, { username: "name" })]));
  assert.equal(owner(), "-1000000000001");
  peers.learn(answer([], [channel(2)]));
  assert.equal(owner(), "-1000000000001");
  assert.equal(open().byUsername("name")?.id, "-1000000000001");
});

stored("peers: a peer with several usernames is found by each, one told twice in other letters included", (open) => {
  const usernames = ["NAME", "second"].map((username) => new Api.Username({ username, active: true }));
  const several = user({ id: 1, username: "name" });
  several.usernames = usernames;
  const peers = open();
  peers.learn(answer([several]));
  for (const name of ["name", "Second"]) assert.equal(peers.byUsername(name)?.id, "1");
  peers.learn(answer([user({ id: 2, username: "second" })]));
  assert.equal(peers.byUsername("second")?.id, "2");
  assert.equal(peers.byUsername("name")?.id, "1");
});

stored("peers: usernames that swap within one answer both lead to the right chat", (open) => {
  const peers = open();
  peers.learn(answer([user({ id: 1, username: "one" }), user({ id: 2, username: "two" })]));
  peers.learn(answer([user({ id: 1, username: "two" }), user({ id: 2, username: "one" })]));
  for (const each of [peers, open()]) {
    assert.equal(each.byUsername("one")?.id, "2");
    assert.equal(each.byUsername("two")?.id, "1");
    assert.deepEqual(each.get("1")?.usernames, ["two"]);
  }
});

stored("peers: a login as somebody else forgets every access hash, and keeps those of the answer that told", (open) => {
  const peers = open();
  peers.learn(answer([user({ id: 1000, self: true }), user({ id: 1, username: "one" })], [channel(2)]));
  peers.learn(answer([user({ id: 3 }), user({ id: 2000, self: true }), user({ id: 1000, hash: 5 })], [channel(4)]));
  for (const each of [peers, open()]) {
    assert.deepEqual(ids(each, ["1", "3", "1000", "2000", "-1000000000002", "-1000000000004"]), [
      "3",
      "1000",
      "2000",
      "-1000000000004",
    ]);
    assert.equal(each.self()?.id, "2000");
    assert.equal(each.get("1000")?.kind, "user");
    assert.equal(each.byUsername("one"), undefined);
  }
});

stored("peers: the same account seen again forgets nothing", (open) => {
  const peers = open();
  peers.learn(answer([user({ id: 1000, self: true }), user({ id: 1 })]));
  peers.learn(answer([user({ id: 1000, self: true, name: "new name" })]));
  const again = open();
  again.learn(answer([user({ id: 1000, self: true, name: "newer name" })]));
  assert.deepEqual(ids(again, ["1", "1000"]), ["1", "1000"]);
});

stored("peers: the first answer of an account keeps everybody in it", (open) => {
  const peers = open();
  peers.learn(answer([user({ id: 1 }), user({ id: 1000, self: true }), user({ id: 2 })], [channel(3)]));
  assert.deepEqual(ids(peers, ["1", "2", "1000", "-1000000000003"]), ["1", "2", "1000", "-1000000000003"]);
});

stored("peers: accounts are apart", (open) => {
  open("a").learn(answer([user({ id: 1000, self: true }), user({ id: 1, username: "one" })]));
  const other = open("b");
  assert.equal(other.self() ?? other.get("1") ?? other.byUsername("one"), undefined);
  other.learn(answer([user({ id: 2000, self: true })]));
  assert.equal(open("a").get("1")?.id, "1");
});

stored("peers: more of them than are kept in memory are all known", (open) => {
  const peers = open();
  peers.learn(answer(Array.from({ length: 10_500 }, (_, i) => user({ id: i + 1, username: `u${i + 1}` }))));
  for (const id of ["1", "500", "10500"]) assert.equal(peers.byUsername(`u${id}`)?.id, id);
});

stored("inputPeer: names each kind as TL does, and says when the access hash was never seen", (open) => {
  const peers = open();
  const group = new Api.Chat({
    id: bigInt(5),
    title: "group",
    photo: new Api.ChatPhotoEmpty(),
    participantsCount: 2,
    date: 1,
    version: 1,
  });
  peers.learn(answer([user({ id: 1000, self: true }), user({ id: 1, hash: -3 })], [channel(2), group]));
  const of = (id: string): NonNullable<ReturnType<Peers["get"]>> => {
    const peer = peers.get(id);
    assert.ok(peer !== undefined, id);
    return peer;
  };
  assert.equal(inputPeer(of("1000")).className, "InputPeerSelf");
  assert.equal(inputUser(of("1000")).className, "InputUserSelf");
  const input = inputPeer(of("1"));
  assert.ok(input instanceof Api.InputPeerUser);
  assert.deepEqual([String(input.userId), String(input.accessHash)], ["1", "-3"]);
  assert.equal(inputPeer(of("-5")).className, "InputPeerChat");
  assert.equal(inputPeer(of("-1000000000002")).className, "InputPeerChannel");
  assert.equal(String(inputChannel(of("-1000000000002")).accessHash), "20");
  const { accessHash: _, ...unreachable } = of("1");
  for (const name of [inputPeer, inputUser]) assert.throws(() => name(unreachable), { code: "CHAT_NOT_FOUND" });
});

Deno.test("learning: what the data centre answers is enough to ask for it again after a restart", async () => {
  await using telegram = await startTelegram();
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  const path = `${telegram.directory}/peers.sqlite`;
  let known: string[];
  {
    using db = openDatabase(path);
    const peers = createPeers(db, "a");
    const call = learning(connection.call, peers.learn);
    await call(getSelf());
    const dialogs = await call(
      new Api.messages.GetDialogs({
        offsetDate: 0,
        offsetId: 0,
        offsetPeer: new Api.InputPeerEmpty(),
        limit: 100,
        hash: bigInt(0),
      }),
    );
    assert.ok("chats" in dialogs);
    known = dialogs.chats.filter((chat) => chat.className === "Channel" && !chat.min).map((chat) => `-100${chat.id}`)
      .map((id) => id.replace(/^-100(\d{1,9})$/, (_, digits) => `-100${digits.padStart(10, "0")}`));
    assert.ok(known.length > 3);
  }
  using db = openDatabase(path);
  const peers = createPeers(db, "a");
  assert.equal(peers.self()?.id, "1000");
  for (const id of known.slice(0, 5)) {
    const peer = peers.get(id);
    assert.ok(peer !== undefined, id);
    assert.ok("messages" in await connection.call(getHistory(inputPeer(peer))), id);
  }
});
