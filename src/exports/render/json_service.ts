/**
 * What a service message tells, in the shape of Telegram Desktop's `result.json`.
 * @module
 */
import type { Message } from "../../model/message.ts";
import type { Service } from "../../model/service.ts";
import { type Fields, type JsonContext, peerTag, shiftedId } from "./json_fields.ts";
import { NOT_INCLUDED } from "./json_media.ts";

/** How Telegram Desktop calls an action and, where it differs from `message/1`, what belongs to it. */
interface Action {
  readonly name: string;
  /** From keys of `message/1`. */
  readonly keys?: { readonly [K in keyof Service]?: string };
  /** Under which key the message is that it is about. */
  readonly reply?: string;
  readonly photo?: true;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  chat_create: { name: "create_group" },
  chat_edit_title: { name: "edit_group_title" },
  chat_edit_photo: { name: "edit_group_photo", photo: true },
  chat_delete_photo: { name: "delete_group_photo" },
  chat_add_user: { name: "invite_members" },
  chat_delete_user: { name: "remove_members" },
  chat_joined_by_link: { name: "join_group_by_link" },
  chat_joined_by_request: { name: "join_group_by_request" },
  channel_create: { name: "create_channel" },
  chat_migrate_to: { name: "migrate_to_supergroup" },
  channel_migrate_from: { name: "migrate_from_group" },
  pin_message: { name: "pin_message", reply: "message_id" },
  history_clear: { name: "clear_history" },
  game_score: { name: "score_in_game", reply: "game_message_id" },
  payment_sent: { name: "send_payment", reply: "invoice_message_id" },
  payment_sent_me: { name: "send_payment", reply: "invoice_message_id" },
  payment_refunded: { name: "refunded_payment", keys: { chat_id: "peer" } },
  phone_call: { name: "phone_call", keys: { duration: "duration_seconds", reason: "discard_reason" } },
  screenshot_taken: { name: "take_screenshot" },
  custom_action: { name: "custom_action", keys: { message: "information_text" } },
  bot_allowed: { name: "allow_sending_messages", keys: { domain: "reason_domain", app: "reason_app_name" } },
  secure_values_sent: { name: "send_passport_values", keys: { document_types: "values" } },
  secure_values_sent_me: { name: "send_passport_values", keys: { document_types: "values" } },
  contact_sign_up: { name: "joined_telegram" },
  geo_proximity_reached: { name: "proximity_reached", keys: { from_id: "from", to_id: "to", metres: "distance" } },
  group_call: { name: "group_call" },
  group_call_scheduled: { name: "group_call_scheduled" },
  invite_to_group_call: { name: "invite_to_group_call" },
  set_messages_ttl: { name: "set_messages_ttl", keys: { seconds: "period" } },
  set_chat_theme: { name: "edit_chat_theme", keys: { emoji: "emoticon" } },
  set_chat_wall_paper: { name: "set_chat_wallpaper", reply: "message_id" },
  // There the button's words are a second `text`, which readers of JSON drop.
  web_view_data_sent: { name: "send_webview_data" },
  web_view_data_sent_me: { name: "send_webview_data" },
  gift_premium: { name: "send_premium_gift", keys: { message: "gift_text" } },
  gift_code: { name: "gift_code_prize", keys: { chat_id: "boost_peer", message: "gift_text" } },
  gift_stars: { name: "send_stars_gift" },
  prize_stars: {
    name: "stars_prize",
    keys: { chat_id: "boost_peer", unclaimed: "is_unclaimed", message_id: "giveaway_msg_id" },
  },
  star_gift: { name: "send_star_gift", keys: { name_hidden: "is_anonymous", message: "gift_text" } },
  topic_create: { name: "topic_created" },
  topic_edit: { name: "topic_edit", keys: { title: "new_title" } },
  suggest_profile_photo: { name: "suggest_profile_photo", photo: true },
  giveaway_results: { name: "giveaway_results", keys: { winners_count: "winners", unclaimed_count: "unclaimed" } },
};

/** The fields of an action; one that has no name in that shape keeps its own. */
export function jsonService(service: Service, message: Message, context: JsonContext): Fields {
  const { name, keys = {}, reply, photo }: Action = ACTIONS[service.action] ?? { name: service.action };
  const { action: _, ...rest } = service;
  const nameOf = (id: string): string => context.names.nameOf(id, message);
  const peer = (key: string, id: string): Fields => ({ [nameKey(key)]: nameOf(id), [`${key}_id`]: peerTag(id) });
  const field = ([key, value]: [string, unknown]): Fields => {
    switch (key) {
      case "user_ids":
        return { members: service.user_ids?.map(nameOf) };
      case "peer_ids":
        return { peers: service.peer_ids?.map(peerTag) };
      case "inviter_id":
        return { inviter: nameOf(String(value)) };
      case "from_id":
      case "to_id":
        // Readers take `from` for who sent the message.
        return peer(renamed(keys, key) ?? key.replace("id", "peer"), String(value));
      case "chat_id":
        return peer(renamed(keys, key) ?? "chat", String(value));
      case "scheduled":
        return { schedule_date: context.clock(String(value)).unix };
      case "recurring":
        return { recurring: "used" };
      default:
        return { [renamed(keys, key) ?? key]: value };
    }
  };
  return {
    action: service.attach_menu ? "attach_menu_bot_allowed" : service.from_request ? "web_app_bot_allowed" : name,
    ...(photo ? { photo: NOT_INCLUDED } : {}),
    ...Object.fromEntries(Object.entries(rest).flatMap((entry) => Object.entries(field(entry)))),
    [reply ?? "reply_to_message_id"]: shiftedId(message.reply_to?.id, context),
  };
}

function renamed(keys: NonNullable<Action["keys"]>, key: string): string | undefined {
  return Object.entries(keys).find(([from]) => from === key)?.[1];
}

/** `from` and `to` are names as they are, a `peer` has a `peer_name`. */
function nameKey(key: string): string {
  return key === "from" || key === "to" ? key : `${key}_name`;
}
