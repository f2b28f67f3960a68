/** Golden samples of service actions. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { ANN, channel, DATE, type Json, type Sample } from "../golden.ts";
import { bytes, photo } from "./tl.ts";

const call = new Api.InputGroupCall({ id: bigInt(1), accessHash: bigInt(1) });
const users = [bigInt(734201334), bigInt(77)];
const user_ids = ["734201334", "77"];
const wallpaper = new Api.WallPaperNoFile({ id: bigInt(1) });
const app = new Api.BotApp({
  id: bigInt(1),
  accessHash: bigInt(1),
  shortName: "forecast",
  title: "Forecast",
  description: "",
  photo: photo(),
  hash: bigInt(1),
});

const DOCUMENT_TYPES: readonly (readonly [Api.TypeSecureValueType, string])[] = [
  [new Api.SecureValueTypePersonalDetails(), "personal_details"],
  [new Api.SecureValueTypePassport(), "passport"],
  [new Api.SecureValueTypeDriverLicense(), "driver_license"],
  [new Api.SecureValueTypeIdentityCard(), "identity_card"],
  [new Api.SecureValueTypeInternalPassport(), "internal_passport"],
  [new Api.SecureValueTypeAddress(), "address"],
  [new Api.SecureValueTypeUtilityBill(), "utility_bill"],
  [new Api.SecureValueTypeBankStatement(), "bank_statement"],
  [new Api.SecureValueTypeRentalAgreement(), "rental_agreement"],
  [new Api.SecureValueTypePassportRegistration(), "passport_registration"],
  [new Api.SecureValueTypeTemporaryRegistration(), "temporary_registration"],
  [new Api.SecureValueTypePhone(), "phone"],
  [new Api.SecureValueTypeEmail(), "email"],
];

const HANG_UPS: readonly (readonly [Api.TypePhoneCallDiscardReason, string])[] = [
  [new Api.PhoneCallDiscardReasonMissed(), "missed"],
  [new Api.PhoneCallDiscardReasonDisconnect(), "disconnect"],
  [new Api.PhoneCallDiscardReasonHangup(), "hangup"],
  [new Api.PhoneCallDiscardReasonBusy(), "busy"],
  [new Api.PhoneCallDiscardReasonAllowGroupCall({ encryptedKey: bytes }), "allow_group_call"],
];

/** Every action that has nothing to do with money, with what it tells. */
const ACTIONS: readonly (readonly [string, Api.TypeMessageAction, Json])[] = [
  ["a group is made", new Api.MessageActionChatCreate({ title: "T", users }), {
    action: "chat_create",
    title: "T",
    user_ids,
  }],
  ["a channel is made", new Api.MessageActionChannelCreate({ title: "T" }), { action: "channel_create", title: "T" }],
  ["a new title", new Api.MessageActionChatEditTitle({ title: "T" }), { action: "chat_edit_title", title: "T" }],
  ["a new picture", new Api.MessageActionChatEditPhoto({ photo: new Api.PhotoEmpty({ id: bigInt(1) }) }), {
    action: "chat_edit_photo",
  }],
  ["no picture any more", new Api.MessageActionChatDeletePhoto(), { action: "chat_delete_photo" }],
  ["a pinned message", new Api.MessageActionPinMessage(), { action: "pin_message" }],
  ["a cleared history", new Api.MessageActionHistoryClear(), { action: "history_clear" }],
  ["a screenshot", new Api.MessageActionScreenshotTaken(), { action: "screenshot_taken" }],
  ["a contact joins Telegram", new Api.MessageActionContactSignUp(), { action: "contact_sign_up" }],
  ["joined by request", new Api.MessageActionChatJoinedByRequest(), { action: "chat_joined_by_request" }],
  ["somebody is added", new Api.MessageActionChatAddUser({ users }), { action: "chat_add_user", user_ids }],
  ["somebody is removed", new Api.MessageActionChatDeleteUser({ userId: bigInt(77) }), {
    action: "chat_delete_user",
    user_ids: ["77"],
  }],
  ["joined by link", new Api.MessageActionChatJoinedByLink({ inviterId: bigInt(77) }), {
    action: "chat_joined_by_link",
    inviter_id: "77",
  }],
  ["a group became a supergroup", new Api.MessageActionChatMigrateTo({ channelId: bigInt(2000000003) }), {
    action: "chat_migrate_to",
    chat_id: "-1002000000003",
  }],
  ["a supergroup was a group", new Api.MessageActionChannelMigrateFrom({ title: "T", chatId: bigInt(42) }), {
    action: "channel_migrate_from",
    title: "T",
    chat_id: "-42",
  }],
  ["a video call", new Api.MessageActionPhoneCall({ video: true, callId: bigInt(1), duration: 65 }), {
    action: "phone_call",
    video: true,
    duration: 65,
  }],
  ["a group call begins", new Api.MessageActionGroupCall({ call }), { action: "group_call" }],
  ["a group call ends", new Api.MessageActionGroupCall({ call, duration: 65 }), { action: "group_call", duration: 65 }],
  ["asked into a group call", new Api.MessageActionInviteToGroupCall({ call, users }), {
    action: "invite_to_group_call",
    user_ids,
  }],
  ["a group call to come", new Api.MessageActionGroupCallScheduled({ call, scheduleDate: DATE }), {
    action: "group_call_scheduled",
    scheduled: "2025-03-01T08:12:33Z",
  }],
  ["messages delete themselves", new Api.MessageActionSetMessagesTTL({ period: 86_400 }), {
    action: "set_messages_ttl",
    seconds: 86_400,
  }],
  ["messages stay, which Telegram says as zero", new Api.MessageActionSetMessagesTTL({ period: 0 }), {
    action: "set_messages_ttl",
    seconds: 0,
  }],
  ["words of Telegram", new Api.MessageActionCustomAction({ message: "Hi" }), {
    action: "custom_action",
    message: "Hi",
  }],
  ["a topic is renamed", new Api.MessageActionTopicEdit({ title: "T" }), { action: "topic_edit", title: "T" }],
  ["a topic is closed", new Api.MessageActionTopicEdit({ closed: true }), { action: "topic_edit", closed: true }],
  ["a topic is opened again and hidden", new Api.MessageActionTopicEdit({ closed: false, hidden: true }), {
    action: "topic_edit",
    closed: false,
    hidden: true,
  }],
  ["a score", new Api.MessageActionGameScore({ gameId: bigInt(1), score: 12 }), { action: "game_score", score: 12 }],
  ["a theme", new Api.MessageActionSetChatTheme({ emoticon: "🎨" }), { action: "set_chat_theme", emoji: "🎨" }],
  [
    "somebody is near",
    new Api.MessageActionGeoProximityReached({ fromId: ANN, toId: channel(2000000001), distance: 50 }),
    { action: "geo_proximity_reached", from_id: "734201334", to_id: "-1002000000001", metres: 50 },
  ],
  ["a boost", new Api.MessageActionBoostApply({ boosts: 3 }), { action: "boost_apply", boosts: 3 }],
  ["no action at all", new Api.MessageActionEmpty(), { action: "empty", tl_type: "MessageActionEmpty" }],
  ["a picture that is suggested", new Api.MessageActionSuggestProfilePhoto({ photo: photo() }), {
    action: "suggest_profile_photo",
  }],
  ["a wallpaper for both", new Api.MessageActionSetChatWallPaper({ forBoth: true, wallpaper }), {
    action: "set_chat_wall_paper",
    for_both: true,
  }],
  ["the same wallpaper", new Api.MessageActionSetChatWallPaper({ same: true, wallpaper }), {
    action: "set_chat_wall_paper",
  }],
  ["a theme taken away", new Api.MessageActionSetChatTheme({ emoticon: "" }), { action: "set_chat_theme" }],
  ["a form sent to a bot", new Api.MessageActionWebViewDataSent({ text: "Order" }), {
    action: "web_view_data_sent",
    title: "Order",
  }],
  ["a form that a bot got", new Api.MessageActionWebViewDataSentMe({ text: "Order", data: "{}" }), {
    action: "web_view_data_sent_me",
    title: "Order",
  }],
  ["a site that a bot may log in to", new Api.MessageActionBotAllowed({ domain: "example.org" }), {
    action: "bot_allowed",
    domain: "example.org",
  }],
  ["a bot that may write since it was asked to", new Api.MessageActionBotAllowed({ fromRequest: true }), {
    action: "bot_allowed",
    from_request: true,
  }],
  ["a bot in the menu", new Api.MessageActionBotAllowed({ attachMenu: true, app: new Api.BotAppNotModified() }), {
    action: "bot_allowed",
    attach_menu: true,
  }],
  ["a bot's app", new Api.MessageActionBotAllowed({ app }), { action: "bot_allowed", app: "Forecast" }],
  ["chats that are shared", new Api.MessageActionRequestedPeer({ buttonId: 1, peers: [ANN, channel(2000000001)] }), {
    action: "requested_peer",
    peer_ids: ["734201334", "-1002000000001"],
  }],
  [
    "chats that a bot got",
    new Api.MessageActionRequestedPeerSentMe({
      buttonId: 1,
      peers: [
        new Api.RequestedPeerUser({ userId: bigInt(77), firstName: "Bo", lastName: "Ek" }),
        new Api.RequestedPeerChat({ chatId: bigInt(42), title: "T" }),
        new Api.RequestedPeerChannel({ channelId: bigInt(2000000001), title: "T" }),
      ],
    }),
    { action: "requested_peer_sent_me", peer_ids: ["77", "-42", "-1002000000001"] },
  ],
  [
    "papers sent to a bot",
    new Api.MessageActionSecureValuesSent({ types: DOCUMENT_TYPES.map(([type]) => type) }),
    { action: "secure_values_sent", document_types: DOCUMENT_TYPES.map(([, name]) => name) },
  ],
  [
    "papers that a bot got",
    new Api.MessageActionSecureValuesSentMe({
      values: [new Api.SecureValue({ type: new Api.SecureValueTypePassport(), hash: bytes })],
      credentials: new Api.SecureCredentialsEncrypted({ data: bytes, hash: bytes, secret: bytes }),
    }),
    { action: "secure_values_sent_me", document_types: ["passport"] },
  ],
  [
    "messages delete themselves as somebody's setting for new chats wants it",
    new Api.MessageActionSetMessagesTTL({ period: 86_400, autoSettingFrom: bigInt(77) }),
    { action: "set_messages_ttl", seconds: 86_400, from_id: "77" },
  ],
  ...HANG_UPS.map(([reason, name]): readonly [string, Api.TypeMessageAction, Json] => [
    `a call that ends: ${name}`,
    new Api.MessageActionPhoneCall({ callId: bigInt(1), reason }),
    { action: "phone_call", reason: name },
  ]),
];

export const actions: readonly Sample[] = ACTIONS.map(([title, action, service]) => ({
  title,
  sent: { action },
  expected: { service },
}));
