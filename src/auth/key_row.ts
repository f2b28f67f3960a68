/**
 * An API key as all but its holder know it.
 * @module
 */
import * as z from "zod";
import { type Principal, scopeSchema } from "../model/principal.ts";
import { jsonColumn, optionalColumn } from "../storage/columns.ts";

/** A chat that a key is restricted to, as it was called then. */
export const allowedChatSchema = z.object({
  /** Marked id. */
  id: z.string().regex(/^-?\d+$/),
  title: z.string().exactOptional(),
  username: z.string().exactOptional(),
  /** The basic group that it was, whose messages are the older part of its history; marked id. */
  former: z.string().exactOptional(),
});

/** See {@link allowedChatSchema}. */
export type AllowedChat = z.infer<typeof allowedChatSchema>;

const rowSchema = z.object({
  /** Public: logs and the audit trail name the key by it. */
  id: z.string(),
  accountId: z.string(),
  name: z.string(),
  scopes: jsonColumn.pipe(z.array(scopeSchema)),
  /** Undefined: all chats that the account can see. */
  chats: optionalColumn(jsonColumn.pipe(z.array(allowedChatSchema))),
  rate: optionalColumn(jsonColumn.pipe(z.object({ count: z.int().positive(), seconds: z.int().positive() }))),
  /** RFC 3339, as all times here. */
  created: z.string(),
  /** When it last got another secret. */
  rotated: optionalColumn(z.string()),
  /** How long the secret before that is accepted too. */
  formerUntil: optionalColumn(z.string()),
  expires: optionalColumn(z.string()),
  revoked: optionalColumn(z.string()),
  lastUsed: optionalColumn(z.string()),
  /** Requests, those that were then refused for another reason included. */
  uses: z.int(),
});

/** A row, without the secret's hash. */
export type ApiKey = z.infer<typeof rowSchema>;

/** The columns of a row, named as its fields are. */
export const COLUMNS =
  "id, account_id AS accountId, name, scopes, chats, rate, created, rotated, former_until AS formerUntil, expires, " +
  "revoked, last_used AS lastUsed, uses";

/** Rows as keys. */
export function readKeys(rows: readonly unknown[]): ApiKey[] {
  return rows.map((row) => rowSchema.parse(row));
}

/** What a key is made of. */
export interface WantedKey {
  readonly name: string;
  readonly scopes: ApiKey["scopes"];
  readonly chats?: readonly AllowedChat[] | undefined;
  readonly rate?: ApiKey["rate"];
  /** RFC 3339 in UTC, with milliseconds. */
  readonly expires?: string | undefined;
}

/** A secret that is good now. */
export const goodSecretSchema = z.object({
  /** Of its key. */
  id: z.string(),
  /** In hexadecimal. */
  hash: z.string(),
  /** When it stops being good by itself. */
  until: optionalColumn(z.string()),
});

/** See {@link goodSecretSchema}. */
export type GoodSecret = z.infer<typeof goodSecretSchema>;

/** Whether a key may be used, and why not. */
export function stateOf({ revoked, expires }: ApiKey, now: number): "active" | "expired" | "revoked" {
  if (revoked !== undefined) return "revoked";
  return expires !== undefined && Date.parse(expires) <= now ? "expired" : "active";
}

/** Who asks with a key. */
export function toPrincipal({ id, accountId, name, scopes, chats, rate, rotated }: ApiKey): Principal {
  const ids = chats?.flatMap(({ id, former }) => former === undefined ? [id] : [id, former]);
  return {
    id,
    accountId,
    name,
    scopes,
    ...(ids && { chats: new Set(ids) }),
    ...(rate && { rate }),
    ...(rotated !== undefined && { generation: rotated }),
  };
}
