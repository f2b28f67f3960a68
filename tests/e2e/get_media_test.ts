/**
 * get_media and the downloads it leads to, as clients see them.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { z } from "zod";
import { contentOf, type FileContent } from "../../sandbox/world/bytes.ts";
import { createWorld, type WorldMedia, type WorldMessage } from "../../sandbox/world/mod.ts";
import { createMediaLinks } from "../../src/mcp/media_links.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { loadSecret } from "../../src/storage/secret.ts";
import { until } from "../cli/command.ts";
import { call, events, post } from "../mcp/raw.ts";
import { eventually } from "../mtproto/telegram.ts";
import { type NewFile, startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const NEWS = "-1002000000001";
const GROUP = "-1002000000003";
const NO_COPIES = "-1002000000010";
const TEA_ROOM = "-4001";
const ANN = "734201334";
const MB = 1024 * 1024;

/** Ids of files by where they lie: at home, away, away although their message says at home. */
const HOME_ID = "5200000000000000001";
const AWAY_ID = "5200000000000000005";
const MOVED_ID = "5200000000000000025";

interface Stage extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly server: TestServer;
}

async function stage(variables: Readonly<Record<string, string>> = {}, isLogged = false): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const server = stack.use(await startServer({ ...sandbox.environment, ...variables }, { isLogged }));
  const resources = stack.move();
  return { sandbox, server, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const contentSchema = z.array(z.union([
  z.strictObject({ type: z.literal("text"), text: z.string() }),
  z.strictObject({ type: z.literal("image"), data: z.base64(), mimeType: z.string() }),
  z.strictObject({
    type: z.literal("resource_link"),
    uri: z.url(),
    name: z.string(),
    mimeType: z.string().optional(),
    size: z.int().optional(),
  }),
]));
const toldSchema = z.strictObject({
  message: z.strictObject({ chat: z.string(), id: z.int(), link: z.string().optional() }),
  media: z.looseObject({ kind: z.string() }),
  url: z.url().optional(),
  expires: z.iso.datetime().optional(),
});
const errorSchema = z.strictObject({
  error: z.looseObject({ code: z.string(), message: z.string(), hint: z.string() }),
});

/** The tool over MCP: what stands beside the JSON, and the JSON. */
async function overMcp(
  { url }: TestServer,
  args: Record<string, unknown>,
): Promise<{ block: z.infer<typeof contentSchema>[number] | undefined; told: z.infer<typeof toldSchema> }> {
  const [answer] = await events(await post(url, call(1, "get_media", args)));
  const result = answer?.message?.result;
  assert.deepEqual(Object.keys(result ?? {}), ["content"], JSON.stringify(answer));
  const content = contentSchema.parse(result?.content);
  const text = content.at(-1);
  assert.ok(text?.type === "text" && content.length === 2);
  return { block: content[0], told: toldSchema.parse(JSON.parse(text.text)) };
}

async function refusal(server: TestServer, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const [answer] = await events(await post(server.url, call(1, "get_media", args)));
  const result = answer?.message?.result;
  assert.equal(result?.isError, true, JSON.stringify(answer));
  const [content] = contentSchema.parse(result?.content);
  assert.ok(content?.type === "text");
  return errorSchema.parse(JSON.parse(content.text)).error;
}

/** The link to a message's file. */
async function linkTo(server: TestServer, chat: string, message: number): Promise<string> {
  const { status, body } = await server.call("get_media", { chat, message, variant: "original" });
  assert.equal(status, 200, JSON.stringify(body));
  return z.string().parse(body.url);
}

/** SHA-256 of what the sandbox says a file is, or of a stretch of it. */
function digest(file: FileContent, start = 0, end = file.size): string {
  const hash = createHash("sha256");
  for (let at = start; at < end;) {
    const aligned = at - at % 4;
    const bytes = contentOf(file, aligned, Math.min(MB, end - aligned));
    hash.update(bytes.subarray(at - aligned));
    at = aligned + bytes.length;
  }
  return hash.digest("hex");
}

/** SHA-256 of a body and its length, read as it comes. */
async function received(response: Response): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

const document = (id: string, size: number, name = "file.bin"): NewFile => ({
  id,
  size,
  name,
  mime: "application/octet-stream",
});
const content = ({ id, size }: NewFile): FileContent => ({ id, size, part: "" });

const downloads = async (sandbox: TestSandbox): Promise<number> => (await sandbox.methods())["upload.GetFile"] ?? 0;

/** The newest message of a chat whose media fits. */
function newest(chat: string, fits: (media: WorldMedia) => boolean): WorldMessage {
  const found = [...createWorld().messages(chat)].findLast(({ media }) => media !== undefined && fits(media));
  assert.ok(found !== undefined);
  return found;
}

/** The type of a photo's largest size. */
function largestOf({ width = 0, height = 0 }: { readonly width?: number; readonly height?: number }): string {
  return Math.max(width, height) > 800 ? "y" : "x";
}

/** Width and height of an image that is small enough and can be decoded. */
async function pixelsOf(block: { readonly data: string; readonly mimeType: string }): Promise<[number, number]> {
  const bytes = Uint8Array.from(atob(block.data), (character) => character.charCodeAt(0));
  assert.ok(bytes.length <= 1_000_000);
  const picture = await createImageBitmap(new Blob([bytes], { type: block.mimeType }));
  const pixels: [number, number] = [picture.width, picture.height];
  picture.close();
  return pixels;
}

Deno.test("get_media: a photo's preview is the picture itself, in its largest size, with no structured content", async () => {
  await using on = await stage();
  const { id, media } = newest(NEWS, ({ kind }) => kind === "photo");
  assert.ok(media?.kind === "photo");
  const { block, told } = await overMcp(on.server, { message: `https://t.me/sandbox_news/${id}` });
  assert.ok(block?.type === "image" && block.mimeType === "image/jpeg");
  assert.deepEqual(await pixelsOf(block), [media.width, media.height]);
  assert.deepEqual(told, {
    message: { chat: NEWS, id, link: `https://t.me/sandbox_news/${id}` },
    media: { kind: "photo", mime: "image/jpeg", size: media.size },
  });
  const file: FileContent = { ...media, part: largestOf(media), format: "jpeg" };
  assert.equal(createHash("sha256").update(block.data, "base64").digest("hex"), digest(file));
  // Plain HTTP answers the JSON, with the picture in it.
  const plain = await on.server.call("get_media", { chat: NEWS, message: id });
  assert.deepEqual([plain.status, plain.body], [200, { ...told, content: [block] }]);
});

Deno.test("get_media: what has no picture of its own is shown by a thumbnail, a cover or the blur inside the message", async () => {
  await using on = await stage();
  const cases: readonly [NewFile, string, number, number][] = [
    [{ kind: "video", id: HOME_ID, mime: "video/mp4", size: 5_000_000 }, "image/jpeg", 320, 180],
    [{ kind: "audio", id: HOME_ID, mime: "audio/mpeg", size: 5_000_000 }, "image/jpeg", 90, 90],
    [{ id: HOME_ID, mime: "application/pdf", size: 5_000_000, name: "a.pdf" }, "image/jpeg", 28, 40],
    [{ id: HOME_ID, mime: "image/png", size: 5_000, name: "a.png" }, "image/png", 64, 64],
    [{ id: HOME_ID, mime: "image/webp", size: 20_000, name: "a.webp" }, "image/webp", 64, 64],
  ];
  for (const [file, type, width, height] of cases) {
    const { id } = await on.sandbox.append(NEWS, "", file);
    const { block } = await overMcp(on.server, { chat: NEWS, message: String(id) });
    assert.ok(block?.type === "image", file.mime);
    assert.equal(block.mimeType, type);
    assert.deepEqual(await pixelsOf(block), [width, height], file.mime);
  }
});

Deno.test("get_media: a thumbnail whose reference has expired is renewed as a thumbnail", async () => {
  await using on = await stage();
  const file = { kind: "video", id: HOME_ID, mime: "video/mp4", size: 5_000_000 } as const;
  const { id } = await on.sandbox.append(NEWS, "", file);
  const error = { code: 400, message: "FILE_REFERENCE_EXPIRED" };
  await on.sandbox.faults({ rules: [{ method: "upload.getFile", times: 1, error }] });
  const { block } = await overMcp(on.server, { chat: NEWS, message: id });
  assert.ok(block?.type === "image");
  const thumbnail: FileContent = { id: HOME_ID, part: "m", size: 9_000, format: "jpeg", width: 320, height: 180 };
  assert.equal(createHash("sha256").update(block.data, "base64").digest("hex"), digest(thumbnail));
});

Deno.test("get_media: a file without any picture, or with one too large, is refused with the call that gets it", async () => {
  await using on = await stage();
  const files: readonly NewFile[] = [
    { kind: "voice", id: HOME_ID, mime: "audio/ogg", size: 9_000 },
    { id: HOME_ID, mime: "image/png", size: 1_000_001, name: "large.png" },
    // Its sender says that it is a picture, which its bytes are not.
    { id: HOME_ID, mime: "image/gif", size: 9_000, name: "false.gif" },
  ];
  for (const file of files) {
    const { id } = await on.sandbox.append(GROUP, "", file);
    const error = await refusal(on.server, { chat: GROUP, message: id });
    assert.equal(error.code, "UNSUPPORTED");
    const suggested = z.object({ tool: z.literal("get_media"), arguments: z.record(z.string(), z.unknown()) });
    const { block } = await overMcp(on.server, suggested.parse(error.suggest).arguments);
    assert.equal(block?.type, "resource_link");
  }
});

Deno.test("get_media: a message that is no file is refused by what it is, one that is not there as not found", async () => {
  await using on = await stage();
  const poll = newest(NEWS, ({ kind }) => kind === "poll").id;
  const text = (await on.sandbox.append(NEWS, "words")).id;
  for (const [message, what] of [[poll, "a poll"], [text, "text"], [1, "a service message"]] as const) {
    const error = await refusal(on.server, { chat: NEWS, message });
    assert.equal(error.code, "UNSUPPORTED");
    assert.match(String(error.message), new RegExp(`: it is ${what}\\.$`));
  }
  assert.equal((await refusal(on.server, { chat: NEWS, message: text + 1 })).code, "MESSAGE_NOT_FOUND");
});

Deno.test("get_media: a message of another private chat or basic group is not taken for this one's", async () => {
  await using on = await stage();
  const file = { kind: "video", id: HOME_ID, mime: "video/mp4", size: 5_000 } as const;
  for (const [there, elsewhere] of [[ANN, TEA_ROOM], [TEA_ROOM, ANN]] as const) {
    const { id } = await on.sandbox.append(there, "", file);
    assert.equal((await overMcp(on.server, { chat: there, message: id })).told.message.chat, there);
    assert.equal((await refusal(on.server, { chat: elsewhere, message: id })).code, "MESSAGE_NOT_FOUND");
    assert.equal((await refusal(on.server, { chat: "me", message: id })).code, "MESSAGE_NOT_FOUND");
  }
});

Deno.test("get_media: ids, links and chats that do not make a message are refused by the argument at fault", async () => {
  await using on = await stage();
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 10));
  const cases: readonly [Record<string, unknown>, string, string][] = [
    [{ message: id }, "INPUT_VALIDATION", "chat"],
    [{ message: "0", chat: NEWS }, "INPUT_VALIDATION", "message"],
    [{ message: "4294967296", chat: NEWS }, "INPUT_VALIDATION", "message"],
    [{ message: "https://t.me/sandbox_news" }, "INPUT_VALIDATION", "message"],
    [{ message: "@sandbox_news" }, "INPUT_VALIDATION", "message"],
    [{ message: `https://t.me/sandbox_news/${id}?comment=5` }, "MESSAGE_NOT_FOUND", "message"],
    [{ message: `https://t.me/sandbox_news/${id}`, variant: "thumb" }, "INPUT_VALIDATION", "variant"],
    [{ message: `https://t.me/sandbox_news/${id}`, size: 3 }, "INPUT_VALIDATION", "size"],
  ];
  for (const [args, code, field] of cases) {
    const error = await refusal(on.server, args);
    assert.deepEqual([error.code, error.field], [code, field], JSON.stringify(args));
  }
  // A link counts more than a chat.
  assert.equal(
    (await overMcp(on.server, { message: `https://t.me/sandbox_news/${id}`, chat: GROUP, variant: "original" })).told
      .message.id,
    id,
  );
  const agreed = { message: `https://t.me/sandbox_news/${id}`, chat: "@sandbox_news", variant: "original" };
  assert.equal((await overMcp(on.server, agreed)).told.message.id, id);
});

