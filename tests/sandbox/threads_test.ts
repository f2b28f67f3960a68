import assert from "node:assert/strict";
import bigInt from "big-integer";
import { createMethods } from "../../sandbox/methods/mod.ts";
import { Api, BinaryReader } from "../../sandbox/tl.ts";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import {
  answer,
  call,
  channel,
  history,
  ids,
  methods,
  newestFirst,
  page,
  peer,
  refused,
  searched,
  type Window,
  world,
} from "./calls.ts";

const FORUM = "-1002000000008";
const JOURNAL = "-1002000000011";
const TALK = "-1002000000012";
const GROUP = "-1002000000003";
const NEWS = "-1002000000001";
const TEA_ROOM = "-4001";
const OLD_BEFORE = "-4002";
const OLD_TOWN = "-1002000000013";

const replies = (id: string, msgId: number, window: Window = {}): Api.messages.GetReplies =>
  new Api.messages.GetReplies({ ...history(id, window), msgId });

const thread = (id: string, msgId: number, window?: Window, table = methods): Promise<Api.messages.ChannelMessages> =>
  call(replies(id, msgId, window), Api.messages.ChannelMessages, table);

/** Every message of a thread, by pages chained by offset_id. */
async function whole(id: string, msgId: number): Promise<number[]> {
  const seen: number[] = [];
  for (let offsetId = 0;;) {
    const { messages } = await thread(id, msgId, { offsetId, limit: 37 });
    const last = messages.at(-1);
    if (!last) return seen;
    seen.push(...ids(messages));
    offsetId = last.id;
  }
}

const topics = (fields: Partial<Api.channels.GetForumTopics> = {}): Promise<Api.messages.ForumTopics> =>
  call(
    new Api.channels.GetForumTopics({
      channel: channel(FORUM),
      offsetDate: 0,
      offsetId: 0,
      offsetTopic: 0,
      limit: 100,
      ...fields,
    }),
    Api.messages.ForumTopics,
  );

const isTopic = (each: Api.TypeForumTopic): each is Api.ForumTopic => each instanceof Api.ForumTopic;

/** Every topic, by pages chained as the method's documentation says. */
async function allTopics(): Promise<Api.ForumTopic[]> {
  const seen: Api.ForumTopic[] = [];
  for (let fields = {};;) {
    const { topics: found, messages } = await topics(fields);
    const last = found.filter(isTopic).at(-1);
    if (!last) return seen;
    seen.push(...found.filter(isTopic));
    const top = messages.find(({ id }) => id === last.topMessage);
    assert(top instanceof Api.Message || top instanceof Api.MessageService);
    fields = { offsetDate: top.date, offsetId: top.id, offsetTopic: last.id };
  }
}

/** The topic of a message of the forum, as https://core.telegram.org/constructor/messageReplyHeader tells it. */
function topicIn({ id, service, replyTo }: WorldMessage): number {
  if (service?.action === "topic_create") return id;
  return replyTo?.forumTopic ? replyTo.topId ?? replyTo.id : 1;
}

Deno.test("@sandbox_forum: 2,000 messages, six topics and General, two of one title, one closed, one pinned", async () => {
  const all = newestFirst(FORUM);
  assert.equal(all.length, 2_000);
  const found = await allTopics();
  assert.deepEqual(found.map(({ title }) => title).sort(), [
    "Announcements",
    "General",
    "Questions",
    "Releases",
    "Releases",
    "Travel plans",
    "Погода 🌦",
  ]);
  assert.deepEqual(found.filter(({ closed }) => closed).map(({ title }) => title), ["Travel plans"]);
  assert.deepEqual(found.filter(({ pinned }) => pinned).map(({ title }) => title), ["Announcements"]);
  for (const { id, title, date } of found) {
    const created = world.messages(FORUM).byId(id);
    if (id === 1) continue;
    assert(created?.service?.action === "topic_create" && created.service.title === title && created.date === date);
  }
  for (const { id } of found) assert(all.filter((each) => topicIn(each) === id).length > 50, String(id));
});

