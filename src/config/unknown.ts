/**
 * Variables that look like options and are not: most often misspelt ones.
 * @module
 */
import { isOptionName, optionNames, optionOf } from "./options.ts";

/** A sentence about a variable with our prefix that is no option, naming the nearest one; none for any other variable. */
export function warningAbout(name: string): readonly string[] {
  if (!/^(?:MCP|TELEGRAM)_/.test(name) || isOptionName(name)) return [];
  const twin = name.replace(/_FILE$/, "");
  if (isOptionName(twin) && optionOf(twin).secret) return [];
  const [nearest] = optionNames().map((known) => ({ known, distance: editDistance(name, known) }))
    .sort((a, b) => a.distance - b.distance);
  const hint = nearest && nearest.distance <= 3 ? ` Did you mean ${nearest.known}?` : "";
  return [`${name} is not an option of this program and is ignored.${hint}`];
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      ));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
