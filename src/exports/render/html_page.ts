/**
 * The frame of an HTML page: everything in it, nothing fetched, no scripts.
 * @module
 */
import { createHash } from "node:crypto";
import { escapeHtml } from "./html_text.ts";

const STYLE = `:root{color-scheme:light dark;--line:#8884;--dim:#767676}
body{font:16px/1.45 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:0 .75rem 3rem;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.1rem}h3{font-size:.9rem;text-align:center;color:var(--dim)}
nav{display:flex;flex-wrap:wrap;gap:.5rem 1rem;padding:.5rem 0}
article{border-top:1px solid var(--line);padding:.5rem 0;scroll-margin-top:1rem}
article:target{background:#fc03}
header{display:flex;flex-wrap:wrap;gap:0 .6rem;align-items:baseline}
header b{unicode-bidi:isolate}
header .time,.fact,.dim{color:var(--dim);font-size:.85rem}
.text{white-space:pre-wrap;unicode-bidi:plaintext}
.fact{padding-inline-start:.6rem;border-inline-start:3px solid var(--line);margin:.2rem 0}
blockquote{margin:.2rem 0;padding-inline-start:.6rem;border-inline-start:3px solid var(--line)}
code{font-family:ui-monospace,monospace;font-size:.9em}
code.block{display:block;padding:.4rem;background:#8882;overflow-x:auto}
.spoiler{background:#888;color:transparent}.spoiler:hover,.spoiler:focus{background:#8883;color:inherit}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .5rem;border-top:1px solid var(--line);text-align:start}`;

/** What a page with pictures has besides. */
const PICTURE_STYLE = "\nimg{max-width:100%;max-height:80vh;height:auto}";

/**
 * Only this page's own style and, beside it, its own pictures (https://www.w3.org/TR/CSP3/). A page that is read from a disk
 * has no origin that `'self'` could mean for every browser: there its pictures are files.
 */
const policyOf = (style: string, pictures: string): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
    `img-src ${pictures}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");

const PLAIN = { style: STYLE, policy: policyOf(STYLE, "'self'") };
const PICTURED = {
  style: STYLE + PICTURE_STYLE,
  policy: policyOf(STYLE + PICTURE_STYLE, "'self' file:"),
};

/**
 * What comes before a page's content, which {@link PAGE_END} ends.
 * @param hasPictures whether it may show files of `media/`
 */
export function pageBegin(title: string, hasPictures = false): string {
  const { style, policy } = hasPictures ? PICTURED : PLAIN;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
`;
}

/** See {@link pageBegin}. */
export const PAGE_END = "</body>\n</html>\n";