Deno.test("@sandbox_forum: nothing is said in a topic before it was created or after it was closed", () => {
  for (const message of newestFirst(FORUM)) {
    const topic = world.chats.get(FORUM)?.topics?.find(({ id }) => id === topicIn(message));
    assert(topic && message.id >= topic.id, String(message.id));
    const closing = newestFirst(FORUM).find(({ service, replyTo }) =>
      service?.action === "topic_edit" && replyTo?.id === topic.id
    );
    if (topic.closed) assert(closing && message.id <= closing.id);
  }
});

Deno.test("forum: messages in topics are marked, those of General are not, a reply within a topic names it too", async () => {
  const { messages } = await page(FORUM);
  const seen = { direct: 0, within: 0, general: 0 };
  for (const message of messages) {
    assert(message instanceof Api.Message || message instanceof Api.MessageService);
    const { replyTo } = message;
    const said = world.messages(FORUM).byId(message.id);
    assert(said);
    if (!(replyTo instanceof Api.MessageReplyHeader) || !replyTo.forumTopic) {
      assert.equal(topicIn(said), 1);
      seen.general++;
    } else if (replyTo.replyToTopId === undefined || replyTo.replyToTopId === null) {
      assert.equal(replyTo.replyToMsgId, topicIn(said));
      seen.direct++;
    } else {
      assert.equal(replyTo.replyToTopId, topicIn(said));
      assert.notEqual(replyTo.replyToMsgId, topicIn(said));
      seen.within++;
    }
  }
  assert(Object.values(seen).every((count) => count > 5), JSON.stringify(seen));
});

Deno.test("getForumTopics: by their newest message, pages cut short by the server, each topic once with its unread ones", async () => {
  const first = await topics();
  assert(first.topics.length < first.count);
  assert(!first.orderByCreateDate);
  const found = await allTopics();
  assert.equal(new Set(found.map(({ id }) => id)).size, first.count);
  const tops = found.map(({ topMessage }) => topMessage);
  assert.deepEqual(tops, tops.toSorted((a, b) => b - a));
  for (const { id, topMessage, readInboxMaxId, unreadCount, unreadMentionsCount } of found) {
    const inside = newestFirst(FORUM).filter((each) => topicIn(each) === id);
    assert.equal(topMessage, inside[0]?.id);
    const unread = inside.filter((each) => each.id > readInboxMaxId);
    assert.equal(unreadCount, unread.filter(({ out }) => !out).length);
    assert.equal(unreadMentionsCount, unread.filter(({ mentioned }) => mentioned).length);
  }
  const named = new Map(found.map(({ title, unreadCount }) => [title, unreadCount]));
  assert.deepEqual([named.get("General"), named.get("Questions"), named.get("Travel plans")], [6, 15, 0]);
  assert(found.some(({ unreadMentionsCount }) => unreadMentionsCount > 0));
  const { fullChat } = await call(new Api.channels.GetFullChannel({ channel: channel(FORUM) }), Api.messages.ChatFull);
  assert(fullChat instanceof Api.ChannelFull);
  assert.equal(fullChat.unreadCount, found.reduce((sum, { unreadCount }) => sum + unreadCount, 0));
});

Deno.test("getForumTopics: by words of the title; only of a forum", async () => {
  const { topics: found, count } = await topics({ q: "rel" });
  assert.deepEqual([count, found.filter(isTopic).map(({ title }) => title)], [2, ["Releases", "Releases"]]);
  assert.equal((await topics({ q: "eleases" })).count, 0);
  const ask = { channel: channel(GROUP), offsetDate: 0, offsetId: 0, offsetTopic: 0, limit: 5 };
  await refused(new Api.channels.GetForumTopics(ask), "CHANNEL_FORUM_MISSING");
});

Deno.test("getReplies: every message of a topic once, General's too, without the one that began it", async () => {
  for (const { id } of await allTopics()) {
    const wanted = newestFirst(FORUM).filter((each) => topicIn(each) === id && each.id !== id);
    assert.deepEqual(await whole(FORUM, id), ids(wanted), String(id));
  }
});

