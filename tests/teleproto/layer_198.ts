/**
 * teleproto has no release of layer 198, so it is given that layer's schema, GramJS's: at its start it looks for one in
 * `localStorage`, where it would have kept its own. Stands in for `src/mtproto/before_gramjs.ts`.
 * @module
 */
import apiSchema from "telegram/tl/apiTl.js";
import { parseTl } from "telegram/tl/generationHelpers.js";
import protocolSchema from "telegram/tl/schemaTl.js";

/** In place of the number that teleproto would say. */
export const LAYER = 198;

const KEY = "teleproto:apiCache";
const definitions = [apiSchema, protocolSchema].flatMap((schema) => [...parseTl(schema, String(LAYER))]);
const kept = new Map([[KEY, JSON.stringify(definitions)]]);

Object.defineProperty(globalThis, "localStorage", {
  configurable: true,
  value: { getItem: (key: string): string | null => kept.get(key) ?? null, setItem: (): void => {} },
});
Object.defineProperty(globalThis, "alert", { value: undefined, configurable: true });
