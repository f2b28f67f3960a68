import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import bigInt from "big-integer";
import { encode } from "../../sandbox/methods/encode.ts";
import { createMethods } from "../../sandbox/methods/mod.ts";
import { Api, BinaryReader } from "../../sandbox/tl.ts";
import { createWorld } from "../../sandbox/world/mod.ts";
import {
  answer,
  bare,
  call,
  channel,
  hash,
  history,
  ids,
  long,
  methods,
  newestFirst,
  page,
  peer,
  refused,
  searched,
  searching,
  world,
} from "./calls.ts";
import { matcher } from "../../sandbox/world/search.ts";

const NEWS = "-1002000000001";
const ARCHIVE = "-1002000000002";
const GROUP = "-1002000000003";
const CLOSED = "-1002000000004";
const LOCKED = "-1002000000005";
const EMPTY = "-1002000000006";
const PUBLIC = "-1002000000007";
const TEA_ROOM = "-4001";
const ANN = "734201334";

/** The pages of a list by offset_id, until an empty one; each must get further than the one before. */
async function* pages(
  ask: (offsetId: number) => Promise<Api.messages.ChannelMessages>,
): AsyncGenerator<Api.messages.ChannelMessages> {
  for (let offsetId = 0;;) {
    const next = await ask(offsetId);
    yield next;
    const last = next.messages.at(-1);
    if (!last) return;
    assert(offsetId === 0 || last.id < offsetId, `${last.id} after ${offsetId}`);
    offsetId = last.id;
  }
}

Deno.test("getHistory: pages chained by offset_id give every message of the channel once, newest first", async () => {
  const seen: number[] = [];
  for await (const { messages, count } of pages((offsetId) => page(NEWS, { offsetId }))) {
    assert.equal(count, 10_000);
    seen.push(...ids(messages));
  }
  assert.deepEqual(seen, ids(newestFirst(NEWS)));
});

Deno.test("getHistory: limit 0 means 20, more than 100 means 100", async () => {
  assert.equal((await page(NEWS, { limit: 0 })).messages.length, 20);
  assert.equal((await page(NEWS, { limit: 5_000 })).messages.length, 100);
});

Deno.test("getHistory: offset_id is exclusive, and a negative add_offset reaches the newer ones and the message itself", async () => {
  const all = newestFirst(NEWS);
  const offsetId = all[500]?.id ?? 0;
  assert.deepEqual(ids((await page(NEWS, { offsetId, limit: 3 })).messages), ids(all.slice(501, 504)));
  assert.deepEqual(ids((await page(NEWS, { offsetId, addOffset: -20, limit: 20 })).messages), ids(all.slice(481, 501)));
  assert.deepEqual(ids((await page(NEWS, { offsetId, addOffset: -10, limit: 20 })).messages), ids(all.slice(491, 511)));
  assert.deepEqual(ids((await page(NEWS, { addOffset: 7, limit: 2 })).messages), ids(all.slice(7, 9)));
  assert.deepEqual(
    ids((await page(NEWS, { offsetId: all[3]?.id, addOffset: -20, limit: 20 })).messages),
    ids(all.slice(0, 4)),
  );
});

Deno.test("getHistory: an offset_id that is a gap begins at the next older message", async () => {
  const all = newestFirst(NEWS);
  const index = all.findIndex(({ id }, place) => (all[place + 1]?.id ?? id) < id - 1);
  const gap = (all[index]?.id ?? 0) - 1;
  assert.deepEqual(ids((await page(NEWS, { offsetId: gap, limit: 2 })).messages), ids(all.slice(index + 1, index + 3)));
});

Deno.test("getHistory: offset_date is exclusive, also where many posts have that date", async () => {
  const all = newestFirst(NEWS);
  const run = all.findIndex(({ date }, index) =>
    index > 0 && all.slice(index, index + 10).every((each) => each.date === date)
  );
  const date = all[run]?.date ?? 0;
  const { messages } = await page(NEWS, { offsetDate: date, limit: 5 });
  assert.deepEqual(ids(messages), ids(all.filter((each) => each.date < date).slice(0, 5)));
});

