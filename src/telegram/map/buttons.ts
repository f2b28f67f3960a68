/**
 * TL keyboards to `message/1` buttons (https://core.telegram.org/api/bots/buttons).
 * @module
 */
import type { Message } from "../../model/message.ts";
import type { Api } from "../../mtproto/gram.ts";
import { markedId } from "../ids.ts";
import { snakeCase } from "./names.ts";

/** The buttons row by row; undefined for a keyboard that is taken away, or was never there. */
export function mapButtons(markup: Api.TypeReplyMarkup | undefined): Message["buttons"] {
  if (markup?.className !== "ReplyInlineMarkup" && markup?.className !== "ReplyKeyboardMarkup") return undefined;
  if (markup.rows.length === 0) return undefined;
  return markup.rows.map((row) => row.buttons.map(mapButton));
}

/** `kind` is the constructor's name without what all of them share: `KeyboardButtonSwitchInline` is `switch_inline`. */
function mapButton(button: Api.TypeKeyboardButton): NonNullable<Message["buttons"]>[number][number] {
  return {
    text: button.text,
    kind: snakeCase(button.className.replace(/^(Input)?KeyboardButton/, "")) || "text",
    url: "url" in button ? button.url : undefined,
    user_id: button.className === "KeyboardButtonUserProfile" ? markedId("user", button.userId) : undefined,
    copy: button.className === "KeyboardButtonCopy" ? button.copyText : undefined,
  };
}