Deno.test("get_media: the original is a link, under PUBLIC_URL where that is set", async () => {
  await using on = await stage({ PUBLIC_URL: "https://telegram.example.org/base" });
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 12_345, "a b.bin"));
  const { block, told } = await overMcp(on.server, { chat: NEWS, message: id, variant: "original" });
  assert.ok(block?.type === "resource_link");
  const { uri, ...rest } = block;
  assert.match(uri, /^https:\/\/telegram\.example\.org\/base\/media\/[\w-]+$/);
  assert.deepEqual(rest, {
    type: "resource_link",
    name: "a b.bin",
    mimeType: "application/octet-stream",
    size: 12_345,
  });
  assert.equal(told.url, uri);
  const left = Date.parse(told.expires ?? "") - Date.now();
  assert.ok(left > 3_500_000 && left <= 3_600_000, String(left));
  assert.equal(await downloads(on.sandbox), 0, "nothing is fetched for a link");
});

Deno.test("media: a download is the file, byte for byte, with what a browser needs to save it", async () => {
  await using on = await stage();
  const file = { ...document(HOME_ID, 3 * MB + 4711, 'отчёт "1".pdf'), mime: "application/pdf" };
  const { id } = await on.sandbox.append(NEWS, "", file);
  const url = await linkTo(on.server, NEWS, id);
  assert.ok(url.startsWith(`${on.server.url}/media/`));
  const response = await fetch(url);
  const head = Object.fromEntries(
    ["accept-ranges", "content-type", "content-length", "content-disposition", "x-content-type-options"]
      .map((name) => [name, response.headers.get(name)]),
  );
  assert.deepEqual({ status: response.status, ...head }, {
    status: 200,
    "accept-ranges": "bytes",
    "content-type": "application/pdf",
    "content-length": String(file.size),
    "content-disposition":
      `attachment; filename="_____ _1_.pdf"; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82%20_1_.pdf`,
    "x-content-type-options": "nosniff",
  });
  assert.deepEqual(await received(response), { sha256: digest(content(file)), bytes: file.size });
});

