/**
 * Links to files of messages: whoever has one may read for a while what is attached to that message.
 * @module
 */
import * as z from "zod";
import type { Principal } from "../model/principal.ts";
import { createSeal } from "./seal.ts";

/** What a link is for. */
export interface MediaGrant {
  /** Id of the principal that it was given to, and of the account that the chat is read as. */
  readonly principal: string;
  readonly account: string;
  /** That of the principal when the link was made; empty for one whose secret was never replaced. */
  readonly generation: string;
  /** Marked id. */
  readonly chat: string;
  readonly message: number;
  /** Unix seconds from which on the link is worth nothing. */
  readonly expires: number;
}

/** Makes links and reads them. */
export interface MediaLinks {
  /**
   * @param origin where the caller reached the server, `http://127.0.0.1:8000`
   * @param place the chat's marked id and the message's id
   */
  make(
    principal: Principal,
    place: { readonly chat: string; readonly message: number },
    origin: string,
  ): { readonly url: string; readonly expires: number };
  /** What a token grants; undefined for one that was altered, is not ours, or has expired. */
  read(token: string): MediaGrant | undefined;
}

const LIFETIME_SECONDS = 3600;

const grantSchema = z.tuple([z.string(), z.string(), z.string(), z.string(), z.int(), z.int()]);

/**
 * Links under a key.
 * @param options.key 32 bytes that outlive the process
 * @param options.publicUrl the server's address, when it is another than the one that callers reach
 * @param options.now milliseconds since the epoch
 */
export function createMediaLinks(
  options: { readonly key: Uint8Array; readonly publicUrl?: string; readonly now: () => number },
): MediaLinks {
  const { key, publicUrl, now } = options;
  const seal = createSeal(key, "media/1");
  return {
    make: ({ id, accountId, generation = "" }, { chat, message }, origin) => {
      const expires = Math.floor(now() / 1000) + LIFETIME_SECONDS;
      const token = seal.close([id, accountId, generation, chat, message, expires]);
      return { url: `${publicUrl ?? origin}/media/${token}`, expires };
    },
    read: (token) => {
      const { data } = grantSchema.safeParse(seal.open(token));
      if (data === undefined) return undefined;
      const [principal, account, generation, chat, message, expires] = data;
      return now() / 1000 < expires ? { principal, account, generation, chat, message, expires } : undefined;
    },
  };
}
