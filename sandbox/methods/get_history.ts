/**
 * messages.getHistory.
 * @module
 */
import type { Method } from "../rpc.ts";
import { Api } from "../tl.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import { method } from "./method.ts";
import { placesOf, within } from "./slice.ts";

/**
 * https://core.telegram.org/method/messages.getHistory: `offset_id` or, without one, `offset_date` ("messages sent before the
 * specified date", so exclusive) chooses where the slice begins; `max_id` and `min_id` come after. That an id makes the date
 * count for nothing is not documented: clients that page by id send the last message's date along and miss nothing.
 */
export function getHistory({ world, messages }: Answers): readonly [string, Method] {
  return method(Api.messages.GetHistory, (request) => {
    const chat = chatOf(world, request.peer);
    const history = world.messages(chat.id);
    const { offsetId, offsetDate } = request;
    const count = history.length;
    const before = offsetId > 0
      ? history.countBelowId(offsetId)
      : offsetDate > 0
      ? history.countBefore(offsetDate)
      : count;
    const offset = count - before;
    const { from, to } = placesOf(count, offset, request);
    const page = [];
    for (let place = from; place < to; place++) {
      const index = count - 1 - place;
      if (within(request, history.idAt(index))) page.push(history.at(index));
    }
    return messages(chat, { messages: page, count, ...offset > 0 && { place: from } });
  });
}