Deno.test("getHistory: max_id and min_id thin the slice afterwards, so an empty page is not the end", async () => {
  const all = newestFirst(NEWS);
  const maxId = all[150]?.id ?? 0;
  const first = await page(NEWS, { maxId });
  assert.deepEqual(ids(first.messages), []);
  assert.equal(first.count, 10_000);
  const second = await page(NEWS, { maxId, addOffset: 100 });
  assert.deepEqual(ids(second.messages), ids(all.slice(151, 200)));
  const minId = all[10]?.id ?? 0;
  assert.deepEqual(ids((await page(NEWS, { minId })).messages), ids(all.slice(0, 10)));
});

Deno.test("getHistory: an empty supergroup has an empty page", async () => {
  const { messages, count, chats } = await page(EMPTY);
  assert.deepEqual([messages, count, chats.length], [[], 0, 1]);
});

Deno.test("getHistory: private chats answer a slice, whole short ones all their messages", async () => {
  const slice = await call(history(ANN), Api.messages.MessagesSlice);
  assert.equal(slice.count, 300);
  assert.deepEqual(ids(slice.messages), ids(newestFirst(ANN).slice(0, 100)));
  const tea = await call(history(TEA_ROOM), Api.messages.Messages);
  assert.deepEqual(ids(tea.messages), ids(newestFirst(TEA_ROOM)));
  const saved = await call(
    new Api.messages.GetHistory({ ...history("1000"), peer: new Api.InputPeerSelf() }),
    Api.messages.Messages,
  );
  assert.equal(saved.messages.length, 30);
});

Deno.test("getHistory: received private messages name no sender, sent ones do", async () => {
  const { messages } = await call(history(ANN), Api.messages.MessagesSlice);
  const plain = messages.filter((message) => message instanceof Api.Message);
  assert(plain.some(({ out }) => out) && plain.some(({ out }) => !out));
  for (const { out, fromId } of plain) assert.equal(fromId instanceof Api.PeerUser, out);
});

Deno.test("getHistory: every chat and user a page names is in it", async () => {
  for (const id of [NEWS, GROUP, ARCHIVE]) {
    const { messages, chats, users } = await page(id);
    const known = new Set([...chats, ...users].map((each) => `${each.id}`));
    for (const message of messages) {
      if (!(message instanceof Api.Message)) continue;
      for (const named of [message.fromId, message.fwdFrom?.fromId, message.peerId]) {
        if (named instanceof Api.PeerUser) assert(known.has(`${named.userId}`));
        if (named instanceof Api.PeerChannel) assert(known.has(`${named.channelId}`));
      }
    }
  }
});

Deno.test("getHistory: what is sent is what the world holds", async () => {
  const { messages } = await page(NEWS, { offsetId: 12_000 });
  let compared = 0;
  for (const sent of messages) {
    const held = world.messages(NEWS).byId(sent.id);
    assert(held);
    if (!(sent instanceof Api.Message)) continue;
    assert.deepEqual(
      [sent.message, sent.date, sent.views, sent.forwards, sent.editDate ?? undefined, `${sent.groupedId ?? ""}`],
      [held.text, held.date, held.views, held.forwards, held.edited, held.albumId ?? ""],
    );
    assert.deepEqual(
      sent.entities?.map(({ offset, length }) => [offset, length]),
      held.entities?.map(({ offset, length }) => [offset, length]),
    );
    assert.deepEqual(sent.reactions?.results.map(({ count }) => count), held.reactions?.map(({ count }) => count));
    assert.equal(sent.media instanceof Api.MessageMediaPhoto, held.media?.kind === "photo");
    compared++;
  }
  assert(compared > 90);
});

Deno.test("every message of the world survives the bytes", async () => {
  for (const id of [NEWS, GROUP, CLOSED, PUBLIC]) {
    let read = 0;
    for await (const { messages } of pages((offsetId) => page(id, { offsetId }))) read += messages.length;
    assert.equal(read, world.messages(id).length);
  }
});

