/**
 * Keys: altered, in other schemes, in other places, twice.
 * @module
 */
import type { Family } from "../family.ts";
import { damaged, text, visible } from "../values.ts";

const TARGETS = ["/api/tools", "/api/schemas/message-1", "/mcp", "/exports/x/y", "/api/tools/list_chats"];

/** Requests whose key is not where and what it should be. */
export const keys: Family = {
  name: "keys",
  draw: (random, { key }) => {
    const target = random.pick(TARGETS);
    const other = random.pick([
      damaged(random, key),
      key.slice(0, -1),
      key.toUpperCase(),
      `${key}${key}`,
      "local",
      "configured",
      text(random),
    ]);
    const [name, value] = random.pick<readonly [string, string]>([
      ["Authorization", `Bearer ${other}`],
      ["Authorization", `Bearer${random.pick(["", "\t", "  ", ":"])}${random.oneIn(2) ? key : other}`],
      ["Authorization", `${random.pick(["Basic", "Digest", "Token", "bearer", "BEARER", "DPoP", ""])} ${other}`],
      ["Authorization", `Basic ${btoa(`x:${key}`)}`],
      ["Authorization", key],
      ["Proxy-Authorization", `Bearer ${key}`],
      ["X-API-Key", key],
      ["Cookie", `authorization=Bearer ${key}`],
      ["X-Forwarded-Authorization", `Bearer ${key}`],
      ["Authorization", ""],
    ]);
    const isElsewhere = random.oneIn(4);
    const header = value.replaceAll(/[^\t\x20-\x7e]/g, (each) => visible(each));
    const method = target.startsWith("/api/tools/") || target === "/mcp" ? "POST" : "GET";
    return {
      kind: "request",
      method,
      target: isElsewhere
        ? `${target}?${random.pick(["access_token", "key", "api_key", "authorization"])}=${key}`
        : target,
      headers: isElsewhere
        ? [["Authorization", "Bearer x"]]
        : [[name, header], ...(name === "Authorization" ? [] : [["Authorization", "Bearer x"] as const])],
      ...(method === "POST" ? { body: { json: {} } } : {}),
    };
  },
};
