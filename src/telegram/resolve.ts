/**
 * From a name to a peer.
 * @module
 */
import { AppError } from "../errors.ts";
import { Api, bigInt } from "../mtproto/gram.ts";
import { RpcError } from "../mtproto/errors.ts";
import type { CallOptions } from "../mtproto/invoke.ts";
import type { Account } from "./account.ts";
import { ambiguous, nearestPeers, nobody } from "./candidates.ts";
import { bareId, markedId, spaceOf } from "./ids.ts";
import type { Peer } from "./map/peer.ts";
import { peersOf } from "./peers.ts";
import { type ChatReference, isUsername, readReference, type Target } from "./reference.ts";

/** What resolving reads from. */
export interface Directory extends Account {
  readonly options?: CallOptions;
}

/** A chat that was found, how, and the message that its link points to. */
export interface Resolved {
  readonly peer: Peer;
  readonly matchedBy: "id" | "username" | "link" | "invite" | "title" | "me";
  readonly target?: Target;
  /** The @name that it was found by. */
  readonly username?: string;
}

/** False once Telegram has said, in an answer since, that the chat no longer has the @name that it was found by. */
export function isStillNamed(
  { peers }: Directory,
  { peer, username }: Pick<Resolved, "peer" | "username">,
): boolean {
  const folded = username?.toLowerCase();
  return folded === undefined ||
    (peers.get(peer.id) ?? peer).usernames.some((name) => name.toLowerCase() === folded);
}

/**
 * Finds the chat that a name means.
 * @throws AppError CHAT_NOT_FOUND and CHAT_AMBIGUOUS with candidates, CHANNEL_PRIVATE, UNSUPPORTED, INPUT_VALIDATION
 */
export async function resolveChat(directory: Directory, name: string, field = "chat"): Promise<Resolved> {
  const { chat, target, link } = readReference(name, field);
  const peer = await findReadable(directory, chat, field);
  const byTitle = chat.kind === "title" && peer.title.toLowerCase() === chat.title.toLowerCase();
  const matchedBy = chat.kind === "title" && !byTitle
    ? "username"
    : chat.kind === "invite" || chat.kind === "me" || chat.kind === "title"
    ? chat.kind
    : link
    ? "link"
    : chat.kind === "username"
    ? "username"
    : "id";
  return {
    peer,
    matchedBy,
    ...(target === undefined ? {} : { target }),
    ...(chat.kind === "username" ? { username: chat.username } : {}),
  };
}

/** Finds the peer that a reference means, if the account may read it; see {@link resolveChat} for what it throws. */
export async function findReadable(directory: Directory, chat: ChatReference, field: string): Promise<Peer> {
  const known = await findPeer(directory, chat, field);
  const peer = known.forbidden ? await seenAgain(directory, known) : known;
  if (peer.forbidden) throw privateChat(peer, field);
  return peer;
}

/** What was remembered as forbidden may be open by now: the account was let in again. */
async function seenAgain({ call, peers, dialogs, options }: Directory, peer: Peer): Promise<Peer> {
  await dialogs.load(call, options);
  return peers.get(peer.id) ?? peer;
}

/** Finds the peer that a reference means; see {@link resolveChat} for what it throws. */
export function findPeer(directory: Directory, chat: ChatReference, field: string): Promise<Peer> {
  switch (chat.kind) {
    case "me":
      return findOneself(directory, field);
    case "username":
      return findUsername(directory, chat.username, field);
    case "id":
      return findId(directory, chat.id, field);
    case "bare":
      return findBare(directory, chat.digits, field);
    case "invite":
      return findInvite(directory, chat.hash, field);
    case "title":
      return findTitle(directory, chat.title, field);
  }
}

/** The account's own peer: TL method users.getUsers, once. */
export async function findSelf({ call, peers, options }: Directory): Promise<Peer> {
  const known = peers.self();
  if (known !== undefined) return known;
  const answer = await call(new Api.users.GetUsers({ id: [new Api.InputUserSelf()] }), options);
  const [self] = peersOf(answer);
  if (self === undefined) throw new AppError("SESSION_INVALID", "Telegram does not say whose session this is.");
  return self;
}

/** Whoever may not read Saved Messages may still look for what the account itself has written elsewhere. */
async function findOneself(directory: Directory, field: string): Promise<Peer> {
  const self = await findSelf(directory);
  return field === "sender" || directory.allows(self.id) ? self : await notFound(directory, "me", field);
}

/** Known names first: contacts.resolveUsername has flood waits of hours (https://core.telegram.org/method/contacts.resolveUsername). */
async function findUsername(directory: Directory, username: string, field: string): Promise<Peer> {
  const known = directory.peers.byUsername(username);
  if (known !== undefined) return known;
  const found = await lookUp(directory, username);
  return found ?? await notFound(directory, username, field);
}

async function lookUp({ call, peers, options }: Directory, username: string): Promise<Peer | undefined> {
  if (peers.isMissing(username)) return undefined;
  const answer = await orNone(call(new Api.contacts.ResolveUsername({ username }), options));
  if (answer === undefined) {
    peers.miss(username);
    return undefined;
  }
  const id = answer.peer.className === "PeerUser"
    ? markedId("user", answer.peer.userId)
    : answer.peer.className === "PeerChannel"
    ? markedId("channel", answer.peer.channelId)
    : undefined;
  return peersOf(answer).find((peer) => peer.id === id);
}

