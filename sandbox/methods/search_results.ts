/**
 * messages.getSearchResultsCalendar and messages.getSearchResultsPositions.
 * @module
 */
import { type Method, RpcError, type TlObject } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { WorldMessage } from "../world/mod.ts";
import type { Filter } from "../world/search.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode, type TlPlain } from "./encode.ts";
import { filterOf, type Matches } from "./matches.ts";
import { limited, method } from "./method.ts";
import { savedIn } from "./search.ts";

const DAY = 86_400;
/** How many results one calendar looks at; Telegram does not say how many it does. */
const SPAN = 100;

/** The filters that both methods take: those of shared media, https://core.telegram.org/api/search. */
function mediaFilterOf(input: TlObject): Filter {
  const filter = filterOf(input);
  if (filter === "Empty" || filter === "MyMentions") throw new RpcError(400, "FILTER_NOT_SUPPORTED");
  return filter;
}

/**
 * https://core.telegram.org/method/messages.getSearchResultsCalendar: "information about the next messages of the specified type in
 * the chat split by days", newest first, older than the offset; the last day may be told in part. Days are those of UTC. With each
 * day comes its newest message.
 * Errors: FILTER_NOT_SUPPORTED, PEER_ID_INVALID and those of the peer.
 */
export function getSearchResultsCalendar(answers: Answers, matches: Matches): readonly [string, Method] {
  const { world } = answers;
  return method(Api.messages.GetSearchResultsCalendar, (request) => {
    const chat = chatOf(world, request.peer);
    const history = world.messages(chat.id);
    const saved = savedIn(world, chat, request.savedPeerId);
    const found = matches(chat.id, { filter: mediaFilterOf(request.filter), saved });
    const { offsetId, offsetDate } = request;
    const isNewer = (id: number): boolean =>
      offsetId > 0 ? id >= offsetId : offsetDate > 0 && (history.byId(id)?.date ?? 0) >= offsetDate;
    const offset = found.filter(isNewer).length;
    const next = Array.from(found.subarray(offset, offset + SPAN), (id) => history.byId(id))
      .filter((each) => each !== undefined);
    const days = Map.groupBy(next, ({ date }) => date - date % DAY);
    const periods = [...days].map(([date, each]): TlPlain => ({
      _: "searchResultsCalendarPeriod",
      date,
      min_msg_id: each.at(-1)?.id ?? 0,
      max_msg_id: each[0]?.id ?? 0,
      count: each.length,
    }));
    const shown = [...days.values()].flatMap((each): readonly WorldMessage[] => each.slice(0, 1));
    return encode({
      _: "messages.searchResultsCalendar",
      count: found.length,
      min_date: next.at(-1)?.date ?? 0,
      min_msg_id: next.at(-1)?.id ?? 0,
      offset_id_offset: offset > 0 ? offset : undefined,
      periods,
      messages: shown.map((each) => answers.message(chat, each)),
      ...answers.people([chat.id], shown.flatMap((each) => answers.named(chat, each))),
    });
  });
}

/**
 * https://core.telegram.org/method/messages.getSearchResultsPositions: "sparse positions of messages of the specified type in the
 * chat", newest first, evenly spread over what is older than the offset.
 * Errors: FILTER_NOT_SUPPORTED, PEER_ID_INVALID and those of the peer.
 */
export function getSearchResultsPositions({ world }: Answers, matches: Matches): readonly [string, Method] {
  return method(Api.messages.GetSearchResultsPositions, (request) => {
    const chat = chatOf(world, request.peer);
    const history = world.messages(chat.id);
    const saved = savedIn(world, chat, request.savedPeerId);
    const found = matches(chat.id, { filter: mediaFilterOf(request.filter), saved });
    const { offsetId } = request;
    const first = offsetId > 0 ? found.filter((id) => id >= offsetId).length : 0;
    const step = Math.max(1, Math.ceil((found.length - first) / limited(request.limit)));
    const positions: TlPlain[] = [];
    for (let offset = first; offset < found.length; offset += step) {
      const msg_id = found[offset] ?? 0;
      positions.push({ _: "searchResultPosition", msg_id, date: history.byId(msg_id)?.date ?? 0, offset });
    }
    return encode({ _: "messages.searchResultsPositions", count: found.length, positions });
  });
}
