import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { createAccount } from "../../src/telegram/account.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";
import { createPeers } from "../../src/telegram/peers.ts";
import { type Thread, threadUnder } from "../../src/telegram/threads.ts";

const FORUM: Peer = { id: "-1002000000008", kind: "forum", title: "Forum", usernames: [], accessHash: "1" };

/** What finds the thread under a message with such a reply header; nothing has to be asked for it. */
async function queryUnder(
  header?: ConstructorParameters<typeof Api.MessageReplyHeader>[0],
): Promise<Thread["query"] | undefined> {
  using db = new DatabaseSync(":memory:");
  const call = (): Promise<never> => Promise.reject(new Error("nothing needs to be asked"));
  const peerId = new Api.PeerChannel({ channelId: bigInt(2_000_000_008) });
  const replyTo = header && new Api.MessageReplyHeader(header);
  const message = new Api.Message({ id: 500, peerId, date: 1, message: "", ...(replyTo ? { replyTo } : {}) });
  const thread = await threadUnder(
    createAccount({ call, withDc: () => call, takeout: call }, createPeers(db, "default"), () => {}),
    {
      chat: FORUM,
      message,
      peers: new Map(),
    },
  );
  return thread?.query;
}

Deno.test("threadUnder: a message that answers nothing begins its own thread, one in a thread is answered within it", async () => {
  assert.deepEqual(await queryUnder(), { topic: 500 });
  assert.deepEqual(await queryUnder({ forumTopic: true, replyToMsgId: 42 }), { topic: 42, answering: 500 });
  assert.deepEqual(await queryUnder({ replyToMsgId: 77, replyToTopId: 42 }), { topic: 42, answering: 500 });
});

Deno.test("threadUnder: what is answered may stand in another chat, the thread is of this one", async () => {
  const replyToPeerId = new Api.PeerChannel({ channelId: bigInt(5) });
  const elsewhere = { replyToPeerId, replyToMsgId: 77 };
  assert.deepEqual(await queryUnder({ ...elsewhere, forumTopic: true, replyToTopId: 42 }), {
    topic: 42,
    answering: 500,
  });
  assert.deepEqual(await queryUnder(elsewhere), { topic: 500 });
});
