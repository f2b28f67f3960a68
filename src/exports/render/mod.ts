/**
 * Renders of an NDJSON export into other formats. They are pure: equal records and context give equal bytes, whatever the
 * clock, the locale and the machine; and they stream, so that any number of messages fits.
 * @module
 */
import { renderCsv } from "./csv.ts";
import { renderHtml } from "./html.ts";
import { renderJson } from "./json.ts";
import { renderMarkdown } from "./markdown.ts";
import type { Render } from "./render.ts";

export type { Chunk, Render, RenderChat, RenderContext } from "./render.ts";

/** What an export can be rendered into. */
export const FORMATS = ["json", "csv", "markdown", "html"] as const;
/** One of the {@link FORMATS}. */
export type Format = typeof FORMATS[number];

/** One render a format. */
export const RENDERS: Readonly<Record<Format, Render>> = {
  json: renderJson,
  csv: renderCsv,
  markdown: renderMarkdown,
  html: renderHtml,
};
