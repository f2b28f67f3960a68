import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Entity } from "../../../src/model/message.ts";
import { PAGE_SIZE } from "../../../src/exports/render/html.ts";
import { CHAT, CONTEXT, message, NASTY, OTHER } from "./nasty.ts";
import { articlesOf, attribute, elements, elementsOf, textOf } from "./parsed.ts";
import { render, renderFile } from "./rendered.ts";

const hrefs = (html: string): string[] =>
  elementsOf(html).flatMap((each) => each.tagName === "a" ? attribute(each, "href") ?? [] : []);

Deno.test("html: a page may fetch nothing and run nothing, and its style is the one that is allowed", async () => {
  for (const html of (await render("html", NASTY)).values()) {
    const all = elementsOf(html);
    assert.ok(!all.some(({ tagName }) => ["script", "link", "img", "iframe", "form", "object"].includes(tagName)));
    const meta = all.find((each) => attribute(each, "http-equiv") === "Content-Security-Policy");
    const styles = all.filter(({ tagName }) => tagName === "style").map(textOf);
    const hash = createHash("sha256").update(styles.join("")).digest("base64");
    assert.equal(styles.length, 1);
    assert.equal(
      meta && attribute(meta, "content"),
      `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; base-uri 'none'; form-action 'none'`,
    );
    assert.ok(all.findIndex((each) => each === meta) < all.findIndex(({ tagName }) => tagName === "style"));
  }
});

Deno.test("html: pages have 5000 messages, the index has a row for each and comes last", async () => {
  assert.equal(PAGE_SIZE, 5000);
  const messages = Array.from({ length: 10_001 }, (_, index) => message(index + 1, { text: "m" }));
  const files = await render("html", messages);
  assert.deepEqual([...files.keys()], ["page-0001.html", "page-0002.html", "page-0003.html", "index.html"]);
  const counts = [...files.values()].map((html) => articlesOf(html).length);
  assert.deepEqual(counts, [5000, 5000, 1, 0]);
  const index = files.get("index.html") ?? "";
  const rows = elementsOf(index).filter(({ tagName }) => tagName === "tr").map((row) =>
    elements(row).filter(({ tagName }) => tagName === "td").map(textOf)
  );
  assert.deepEqual(rows.slice(1).map(([page, , , count]) => [page, count]), [["1", "5000"], ["2", "5000"], ["3", "1"]]);
  assert.deepEqual(rows[3], ["3", "2025-03-01 16:31:41", "2025-03-01 16:31:41", "1"]);
});

Deno.test("html: every link between pages and to messages leads to what is there", async () => {
  const messages = Array.from(
    { length: 5003 },
    (_, index) => message(index + 1, { text: "m", reply_to: { id: Math.max(1, index - 1) } }),
  );
  const files = await render("html", messages);
  const ids = new Map(
    [...files].map(([file, html]) => [file, new Set(elementsOf(html).map((e) => attribute(e, "id")))]),
  );
  let replies = 0;
  for (const [file, html] of files) {
    for (const href of hrefs(html)) {
      const [page = "", id] = href.split("#");
      assert.ok(ids.has(page || file), href);
      if (id !== undefined) assert.ok(ids.get(page || file)?.has(id), `${file}: ${href}`);
      if (id !== undefined && page !== "") replies++;
    }
  }
  assert.equal(replies, 2, "messages 5001 and 5002 answer some of the page before");
});

Deno.test("html: a reply from a later page to what no earlier page reaches is told without a link", async () => {
  const messages = Array.from({ length: 5001 }, (_, index) => message(index + 1));
  const html = await renderFile("html", [...messages, message(6000, { reply_to: { id: 5999 } })], {
    file: "page-0002.html",
  });
  assert.deepEqual(hrefs(html).filter((href) => href.includes("_5999")), []);
});

Deno.test("html: a link around a link is one, around all of its words", async () => {
  const entities: Entity[] = [
    { type: "text_link", offset: 0, length: 5, url: "https://outer.example/" },
    { type: "text_link", offset: 2, length: 1, url: "https://inner.example/" },
  ];
  const [body] = elementsOf(await renderFile("html", [message(1, { text: "a b c", entities })]))
    .filter((each) => attribute(each, "class") === "text");
  const links = body === undefined ? [] : elements(body).filter(({ tagName }) => tagName === "a");
  assert.deepEqual(links.map((each) => [attribute(each, "href"), textOf(each)]), [["https://outer.example/", "a b c"]]);
});

