/**
 * A message of the world, free of TL: what happened, not how it is sent.
 * @module
 */

/** The value of a field of a {@link SchemaObject}. */
export type SchemaField =
  | SchemaObject
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly SchemaField[]
  | undefined;

/** A thing told in the words of Telegram's schema, https://core.telegram.org/schema, since nothing in the world depends on it. */
export interface SchemaObject {
  readonly _: string;
  readonly [field: string]: SchemaField;
}

/** Formatting; `offset` and `length` in UTF-16 code units, as Telegram counts. */
export interface WorldEntity {
  readonly type:
    | "bold"
    | "italic"
    | "underline"
    | "strike"
    | "spoiler"
    | "code"
    | "pre"
    | "blockquote"
    | "url"
    | "email"
    | "hashtag"
    | "mention"
    | "text_link"
    | "mention_name"
    | "custom_emoji"
    | "bot_command"
    | "phone"
    | "cashtag"
    | "bank_card"
    | "unknown";
  readonly offset: number;
  readonly length: number;
  /** Of a `text_link`. */
  readonly url?: string;
  /** Of a `pre`. */
  readonly language?: string;
  /** Of a `mention_name`: a decimal user id. */
  readonly userId?: string;
  /** Of a `custom_emoji`. */
  readonly documentId?: string;
  /** Of a `blockquote`: shown in part. */
  readonly collapsed?: boolean;
}

/** A file-like medium; `size` in bytes, `duration` in seconds. */
export interface WorldFile {
  readonly kind: "video" | "document" | "audio" | "voice" | "video_note" | "gif" | "sticker";
  /** A signed 64-bit number in decimal. */
  readonly id: string;
  readonly mime: string;
  readonly size: number;
  readonly name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly duration?: number;
  readonly title?: string;
  readonly performer?: string;
  readonly emoji?: string;
}

/** What a message carries beside its text. */
export type WorldMedia =
  | WorldFile
  | {
    readonly kind: "photo";
    readonly id: string;
    readonly width: number;
    readonly height: number;
    readonly size: number;
  }
  | {
    readonly kind: "webpage";
    readonly id: string;
    readonly url: string;
    readonly site: string;
    readonly title: string;
    readonly description: string;
  }
  | { readonly kind: "geo"; readonly latitude: number; readonly longitude: number }
  | {
    readonly kind: "contact";
    readonly phone: string;
    readonly firstName: string;
    readonly lastName: string;
    readonly userId?: string;
  }
  | {
    readonly kind: "poll";
    readonly id: string;
    readonly question: string;
    readonly options: readonly { readonly text: string; readonly votes: number }[];
    readonly closed?: boolean;
    readonly multiple?: boolean;
    /** Who voted for what is shown. */
    readonly open?: boolean;
    /** Of a quiz: the place of the right option. */
    readonly right?: number;
    /** The explanation of a quiz. */
    readonly solution?: string;
    /** The places of what we voted for. */
    readonly chosen?: readonly number[];
  }
  | {
    readonly kind: "venue";
    readonly latitude: number;
    readonly longitude: number;
    readonly title: string;
    readonly address: string;
  }
  | {
    readonly kind: "geo_live";
    readonly latitude: number;
    readonly longitude: number;
    /** Seconds. */
    readonly period: number;
    /** Degrees. */
    readonly heading?: number;
  }
  | { readonly kind: "dice"; readonly emoji: string; readonly value: number }
  | { readonly kind: "story"; readonly peer: string; readonly storyId: number }
  /** A photo or file that destroyed itself, https://core.telegram.org/constructor/messageMediaPhoto (ttl_seconds). */
  | { readonly kind: "expired"; readonly of: "photo" | "video" | "voice" | "video_note"; readonly ttl: number }
  | { readonly kind: "other"; readonly tl: SchemaObject };

