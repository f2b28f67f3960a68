/**
 * TL service actions to `message/1` service records (https://core.telegram.org/type/MessageAction).
 * @module
 */
import type { Message } from "../../model/message.ts";
import type { Api, BigInteger } from "../../mtproto/gram.ts";
import { formatPoint } from "../dates.ts";
import { markedId, peerId } from "../ids.ts";
import { snakeCase } from "./names.ts";

const userIds = (ids: readonly BigInteger[]): string[] => ids.map((id) => markedId("user", id));

/** What happened: `action` is the constructor's name without its prefix, in snake case. */
export function mapService(action: Api.TypeMessageAction): NonNullable<Message["service"]> {
  const name = snakeCase(action.className.replace(/^MessageAction/, ""));
  const details = describe(action);
  return details === undefined ? { action: name, tl_type: action.className } : { action: name, ...details };
}

/** The details of an action; undefined for one that is kept under its TL name. */
function describe(action: Api.TypeMessageAction): Record<string, unknown> | undefined {
  switch (action.className) {
    case "MessageActionChatCreate":
      return { title: action.title, user_ids: userIds(action.users) };
    case "MessageActionChannelCreate":
    case "MessageActionChatEditTitle":
      return { title: action.title };
    case "MessageActionChatEditPhoto":
    case "MessageActionChatDeletePhoto":
    case "MessageActionPinMessage":
    case "MessageActionHistoryClear":
    case "MessageActionScreenshotTaken":
    case "MessageActionContactSignUp":
    case "MessageActionChatJoinedByRequest":
      return {};
    case "MessageActionChatAddUser":
      return { user_ids: userIds(action.users) };
    case "MessageActionChatDeleteUser":
      return { user_ids: userIds([action.userId]) };
    case "MessageActionChatJoinedByLink":
      return { inviter_id: markedId("user", action.inviterId) };
    case "MessageActionChatMigrateTo":
      return { chat_id: markedId("channel", action.channelId) };
    case "MessageActionChannelMigrateFrom":
      return { title: action.title, chat_id: markedId("group", action.chatId) };
    case "MessageActionPhoneCall":
      return {
        ...(action.video ? { video: true } : {}),
        ...(action.duration ? { duration: action.duration } : {}),
      };
    case "MessageActionGroupCall":
      return action.duration ? { duration: action.duration } : {};
    case "MessageActionInviteToGroupCall":
      return { user_ids: userIds(action.users) };
    case "MessageActionGroupCallScheduled":
      return { scheduled: formatPoint({ seconds: action.scheduleDate }) };
    case "MessageActionSetMessagesTTL":
      return { seconds: action.period };
    case "MessageActionCustomAction":
      return { message: action.message };
    case "MessageActionTopicCreate":
      return { title: action.title };
    case "MessageActionTopicEdit":
      return {
        ...(action.title ? { title: action.title } : {}),
        ...(typeof action.closed === "boolean" ? { closed: action.closed } : {}),
        ...(typeof action.hidden === "boolean" ? { hidden: action.hidden } : {}),
      };
    case "MessageActionGameScore":
      return { score: action.score };
    case "MessageActionSetChatTheme":
      return { emoji: action.emoticon };
    case "MessageActionGeoProximityReached":
      return { from_id: peerId(action.fromId), to_id: peerId(action.toId), metres: action.distance };
    case "MessageActionBoostApply":
      return { boosts: action.boosts };
    default:
      return undefined;
  }
}
