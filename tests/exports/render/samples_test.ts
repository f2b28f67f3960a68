import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Message, messageSchema } from "../../../src/model/message.ts";
import { visible } from "../../../src/model/visible.ts";
import { FORMATS, type RenderContext } from "../../../src/exports/render/mod.ts";
import { mapSample, PEERS } from "../../telegram/golden.ts";
import { SAMPLES } from "../../telegram/samples/mod.ts";
import { attribute, elements, elementsOf, readCsv, readMarkdown, textOf } from "./parsed.ts";
import { render, renderFile } from "./rendered.ts";

/** The messages that the mapping makes of everything Telegram can send. */
const messages: readonly { readonly title: string; readonly message: Message }[] = Object.entries(SAMPLES)
  .flatMap(([subject, samples]) =>
    samples.map(({ title, sent, chat = PEERS.supergroup }: (typeof samples)[number] & { chat?: typeof PEERS.ann }) => ({
      title: `${subject}: ${title}`,
      message: messageSchema.parse(mapSample(sent, chat)),
    }))
  );
const context: RenderContext = { chats: [], tz: "UTC" };
const named: RenderContext = { chats: Object.values(PEERS), tz: "America/St_Johns" };

/** Known beforehand, or told in a form of the format's own, which its own tests look at. */
const ALWAYS =
  /^(schema|observed_at|link|outgoing|post|date|edited|sender\.(id|kind)|entities\..*|reactions\.\d+\.kind)$/;
/** Where a format has no place for something, or says it in another way that its own tests look at. */
const OMITTED: Readonly<Record<string, readonly RegExp[]>> = {
  markdown: [ALWAYS],
  html: [ALWAYS],
  json: [
    ALWAYS,
    /^(chat_id|sender\.username|views|forwards|replies|pinned|silent|noforwards|ttl_seconds|topic_id|album_id)$/,
    /^(restricted|fact_check|via_business_bot|preview\..*)$/,
    /^reply_to\.(top_id|quote|story_id|from_id|from_name|media_kind|chat_id)$/,
    /^forward\.(date|message_id|author|imported|saved_from\.message_id)$/,
    /^(media(_items\.\d+)?\.(id|kind|poll\.id|location\.live|giveaway\.until)|buttons\.\d+\.\d+\.kind)$/,
    // In another form: whole seconds, peers as `channel2000000003`, an action under Telegram Desktop's name.
    /^media\.(duration|currency|giveaway\.new_subscribers_only)$/,
    /(^|\.)(\w+_)?(chat|from|to|peer|user|winner)_ids?(\.\d+)?$/,
    /^service\.(action|attach_menu|recurring|scheduled|name_hidden)$/,
  ],
};

/** Every string, number and flag of a value, by its path. */
function leaves(value: unknown, path: readonly string[] = []): [string, string][] {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
  }
  // A flag is told by its name.
  return [[path.join("."), typeof value === "boolean" ? path.at(-1) ?? "" : String(value)]];
}

/** All that a reader of the format can see. */
async function shown(format: string, message: Message): Promise<string> {
  const files = await render(FORMATS.find((each) => each === format) ?? "json", [message], context);
  const [text = ""] = files.values();
  assert.doesNotMatch(text, /\[object Object\]|\bundefined\b|\bNaN\b/);
  if (format === "json") return leaves(JSON.parse(text)).flat().join("\n");
  const all = format === "markdown"
    ? readMarkdown(text)
    : elementsOf(text).filter(({ tagName }) => tagName === "h2" || tagName === "article").flatMap(elements);
  const attributes = all.flatMap((each) => [attribute(each, "href"), attribute(each, "title")]);
  return [...all.map(textOf), ...attributes].join("\n");
}

/** Alike however it is written. */
const plain = (text: string): string => visible(text.replaceAll(/[_\s]+/g, " "));

/** Whether words stand in a text, not only as a part of others. */
function says(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at !== -1; at = text.indexOf(words, at + 1)) {
    const around = [text.charAt(at - 1), text.charAt(at + words.length)];
    if (!/^\w|\w$/.test(words) || !around.some((each) => /\w/.test(each))) return true;
  }
  return false;
}

for (const [format, omitted] of Object.entries(OMITTED)) {
  Deno.test(`${format}: everything that Telegram can send is told`, async () => {
    assert.ok(messages.length > 150);
    for (const { title, message } of messages) {
      const text = plain(await shown(format, message));
      for (const [path, value] of leaves(message)) {
        if (omitted.some((pattern) => pattern.test(path))) continue;
        assert.ok(says(text, plain(value)), `${title}: ${path} ${value} in ${text}`);
      }
    }
  });
}

Deno.test("csv: everything that Telegram can send comes back out of the columns", async () => {
  const rows = readCsv(await renderFile("csv", messages.map(({ message }) => message), { context }));
  assert.equal(rows.length, messages.length);
  for (const [index, { title, message }] of messages.entries()) {
    const row = rows[index] ?? {};
    const number = (name: string): object => row[name] === "" ? {} : { [name]: Number(row[name]) };
    const string = (name: string): object => row[name] === "" ? {} : { [name]: row[name] };
    const read = {
      ...JSON.parse(row.more ?? ""),
      ...string("chat_id"),
      ...number("id"),
      ...string("date"),
      ...string("edited"),
      text: row.text,
      ...number("topic_id"),
      ...number("views"),
      ...number("forwards"),
      ...number("replies"),
      ...string("link"),
    };
    assert.deepEqual(read, message, title);
    assert.equal(row.sender_name, message.sender?.name ?? "");
    assert.equal(row.media, message.media?.kind ?? "");
  }
});

Deno.test("renders: equal messages give equal bytes, in another zone and language of the process too", async () => {
  const list = messages.map(({ message }) => message);
  const digest = async (): Promise<string> => {
    const hash = createHash("sha256");
    for (const format of FORMATS) {
      for (const [file, text] of await render(format, list, named)) hash.update(file + text);
    }
    return hash.digest("hex");
  };
  const before = await digest();
  const zone = Deno.env.get("TZ");
  try {
    Deno.env.set("TZ", "Pacific/Apia");
    assert.equal(await digest(), before);
  } finally {
    if (zone === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", zone);
  }
});
