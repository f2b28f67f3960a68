import assert from "node:assert/strict";
import { z } from "zod";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { classify } from "../../src/mtproto/guard.ts";
import { markedId } from "../../src/telegram/ids.ts";
import { namedIn } from "../../src/telegram/named_peers.ts";
import { withoutReferences } from "../../src/telegram/restrict_references.ts";
import { assertSeen } from "../../src/telegram/restrict_request.ts";
import { isTl } from "../../src/telegram/tl.ts";
import type { Sight } from "../../src/telegram/restrict_sight.ts";
import { type Constructor, LAYER_TEXT, readConstructors, readRequests } from "./tl_schema.ts";

/** A bare id that no chat may be seen of: whatever it is, user, group or channel. */
const FORBIDDEN = 987_654_321;
/** The only chat that may be seen: messages are of it. */
const HOME = 5;
const BLIND: Sight = {
  allows: (id) => id === markedId("channel", bigInt(HOME)),
  hasSeen: () => false,
  see: () => {},
  peers: { byUsername: () => undefined, self: () => undefined },
};

const constructors = readConstructors(LAYER_TEXT);
/** What methods that a view may ask can answer. */
const ROOTS = [
  "User",
  "channels.ChannelParticipants",
  "messages.ChatFull",
  "messages.Chats",
  "messages.DialogFilters",
  "messages.Dialogs",
  "messages.DiscussionMessage",
  "messages.ForumTopics",
  "messages.Messages",
  "messages.PeerDialogs",
  "users.UserFull",
];

/** Things with an `id` that is not a chat's; of a chat's full form it is the chat that was asked for. */
const NUMBERED =
  `BotApp ChannelFull ChatFull Document DocumentEmpty Game InputDocument InputFile InputFileBig InputGameID
  InputGroupCall InputPhoto InputStickerSetID NotificationSoundRingtone Photo PhotoEmpty Poll SecureFile StarGift StarGiftUnique
  StickerSet User UserEmpty UserFull WallPaper WallPaperNoFile WebPage WebPageEmpty WebPagePending`;

/** Fields with numbers of 64 bits that name no chat, whatever holds them: people, files, money, hashes. A new one must be looked at. */
const NO_CHATS =
  `accessHash adminId amount audioId authorPhotoId autoSettingFrom backgroundEmojiId botId botVerificationIcon
  businessBotId callId collectibleId convertStars cryptoAmount documentId effect emojiId gameId groupedId hash icon iconEmojiId
  inviterId maxTipAmount patternDocumentId photoId posterPhotoId promotedBy queryId recentRequesters recentViewers size stars
  starsAmount stickerId suggestedTipAmounts thumbDocumentId totalAmount transferStars upgradeStars userId users viaBotId
  viaBusinessBotId videoId webpageId`;

/** Where a person who is named stays. */
const PEOPLE = `ChannelFull.defaultSendAs ChannelFull.groupcallDefaultJoinAs ChannelParticipantBanned.peer
  ChannelParticipantLeft.peer ChatFull.groupcallDefaultJoinAs ForumTopic.fromId Message.fromId
  MessageActionGeoProximityReached.fromId MessageActionGeoProximityReached.toId MessageActionGiftCode.boostPeer
  MessageActionPrizeStars.boostPeer MessageActionStarGift.fromId MessageActionStarGift.peer
  MessageActionStarGiftUnique.fromId MessageActionStarGiftUnique.peer MessagePeerReaction.peerId MessageReactor.peerId
  MessageService.fromId PeerStories.peer PollResults.recentVoters`;

/** Texts that stay although what holds them has named a chat: of messages, of what they carry, of the chat that was asked for. */
const TEXTS =
  `ChannelFull.about ChannelFull.pendingSuggestions ChannelFull.themeEmoticon ChatFull.about ChatFull.themeEmoticon
  DialogFilter.emoticon DialogFilterChatlist.emoticon ForumTopic.title InputGameShortName.shortName
  InputKeyboardButtonUrlAuth.fwdText InputKeyboardButtonUrlAuth.text InputKeyboardButtonUrlAuth.url
  InputKeyboardButtonUserProfile.text KeyboardButton.text Message.message MessageActionGiftCode.cryptoCurrency
  MessageActionGiftCode.currency MessageActionGiftCode.slug MessageActionPaymentRefunded.currency
  MessageMediaGiveaway.countriesIso2 MessageMediaGiveaway.prizeDescription MessageMediaGiveawayResults.prizeDescription
  PollResults.solution StarGiftUnique.slug StarGiftUnique.title StoryItem.caption UserFull.about UserFull.privateForwardName
  UserFull.themeEmoticon`;