Deno.test("html: a reply to what is not there, or to another chat, is told without a link", async () => {
  const html = await renderFile("html", [
    message(5, { reply_to: { id: 4 } }),
    message(6, { reply_to: { id: 5, chat_id: OTHER.id } }),
    message(7, { reply_to: { id: 5 } }),
  ]);
  const links = articlesOf(html).map((article) =>
    elements(article).filter((each) => each.tagName === "a" && attribute(each, "class") === undefined).length
  );
  assert.deepEqual(links, [0, 0, 1]);
});

Deno.test("html: a message that comes again, changed, does not take the anchor of the first", async () => {
  const html = await renderFile("html", [message(5, { text: "a" }), message(5, { text: "b" })]);
  assert.deepEqual(articlesOf(html).map((each) => attribute(each, "id")), [`m${CHAT.id}_5`, undefined]);
});

Deno.test("html: chats are apart, and an index without messages is a page too", async () => {
  const html = await renderFile("html", [message(1), message(1, { chat_id: OTHER.id }), message(2)], {
    context: { ...CONTEXT, chats: [CHAT, OTHER] },
  });
  const heads = elementsOf(html).filter(({ tagName }) => tagName === "h2").map(textOf);
  assert.deepEqual(heads, [CHAT.title, OTHER.title, CHAT.title]);
  assert.deepEqual([...(await render("html", [])).keys()], ["index.html"]);
});

Deno.test("html: text finds its own direction, names and details do not turn what is around them", async () => {
  const html = await renderFile("html", NASTY);
  for (const article of articlesOf(html)) {
    for (const element of elements(article)) {
      const isText = attribute(element, "class") === "text";
      if (isText || element.tagName === "b" && element.parentNode?.nodeName === "header") {
        assert.equal(attribute(element, "dir"), "auto");
      }
      if (attribute(element, "class") === "fact") {
        const loose = element.childNodes.filter(({ nodeName }) => nodeName === "#text").map(textOf).join("");
        assert.match(loose, /^[a-z0-9 :·]*$/, "only our own words are outside of bdi");
      }
    }
  }
});

const LINKS: readonly (readonly [Omit<Entity, "offset" | "length">, string, string | undefined])[] = [
  [{ type: "text_link", url: "https://example.org/?a=\"'<>&b" }, "x", "https://example.org/?a=%22%27%3C%3E&b"],
  [{ type: "text_link", url: "javascript:alert(1)" }, "x", undefined],
  [{ type: "text_link", url: " jAvAsCrIpT:alert(1)" }, "x", undefined],
  [{ type: "text_link", url: "java\nscript:alert(1)" }, "x", undefined],
  [{ type: "text_link", url: "data:text/html,<script>" }, "x", undefined],
  [{ type: "text_link", url: "//example.org" }, "x", undefined],
  [{ type: "text_link", url: "file:///etc/passwd" }, "x", undefined],
  [{ type: "text_link", url: "tg://resolve?domain=a" }, "x", "tg://resolve?domain=a"],
  [{ type: "url" }, "example.org/a", "http://example.org/a"],
  [{ type: "url" }, "javascript:alert(1)", undefined],
  [{ type: "email" }, "a@example.org", "mailto:a@example.org"],
  [{ type: "mention" }, "@annlee", "https://t.me/annlee"],
  [{ type: "mention" }, "@a/../b", undefined],
  [{ type: "mention_name", user_id: "7" }, "Ann", "tg://user?id=7"],
  [{ type: "phone" }, "+1", undefined],
];
for (const [entity, text, href] of LINKS) {
  Deno.test(`html: ${entity.type} ${JSON.stringify(entity.url ?? text)} is ${href === undefined ? "no link" : "a link"}`, async () => {
    const entities = [{ ...entity, offset: 0, length: text.length }];
    const html = await renderFile("html", [message(1, { text, entities })]);
    const [body] = elementsOf(html).filter((each) => attribute(each, "class") === "text");
    const links = body === undefined ? [] : elements(body).filter(({ tagName }) => tagName === "a");
    assert.deepEqual(links.map((each) => attribute(each, "href")), href === undefined ? [] : [href]);
    assert.equal(body && textOf(body), text);
  });
}