Deno.test("getReplies: the slice of the thread comes first, the bounds afterwards; dates and negative offsets as in a history", async () => {
  const topic = (await allTopics()).find(({ title }) => title === "Questions")?.id ?? 0;
  const all = newestFirst(FORUM).filter((each) => topicIn(each) === topic && each.id !== topic);
  const [maxId = 0, minId = 0] = [all[150]?.id, all[10]?.id];
  const first = await thread(FORUM, topic, { maxId });
  assert.deepEqual([first.messages.length, first.count], [0, all.length]);
  assert.deepEqual(ids((await thread(FORUM, topic, { maxId, addOffset: 100 })).messages), ids(all.slice(151, 200)));
  assert.deepEqual(ids((await thread(FORUM, topic, { minId })).messages), ids(all.slice(0, 10)));
  const offsetDate = all[77]?.date ?? 0;
  const older = all.filter(({ date }) => date < offsetDate);
  assert.deepEqual(ids((await thread(FORUM, topic, { offsetDate, limit: 5 })).messages), ids(older.slice(0, 5)));
  const offsetId = all[50]?.id ?? 0;
  assert.deepEqual(
    ids((await thread(FORUM, topic, { offsetId, addOffset: -10, limit: 20 })).messages),
    ids(all.slice(41, 61)),
  );
});

Deno.test("search in a topic, counters of a topic: what the topic holds and no more", async () => {
  for (const { id } of await allTopics()) {
    const inside = newestFirst(FORUM).filter((each) => topicIn(each) === id && each.id !== id);
    const photos = inside.filter(({ media }) => media?.kind === "photo");
    const filter = new Api.InputMessagesFilterPhotos();
    const { messages, count } = await searched(FORUM, { topMsgId: id, filter });
    assert.deepEqual([ids(messages), count], [ids(photos), photos.length]);
    const request = new Api.messages.GetSearchCounters({ peer: peer(FORUM), topMsgId: id, filters: [filter] });
    const [counter] = new BinaryReader(await answer(request)).tgReadObject();
    assert(counter instanceof Api.messages.SearchCounter && counter.count === photos.length);
  }
});

Deno.test("threads of a group: the header counts what getReplies gives; who has none has none", async () => {
  const threads = Map.groupBy(newestFirst(GROUP), ({ replyTo }) => replyTo?.topId ?? replyTo?.id);
  let heads = 0;
  for await (const message of pagesOf(GROUP, 4)) {
    const wanted = threads.get(message.id) ?? [];
    assert.equal(message.replies?.replies ?? 0, wanted.length, String(message.id));
    if (!message.replies) continue;
    heads++;
    assert(!message.replies.comments && message.replies.maxId === wanted[0]?.id);
    assert.deepEqual(await whole(GROUP, message.id), ids(wanted));
  }
  assert(heads > 5);
  await refused(replies(GROUP, 999_999), "MSG_ID_INVALID");
  await refused(replies(TEA_ROOM, newestFirst(TEA_ROOM)[0]?.id ?? 0), "PEER_ID_INVALID");
});

async function* pagesOf(id: string, count: number): AsyncGenerator<Api.Message> {
  for (let index = 0; index < count; index++) {
    const { messages } = await page(id, { addOffset: index * 100 });
    for (const message of messages) if (message instanceof Api.Message) yield message;
  }
}

const COMMENTED = 50;

/** The copy of a post in the discussion group. */
const copyOf = (post: number, from: World = world): WorldMessage | undefined =>
  [...from.messages(TALK)].find(({ forward }) => forward?.automatic && forward.postId === post);