/** An answer, or undefined where Telegram says that there is no such chat. */
async function orNone<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RpcError && error.code === "CHAT_NOT_FOUND") return undefined;
    throw error;
  }
}

async function findId(directory: Directory, id: string, field: string): Promise<Peer> {
  const space = spaceOf(BigInt(id));
  if (space === undefined) {
    throw new AppError("UNSUPPORTED", `${field}: ${id} is in no range of chat ids that can be read here.`, {
      field,
      hint: "Users are positive, basic groups -1 to -999999999999, channels and supergroups -100 and ten digits or so.",
    });
  }
  const known = directory.peers.get(id);
  if (known !== undefined) return known;
  if (space === "group") {
    const group = await findGroup(directory, id);
    if (group !== undefined) return group;
  }
  await directory.own(directory.call, directory.options);
  return directory.peers.get(id) ?? await notFound(directory, id, field);
}

/** Basic groups need no access hash: TL method messages.getChats. */
async function findGroup({ call, options }: Directory, id: string): Promise<Peer | undefined> {
  const answer = await orNone(call(new Api.messages.GetChats({ id: [bigInt(bareId(id))] }), options));
  return peersOf(answer).find((peer) => peer.id === id);
}

async function findBare(directory: Directory, digits: string, field: string): Promise<Peer> {
  let known = directory.peers.byBareId(digits);
  if (known.length === 0) {
    await directory.own(directory.call, directory.options);
    known = directory.peers.byBareId(digits);
  }
  // A positive number is a user's marked id, which nothing else could say; the others have marked ids of their own.
  const user = known.find((peer) => peer.id === digits);
  const [only] = known;
  if (user === undefined && known.length > 1) throw ambiguous(known, digits, field);
  return user ?? only ?? await findOwn(directory, digits, field) ?? await notFound(directory, digits, field);
}

/** TL method messages.checkChatInvite; only chats already joined are read. */
async function findInvite(directory: Directory, hash: string, field: string): Promise<Peer> {
  const { call, options } = directory;
  const answer = await orNone(call(new Api.messages.CheckChatInvite({ hash }), options));
  if (answer === undefined) {
    throw new AppError("CHAT_NOT_FOUND", `${field}: the invite link is not valid, or not any more.`, {
      field,
      hint: "Ask the user for another link, or call list_chats with query if the account is in the chat.",
    });
  }
  const [joined] = answer.className === "ChatInviteAlready" ? peersOf({ chats: [answer.chat] }) : [];
  if (joined !== undefined) return joined;
  throw new AppError("CHANNEL_PRIVATE", "The invite link leads to a chat that the account has not joined.", { field });
}

/** Own chats' usernames and exact titles first, Telegram's directory last: "Anna" must not open a stranger. */
async function findTitle(directory: Directory, title: string, field: string): Promise<Peer> {
  const own = await findOwn(directory, title, field);
  if (own !== undefined) return own;
  if (!isUsername(title)) return await notFound(directory, title, field);
  const found = directory.peers.byUsername(title) ?? await lookUp(directory, title).catch(noneDuringFlood);
  return found ?? await notFound(directory, title, field);
}

/** The chat of the account's list that has this username or exact title. */
async function findOwn(directory: Directory, title: string, field: string): Promise<Peer | undefined> {
  const own = await directory.own(directory.call, directory.options);
  const folded = title.toLowerCase();
  const named = own.find((peer) => peer.usernames.some((name) => name.toLowerCase() === folded));
  if (named !== undefined) return named;
  const exact = own.filter((peer) => peer.title === title);
  const matches = exact.length > 0 ? exact : own.filter((peer) => peer.title.toLowerCase() === folded);
  if (matches.length > 1) throw ambiguous(matches, title, field);
  return matches[0];
}

/** A misspelt title must not have to wait for hours because it could be a username. */
function noneDuringFlood(error: unknown): undefined {
  if (!(error instanceof AppError && error.code === "FLOOD_WAIT")) throw error;
}

/** Throws CHAT_NOT_FOUND with the chats of the account whose names come near. */
async function notFound(directory: Directory, name: string, field: string): Promise<never> {
  if (field !== "sender" && /^-?\d+$/.test(name)) {
    throw new AppError("CHAT_NOT_FOUND", `This account has never seen a chat ${name}.`, {
      field,
      hint:
        "If it is private, the account is not in it: tell the user, do not retry. Else name it by @name, link or title.",
    });
  }
  const candidates = nearestPeers(name, await directory.own(directory.call, directory.options));
  if (field === "sender") throw nobody(name, candidates);
  throw new AppError("CHAT_NOT_FOUND", `No chat ${JSON.stringify(name.slice(0, 80))} was found.`, {
    field,
    ...(candidates.length === 0 ? {} : { candidates }),
    suggest: { tool: "list_chats", arguments: { query: name.slice(0, 80) } },
  });
}

function privateChat(peer: Peer, field: string): AppError {
  return new AppError("CHANNEL_PRIVATE", `The chat ${peer.id} is private and the account is not in it.`, { field });
}
