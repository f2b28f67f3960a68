/**
 * Requests to the sandbox's methods without a wire, through the bytes of TL both ways.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import bigInt from "big-integer";
import { createMethods } from "../../sandbox/methods/mod.ts";
import { RpcError } from "../../sandbox/rpc.ts";
import { Api, BinaryReader } from "../../sandbox/tl.ts";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";

/** The world of these requests; nobody changes it. */
export const world = createWorld();
/** Its methods. */
export const methods = createMethods(world);

/** What is sent. */
export interface Request {
  readonly className: string;
  getBytes(): Uint8Array;
}

/** Sends a request through the bytes of the wire, both ways. */
export async function answer(request: Request, table = methods): Promise<Buffer> {
  const received = new BinaryReader(Buffer.from(request.getBytes())).tgReadObject();
  const run = table[request.className];
  assert(run, request.className);
  const result = await run(received, { userId: world.ownerId });
  return Buffer.from(result instanceof Uint8Array ? result : result.getBytes());
}

/** The answer to a request, of the type expected. */
export async function call<T extends object>(
  request: Request,
  expected: new (fields: never) => T,
  table = methods,
): Promise<T> {
  const reader = new BinaryReader(await answer(request, table));
  const result = reader.tgReadObject();
  assert(result instanceof expected, `${request.className} answered ${result.className}`);
  assert.equal(reader.tellPosition(), reader.getBuffer().length);
  return result;
}

/** Asserts that a request is refused with an error. */
export const refused = (request: Request, message: string): Promise<void> =>
  assert.rejects(
    answer(request),
    (error) => error instanceof RpcError && error.code === 400 && error.message === message,
  );

/** A TL long. */
export const long = (value: bigint | string): bigInt.BigInteger => bigInt(value.toString());
/** A channel's id without its mark. */
export const bare = (id: string): bigInt.BigInteger => long(BigInt(-1_000_000_000_000) - BigInt(id));
/** The access hash of a marked id. */
export const hash = (id: string): bigInt.BigInteger => long(world.accessHash(id));

/** The input peer of a marked id. */
export function peer(id: string): Api.InputPeerChannel | Api.InputPeerChat | Api.InputPeerUser {
  if (id.startsWith("-100")) return new Api.InputPeerChannel({ channelId: bare(id), accessHash: hash(id) });
  if (id.startsWith("-")) return new Api.InputPeerChat({ chatId: long(id.slice(1)) });
  return new Api.InputPeerUser({ userId: long(id), accessHash: hash(id) });
}

/** The input channel of a marked id. */
export const channel = (id: string, accessHash = hash(id)): Api.InputChannel =>
  new Api.InputChannel({ channelId: bare(id), accessHash });

/** What chooses a page. */
export type Window = Partial<Record<"offsetId" | "offsetDate" | "addOffset" | "limit" | "maxId" | "minId", number>>;

/** A page of a history. */
export const history = (id: string, window: Window = {}): Api.messages.GetHistory =>
  new Api.messages.GetHistory({
    peer: peer(id),
    offsetId: 0,
    offsetDate: 0,
    addOffset: 0,
    limit: 100,
    maxId: 0,
    minId: 0,
    hash: bigInt.zero,
    ...window,
  });

/** The page of a channel. */
export const page = (id: string, window?: Window, table = methods): Promise<Api.messages.ChannelMessages> =>
  call(history(id, window), Api.messages.ChannelMessages, table);

/** Ids in their order. */
export const ids = (list: readonly { readonly id: number }[]): readonly number[] => list.map(({ id }) => id);
/** All messages of a chat, the newest first. */
export const newestFirst = (id: string, from: World = world): readonly WorldMessage[] =>
  [...from.messages(id)].reverse();

/** What is searched for. */
export interface SearchFields extends Window {
  readonly q?: string;
  readonly filter?: Api.TypeMessagesFilter;
  readonly fromId?: Api.TypeInputPeer;
  readonly savedPeerId?: Api.TypeInputPeer;
  readonly topMsgId?: number;
  readonly minDate?: number;
  readonly maxDate?: number;
}

/** A search in one chat. */
export const searching = (id: string, fields: SearchFields): Api.messages.Search =>
  new Api.messages.Search({
    peer: peer(id),
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
    ...fields,
  });

/** The results of a search in a channel. */
export const searched = (id: string, fields: SearchFields): Promise<Api.messages.ChannelMessages> =>
  call(searching(id, fields), Api.messages.ChannelMessages);

/** The messages that a request answers, whatever the kind of list. */
export async function messagesOf(request: Request, table = methods): Promise<(Api.Message | Api.MessageService)[]> {
  const found = new BinaryReader(await answer(request, table)).tgReadObject();
  assert(
    found instanceof Api.messages.ChannelMessages || found instanceof Api.messages.Messages ||
      found instanceof Api.messages.MessagesSlice,
  );
  return found.messages.filter((each) => each instanceof Api.Message || each instanceof Api.MessageService);
}
