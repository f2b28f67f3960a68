/** Messages and pages for tests of the compact form. */
import type { Message, Sender } from "../../src/model/message.ts";
import { createCursors } from "../../src/mcp/cursor.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import type { PageParts } from "../../src/mcp/page.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";

export const ANN: Sender = { id: "734201334", kind: "user", name: "Ann Lee", username: "annlee" };
export const SELF: Sender = { id: "1000", kind: "user", name: "Sam Self" };
export const GROUP: Peer = {
  id: "-1002000000003",
  kind: "supergroup",
  title: "Group",
  username: "sandbox_group",
  usernames: ["sandbox_group"],
};

/** A message by Ann in {@link GROUP}; fields given replace, undefined takes away. */
export function messageOf(fields: Partial<Message> = {}): Message {
  return {
    schema: "message/1",
    id: 4201,
    chat_id: GROUP.id,
    date: "2025-03-01T08:12:33Z",
    observed_at: "2025-03-02T00:00:00Z",
    sender: ANN,
    text: "Parser is red",
    ...fields,
  };
}

const cursors = createCursors(new Uint8Array(32));

/** Parts of a page with a cursor of the usual length. */
export function pageOf(messages: readonly Message[], parts: Partial<PageParts> = {}): PageParts {
  const chat = parts.chat ?? GROUP;
  return {
    chat,
    entries: messages.map((message) => ({ message, chat })),
    hasMore: false,
    notes: [],
    self: SELF.id,
    fields: "compact",
    maxChars: 32_000,
    cursorAfter: (last) =>
      cursors.seal("fetch_history", LOCAL_PRINCIPAL, { chat: GROUP.id, given: {}, after: last?.message.id ?? 0 }),
    ...parts,
  };
}
