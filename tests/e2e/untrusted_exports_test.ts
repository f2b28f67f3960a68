/** What other people wrote, in exports: NDJSON and JSON have all of it, unit by unit; the other formats are safe for their readers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import { z } from "zod";
import { ATTACKS, MARKER } from "../../sandbox/world/chats/attacks.ts";
import {
  HOSTILE_BASIC,
  HOSTILE_CHANNEL,
  HOSTILE_FORUM,
  HOSTILE_GROUP,
  HOSTILE_USERS,
} from "../../sandbox/world/chats/hostile.ts";
import type { WorldMessage } from "../../sandbox/world/mod.ts";
import { messageSchema } from "../../src/model/message.ts";
import { hiddenIn } from "../../src/model/visible.ts";
import { readRecords } from "../../src/exports/records.ts";
import { OF_A_MODULE, ofSources } from "../cli/product.ts";
import { attribute, elementsOf, readCsv, readMarkdown, textOf, textsOf } from "../exports/render/parsed.ts";
import { command } from "../cli/command.ts";
import { message, post } from "../mcp/raw.ts";
import { assertOwn, type Stage, stage, textsIn } from "./hostile.ts";

const CHATS = [HOSTILE_GROUP, HOSTILE_FORUM, HOSTILE_CHANNEL, HOSTILE_BASIC, HOSTILE_USERS[0]?.id ?? ""];

const exportSchema = z.looseObject({
  id: z.string(),
  state: z.literal("completed"),
  files: z.array(z.looseObject({ name: z.string(), url: z.string() })),
});

/** Exports and gives the files as they are downloaded, by name. */
async function exported(
  { server }: Stage,
  args: Record<string, unknown>,
): Promise<{ id: string; files: Map<string, string> }> {
  const { body } = await server.call("start_export", { chats: CHATS, wait_seconds: 45, ...args });
  const { id, files } = exportSchema.parse(body);
  const texts = new Map<string, string>();
  for (const { name, url } of files) {
    texts.set(name, new TextDecoder("utf-8", { ignoreBOM: true }).decode(await (await fetch(url)).bytes()));
  }
  return { id, files: texts };
}

const fileOf = ({ files }: { readonly files: Map<string, string> }, name: string): string => {
  const text = files.get(name);
  assert.ok(text !== undefined, `${name} is among ${[...files.keys()].join(", ")}`);
  return text;
};

/** What people chose in a message. What no export has: a preview's site, and what a button puts into the line of input. */
function chosenIn({ media, ...rest }: WorldMessage): string[] {
  const { site: _, ...seen } = media?.kind === "webpage" ? media : { ...media, site: "" };
  return textsIn([seen, rest]).filter((text) => text.includes(MARKER) && text !== MARKER);
}

Deno.test("untrusted: NDJSON has every unit of every text as it was sent", async () => {
  await using on = await stage();
  const lines = fileOf(await exported(on, {}), "messages.ndjson").trimEnd().split("\n").map((line) =>
    messageSchema.parse(JSON.parse(line))
  );
  const records = new Map(lines.map((record) => [`${record.chat_id}/${record.id}`, record]));
  let texts = 0;
  for (const chat of CHATS) {
    for (const source of on.world.messages(chat)) {
      const record = records.get(`${chat}/${source.id}`);
      assert.equal(record?.text, source.text);
      const there = new Set(textsIn(record));
      for (const text of chosenIn(source)) {
        texts++;
        assert.ok(there.has(text), `${chat} ${source.id} lacks ${JSON.stringify(text)}: ${JSON.stringify(record)}`);
      }
      const sender = on.world.users.get(source.from ?? "");
      if (sender === undefined || record?.sender === undefined) continue;
      assert.equal(record.sender.name, [sender.firstName, sender.lastName].filter(Boolean).join(" "));
    }
  }
  assert.ok(texts > 2000, `${texts} texts`);
  assert.equal(records.size, CHATS.reduce((sum, chat) => sum + on.world.messages(chat).length, 0));
});

