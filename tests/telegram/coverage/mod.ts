/** What the mapping makes of each TL constructor that a message can hold, and of each of its fields. */
import { ACTIONS } from "./actions.ts";
import { BUTTONS } from "./buttons.ts";
import type { Ledger } from "./entry.ts";
import { FILES } from "./files.ts";
import { MEDIA, PARTS } from "./media.ts";
import { ENTITIES, MESSAGES } from "./message.ts";
import { PAYMENTS } from "./payments.ts";

export const LEDGER: Ledger = {
  ...MESSAGES,
  ...ENTITIES,
  ...MEDIA,
  ...FILES,
  ...PARTS,
  ...ACTIONS,
  ...PAYMENTS,
  ...BUTTONS,
};
