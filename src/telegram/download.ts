/**
 * The bytes of a file, part by part: TL method upload.getFile (https://core.telegram.org/api/files#downloading-files).
 * @module
 */
import { AppError } from "../errors.ts";
import { RpcError } from "../mtproto/errors.ts";
import { Api, bigInt } from "../mtproto/gram.ts";
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import type { StoredFile } from "./media.ts";

/** What reading a file needs besides the file. */
export interface FileSource {
  /** The way to a data centre, asked for anew for every part, so that each has a patience of its own. */
  readonly callTo: (dcId: number) => Call;
  /** The file of a key with a reference that has not expired: its message read again. Undefined when it is not there any more. */
  readonly renew: (key: string) => Promise<StoredFile | undefined>;
  readonly options?: CallOptions;
}

/** A stretch of a file in bytes; `end` does not belong to it. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Whether the file must end there. */
  readonly toEnd?: boolean;
}

/** What is wrong with a file that Telegram tells of. */
export class FileProblem extends AppError {
  constructor(readonly problem: "wrong_size" | "unsupported" | "gone" | "failed", message: string) {
    // What is given up is not to be tried again by whoever waits for connections.
    super(problem === "failed" ? "INTERNAL" : "CONNECTION", message, {
      hint: "Ask for the media of the message again.",
    });
  }
}

/** Offsets and limits are multiples of it. */
const UNIT = 4096;
/** Two of them make the megabyte that no part may cross. */
const LONGEST_PART = 512 * 1024;
/** A part that is elsewhere, and whose reference has expired meanwhile, has been asked for three times. */
const MOST_TRIES = 4;

/**
 * Reads a stretch in order; one part is asked for when the one before it has been taken. A file that has moved to another
 * data centre is followed there, an expired reference (https://core.telegram.org/api/file_reference) renewed.
 * @throws AppError; {@link FileProblem} when the file is gone or not as it was told to be
 */
export async function* readFile(
  file: StoredFile,
  source: FileSource,
  { start, end, toEnd = false }: Stretch,
): AsyncGenerator<Uint8Array, void, undefined> {
  const where = { file, dcId: file.dcId };
  for (let at = start - start % UNIT; at < end;) {
    const limit = partAt(at, end);
    const bytes = await readPart(where, source, at, limit);
    if (bytes.length < Math.min(limit, end - at)) {
      throw new FileProblem("wrong_size", "The file ends before the size that Telegram told.");
    }
    if (toEnd && bytes.length > end - at) {
      throw new FileProblem("wrong_size", "The file is longer than Telegram told.");
    }
    yield bytes.subarray(Math.max(0, start - at), end - at);
    at += limit;
  }
}

/** The longest part that may begin at an offset: a power of two that divides it, no longer than what is wanted. */
export function partAt(offset: number, end: number): number {
  let limit = UNIT;
  while (limit < LONGEST_PART && offset % (2 * limit) === 0 && offset + limit < end) limit *= 2;
  return limit;
}

async function readPart(
  where: { file: StoredFile; dcId: number },
  { callTo, renew, options }: FileSource,
  offset: number,
  limit: number,
): Promise<Uint8Array> {
  for (let tries = 1;; tries++) {
    const request = new Api.upload.GetFile({ location: where.file.location, offset: bigInt(offset), limit });
    try {
      const answer = await callTo(where.dcId)(request, options);
      if (answer.className === "upload.File") return answer.bytes;
      throw new FileProblem("unsupported", "The file is only to be had from a content delivery network.");
    } catch (error) {
      if (!(error instanceof RpcError) || tries === MOST_TRIES) throw error;
      const elsewhere = /^FILE_MIGRATE_(\d+)$/.exec(error.rpc)?.[1];
      if (elsewhere !== undefined) where.dcId = Number(elsewhere);
      else if (/^FILE_REFERENCE_/.test(error.rpc)) where.file = await renew(where.file.key) ?? gone();
      else throw error;
    }
  }
}

function gone(): never {
  throw new FileProblem("gone", "The file was replaced while it was being read.");
}
