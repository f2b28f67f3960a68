/** Golden samples of buttons. */
import { Buffer } from "node:buffer";
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import type { Json, Sample } from "../golden.ts";

const peerType = new Api.RequestPeerTypeUser({});
const url = "https://example.org/";

/** One of every constructor, with what it becomes. */
const BUTTONS: readonly (readonly [Api.TypeKeyboardButton, Json])[] = [
  [new Api.KeyboardButton({ text: "Menu" }), { kind: "text" }],
  [new Api.KeyboardButtonUrl({ text: "Site", url }), { kind: "url", url }],
  [new Api.KeyboardButtonCallback({ text: "Yes", data: Buffer.from("y"), requiresPassword: true }), {
    kind: "callback",
  }],
  [new Api.KeyboardButtonRequestPhone({ text: "Phone" }), { kind: "request_phone" }],
  [new Api.KeyboardButtonRequestGeoLocation({ text: "Here" }), { kind: "request_geo_location" }],
  [new Api.KeyboardButtonRequestPoll({ text: "Poll", quiz: true }), { kind: "request_poll" }],
  [new Api.KeyboardButtonRequestPeer({ text: "Who", buttonId: 1, peerType, maxQuantity: 1 }), { kind: "request_peer" }],
  [new Api.InputKeyboardButtonRequestPeer({ text: "Who", buttonId: 1, peerType, maxQuantity: 1 }), {
    kind: "request_peer",
  }],
  [new Api.KeyboardButtonSwitchInline({ text: "Share", query: "tea", samePeer: true }), { kind: "switch_inline" }],
  [new Api.KeyboardButtonGame({ text: "Play" }), { kind: "game" }],
  [new Api.KeyboardButtonBuy({ text: "Pay" }), { kind: "buy" }],
  [new Api.KeyboardButtonUrlAuth({ text: "Log in", url, buttonId: 1 }), { kind: "url_auth", url }],
  [new Api.InputKeyboardButtonUrlAuth({ text: "Log in", url, bot: new Api.InputUserSelf() }), {
    kind: "url_auth",
    url,
  }],
  [new Api.KeyboardButtonUserProfile({ text: "Ann", userId: bigInt(734201334) }), {
    kind: "user_profile",
    user_id: "734201334",
  }],
  [new Api.InputKeyboardButtonUserProfile({ text: "Ann", userId: new Api.InputUserSelf() }), { kind: "user_profile" }],
  [new Api.KeyboardButtonWebView({ text: "App", url }), { kind: "web_view", url }],
  [new Api.KeyboardButtonSimpleWebView({ text: "App", url }), { kind: "simple_web_view", url }],
  [new Api.KeyboardButtonCopy({ text: "Code", copyText: "TEA5" }), { kind: "copy", copy: "TEA5" }],
];

const row = (...buttons: Api.TypeKeyboardButton[]): Api.KeyboardButtonRow => new Api.KeyboardButtonRow({ buttons });

export const buttons: readonly Sample[] = [
  ...BUTTONS.map(([button, expected]): Sample => ({
    title: `a ${button.className}`,
    sent: { replyMarkup: new Api.ReplyInlineMarkup({ rows: [row(button)] }) },
    expected: { buttons: [[{ text: button.text, ...expected }]] },
  })),
  {
    title: "a keyboard of two rows",
    sent: {
      replyMarkup: new Api.ReplyKeyboardMarkup({
        resize: true,
        rows: [
          row(new Api.KeyboardButton({ text: "Menu" }), new Api.KeyboardButton({ text: "Help" })),
          row(new Api.KeyboardButton({ text: "Stop" })),
        ],
      }),
    },
    expected: {
      buttons: [[{ text: "Menu", kind: "text" }, { text: "Help", kind: "text" }], [{ text: "Stop", kind: "text" }]],
    },
  },
  {
    title: "a keyboard taken away is no button",
    sent: { replyMarkup: new Api.ReplyKeyboardHide({}) },
    expected: {},
  },
  {
    title: "an answer asked for is no button",
    sent: { replyMarkup: new Api.ReplyKeyboardForceReply({ placeholder: "Your name" }) },
    expected: {},
  },
];
