/**
 * Writes the pins, and what the documents take from the code, anew: `deno task pins`. What changed is then a diff to look at
 * before it is kept.
 */
import { configurationPage, configurationUrl, pinUrl, readSurface } from "./surface.ts";

for (const [name, value] of Object.entries(await readSurface())) {
  await Deno.writeTextFile(pinUrl(name), `${JSON.stringify(value, undefined, 2)}\n`);
}
await Deno.writeTextFile(configurationUrl, configurationPage());
