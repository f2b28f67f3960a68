/**
 * Whom a request names: for tests that some chat was never asked about.
 * @module
 */
import { Api } from "../tl.ts";
import { channelId } from "../world/chat.ts";

/** How a field's value becomes a name, whatever object holds it. */
const NAMES: ReadonlyMap<string, (value: string) => string> = new Map([
  ["userId", (value) => value],
  ["chatId", (value) => `-${value}`],
  ["channelId", (value) => channelId(Number(value))],
  ["username", (value) => `@${value}`],
  ["hash", (value) => `+${value}`],
]);

/** Marked ids, `self`, `@name` and `+invite`, each as often as it is named. */
export function namedBy(query: { readonly className: string }): string[] {
  const groups = query instanceof Api.messages.GetChats ? query.id.map((id) => `-${id}`) : [];
  return [...namedIn("", query), ...groups];
}

function namedIn(field: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => namedIn(field, each));
  const name = NAMES.get(field);
  // The hash of a list is a number.
  if (typeof value === "string") return name === undefined ? [] : [name(value)];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  if (!("className" in value)) return name === undefined || field === "hash" ? [] : [name(String(value))];
  if (/^Input(Peer|User)Self$/.test(String(value.className))) return ["self"];
  return Object.entries(value).filter(([inner]) => inner !== "originalArgs").flatMap(([inner, each]) =>
    namedIn(inner, each)
  );
}
