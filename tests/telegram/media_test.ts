import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { image, stripped } from "../../sandbox/world/images.ts";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { partAt } from "../../src/telegram/download.ts";
import { fileOf, pictureType, storedUnder, withoutFile } from "../../src/telegram/media.ts";

const reference = Buffer.from("ref");
const peerId = new Api.PeerUser({ userId: bigInt(1) });

const messageOf = (media: Api.TypeMessageMedia): Api.Message =>
  new Api.Message({ id: 5, peerId, date: 1, message: "", media });

const size = (type: string, edge: number, bytes: number): Api.PhotoSize =>
  new Api.PhotoSize({ type, w: edge, h: edge, size: bytes });

const photo = (sizes: Api.TypePhotoSize[]): Api.Photo =>
  new Api.Photo({ id: bigInt(7), accessHash: bigInt(8), fileReference: reference, date: 1, sizes, dcId: 4 });

const documentWith = (thumbs: Api.TypePhotoSize[], mimeType = "application/pdf"): Api.Document =>
  new Api.Document({
    id: bigInt(9),
    accessHash: bigInt(8),
    fileReference: reference,
    date: 1,
    mimeType,
    size: bigInt(5_000_000_000),
    thumbs,
    dcId: 3,
    attributes: [],
  });

Deno.test("fileOf: a photo is its largest size, whatever the order, progressive ones counted whole", () => {
  const sizes = [
    new Api.PhotoStrippedSize({ type: "i", bytes: Buffer.from(stripped({ width: 40, height: 30 })) }),
    new Api.PhotoSizeProgressive({ type: "w", w: 2560, h: 2560, sizes: [1000, 90_000, 400_000] }),
    size("m", 320, 20_000),
    size("y", 1280, 200_000),
  ];
  const file = fileOf(messageOf(new Api.MessageMediaPhoto({ photo: photo(sizes) })));
  assert.equal(file?.original.key, "p7-w-400000");
  assert.equal(file?.original.dcId, 4);
  assert.deepEqual(JSON.parse(JSON.stringify(file?.media)), {
    kind: "photo",
    id: "7",
    width: 2560,
    height: 2560,
    size: 400_000,
    mime_type: "image/jpeg",
  });
  const order = file?.pictures.map((picture) => "stored" in picture ? picture.stored.size : "inline");
  assert.deepEqual(order, [400_000, 200_000, 20_000, "inline"]);
  assert.equal(file?.vanishing, false);
});

Deno.test("fileOf: a document is asked for without a thumbnail's type, beyond four gigabytes too", () => {
  const file = fileOf(messageOf(new Api.MessageMediaDocument({ document: documentWith([size("m", 320, 9_000)]) })));
  assert.ok(file?.original.location instanceof Api.InputDocumentFileLocation);
  assert.deepEqual([file.original.size, file.original.location.thumbSize], [5_000_000_000, ""]);
  assert.deepEqual(storedUnder("d9-m-9000", file)?.size, 9_000);
  assert.equal(storedUnder("d9-x-9000", file), undefined);
});

Deno.test("fileOf: a link's preview has a document before a photo, or no file", () => {
  const page = (fields: Partial<Api.WebPage>): Api.MessageMediaWebPage =>
    new Api.MessageMediaWebPage({
      webpage: new Api.WebPage({
        id: bigInt(1),
        url: "https://a.example",
        displayUrl: "a.example",
        hash: 0,
        ...fields,
      }),
    });
  const pictures = photo([size("x", 800, 50_000)]);
  assert.equal(fileOf(messageOf(page({ photo: pictures })))?.original.key, "p7-x-50000");
  assert.match(fileOf(messageOf(page({ photo: pictures, document: documentWith([]) })))?.original.key ?? "", /^d9/);
  assert.equal(fileOf(messageOf(page({}))), undefined);
});

Deno.test("fileOf: media that vanishes is marked, media that has vanished is no file and says so", () => {
  const kept = new Api.MessageMediaPhoto({ photo: photo([size("x", 800, 50_000)]), ttlSeconds: 10 });
  assert.equal(fileOf(messageOf(kept))?.vanishing, true);
  const gone: readonly [Api.TypeMessageMedia, string][] = [
    [new Api.MessageMediaPhoto({ ttlSeconds: 10 }), "a photo that is gone"],
    [new Api.MessageMediaPhoto({ photo: new Api.PhotoEmpty({ id: bigInt(1) }) }), "a photo that is gone"],
    [new Api.MessageMediaDocument({ voice: true, ttlSeconds: 10 }), "a voice that is gone"],
    [new Api.MessageMediaDice({ value: 3, emoticon: "🎲" }), "a dice"],
    [new Api.MessageMediaUnsupported(), "a message of the type MessageMediaUnsupported"],
    [new Api.MessageMediaEmpty(), "text"],
  ];
  for (const [media, what] of gone) {
    assert.equal(fileOf(messageOf(media)), undefined, what);
    assert.equal(withoutFile(messageOf(media)), what);
  }
});

Deno.test("fileOf: a picture without its header becomes one that can be decoded", async () => {
  const bytes = Buffer.from(stripped({ width: 40, height: 23 }));
  const thumbs = [
    new Api.PhotoPathSize({ type: "j", bytes: Buffer.from([1, 2, 3]) }),
    new Api.PhotoStrippedSize({ type: "i", bytes }),
    new Api.PhotoStrippedSize({ type: "i", bytes: Buffer.from([2, 9, 9, 9]) }),
  ];
  const file = fileOf(messageOf(new Api.MessageMediaDocument({ document: documentWith(thumbs) })));
  const [picture, ...others] = file?.pictures ?? [];
  assert.equal(others.length, 0);
  assert.ok(picture !== undefined && "bytes" in picture);
  assert.equal(pictureType(picture.bytes), "image/jpeg");
  const decoded = await createImageBitmap(new Blob([new Uint8Array(picture.bytes)], { type: "image/jpeg" }));
  assert.deepEqual([decoded.width, decoded.height], [40, 23]);
  decoded.close();
});

Deno.test("pictureType: the bytes decide", () => {
  for (const format of ["jpeg", "png", "webp"] as const) {
    assert.equal(pictureType(image(format, { width: 9, height: 9 }, 200)), `image/${format}`);
  }
  assert.equal(pictureType(Buffer.from("GIF89a......")), "image/gif");
  for (const other of ["", "<svg xmlns=", "RIFF....WAVE", "%PDF-1.7"]) {
    assert.equal(pictureType(Buffer.from(other)), undefined, other);
  }
});

Deno.test("partAt: every part keeps to Telegram's rules, and a file takes hardly more of them than it must", () => {
  const MB = 1024 * 1024;
  let seed = 1;
  const random = (bound: number): number => (seed = (seed * 48_271) % 0x7fffffff) % bound;
  for (let round = 0; round < 2_000; round++) {
    const start = random(20 * MB);
    const end = start + 1 + random(5 * MB);
    let parts = 0;
    for (let at = start - start % 4096; at < end; parts++) {
      const limit = partAt(at, end);
      assert.ok(at % 4096 === 0 && limit % 4096 === 0 && MB % limit === 0, `${at} ${limit}`);
      assert.equal(Math.floor(at / MB), Math.floor((at + limit - 1) / MB), `${at} ${limit}`);
      at += limit;
    }
    assert.ok(parts <= Math.ceil((end - start) / (MB / 2)) + 9, `${parts} parts for ${end - start} bytes`);
  }
});
