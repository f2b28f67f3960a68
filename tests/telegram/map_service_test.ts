import assert from "node:assert/strict";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { mapService } from "../../src/telegram/map/service.ts";
import { ANN, assertGolden, channel, constructors, DATE, type Json } from "./golden.ts";

const call = new Api.InputGroupCall({ id: bigInt(1), accessHash: bigInt(1) });
const users = [bigInt(734201334), bigInt(77)];
const user_ids = ["734201334", "77"];

/** The actions that are taken apart, with what they tell. */
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
  [
    "a missed call has neither picture nor length",
    new Api.MessageActionPhoneCall({ callId: bigInt(1), reason: new Api.PhoneCallDiscardReasonMissed() }),
    { action: "phone_call" },
  ],
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
  ["a topic is opened", new Api.MessageActionTopicCreate({ title: "T", iconColor: 1 }), {
    action: "topic_create",
    title: "T",
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
  ["an action that is only named", new Api.MessageActionWebViewDataSent({ text: "t" }), {
    action: "web_view_data_sent",
    tl_type: "MessageActionWebViewDataSent",
  }],
];

for (const [title, action, service] of ACTIONS) {
  Deno.test(`map service: ${title}`, () => assertGolden({ title, sent: { action }, expected: { service } }));
}

Deno.test("map service: every action without a sample is kept under its TL name", () => {
  const sampled = new Set<string>(ACTIONS.map(([, { className }]) => className));
  for (const className of constructors("MessageAction").filter((each) => !sampled.has(each))) {
    // Only the name of such an action is looked at: reading any other field would be a mapping without a sample.
    const action = { className } as Api.TypeMessageAction;
    assert.deepEqual(mapService(action), { action: mapService(action).action, tl_type: className });
  }
});
