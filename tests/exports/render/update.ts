/** Writes the goldens of the renders anew: `deno task goldens`. What changed is then a diff to look at before it is kept. */
import { GOLDENS, renderGoldens } from "./goldens.ts";

for (const [name, text] of await renderGoldens()) await Deno.writeTextFile(new URL(name, GOLDENS), text);