Deno.test("strangers of a group come as min objects, whose access hash opens nothing", async () => {
  const { users } = await page(GROUP);
  const all = users.filter((user) => user instanceof Api.User);
  const stranger = await (async () => {
    for await (const next of pages((offsetId) => page(GROUP, { offsetId }))) {
      const found = next.users.filter((user) => user instanceof Api.User).find(({ min }) => min);
      if (found) return found;
    }
    return undefined;
  })();
  assert(all.some(({ min }) => !min) && stranger?.accessHash);
  const userId = stranger.id;
  const min = new Api.InputPeerUser({ userId, accessHash: stranger.accessHash });
  await refused(new Api.messages.GetHistory({ ...history(ANN), peer: min }), "PEER_ID_INVALID");
  const seen = world.messages(GROUP);
  const sighting = [...seen].find(({ from }) => from === `${userId}`);
  const input = new Api.InputUserFromMessage({ peer: peer(GROUP), msgId: sighting?.id ?? 0, userId });
  const full = await call(new Api.users.GetFullUser({ id: input }), Api.users.UserFull);
  assert.equal(`${full.fullUser.id}`, `${userId}`);
  const [whole] = full.users;
  assert(whole instanceof Api.User && !whole.min && `${whole.accessHash}` === String(world.accessHash(`${userId}`)));
});

Deno.test("a channel we have not joined comes as a min object where it is only the source of a forward", async () => {
  const sources: boolean[] = [];
  for await (const { chats } of pages((offsetId) => page(NEWS, { offsetId }))) {
    const source = chats.find((each) => `${each.id}` === `${bare(PUBLIC)}`);
    if (source instanceof Api.Channel) {
      sources.push(source.min === true && `${source.accessHash}` !== String(hash(PUBLIC)));
      break;
    }
  }
  assert.deepEqual(sources, [true]);
  const [itself] = (await page(PUBLIC)).chats;
  assert(itself instanceof Api.Channel && itself.left && !itself.min);
});

Deno.test("a peer we may not read, or not so, is refused with Telegram's errors", async () => {
  await refused(history(LOCKED), "CHANNEL_PRIVATE");
  await refused(new Api.channels.GetFullChannel({ channel: channel(LOCKED) }), "CHANNEL_PRIVATE");
  const wrong = new Api.InputPeerChannel({ channelId: bare(NEWS), accessHash: bigInt.one });
  await refused(new Api.messages.GetHistory({ ...history(NEWS), peer: wrong }), "CHANNEL_INVALID");
  await refused(new Api.channels.GetFullChannel({ channel: channel(NEWS, bigInt.one) }), "CHANNEL_INVALID");
  const unknown = new Api.InputPeerChat({ chatId: bigInt(77) });
  await refused(new Api.messages.GetHistory({ ...history(TEA_ROOM), peer: unknown }), "CHAT_ID_INVALID");
  await refused(new Api.messages.GetHistory({ ...history(NEWS), peer: new Api.InputPeerEmpty() }), "PEER_ID_INVALID");
  await refused(
    new Api.users.GetFullUser({ id: new Api.InputUser({ userId: long(ANN), accessHash: bigInt.one }) }),
    "USER_ID_INVALID",
  );
  assert.equal((await page(PUBLIC)).count, 200);
});

Deno.test("search: pages chained by offset_id give every match once, and count is that of all", async () => {
  const expected = newestFirst(NEWS).filter(matcher({ query: "invoice" }));
  const seen: number[] = [];
  for await (
    const { messages, count } of pages((offsetId) => searched(NEWS, { q: "Invoice", offsetId, limit: 50 }))
  ) {
    assert.equal(count, expected.length);
    seen.push(...ids(messages));
  }
  assert(seen.length > 100);
  assert.deepEqual(seen, ids(expected));
});

Deno.test("search: ids and dates thin the slice of the matches afterwards, the dates exclusive", async () => {
  const photos = newestFirst(NEWS).filter(matcher({ filter: "Photos" }));
  const filter = new Api.InputMessagesFilterPhotos();
  const [newer, older] = [photos[120]?.date ?? 0, photos[140]?.date ?? 0];
  const empty = await searched(NEWS, { filter, maxDate: newer, minDate: older });
  assert.deepEqual([empty.messages, empty.count], [[], photos.length]);
  const rest = await searched(NEWS, { filter, maxDate: newer, minDate: older, offsetId: photos[99]?.id });
  const between = photos.filter(({ date }) => date > older && date < newer);
  assert.deepEqual(ids(rest.messages), ids(between));
  assert(between.length > 0 && between.every(({ id }) => id !== photos[120]?.id && id !== photos[140]?.id));
  assert.deepEqual((await searched(NEWS, { filter, maxId: photos[130]?.id })).messages, []);
});

