/**
 * What a session sent lately, so that a client whose connection broke can ask for the rest.
 * See https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

/** One server-sent event. */
export interface SentEvent {
  readonly id: string;
  readonly message: JSONRPCMessage;
}

/** What is left of a stream. */
export interface Rest {
  readonly events: readonly SentEvent[];
  /** Whether the stream's response is among what was sent: nothing will follow. */
  readonly finished: boolean;
}

/** An {@link EventStore} that forgets its oldest events. */
export interface RecentEvents extends EventStore {
  /** What followed an event on its stream; nothing when the event is unknown or forgotten. */
  after(lastEventId: string): Rest | undefined;
  /** How many events are kept. */
  readonly size: number;
}

interface Stored extends SentEvent {
  readonly streamId: string;
  readonly weight: number;
}

/** A message without a long text, in characters. */
const SMALL = 200;

/**
 * Makes the store of one session.
 * @param options.maxEvents events kept
 * @param options.maxCharacters text kept, in UTF-16 units; the newest event is kept however long it is
 */
export function createRecentEvents(
  options: { readonly maxEvents?: number; readonly maxCharacters?: number } = {},
): RecentEvents {
  const { maxEvents = 256, maxCharacters = 262_144 } = options;
  const kept: Stored[] = [];
  let last = 0;
  let characters = 0;

  const rest = (lastEventId: string): (Rest & { readonly streamId: string }) | undefined => {
    const at = kept.findIndex((event) => event.id === lastEventId);
    const seen = kept[at];
    if (seen === undefined) return undefined;
    const events = kept.slice(at + 1).filter((event) => event.streamId === seen.streamId);
    const newest = (events.at(-1) ?? seen).message;
    return { streamId: seen.streamId, events, finished: "result" in newest || "error" in newest };
  };

  return {
    storeEvent: (streamId, message) => {
      const event: Stored = { id: String(++last), streamId, message, weight: weigh(message) };
      kept.push(event);
      characters += event.weight;
      while (kept.length > maxEvents || (characters > maxCharacters && kept.length > 1)) {
        characters -= kept.shift()?.weight ?? 0;
      }
      return Promise.resolve(event.id);
    },
    replayEventsAfter: async (lastEventId, { send }) => {
      const found = rest(lastEventId);
      if (found === undefined) throw new Error("The event is not kept any more.");
      for (const event of found.events) await send(event.id, event.message);
      return found.streamId;
    },
    after: rest,
    get size() {
      return kept.length;
    },
  };
}

/** Counts the long strings of a tool's result without serialising it once more. */
function weigh(message: JSONRPCMessage): number {
  if (!("result" in message) || !Array.isArray(message.result.content)) return SMALL;
  let weight = SMALL;
  for (const block of message.result.content) {
    if (typeof block?.text === "string") weight += block.text.length;
    if (typeof block?.data === "string") weight += block.data.length;
  }
  return weight;
}
