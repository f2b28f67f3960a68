/**
 * What every render takes and gives.
 * @module
 */
import type { ChatKind } from "../../model/chat.ts";
import type { MediaRecord } from "../../model/media_record.ts";
import type { Message } from "../../model/message.ts";

/** A chat as a render names it. */
export interface RenderChat {
  /** Marked id. */
  readonly id: string;
  readonly kind: ChatKind;
  readonly title: string;
  readonly username?: string;
  /** Marked id of the supergroup that this basic group has become. */
  readonly migrated_to?: string;
}

/** What the records do not say themselves. */
export interface RenderContext {
  /** The chats of the export as far as they are known; one that is not here is shown by its id. */
  readonly chats: readonly RenderChat[];
  /** The account's own marked id. */
  readonly self?: string;
  /** When the records were read, RFC 3339. */
  readonly created?: string;
  /** IANA time zone that dates are shown in. */
  readonly tz: string;
  /** What was asked for, in words. */
  readonly query?: string;
  /** What became of a message's files, for the message that was read last; absent where they were not asked for. */
  readonly mediaOf?: (message: Message) => readonly MediaRecord[];
}

/** A stretch of a file. The stretches of one file follow each other; a file that was left does not come back. */
export interface Chunk {
  /** The file's name, without folders. */
  readonly file: string;
  readonly text: string;
}

/** Renders messages, in the order in which they come. */
export type Render = (context: RenderContext, records: AsyncIterable<Message>) => AsyncGenerator<Chunk>;