const FILTERS: Readonly<Record<string, Api.TypeMessagesFilter>> = {
  Photos: new Api.InputMessagesFilterPhotos(),
  Video: new Api.InputMessagesFilterVideo(),
  PhotoVideo: new Api.InputMessagesFilterPhotoVideo(),
  Document: new Api.InputMessagesFilterDocument(),
  Url: new Api.InputMessagesFilterUrl(),
  Gif: new Api.InputMessagesFilterGif(),
  Voice: new Api.InputMessagesFilterVoice(),
  Music: new Api.InputMessagesFilterMusic(),
  RoundVideo: new Api.InputMessagesFilterRoundVideo(),
  RoundVoice: new Api.InputMessagesFilterRoundVoice(),
  Geo: new Api.InputMessagesFilterGeo(),
  Contacts: new Api.InputMessagesFilterContacts(),
  Pinned: new Api.InputMessagesFilterPinned(),
  ChatPhotos: new Api.InputMessagesFilterChatPhotos(),
};

Deno.test("getSearchCounters and search agree for every filter, and each finds something", async () => {
  const filters = Object.values(FILTERS);
  const request = new Api.messages.GetSearchCounters({ peer: peer(NEWS), filters });
  const reader = new BinaryReader(await answer(request));
  const counters = reader.tgReadObject();
  assert(Array.isArray(counters) && counters.length === filters.length);
  for (const [index, filter] of filters.entries()) {
    const counter: unknown = counters[index];
    assert(counter instanceof Api.messages.SearchCounter && counter.filter.className === filter.className);
    assert.equal(counter.count, (await searched(NEWS, { filter })).count);
    assert(counter.count > 0, filter.className);
  }
});

Deno.test("search: by sender, by thread, by mentions of us", async () => {
  const mine = await searched(GROUP, { fromId: new Api.InputPeerSelf() });
  assert.equal(mine.count, newestFirst(GROUP).filter(({ from }) => from === "1000").length);
  assert(
    mine.messages.every((message) =>
      message instanceof Api.MessageService || message instanceof Api.Message && message.out
    ),
  );
  const inThread = newestFirst(GROUP).find(({ replyTo }) =>
    replyTo?.topId && world.messages(GROUP).byId(replyTo.topId)
  );
  const root = inThread?.replyTo?.topId ?? 0;
  const thread = await searched(GROUP, { topMsgId: root });
  assert(thread.count > 0);
  assert.equal(thread.count, newestFirst(GROUP).filter(matcher({ topId: root })).length);
  const mentions = await searched(GROUP, { filter: new Api.InputMessagesFilterMyMentions() });
  assert.equal(mentions.count, newestFirst(GROUP).filter(({ mentioned }) => mentioned).length);
  const empty = new Api.InputPeerEmpty();
  const nobody = await searched(GROUP, {
    filter: new Api.InputMessagesFilterPinned(),
    fromId: empty,
    savedPeerId: empty,
  });
  assert.equal(nobody.count, newestFirst(GROUP).filter(({ pinned }) => pinned).length, "inputPeerEmpty is no sender");
  await refused(
    searching(GROUP, { fromId: new Api.InputPeerUser({ userId: long(ANN), accessHash: bigInt.one }) }),
    "FROM_PEER_INVALID",
  );
});

Deno.test("getMessages: by id; what there is not is messageEmpty; a channel's are not found without the channel", async () => {
  const own = ids(newestFirst(ANN).slice(0, 2));
  const wanted = [...own, 9_999_999].map((id) => new Api.InputMessageID({ id }));
  const { messages, users } = await call(new Api.messages.GetMessages({ id: wanted }), Api.messages.Messages);
  assert.deepEqual(ids(messages), [...own, 9_999_999]);
  assert(messages[2] instanceof Api.MessageEmpty);
  assert(users.some(({ id }) => `${id}` === ANN));
  const last = newestFirst(NEWS)[0]?.id ?? 0;
  const gap = newestFirst(NEWS).findLast(({ id }) => !world.messages(NEWS).byId(id + 1))?.id ?? 0;
  const id = [last, gap + 1].map((each) => new Api.InputMessageID({ id: each }));
  const posts = await call(new Api.channels.GetMessages({ channel: channel(NEWS), id }), Api.messages.ChannelMessages);
  assert(posts.messages[0] instanceof Api.Message && posts.messages[1] instanceof Api.MessageEmpty);
  await refused(new Api.channels.GetMessages({ channel: channel(NEWS), id: [] }), "MESSAGE_IDS_EMPTY");
});