Deno.test("comments: a post names the group and counts them, its copy in the group says where it is from", async () => {
  const copy = copyOf(COMMENTED);
  assert(copy);
  const post = (await page(JOURNAL, { offsetId: COMMENTED + 1, limit: 1 })).messages[0];
  assert(post instanceof Api.Message && post.post);
  const { comments, channelId, replies: count, recentRepliers } = post.replies ?? {};
  assert.deepEqual([comments, `-100${channelId}`, count, recentRepliers?.length], [true, TALK, 5, 3]);
  const held = (await page(TALK, { offsetId: copy.id + 1, limit: 1 })).messages[0];
  assert(held instanceof Api.Message && held.fromId instanceof Api.PeerChannel && !held.post);
  const { fwdFrom } = held;
  assert(fwdFrom?.savedFromPeer instanceof Api.PeerChannel && fwdFrom.fromId instanceof Api.PeerChannel);
  assert.deepEqual([fwdFrom.savedFromMsgId, fwdFrom.channelPost, held.message], [COMMENTED, COMMENTED, post.message]);
  assert(held.replies && !held.replies.comments && held.replies.replies === 5);
  const none = (await page(JOURNAL, { offsetId: 101, limit: 1 })).messages[0];
  assert(none instanceof Api.Message && !none.replies);
  const full = async (id: string): Promise<string> => {
    const { fullChat } = await call(new Api.channels.GetFullChannel({ channel: channel(id) }), Api.messages.ChatFull);
    assert(fullChat instanceof Api.ChannelFull);
    return `-100${fullChat.linkedChatId}`;
  };
  assert.deepEqual([await full(JOURNAL), await full(TALK)], [TALK, JOURNAL]);
});

Deno.test("comments: getReplies of a post answers messages of the group, with the group and the channel", async () => {
  const copy = copyOf(COMMENTED);
  const wanted = newestFirst(TALK).filter(({ replyTo }) => (replyTo?.topId ?? replyTo?.id) === copy?.id);
  const { messages, count, chats } = await thread(JOURNAL, COMMENTED);
  assert.deepEqual([ids(messages), count], [ids(wanted), 5]);
  assert(messages.every((each) => each instanceof Api.Message && each.peerId instanceof Api.PeerChannel));
  assert(chats.some((each) => each instanceof Api.Channel && each.title === "Journal Talk"));
  assert.deepEqual(await whole(TALK, copy?.id ?? 0), ids(wanted));
  await refused(replies(JOURNAL, 100), "MSG_ID_INVALID");
  await refused(replies(NEWS, 100), "MSG_ID_INVALID");
});

const discussed = (id: string, msgId: number): Promise<Api.messages.DiscussionMessage> =>
  call(new Api.messages.GetDiscussionMessage({ peer: peer(id), msgId }), Api.messages.DiscussionMessage);

Deno.test("getDiscussionMessage: the copy of a post, every part of an album with the first one last, the head of a thread", async () => {
  const copy = copyOf(COMMENTED);
  assert.deepEqual(ids((await discussed(JOURNAL, COMMENTED)).messages), [copy?.id]);
  const album = [62, 61, 60].map((post) => copyOf(post)?.id);
  const { messages, maxId, chats } = await discussed(JOURNAL, 60);
  assert.deepEqual(ids(messages), album);
  assert.equal(chats.length, 2);
  const comments = newestFirst(TALK).filter(({ replyTo }) => (replyTo?.topId ?? replyTo?.id) === album[2]);
  assert.equal(maxId ?? undefined, comments[0]?.id);
  const nested = newestFirst(GROUP).find(({ replyTo }) => replyTo?.topId && world.messages(GROUP).byId(replyTo.topId));
  assert.deepEqual(ids((await discussed(GROUP, nested?.id ?? 0)).messages), [nested?.replyTo?.topId]);
  await refused(new Api.messages.GetDiscussionMessage({ peer: peer(JOURNAL), msgId: 999 }), "MSG_ID_INVALID");
});

Deno.test("a comment that comes or goes is counted at once", async () => {
  const own = createWorld();
  const table = createMethods(own);
  const root = copyOf(COMMENTED, own)?.id ?? 0;
  const count = async (): Promise<number | undefined> => {
    const [post] = (await page(JOURNAL, { offsetId: COMMENTED + 1, limit: 1 }, table)).messages;
    return post instanceof Api.Message ? post.replies?.replies : undefined;
  };
  assert.equal(await count(), 5);
  const { id } = own.append(TALK, { text: "One more.", from: "810000007", replyTo: { id: root } });
  assert.equal(await count(), 6);
  assert.equal((await thread(JOURNAL, COMMENTED, {}, table)).messages[0]?.id, id);
  own.remove(TALK, id);
  assert.equal(await count(), 5);
  own.remove(TALK, root);
  assert.equal(await count(), undefined);
});

