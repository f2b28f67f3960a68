/**
 * The files of finished exports: which there are, and opening one of them.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { type Manifest, manifestSchema } from "../model/manifest.ts";
import type { Principal } from "../model/principal.ts";
import { MANIFEST_FILE } from "./manifest.ts";

/** A file that is given out. */
export interface ExportFile {
  /** Relative to the folder, in it or in a folder of it: `media/12.jpg`. */
  readonly name: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly mime: string;
}

/** A folder and what of it is given out: nothing else in it is. */
export interface ExportFolder {
  readonly dir: string;
  readonly files: readonly ExportFile[];
  /** Marked ids of those that it is of. */
  readonly chats?: readonly string[];
}

/** A folder with what its manifest says. */
export interface DescribedFolder extends ExportFolder {
  readonly manifest: Manifest;
}

/** When an export was finished, and its id for those of one moment: the order that exports are listed in. */
export interface ExportPlace {
  /** RFC 3339 in UTC. */
  readonly finished: string;
  readonly id: string;
}

/** The finished exports; somebody else's are not there. */
export interface FinishedExports {
  find(id: string, principal: Principal): ExportFolder | undefined | Promise<ExportFolder | undefined>;
  /** From a place on, its own included, the newest first; read as far as the caller goes on. */
  newest(
    principal: Principal,
    from?: ExportPlace,
  ): Iterable<ExportPlace & ExportFolder> | AsyncIterable<ExportPlace & ExportFolder>;
}

/** An open file. Disposing closes it. */
export interface OpenFile extends Disposable {
  readonly about: ExportFile;
  readonly file: Deno.FsFile;
}

/** A manifest that is none, so that nobody knows what belongs to its export. */
export class DamagedManifest extends AppError {
  constructor(dir: string, cause: unknown) {
    super("INTERNAL", `${join(dir, MANIFEST_FILE)} is damaged.`, { cause });
  }
}

/**
 * What a folder's manifest lists, and the manifest itself, read once; undefined when there is none.
 * @throws DamagedManifest; Deno.errors of the file system
 */
export async function readExportFolder(dir: string): Promise<DescribedFolder | undefined> {
  const bytes = await readOnce(join(dir, MANIFEST_FILE));
  if (bytes === undefined) return undefined;
  const manifest = parseManifest(dir, bytes);
  const itself = { name: MANIFEST_FILE, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  const files = [...manifest.files, itself].map(({ name, bytes, sha256 }) => ({
    name,
    bytes,
    sha256,
    mime: mimeOf(name),
  }));
  return { dir, files, chats: manifest.chats.map(({ id }) => id), manifest };
}

async function readOnce(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function parseManifest(dir: string, bytes: Uint8Array): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    throw new DamagedManifest(dir, error);
  }
}

/**
 * Opens a file of a folder. Undefined for a name that the list has not, and for what is not there as listed: gone, of another
 * size, no file, or reached by a link.
 * @throws Deno.errors of the file system
 */
export async function openExportFile({ dir, files }: ExportFolder, name: string): Promise<OpenFile | undefined> {
  const about = files.find((file) => file.name === name);
  if (about === undefined || !/^[^/\\\0]+(\/[^/\\\0]+)?$/.test(name) || /(^|\/)\.\.?(\/|$)/.test(name)) {
    return undefined;
  }
  try {
    const path = join(await Deno.realPath(dir), name);
    // Before it is opened: a pipe would wait for its other end.
    if (!(await Deno.lstat(path)).isFile) return undefined;
    using stack = new DisposableStack();
    const file = stack.use(await Deno.open(path, { read: true }));
    // After it is opened: what is behind the path now is what was opened, and no link is on the way.
    const [opened, found] = [await file.stat(), await Deno.lstat(path)];
    const isSame = opened.ino === found.ino && opened.dev === found.dev && await Deno.realPath(path) === path;
    if (!isSame || opened.size !== about.bytes) return undefined;
    const opening = stack.move();
    return { about, file, [Symbol.dispose]: () => opening.dispose() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

const MIMES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  html: "text/html",
  json: "application/json",
  md: "text/markdown",
  ndjson: "application/x-ndjson",
  aac: "audio/aac",
  epub: "application/epub+zip",
  flac: "audio/flac",
  gif: "image/gif",
  heic: "image/heic",
  jpg: "image/jpeg",
  m4a: "audio/mp4",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ogg: "audio/ogg",
  pdf: "application/pdf",
  png: "image/png",
  tgs: "application/x-tgsticker",
  txt: "text/plain",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
  zip: "application/zip",
};

/** The media type that a name's ending stands for. */
function mimeOf(name: string): string {
  return MIMES[/\.([a-z0-9]+)$/.exec(name)?.[1] ?? ""] ?? "application/octet-stream";
}
