/**
 * Keys as the commands show them. What people and chats are called is what anybody may have chosen, so it is revealed.
 * @module
 */
import { type AllowedChat, type ApiKey, stateOf } from "../auth/key_row.ts";
import { formatRate } from "../config/formats.ts";
import { visible } from "../model/visible.ts";

/** A key as JSON; what is not known is absent, and so are the chats of one that sees all. */
export function keyBody(key: ApiKey, now: number): Readonly<Record<string, unknown>> {
  const { id, name, scopes, chats, rate, created, rotated, formerUntil, expires, revoked, lastUsed, uses } = key;
  return {
    id,
    name,
    state: stateOf(key, now),
    scopes,
    chats,
    rate: rate && formatRate(rate),
    created,
    rotated,
    former_until: formerUntil,
    expires,
    revoked,
    last_used: lastUsed,
    uses,
  };
}

/** A key in lines. */
export function describeKey(key: ApiKey, now: number): string {
  const { id, name, scopes, chats, rate, created, rotated, formerUntil, expires, revoked, lastUsed, uses } = key;
  const isFormerGood = formerUntil !== undefined && Date.parse(formerUntil) > now;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["name", name],
    ["id", id],
    ["state", stateOf(key, now)],
    ["scopes", scopes.join(", ")],
    ["chats", chats === undefined ? "all" : chats.map(describeChat).join(`\n${" ".repeat(13)}`)],
    ["rate", rate && formatRate(rate)],
    ["created", created],
    ["rotated", rotated],
    ["former key", isFormerGood ? `good until ${formerUntil}` : undefined],
    ["expires", expires ?? "never"],
    ["revoked", revoked],
    ["last use", lastUsed ?? "never"],
    ["uses", uses.toString()],
  ];
  return rows.flatMap(([label, value]) => value ? [`${label.padEnd(12)} ${visible(value)}\n`] : []).join("");
}

function describeChat({ id, title, username, former }: AllowedChat): string {
  return [
    id,
    title && JSON.stringify(title),
    username && `@${username}`,
    former && `and ${former}, the basic group that it was`,
  ].filter(Boolean).join(" ");
}

/** Keys in a table. */
export function keyTable(keys: readonly ApiKey[], now: number): string {
  const rows = [
    ["NAME", "ID", "SCOPES", "CHATS", "EXPIRES", "LAST USE", "USES", "STATE"],
    ...keys.map((key) => [
      visible(key.name),
      key.id,
      key.scopes.join(),
      key.chats?.length.toString() ?? "all",
      shortTime(key.expires),
      shortTime(key.lastUsed),
      key.uses.toString(),
      stateOf(key, now),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => [...row[column] ?? ""].length))) ?? [];
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - [...cell].length)).join("  ").trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}

/** To the second. */
function shortTime(time: string | undefined): string {
  return time?.replace(/\.\d+Z$/, "Z") ?? "never";
}