/** What a service message tells; user ids are decimal. */
export type WorldAction =
  | { readonly action: "channel_create" | "edit_title"; readonly title: string }
  | { readonly action: "chat_create"; readonly title: string; readonly users: readonly string[] }
  | { readonly action: "edit_photo"; readonly photoId: string }
  | { readonly action: "pin" }
  | { readonly action: "add_user"; readonly users: readonly string[] }
  | { readonly action: "joined_by_link"; readonly inviter: string }
  | { readonly action: "remove_user"; readonly user: string }
  | { readonly action: "phone_call"; readonly id: string; readonly duration?: number; readonly missed?: boolean }
  | { readonly action: "contact_sign_up" }
  | { readonly action: "topic_create"; readonly title: string; readonly color: number }
  | { readonly action: "topic_edit"; readonly title?: string; readonly closed?: boolean; readonly hidden?: boolean }
  | { readonly action: "migrate_to"; readonly chat: string }
  | { readonly action: "migrate_from"; readonly chat: string; readonly title: string }
  | { readonly action: "other"; readonly tl: SchemaObject };

/** One message. A field that does not apply is absent. */
export interface WorldMessage {
  readonly id: number;
  /** Unix time in seconds, like every date here. */
  readonly date: number;
  readonly edited?: number;
  /** It is not to be shown as edited, https://core.telegram.org/constructor/message (edit_hide). */
  readonly editHidden?: boolean;
  /** The sender's marked id; absent for posts of a channel. */
  readonly from?: string;
  readonly text: string;
  readonly entities?: readonly WorldEntity[];
  readonly replyTo?: {
    readonly id: number;
    /** The first message of the thread, unless that is the one answered, https://core.telegram.org/api/threads. */
    readonly topId?: number;
    readonly quote?: string;
    /** Where the quote begins, in UTF-16 code units. */
    readonly quoteAt?: number;
    /** The chat of what is answered, if it is another one. */
    readonly chat?: string;
    /** Sent in a topic of a forum other than General. */
    readonly forumTopic?: boolean;
  };
  readonly forward?: {
    readonly from?: string;
    readonly name?: string;
    readonly date: number;
    readonly postId?: number;
    readonly author?: string;
    /** The post was put into the discussion group by its channel. */
    readonly automatic?: boolean;
  };
  /** The story that is answered. */
  readonly replyToStory?: { readonly peer: string; readonly id: number };
  readonly media?: WorldMedia;
  /** The picture or video is hidden until it is tapped. */
  readonly hidden?: boolean;
  /** Seconds after which the picture or video destroys itself once it was seen. */
  readonly mediaTtl?: number;
  /** Seconds after which the message goes, https://core.telegram.org/constructor/message (ttl_period). */
  readonly ttl?: number;
  /** Shared by the messages of an album; a signed 64-bit number in decimal. */
  readonly albumId?: string;
  readonly views?: number;
  readonly forwards?: number;
  readonly reactions?: readonly {
    /** Empty for a paid or custom one. */
    readonly emoji: string;
    /** The document of a custom emoji. */
    readonly custom?: string;
    /** In stars. */
    readonly paid?: boolean;
    readonly count: number;
    readonly chosen?: boolean;
  }[];
  readonly service?: WorldAction;
  readonly pinned?: boolean;
  readonly silent?: boolean;
  readonly post?: boolean;
  /** The signature of a post or of an anonymous admin. */
  readonly author?: string;
  /** A decimal bot id. */
  readonly viaBot?: string;
  /** The buttons under it: a ReplyMarkup. */
  readonly buttons?: SchemaObject;
  /** May not be forwarded or saved, in whatever chat. */
  readonly protected?: boolean;
  /** It was scheduled, https://core.telegram.org/api/scheduled-messages. */
  readonly scheduled?: boolean;
  /** Marked ids of those it names in ways the world does not know. */
  readonly named?: readonly string[];
  readonly out?: boolean;
  readonly mentioned?: boolean;
}

/** A message as its writer knows it: id and date come from its place in the history. */
export type Draft = Omit<WorldMessage, "id" | "date">;