/** Types that name peers. */
const PEERS: ReadonlySet<string> = new Set([
  "DialogPeer",
  "InputChannel",
  "InputDialogPeer",
  "InputPeer",
  "InputUser",
  "Peer",
]);

function reachable(all = constructors): readonly Constructor[] {
  const types = new Set(ROOTS);
  const found: Constructor[] = [];
  for (const type of types) {
    for (const each of all.filter((one) => one.type === type)) {
      found.push(each);
      for (const inner of each.fields.values()) if (/^(\w+\.)?[A-Z]/.test(inner) && inner !== "Bool") types.add(inner);
    }
  }
  return found.filter(({ type }) => !PEERS.has(type));
}

/** An object of a constructor or method, as the schema's readers name it: `Messages.dialogs`, `messages.GetHistory`. */
function make(name: string, fields: Record<string, unknown>): unknown {
  const [first = "", second] = name.split(".");
  const space = second === undefined ? Api : z.looseObject({}).parse(Reflect.get(Api, first.toLowerCase()));
  const type = z.custom<new (args: unknown) => unknown>((value) => typeof value === "function").optional()
    .parse(Reflect.get(space, capitalised(second ?? first)));
  return type === undefined ? { ...fields, className: name } : new type(fields);
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const namers: Readonly<Record<string, readonly ((id: number) => unknown)[]>> = {
  Peer: [
    (id) => new Api.PeerChannel({ channelId: bigInt(id) }),
    (id) => new Api.PeerChat({ chatId: bigInt(id) }),
  ],
  InputPeer: [
    (id) => new Api.InputPeerChannel({ channelId: bigInt(id), accessHash: bigInt(1) }),
    (id) => new Api.InputPeerChat({ chatId: bigInt(id) }),
    (id) => new Api.InputPeerUser({ userId: bigInt(id), accessHash: bigInt(1) }),
  ],
  InputChannel: [(id) => new Api.InputChannel({ channelId: bigInt(id), accessHash: bigInt(1) })],
  InputUser: [(id) => new Api.InputUser({ userId: bigInt(id), accessHash: bigInt(1) })],
  DialogPeer: [(id) => new Api.DialogPeer({ peer: new Api.PeerChannel({ channelId: bigInt(id) }) })],
  InputDialogPeer: [(id) => new Api.InputDialogPeer({ peer: new Api.InputPeerChat({ chatId: bigInt(id) }) })],
  Chat: [
    (id) => new Api.Channel({ id: bigInt(id), title: "x", photo: new Api.ChatPhotoEmpty(), date: 1 }),
    (id) => new Api.ChatForbidden({ id: bigInt(id), title: "x" }),
  ],
};

/** An object with a text in each field for one, and in each that can name a peer or be a number of 64 bits the forbidden id. */
function filled({ name, fields, vectors }: Constructor, choice: number, peer = namers["Peer"]): unknown {
  const values = [...fields].map(([field, type]): [string, unknown] => {
    const ways = type === "Peer" ? peer : namers[type];
    const value = ways !== undefined
      ? ways[choice % ways.length]?.(FORBIDDEN)
      : type === "long"
      ? bigInt(FORBIDDEN)
      : type === "string"
      ? `${name}.${field}`
      : type === "int"
      ? 1
      : undefined;
    if (type === "Peer" && field === "peerId" && /^Message(Service)?$/.test(name)) {
      return [field, new Api.PeerChannel({ channelId: bigInt(HOME) })];
    }
    return [field, value === undefined || !vectors.has(field) ? value : [value]];
  });
  return make(name, Object.fromEntries(values));
}

/** Where in an object something stands that fits, as `Constructor.field`. */
function places(value: unknown, fits: (inner: unknown) => boolean, at = ""): string[] {
  if (fits(value)) return [at];
  if (Array.isArray(value)) return value.flatMap((each) => places(each, fits, at));
  if (!isTl(value)) return [];
  return Object.entries(value).filter(([field]) => field !== "originalArgs")
    .flatMap(([field, inner]) => places(inner, fits, `${value.className}.${field}`));
}

const isNumber = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !isTl(value) && String(value) === String(FORBIDDEN);
const isPerson = (value: unknown): boolean => value instanceof Api.PeerUser;

/** Where numbers that may name a chat are left, of which nobody knows that they do not. */
function unknownNumbers(all: readonly Constructor[]): string[] {
  const left = new Set<string>();
  for (const each of all) {
    for (const choice of [0, 1, 2]) {
      for (const place of places(withoutReferences(filled(each, choice), BLIND), isNumber)) left.add(place);
    }
  }
  const [ids, fields] = [NUMBERED.split(/\s+/), NO_CHATS.split(/\s+/)];
  return [...left].filter((place) => {
    const [holder = "", field = ""] = place.split(".");
    return field === "id" ? !ids.includes(holder) : !fields.includes(field);
  });
}

Deno.test("restrict: whatever of the layer names a chat in an answer is taken out", () => {
  const all = reachable();
  assert.ok(all.length > 350, `${all.length} constructors`);
  assert.deepEqual(unknownNumbers(all), []);
});

Deno.test("restrict: of a new constructor peers are taken out, and numbers that may name a chat are found", () => {
  const newer = LAYER_TEXT.replace(
    "\nmessageMediaEmpty#",
    "\nmessageMediaToDo#8a53b014 by:Peer shared:Vector<Peer> listed_in:long user_id:long = MessageMedia;\nmessageMediaEmpty#",
  );
  assert.deepEqual(unknownNumbers(reachable(readConstructors(newer))), ["MessageMediaToDo.listedIn"]);
});

Deno.test("restrict: people stay where they write, act or are mentioned, and nowhere else", () => {
  const stay = new Set<string>();
  const person = [(): unknown => new Api.PeerUser({ userId: bigInt(FORBIDDEN) })];
  for (const each of reachable()) {
    for (const place of places(withoutReferences(filled(each, 0, person), BLIND), isPerson)) stay.add(place);
  }
  assert.deepEqual([...stay].sort(), PEOPLE.split(/\s+/));
});

Deno.test("restrict: of what loses the chat that it names only those texts stay that are not that chat's", () => {
  const stay = new Set<string>();
  for (const each of reachable()) {
    for (const choice of [0, 1]) {
      const [before, after] = [filled(each, choice), withoutReferences(filled(each, choice), BLIND)];
      const named = [before, after].map((value) => places(value, isNumber).length);
      if (named[0] === named[1]) continue;
      for (const place of places(after, (value) => typeof value === "string")) {
        if (!/\.(className|classType)$/.test(place)) stay.add(place);
      }
    }
  }
  assert.deepEqual([...stay].sort(), TEXTS.split(/\s+/));
});

Deno.test("restrict: with every chat allowed nothing is changed", () => {
  for (const each of reachable()) {
    const value = filled(each, 0);
    assert.equal(withoutReferences(value, { ...BLIND, allows: () => true }), value, each.name);
  }
});

Deno.test("restrict: every reading method is one that a view asks, or one that it never does; whatever names a chat is found", () => {
  const reading = readRequests(LAYER_TEXT).filter(({ name }) => classify(name) === "read");
  assert.ok(reading.length > 15, `${reading.length} methods`);
  const refused: string[] = [];
  for (const method of reading) {
    const empty = make(method.name, {});
    assert.ok(isTl(empty));
    try {
      assertSeen(empty, BLIND);
    } catch (error) {
      assert.match(String(error), /no such chat|a search must name one/, method.name);
      refused.push(method.name);
      continue;
    }
    for (const [field, type] of method.fields) {
      for (const way of namers[type] ?? []) {
        const value = method.vectors.has(field) ? [way(FORBIDDEN)] : way(FORBIDDEN);
        const request = make(method.name, { [field]: value });
        assert.ok(isTl(request));
        assert.throws(() => assertSeen(request, BLIND), /no such chat/, `${method.name}.${field}`);
      }
    }
  }
  assert.deepEqual(refused.sort(), [
    "contacts.ResolveUsername",
    "messages.CheckChatInvite",
    "messages.GetDialogFilters",
    "messages.GetDialogs",
    "messages.SearchGlobal",
  ]);
});

Deno.test("restrict: every way of the layer to name a peer in a request is understood", () => {
  const own = { channelId: "channel", chatId: "group", userId: "user" } as const;
  for (const each of constructors.filter(({ type }) => PEERS.has(type) && type.startsWith("Input"))) {
    const value = filled(each, 0);
    const named = namedIn(value);
    const expected = [...each.fields.keys()].flatMap((field) =>
      field === "channelId" || field === "chatId" || field === "userId" ? markedId(own[field], bigInt(FORBIDDEN)) : []
    );
    for (const id of expected) assert.ok(named.includes(id), `${each.name}: ${named}`);
    if (/Self$|Folder$/.test(each.name)) assert.equal(named.length, 1, each.name);
    else if (!/Empty$/.test(each.name)) assert.ok(named.length > 0, each.name);
  }
});
