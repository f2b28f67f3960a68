/**
 * Messages by their ids (https://core.telegram.org/method/channels.getMessages,
 * https://core.telegram.org/method/messages.getMessages).
 * @module
 */
import { Api } from "../mtproto/gram.ts";
import { peerId } from "./ids.ts";
import { inputChannel } from "./input.ts";
import type { TlMessage } from "./map/message.ts";
import type { Peer } from "./map/peer.ts";
import { peersOf } from "./peers.ts";
import type { Directory } from "./resolve.ts";

/** A message, where it stands, and the users and chats that its answer named. */
export interface Located {
  readonly chat: Peer;
  readonly message: TlMessage;
  readonly peers: ReadonlyMap<string, Peer>;
}

/** Ids a request. */
const BATCH = 100;
/** An album has up to ten items, so that far lie the first and the last one apart. */
const ALBUM_REACH = 9;

/** A place as one word, the same for the same message. */
export function placeKey({ chat, message }: Located): string {
  return `${chat.id}/${message.id}`;
}

/**
 * Reads messages of one chat by id. Those that were deleted or never existed are left out, and so are, in private chats and
 * basic groups, which share one sequence of ids, those of another chat.
 */
export async function readMessages(directory: Directory, chat: Peer, ids: Iterable<number>): Promise<Located[]> {
  return (await lookUpMessages(directory, chat, ids)).found;
}

/**
 * Looks messages of one chat up by id: those that are there, and the ids for which Telegram says that the chat has none. An id
 * that it says nothing about is in neither.
 */
export async function lookUpMessages(
  directory: Directory,
  chat: Peer,
  ids: Iterable<number>,
): Promise<{ readonly found: Located[]; readonly missing: number[] }> {
  const { call, options } = directory;
  const wanted = [...new Set(ids)].sort((a, b) => a - b);
  const found: Located[] = [];
  const missing: number[] = [];
  for (let at = 0; at < wanted.length; at += BATCH) {
    const id = wanted.slice(at, at + BATCH).map((each) => new Api.InputMessageID({ id: each }));
    const answer: Api.messages.TypeMessages = isChannel(chat)
      ? await call(new Api.channels.GetMessages({ channel: inputChannel(chat), id }), options)
      : await call(new Api.messages.GetMessages({ id }), { ...options, chat: chat.id });
    if (answer.className === "messages.MessagesNotModified") continue;
    const peers = new Map(peersOf(answer).map((peer) => [peer.id, peer]));
    for (const message of answer.messages) {
      if (message.className === "MessageEmpty" || peerId(message.peerId) !== chat.id) missing.push(message.id);
      else found.push({ chat, message, peers });
    }
  }
  return { found, missing };
}

/** The other items of the albums that messages of one chat are items of. */
export async function readAlbums(directory: Directory, chat: Peer, items: readonly Located[]): Promise<Located[]> {
  const albums = new Set(items.flatMap((item) => albumOf(item) ?? []));
  const known = new Set(items.map(({ message }) => message.id));
  const around = items.filter((item) => albumOf(item) !== undefined).flatMap(({ message }) =>
    Array.from({ length: 2 * ALBUM_REACH + 1 }, (_, index) => message.id - ALBUM_REACH + index)
  );
  const read = await readMessages(directory, chat, around.filter((id) => id > 0 && !known.has(id)));
  return read.filter((item) => albums.has(albumOf(item) ?? ""));
}

function albumOf({ message }: Located): string | undefined {
  return message.className === "Message" ? message.groupedId?.toString() : undefined;
}

function isChannel({ kind }: Peer): boolean {
  return kind === "channel" || kind === "supergroup" || kind === "forum";
}
