/**
 * Words of a query, looked for in names.
 * @module
 */
import { asSent } from "../model/visible.ts";

/** Whether texts hold every word of a query, whatever their case and accents; a query without words fits all. */
export function wordsMatcher(query: string | undefined): (text: string) => boolean {
  const words = fold(asSent(query ?? "")).split(/\s+/).filter(Boolean);
  return (text) => {
    const folded = fold(text);
    return words.every((word) => folded.includes(word));
  };
}

/** A text without what people leave out when they type it from memory: case and accents. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
