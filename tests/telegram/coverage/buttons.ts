import { BOT, DISPLAY, type Ledger } from "./entry.ts";

const SENT_BY_APPS = "only apps send it, the server answers with another";
const text = { text: "buttons.text" };
const link = { ...text, url: "buttons.url" };

/** Keyboards. */
export const BUTTONS: Ledger = {
  ReplyKeyboardHide: { dropped: "takes a keyboard away" },
  ReplyKeyboardForceReply: { dropped: "opens the app's field for an answer" },
  ReplyInlineMarkup: { kept: { rows: "buttons" } },
  ReplyKeyboardMarkup: {
    kept: { rows: "buttons" },
    left: { "resize singleUse selective persistent placeholder": DISPLAY },
  },
  KeyboardButtonRow: { kept: { buttons: "buttons" } },
  KeyboardButton: { kept: text },
  KeyboardButtonUrl: { kept: link },
  KeyboardButtonCallback: { kept: text, left: { "requiresPassword data": BOT } },
  KeyboardButtonRequestPhone: { kept: text },
  KeyboardButtonRequestGeoLocation: { kept: text },
  KeyboardButtonSwitchInline: { kept: text, left: { "samePeer query peerTypes": "what the app would type" } },
  KeyboardButtonGame: { kept: text },
  KeyboardButtonBuy: { kept: text },
  KeyboardButtonUrlAuth: { kept: link, left: { fwdText: "its text when forwarded", buttonId: BOT } },
  InputKeyboardButtonUrlAuth: { kept: link, left: { "requestWriteAccess fwdText bot": SENT_BY_APPS } },
  KeyboardButtonRequestPoll: { kept: text, left: { quiz: BOT } },
  KeyboardButtonUserProfile: { kept: { ...text, userId: "buttons.user_id" } },
  InputKeyboardButtonUserProfile: { kept: text, left: { userId: SENT_BY_APPS } },
  KeyboardButtonWebView: { kept: link },
  KeyboardButtonSimpleWebView: { kept: link },
  KeyboardButtonRequestPeer: { kept: text, left: { "buttonId peerType maxQuantity": BOT } },
  InputKeyboardButtonRequestPeer: {
    kept: text,
    left: { "nameRequested usernameRequested photoRequested buttonId peerType maxQuantity": BOT },
  },
  KeyboardButtonCopy: { kept: { ...text, copyText: "buttons.copy" } },
};