Deno.test("getMessages: what a message answers; messageEmpty if it answers nothing", async () => {
  const all = newestFirst(GROUP).filter(({ service }) => !service);
  const answering = all.find(({ replyTo }) => replyTo && world.messages(GROUP).byId(replyTo.id));
  const plain = all.find(({ replyTo }) => !replyTo);
  const id = [answering, plain].map((each) => new Api.InputMessageReplyTo({ id: each?.id ?? 0 }));
  const { messages } = await call(
    new Api.channels.GetMessages({ channel: channel(GROUP), id }),
    Api.messages.ChannelMessages,
  );
  assert.equal(messages[0]?.id, answering?.replyTo?.id);
  assert(messages[1] instanceof Api.MessageEmpty && messages[1].id === plain?.id);
});

const dialogs = (
  fields: Partial<ConstructorParameters<typeof Api.messages.GetDialogs>[0]> = {},
): Api.messages.GetDialogs =>
  new Api.messages.GetDialogs({
    offsetDate: 0,
    offsetId: 0,
    offsetPeer: new Api.InputPeerEmpty(),
    limit: 100,
    hash: bigInt.zero,
    ...fields,
  });

function markedId(of: Api.TypePeer): string {
  if (of instanceof Api.PeerUser) return `${of.userId}`;
  return of instanceof Api.PeerChat ? `-${of.chatId}` : `-${1_000_000_000_000 + Number(of.channelId)}`;
}

Deno.test("getDialogs: pages chained by date, id and peer give every dialog once, the pinned ones first", async () => {
  const seen: string[] = [];
  for (let fields = {};;) {
    const answered = await call(dialogs({ limit: 40, ...fields }), Api.messages.DialogsSlice);
    assert.equal(answered.count, world.dialogs.size);
    const last = answered.dialogs.at(-1);
    if (!last) break;
    const id = markedId(last.peer);
    assert(!seen.includes(id), `${id} again`);
    seen.push(...answered.dialogs.map((each) => markedId(each.peer)));
    const top = newestFirst(id)[0];
    fields = {
      offsetDate: top?.date ?? world.chat(id)?.joined,
      offsetId: last.topMessage,
      offsetPeer: peer(id),
      excludePinned: false,
    };
  }
  assert.deepEqual(seen.slice(0, 3), [NEWS, GROUP, ANN]);
  assert.deepEqual([...seen].sort(), [...world.dialogs.keys()].sort());
  assert(!seen.includes(LOCKED) && !seen.includes(PUBLIC));
});

Deno.test("getDialogs: the archive is a folder of its own, one entry in the main list", async () => {
  const main = await call(dialogs({ folderId: 0 }), Api.messages.DialogsSlice);
  assert(main.dialogs[0] instanceof Api.DialogFolder);
  const archived = await call(dialogs({ folderId: 1 }), Api.messages.Dialogs);
  const expected = [...world.dialogs.values()].filter(({ folder }) => folder === 1).length;
  assert.deepEqual([archived.dialogs.length, expected > 3], [expected, true]);
  assert.equal(main.count + expected, world.dialogs.size);
  await refused(dialogs({ folderId: 7 }), "FOLDER_ID_INVALID");
});

Deno.test("getPeerDialogs and getPinnedDialogs: unread counts and mentions", async () => {
  const peers = [GROUP, NEWS, PUBLIC].map((id) => new Api.InputDialogPeer({ peer: peer(id) }));
  const found = await call(new Api.messages.GetPeerDialogs({ peers }), Api.messages.PeerDialogs);
  const [group, news, open] = found.dialogs;
  assert(group instanceof Api.Dialog && news instanceof Api.Dialog && open instanceof Api.Dialog);
  const unread = newestFirst(GROUP).filter(({ id }) => id > group.readInboxMaxId);
  assert.equal(unread.length, 120);
  assert.equal(group.unreadCount, unread.filter(({ out }) => !out).length);
  assert.equal(group.unreadMentionsCount, unread.filter(({ mentioned }) => mentioned).length);
  assert(group.unreadMentionsCount > 0);
  assert.deepEqual([news.unreadCount, open.unreadCount], [37, 0]);
  const pinned = await call(new Api.messages.GetPinnedDialogs({ folderId: 0 }), Api.messages.PeerDialogs);
  assert.deepEqual(pinned.dialogs.map((each) => markedId(each.peer)), [NEWS, GROUP, ANN]);
});