const partSchema = z.union([z.string(), z.looseObject({ text: z.string() })]);
const desktopSchema = z.object({
  messages: z.array(z.object({ id: z.int(), text: z.union([z.string(), z.array(partSchema)]) })),
});

Deno.test("untrusted: the text of a message is whole in JSON and CSV, where no field begins like a formula", async () => {
  await using on = await stage();
  const json = desktopSchema.parse(
    JSON.parse(fileOf(await exported(on, { chats: [HOSTILE_GROUP], format: "json" }), "result.json")),
  );
  const csv = fileOf(await exported(on, { chats: [HOSTILE_GROUP], format: "csv" }), "messages.csv");
  const rows = new Map(readCsv(csv).map(({ id, text }) => [Number(id), text]));
  const told = new Map(json.messages.map(({ id, text }) => [
    id,
    [text].flat().map((part) => typeof part === "string" ? part : part.text).join(""),
  ]));
  for (const { id, text, service } of on.world.messages(HOSTILE_GROUP)) {
    assert.equal(rows.get(id), text);
    if (service === undefined) assert.equal(told.get(id), text);
  }
  for (const field of z.array(z.array(z.string())).parse(parseCsv(csv, { bom: true })).flat()) {
    if (!/^-?\d+$/.test(field)) assert.doesNotMatch(field, /^[\s\p{C}]*[=+\-@＝＋－＠]|^[\t\r\n]/u);
  }
});

