/** What the ledger of the mapping says of a TL constructor. */
export interface Entry {
  /** Fields that are read, each with the place in `message/1` that it decides or helps to decide; empty where it decides that there is none. */
  readonly kept?: Readonly<Record<string, string>>;
  /** Fields that are not, with the reason; names that share one are parted by spaces. */
  readonly left?: Readonly<Record<string, string>>;
  /** Why it is kept under its TL name alone. */
  readonly tl_type?: string;
  /** Why nothing of it is kept. */
  readonly dropped?: string;
}

/** Entries by the constructor's name. */
export type Ledger = Readonly<Record<string, Entry>>;

/** Reasons that many fields share. */
export const ACCOUNT = "the state of the account that reads, not of the message";
export const DISPLAY = "how apps show it, not what it says";
export const DOWNLOAD = "needed to fetch the file, which get_media does by the message's id";
export const BOT = "meant for the bot's own program";
export const STYLE = "styling inside a text that is shown plain";
