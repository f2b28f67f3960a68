/**
 * `GET /media/{token}`: a message's file, streamed from Telegram as fast as the client takes it.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Handler } from "../http/chain.ts";
import { download } from "../http/download.ts";
import type { Principal } from "../model/principal.ts";
import { type FileSource, readFile, type Stretch } from "../telegram/download.ts";
import type { StoredFile } from "../telegram/media.ts";
import { findPeer } from "../telegram/resolve.ts";
import { type BeginCall, recorded, UNRECORDED } from "./call_record.ts";
import type { InFlight } from "./in_flight.ts";
import { contentType, fileNameOf } from "./media_name.ts";
import type { LinkHolders } from "./export_links.ts";
import { openMedia, readOne } from "./media.ts";
import { openDirectory, type Sources } from "./reading.ts";

/**
 * Makes the handler. A token that grants nothing, any more or at all, is answered like a path that does not exist.
 * @param principals those whose links are honoured
 * @param onProblem told why a download broke off after it had begun
 * @param begin begins the record of each download
 * @param inFlight bounds the files that are sent at once
 * @param spend takes a request from the rate of a link's principal; throws RATE_LIMITED
 */
export function createMediaDownload(
  sources: Sources,
  principals: LinkHolders,
  onProblem: (problem: unknown) => void,
  begin: BeginCall = UNRECORDED,
  inFlight?: Pick<InFlight, "enter">,
  spend: (reader: Principal) => void = () => {},
): Handler {
  return recorded(begin, "media link", async (request, { params }, call) => {
    const grant = sources.links.read(params.token ?? "");
    const principal = grant && principals.find(grant.principal);
    const isHonoured = principal?.accountId === grant?.account && principal?.scopes.includes("read");
    const isLatest = (principal?.generation ?? "") === grant?.generation;
    if (grant === undefined || principal === undefined || !isHonoured || !isLatest) {
      throw new AppError("NOT_FOUND", "There is nothing at this path.");
    }
    call.principal = principal;
    call.until = principals.revoked(principal.id);
    spend(principal);
    using stack = new DisposableStack();
    stack.use(inFlight?.enter(principal));
    const stop = new AbortController();
    const signal = AbortSignal.any([request.signal, call.until, stop.signal]);
    const context = { principal, signal, progress: () => {}, touched: call.touched };
    const directory = openDirectory(sources, context);
    const chat = await findPeer(directory, { kind: "id", id: grant.chat }, "chat");
    const located = await readOne(directory, chat, grant.message);
    const { file: { media, original }, source } = openMedia(sources, context, located);
    return await download(request, {
      size: original.size,
      etag: `"${original.key}"`,
      type: contentType(media.mime_type),
      name: fileNameOf(media, grant.message),
      open: (stretch) =>
        stream(original, source, stretch, {
          signal,
          onCancel: () => stop.abort(),
          onProblem,
          hold: () => stack.move(),
        }),
    });
  });
}

/**
 * A stream that holds one part more than its reader has taken, and asks for no more once its reader has gone. The first
 * part is there before the head of the answer is, so that what fails at once still has a status.
 */
async function stream(
  file: StoredFile,
  source: FileSource,
  stretch: Stretch,
  { signal, onCancel, onProblem, hold }: {
    readonly signal: AbortSignal;
    readonly onCancel: () => void;
    readonly onProblem: (problem: unknown) => void;
    /** What is to be kept until the stream is over. */
    readonly hold: () => DisposableStack;
  },
): Promise<ReadableStream<Uint8Array>> {
  const parts = readFile(file, source, stretch);
  let next: Promise<IteratorResult<Uint8Array, void>> | undefined = Promise.resolve(await parts.next());
  const held = hold();
  // The signal may live as long as the key of whoever reads.
  const release = (): void => {
    signal.removeEventListener("abort", release);
    held.dispose();
  };
  signal.addEventListener("abort", release, { once: true });
  if (signal.aborted) release();
  return new ReadableStream({
    pull: async (controller): Promise<void> => {
      const { done, value } = await (next ?? parts.next()).catch((error: unknown) => {
        // The head has gone: the client sees an end too early, the owner must hear why.
        if (!signal.aborted) onProblem(error);
        release();
        throw error;
      });
      next = undefined;
      if (!done) return controller.enqueue(value);
      controller.close();
      release();
    },
    cancel: async (): Promise<void> => {
      onCancel();
      await parts.return();
    },
  });
}