Deno.test("untrusted: HTML has no element of other people's making, and readers see each text", async () => {
  await using on = await stage();
  const files = await exported(on, { chats: [HOSTILE_GROUP], format: "html" });
  const html = fileOf(files, "page-0001.html");
  const all = [...elementsOf(html), ...elementsOf(fileOf(files, "index.html"))];
  assert.deepEqual(all.filter(({ tagName }) => /^(script|iframe|img|object|form|link|base|svg)$/.test(tagName)), []);
  assert.equal(all.filter(({ tagName }) => tagName === "style").length, 2);
  for (const element of all) {
    assert.deepEqual(element.attrs.filter(({ name }) => name.startsWith("on")), []);
    const href = attribute(element, "href");
    if (href !== undefined) assert.match(href, /^(https?:\/\/|tg:\/\/|mailto:|#m-?\d|page-\d|index\.html)/);
  }
  const texts = Array.from(on.world.messages(HOSTILE_GROUP), ({ text }) => text).filter((text) => text !== "");
  // HTML has no way to say NUL.
  assert.deepEqual(textsOf(html), texts.map((text) => text.replaceAll("\0", "\u2400")));
});

Deno.test("untrusted: Markdown has nothing hidden, and no heading of other people's making", async () => {
  await using on = await stage();
  const text = fileOf(await exported(on, { chats: [HOSTILE_GROUP], format: "markdown" }), "messages.md");
  assert.deepEqual(hiddenIn(text), []);
  const heads = readMarkdown(text).filter(({ tagName }) => /^h\d$/.test(tagName)).map((each) =>
    `${each.tagName} ${textOf(each)}`
  );
  const { length } = on.world.messages(HOSTILE_GROUP);
  assert.equal(heads.filter((head) => head.startsWith("h3 ")).length, length);
  assert.ok(heads.every((head) => /^h3 .* · #\d+$|^h2 \d{4}-\d\d-\d\d$|^h1 /s.test(head)));
  assert.equal(heads.filter((head) => head.startsWith("h1 ")).length, 1);
  assert.deepEqual(readMarkdown(text).filter(({ tagName }) => /^(img|script|iframe)$/.test(tagName)), []);
});

const contentsSchema = z.object({
  contents: z.array(z.object({ uri: z.string(), mimeType: z.string(), text: z.string() })),
});

Deno.test("untrusted: a resource is the file as it is, and beside it stands that something in it is hidden", async () => {
  await using on = await stage();
  const { id, files } = await exported(on, { chats: [HOSTILE_GROUP] });
  let [whole, warned, next] = ["", 0, 0];
  for (let uri: string | undefined = `export://${id}/messages.ndjson`; uri !== undefined;) {
    const answer = await message(
      await post(on.server.url, { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri } }, {
        accept: "application/json, text/event-stream",
      }).then(toJson),
    );
    const { contents: [part, ...more] } = contentsSchema.parse(answer.result);
    whole += part?.text ?? "";
    for (const { text } of more) assertOwn("resources/read", text);
    warned += more.filter(({ text }) => text.includes("hide or reorder")).length;
    assert.equal(hiddenIn(part?.text ?? "").length > 0, more.some(({ text }) => text.includes("hide or reorder")));
    uri = more.map(({ text }) => /read (export:\S+)$/.exec(text)?.[1]).find((each) => each !== undefined);
    next++;
  }
  assert.equal(whole, fileOf({ files }, "messages.ndjson"));
  assert.ok(warned > 0 && next > 1);
});

/** An answer that came as an event, as JSON. Lines of events do not end at the separators of Unicode. */
async function toJson(response: Response): Promise<Response> {
  const data = (await response.text()).split("\n").find((line) => line.startsWith("data: {"))?.slice("data: ".length);
  return new Response(data, { headers: { "content-type": "application/json" } });
}

Deno.test("untrusted: files of messages have names that are no paths, lines or devices, in every header and link", async () => {
  await using on = await stage();
  const names = new Set<string>();
  for (const { id, media } of on.world.messages(HOSTILE_GROUP)) {
    if (media?.kind !== "document") continue;
    const { body } = await on.server.call("get_media", { chat: HOSTILE_GROUP, message: id, variant: "original" });
    const response = await fetch(String(body.url));
    const head = response.headers.get("content-disposition") ?? "";
    await response.body?.cancel();
    assert.match(
      head,
      /^attachment; filename="[\x20\x21\x23-\x5b\x5d-\x7e]+"(; filename\*=UTF-8''[\w!#$&+.^`|~%-]+)?$/,
    );
    const encoded = /''(.*)$/.exec(head)?.[1];
    const name = encoded === undefined ? /"(.*)"/.exec(head)?.[1] ?? "" : decodeURIComponent(encoded);
    assert.deepEqual(hiddenIn(name), []);
    assert.doesNotMatch(name, /[/\\:\r\n]|^\.|^con\b|\.$/i);
    names.add(name);
  }
  assert.ok(names.size > 40, `${names.size} names`);
});

Deno.test("untrusted: commands print nothing hidden, and what they export is what was sent", async () => {
  await using on = await stage();
  const dir = await Deno.makeTempDir({ dir: on.sandbox.directory });
  const twin = on.world.chats.get(HOSTILE_CHANNEL)?.title ?? "";
  const printed = async (expected: number, ...args: readonly string[]): Promise<string> => {
    await using running = command(args, on.sandbox.environment);
    const code = await running.ended();
    const all = running.out.text() + running.err.text();
    assert.equal(code, expected, all);
    assert.deepEqual(hiddenIn(all), []);
    return all;
  };
  assert.match(await printed(1, "export", twin, "--out", join(dir, "no")), /Did you mean:/);
  await printed(0, "export", HOSTILE_GROUP, "--out", `${dir}/out/`);
  await printed(0, "verify", join(dir, "out"));
  const texts: string[] = [];
  for await (const record of readRecords(join(dir, "out", "messages.ndjson"))) {
    if ("text" in record) texts.push(record.text);
  }
  assert.deepEqual(texts, Array.from(on.world.messages(HOSTILE_GROUP), ({ text }) => text));
});

ofSources(OF_A_MODULE, "untrusted: the corpus is well-formed and has its marker in every text", () => {
  for (const text of ATTACKS) {
    assert.ok(text.isWellFormed() && text.length <= 4096, JSON.stringify(text));
    // Two say it in letters that a model reads as such.
    assert.ok(text.includes(MARKER) || /cXVva2th|result/.test(text) || text.startsWith("```"), JSON.stringify(text));
  }
});
