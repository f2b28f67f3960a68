/**
 * Small chats for one thing each: buttons of a bot, gifts, a change of clocks, names that changed, a hidden General, an approval.
 * @module
 */
import { FRIENDS, OWNER } from "../cast.ts";
import { channelId, GENERAL, type WorldUser } from "../chat.ts";
import type { Draft, SchemaObject } from "../message.ts";
import { seconds } from "../timeline.ts";
import { channel } from "./channels.ts";
import { inline } from "./curiosities.ts";
import { every, type Listed, listed } from "./listed.ts";
import { privateChat } from "./people.ts";
import type { ChatSeed } from "./seed.ts";

/** The group whose messages surround both changes of clocks in Berlin. */
export const NIGHT_SHIFT = channelId(2_000_000_015);
/** A forum whose General topic is hidden. */
export const QUIET_FORUM = channelId(2_000_000_016);
/** A channel whose username changed. */
export const RENAMED = channelId(2_000_000_018);
/** A channel that took over a username another one had. */
export const TAKEN_OVER = channelId(2_000_000_019);
/** A group one may ask to join. */
export const WAITING_ROOM = channelId(2_000_000_020);

/** The bot with buttons. */
export const MENU_BOT: WorldUser = { id: "734201350", firstName: "Menu Bot", username: "sandbox_menu_bot", bot: true };
/** The friend who gives presents. */
export const GIVER: WorldUser = {
  id: "734201351",
  firstName: "Gina",
  lastName: "Giver",
  username: "gina_giver",
  usernames: ["gina_gifts", "gina_wraps"],
  contact: true,
};

const [ADMIN = OWNER.id, BORIS = OWNER.id, ALI = OWNER.id] = FRIENDS.map(([user]) => user.id);
/** After everything else in private chats, so that the ids of those stay what they are. */
const LATE = seconds("2025-05-31T22:40:00Z");
const STAR = "XTR";

function keyboard(...rows: readonly (readonly SchemaObject[])[]): SchemaObject {
  return {
    _: "replyKeyboardMarkup",
    resize: true,
    rows: rows.map((buttons) => ({ _: "keyboardButtonRow", buttons })),
    placeholder: "Pick one",
  };
}

const url = "https://example.com/menu";

function menuBot(): ChatSeed {
  const { id } = MENU_BOT;
  const bot = (text: string, rest: Partial<Draft> = {}): Draft => ({ text, from: id, ...rest });
  const mine = (text: string): Draft => ({ text, from: OWNER.id, out: true });
  const action = (tl: SchemaObject, sender: Partial<Draft> = { from: id }): Draft => ({
    text: "",
    ...sender,
    service: { action: "other", tl },
  });
  const drafts: readonly Draft[] = [
    { ...mine("/start"), entities: [{ type: "bot_command", offset: 0, length: 6 }] },
    bot("Welcome! What would you like?", {
      buttons: inline(
        [
          { _: "keyboardButtonUrl", text: "Today's menu", url: `${url}?day=today` },
          { _: "keyboardButtonCallback", text: "Order", data: new Uint8Array([79, 1]) },
        ],
        [
          { _: "keyboardButtonSwitchInline", same_peer: true, text: "Search", query: "soup" },
          { _: "keyboardButtonWebView", text: "Open the shop", url: `${url}/app` },
        ],
        [
          { _: "keyboardButtonUrlAuth", text: "Sign in", url: `${url}/login`, button_id: 1 },
          { _: "keyboardButtonUserProfile", text: "The cook", user_id: ADMIN },
          { _: "keyboardButtonCopy", text: "Copy the code", copy_text: "SOUP-2025" },
        ],
      ),
      named: [ADMIN],
    }),
    bot("Or answer by keyboard.", {
      buttons: keyboard(
        [{ _: "keyboardButton", text: "Soup" }, { _: "keyboardButton", text: "Salad" }],
        [
          { _: "keyboardButtonRequestPhone", text: "Send my number" },
          { _: "keyboardButtonRequestGeoLocation", text: "Send my place" },
        ],
        [
          { _: "keyboardButtonRequestPoll", quiz: false, text: "Make a poll" },
          { _: "keyboardButtonSimpleWebView", text: "Open a form", url: `${url}/form` },
          {
            _: "keyboardButtonRequestPeer",
            text: "Invite a friend",
            button_id: 2,
            peer_type: { _: "requestPeerTypeUser", bot: false },
            max_quantity: 1,
          },
        ],
      ),
    }),
    mine("Soup"),
    bot("Which bowl?", { buttons: { _: "replyKeyboardForceReply", single_use: true, placeholder: "Small or large" } }),
    bot("Thank you.", { buttons: { _: "replyKeyboardHide" } }),
    action({ _: "messageActionBotAllowed", attach_menu: true }),
    action({ _: "messageActionBotAllowed", domain: "example.com" }),
    action({ _: "messageActionWebViewDataSent", text: "Open a form" }, { from: OWNER.id, out: true }),
    action(
      { _: "messageActionRequestedPeer", button_id: 2, peers: [{ _: "peerUser", user_id: BORIS }] },
      { from: OWNER.id, out: true, named: [BORIS] },
    ),
    action({ _: "messageActionPaymentSent", currency: STAR, total_amount: "25" }, { from: OWNER.id, out: true }),
    action({ _: "messageActionSecureValuesSent", types: [{ _: "secureValueTypeEmail" }] }, {
      from: OWNER.id,
      out: true,
    }),
  ];
  return listed(privateChat(MENU_BOT, LATE), every(60, LATE, drafts), { unread: 1 });
}

