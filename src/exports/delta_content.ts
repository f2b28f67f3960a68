/**
 * What two readings of a message are compared by.
 * @module
 */
import { createHash } from "node:crypto";
import * as z from "zod";

/**
 * Fields that change although nobody edits the message: counters and pins; what Telegram tells about its chat (`link`,
 * `noforwards`), adds by itself (`preview`, `restricted`, `fact_check`) or shows once it is paid for (`media_items`); and
 * `edited`, which is compared on its own.
 */
const PASSING = [
  "edited",
  "fact_check",
  "forwards",
  "link",
  "media_items",
  "noforwards",
  "observed_at",
  "pinned",
  "preview",
  "reactions",
  "replies",
  "restricted",
  "views",
] as const;

/** The same within a field: names of people and chats, and what became of a poll, an invoice, a gift or a giveaway. */
const PASSING_WITHIN: Readonly<Record<string, readonly string[]>> = {
  sender: ["kind", "name", "username"],
  forward: ["from_name"],
  reply_to: ["from_name"],
  media: ["description", "receipt_id", "locked"],
  service: ["converted", "upgraded", "transferred", "refunded"],
};

/** As within {@link PASSING_WITHIN}, of a poll, which closes by itself when its time is over, and of its options. */
const PASSING_OF_POLLS = ["voters", "solution", "closed"];
const PASSING_OF_OPTIONS = ["voters", "correct"];

const object = z.record(z.string(), z.unknown());
const editedSchema = z.iso.datetime().optional();

/** A message as it is compared. */
export interface Content {
  /** When it was edited, in unix seconds; 0 if it was not. */
  readonly edited: number;
  /** The first 64 bits of the SHA-256 of all that an edit can change. */
  readonly hash: bigint;
}

/**
 * The content of a `message/1`, mapped just now or read from a line.
 * @throws z.ZodError when it is none
 */
export function contentOf(message: object): Content {
  const all = object.parse(message);
  const kept: Record<string, unknown> = without(all, PASSING);
  for (const [field, names] of Object.entries(PASSING_WITHIN)) {
    if (kept[field] !== undefined) kept[field] = without(object.parse(kept[field]), names);
  }
  const { poll, ...media } = object.parse(kept["media"] ?? {});
  if (poll !== undefined) kept["media"] = { ...media, poll: question(object.parse(poll)) };
  const edited = editedSchema.parse(all["edited"]);
  const digest = createHash("sha256").update(JSON.stringify(kept)).digest();
  return { edited: edited === undefined ? 0 : Date.parse(edited) / 1000, hash: digest.readBigUInt64LE() };
}

/** Whether a message was edited between two readings. A date that is told no more, as of an edit to be hidden, tells nothing. */
export function isEdited(before: Content, now: Content): boolean {
  return now.hash !== before.hash || (now.edited !== 0 && now.edited !== before.edited);
}

function question(poll: Record<string, unknown>): Record<string, unknown> {
  const options = z.array(object).parse(poll["options"]).map((option) => without(option, PASSING_OF_OPTIONS));
  return { ...without(poll, PASSING_OF_POLLS), options };
}

function without(value: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
