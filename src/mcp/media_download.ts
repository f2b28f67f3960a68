/**
 * `GET /media/{token}`: a message's file, streamed from Telegram as fast as the client takes it.
 * @module
 */
import { AppError } from "../errors.ts";
import { attachment } from "../http/attachment.ts";
import { readByteRange } from "../http/byte_range.ts";
import type { Handler } from "../http/chain.ts";
import type { Principal } from "../model/principal.ts";
import { type FileSource, readFile, type Stretch } from "../telegram/download.ts";
import type { StoredFile } from "../telegram/media.ts";
import { findPeer } from "../telegram/resolve.ts";
import { fileNameOf } from "./media_name.ts";
import { openMedia, readOne } from "./media.ts";
import { openDirectory, type Sources } from "./reading.ts";

/**
 * Makes the handler. A token that grants nothing, any more or at all, is answered like a path that does not exist.
 * @param principals those whose links are honoured
 * @param onProblem told why a download broke off after it had begun
 */
export function createMediaDownload(
  sources: Sources,
  principals: readonly Principal[],
  onProblem: (problem: unknown) => void,
): Handler {
  return async (request, { params }) => {
    const grant = sources.links.read(params.token ?? "");
    const isHonoured = principals.some(({ id, accountId }) => id === grant?.principal && accountId === grant.account);
    if (grant === undefined || !isHonoured) throw new AppError("NOT_FOUND", "There is nothing at this path.");
    const stop = new AbortController();
    request.signal.addEventListener("abort", () => stop.abort(), { once: true });
    const context = { signal: stop.signal, progress: () => {} };
    const directory = openDirectory(sources, context);
    const chat = await findPeer(directory, { kind: "id", id: grant.chat }, "chat");
    const located = await readOne(directory, chat, grant.message);
    const { file: { media, original }, source } = openMedia(sources, context, located);
    const { size } = original;
    const etag = `"${original.key}"`;
    const headers = {
      "accept-ranges": "bytes",
      etag,
      "content-type": contentType(media.mime_type),
      "content-disposition": attachment(fileNameOf(media, grant.message)),
      "x-content-type-options": "nosniff",
    };
    if (isNamed(request.headers.get("if-none-match"), etag)) {
      return new Response(null, { status: 304, headers: { etag } });
    }
    const ifRange = request.headers.get("if-range");
    const isSame = ifRange === null || ifRange === etag;
    const range = isSame ? readByteRange(request.headers.get("range"), size) : undefined;
    if (range === "unsatisfiable") {
      return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${size}` } });
    }
    const { start, end } = range ?? { start: 0, end: size };
    const isHead = request.method === "HEAD";
    return new Response(
      isHead || start === end ? null : await stream(original, source, { start, end }, { stop, onProblem }),
      {
        status: range === undefined ? 200 : 206,
        headers: {
          ...headers,
          "content-length": String(end - start),
          ...(range === undefined ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` }),
        },
      },
    );
  };
}

/** Whether If-None-Match names a tag, weakly compared (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2). */
function isNamed(header: string | null, etag: string): boolean {
  return header?.trim() === "*" || Boolean(header?.split(",").some((each) => each.trim().replace(/^W\//, "") === etag));
}

/** What a sender says of a file, if it can be a media type at all (https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1). */
function contentType(type: string | undefined): string {
  return type !== undefined && /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}$/.test(type)
    ? type
    : "application/octet-stream";
}

/**
 * A stream that holds one part more than its reader has taken, and asks for no more once its reader has gone. The first
 * part is there before the head of the answer is, so that what fails at once still has a status.
 */
async function stream(
  file: StoredFile,
  source: FileSource,
  stretch: Stretch,
  { stop, onProblem }: { readonly stop: AbortController; readonly onProblem: (problem: unknown) => void },
): Promise<ReadableStream<Uint8Array>> {
  const parts = readFile(file, source, stretch);
  let next: Promise<IteratorResult<Uint8Array, void>> | undefined = Promise.resolve(await parts.next());
  return new ReadableStream({
    pull: async (controller): Promise<void> => {
      const { done, value } = await (next ?? parts.next()).catch((error: unknown) => {
        // The head has gone: the client sees an end too early, the owner must hear why.
        if (!stop.signal.aborted) onProblem(error);
        throw error;
      });
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async (): Promise<void> => {
      stop.abort();
      await parts.return();
    },
  });
}
