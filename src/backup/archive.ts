/**
 * A backup as a stream of bytes, and back. Any program that knows tar can open it; what is read is only what was written here.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { createTarDecoder, createTarPacker, type ParsedTarEntry, type TarPackController } from "modern-tar";
import { AppError } from "../errors.ts";
import { isOfSystem } from "../exports/disk.ts";
import { FILE_MODE } from "../storage/private.ts";
import {
  type BackupFile,
  type BackupManifest,
  backupManifestSchema,
  FORMAT,
  MANIFEST_NAME,
  MOST_MANIFEST_BYTES,
} from "./format.ts";

/** The files of a folder as an archive. The stream fails when one of them is not as the manifest has it. */
export function pack(folder: string, manifest: BackupManifest): ReadableStream<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const mtime = new Date(manifest.created);
  // Whatever goes wrong is told by the stream.
  write(controller, { folder, manifest, mtime }).catch((error) => controller.error(error));
  return readable;
}

async function write(
  controller: TarPackController,
  { folder, manifest, mtime }: {
    readonly folder: string;
    readonly manifest: BackupManifest;
    readonly mtime: Date;
  },
): Promise<void> {
  const add = (name: string, size: number): WritableStream<Uint8Array> =>
    controller.add({ name, size, mtime, mode: FILE_MODE, type: "file" });
  const list = new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 2)}\n`);
  await new Response(list).body?.pipeTo(add(MANIFEST_NAME, list.length));
  for (const { name, bytes } of manifest.files) {
    const { readable } = await Deno.open(join(folder, name));
    await readable.pipeTo(add(name, bytes));
  }
  controller.finalize();
}

/** What {@link unpack} takes. */
export interface Unpacking {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told what will come, before anything does. @throws what refuses it */
  readonly begin: (manifest: BackupManifest) => Promise<void>;
  /** Takes a file's bytes. They are checked when the stream is at its end. */
  readonly take: (file: BackupFile, bytes: ReadableStream<Uint8Array>) => Promise<void>;
}

/**
 * Reads an archive to its end, and whatever is not as its manifest has it ends that.
 * @throws AppError INPUT_VALIDATION for what is no backup or a damaged one, UNSUPPORTED for one of a newer format, and what the two
 * of {@link Unpacking} throw; the signal's reason
 */
export async function unpack(
  source: ReadableStream<Uint8Array>,
  { begin, take, signal }: Unpacking,
): Promise<BackupManifest> {
  const entries = source.pipeThrough(createTarDecoder({ strict: true }), { signal }).getReader();
  try {
    const first = await next(entries);
    if (first?.header.name !== MANIFEST_NAME) throw new NoBackup("it does not begin with a manifest");
    assertPlain(first, first.header.size);
    if (first.header.size > MOST_MANIFEST_BYTES) throw new NoBackup("its manifest is too large");
    const manifest = readManifest(await new Response(first.body).text());
    await begin(manifest);
    for (const file of manifest.files) {
      const entry = await next(entries);
      if (entry?.header.name !== file.name) throw new NoBackup(`${file.name} is not where its manifest has it`);
      assertPlain(entry, file.bytes);
      const hash = createHash("sha256");
      await take(file, entry.body.pipeThrough(summing(hash)));
      if (hash.digest("hex") !== file.sha256) throw new NoBackup(`${file.name} is not as it was written`);
    }
    if (await next(entries) !== undefined) throw new NoBackup("it has more than its manifest lists");
    return manifest;
  } catch (error) {
    await entries.cancel().catch(() => {});
    signal.throwIfAborted();
    if (error instanceof AppError || isOfSystem(error)) throw error;
    throw notWhole(error);
  } finally {
    entries.releaseLock();
  }
}

/** What is wrong with it, to finish a sentence. */
class NoBackup extends Error {}

function notWhole(cause: unknown): AppError {
  const reason = cause instanceof NoBackup ? cause.message : "it breaks off, or is no archive";
  return new AppError("INPUT_VALIDATION", `This is no whole backup of this program: ${reason}.`, {
    hint: "Nothing was changed. Take another one, or the same from where it was not damaged.",
    cause,
  });
}

async function next(entries: ReadableStreamDefaultReader<ParsedTarEntry>): Promise<ParsedTarEntry | undefined> {
  return (await entries.read()).value;
}

/** No folder, link or device, and of that size. */
function assertPlain({ header }: ParsedTarEntry, size: number): void {
  if (header.type === "file" && header.size === size) return;
  throw new NoBackup(`${header.name} is no file of the size that its manifest has`);
}

function readManifest(text: string): BackupManifest {
  const value: unknown = parsed(text);
  const { data } = backupManifestSchema.safeParse(value);
  if (data !== undefined) return data;
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (typeof schema === "string" && /^backup\/\d+$/.test(schema) && schema !== FORMAT) {
    throw new AppError("UNSUPPORTED", `This backup has the format ${schema}; this program knows ${FORMAT}.`, {
      hint: "Restore it with the version of this program that wrote it, or a newer one.",
    });
  }
  throw new NoBackup("its manifest is none");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function summing(hash: Hash): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform: (chunk, controller) => {
      hash.update(chunk);
      controller.enqueue(chunk);
    },
  });
}
