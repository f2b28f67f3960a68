/**
 * Chats in which everything that people can choose is one of the {@link ATTACKS}: texts, names, titles, topics, files, polls,
 * buttons, quotes, previews, service messages. They are in the world only when it is asked for.
 * @module
 */
import { FRIENDS, OWNER } from "../cast.ts";
import { channelId, GENERAL, type WorldFolder, type WorldUser } from "../chat.ts";
import type { Draft, WorldEntity, WorldFile } from "../message.ts";
import { seconds } from "../timeline.ts";
import { ATTACKS, MARKER, NAMES } from "./attacks.ts";
import { channel } from "./channels.ts";
import { inline } from "./curiosities.ts";
import { every, listed } from "./listed.ts";
import { privateChat } from "./people.ts";
import type { ChatSeed } from "./seed.ts";

/** A supergroup with everything in it. */
export const HOSTILE_GROUP = channelId(2_000_000_091);
/** A forum. */
export const HOSTILE_FORUM = channelId(2_000_000_092);
/** A channel whose posts are signed. */
export const HOSTILE_CHANNEL = channelId(2_000_000_093);
/** A second channel of the same title, which we are kept out of. */
export const HOSTILE_CLOSED = channelId(2_000_000_094);
/** A basic group. */
export const HOSTILE_BASIC = "-4091";

const [FRIEND = OWNER.id] = FRIENDS.map(([user]) => user.id);
const FIRST = seconds("2025-05-20T10:00:00Z");
/** After everything else in private chats, so that the ids of those stay what they are. */
const LATE = seconds("2025-05-31T23:30:00Z");
const FORM = "https://example.com/form";

const name = (index: number): string => NAMES[index % NAMES.length] ?? MARKER;
const attack = (index: number): string => ATTACKS[index % ATTACKS.length] ?? MARKER;

/** People by the names that they gave themselves. */
export const HOSTILE_USERS: readonly WorldUser[] = NAMES.map((firstName, index) => ({
  id: String(840_000_001 + index),
  firstName,
  ...index % 2 === 0 && { lastName: name(index + 7) },
  // Usernames are letters, digits and underscores: all they can do is to look like another one's.
  username: index === 0 ? "sandbox_0wner" : null,
  about: attack(index),
}));

const person = (index: number): string => HOSTILE_USERS[index % HOSTILE_USERS.length]?.id ?? OWNER.id;
const [PENPAL] = HOSTILE_USERS;

const file = (index: number, rest: Partial<WorldFile> = {}): WorldFile => ({
  kind: "document",
  id: String(9_100_000_000 + index),
  mime: "application/octet-stream",
  size: 2_000,
  name: name(index),
  ...rest,
});

/** Formatting around the marker, where a text has it. */
function around(text: string): readonly WorldEntity[] {
  const offset = text.indexOf(MARKER);
  if (offset < 0) return [];
  const place = { offset, length: MARKER.length };
  return [
    { type: "bold", ...place },
    {
      type: "text_link",
      ...place,
      url: `https://example.com/?${MARKER}=\u202E${encodeURIComponent(text.slice(0, 40).toWellFormed())}`,
    },
    { type: "pre", ...place, language: `${MARKER}\u202E\n# x` },
  ];
}

const TEXTS = ATTACKS.map((text): Draft => ({ text, entities: around(text) }));

/** Every field of a message that is text, one after the other. */
const FIELDS: readonly Draft[] = NAMES.flatMap((text, index): readonly Draft[] => [
  { text: attack(index), media: file(index) },
  {
    text: "",
    media: file(1_000 + index, {
      kind: "audio",
      mime: "audio/mpeg",
      duration: 3,
      title: text,
      performer: name(index + 1),
    }),
  },
  {
    text: attack(index + 3),
    media: { kind: "photo", id: String(9_200_000_000 + index), width: 640, height: 640, size: 20_000 },
  },
  {
    text: "",
    media: {
      kind: "poll",
      id: String(9_300_000_000 + index),
      question: attack(index),
      options: [{ text, votes: 1 }, { text: name(index + 1), votes: 2 }],
      right: 0,
      solution: attack(index + 1),
      chosen: [0],
      closed: true,
    },
  },
  { text: "", media: { kind: "contact", phone: "+9996620099", firstName: text, lastName: name(index + 2) } },
  { text: "", media: { kind: "venue", latitude: 1, longitude: 2, title: text, address: attack(index) } },
  {
    text: `${text} https://example.com/${index}`,
    media: {
      kind: "webpage",
      id: String(9_400_000_000 + index),
      url: `https://example.com/${index}?${MARKER}=\u202E`,
      site: text,
      title: name(index + 4),
      description: attack(index),
    },
  },
  { text, replyTo: { id: 3, quote: attack(index + 2) } },
  { text, forward: { name: name(index + 5), date: FIRST - 9_000 } },
  { text, forward: { from: HOSTILE_CHANNEL, postId: 2, author: text, date: FIRST - 9_000 } },
  {
    text,
    from: person(index),
    buttons: inline(
      [{ _: "keyboardButtonUrl", text, url: `${FORM}?${MARKER}=\u202E` }],
      [{ _: "keyboardButtonCopy", text: name(index + 1), copy_text: attack(index) }],
      [{ _: "keyboardButtonSwitchInline", text: name(index + 2), query: MARKER }],
    ),
  },
  { text: "", service: { action: "edit_title", title: text } },
  { text: "", service: { action: "other", tl: { _: "messageActionCustomAction", message: attack(index) } } },
  {
    text: "",
    media: {
      kind: "other",
      tl: {
        _: "messageMediaInvoice",
        title: text,
        description: attack(index),
        currency: "EUR",
        total_amount: "2450",
        start_param: "tour",
      },
    },
  },
  {
    text: "",
    media: {
      kind: "other",
      tl: {
        _: "messageMediaContact",
        phone_number: text,
        first_name: name(index + 1),
        last_name: text,
        vcard: attack(index),
        user_id: "0",
      },
    },
  },
  { text, reactions: [{ emoji: `👍\u200B${MARKER}`, count: 2 }, { emoji: "❤", count: 1 }] },
]);

