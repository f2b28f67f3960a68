/**
 * messages.getUnreadMentions.
 * @module
 */
import type { Method } from "../rpc.ts";
import { Api } from "../tl.ts";
import { isInThread } from "../world/threads.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import type { Matches } from "./matches.ts";
import { method } from "./method.ts";
import { topIdOf } from "./search.ts";
import { placesOf, within } from "./slice.ts";
import { readUpTo } from "./unread.ts";

/**
 * https://core.telegram.org/method/messages.getUnreadMentions: mentions of us that we have not read, in the whole chat or in a topic;
 * the bounds come after the slice.
 * Errors: CHANNEL_INVALID, CHANNEL_PRIVATE, MSG_ID_INVALID, PEER_ID_INVALID.
 */
export function getUnreadMentions({ world, messages }: Answers, matches: Matches): readonly [string, Method] {
  return method(Api.messages.GetUnreadMentions, (request) => {
    const chat = chatOf(world, request.peer);
    const history = world.messages(chat.id);
    const topId = topIdOf(history, request.topMsgId);
    const { offsetId } = request;
    const found = Array.from(matches(chat.id, { filter: "MyMentions" }), (id) => history.byId(id))
      .filter((each) => each !== undefined)
      .filter((each) => each.id > readUpTo(world, chat, each))
      .filter((each) => topId === undefined || isInThread(each, topId, chat.kind === "forum"));
    const offset = offsetId > 0 ? found.filter(({ id }) => id >= offsetId).length : 0;
    const { from, to } = placesOf(found.length, offset, request);
    const page = found.slice(from, to).filter(({ id }) => within(request, id));
    return messages(chat, { messages: page, count: found.length, ...offset > 0 && { place: from } });
  });
}
