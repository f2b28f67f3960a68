/**
 * Text and its entities as Markdown (https://spec.commonmark.org, https://github.github.com/gfm/).
 * @module
 */
import type { Entity } from "../../model/message.ts";
import { visible } from "../../model/visible.ts";
import { linkOf } from "./links.ts";
import { cutRuns, type Run } from "./runs.ts";

/** A text without line ends, nothing in it interpreted; good in a heading or a list's item, not where a line begins or a heading ends. */
export function markdownLine(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>~|$]/g, "\\$&").replaceAll(/&(?=[#\p{L}]|$)/gu, "\\&");
}

/**
 * A text as paragraphs. Bold, italic, struck and code words, links, quotes and blocks of code are marked where the marks
 * cannot be mistaken; every other entity is its words alone. Hidden characters are shown.
 */
export function markdownText(text: string, entities: readonly Entity[] | undefined): string {
  const runs = cutRuns(text, entities).map((run) => ({ ...run, text: visible(run.text.replaceAll(/\r\n?/g, "\n")) }));
  const blocks: { readonly kind: Block; readonly runs: Run[] }[] = [];
  for (const run of runs) {
    const kind = blockOf(run);
    const last = blocks.at(-1);
    if (last !== undefined && isSame(last.kind, kind)) last.runs.push(run);
    else blocks.push({ kind, runs: [run] });
  }
  return blocks.map(({ kind, runs }) => {
    const inner = kind.pre === undefined ? paragraphs(runs) : fenced(runs, kind.pre);
    return kind.quote === undefined ? inner : inner.replaceAll(/^/gm, "> ");
  }).filter((block) => block !== "").join("\n\n");
}

/** The entities that stand on lines of their own. */
interface Block {
  readonly pre: Entity | undefined;
  readonly quote: Entity | undefined;
}

function blockOf({ entities }: Run): Block {
  return {
    pre: entities.find(({ type }) => type === "pre"),
    quote: entities.find(({ type }) => type === "blockquote"),
  };
}

function isSame(one: Block, other: Block): boolean {
  return one.pre === other.pre && one.quote === other.quote;
}

/** Longer than every row of backticks in it, so that the text cannot end it. */
function fenced(runs: readonly Run[], { language = "" }: Entity): string {
  const text = runs.map((run) => run.text).join("");
  const fence = "`".repeat(Math.max(3, longestTicks(text) + 1));
  return `${fence}${language.replaceAll(/[^\w+#.-]/g, "")}\n${text.replace(/\n$/, "")}\n${fence}`;
}

function paragraphs(runs: readonly Run[]): string {
  const lines: string[] = [""];
  for (const { text, entities } of runs) {
    for (const [index, part] of text.split("\n").entries()) {
      if (index > 0) lines.push("");
      lines.push(append(lines.pop() ?? "", part, entities));
    }
  }
  const safe = lines.map(safeBeginning);
  while (safe[0] === "") safe.shift();
  while (safe.at(-1) === "") safe.pop();
  // A backslash keeps a line's end; where a paragraph ends it would be one.
  return safe.map((line, index) => line !== "" && (safe[index + 1] ?? "") !== "" ? `${line}\\` : line).join("\n");
}

/** Adds a piece to its line; marks that would touch those before them, and be read as one with them, are left out. */
function append(line: string, text: string, entities: readonly Entity[]): string {
  if (text === "") return line;
  const piece = mark(text, entities);
  const touches = /[*~`]$/.test(line) && /^[*~`]/.test(piece);
  // An exclamation mark makes a picture of the link behind it.
  const before = piece.startsWith("[") ? line.replace(/!$/, "\\!") : line;
  return `${before}${touches ? markdownLine(text) : piece}`;
}

const MARKS: Readonly<Record<string, string>> = { bold: "**", italic: "*", strike: "~~" };

function mark(text: string, entities: readonly Entity[]): string {
  const types = new Set(entities.map(({ type }) => type));
  if (types.has("code")) return code(text);
  const link = entities.map((entity) => ({ entity, url: linkOf(entity, text) })).find(({ entity, url }) =>
    url !== undefined || entity.type === "text_link"
  );
  if (link?.url !== undefined) return `[${markdownLine(text)}](<${destination(link.url)}>)`;
  // Words that hide an address which is no link still tell it.
  if (link !== undefined) return markdownLine(`${text} (${link.entity.url ?? ""})`.replaceAll(/\s/g, " "));
  // Marks open and close for certain only next to letters and digits.
  if (!/^[\p{L}\p{N}](?:.*[\p{L}\p{N}])?$/u.test(text)) return markdownLine(text);
  const marks = Object.entries(MARKS).flatMap(([type, sign]) => types.has(type) ? [sign] : []);
  return `${marks.join("")}${markdownLine(text)}${marks.reverse().join("")}`;
}

/** What is in a span of code is not interpreted; a space keeps backticks at its ends apart from the span's own. */
function code(text: string): string {
  const ticks = "`".repeat(longestTicks(text) + 1);
  const space = /^`|`$|^ .* $/.test(text) ? " " : "";
  return `${ticks}${space}${text}${space}${ticks}`;
}

function longestTicks(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, { length }) => Math.max(longest, length), 0);
}

/** Addresses are ASCII by now; what could end one, or be read as a character's name, is not left in it. */
function destination(url: string): string {
  return url.replaceAll(/[\\<>\s]/g, (found) => encodeURIComponent(found)).replaceAll("&", "&amp;");
}

/** A line that would begin a list, a heading, a rule or a block of code begins with a character that says it does not. */
function safeBeginning(line: string): string {
  return line
    .replace(/^[ \t]/, (blank) => blank === " " ? "&#32;" : "&#9;")
    .replace(/^((?:&#32;|&#9;)?\s*)([-+=:#])/, "$1\\$2")
    .replace(/^((?:&#32;|&#9;)?\s*\d{1,9})([.)])/, "$1\\$2");
}
