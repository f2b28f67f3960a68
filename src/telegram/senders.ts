/**
 * Who a `sender` argument means.
 * @module
 */
import { RpcError } from "../mtproto/errors.ts";
import { Api, bigInt } from "../mtproto/gram.ts";
import { ambiguous, nearestPeers, nobody } from "./candidates.ts";
import { bareId } from "./ids.ts";
import type { Peer } from "./map/peer.ts";
import { readHistory } from "./history.ts";
import { inputChannel, isReachable } from "./input.ts";
import { peersOf } from "./peers.ts";
import { readReference } from "./reference.ts";
import { type Directory, findPeer } from "./resolve.ts";

/**
 * Finds who a `sender` argument means: an id, an @name, `me`, or the exact display name of somebody in the chat. Whoever a
 * page has shown can be named, those included whom Telegram does not let us ask for.
 * @throws AppError CHAT_AMBIGUOUS with candidates, INPUT_VALIDATION when nobody has that name
 */
export async function resolveSender(account: Directory, chat: Peer, name: string): Promise<Peer> {
  const directory = { ...account, peers: account.senders };
  const reference = readReference(name, "sender").chat;
  const { peers } = directory;
  const seen = (fits: (peer: Peer) => boolean): Peer[] => [...peers.glimpsed()].filter(fits);
  if (reference.kind === "id" || reference.kind === "bare") {
    const known = reference.kind === "id" ? peers.get(reference.id) : peers.byBareId(reference.digits)[0];
    const id = reference.kind === "id" ? reference.id : reference.digits;
    // The list of members has whole what messages show in part; what is in neither is left to findPeer to explain.
    if (known === undefined && isGroup(chat)) await searchMembers(directory, chat, "");
    const [glimpse] = known === undefined && peers.get(id) === undefined ? seen((peer) => peer.id === id) : [];
    return glimpse ?? await findPeer(directory, reference, "sender");
  }
  if (reference.kind === "username" && isGroup(chat)) {
    const { username } = reference;
    // Where Telegram's directory is not asked, the members tell, whatever was shown before.
    if (peers.byUsername(username) === undefined && peers.isMissing(username)) {
      await searchMembers(directory, chat, username);
    }
  }
  if (reference.kind !== "title") return await findPeer(directory, reference, "sender");
  // As pages tell namesakes apart: the name, then the end of the id.
  const [, title = reference.title, end = ""] = /^(.*)#(\d+)$/.exec(reference.title) ?? [];
  const answered = await searchMembers(directory, chat, title);
  const members = [...new Map(answered.map((peer) => [peer.id, peer])).values()];
  const isMeant = (peer: Peer): boolean =>
    peer.title === reference.title || (peer.title === title && peer.id.endsWith(end));
  const exact = members.filter(isMeant);
  const shown = seen((peer) => isMeant(peer) && peers.get(peer.id) === undefined);
  const matches = exact.length > 0
    ? exact
    : [...(await writersNamed(directory, chat, title)).filter(isMeant), ...shown];
  const [only] = matches;
  if (matches.length > 1) throw ambiguous(matches, name, "sender");
  if (only !== undefined) return only;
  // The members that Telegram has found begin like the name as it was spelt.
  const all = isGroup(chat) ? await searchMembers(directory, chat, "") : members;
  throw nobody(
    name,
    nearestPeers(title, [
      ...new Map([...all, ...members, ...peers.glimpsed()].map((peer) => [peer.id, peer])).values(),
    ]),
  );
}

/**
 * Those of that name who have written in a group: they may have left it, or its members may be hidden. Asked by a search of
 * one message each, TL method messages.search.
 */
async function writersNamed({ call, options, peers }: Directory, chat: Peer, title: string): Promise<Peer[]> {
  if (!isGroup(chat)) return [];
  const writers: Peer[] = [];
  for (const sender of peers.byTitle(title).filter(isReachable).slice(0, MOST_NAMESAKES)) {
    for await (
      const { messages } of readHistory(call, { chat, sender, direction: "newest_first" }, {
        pageSize: 1,
        callOptions: options,
      })
    ) {
      if (messages.length > 0) writers.push(sender);
      break;
    }
  }
  return writers;
}

/** People of one name that are asked about. */
const MOST_NAMESAKES = 5;

/** The sender of that id, as far as it is known: enough to go on with a query. */
export function senderById({ senders }: Directory, id: string): Peer {
  return senders.get(id) ?? { id, kind: "user", title: id, usernames: [], min: true };
}

function isGroup(chat: Peer): boolean {
  return chat.kind === "group" || chat.kind === "supergroup" || chat.kind === "forum";
}

/** Members whose name begins like this: TL methods channels.getParticipants and messages.getFullChat. */
async function searchMembers({ call, options, peers }: Directory, chat: Peer, name: string): Promise<Peer[]> {
  if (chat.kind === "group") {
    const answer = await call(new Api.messages.GetFullChat({ chatId: bigInt(bareId(chat.id)) }), options);
    return peersOf(answer);
  }
  if (isGroup(chat)) {
    const filter = new Api.ChannelParticipantsSearch({ q: name });
    const channel = inputChannel(chat);
    const request = new Api.channels.GetParticipants({ channel, filter, offset: 0, limit: 100, hash: bigInt(0) });
    try {
      return [chat, ...peersOf(await call(request, options))];
    } catch (error) {
      // A group may hide its members; then only ids and @names can be asked for.
      if (error instanceof RpcError && error.rpc === "CHAT_ADMIN_REQUIRED") return [chat];
      throw error;
    }
  }
  const self = peers.self();
  return self === undefined ? [chat] : [chat, self];
}