Deno.test("getDialogFilters: folders of chats, of kinds and of both beside the list of all", async () => {
  const { filters } = await call(new Api.messages.GetDialogFilters(), Api.messages.DialogFilters);
  assert(filters[0] instanceof Api.DialogFilterDefault);
  const titles = filters.filter((each) => each instanceof Api.DialogFilter).map((
    { title, includePeers },
  ) => [title.text, includePeers.length]);
  assert.deepEqual(titles, [["Work", 2], ["News", 2], ["People to answer", 1]]);
  const rules = filters.at(-1);
  assert(rules instanceof Api.DialogFilter && rules.contacts && rules.bots && rules.excludeMuted && rules.excludeRead);
  assert.deepEqual([rules.pinnedPeers.length, rules.excludePeers.length, rules.groups ?? false], [1, 1, false]);
});

Deno.test("resolveUsername: whatever the case; free and malformed names are told apart", async () => {
  const resolve = (username: string): Api.contacts.ResolveUsername => new Api.contacts.ResolveUsername({ username });
  const found = await call(resolve("Sandbox_NEWS"), Api.contacts.ResolvedPeer);
  const [news] = found.chats;
  assert.equal(markedId(found.peer), NEWS);
  assert(news instanceof Api.Channel && `${news.accessHash}` === String(world.accessHash(NEWS)) && !news.left);
  const [open] = (await call(resolve("sandbox_public"), Api.contacts.ResolvedPeer)).chats;
  assert(open instanceof Api.Channel && open.left && !open.min);
  assert.equal(markedId((await call(resolve("annlee"), Api.contacts.ResolvedPeer)).peer), ANN);
  await refused(resolve("nobody_at_all"), "USERNAME_NOT_OCCUPIED");
  for (const name of ["a", "1abc", "with space", "@annlee", ""]) await refused(resolve(name), "USERNAME_INVALID");
});

Deno.test("chats and users in full", async () => {
  const { chats } = await call(
    new Api.channels.GetChannels({ id: [channel(NEWS), channel(CLOSED)] }),
    Api.messages.Chats,
  );
  assert.deepEqual(chats.map((each) => each instanceof Api.Channel && each.title), ["Sandbox News", "Closed Circle"]);
  const { fullChat } = await call(new Api.channels.GetFullChannel({ channel: channel(NEWS) }), Api.messages.ChatFull);
  assert(fullChat instanceof Api.ChannelFull);
  const pinned = newestFirst(NEWS).find((each) => each.pinned)?.id;
  assert.deepEqual([fullChat.about, fullChat.participantsCount, fullChat.unreadCount, fullChat.pinnedMsgId], [
    "News of the sandbox, every day.",
    48_213,
    37,
    pinned,
  ]);
  const tea = await call(new Api.messages.GetFullChat({ chatId: bigInt(4001) }), Api.messages.ChatFull);
  assert(tea.fullChat instanceof Api.ChatFull && tea.fullChat.participants instanceof Api.ChatParticipants);
  assert.equal(tea.fullChat.participants.participants.length, 5);
  const [room] = (await call(new Api.messages.GetChats({ id: [bigInt(4001)] }), Api.messages.Chats)).chats;
  assert(room instanceof Api.Chat && room.title === "Tea Room");
  const missing = new Api.InputUser({ userId: long(ANN), accessHash: bigInt.one });
  const users = new BinaryReader(await answer(new Api.users.GetUsers({ id: [new Api.InputUserSelf(), missing] })))
    .tgReadObject();
  assert(Array.isArray(users) && users[0] instanceof Api.User && users[0].self && users[1] instanceof Api.UserEmpty);
  const contacts = await call(new Api.contacts.GetContacts({ hash: bigInt.zero }), Api.contacts.Contacts);
  assert(contacts.users.length >= 5);
});

