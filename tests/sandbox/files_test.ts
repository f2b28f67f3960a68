import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import bigInt from "big-integer";
import { accessHash, createFiles, dataCentreOf } from "../../sandbox/methods/files.ts";
import { createMethods } from "../../sandbox/methods/mod.ts";
import { RpcError } from "../../sandbox/rpc.ts";
import { Api, BinaryReader } from "../../sandbox/tl.ts";
import { AWAY_DC, HOME_DC } from "../../sandbox/wire/keys.ts";
import { contentOf, type FileContent } from "../../sandbox/world/bytes.ts";
import { image } from "../../sandbox/world/images.ts";
import { createWorld } from "../../sandbox/world/mod.ts";

const NEWS = "-1002000000001";
const MB = 1024 * 1024;
const KB = 1024;

const world = createWorld();
const files = createFiles();
const methods = createMethods(world, files);

async function answer(request: Api.upload.GetFile | Api.channels.GetMessages, dcId = HOME_DC): Promise<unknown> {
  const received = new BinaryReader(Buffer.from(request.getBytes())).tgReadObject();
  const result = await methods[request.className]?.(received, { userId: world.ownerId, dcId });
  assert.ok(result !== undefined);
  return new BinaryReader(Buffer.from(result instanceof Uint8Array ? result : result.getBytes())).tgReadObject();
}

/** The media of a message as clients get it. */
async function mediaOf(id: number): Promise<Api.TypeMessageMedia | undefined> {
  const channel = new Api.InputChannel({
    channelId: bigInt(2_000_000_001),
    accessHash: bigInt(String(world.accessHash(NEWS))),
  });
  const got = await answer(new Api.channels.GetMessages({ channel, id: [new Api.InputMessageID({ id })] }));
  assert.ok(got instanceof Api.messages.ChannelMessages);
  const [message] = got.messages;
  return message instanceof Api.Message ? message.media : undefined;
}

/** A document of ten megabytes and a bit, in the data centre that its id says. */
async function newDocument(id: string, size = 10 * MB + 5): Promise<Api.Document> {
  const media = { kind: "document", id, mime: "application/pdf", size, name: "a.pdf" } as const;
  const sent = await mediaOf(world.append(NEWS, { text: "", media }).id);
  assert.ok(sent instanceof Api.MessageMediaDocument && sent.document instanceof Api.Document);
  return sent.document;
}

const locationOf = (
  { id, accessHash, fileReference }: Pick<Api.Document, "id" | "accessHash" | "fileReference">,
  thumbSize = "",
): Api.InputDocumentFileLocation => new Api.InputDocumentFileLocation({ id, accessHash, fileReference, thumbSize });

const getFile = (
  location: Api.TypeInputFileLocation,
  offset: number,
  limit: number,
  precise = false,
): Api.upload.GetFile => new Api.upload.GetFile({ location, offset: bigInt(offset), limit, precise });

async function bytes(request: Api.upload.GetFile, dcId = HOME_DC): Promise<Buffer> {
  const got = await answer(request, dcId);
  assert.ok(got instanceof Api.upload.File);
  return got.bytes;
}

const refused = (request: Api.upload.GetFile, message: string, dcId = HOME_DC): Promise<void> =>
  assert.rejects(answer(request, dcId), (error) => error instanceof RpcError && error.message === message);

Deno.test("content: a stretch is the same whichever way it is read, and differs from file to file and part to part", () => {
  const file: FileContent = {
    id: "5200000000000000001",
    part: "",
    size: 100_001,
    format: "png",
    width: 64,
    height: 64,
  };
  const whole = contentOf(file, 0, file.size);
  assert.equal(whole.length, file.size);
  for (const [offset, length] of [[0, 4], [600, 1000], [4096, 8192], [100_000, 4096], [100_004, 4096]] as const) {
    assert.deepEqual(contentOf(file, offset, length), whole.slice(offset, offset + length));
  }
  assert.notDeepEqual(contentOf({ ...file, id: "5200000000000000002" }, 50_000, 64), contentOf(file, 50_000, 64));
  assert.notDeepEqual(contentOf({ ...file, part: "m" }, 50_000, 64), contentOf(file, 50_000, 64));
});

Deno.test("images: every format decodes in the size that it states, with anything behind it", async () => {
  for (const format of ["jpeg", "png", "webp"] as const) {
    for (const [width, height] of [[1, 1], [64, 64], [320, 180], [37, 51], [512, 512]] as const) {
      const data = Buffer.concat([image(format, { width, height }, 255), Buffer.alloc(1000, 7)]);
      const picture = await createImageBitmap(new Blob([data], { type: `image/${format}` }));
      assert.deepEqual([picture.width, picture.height], [width, height], format);
      picture.close();
    }
  }
});

Deno.test("upload.getFile: a document, its end and what lies behind", async () => {
  const document = await newDocument("5200000000000000001");
  const file = { id: document.id.toString(), part: "", size: document.size.toJSNumber() };
  const location = locationOf(document);
  for (const [offset, limit] of [[0, MB], [512 * KB, 512 * KB], [10 * MB, 4 * KB], [11 * MB, MB]] as const) {
    assert.deepEqual(
      await bytes(getFile(location, offset, limit)),
      Buffer.from(contentOf(file, offset, limit)),
      `${offset}`,
    );
  }
  assert.equal((await bytes(getFile(location, 10 * MB, 4 * KB))).length, 5);
  assert.equal((await bytes(getFile(location, 5 * KB, 3 * KB, true))).length, 3 * KB);
});