Deno.test("a migrated group: both histories with ids of their own, each naming the other", async () => {
  const [before, after] = [newestFirst(OLD_BEFORE), newestFirst(OLD_TOWN)];
  const common = ids(before).filter((id) => ids(after).includes(id));
  assert(common.length > 60, "ids collide");
  assert.deepEqual([before[0]?.service, after.at(-1)?.service], [
    { action: "migrate_to", chat: OLD_TOWN },
    { action: "migrate_from", chat: OLD_BEFORE, title: "Old Town" },
  ]);
  assert((before[0]?.date ?? 0) <= (after.at(-1)?.date ?? 0));
  const read = await call(history(OLD_BEFORE), Api.messages.Messages);
  assert.deepEqual(ids(read.messages), ids(before));
  const [old] = read.chats.filter((each) => each instanceof Api.Chat);
  assert(old?.deactivated && old.migratedTo instanceof Api.InputChannel);
  assert.equal(`-100${old.migratedTo.channelId}`, OLD_TOWN);
  const [moved] = read.messages;
  assert(moved instanceof Api.MessageService && moved.action instanceof Api.MessageActionChatMigrateTo);
  const full = await call(new Api.channels.GetFullChannel({ channel: channel(OLD_TOWN) }), Api.messages.ChatFull);
  assert(full.fullChat instanceof Api.ChannelFull);
  const { migratedFromChatId, migratedFromMaxId } = full.fullChat;
  assert.deepEqual([`-${migratedFromChatId}`, migratedFromMaxId], [OLD_BEFORE, before[0]?.id]);
  assert.equal(new Date((before.at(-1)?.date ?? 0) * 1000).getUTCFullYear(), 2013);
});

type GlobalFields = Partial<Pick<Api.messages.SearchGlobal, "q" | "filter" | "broadcastsOnly" | "groupsOnly">>;

async function everywhere(
  fields: GlobalFields & { readonly usersOnly?: boolean; readonly minDate?: number; readonly maxDate?: number },
): Promise<string[]> {
  const seen: string[] = [];
  let offset: Pick<Api.messages.SearchGlobal, "offsetRate" | "offsetPeer" | "offsetId"> = {
    offsetRate: 0,
    offsetPeer: new Api.InputPeerEmpty(),
    offsetId: 0,
  };
  for (;;) {
    const request = new Api.messages.SearchGlobal({
      q: "",
      filter: new Api.InputMessagesFilterEmpty(),
      minDate: 0,
      maxDate: 0,
      limit: 30,
      ...offset,
      ...fields,
    });
    const answered = new BinaryReader(await answer(request)).tgReadObject();
    assert(answered instanceof Api.messages.MessagesSlice || answered instanceof Api.messages.Messages);
    const messages = answered.messages.filter((each) => each instanceof Api.Message);
    seen.push(...messages.map(({ peerId, id }) => `${markedId(peerId)}/${id}`));
    const last = messages.at(-1);
    if (!last || answered instanceof Api.messages.Messages) return seen;
    offset = { offsetRate: answered.nextRate ?? last.date, offsetPeer: peer(markedId(last.peerId)), offsetId: last.id };
  }
}

function markedId(of: Api.TypePeer): string {
  if (of instanceof Api.PeerUser) return `${of.userId}`;
  return of instanceof Api.PeerChat ? `-${of.chatId}` : `-${1_000_000_000_000 + Number(of.channelId)}`;
}

/** Every message of our own chats, made once: the longest chat alone takes seconds. */
const own = [...world.dialogs.keys()].flatMap((id) => [...world.messages(id)].map((message) => ({ id, message })));