Deno.test("getParticipants: recent, by name; not of a channel", async () => {
  const list = (id: string, filter: Api.TypeChannelParticipantsFilter, offset = 0): Api.channels.GetParticipants =>
    new Api.channels.GetParticipants({ channel: channel(id), filter, offset, limit: 30, hash: bigInt.zero });
  const recent = new Api.ChannelParticipantsRecent();
  const first = await call(list(GROUP, recent), Api.channels.ChannelParticipants);
  const second = await call(list(GROUP, recent, 30), Api.channels.ChannelParticipants);
  assert.deepEqual([first.count, first.participants.length, second.participants.length], [50, 30, 20]);
  assert(first.participants[0] instanceof Api.ChannelParticipantCreator);
  const named = await call(
    list(GROUP, new Api.ChannelParticipantsSearch({ q: "Алё" })),
    Api.channels.ChannelParticipants,
  );
  assert.equal(named.count, 0);
  const olga = await call(
    list(GROUP, new Api.ChannelParticipantsSearch({ q: "olg" })),
    Api.channels.ChannelParticipants,
  );
  assert(olga.users.some((user) => user instanceof Api.User && user.self));
  await refused(list(NEWS, recent), "CHAT_ADMIN_REQUIRED");
});

Deno.test("checkChatInvite: ours, a stranger's, an expired one; nobody joins", async () => {
  const check = (hash: string): Api.messages.CheckChatInvite => new Api.messages.CheckChatInvite({ hash });
  const { chat } = await call(check("AbCdEfGhIjKl"), Api.ChatInviteAlready);
  assert(chat instanceof Api.Channel && chat.title === "Closed Circle");
  const invite = await call(check("LoCkEdRoOm01"), Api.ChatInvite);
  assert.deepEqual([invite.title, invite.participantsCount, invite.broadcast], ["Locked Room", 7, true]);
  await refused(check("ZZZZZZZZ"), "INVITE_HASH_EXPIRED");
  await refused(check(""), "INVITE_HASH_EMPTY");
  await refused(history(LOCKED), "CHANNEL_PRIVATE");
});

Deno.test("a change of the world is seen by the next request, kept bytes and kept searches notwithstanding", async () => {
  const own = createWorld();
  const table = createMethods(own);
  const newest = async (): Promise<Api.Message> => {
    const [message] = (await page(CLOSED, { limit: 1 }, table)).messages;
    assert(message instanceof Api.Message);
    return message;
  };
  const found = async (): Promise<number> =>
    (await call(searching(CLOSED, { q: "zeppelin" }), Api.messages.ChannelMessages, table)).count;
  const before = await newest();
  assert.equal(await found(), 0);
  const { id } = own.append(CLOSED, { text: "A zeppelin." });
  assert.deepEqual([(await newest()).message, await found()], ["A zeppelin.", 1]);
  own.edit(CLOSED, id, "A balloon.");
  assert.deepEqual([(await newest()).message, await found()], ["A balloon.", 0]);
  own.remove(CLOSED, id);
  assert.equal((await newest()).id, before.id);
});

const SIGNING_IN = /^auth\.(SendCode|ResendCode|CancelCode|SignIn|CheckPassword|(Export|Import|Accept)LoginToken)$/;

Deno.test("methods: nothing that marks as read, counts a view, sends or joins", () => {
  for (const name of Object.keys(methods)) {
    if (SIGNING_IN.test(name)) continue;
    assert.match(name, /^\w+\.(Get|Search|Resolve|CheckChatInvite)/);
  }
  assert(!("messages.GetMessagesViews" in methods));
});

Deno.test("encode: an unknown field or constructor and a value of the wrong kind are refused", () => {
  assert.throws(() => encode({ _: "peerUser", id: 1 }), TypeError);
  assert.throws(() => encode({ _: "peerNobody" }), TypeError);
  assert.throws(() => encode({ _: "peerUser", user_id: true }), TypeError);
  assert.throws(() => encode({ _: "searchCounter" }), TypeError);
  const bytes = encode({ _: "messageEntityPre", offset: 0, length: 1, language: "x".repeat(300) });
  const read = new BinaryReader(Buffer.from(bytes)).tgReadObject();
  assert(read instanceof Api.MessageEntityPre && read.language.length === 300);
});