function giver(): ChatSeed {
  const { id } = GIVER;
  const service = (tl: SchemaObject): Draft => ({ text: "", from: id, service: { action: "other", tl } });
  const sticker: SchemaObject = { _: "documentEmpty", id: "77" };
  const drafts: readonly Draft[] = [
    { text: "", from: id, service: { action: "contact_sign_up" } },
    { text: "A happy birthday to you!", from: id },
    service({ _: "messageActionGiftPremium", currency: "EUR", amount: "1199", months: 3 }),
    service({ _: "messageActionGiftStars", currency: "EUR", amount: "199", stars: "100", transaction_id: "t-100" }),
    service({ _: "messageActionGiftCode", months: 6, slug: "GiFtCoDe12", currency: "EUR", amount: "2399" }),
    service({
      _: "messageActionStarGift",
      saved: true,
      gift: { _: "starGift", id: "76", sticker, stars: "50", convert_stars: "42" },
      message: { _: "textWithEntities", text: "Blow out the candles!", entities: [] },
      convert_stars: "42",
    }),
    service({
      _: "messageActionStarGiftUnique",
      transferred: true,
      gift: {
        _: "starGiftUnique",
        id: "78",
        title: "Plush Pepper",
        slug: "PlushPepper-7",
        num: 7,
        attributes: [],
        availability_issued: 10,
        availability_total: 100,
      },
    }),
    service({ _: "messageActionScreenshotTaken" }),
    service({ _: "messageActionSetChatWallPaper", for_both: true, wallpaper: { _: "wallPaperNoFile", id: "79" } }),
    service({ _: "messageActionSuggestProfilePhoto", photo: { _: "photoEmpty", id: "80" } }),
    { text: "", from: id, service: { action: "phone_call", id: "9100000001", duration: 95 } },
    { text: "Did you like it?", from: id },
  ];
  return listed(privateChat(GIVER, LATE), every(60, LATE + 30, drafts), { unread: 1 });
}

