/**
 * The page for a person at `GET /`.
 * @module
 */
// @ts-types="./std_negotiation.d.ts"
import { accepts } from "@std/http/negotiation.js";
import type { Handler, RequestContext } from "./chain.ts";

/** The header with a key, for a shell whose variable KEY holds that. */
export const KEY_HEADER = '"Authorization: Bearer $KEY"';

/** What the page says. */
export interface Landing {
  readonly name: string;
  /** One sentence on how the server is doing, for whoever asks. */
  readonly state: (context: RequestContext) => string;
  /** Where clients reach the server, without a slash at its end. */
  readonly url: (request: Request) => string;
}

/** Answers with HTML, or with the same as plain text where that is preferred. */
export function landing({ name, state, url }: Landing): Handler {
  return (request, context) => {
    const base = url(request);
    const lines = [
      `${name}: read-only Telegram history over MCP.`,
      state(context),
      "",
      `MCP endpoint: ${base}/mcp (streamable HTTP)`,
      `Claude Code:  claude mcp add --transport http telegram ${base}/mcp --header ${KEY_HEADER}`,
      `Plain HTTP:   curl -s ${base}/api/tools -H ${KEY_HEADER}`,
      `State:        ${base}/health`,
    ];
    if (accepts(request, "text/plain", "text/html") !== "text/html") return new Response(`${lines.join("\n")}\n`);
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title>` +
      `<pre>${escapeHtml(lines.join("\n"))}</pre></html>\n`;
    return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