Deno.test("upload.getFile: every size of a photo is a JPEG of that size", async () => {
  const { id } = [...world.messages(NEWS)].findLast(({ media }) => media?.kind === "photo") ?? { id: 0 };
  const media = await mediaOf(id);
  assert.ok(media instanceof Api.MessageMediaPhoto && media.photo instanceof Api.Photo);
  const { id: photoId, accessHash, fileReference, sizes, dcId } = media.photo;
  const fetched = sizes.filter((size) => size instanceof Api.PhotoSize);
  assert.ok(fetched.length >= 2);
  for (const { type, w, h, size } of fetched) {
    const location = new Api.InputPhotoFileLocation({ id: photoId, accessHash, fileReference, thumbSize: type });
    const data = await bytes(getFile(location, 0, MB), dcId);
    assert.equal(data.length, size);
    const picture = await createImageBitmap(new Blob([new Uint8Array(data)], { type: "image/jpeg" }));
    assert.deepEqual([picture.width, picture.height], [w, h]);
    picture.close();
  }
  const none = new Api.InputPhotoFileLocation({ id: photoId, accessHash, fileReference, thumbSize: "z" });
  await refused(getFile(none, 0, MB), "LOCATION_INVALID");
});

Deno.test("upload.getFile: offsets and limits that the documentation forbids are refused", async () => {
  const location = locationOf(await newDocument("5200000000000000001"));
  const cases: readonly [number, number, boolean, string][] = [
    [1 * KB, 4 * KB, false, "OFFSET_INVALID"],
    [-4 * KB, 4 * KB, false, "OFFSET_INVALID"],
    [100, 1 * KB, true, "OFFSET_INVALID"],
    [0, 0, false, "LIMIT_INVALID"],
    [0, 1 * KB, false, "LIMIT_INVALID"],
    [0, 12 * KB, false, "LIMIT_INVALID"],
    [0, 2 * MB, false, "LIMIT_INVALID"],
    [512 * KB, MB, false, "LIMIT_INVALID"],
    [0, 1500, true, "LIMIT_INVALID"],
    [MB - KB, 2 * KB, true, "LIMIT_INVALID"],
  ];
  for (const [offset, limit, precise, message] of cases) {
    await refused(getFile(location, offset, limit, precise), message);
  }
});

Deno.test("upload.getFile: wrong hashes, foreign, broken and expired references, other places", async () => {
  const document = await newDocument("5200000000000000001");
  const other = await newDocument("5200000000000000002");
  const location = locationOf(document);
  const withReference = (fileReference: Buffer): Api.upload.GetFile =>
    getFile(Object.assign(locationOf(document), { fileReference }), 0, 4 * KB);
  await refused(withReference(Buffer.alloc(0)), "FILE_REFERENCE_EMPTY");
  await refused(withReference(Buffer.alloc(9)), "FILE_REFERENCE_INVALID");
  await refused(withReference(other.fileReference), "FILE_REFERENCE_INVALID");
  await refused(getFile(Object.assign(locationOf(document), { accessHash: bigInt(1) }), 0, 4 * KB), "LOCATION_INVALID");
  await refused(getFile(locationOf(document, "x"), 0, 4 * KB), "LOCATION_INVALID");
  await refused(getFile(new Api.InputTakeoutFileLocation(), 0, 4 * KB), "LOCATION_INVALID");
  files.rotate();
  await refused(getFile(location, 0, 4 * KB), "FILE_REFERENCE_EXPIRED");
  const renewed = await newDocument("5200000000000000001");
  assert.equal((await bytes(getFile(locationOf(renewed), 0, 4 * KB))).length, 4 * KB);
});

Deno.test("files: the same message has a new reference once all have expired, cached or not", async () => {
  const { id } = world.append(NEWS, {
    text: "",
    media: { kind: "document", id: "5200000000000000007", mime: "text/plain", size: 10 },
  });
  const reference = async (): Promise<string> => {
    const media = await mediaOf(id);
    assert.ok(media instanceof Api.MessageMediaDocument && media.document instanceof Api.Document);
    return media.document.fileReference.toString("hex");
  };
  const before = await reference();
  assert.equal(await reference(), before);
  files.rotate();
  assert.notEqual(await reference(), before);
});

Deno.test("upload.getFile: a file is had in its own data centre only, which its message may no longer know", async () => {
  const cases: readonly [string, number, number][] = [
    ["5200000000000000001", HOME_DC, HOME_DC],
    ["5200000000000000005", AWAY_DC, AWAY_DC],
    ["5200000000000000025", AWAY_DC, HOME_DC],
    ["-5", dataCentreOf("-5"), dataCentreOf("-5")],
  ];
  for (const [id, there, announced] of cases) {
    const document = await newDocument(id);
    assert.equal(document.dcId, announced);
    assert.equal(document.accessHash.toString(), String(accessHash(id)));
    const request = getFile(locationOf(document), 0, 4 * KB);
    assert.equal((await bytes(request, there)).length, 4 * KB);
    await refused(request, `FILE_MIGRATE_${there}`, there === HOME_DC ? AWAY_DC : HOME_DC);
  }
});