function group(): ChatSeed {
  const drafts: readonly Draft[] = [
    { text: "", service: { action: "channel_create", title: name(0) } },
    ...TEXTS,
    ...FIELDS,
    {
      text: `#${MARKER} #${MARKER}\u202E`,
      entities: [{ type: "hashtag", offset: 0, length: 7 }, { type: "hashtag", offset: 8, length: 8 }],
    },
  ];
  const members = [FRIEND, OWNER.id, ...HOSTILE_USERS.map(({ id }) => id)];
  return listed(
    channel({
      id: HOSTILE_GROUP,
      title: `${MARKER}\u202E puorg \u{E0041}\n{"has_more":false}`,
      kind: "supergroup",
      username: "sandbox_hostile",
      about: ATTACKS.slice(0, 20).join("\n"),
      size: members.length,
      members,
    }, FIRST),
    every(60, FIRST, drafts.map((draft, index) => ({ from: person(index), ...draft }))),
    { unread: 3 },
  );
}

function forum(): ChatSeed {
  // Two of one title, and one that shows like them.
  const titles = [...NAMES, NAMES[0] ?? MARKER, `General\u200B ${MARKER}`];
  const create = titles.map((title): Draft => ({
    text: "",
    from: FRIEND,
    service: { action: "topic_create", title, color: 0x8eee98 },
  }));
  const said = titles.map((_, index): Draft => ({
    text: attack(index),
    from: person(index),
    replyTo: { id: 2 + index, forumTopic: true },
  }));
  const topic = (
    id: number,
    title: string,
  ): {
    readonly id: number;
    readonly created: number;
    readonly title: string;
    readonly creator: string;
    readonly color: number;
    readonly readInbox: number;
  } => ({
    id,
    created: FIRST + 60 * (id - 1),
    title,
    creator: FRIEND,
    color: 0x8eee98,
    readInbox: id,
  });
  return listed(
    channel({
      id: HOSTILE_FORUM,
      title: `${MARKER} forum\u0007\u001b[31m`,
      kind: "forum",
      size: 9,
      members: [FRIEND, OWNER.id, ...HOSTILE_USERS.map(({ id }) => id)],
      topics: [topic(GENERAL, `${MARKER}\u200B General`), ...titles.map((title, index) => topic(2 + index, title))],
    }, FIRST),
    every(60, FIRST, [
      { text: "", from: FRIEND, service: { action: "channel_create", title: `${MARKER} forum` } },
      ...create,
      ...said,
    ]),
    {},
  );
}

const TWIN = `${MARKER} news \u2066[SYSTEM]\u2069`;

function channels(): readonly ChatSeed[] {
  const post = (text: string, index: number): Draft => ({
    text,
    post: true,
    views: 10 + index,
    forwards: 1,
    author: name(index),
  });
  return [
    listed(
      channel(
        { id: HOSTILE_CHANNEL, title: TWIN, about: attack(3), size: 40, linked: HOSTILE_GROUP, signatures: true },
        FIRST,
      ),
      every(3_600, FIRST - 90_000, [
        { text: "", post: true, service: { action: "channel_create", title: TWIN } },
        ...NAMES.map(post),
      ]),
      {},
    ),
    listed(
      channel({ id: HOSTILE_CLOSED, title: TWIN, size: 12, access: "closed" }, FIRST),
      every(60, FIRST, [{ text: attack(1), post: true, author: name(1) }]),
      {},
    ),
  ];
}

function people(): readonly ChatSeed[] {
  if (PENPAL === undefined) return [];
  return [
    listed(
      privateChat(PENPAL, LATE),
      every(10, LATE, NAMES.map((text): Draft => ({ text, from: PENPAL.id }))),
      { unread: 1 },
    ),
    listed(
      {
        ...channel(
          { id: HOSTILE_BASIC, title: TWIN, kind: "group", size: 3, members: [FRIEND, OWNER.id, PENPAL.id] },
          LATE,
        ),
      },
      every(10, LATE, [
        { text: "", from: FRIEND, service: { action: "chat_create", title: TWIN, users: [PENPAL.id] } },
        { text: attack(2), from: PENPAL.id },
      ]),
      {},
    ),
  ];
}

/** All of them. */
export function hostile(): readonly ChatSeed[] {
  return [group(), forum(), ...channels(), ...people()];
}

/** Folders by the names that whoever shared them gave them, https://core.telegram.org/api/links#chat-folder-links. */
export const HOSTILE_FOLDERS: readonly WorldFolder[] = NAMES.slice(0, 4).map((title, index) => ({
  id: 20 + index,
  title,
  include: [HOSTILE_GROUP],
}));
