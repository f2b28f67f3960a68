/**
 * messages.searchGlobal.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { World, WorldChat } from "../world/mod.ts";
import type { Search } from "../world/search.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import { comparePositions, type Position } from "./dialog_list.ts";
import { encode } from "./encode.ts";
import { filterOf, type Matches } from "./matches.ts";
import { limited, method } from "./method.ts";

/** Where the matches stand, in the order of the answers. */
type Find = (search: Search, scope: Scope) => readonly Position[];

interface Scope {
  readonly broadcastsOnly?: boolean;
  readonly groupsOnly?: boolean;
  readonly usersOnly?: boolean;
  readonly folderId?: number;
}

function isSearched(world: World, chat: WorldChat, scope: Scope): boolean {
  const dialog = world.dialogs.get(chat.id);
  if (!dialog || scope.folderId !== undefined && dialog.folder !== scope.folderId) return false;
  const person = chat.kind === "user" || chat.kind === "bot" || chat.kind === "saved";
  if (scope.broadcastsOnly) return chat.kind === "channel";
  if (scope.groupsOnly) return chat.kind !== "channel" && !person;
  return !scope.usersOnly || person;
}

/** Looks through all chats, and keeps the latest answer for its next pages until anything changes. */
function createFind(world: World, matches: Matches): Find {
  let kept: { readonly key: string; readonly found: readonly Position[] } | undefined;
  world.subscribe(() => kept = undefined);
  return (search, scope) => {
    const key = JSON.stringify([search, scope]);
    if (kept?.key === key) return kept.found;
    const found = [...world.chats.values()].filter((chat) => isSearched(world, chat, scope)).flatMap(
      ({ id: chatId }) => {
        const history = world.messages(chatId);
        return Array.from(
          matches(chatId, search),
          (id): Position => ({ chatId, id, date: history.byId(id)?.date ?? 0 }),
        );
      },
    );
    kept = { key, found: found.sort(comparePositions) };
    return kept.found;
  };
}

/**
 * https://core.telegram.org/method/messages.searchGlobal: the messages of our own chats, the newest first, whatever the chat.
 * `offset_rate` is "initially 0, then set to the next_rate parameter of messages.messagesSlice, or if that is absent, the date of the
 * last returned message"; with it go the last message's peer and id. Dates are exclusive. The count is marked as inexact.
 * Errors: FOLDER_ID_INVALID, INPUT_FILTER_INVALID, SEARCH_QUERY_EMPTY (neither words nor a filter).
 */
export function searchGlobal(answers: Answers, matches: Matches): readonly [string, Method] {
  const { world } = answers;
  const find = createFind(world, matches);
  return method(Api.messages.SearchGlobal, (request) => {
    const filter = filterOf(request.filter);
    if (request.q.trim() === "" && filter === "Empty") throw new RpcError(400, "SEARCH_QUERY_EMPTY");
    const folderId = request.folderId ?? undefined;
    if (folderId !== undefined && folderId !== 0 && folderId !== 1) throw new RpcError(400, "FOLDER_ID_INVALID");
    const { broadcastsOnly, groupsOnly, usersOnly, minDate, maxDate } = request;
    const found = find({ query: request.q, filter }, { broadcastsOnly, groupsOnly, usersOnly, folderId })
      .filter(({ date }) => (minDate <= 0 || date > minDate) && (maxDate <= 0 || date < maxDate));
    const { offsetRate, offsetId, offsetPeer } = request;
    const chatId = offsetPeer instanceof Api.InputPeerEmpty ? undefined : chatOf(world, offsetPeer).id;
    const rest = offsetRate <= 0
      ? found
      : found.filter((position) =>
        chatId === undefined
          ? position.date < offsetRate
          : comparePositions({ date: offsetRate, id: offsetId, chatId }, position) < 0
      );
    const page = rest.slice(0, limited(request.limit)).flatMap(({ chatId, id }) => {
      const chat = world.chats.get(chatId);
      const message = world.messages(chatId).byId(id);
      return chat && message ? [{ chat, message }] : [];
    });
    const body = {
      messages: page.map(({ chat, message }) => answers.message(chat, message)),
      ...answers.people(
        new Set(page.map(({ chat }) => chat.id)),
        page.flatMap(({ chat, message }) => answers.named(chat, message)),
      ),
    };
    if (found.length === page.length) return encode({ _: "messages.messages", ...body });
    const next_rate = page.length < rest.length ? page.at(-1)?.message.date : undefined;
    return encode({ _: "messages.messagesSlice", inexact: true, count: found.length, next_rate, ...body });
  });
}
