/**
 * Holds the lines of an export against its manifest.
 * @module
 */
import * as z from "zod";
import { deletionSchema } from "../model/deletion.ts";
import type { Manifest, ManifestChat } from "../model/manifest.ts";
import { type Message, messageSchema } from "../model/message.ts";
import { type Counting, countMessage, hasOwnIds, sortedByName } from "./tally.ts";
import { createGapCheck, type GapCheck } from "./verify_gaps.ts";

/** Takes the lines of the messages' file in their order. */
export interface RecordCheck {
  add(line: Uint8Array | undefined): void;
  /** The first line that is wrong, and what of it, in a clause. */
  problem(): string | undefined;
  /** Messages among the lines. */
  messages(): number;
  /** After the last line: each history with what is wrong with it, if anything is. */
  chats(): readonly { readonly chat: ManifestChat; readonly problem?: string }[];
}

interface Seen extends Counting {
  readonly chat: ManifestChat;
  readonly gaps?: GapCheck;
  deletions: number;
  /** The highest id. */
  reached: number;
}

const recordSchema = z.discriminatedUnion("schema", [messageSchema, deletionSchema]);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A check of all the lines that a manifest tells of. */
export function createRecordCheck({ chats }: Pick<Manifest, "chats">): RecordCheck {
  const seen: readonly Seen[] = chats.map((chat) => ({
    chat,
    gaps: chat.gaps && createGapCheck(chat.gaps),
    messages: 0,
    deletions: 0,
    by_kind: {},
    reached: 0,
  }));
  let [lines, messages, current] = [0, 0, 0];
  let found: string | undefined;

  const check = (line: Uint8Array | undefined): string | undefined => {
    const record = line && readRecord(line);
    if (record === undefined) return "is no message/1 and no deletion/1";
    // Histories follow one another in the manifest's order.
    const index = seen.findIndex(({ chat }, index) => index >= current && chat.id === record.chat_id);
    const history = seen[index];
    if (history === undefined) return `is of the chat ${record.chat_id}, whose turn it is not`;
    current = index;
    if (record.id <= history.reached) return `has the id ${record.id}, which does not come behind ${history.reached}`;
    history.reached = record.id;
    const { since = 0 } = history.chat.bounds;
    if (record.schema === "deletion/1") {
      history.deletions++;
      return record.id <= since ? undefined : `has the deletion of ${record.id}, which no earlier export can have had`;
    }
    messages++;
    countMessage(history, record, since);
    if (record.id > since) history.gaps?.add(record.id);
    return isWithin(record, history.chat.bounds) ? undefined : `has the message ${record.id} beyond the bounds`;
  };

  return {
    add: (line) => {
      lines++;
      const problem = check(line);
      if (problem !== undefined) found ??= `line ${lines} ${problem}`;
    },
    problem: () => found,
    messages: () => messages,
    chats: () => seen.map((history) => ({ chat: history.chat, problem: compare(history) })),
  };
}

function readRecord(line: Uint8Array): z.infer<typeof recordSchema> | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(decoder.decode(line))).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function isWithin(message: Message, { from, to, up_to }: ManifestChat["bounds"]): boolean {
  if (message.id > up_to) return false;
  return (from === undefined || !isBefore(message, from)) && (to === undefined || isBefore(message, to));
}

function isBefore({ id, date }: Message, point: string): boolean {
  return point.startsWith("#") ? id < Number(point.slice(1)) : Date.parse(date) < Date.parse(point);
}

function compare({ chat, gaps, ...seen }: Seen): string | undefined {
  const said = [chat.messages, chat.edited ?? 0, chat.deletions ?? 0, chat.by_kind, chat.first, chat.last];
  const there = [
    seen.messages,
    seen.edited ?? 0,
    seen.deletions,
    sortedByName(seen.by_kind),
    seen.first,
    seen.last,
  ];
  const names = [
    "number of messages",
    "number of edited ones",
    "number of deletions",
    "count by kind",
    "first message",
    "last message",
  ];
  const wrong = names.find((_, index) => JSON.stringify(said[index]) !== JSON.stringify(there[index]));
  return wrong === undefined ? spanProblem(chat) ?? gaps?.problem() : `its ${wrong} is not what the file has`;
}

/** Gaps are told where ids are the chat's own, and over all ids that its bounds name; of a delta, over those that are new. */
function spanProblem({ kind, bounds, gaps, messages, edited = 0 }: ManifestChat): string | undefined {
  const { since = 0 } = bounds;
  const named = bounds.from === undefined ? 1 : pointId(bounds.from);
  const from = named && Math.max(named, since + 1);
  const to = bounds.to === undefined ? bounds.up_to : pointId(bounds.to, -1);
  const high = to && Math.min(to, bounds.up_to);
  if (gaps === undefined) {
    const mayLack = !hasOwnIds(kind) || (from !== undefined && high !== undefined ? high < from : messages === edited);
    return mayLack ? undefined : "its gaps are not told";
  }
  if (!hasOwnIds(kind)) return "it has gaps, but its ids are not its own";
  const isSpan = (from ?? gaps.from) === gaps.from && gaps.from > since && (high ?? gaps.to) === gaps.to &&
    gaps.to <= bounds.up_to;
  return isSpan ? undefined : "its gaps do not span its bounds";
}

/** The id that `#ID` names, moved; undefined for a date. */
function pointId(point: string, shift = 0): number | undefined {
  return point.startsWith("#") ? Number(point.slice(1)) + shift : undefined;
}
