/**
 * What the parts of a message in the shape of `result.json` have in common.
 * @module
 */
import { bareId, spaceOf } from "../../telegram/ids.ts";
import type { Names } from "./chats.ts";
import type { Shown } from "./clock.ts";
import type { RenderChat } from "./render.ts";

/** Keys in the order in which they are written; undefined is left out. */
export type Fields = { readonly [key: string]: unknown };

/** What a message does not say itself. */
export interface JsonContext {
  readonly chat: RenderChat;
  /** Added to the ids of the chat's messages. */
  readonly shift: number;
  readonly names: Names;
  readonly clock: (date: string) => Shown;
}

/** An id in the chat as the file has it; undefined without one. */
export function shiftedId(id: number | undefined, { shift }: JsonContext): number | undefined {
  return id === undefined ? undefined : id + shift;
}

/** `user123`, `chat123` or `channel123`. */
export function peerTag(id: string): string {
  const space = spaceOf(BigInt(id));
  return space === undefined ? id : `${space === "group" ? "chat" : space}${bareId(id)}`;
}
