/**
 * JSON-RPC over `POST /mcp`: batches, ids of all types, members that are missing, too many or twice, notifications that
 * refer to anything (https://www.jsonrpc.org/specification).
 * @module
 */
import type { Random } from "../../../sandbox/world/random.ts";
import type { Family } from "../family.ts";
import type { Material } from "../house.ts";
import { type Json, type Request } from "../input.ts";
import { anything, damaged, nested, number, object, OBJECT_NAMES, text, visible } from "../values.ts";

const METHODS = [
  "initialize",
  "ping",
  "tools/list",
  "tools/call",
  "tools/call",
  "tools/call",
  "resources/list",
  "resources/read",
  "resources/read",
  "resources/read",
  "resources/templates/list",
  "resources/subscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "tasks/list",
  "tasks/get",
  "tasks/cancel",
  "sampling/createMessage",
  "server/discover",
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
  "notifications/roots/list_changed",
  "rpc.discover",
  "",
  ...OBJECT_NAMES,
];

function id(random: Random): Json {
  if (random.oneIn(6)) return anything(random);
  return random.pick<Json>([0, 1, 2, -1, "1", "", null, "a".repeat(5000)]);
}

function params(random: Random, method: string, material: Material): Json {
  if (random.oneIn(6)) return anything(random);
  const meta: [string, Json][] = random.oneIn(3)
    ? [["_meta", random.oneIn(3) ? anything(random) : { progressToken: id(random) }]]
    : [];
  switch (method) {
    case "initialize":
      return object([
        ["protocolVersion", random.oneIn(3) ? anything(random) : "2025-11-25"],
        ["capabilities", random.oneIn(4) ? anything(random) : {}],
        ["clientInfo", random.oneIn(4) ? anything(random) : { name: "x", version: "1" }],
        ...meta,
      ]);
    case "tools/call":
      return object([
        ["name", random.oneIn(8) ? anything(random) : random.pick(material.tools).name],
        ["arguments", random.oneIn(2) ? anything(random) : { chat: "@sandbox_news", limit: 1 }],
        ...(random.oneIn(6) ? [["task", anything(random)] as [string, Json]] : []),
        ...meta,
      ]);
    case "resources/read":
      return object([["uri", random.oneIn(3) ? anything(random) : uri(random, material)], ...meta]);
    case "notifications/cancelled":
      return object([["requestId", id(random)], ["reason", anything(random)]]);
    case "notifications/progress":
      return object([["progressToken", id(random)], ["progress", number(random)]]);
    default:
      return random.oneIn(2) ? object(meta) : object([...meta, [text(random).slice(0, 30), anything(random)]]);
  }
}

/** The address of a file of an export, or nearly so. */
function uri(random: Random, { exportId, files }: Material): string {
  const file = random.oneIn(2)
    ? random.pick(files)
    : random.pick(["../x", "%2e%2e/x", "..%2f..%2fdatabase", "a/b/c", "", "%"]);
  const query = random.oneIn(2)
    ? ""
    : `?offset=${random.pick(["0", "-1", "1e9", "9".repeat(30), "x"])}&limit=${
      random.pick(["1", "0", "9".repeat(15)])
    }`;
  const whole = `export://${random.oneIn(6) ? text(random) : exportId}/${file}${query}`;
  return random.oneIn(4) ? damaged(random, whole) : whole;
}

function message(random: Random, material: Material): Json {
  const method = random.oneIn(10) ? text(random) : random.pick(METHODS);
  const members: [string, Json][] = [["jsonrpc", "2.0"]];
  if (!random.oneIn(5)) members.push(["id", id(random)]);
  members.push(["method", random.oneIn(15) ? anything(random) : method]);
  if (!random.oneIn(6)) members.push(["params", params(random, method, material)]);
  if (random.oneIn(15)) members.push([random.pick(OBJECT_NAMES), anything(random)]);
  // The same name twice.
  if (random.oneIn(8)) members.push([`${random.pick(["id", "method", "params", "jsonrpc"])}@2`, anything(random)]);
  if (random.oneIn(25)) members.push([random.pick(["result", "error"]), anything(random)]);
  if (random.oneIn(25)) members[0] = ["jsonrpc", random.pick<Json>(["1.0", 2, 2.0, "2", null, "3.0"])];
  if (random.oneIn(25)) members.splice(random.int(members.length), 1);
  return object(members);
}

function body(random: Random, material: Material): NonNullable<Request["body"]> {
  if (random.oneIn(25)) return { text: nested(random, random.pick([10, 1000, 100_000])) };
  if (random.oneIn(6)) {
    const length = random.pick([0, 1, 2, 3, 5, 100, 101]);
    return { json: Array.from({ length }, () => message(random, material)) };
  }
  const json = random.oneIn(15) ? anything(random) : message(random, material);
  return random.oneIn(12) ? { text: damaged(random, JSON.stringify(json).replaceAll(/[^\0-\x7f]/g, "?")) } : { json };
}

/** Messages of all shapes, in a session, in none, and in one that there is not. */
export const rpc: Family = {
  name: "rpc",
  draw: (random, material) => {
    const headers: [string, string][] = [["Content-Type", random.oneIn(20) ? "text/plain" : "application/json"]];
    const accept = random.pick([
      "application/json, text/event-stream",
      "application/json, text/event-stream",
      "application/json, text/event-stream",
      "application/json",
      "*/*",
      "text/event-stream",
      "text/html",
      "",
    ]);
    if (accept !== "") headers.push(["Accept", accept]);
    if (random.oneIn(2)) {
      headers.push(["Mcp-Session-Id", random.oneIn(6) ? visible(text(random)) : random.pick(material.sessions)]);
    }
    if (random.oneIn(3)) {
      headers.push(["MCP-Protocol-Version", random.oneIn(3) ? visible(text(random)).slice(0, 200) : "2025-11-25"]);
    }
    if (random.oneIn(15)) headers.push(["Last-Event-ID", random.oneIn(2) ? "1" : visible(text(random)).slice(0, 200)]);
    const method = random.oneIn(15) ? random.pick(["GET", "GET", "GET", "PUT", "PUT", "PUT", "DELETE"]) : "POST";
    return { kind: "request", method, target: "/mcp", headers, body: body(random, material) };
  },
};
