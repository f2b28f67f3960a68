/**
 * TL service actions to `message/1` service records (https://core.telegram.org/type/MessageAction).
 * @module
 */
import type { Service } from "../../model/service.ts";
import type { Api, BigInteger } from "../../mtproto/gram.ts";
import { formatPoint } from "../dates.ts";
import { markedId, markedIdIfTold, peerId, peerIdIfTold } from "../ids.ts";
import { snakeCase } from "./names.ts";
import { describePayment } from "./service_payments.ts";

const userIds = (ids: readonly BigInteger[]): string[] => ids.map((id) => markedId("user", id));
const shorten = (className: string, prefix: string): string => snakeCase(className.slice(prefix.length));

/** What happened: `action` is the constructor's name without its prefix, in snake case. */
export function mapService(action: Api.TypeMessageAction): Service {
  const name = shorten(action.className, "MessageAction");
  // It says nothing, so its name is all there is to keep.
  if (action.className === "MessageActionEmpty") return { action: name, tl_type: action.className };
  return { action: name, ...describe(action) };
}

/** The details of an action: empty where its name says it all. */
function describe(
  action: Exclude<Api.TypeMessageAction, Api.MessageActionEmpty>,
): Omit<Service, "action" | "tl_type"> {
  switch (action.className) {
    case "MessageActionChatEditPhoto":
    case "MessageActionChatDeletePhoto":
    case "MessageActionSuggestProfilePhoto":
    case "MessageActionPinMessage":
    case "MessageActionHistoryClear":
    case "MessageActionScreenshotTaken":
    case "MessageActionContactSignUp":
    case "MessageActionChatJoinedByRequest":
      return {};
    case "MessageActionChatCreate":
      return { title: action.title, user_ids: userIds(action.users) };
    case "MessageActionChannelCreate":
    case "MessageActionChatEditTitle":
    case "MessageActionTopicCreate":
      return { title: action.title };
    case "MessageActionTopicEdit":
      return {
        title: action.title || undefined,
        closed: action.closed ?? undefined,
        hidden: action.hidden ?? undefined,
      };
    case "MessageActionChatAddUser":
    case "MessageActionInviteToGroupCall":
      return { user_ids: userIds(action.users) };
    case "MessageActionChatDeleteUser":
      return { user_ids: userIds([action.userId]) };
    case "MessageActionChatJoinedByLink":
      return { inviter_id: markedId("user", action.inviterId) };
    case "MessageActionChatMigrateTo":
      return { chat_id: markedIdIfTold("channel", action.channelId) };
    case "MessageActionChannelMigrateFrom":
      return { title: action.title, chat_id: markedIdIfTold("group", action.chatId) };
    case "MessageActionPhoneCall":
      return {
        video: action.video || undefined,
        reason: action.reason ? shorten(action.reason.className, "PhoneCallDiscardReason") : undefined,
        duration: action.duration || undefined,
      };
    case "MessageActionGroupCall":
      return { duration: action.duration || undefined };
    case "MessageActionGroupCallScheduled":
      return { scheduled: formatPoint({ seconds: action.scheduleDate }) };
    case "MessageActionSetMessagesTTL":
      return {
        seconds: action.period,
        from_id: action.autoSettingFrom ? markedId("user", action.autoSettingFrom) : undefined,
      };
    case "MessageActionSetChatTheme":
      return { emoji: action.emoticon || undefined };
    case "MessageActionSetChatWallPaper":
      return { for_both: action.forBoth || undefined };
    case "MessageActionCustomAction":
      return { message: action.message };
    case "MessageActionWebViewDataSent":
    case "MessageActionWebViewDataSentMe":
      return { title: action.text };
    case "MessageActionGameScore":
      return { score: action.score };
    case "MessageActionGeoProximityReached":
      return { from_id: peerIdIfTold(action.fromId), to_id: peerIdIfTold(action.toId), metres: action.distance };
    case "MessageActionBoostApply":
      return { boosts: action.boosts };
    case "MessageActionBotAllowed":
      return {
        domain: action.domain || undefined,
        app: action.app?.className === "BotApp" ? action.app.title : undefined,
        attach_menu: action.attachMenu || undefined,
        from_request: action.fromRequest || undefined,
      };
    case "MessageActionRequestedPeer":
      return { peer_ids: told(action.peers.map(peerId)) };
    case "MessageActionRequestedPeerSentMe":
      return { peer_ids: told(action.peers.map(requestedId)) };
    case "MessageActionSecureValuesSent":
      return { document_types: action.types.map(documentType) };
    case "MessageActionSecureValuesSentMe":
      return { document_types: action.values.map(({ type }) => documentType(type)) };
    default:
      return describePayment(action);
  }
}

function documentType(type: Api.TypeSecureValueType): string {
  return shorten(type.className, "SecureValueType");
}

function told(ids: string[]): string[] | undefined {
  return ids.length === 0 ? undefined : ids;
}

function requestedId(peer: Api.TypeRequestedPeer): string {
  if (peer.className === "RequestedPeerUser") return markedId("user", peer.userId);
  if (peer.className === "RequestedPeerChat") return markedId("group", peer.chatId);
  return markedId("channel", peer.channelId);
}
