/**
 * messages.getHistory.
 * @module
 */
import type { Method } from "../rpc.ts";
import { Api } from "../tl.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import { method } from "./method.ts";
import { pageOf } from "./slice.ts";

/** https://core.telegram.org/method/messages.getHistory; see {@link pageOf} for what the offsets mean. */
export function getHistory({ world, messages }: Answers): readonly [string, Method] {
  return method(Api.messages.GetHistory, (request) => {
    const chat = chatOf(world, request.peer);
    const history = world.messages(chat.id);
    return messages(chat, pageOf(history, history, request));
  });
}
