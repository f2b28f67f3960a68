/**
 * Which users and chats a request names, in whatever way TL does (https://core.telegram.org/api/peers).
 * @module
 */
import { type IdSpace, markedId } from "./ids.ts";
import { fieldsOf, isTl, type Tl } from "./tl.ts";

/** Instead of a marked id: the account itself. */
export const SELF = "self";
/** Instead of a marked id: all chats of a folder. */
export const FOLDER = "folder";

/** Somebody whom a request names. */
export interface Named {
  /** Marked, {@link SELF} or {@link FOLDER}. */
  readonly id: string;
  /** Of the request, with the name in it. */
  readonly field: string;
}

/** Fields that hold an id, whatever holds them. */
const ID_FIELDS: ReadonlyMap<string, IdSpace> = new Map([
  ["userId", "user"],
  ["chatId", "group"],
  ["channelId", "channel"],
]);

/** Everybody whom a request names, that in its envelopes included. */
export function namedBy(request: Tl): Named[] {
  const inside = innermost(request);
  return fieldsOf(inside).flatMap(([field, value]) => {
    const isListOfGroups = inside.className === "messages.GetChats" && field === "id";
    return namedIn(value, isListOfGroups ? "chatId" : field).map((id) => ({ id, field }));
  });
}

/** The request inside its envelopes. */
export function innermost(request: Tl): Tl {
  return "query" in request && isTl(request.query) ? innermost(request.query) : request;
}

/** Whom a value names: marked ids, {@link SELF} and {@link FOLDER}. */
export function namedIn(value: unknown, field = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => namedIn(each, field));
  if (isTl(value)) {
    if (/^Input(Peer|User)Self$/.test(value.className)) return [SELF];
    if (value.className === "InputDialogPeerFolder") return [FOLDER];
    return fieldsOf(value).flatMap(([name, inner]) => namedIn(inner, name));
  }
  const space = ID_FIELDS.get(field);
  // Ids are `bigint`s of the language or of a library.
  const digits = String(value);
  return space !== undefined && /^\d+$/.test(digits) ? [markedId(space, BigInt(digits))] : [];
}
