/**
 * The short names by which the rows of a page tell senders and chats apart.
 * @module
 */
import { HIDDEN, isSenderHidden } from "../model/hidden_sender.ts";
import type { Message, Sender } from "../model/message.ts";
import { visible } from "../model/visible.ts";
import { type Peer, titleOf } from "../telegram/map/peer.ts";

/** A message, by who sent it and where it stands. */
interface Signed {
  readonly message: Pick<Message, "sender">;
  readonly chat: Pick<Peer, "id" | "kind" | "title" | "username">;
}

/** By marked id or {@link HIDDEN}: the label in the rows, and who that is. */
export type Labels = ReadonlyMap<string, { readonly label: string; readonly who: string }>;

/**
 * One label a sender: the name, `me` for the account. Where two would be equal, or a name looks like such a label, `#` and
 * the last four digits of the id follow, more of them if need be. A chat that posts as itself needs no label;
 * those of whom the reader may not be told have one in common.
 */
export function labelSenders(entries: readonly Signed[], self: string): Labels {
  const senders = entries.flatMap(({ message: { sender }, chat }) =>
    sender !== undefined && (sender.id !== chat.id || isPerson(sender)) ? [sender] : []
  );
  const labels = label(senders, (sender) => sender.id === self ? "me" : sender.name, self);
  const isAnyHidden = entries.some(({ message }) => isSenderHidden(message));
  return isAnyHidden
    ? new Map([...labels, [HIDDEN, { label: HIDDEN, who: "a chat that this key may not read" }]])
    : labels;
}

/** The label of a message's sender, empty for the chat itself. */
export function labelOf(message: Signed["message"], labels: Labels): string {
  return labels.get(isSenderHidden(message) ? HIDDEN : message.sender?.id ?? "")?.label ?? "";
}

/** One label a chat: its title, told apart like {@link labelSenders}. */
export function labelChats(entries: readonly Signed[]): Labels {
  return label(entries.map(({ chat }) => chat), titleOf);
}

function label<T extends { readonly id: string; readonly username?: string }>(
  all: readonly T[],
  nameOf: (one: T) => string,
  self?: string,
): Labels {
  const unique = new Map(all.map((one) => [one.id, one]));
  const names = new Map([...unique].map(([id, one]) => [id, nameOf(one)]));
  // Names that look alike once their hidden characters are shown are alike.
  const uses = Map.groupBy(names, ([, name]) => visible(name));
  return new Map([...unique].map(([id, { username }]) => {
    const name = names.get(id) ?? id;
    const namesakes = (uses.get(visible(name)) ?? []).map(([each]) => each);
    const isAlone = namesakes.length === 1 && !RESERVED.test(name);
    const shown = id === self || isAlone ? name : `${name}#${id.slice(-distinctDigits(id, namesakes))}`;
    return [id, { label: shown, who: username === undefined ? id : `${id} @${username}` }];
  }));
}

function isPerson(sender: Sender): boolean {
  return sender.kind === "user" || sender.kind === "bot";
}

/** Names that only the account, the chat itself, those who are hidden and those told apart are shown by. */
const RESERVED = /^(me|hidden)?$|#-?\d+$/;

/** How many digits at the end of an id tell it from the others: four if that is enough. */
function distinctDigits(id: string, ids: readonly string[]): number {
  const isDistinct = (digits: number): boolean =>
    ids.every((other) => other === id || other.slice(-digits) !== id.slice(-digits));
  let digits = 4;
  while (digits < id.length && !isDistinct(digits)) digits++;
  return digits;
}
