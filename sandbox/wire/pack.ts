/**
 * The contents of `gzip_packed`: https://core.telegram.org/mtproto/service_messages#packed-object.
 * @module
 */
import type { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import { WireError } from "./bytes.ts";

const LARGEST = 1 << 24;

/** Packs an answer; at the fastest level, because pages are many and the network is the loopback. */
export function pack(body: Buffer): Buffer {
  return gzipSync(body, { level: 1 });
}

/** Unpacks; throws a {@link WireError} for what is not gzip or would grow beyond 16 MiB. */
export function unpack(packed: Buffer): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: LARGEST });
  } catch (cause) {
    throw new WireError("a packed object that cannot be unpacked", { cause });
  }
}