/** What a global search should find, in no order. */
function wantedEverywhere(test: (message: WorldMessage) => boolean, inChat: (kind: string) => boolean): string[] {
  return own.filter(({ id, message }) => inChat(world.chats.get(id)?.kind ?? "") && test(message))
    .map(({ id, message }) => `${id}/${message.id}`).sort();
}

Deno.test("searchGlobal: every match of our own chats once, by pages; kinds of chat, dates exclusive", async () => {
  const says = (word: RegExp) => ({ text, service }: WorldMessage): boolean => !service && word.test(text);
  const harbour = says(/(?<![\p{L}\p{N}_])harbour/iu);
  const found = await everywhere({ q: "harbour" });
  assert.equal(new Set(found).size, found.length);
  assert.deepEqual([...found].sort(), wantedEverywhere(harbour, () => true));
  const zurich = says(/(?<![\p{L}\p{N}_])zürich/iu);
  const dates = (await everywhere({ q: "Zürich" })).map((each) => {
    const [chat = "", id] = each.split("/");
    return world.messages(chat).byId(Number(id))?.date ?? 0;
  });
  assert.deepEqual(dates, dates.toSorted((a, b) => b - a));
  assert(dates.length > 100);
  const person = (kind: string): boolean => ["user", "bot", "saved"].includes(kind);
  const q = "Zürich";
  assert.deepEqual((await everywhere({ q, usersOnly: true })).sort(), wantedEverywhere(zurich, person));
  assert.deepEqual(
    (await everywhere({ q, broadcastsOnly: true })).sort(),
    wantedEverywhere(zurich, (kind) => kind === "channel"),
  );
  assert.deepEqual(
    (await everywhere({ q, groupsOnly: true })).sort(),
    wantedEverywhere(zurich, (kind) => kind !== "channel" && !person(kind)),
  );
  const [minDate = 0, maxDate = 0] = [dates[40], dates[10]];
  const between = dates.filter((date) => date > minDate && date < maxDate);
  assert.equal((await everywhere({ q, minDate, maxDate })).length, between.length);
  const places = await everywhere({ filter: new Api.InputMessagesFilterGeo() });
  const isPlace = ({ media }: WorldMessage): boolean => ["geo", "venue", "geo_live"].includes(media?.kind ?? "");
  assert.deepEqual(places.sort(), wantedEverywhere(isPlace, () => true));
});

Deno.test("searchGlobal: neither words nor a filter, or an unknown folder, is refused", async () => {
  const request = {
    q: " ",
    filter: new Api.InputMessagesFilterEmpty(),
    minDate: 0,
    maxDate: 0,
    offsetRate: 0,
    offsetPeer: new Api.InputPeerEmpty(),
    offsetId: 0,
    limit: 10,
  };
  await refused(new Api.messages.SearchGlobal(request), "SEARCH_QUERY_EMPTY");
  await refused(new Api.messages.SearchGlobal({ ...request, q: "tea", folderId: 7 }), "FOLDER_ID_INVALID");
  const archived = await answer(new Api.messages.SearchGlobal({ ...request, q: "the", folderId: 1, limit: 100 }));
  const { messages } = new BinaryReader(archived).tgReadObject();
  assert(messages.length > 0);
  for (const { peerId } of messages) assert.equal(world.dialogs.get(markedId(peerId))?.folder, 1);
});

Deno.test("getUnreadMentions: those not read, in a chat or a topic, bounds after the slice", async () => {
  const ask = (id: string, window: Window & { readonly topMsgId?: number } = {}): Api.messages.GetUnreadMentions =>
    new Api.messages.GetUnreadMentions({
      peer: peer(id),
      offsetId: 0,
      addOffset: 0,
      limit: 100,
      maxId: 0,
      minId: 0,
      ...window,
    });
  const read = world.dialogs.get(GROUP)?.readInbox ?? 0;
  const wanted = newestFirst(GROUP).filter(({ id, mentioned }) => mentioned && id > read);
  const { messages, count } = await call(ask(GROUP), Api.messages.ChannelMessages);
  assert.deepEqual([ids(messages), count], [ids(wanted), wanted.length]);
  assert(messages.every((each) => each instanceof Api.Message && each.mediaUnread));
  const maxId = wanted[0]?.id;
  assert.deepEqual(ids((await call(ask(GROUP, { maxId, limit: 1 }), Api.messages.ChannelMessages)).messages), []);
  const topic = world.chats.get(FORUM)?.topics?.find(({ title }) => title === "Questions");
  const mine = await call(ask(FORUM, { topMsgId: topic?.id ?? 0 }), Api.messages.ChannelMessages);
  const inTopic = newestFirst(FORUM).filter((each) =>
    each.mentioned && topicIn(each) === topic?.id && each.id > topic.readInbox
  );
  assert.deepEqual([ids(mine.messages), inTopic.length > 0], [ids(inTopic), true]);
});

