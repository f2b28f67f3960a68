/**
 * Looks in whatever a server gives out for what messages and lists tell of chats that its caller may not see, by where it stands:
 * origins of forwards, answers to messages elsewhere, folders.
 * @module
 */
import { bareId } from "../../sandbox/world/chat.ts";
import type { World, WorldChat, WorldFolder, WorldMessage } from "../../sandbox/world/mod.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Titles of the folders that may hold one of these chats. */
export function foldersOf({ folders, users }: World, chats: readonly WorldChat[]): string[] {
  const holds = (folder: WorldFolder, { id, kind }: WorldChat): boolean => {
    if (folder.include.includes(id) || folder.pinned?.includes(id)) return true;
    if (folder.exclude?.includes(id)) return false;
    if (kind === "channel") return Boolean(folder.broadcasts);
    if (kind === "bot") return Boolean(folder.bots);
    if (kind === "user") return Boolean(users.get(id)?.contact ? folder.contacts : folder.nonContacts);
    return kind !== "saved" && Boolean(folder.groups);
  };
  return folders.filter((folder) => chats.some((chat) => holds(folder, chat))).map(({ title }) => title);
}

/** Who wrote posts elsewhere, as messages repeat it: signatures and names of hidden people, in more than one word. */
export function signaturesOf(world: World, chats: readonly WorldChat[], tellsOf: (id: string) => boolean): string[] {
  const names = chats.flatMap(({ id }) =>
    Array.from(world.messages(id), ({ from, author, forward }) => [
      ...(author !== undefined && tellsOf(from !== undefined && from.startsWith("-") ? from : id) ? [author] : []),
      ...(forward !== undefined && tellsOf(forward.from ?? "") ? [forward.author ?? "", forward.name ?? ""] : []),
    ]).flat()
  );
  return [...new Set(names)].filter((name) => /\S\s\S/.test(name));
}

/**
 * Finds it in an answer or file.
 * @param allowed marked ids of the chats that may be seen
 */
