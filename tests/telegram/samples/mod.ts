/** All golden samples, by what they are about. */
import type { Sample } from "../golden.ts";
import { actions } from "./actions.ts";
import { buttons } from "./buttons.ts";
import { entities } from "./entities.ts";
import { files } from "./files.ts";
import { forwards, replies } from "./headers.ts";
import { media } from "./media.ts";
import { messages, senders } from "./messages.ts";
import { payments } from "./payments.ts";
import { polls } from "./polls.ts";
import { previews } from "./previews.ts";
import { reactions } from "./reactions.ts";

export const SAMPLES = {
  message: messages,
  sender: senders,
  reaction: reactions,
  reply: replies,
  forward: forwards,
  entity: entities,
  file: files,
  poll: polls,
  media,
  preview: previews,
  button: buttons,
  service: actions,
  payment: payments,
} as const satisfies Readonly<Record<string, readonly Sample[]>>;
