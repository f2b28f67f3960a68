/**
 * Arguments of every tool: good ones after its own JSON Schema, then a few of them made wrong.
 * @module
 */
import type { Random } from "../../../sandbox/world/random.ts";
import type { Family } from "../family.ts";
import type { AdvertisedTool, Material } from "../house.ts";
import { isList, type Json } from "../input.ts";
import { anything, number, object, OBJECT_NAMES, text } from "../values.ts";
import { chatName, messageName } from "./names.ts";

type Schema = AdvertisedTool["inputSchema"]["properties"][string];

const TIMES = [
  "2025-03-01T00:00:00Z",
  "2025-04-01",
  "7d",
  "24h",
  "2w",
  "#812",
  "#1",
  "2025-02-30",
  "9999-12-31T23:59:59+23:59",
  "0d",
  "99999999w",
];
const SMALL_CHATS = ["@sandbox_small_69", "@sandbox_small_75", "me", "@sandbox_journal"];

/** A value that fits the schema, and as often as can be means something. */
function fitting(random: Random, name: string, schema: Schema, material: Material): Json {
  const choices = schema["enum"];
  if (choices !== undefined && isList(choices)) return random.pick(choices);
  switch (name) {
    case "chat":
      return random.oneIn(2) ? random.pick(SMALL_CHATS) : chatName(random);
    case "chats":
      return Array.from({ length: 1 + random.int(3) }, () => random.pick(SMALL_CHATS));
    case "from":
    case "to":
      return random.pick(TIMES);
    case "tz":
      return random.pick(["UTC", "Europe/Berlin", "Etc/GMT+12", "Mars/Olympus"]);
    case "id":
    case "delta_of":
      return random.oneIn(3) ? text(random) : material.exportId;
    case "message":
      return messageName(random);
    case "messages":
      return Array.from({ length: 1 + random.int(3) }, () => messageName(random));
    case "cursor":
      return random.pick(material.cursors).cursor;
    case "sender":
    case "topic":
    case "folder":
      return chatName(random);
    case "query":
      return random.oneIn(2) ? random.pick(["the", "harbour", "a b", '"', "*"]) : text(random);
    // Waiting is not what is tried here.
    case "wait_seconds":
      return random.int(2);
    case "takeout":
      return false;
  }
  switch (schema["type"]) {
    case "boolean":
      return random.oneIn(2);
    case "integer":
    case "number": {
      const [least, most] = [Number(schema["minimum"] ?? 1), Number(schema["maximum"] ?? 100)];
      return random.pick([least, least + random.int(Math.min(50, most - least + 1)), Math.min(most, 100)]);
    }
    case "array":
      return [text(random)];
    default:
      return text(random);
  }
}

/** Arguments for a tool, with some of them mutated. */
export function argumentsFor(random: Random, tool: AdvertisedTool, material: Material): Json {
  const entries = Object.entries(tool.inputSchema.properties).flatMap(([name, schema]): [string, Json][] => {
    const isUsual = ["chat", "id", "message", "messages", "query"].includes(name);
    return random.oneIn(isUsual ? 1 : 4) ? [[name, fitting(random, name, schema, material)]] : [];
  }).filter(() => !random.oneIn(12));
  for (let count = random.int(3); count > 0 && entries.length > 0; count--) {
    const at = random.int(entries.length);
    const [name = "", value = null] = entries[at] ?? [];
    entries[at] = [name, mutated(random, value)];
  }
  if (random.oneIn(5)) {
    entries.push([random.oneIn(2) ? random.pick(OBJECT_NAMES) : text(random).slice(0, 60), anything(random)]);
  }
  const [first] = entries;
  if (first !== undefined && random.oneIn(10)) entries.push([`${first[0]}@2`, anything(random)]);
  return object(entries.map(([name, value]) => [name, /^wait_seconds/.test(name) && Number(value) > 2 ? 0 : value]));
}

function mutated(random: Random, value: Json): Json {
  switch (random.int(7)) {
    case 0:
      return anything(random);
    case 1:
      return number(random);
    case 2:
      return text(random);
    case 3:
      return [value];
    case 4:
      return typeof value === "string" ? value.repeat(1 + random.int(40)) : JSON.stringify(value);
    case 5:
      return typeof value === "string" ? value + text(random) : null;
    default:
      return isList(value)
        ? Array.from({ length: random.pick([0, 51, 101, 5000]) }, () => value[0] ?? null)
        : { value };
  }
}

/** Calls of every tool over plain HTTP and over MCP. */
export const args: Family = {
  name: "arguments",
  draw: (random, material) => {
    const tool = random.pick(material.tools);
    const json = argumentsFor(random, tool, material);
    const headers: [string, string][] = [["Content-Type", "application/json"]];
    if (!random.oneIn(3)) {
      return { kind: "request", method: "POST", target: `/api/tools/${tool.name}`, headers, body: { json } };
    }
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool.name, arguments: json } };
    return {
      kind: "request",
      method: "POST",
      target: "/mcp",
      headers: [...headers, ["Accept", "application/json, text/event-stream"]],
      body: { json: call },
    };
  },
};
