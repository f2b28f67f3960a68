/**
 * The chats that a request is about, and what a call has touched.
 */
import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { Api, bigInt, type TlRequest } from "../../src/mtproto/gram.ts";
import { createAccount } from "../../src/telegram/account.ts";
import type { Call } from "../../src/mtproto/invoke.ts";
import { createPeers } from "../../src/telegram/peers.ts";
import { askedBy, createTouched, type Touched } from "../../src/telegram/touched.ts";
import { openDatabase } from "../../src/storage/open.ts";

const NEWS = "-1002000000001";
const ANN = "734201334";
const accessHash = bigInt(5);
const channel = new Api.InputChannel({ channelId: bigInt(2_000_000_001), accessHash });
const news = new Api.InputPeerChannel({ channelId: bigInt(2_000_000_001), accessHash });
const ann = new Api.InputPeerUser({ userId: bigInt(734_201_334), accessHash });
const page = { offsetId: 0, offsetDate: 0, addOffset: 0, limit: 5, maxId: 0, minId: 0, hash: bigInt(0) };

Deno.test("askedBy: every form in which a request names a chat", () => {
  const id = [new Api.InputMessageID({ id: 1 })];
  const within = (peer: Api.TypeInputPeer): Api.InputDialogPeer => new Api.InputDialogPeer({ peer });
  const seen = new Api.InputPeerUserFromMessage({ peer: news, msgId: 1, userId: bigInt(7) });
  const photo = new Api.InputPeerPhotoFileLocation({ peer: ann, photoId: bigInt(1) });
  const cases: readonly (readonly [TlRequest<unknown>, readonly string[]])[] = [
    [new Api.messages.GetHistory({ peer: news, ...page }), [NEWS]],
    [new Api.messages.GetHistory({ peer: new Api.InputPeerChat({ chatId: bigInt(4001) }), ...page }), ["-4001"]],
    [new Api.messages.GetHistory({ peer: new Api.InputPeerSelf(), ...page }), ["me"]],
    [new Api.messages.GetHistory({ peer: seen, ...page }), [NEWS, "7"]],
    [new Api.channels.GetMessages({ channel, id }), [NEWS]],
    [new Api.channels.GetFullChannel({ channel }), [NEWS]],
    [new Api.messages.GetPeerDialogs({ peers: [within(news), within(ann)] }), [NEWS, ANN]],
    [new Api.messages.GetFullChat({ chatId: bigInt(4001) }), ["-4001"]],
    [new Api.messages.GetChats({ id: [bigInt(4001), bigInt(4002)] }), ["-4001", "-4002"]],
    [
      new Api.users.GetFullUser({ id: new Api.InputUser({ userId: bigInt(734_201_334), accessHash }) }),
      [ANN],
    ],
    [new Api.upload.GetFile({ location: photo, offset: bigInt(0), limit: 4096 }), [ANN]],
    // Whose messages are wanted, and where a page begins, is no chat that is asked about.
    [
      new Api.messages.Search({
        peer: news,
        fromId: ann,
        q: "words",
        filter: new Api.InputMessagesFilterEmpty(),
        minDate: 0,
        maxDate: 0,
        ...page,
      }),
      [NEWS],
    ],
    [
      new Api.messages.GetDialogs({ offsetDate: 0, offsetId: 0, offsetPeer: ann, limit: 5, hash: bigInt(0) }),
      [],
    ],
    [new Api.users.GetUsers({ id: [new Api.InputUserSelf()] }), []],
    [new Api.messages.GetMessages({ id }), []],
    [new Api.contacts.ResolveUsername({ username: "sandbox_news" }), []],
  ];
  for (const [request, chats] of cases) assert.deepEqual(askedBy(request), chats, request.className);
});

/** Asks within a call, of a Telegram that answers so. */
async function asking(
  answers: (request: TlRequest<unknown>) => Promise<unknown>,
  work: (call: Call, touched: Touched) => Promise<unknown>,
): Promise<string[]> {
  using db = openDatabase(":memory:");
  const touched = createTouched();
  const peers = createPeers(db, "default");
  const call: Call = async (request) => Object(await answers(request));
  const account = createAccount({ call, withDc: () => call, takeout: call }, peers, () => {});
  await work(touched.noting(account).call, touched);
  return touched.chats();
}

Deno.test("touched: a chat is noted while it is asked for, once, and not when there is no such chat", async () => {
  const history = new Api.messages.GetHistory({ peer: news, ...page });
  const other = new Api.messages.GetHistory({ peer: ann, ...page });
  assert.deepEqual(
    await asking(() => Promise.resolve({}), async (call) => [await call(history), await call(history)]),
    [
      NEWS,
    ],
  );
  const failing = (code: "TIMEOUT" | "CHAT_NOT_FOUND") => (): Promise<never> =>
    Promise.reject(new AppError(code, "no"));
  const ask = async (call: Call): Promise<unknown> => await call(history).catch(() => {});
  assert.deepEqual(await asking(failing("TIMEOUT"), ask), [NEWS]);
  assert.deepEqual(await asking(failing("CHAT_NOT_FOUND"), ask), []);
  let during: string[] = [];
  await asking(() => Promise.resolve({}), async (call, touched) => {
    const asked = call(history);
    during = touched.chats();
    await asked;
  });
  assert.deepEqual(during, [NEWS]);
  // One request for it is refused, another one was not.
  let times = 0;
  const second = (): Promise<unknown> => times++ === 1 ? failing("CHAT_NOT_FOUND")() : Promise.resolve({});
  const three = async (call: Call): Promise<void> => {
    for (const request of [history, history, other]) await call(request).catch(() => {});
  };
  assert.deepEqual(await asking(second, three), [NEWS, ANN]);
});
