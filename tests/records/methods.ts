/**
 * The promise, held against all that the suite has sent.
 * @module
 */
import { classify } from "../../src/mtproto/guard.ts";

/** What of the methods received by sandboxes is none that reads, keeps the session, signs in or opens a takeout. */
export function forbiddenMethods(methods: ReadonlySet<string>): string[] {
  return [...methods].filter((method) => classify(method) === "refused").toSorted();
}
