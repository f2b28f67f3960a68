/**
 * What the server remembers of a client's session: https://core.telegram.org/mtproto/description#session.
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Message } from "./envelope.ts";

/** How many requests and answers a session remembers. */
const MEMORY = 1000;
const ANSWERS = 64;

/** What is known of a client's message. */
export type Fate = "unknown" | "running" | "answered" | "done";

/** One session of one auth key. */
export interface Session {
  readonly id: bigint;
  /** Numbers a message of the server. @param needsAck whether the client must acknowledge it */
  number(id: bigint, body: Buffer, needsAck: boolean): Message;
  /** Notes that a message has come; false when it had come before. */
  arrived(id: bigint): boolean;
  /** Forgets that it came, so that it counts as new when it is sent again. */
  forget(id: bigint): void;
  /** Keeps a request's answer until it is acknowledged, to send it again to whoever asks again. */
  answered(requestId: bigint, answer: Message): void;
  answerTo(requestId: bigint): Message | undefined;
  /** The answers not yet acknowledged. */
  answers(): Message[];
  /** Ends a request without an answer. True if it was still running. */
  dropAnswer(requestId: bigint): boolean;
  acknowledge(ids: readonly bigint[]): void;
  fate(id: bigint): Fate;
}

/** A session that has not had a message. */
export function createSession(id: bigint): Session {
  let contentMessages = 0;
  const fates = new Map<bigint, "running" | "answered" | "done">();
  const answers = new Map<bigint, Message>();

  return {
    id,
    number(messageId, body, needsAck): Message {
      const seqNo = 2 * contentMessages + (needsAck ? 1 : 0);
      if (needsAck) contentMessages++;
      return { id: messageId, seqNo, body };
    },
    arrived(messageId): boolean {
      if (fates.has(messageId)) return false;
      fates.set(messageId, "running");
      trim(fates, MEMORY);
      return true;
    },
    forget: (messageId) => void fates.delete(messageId),
    answered(requestId, answer): void {
      if (fates.has(requestId)) fates.set(requestId, "answered");
      answers.set(requestId, answer);
      trim(answers, ANSWERS);
    },
    answerTo: (requestId) => answers.get(requestId),
    answers: () => [...answers.values()],
    dropAnswer(requestId): boolean {
      const running = fates.get(requestId) === "running";
      if (fates.has(requestId)) fates.set(requestId, "done");
      answers.delete(requestId);
      return running;
    },
    acknowledge(ids): void {
      const acknowledged = new Set(ids);
      for (const [requestId, answer] of answers) if (acknowledged.has(answer.id)) answers.delete(requestId);
    },
    fate: (messageId) => fates.get(messageId) ?? "unknown",
  };
}

function trim<K, V>(map: Map<K, V>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}