Deno.test("getSearchResultsCalendar: the days of the next matches, chained without a gap, the last one at times in part", async () => {
  const photos = newestFirst(NEWS).filter(({ media }) => media?.kind === "photo");
  const filter = new Api.InputMessagesFilterPhotos();
  const days = new Map<number, number>();
  for (let offsetId = 0;;) {
    const request = new Api.messages.GetSearchResultsCalendar({ peer: peer(NEWS), filter, offsetId, offsetDate: 0 });
    const calendar = await call(request, Api.messages.SearchResultsCalendar);
    assert.equal(calendar.count, photos.length);
    if (calendar.periods.length === 0) break;
    for (const { date, count, maxMsgId, minMsgId } of calendar.periods) {
      assert(maxMsgId >= minMsgId && date % 86_400 === 0);
      days.set(date, (days.get(date) ?? 0) + count);
    }
    assert.deepEqual(ids(calendar.messages), calendar.periods.map(({ maxMsgId }) => maxMsgId));
    offsetId = calendar.minMsgId;
  }
  const wanted = Map.groupBy(photos, ({ date }) => date - date % 86_400);
  assert.deepEqual([...days], [...wanted].map(([date, each]) => [date, each.length]));
  const empty = new Api.InputMessagesFilterEmpty();
  await refused(
    new Api.messages.GetSearchResultsCalendar({ peer: peer(NEWS), filter: empty, offsetId: 0, offsetDate: 0 }),
    "FILTER_NOT_SUPPORTED",
  );
});

Deno.test("getSearchResultsPositions: places spread over all matches, newest first", async () => {
  const photos = newestFirst(NEWS).filter(({ media }) => media?.kind === "photo");
  const { positions, count } = await call(
    new Api.messages.GetSearchResultsPositions({
      peer: peer(NEWS),
      filter: new Api.InputMessagesFilterPhotos(),
      offsetId: 0,
      limit: 30,
    }),
    Api.messages.SearchResultsPositions,
  );
  assert.equal(count, photos.length);
  assert(positions.length > 20 && positions.length <= 30);
  for (const { msgId, offset, date } of positions) {
    assert.deepEqual([photos[offset]?.id, photos[offset]?.date], [msgId, date]);
  }
});

Deno.test("Saved Messages: a search by the chat something was saved from", async () => {
  const search = (savedPeerId: Api.TypeInputPeer): Promise<Api.messages.Messages | Api.messages.MessagesSlice> =>
    answer(
      new Api.messages.Search({
        peer: new Api.InputPeerSelf(),
        savedPeerId,
        q: "",
        filter: new Api.InputMessagesFilterEmpty(),
        minDate: 0,
        maxDate: 0,
        offsetId: 0,
        addOffset: 0,
        limit: 100,
        maxId: 0,
        minId: 0,
        hash: bigInt.zero,
      }),
    ).then((bytes) => new BinaryReader(bytes).tgReadObject());
  const saved = newestFirst("1000").filter(({ forward }) => forward?.from === NEWS);
  const { messages } = await search(peer(NEWS));
  assert.deepEqual([ids(messages), saved.length > 0], [ids(saved), true]);
  const notes = newestFirst("1000").filter(({ forward }) => !forward);
  assert.deepEqual(ids((await search(new Api.InputPeerSelf())).messages), ids(notes));
});
