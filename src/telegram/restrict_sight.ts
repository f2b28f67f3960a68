/**
 * What a view of some chats may see.
 * @module
 */
import type { Peers } from "./peers.ts";

/** What may be seen. */
export interface Sight {
  /** Whether a chat may be read, by its marked id. */
  readonly allows: (id: string) => boolean;
  /** Whether it has been shown as somebody who writes in such a chat, or is a member, or is mentioned there. */
  readonly hasSeen: (id: string) => boolean;
  /** Tells of somebody who has. */
  readonly see: (id: string) => void;
  readonly peers: Pick<Peers, "byUsername" | "self">;
}
