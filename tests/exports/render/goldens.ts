/**
 * The goldens: what the nastiest messages become, to be looked at before it is kept.
 * @module
 */
import { FORMATS } from "../../../src/exports/render/mod.ts";
import { CONTEXT, message, NASTY, OTHER } from "./nasty.ts";
import { render } from "./rendered.ts";

/** Where they are. */
export const GOLDENS = new URL("golden/", import.meta.url);

/** Every golden by its name. */
export async function renderGoldens(): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const format of FORMATS) {
    for (const [file, text] of await render(format, NASTY)) all.set(file, text);
  }
  const chats = [...CONTEXT.chats, OTHER];
  const two = [...NASTY.slice(0, 2), message(5, { chat_id: OTHER.id, text: "hello" })];
  for (const [file, text] of await render("json", two, { ...CONTEXT, chats })) all.set(`several-${file}`, text);
  return all;
}
