/**
 * What the arguments of any call may be made of. It stands before the schemas, which would look at all of it, and outside
 * them, since every conversation pays for what they say.
 * @module
 */
import { AppError } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";

/** Characters (UTF-16 units) of a string. */
const LONGEST_STRING = 4096;
/** Characters of a cursor, which this server made itself. */
const LONGEST_CURSOR = 16_384;
/** Members of an object or an array. */
const MOST_MEMBERS = 1000;
/** Objects and arrays within one another, the arguments themselves not counted. */
const DEEPEST = 16;

/** Names that an object has without being given them; no tool has such an argument, and the schemas overlook the first. */
const INBORN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Checks their size and the names of what nests in them. Work stops at the first excess.
 * @param inputSchema names the arguments there are
 * @throws AppError INPUT_VALIDATION with the argument at fault
 */
export function assertArgumentBounds(args: unknown, { properties }: JsonObject): void {
  const known = typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
  walk(args, [], (path, name) => {
    const field = fieldOf([...path, name]);
    throw new AppError("INPUT_VALIDATION", `There is no argument ${JSON.stringify(field)}.`, {
      field,
      hint: `The arguments are: ${known.join(", ")}.`,
    });
  });
}

function walk(
  value: unknown,
  path: readonly string[],
  onInborn: (path: readonly string[], name: string) => never,
): void {
  if (typeof value === "string") {
    const longest = path.length === 1 && path[0] === "cursor" ? LONGEST_CURSOR : LONGEST_STRING;
    if (value.length > longest) throw excess(path, `it may have at most ${longest} characters.`);
  } else if (typeof value === "object" && value !== null) {
    if (path.length > DEEPEST) throw excess(path.slice(0, 1), `it may be at most ${DEEPEST} levels deep.`);
    const members = Object.entries(value);
    if (members.length > MOST_MEMBERS) {
      throw excess(path, `it may have at most ${MOST_MEMBERS} ${Array.isArray(value) ? "items" : "members"}.`);
    }
    for (const [name, member] of members) {
      if (INBORN.has(name)) onInborn(path, name);
      walk(member, [...path, name], onInborn);
    }
  }
}

function excess(path: readonly string[], sentence: string): AppError {
  const field = fieldOf(path);
  return new AppError("INPUT_VALIDATION", `${field}: ${sentence}`, { field, hint: "Send less of it." });
}

/** A place as the schemas' errors name it, however long its names are. */
function fieldOf(path: readonly string[]): string {
  return path.length === 0 ? "arguments" : path.join(".").slice(0, 80);
}
