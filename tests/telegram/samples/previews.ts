/** Golden samples of previews. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { DATE, type Json, type Sample } from "../golden.ts";

const page = (more: object): Api.WebPage =>
  new Api.WebPage({ id: bigInt(1), url: "https://example.org/a", displayUrl: "example.org/a", hash: 0, ...more });

/** Previews of links. */
const PREVIEWS: readonly (readonly [string, Api.TypeWebPage, Json | undefined])[] = [
  ["a preview", page({ title: "Title", description: "Words", siteName: "Example" }), {
    url: "https://example.org/a",
    title: "Title",
    description: "Words",
  }],
  ["a preview with nothing to say", page({ title: "" }), { url: "https://example.org/a" }],
  ["a preview to come", new Api.WebPagePending({ id: bigInt(1), url: "https://example.org/b", date: DATE }), {
    url: "https://example.org/b",
  }],
  ["a preview to come without address", new Api.WebPagePending({ id: bigInt(1), date: DATE }), undefined],
  ["no preview to be had", new Api.WebPageEmpty({ id: bigInt(1), url: "https://example.org/c" }), {
    url: "https://example.org/c",
  }],
  ["no preview at all", new Api.WebPageEmpty({ id: bigInt(1) }), undefined],
  ["an unchanged preview", new Api.WebPageNotModified({}), undefined],
];

export const previews: readonly Sample[] = PREVIEWS.map(([title, webpage, expected]) => ({
  title,
  sent: { media: new Api.MessageMediaWebPage({ webpage, safe: true }) },
  expected: { preview: expected },
}));
