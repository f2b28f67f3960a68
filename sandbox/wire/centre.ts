/**
 * What a connection finds in its data centre, and what handling a message finds in its connection.
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Dispatch } from "./dispatch.ts";
import type { Message } from "./envelope.ts";
import type { AuthKey, KeyStore } from "./keys.ts";
import type { Session } from "./session.ts";

/** What all connections of a data centre share. */
export interface Centre {
  /** Its number; that of the home one for all that have no listener of their own. */
  readonly dcId: number;
  readonly keys: KeyStore;
  readonly dispatch: Dispatch;
  /** The session of a key, and whether it is new. */
  readonly session: (key: AuthKey, id: bigint) => { session: Session; isNew: boolean };
  readonly endSession: (key: AuthKey, id: bigint) => boolean;
  /** The next message id of the server. @param isAnswer whether it answers a client's message */
  readonly messageId: (isAnswer: boolean) => bigint;
  /** Unix seconds, with fractions. */
  readonly now: () => number;
  /** Answers longer than this are packed; in bytes. */
  readonly gzipAbove: number;
  /** The time by which salts are chosen, in Unix seconds. */
  readonly saltTime: () => number;
  /** How many answers go into a container. */
  readonly containers: () => number;
  /** Whether a message of an unknown type comes before them. */
  readonly strangers: () => boolean;
  /** Notes a service method that a client called. */
  readonly record: (method: string, key: AuthKey) => void;
}

/** What handling a message may do with the connection it came on. */
export interface Exchange {
  readonly centre: Centre;
  readonly key: AuthKey;
  readonly session: Session;
  /** Sends a service message. */
  reply(body: Buffer): void;
  /** Sends a message as it was sent before. */
  resend(message: Message): void;
  /** Executes a request and answers it. */
  request(id: bigint, body: Buffer): void;
  /** Sends the result of a request. */
  result(requestId: bigint, body: Buffer): void;
  /** Closes the connection unless this is called again within so many seconds. */
  disconnectAfter(seconds: number): void;
}
