/**
 * `GET /media/{token}`: a message's file, streamed from Telegram as fast as the client takes it.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Handler } from "../http/chain.ts";
import { download } from "../http/download.ts";
import { type FileSource, readFile, type Stretch } from "../telegram/download.ts";
import type { StoredFile } from "../telegram/media.ts";
import { findPeer } from "../telegram/resolve.ts";
import { contentType, fileNameOf } from "./media_name.ts";
import type { LinkHolders } from "./export_links.ts";
import { openMedia, readOne } from "./media.ts";
import { openDirectory, type Sources } from "./reading.ts";

/**
 * Makes the handler. A token that grants nothing, any more or at all, is answered like a path that does not exist.
 * @param principals those whose links are honoured
 * @param onProblem told why a download broke off after it had begun
 */
export function createMediaDownload(
  sources: Sources,
  principals: LinkHolders,
  onProblem: (problem: unknown) => void,
): Handler {
  return async (request, { params }) => {
    const grant = sources.links.read(params.token ?? "");
    const principal = grant && principals.find(grant.principal);
    const isHonoured = principal?.accountId === grant?.account && principal?.scopes.includes("read");
    if (grant === undefined || principal === undefined || !isHonoured) {
      throw new AppError("NOT_FOUND", "There is nothing at this path.");
    }
    const stop = new AbortController();
    AbortSignal.any([request.signal, principals.revoked(principal.id)])
      .addEventListener("abort", () => stop.abort(), { once: true });
    const context = { principal, signal: stop.signal, progress: () => {} };
    const directory = openDirectory(sources, context);
    const chat = await findPeer(directory, { kind: "id", id: grant.chat }, "chat");
    const located = await readOne(directory, chat, grant.message);
    const { file: { media, original }, source } = openMedia(sources, context, located);
    return await download(request, {
      size: original.size,
      etag: `"${original.key}"`,
      type: contentType(media.mime_type),
      name: fileNameOf(media, grant.message),
      open: (stretch) => stream(original, source, stretch, { stop, onProblem }),
    });
  };
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
