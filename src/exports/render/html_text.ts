/**
 * Text and its entities as HTML (https://html.spec.whatwg.org/multipage/syntax.html).
 * @module
 */
import type { Entity } from "../../model/message.ts";
import { linkOf } from "./links.ts";
import { cutRuns, sharedDepth } from "./runs.ts";

/**
 * A text between tags or in a quoted attribute. A carriage return is named, since a parser makes a line feed of it, and a
 * NUL, which HTML cannot hold, becomes its symbol.
 */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'\r]/g, (found) => `&#${found.charCodeAt(0)};`).replaceAll("\0", "\u2400");
}

/** Text set apart from what is around it, whichever direction it has. */
export function isolated(text: string): string {
  return `<bdi>${escapeHtml(text)}</bdi>`;
}

/** What stands around a link: nothing is told to where it leads, and nothing is vouched for. */
export function anchor(url: string, inner: string): string {
  return `<a href="${escapeHtml(url)}" rel="noopener noreferrer nofollow">${inner}</a>`;
}

/** A text with its entities as elements, properly nested. */
export function htmlText(text: string, entities: readonly Entity[] | undefined): string {
  let html = "";
  let open: readonly Entity[] = [];
  const closers: string[] = [];
  const closeTo = (depth: number): void => {
    while (closers.length > depth) html += closers.pop() ?? "";
  };
  for (const run of cutRuns(text, entities)) {
    closeTo(sharedDepth(open, run.entities));
    for (const entity of run.entities.slice(closers.length)) {
      // A link in a link would end the outer one.
      const { before, after } = tags(entity, text, closers.includes("</a>"));
      html += before;
      closers.push(after);
    }
    open = run.entities;
    html += escapeHtml(run.text);
  }
  closeTo(0);
  return html;
}

const ELEMENTS: Readonly<Record<string, string>> = {
  bold: "b",
  italic: "i",
  underline: "u",
  strike: "s",
  code: "code",
  blockquote: "blockquote",
};
/** A block of code is no `pre`, of which a parser takes the first line end away. */
const CLASSES: Readonly<Record<string, string>> = {
  pre: '<code class="block">',
  spoiler: '<span class="spoiler" tabindex="0">',
};

function tags(entity: Entity, text: string, inLink: boolean): { readonly before: string; readonly after: string } {
  const element = ELEMENTS[entity.type];
  if (element !== undefined) return { before: `<${element}>`, after: `</${element}>` };
  const opening = CLASSES[entity.type];
  if (opening !== undefined) return { before: opening, after: entity.type === "pre" ? "</code>" : "</span>" };
  const url = inLink ? undefined : linkOf(entity, text.slice(entity.offset, entity.offset + entity.length));
  if (url !== undefined) {
    const [before = "", after = ""] = anchor(url, "\0").split("\0");
    return { before, after };
  }
  // An address that is not fit for a link can still be read.
  const title = entity.type === "text_link" ? ` title="${escapeHtml(entity.url ?? "")}"` : "";
  return { before: `<span${title}>`, after: "</span>" };
}