Deno.test("media: every kind of file of the world downloads as it is", async () => {
  await using on = await stage();
  const kinds = ["photo", "document", "audio", "voice", "video_note", "gif", "sticker"] as const;
  for (const kind of kinds) {
    const { id, media } = newest(NEWS, (media) => media.kind === kind && media.size < 6_000_000);
    assert.ok(media !== undefined && "size" in media);
    const format = media.kind === "photo" ? "jpeg" : /^image\/(png|webp)$/.exec(media.mime)?.[1];
    const { width = 64, height = 64 } = media;
    const file: FileContent = {
      id: media.id,
      size: media.size,
      part: media.kind === "photo" ? largestOf(media) : "",
      ...(format === undefined ? {} : { format: z.enum(["jpeg", "png", "webp"]).parse(format), width, height }),
    };
    const response = await fetch(await linkTo(on.server, NEWS, id));
    assert.deepEqual(await received(response), { sha256: digest(file), bytes: media.size }, kind);
  }
});

Deno.test("media: ranges are answered as RFC 9110 has them, HEAD without a byte from Telegram", async () => {
  await using on = await stage();
  const file = document(HOME_ID, 2 * MB + 100);
  const { id } = await on.sandbox.append(NEWS, "", file);
  const url = await linkTo(on.server, NEWS, id);
  const head = await fetch(url, { method: "HEAD", headers: { range: "bytes=0-9" } });
  // Ranges are of GET alone: https://www.rfc-editor.org/rfc/rfc9110#section-14.2
  assert.deepEqual([head.status, head.headers.get("content-length")], [200, String(file.size)]);
  assert.equal(await downloads(on.sandbox), 0);
  const etag = head.headers.get("etag") ?? "";
  assert.match(etag, /^"[\w-]+"$/);

  const { size } = file;
  const whole = [200, 0, size] as const;
  const cases: readonly [Record<string, string>, readonly [number, number, number]][] = [
    [{ range: "bytes=0-0" }, [206, 0, 1]],
    [{ range: "bytes=5-9" }, [206, 5, 10]],
    [{ range: "bytes=524287-524289" }, [206, 524_287, 524_290]],
    [{ range: `bytes=${MB - 1}-${MB}` }, [206, MB - 1, MB + 1]],
    [{ range: "bytes=1000003-" }, [206, 1_000_003, size]],
    [{ range: "bytes=-7" }, [206, size - 7, size]],
    [{ range: "bytes=-99999999999" }, [206, 0, size]],
    [{ range: `bytes=${size - 1}-${size + 5}` }, [206, size - 1, size]],
    [{ range: "bytes=9-5" }, whole],
    [{ range: "bytes=0-1,5-6" }, whole],
    [{ range: "lines=1-2" }, whole],
    [{ range: "bytes=5-9", "if-range": etag }, [206, 5, 10]],
    [{ range: "bytes=5-9", "if-range": '"other"' }, whole],
  ];
  for (const [headers, [status, start, end]] of cases) {
    const response = await fetch(url, { headers });
    const told = response.headers.get("content-range");
    assert.equal(response.status, status, JSON.stringify(headers));
    assert.equal(told, status === 206 ? `bytes ${start}-${end - 1}/${size}` : null);
    assert.equal(response.headers.get("content-length"), String(end - start));
    const expected = { sha256: digest(content(file), start, end), bytes: end - start };
    assert.deepEqual(await received(response), expected, JSON.stringify(headers));
  }
  for (const range of [`bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, "bytes=-0"]) {
    const response = await fetch(url, { headers: { range } });
    assert.equal(response.status, 416, range);
    assert.equal(response.headers.get("content-range"), `bytes */${size}`);
    await response.body?.cancel();
  }
  assert.equal((await fetch(url, { headers: { "if-none-match": etag } })).status, 304);
});

Deno.test("media: an empty file is an empty answer", async () => {
  await using on = await stage();
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 0));
  const response = await fetch(await linkTo(on.server, NEWS, id));
  assert.deepEqual([response.status, (await response.bytes()).length], [200, 0]);
});

Deno.test("media: a download broken off by the client goes on where it ended", async () => {
  await using on = await stage();
  const file = document(HOME_ID, 5 * MB + 17);
  const { id } = await on.sandbox.append(NEWS, "", file);
  const url = await linkTo(on.server, NEWS, id);
  const hash = createHash("sha256");
  let got = 0;
  const first = await fetch(url);
  for await (const chunk of first.body ?? []) {
    hash.update(chunk);
    got += chunk.length;
    if (got > MB) break;
  }
  const headers = { range: `bytes=${got}-`, "if-range": first.headers.get("etag") ?? "" };
  const rest = await fetch(url, { headers });
  assert.equal(rest.status, 206);
  for await (const chunk of rest.body ?? []) hash.update(chunk);
  assert.equal(hash.digest("hex"), digest(content(file)));
});

Deno.test("media: connections to Telegram that are cut amid a download cost nothing", async () => {
  await using on = await stage();
  for (const id of [HOME_ID, AWAY_ID]) {
    const file = document(id, 6 * MB);
    const message = await on.sandbox.append(NEWS, "", file);
    const url = await linkTo(on.server, NEWS, message.id);
    await on.sandbox.faults({ rules: [{ method: "upload.getFile", after: 3, every: 4, times: 2, close: true }] });
    assert.equal((await received(await fetch(url))).sha256, digest(content(file)));
    await on.sandbox.clearFaults();
  }
});

Deno.test("media: files of another data centre are fetched there, over one connection that is introduced once", async () => {
  await using on = await stage();
  const files = [document(AWAY_ID, 2 * MB), document(MOVED_ID, 2 * MB + 9)];
  for (const file of [...files, ...files]) {
    const { id } = await on.sandbox.append(NEWS, "", file);
    const response = await fetch(await linkTo(on.server, NEWS, id));
    assert.deepEqual(await received(response), { sha256: digest(content(file)), bytes: file.size });
  }
  const methods = await on.sandbox.methods();
  assert.equal(methods["auth.ExportAuthorization"], 1);
  assert.equal(methods["auth.ImportAuthorization"], 1);
  // Four parts each; those that have moved are asked for at home first.
  assert.ok((methods["upload.GetFile"] ?? 0) >= 18, JSON.stringify(methods));
  const { block } = await overMcp(on.server, {
    chat: NEWS,
    message: (await on.sandbox.append(NEWS, "", { ...document(AWAY_ID, 9_000), kind: "video", mime: "video/mp4" })).id,
  });
  assert.equal(block?.type, "image", "thumbnails too");
});

Deno.test("media: a reference that expires amid a download is renewed, and the file goes on at the same place", async () => {
  await using on = await stage();
  for (const id of [HOME_ID, AWAY_ID]) {
    const file = document(id, 8 * MB);
    const message = await on.sandbox.append(NEWS, "", file);
    const response = await fetch(await linkTo(on.server, NEWS, message.id));
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    const hash = createHash("sha256");
    for (let read = 0;;) {
      const { done, value } = await reader.read();
      if (done) break;
      hash.update(value);
      if (read < 2 * MB && read + value.length >= 2 * MB) await on.sandbox.rotateReferences();
      read += value.length;
    }
    assert.equal(hash.digest("hex"), digest(content(file)));
  }
  const error = { code: 400, message: "FILE_REFERENCE_INVALID" };
  await on.sandbox.faults({ rules: [{ method: "upload.getFile", times: 2, error }] });
  const file = document(HOME_ID, 1000);
  const { id } = await on.sandbox.append(NEWS, "", file);
  assert.equal((await received(await fetch(await linkTo(on.server, NEWS, id)))).sha256, digest(content(file)));
});

Deno.test("media: a file that is replaced amid a download ends it rather than going on with another", async () => {
  await using on = await stage();
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 8 * MB));
  const response = await fetch(await linkTo(on.server, NEWS, id));
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  await reader.read();
  await on.sandbox.remove(NEWS, [id]);
  await on.sandbox.rotateReferences();
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
});

Deno.test("media: a short flood wait is waited for, a long one is answered at once with Retry-After", async () => {
  await using on = await stage();
  const file = document(HOME_ID, 2 * MB);
  const { id } = await on.sandbox.append(NEWS, "", file);
  const url = await linkTo(on.server, NEWS, id);
  const flood = (seconds: number): { code: number; message: string } => ({
    code: 420,
    message: `FLOOD_WAIT_${seconds}`,
  });
  await on.sandbox.faults({ rules: [{ method: "upload.getFile", after: 1, times: 1, error: flood(1) }] });
  assert.equal((await received(await fetch(url))).sha256, digest(content(file)));
  await on.sandbox.faults({ rules: [{ method: "upload.getFile", times: 1, error: flood(3600) }] });
  const refused = await fetch(url);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "3600"]);
  await refused.body?.cancel();
  await on.sandbox.forgetMethods();
  await (await fetch(url)).body?.cancel();
  assert.equal(await downloads(on.sandbox), 0, "Telegram is not asked again before the time");
});

Deno.test("media: a token that is altered, of another server or nonsense is answered like no path at all", async () => {
  await using on = await stage();
  await using other = await stage();
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 100));
  const url = await linkTo(on.server, NEWS, id);
  const nothing = await problemOf(`${on.server.url}/nowhere`);
  const token = url.slice(url.lastIndexOf("/") + 1);
  const middle = Math.floor(token.length / 2);
  const flipped = token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1);
  const foreign = url.replace(on.server.url, other.server.url);
  for (const bad of [flipped, token.slice(1), `${token}A`, `A${token}`, "x", token.slice(0, 22), `${token}/`]) {
    assert.deepEqual(await problemOf(`${on.server.url}/media/${bad}`), nothing, bad);
  }
  assert.deepEqual(await problemOf(foreign), nothing);
  await (await fetch(url)).body?.cancel();
});

Deno.test("media: a link of somebody whom this server does not know, or for another account, is worth nothing", async () => {
  await using on = await stage();
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 100));
  using db = openDataDirectory(on.sandbox.environment.DATA_DIR ?? "");
  const links = createMediaLinks({ key: loadSecret(db, "media"), now: Date.now });
  const place = { chat: NEWS, message: id };
  const nothing = await problemOf(`${on.server.url}/nowhere`);
  for (const stranger of [{ ...LOCAL_PRINCIPAL, id: "stranger" }, { ...LOCAL_PRINCIPAL, accountId: "another" }]) {
    assert.deepEqual(await problemOf(links.make(stranger, place, on.server.url).url), nothing);
  }
  const response = await fetch(links.make(LOCAL_PRINCIPAL, place, on.server.url).url);
  assert.deepEqual([response.status, (await response.bytes()).length], [200, 100]);
});

async function problemOf(url: string): Promise<unknown> {
  const response = await fetch(url);
  const { request_id: _, ...problem } = z.looseObject({}).parse(await response.json());
  return { status: response.status, problem };
}

Deno.test("media: neither tokens nor names of files reach the log", async () => {
  await using on = await stage({}, true);
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 100, "secret-name.bin"));
  const url = await linkTo(on.server, NEWS, id);
  await (await fetch(url)).bytes();
  const token = url.slice(url.lastIndexOf("/") + 1);
  for (const odd of [`${url}x`, `${url}/`, `${url}/more`]) await (await fetch(odd)).body?.cancel();
  await until(() => /"target":"media"/.test(on.server.log()), "a download is logged");
  const log = on.server.log();
  assert.ok(!log.includes(token) && !log.includes("secret-name"), log);
});

Deno.test("get_media: protected content is refused, by tool and by link, unless the owner allows it", async () => {
  await using sandbox = await startSandbox();
  const file = document(HOME_ID, 5_000);
  const { id } = await sandbox.append(NO_COPIES, "", file);
  const url = await (async () => {
    await using allowed = await startServer({ ...sandbox.environment, ALLOW_PROTECTED_MEDIA: "true" });
    const url = await linkTo(allowed, NO_COPIES, id);
    assert.equal((await received(await fetch(url))).sha256, digest(content(file)));
    return new URL(url);
  })();
  await using server = await startServer(sandbox.environment);
  for (const variant of ["preview", "original"]) {
    const error = await refusal(server, { chat: NO_COPIES, message: id, variant });
    assert.equal(error.code, "ACCESS_DENIED");
    assert.match(String(error.hint), /ALLOW_PROTECTED_MEDIA/);
  }
  // The same data directory, so the same key: the link is good, the permission is not there.
  const response = await fetch(new URL(`${url.pathname}${url.search}`, server.url));
  assert.equal(response.status, 403);
  await response.body?.cancel();
});

Deno.test("media: when its client has gone, Telegram is asked for no more", async () => {
  await using on = await stage();
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 500 * MB));
  const url = await linkTo(on.server, NEWS, id);
  await on.sandbox.faults({ latencyMs: 5 });
  const leave = new AbortController();
  const response = await fetch(url, { signal: leave.signal });
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  for (let read = 0; read < 4 * MB;) read += (await reader.read()).value?.length ?? 0;
  leave.abort();
  await reader.closed.catch(() => {});
  const last = await settled(on.sandbox);
  assert.ok(last < 60, `${last} parts of 1000 were asked for`);
});

Deno.test("media: a client that does not read holds Telegram back", async () => {
  await using on = await stage();
  const { id } = await on.sandbox.append(NEWS, "", document(HOME_ID, 500 * MB));
  const response = await fetch(await linkTo(on.server, NEWS, id));
  const parts = await settled(on.sandbox);
  assert.ok(parts < 60, `${parts} parts of 1000 were asked for`);
  await response.body?.cancel();
});

/** How many parts were asked for once that number stands still. */
async function settled(sandbox: TestSandbox): Promise<number> {
  let [before, same] = [-1, 0];
  return await eventually(async () => {
    const now = await downloads(sandbox);
    same = now === before ? same + 1 : 0;
    before = now;
    // Fifty looks in a row, each a request to the sandbox and a pause: far longer than a part takes.
    return same >= 50 ? now : undefined;
  }, "downloads to stand still");
}

Deno.test("media: of a large file no more is fetched ahead than is on its way to the client", async () => {
  await using on = await stage();
  const file = document(HOME_ID, 60 * MB);
  const { id } = await on.sandbox.append(NEWS, "", file);
  const url = await linkTo(on.server, NEWS, id);
  await on.sandbox.forgetMethods();
  const response = await fetch(url);
  const hash = createHash("sha256");
  let [bytes, next] = [0, 0];
  for await (const chunk of response.body ?? []) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes < next) continue;
    next += 10 * MB;
    // Parts have half a megabyte; the sockets between hold some megabytes.
    const fetched = ((await on.sandbox.methods())["upload.GetFile"] ?? 0) * MB / 2;
    assert.ok(
      fetched - bytes < 30 * MB,
      `${Math.round((fetched - bytes) / MB)} MB ahead at ${Math.round(bytes / MB)} MB`,
    );
  }
  assert.equal(bytes, file.size);
  assert.equal(hash.digest("hex"), digest(content(file)));
});
