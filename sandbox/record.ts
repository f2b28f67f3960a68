/**
 * What the methods received leave behind for whoever looks at a whole run of tests: a file that says each of them once.
 * @module
 */
import { join } from "node:path";
import type { Entry, Journal } from "./journal.ts";

/** Names the folder of the records. Tests whose client is not the product leave it empty. */
export const RECORDS_VARIABLE = "TEST_RECORDS";

/**
 * A journal that also writes each method, and each wrapper, that it meets for the first time into a file of its own in the folder,
 * at once: a sandbox may be killed. Clearing it forgets nothing there.
 */
export function recorded(journal: Journal, folder: string): Journal {
  const path = join(folder, `methods-${crypto.randomUUID()}.txt`);
  const seen = new Set<string>();
  const note = (entry: Entry): void => {
    for (const name of [entry.method, ...entry.wrappers]) {
      if (seen.has(name)) continue;
      seen.add(name);
      Deno.writeTextFileSync(path, `${name}\n`, { append: true });
    }
  };
  return {
    begin: journal.begin,
    clear: journal.clear,
    record: (entry) => {
      note(entry);
      journal.record(entry);
    },
    get atOnce(): Journal["atOnce"] {
      return journal.atOnce;
    },
    get entries(): Journal["entries"] {
      return journal.entries;
    },
    get counts(): Journal["counts"] {
      return journal.counts;
    },
  };
}