export function createTold(world: World, allowed: ReadonlySet<string>): (text: string) => string[] {
  const seen = [...world.chats.values()].filter(({ id }) => allowed.has(id));
  const titles = new Set(seen.map(({ title }) => title));
  const folders = new Set(foldersOf(world, seen));
  const mayTell = (id: unknown): boolean => typeof id === "string" && allowed.has(id);
  const byTag = new Map(seen.map(({ id }) => [bareId(id), id]));
  const tagged = (tag: unknown): string | undefined => byTag.get(Number(String(tag).replace(/^\D+/, "")));

  const lookAt = (value: unknown, chat: string | undefined): string[] => {
    if (Array.isArray(value)) {
      const [id, time] = value;
      const more: unknown = value.at(-1);
      if (typeof id === "number" && /^\d\d:\d\d:\d\d$/.test(String(time)) && isFields(more)) {
        const own = typeof more["chat"] === "string" ? more["chat"] : chat;
        return [...compact(more, messageOf(own, id)), ...lookAt(more, own)];
      }
      return value.flatMap((each: unknown) => lookAt(each, chat));
    }
    // A schema says what there can be.
    if (!isFields(value) || isFields(value["properties"])) return [];
    const { id, messages } = value;
    const head = value["chat"];
    const isExported = typeof id === "number" && Array.isArray(messages);
    const own = isExported ? tagged(id) : isFields(head) && typeof head["id"] === "string" ? head["id"] : chat;
    const given = typeof value["chat_id"] === "string" ? value["chat_id"] : own;
    return [
      ...listed(value),
      ...forwarded(value),
      ...(typeof id === "number" ? answered(value, messageOf(given, id)) : []),
      ...Object.values(value).flatMap((inner) => lookAt(inner, own)),
    ];
  };

  const messageOf = (chat: string | undefined, id: number): WorldMessage | undefined =>
    chat !== undefined && allowed.has(chat) && world.chats.has(chat) ? world.messages(chat).byId(id) : undefined;

  /** Fields that may not be there, as found. */
  const none = (what: string, fields: unknown): string[] => {
    const left = isFields(fields) ? Object.keys(fields) : fields === undefined ? [] : ["something"];
    return left.length === 0 ? [] : [`${what} with ${left}: ${JSON.stringify(fields).slice(0, 120)}`];
  };

  const listed = ({ folders: named, kind, title }: Fields): string[] =>
    [
      ...(Array.isArray(named) ? named : []).filter((name) => typeof name === "string" && !folders.has(name)),
      ...(kind === "folder" && !folders.has(String(title)) ? [title] : []),
    ].map((name) => `folder ${name}`);

  /** Of a forward from elsewhere only when it was sent there: in full, in a row, and in the form of Telegram's own programs. */
  const forwarded = (message: Fields): string[] => {
    const { forward, fwd, forwarded_from, forwarded_from_id, saved_from } = message;
    const found: string[] = [];
    if (isFields(forward)) {
      const { date: _, saved_from: saved, ...rest } = forward;
      if (!mayTell(rest["from_id"])) found.push(...none("forward", rest));
      if (isFields(saved) && !mayTell(saved["chat_id"])) found.push(...none("saved forward", saved));
    }
    if (isFields(fwd)) {
      const { date: _, from, ...rest } = fwd;
      if (!mayTell(rest["id"] ?? from)) found.push(...none("fwd", from === "" ? rest : { from, ...rest }));
    }
    if (forwarded_from !== undefined && tagged(forwarded_from_id) === undefined) {
      found.push(`forwarded from ${forwarded_from}`);
    }
    if (typeof saved_from === "string" && !titles.has(saved_from)) found.push(`saved from ${saved_from}`);
    return found;
  };

  const isElsewhere = ({ replyTo, replyToStory }: WorldMessage): boolean =>
    (replyTo?.chat !== undefined && !allowed.has(replyTo.chat)) ||
    (replyToStory !== undefined && !allowed.has(replyToStory.peer));

  const answered = (message: Fields, original: WorldMessage | undefined): string[] => {
    const { reply_to: reply, reply_to_message_id: id, reply_to_peer_id: peer } = message;
    const found: string[] = [];
    if (peer !== undefined && tagged(peer) === undefined) found.push(`answer in ${peer}`);
    if (original !== undefined && id !== undefined && (isElsewhere(original) || !pointsTo(original, id, peer))) {
      found.push(`answer to ${id}`);
    }
    if (!isFields(reply)) return found;
    const { top_id: _, ...rest } = reply;
    if (rest["chat_id"] !== undefined && !mayTell(rest["chat_id"])) found.push(...none("reply_to", rest));
    if (original === undefined) return found;
    if (isElsewhere(original)) return [...found, ...none("reply_to", rest)];
    const isKnown = rest["id"] === undefined || pointsTo(original, rest["id"], rest["chat_id"]);
    return isKnown ? found : [...found, ...none("reply_to", rest)];
  };

  const compact = ({ reply_to: reply, quote }: Fields, original: WorldMessage | undefined): string[] => {
    if (isFields(reply) && !mayTell(reply["chat"])) return none("reply_to", reply);
    if (original === undefined) return [];
    if (isElsewhere(original)) {
      return none("reply_to", { ...reply === undefined ? {} : { reply }, ...quote === undefined ? {} : { quote } });
    }
    return typeof reply === "number" && !pointsTo(original, reply, undefined) ? none("reply_to", reply) : [];
  };

  return (text) => {
    const values = parsed(text);
    const facts = (values.length > 0 ? values.flatMap(stringsOf) : [text]).flatMap(factsIn)
      .filter(({ from, rest }) => from === "unknown" ? rest.some((label) => label !== "date") : !titles.has(from));
    return [
      ...values.flatMap((value) => lookAt(value, undefined)),
      ...facts.map(({ from, rest }) => `forwarded from ${from}, ${rest}`),
    ];
  };
}

/** In its own chat it is the message that the original answers, or its topic's first. */
function pointsTo({ replyTo }: WorldMessage, id: unknown, chat: unknown): boolean {
  if (chat !== undefined) return replyTo?.chat !== undefined;
  return replyTo !== undefined && replyTo.chat === undefined && (id === replyTo.id || id === replyTo.topId);
}

/** Whatever of a text is JSON: all of it, or lines, those of server-sent events among them, and JSON in its texts. */
function parsed(text: string): unknown[] {
  const whole = read(text);
  const lines = whole.length > 0 ? whole : text.split("\n").flatMap((line) => read(line.replace(/^data: /, "")));
  // Fields of a table, in which quotes are doubled.
  const found = lines.length > 0
    ? lines
    : text.matchAll(/,"(\{""(?:[^"]|"")*\})"/g).flatMap(([, field = ""]) => read(field.replaceAll('""', '"')))
      .toArray();
  return found.flatMap((value) => [value, ...stringsOf(value).filter((each) => /[{[]/.test(each)).flatMap(parsed)]);
}

function read(text: string): unknown[] {
  if (!/^\s*[[{]/.test(text)) return [];
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}

function stringsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

/** What files for people say of forwards: from whom, and under which labels more. */
function factsIn(text: string): { readonly from: string; readonly rest: readonly string[] }[] {
  return [...text.matchAll(/forwarded from: ((?:(?!<\/div>)[^\n])*)/g)].map(([, line = ""]) => {
    const [from = "", ...rest] = line.replaceAll(/<\/?\w[^>]*>/g, "").split(" · ");
    return { from, rest: rest.map((fact) => fact.split(": ")[0] ?? "") };
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
