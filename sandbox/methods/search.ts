/**
 * messages.search and messages.getSearchCounters.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { History, World, WorldChat, WorldMessage } from "../world/mod.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode, encodeVector } from "./encode.ts";
import { filterOf, type Matches } from "./matches.ts";
import { method } from "./method.ts";
import { placesOf, within } from "./slice.ts";

/** The sender asked for; `inputPeerEmpty`, which gotd sends when none is, is nobody: here and in {@link savedIn}. */
function senderOf(world: World, input: unknown): string | undefined {
  if (!input || input instanceof Api.InputPeerEmpty) return undefined;
  try {
    return chatOf(world, input).id;
  } catch (error) {
    throw error instanceof RpcError ? new RpcError(400, "FROM_PEER_INVALID") : error;
  }
}

/** The dialog of Saved Messages that is asked for, see {@link savedFrom}; elsewhere there is none. */
export function savedIn(world: World, chat: WorldChat, input: unknown): string | undefined {
  if (!input || input instanceof Api.InputPeerEmpty) return undefined;
  if (chat.kind !== "saved") throw new RpcError(400, "PEER_ID_INVALID");
  return chatOf(world, input).id;
}

/** The thread or topic that is asked for, if one is. Throws MSG_ID_INVALID if there is no such message. */
export function topIdOf(history: History, topMsgId: unknown): number | undefined {
  if (typeof topMsgId !== "number" || topMsgId === 0) return undefined;
  if (!history.byId(topMsgId)) throw new RpcError(400, "MSG_ID_INVALID");
  return topMsgId;
}

/**
 * https://core.telegram.org/method/messages.search: the slice is one of the matches; ids and dates (both exclusive: "bigger
 * than", "smaller than") are filters that come after it. `count` is that of the whole list the slice was cut from ("Total number of
 * results in the list", https://core.telegram.org/constructor/messages.messagesSlice), so neither ids nor dates change it.
 */
export function search({ world, messages }: Answers, matches: Matches): readonly [string, Method] {
  return method(Api.messages.Search, (request) => {
    const chat = chatOf(world, request.peer);
    const history = world.messages(chat.id);
    const found = matches(chat.id, {
      query: request.q,
      filter: filterOf(request.filter),
      from: senderOf(world, request.fromId),
      topId: topIdOf(history, request.topMsgId),
      saved: savedIn(world, chat, request.savedPeerId),
    });
    const { offsetId, minDate, maxDate } = request;
    const offset = offsetId > 0 ? found.filter((id) => id >= offsetId).length : 0;
    const { from, to } = placesOf(found.length, offset, request);
    const dated = ({ date }: WorldMessage): boolean =>
      (minDate <= 0 || date > minDate) && (maxDate <= 0 || date < maxDate);
    const page = Array.from(found.subarray(from, to))
      .filter((id) => within(request, id))
      .map((id) => history.byId(id))
      .filter((each) => each !== undefined)
      .filter(dated);
    return messages(chat, { messages: page, count: found.length, ...offset > 0 && { place: from } });
  });
}

/** https://core.telegram.org/method/messages.getSearchCounters: how many messages match each filter. */
export function getSearchCounters({ world }: Answers, matches: Matches): readonly [string, Method] {
  return method(Api.messages.GetSearchCounters, (request) => {
    const chat = chatOf(world, request.peer);
    const topId = topIdOf(world.messages(chat.id), request.topMsgId);
    const saved = savedIn(world, chat, request.savedPeerId);
    return encodeVector(request.filters.map((filter) => {
      const count = matches(chat.id, { filter: filterOf(filter), topId, saved }).length;
      return encode({ _: "messages.searchCounter", filter: new Uint8Array(filter.getBytes()), count });
    }));
  });
}