/** Clocks in Berlin went back on 2024-10-27 at 01:00 UTC and forward on 2025-03-30 at 01:00 UTC. */
function nightShift(): ChatSeed {
  const around = (change: string): readonly Listed[] => {
    const at = seconds(change);
    return [-90_000, -7_200, -5_400, -3_600, -1_800, -1, 0, 1, 1_800, 3_599, 3_600, 5_400, 7_200, 90_000].map((
      shift,
    ) => ({
      date: at + shift,
      draft: {
        text: `Round at ${new Date((at + shift) * 1000).toISOString().slice(11, 19)} UTC, all quiet.`,
        from: shift % 3_600 === 0 ? BORIS : ALI,
      },
    }));
  };
  const created = seconds("2024-10-01T18:00:00Z");
  const start: Listed = {
    date: created,
    draft: { text: "", from: ADMIN, service: { action: "channel_create", title: "Night Shift" } },
  };
  return listed(
    channel({
      id: NIGHT_SHIFT,
      title: "Night Shift",
      kind: "supergroup",
      username: "sandbox_night_shift",
      size: 4,
      members: [ADMIN, OWNER.id, BORIS, ALI],
    }, created),
    [start, ...around("2024-10-27T01:00:00Z"), ...around("2025-03-30T01:00:00Z")],
    {},
  );
}

function quietForum(): ChatSeed {
  const first = seconds("2025-02-01T09:00:00Z");
  const topic = { title: "Only here", color: 0x8eee98 };
  const inTopic = { id: 2, forumTopic: true };
  return listed(
    channel({
      id: QUIET_FORUM,
      title: "Quiet Forum",
      kind: "forum",
      size: 3,
      members: [ADMIN, OWNER.id, BORIS],
      topics: [
        {
          id: GENERAL,
          created: first,
          title: "General",
          creator: ADMIN,
          color: 0x6fb9f0,
          closed: true,
          hidden: true,
          readInbox: 3,
        },
        { id: 2, created: first + 600, creator: ADMIN, ...topic, readInbox: 4 },
      ],
    }, first),
    every(600, first, [
      { text: "", from: ADMIN, service: { action: "channel_create", title: "Quiet Forum" } },
      { text: "", from: ADMIN, service: { action: "topic_create", ...topic } },
      { text: "", from: ADMIN, service: { action: "topic_edit", hidden: true } },
      { text: "General is closed for good.", from: ADMIN, replyTo: inTopic },
      { text: "Then we talk here.", from: BORIS, replyTo: inTopic },
    ]),
    { unread: 1 },
  );
}

/**
 * `@sandbox_renamed` was the name of the first and resolves to nobody now, `@sandbox_moved` was too and is the second's; the first has
 * a further name beside its new one.
 */
function renamed(): readonly ChatSeed[] {
  const first = seconds("2024-03-01T08:00:00Z");
  const post = (text: string): Draft => ({ text, post: true, views: 90, forwards: 0 });
  return [
    listed(
      channel({
        id: RENAMED,
        title: "Under A New Name",
        username: "sandbox_renamed_now",
        usernames: ["sandbox_second_name"],
        about: "Formerly @sandbox_renamed, and before that @sandbox_moved.",
        size: 40,
      }, first),
      every(86_400, first, [
        { text: "", post: true, service: { action: "channel_create", title: "Old Name" } },
        post("Follow us at @sandbox_renamed."),
        { text: "", post: true, service: { action: "edit_title", title: "Under A New Name" } },
        post("We have a new name."),
      ]),
      {},
    ),
    listed(
      channel({ id: TAKEN_OVER, title: "Somebody Else", username: "sandbox_moved", size: 12, access: "open" }, first),
      every(86_400, first + 400, [
        { text: "", post: true, service: { action: "channel_create", title: "Somebody Else" } },
        post("This name used to belong to others."),
      ]),
    ),
  ];
}

function waitingRoom(): ChatSeed {
  const first = seconds("2025-01-05T08:00:00Z");
  return listed(
    channel({
      id: WAITING_ROOM,
      title: "Waiting Room",
      kind: "supergroup",
      access: "closed",
      invite: "WaItInGrOoM1",
      approval: true,
      size: 9,
    }, first),
    every(60, first, [{ text: "", from: ADMIN, service: { action: "channel_create", title: "Waiting Room" } }]),
  );
}

/** All of them. */
export function corners(): readonly ChatSeed[] {
  return [menuBot(), giver(), nightShift(), quietForum(), ...renamed(), waitingRoom()];
}
