/**
 * Answers and errors with every hidden character in them made visible and counted: once, over whatever they hold. See
 * `docs/decisions/0012-neutralised-once.md`.
 * @module
 */
import * as z from "zod";
import type { JsonObject } from "./json.ts";
import { hiddenIn, signOf, visible } from "./visible.ts";

/** Of an answer's schema, where clients should find it: how many characters were made visible. */
export const neutralized = z.int().min(1).optional();

/** {@link neutralized} in an answer. */
export interface Neutralized {
  readonly neutralized?: number;
}

/**
 * An answer with hidden characters shown in all its texts and names of keys; entities stay on their words. The answer itself
 * where there is nothing to show.
 * @param answer JSON: objects, arrays, texts, numbers, booleans
 * @param keys the answer's keys in the order in which clients may cut it, `neutralized` among them
 */
export function neutralize<T extends object>(answer: T, keys?: readonly string[]): T & Neutralized;
export function neutralize(answer: object, keys: readonly string[] = []): object {
  let count = 0;
  const text = (value: string): string => {
    const shown = visible(value);
    if (shown !== value) count += hiddenIn(value).length;
    return shown;
  };
  const shown = objectOf(answer, text);
  if (count === 0) return answer;
  const place = keys.includes("neutralized") ? keys.indexOf("neutralized") : keys.length;
  const before = new Set(keys.slice(0, place));
  const entries = Object.entries(shown);
  return Object.fromEntries([
    ...entries.filter(([key]) => before.has(key)),
    ["neutralized", count],
    ...entries.filter(([key]) => !before.has(key)),
  ]);
}

/** The UTF-16 units of an answer as JSON, once it is neutralised. */
export function sizeOf(answer: object): number {
  return JSON.stringify(neutralize(answer)).length;
}

type Show = (text: string) => string;

function valueOf(value: unknown, show: Show): unknown {
  if (typeof value === "string") return show(value);
  if (Array.isArray(value)) return value.map((each) => valueOf(each, show));
  return isObject(value) ? objectOf(value, show) : value;
}

function objectOf(object: object, show: Show): JsonObject {
  const moved = "text" in object && typeof object.text === "string" && "entities" in object &&
      Array.isArray(object.entities)
    ? { ...object, entities: entitiesIn(object.text, object.entities) }
    : object;
  return Object.fromEntries(Object.entries(moved).map(([key, value]) => [show(key), valueOf(value, show)]));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}

/** Entities count a text's units, of which there are more where hidden characters are shown. */
function entitiesIn(text: string, entities: readonly unknown[]): readonly unknown[] {
  const grown = hiddenIn(text).map(({ index, character }) => ({
    index,
    by: signOf(character).length - character.length,
  }));
  if (grown.length === 0) return entities;
  const moved = (place: number): number => grown.reduce((sum, { index, by }) => index < place ? sum + by : sum, place);
  return entities.map((entity) => {
    if (!isObject(entity) || typeof entity.offset !== "number" || typeof entity.length !== "number") return entity;
    const offset = moved(entity.offset);
    return { ...entity, offset, length: moved(entity.offset + entity.length) - offset };
  });
}
