/**
 * Renders as programs of other people read them.
 * @module
 */
import assert from "node:assert/strict";
// @ts-types="npm:@types/commonmark@0.27.10"
import { HtmlRenderer, Parser } from "commonmark";
import { parse as parseCsv } from "csv-parse/sync";
import { type DefaultTreeAdapterTypes, parse as parseHtml } from "parse5";
import { z } from "zod";

/** An element of a page. */
export type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

const table = z.array(z.array(z.string()));

/** The fields of a CSV file by their columns' names, the byte order mark and the apostrophes against formulas gone. */
export function readCsv(text: string): Record<string, string>[] {
  assert.ok(text.startsWith("\uFEFF"), "begins with a byte order mark");
  const [header = [], ...rows] = table.parse(parseCsv(text, { bom: true, recordDelimiter: "\r\n" }));
  return rows.map((row) => {
    assert.equal(row.length, header.length);
    return Object.fromEntries(header.map((name, index) => [name, (row[index] ?? "").replace(/^'/, "")]));
  });
}

/** The elements of a page, in their order. */
export function elementsOf(html: string): Element[] {
  return elements(parseHtml(html));
}

/** The elements within one, in their order. */
export function elements(node: Node): Element[] {
  const own = "tagName" in node ? [node] : [];
  return "childNodes" in node ? [...own, ...node.childNodes.flatMap(elements)] : own;
}

/** The text within a node. */
export function textOf(node: Node): string {
  if (node.nodeName === "#text" && "value" in node) return node.value;
  return "childNodes" in node ? node.childNodes.map(textOf).join("") : "";
}

/** An attribute; undefined without. */
export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value;
}

/** The elements that a page's messages are, by their ids. */
export function articlesOf(html: string): Element[] {
  return elementsOf(html).filter(({ tagName }) => tagName === "article");
}

/** The text of a page's messages as their readers see it, in the order of those that have any. */
export function textsOf(html: string): string[] {
  return elementsOf(html).filter((each) => attribute(each, "class") === "text").map(textOf);
}

/** What CommonMark makes of a text, as the elements of a page; raw HTML that got through would be elements too. */
export function readMarkdown(text: string): Element[] {
  const [body] = elementsOf(new HtmlRenderer().render(new Parser().parse(text))).filter(({ tagName }) =>
    tagName === "body"
  );
  return body === undefined ? [] : elements(body).slice(1);
}
