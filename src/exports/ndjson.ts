/**
 * A chat's history as NDJSON: one `message/1` a line, oldest first, in constant memory.
 * @module
 */
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import type { Range } from "../telegram/dates.ts";
import { readHistory } from "../telegram/history.ts";
import { mapMessage } from "../telegram/map/message.ts";
import type { Peer } from "../telegram/map/peer.ts";

/** What is exported. */
export interface ExportQuery {
  readonly chat: Peer;
  /** The account's own marked id. */
  readonly self: string;
  readonly range?: Range;
  /** At most so many messages. */
  readonly limit?: number;
  /** Messages with a higher id came after the export began. */
  readonly upTo: number;
  /** Goes on behind this message. */
  readonly after?: number;
}

/** A stretch of lines, to be written as it is. */
export interface Lines {
  readonly text: string;
  readonly count: number;
  readonly lastId: number;
}

/** Reads and renders the messages of a query; each is yielded once. */
export async function* exportLines(
  call: Call,
  query: ExportQuery,
  options: { readonly now?: () => number; readonly callOptions?: CallOptions } = {},
): AsyncGenerator<Lines, void, undefined> {
  const { chat, self, upTo, after } = query;
  const { now = Date.now, callOptions } = options;
  let left = query.limit ?? Infinity;
  if (left <= 0) return;
  const walk = readHistory(call, { chat, direction: "oldest_first", range: query.range }, {
    after: after === undefined ? undefined : { chat: chat.id, id: after },
    callOptions,
  });
  for await (const { messages, peers, reached } of walk) {
    const observedAt = new Date(now()).toISOString();
    const kept = messages.filter(({ id }) => id <= upTo).slice(0, left);
    const last = kept.at(-1);
    if (last !== undefined) {
      const lines = kept.map((message) =>
        `${JSON.stringify(mapMessage(message, { chat, self, peers, observedAt }))}\n`
      );
      yield { text: lines.join(""), count: kept.length, lastId: last.id };
      left -= kept.length;
    }
    if (left <= 0 || reached.id >= upTo) return;
  }
}
