/**
 * upload.getFile.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import { AWAY_DC, HOME_DC } from "../wire/keys.ts";
import { contentOf, type FileContent } from "../world/bytes.ts";
import { encode } from "./encode.ts";
import { accessHash, dataCentreOf, type Files } from "./files.ts";
import { method } from "./method.ts";

const KB = 1024;
const MB = 1024 * KB;

/**
 * https://core.telegram.org/method/upload.getFile.
 * Errors: LOCATION_INVALID, FILE_REFERENCE_EMPTY, FILE_REFERENCE_INVALID, FILE_REFERENCE_EXPIRED, FILE_MIGRATE_X,
 * OFFSET_INVALID, LIMIT_INVALID.
 */
export function getFile(files: Files): readonly [string, Method] {
  return method(Api.upload.GetFile, ({ location, offset, limit, precise }, caller) => {
    if (!(location instanceof Api.InputPhotoFileLocation || location instanceof Api.InputDocumentFileLocation)) {
      throw new RpcError(400, "LOCATION_INVALID");
    }
    const id = location.id.toString();
    if (location.accessHash.toString() !== String(accessHash(id))) throw new RpcError(400, "LOCATION_INVALID");
    const isHere = dataCentreOf(id) === (caller.dcId === AWAY_DC ? AWAY_DC : HOME_DC);
    if (!isHere) throw new RpcError(303, `FILE_MIGRATE_${dataCentreOf(id)}`);
    const contents = files.open(id, location.fileReference);
    const content = contents.find(({ part }) => part === location.thumbSize);
    if (content === undefined) throw new RpcError(400, "LOCATION_INVALID");
    const start = offset.toJSNumber();
    checkWindow(start, limit, precise ?? false);
    return encode({
      _: "upload.file",
      type: { _: typeOf(content) },
      mtime: 0,
      bytes: contentOf(content, start, limit),
    });
  });
}

/** https://core.telegram.org/api/files#downloading-files. */
function checkWindow(offset: number, limit: number, precise: boolean): void {
  const unit = precise ? KB : 4 * KB;
  if (offset < 0 || offset % unit !== 0) throw new RpcError(400, "OFFSET_INVALID");
  const isWhole = limit > 0 && limit <= MB && limit % unit === 0 && (precise || MB % limit === 0);
  if (!isWhole || Math.floor(offset / MB) !== Math.floor((offset + limit - 1) / MB)) {
    throw new RpcError(400, "LIMIT_INVALID");
  }
}

function typeOf({ format }: FileContent): string {
  switch (format) {
    case "jpeg":
      return "storage.fileJpeg";
    case "png":
      return "storage.filePng";
    case "webp":
      return "storage.fileWebp";
    default:
      return "storage.fileUnknown";
  }
}
