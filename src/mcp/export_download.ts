/**
 * `GET /exports/{id}/{file}`: a file of a finished export, for whoever owns it or has a link to it.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Leases } from "../exports/leases.ts";
import { type ExportFile, type FinishedExports, openExportFile } from "../exports/files.ts";
import { type Handler, principalOf, type RequestContext } from "../http/chain.ts";
import { download } from "../http/download.ts";
import { streamFile } from "../http/file_stream.ts";
import type { Principal } from "../model/principal.ts";
import { type BeginCall, recorded, UNRECORDED } from "./call_record.ts";
import { type ExportFilePlace, type ExportLinks, isLink, type LinkHolders } from "./export_links.ts";
import type { InFlight } from "./in_flight.ts";

/** What {@link createExportDownload} takes. */
export interface ExportDownloadOptions {
  readonly exports: FinishedExports;
  /** A file that is sent stays where it is. */
  readonly leases: Pick<Leases, "hold">;
  readonly links: ExportLinks;
  /** Those whose links are honoured. */
  readonly principals: LinkHolders;
  /** Bounds the files that are sent at once. */
  readonly inFlight?: Pick<InFlight, "enter">;
  /** Takes a request from the rate of a link's principal; throws RATE_LIMITED. A bearer's is taken before. */
  readonly spend?: (reader: Principal) => void;
  /** Told why a download broke off after it had begun. */
  readonly onProblem: (problem: unknown) => void;
  /** Begins the record of each download. */
  readonly begin?: BeginCall;
}

/** An export holds other people's text: what opens it here has no scripts, no origin, and nothing to talk to. */
const POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

/** What people have written is kept by nobody on the way; ranges are of the bytes as they are, which nobody may compress. */
const CACHING = "private, no-store, no-transform";

/**
 * Makes the handler. An export or a file that is not there, or not the caller's, is answered like a path that does not
 * exist. A link counts alone: with one that grants nothing, 403 is all that is told of whatever it names.
 */
export function createExportDownload(options: ExportDownloadOptions): Handler {
  const { exports, principals, onProblem, begin = UNRECORDED } = options;

  const readerOf = (request: Request, context: RequestContext, place: ExportFilePlace): Principal => {
    const { searchParams } = new URL(request.url);
    if (!isLink(searchParams)) return principalOf(context, "export");
    const reader = options.links.readerOf(searchParams, place, principals.find);
    if (reader?.scopes.includes("export")) return reader;
    throw new AppError("ACCESS_DENIED", "This link grants nothing, or not any more.", {
      hint: "get_export gives new links; do not retry this one.",
    });
  };

  return recorded(begin, "download", async (request, context, call) => {
    const { id = "", file = "" } = context.params;
    const isByLink = isLink(new URL(request.url).searchParams);
    // Whoever has the link may be somebody else than the one in whose name it is good.
    if (isByLink) call.tool = "download link";
    const reader = readerOf(request, context, { id, file });
    call.principal = reader;
    // By a secret that is replaced a download ends, although its key lives on.
    call.until = (isByLink ? undefined : context.revoked) ?? principals.revoked(reader.id);
    if (isByLink) options.spend?.(reader);
    const signal = AbortSignal.any([request.signal, call.until]);
    using stack = new DisposableStack();
    stack.use(options.inFlight?.enter(reader));
    stack.use(options.leases.hold(id));
    const folder = await exports.find(id, reader);
    const found = folder && stack.use(await openExportFile(folder, file));
    if (found === undefined) throw new AppError("NOT_FOUND", "There is nothing at this path.");
    call.touched.note(folder?.chats ?? []);
    return await download(request, {
      size: found.about.bytes,
      etag: `"sha256-${found.about.sha256}"`,
      type: contentType(found.about),
      name: file.slice(file.lastIndexOf("/") + 1),
      headers: { "cache-control": CACHING, "content-security-policy": POLICY },
      open: (range) => {
        const sent = stack.move();
        const opened = { file: found.file, [Symbol.dispose]: () => sent.dispose() };
        return streamFile(opened, range, { signal, onProblem });
      },
    });
  });
}

/** What the export wrote itself is UTF-8; of other people's files that is not known. */
function contentType({ name, mime }: ExportFile): string {
  return mime.startsWith("text/") && !name.includes("/") ? `${mime}; charset=utf-8` : mime;
}
