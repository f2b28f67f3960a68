/**
 * Writes `manifest.json`, which makes a folder of files an export that can be checked.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import {
  type Counts,
  type Manifest,
  type ManifestChat,
  type ManifestFile,
  type ManifestMedia,
  manifestSchema,
} from "../model/manifest.ts";
import { formatPoint, type Range } from "../telegram/dates.ts";
import { measure } from "./measure.ts";
import { syncFolder, writeAll } from "./disk.ts";
import { sortedByName } from "./tally.ts";

/** The manifest's own name; it does not list itself. */
export const MANIFEST_FILE = "manifest.json";

/** The file that holds the messages, which all others are made from. */
export const MESSAGES_FILE = "messages.ndjson";

/** The file that tells what became of the messages' files, where they were asked for. */
export const MEDIA_FILE = "media.ndjson";

/** The folder that these are in. */
export const MEDIA_FOLDER = "media";

/** A history of an export, as one of its segments. */
export interface ExportedChat extends Pick<ManifestChat, "id" | "kind" | "title" | "username"> {
  readonly range: Range;
  /** Of a delta: what the export that it continues knew. */
  readonly since?: number;
  /** The newest message id when the export began. */
  readonly upTo: number;
  /** Why it is not complete, in sentences; empty when it is. */
  readonly reasons: readonly string[];
}

/** An export whose files are all written. */
export interface FinishedExport {
  readonly id: string;
  /** The export that it continues. */
  readonly delta_of?: string;
  /** RFC 3339 in UTC, as `finished`. */
  readonly created: string;
  readonly finished: string;
  readonly program: { readonly name: string; readonly version: string };
  /** What was asked for, as JSON. */
  readonly query: JsonObject;
  readonly chats: readonly ExportedChat[];
  /** One for each of `chats`, from the tally. */
  readonly counts: readonly Counts[];
  /** Names relative to the folder, {@link MESSAGES_FILE} among them. */
  readonly files: readonly string[];
  /** The messages' files and their sum, {@link MEDIA_FILE} not among them; measured as they were written. */
  readonly media?: { readonly files: readonly ManifestFile[]; readonly summary: ManifestMedia };
  /** Why the whole is not complete, besides what keeps a chat from it. */
  readonly reasons?: readonly string[];
}

/**
 * Reads every file, and writes the manifest, which is either absent or whole.
 * @param folder where the files are
 * @param signal stops it amid a file; then there is no manifest, or the one before
 * @throws AppError INTERNAL when the messages written are not those that were counted
 * @throws Deno.errors of the file system
 */
export async function writeManifest(
  folder: string,
  finished: FinishedExport,
  signal?: AbortSignal,
): Promise<Manifest> {
  const files: ManifestFile[] = [...finished.media?.files ?? []];
  for (const name of finished.files) files.push(await describeFile(folder, name, finished.counts, signal));
  const manifest = manifestOf(finished, files.sort((a, b) => a.name < b.name ? -1 : 1));
  const path = join(folder, MANIFEST_FILE);
  const part = `${path}.part`;
  {
    using file = await Deno.open(part, { write: true, create: true, truncate: true, mode: 0o600 });
    await writeAll(file, manifestText(manifest));
    await file.sync();
  }
  await Deno.rename(part, path);
  await syncFolder(path);
  return manifest;
}

/**
 * Reads a folder's manifest; undefined where there is none.
 * @throws z.ZodError or SyntaxError for one that is none; Deno.errors of the file system
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return manifestSchema.parse(JSON.parse(await Deno.readTextFile(join(folder, MANIFEST_FILE))));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The text of the file: the same manifest is the same bytes. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** What `digest` must be. It shows accidents; whoever changes the manifest on purpose can compute it too. */
export function digestOf(manifest: Omit<Manifest, "digest">): string {
  return createHash("sha256").update(JSON.stringify({ ...manifest, digest: undefined })).digest("hex");
}

/** All histories together. */
export function totalsOf(
  chats: readonly Pick<Counts, "messages" | "deletions" | "by_kind">[],
  files: readonly Pick<ManifestFile, "bytes">[],
): Manifest["totals"] {
  const kinds: Record<string, number> = {};
  for (const [kind, count] of chats.flatMap(({ by_kind }) => Object.entries(by_kind))) {
    kinds[kind] = (kinds[kind] ?? 0) + count;
  }
  return {
    messages: sum(chats.map(({ messages }) => messages)),
    deletions: sum(chats.map(({ deletions = 0 }) => deletions)) || undefined,
    by_kind: sortedByName(kinds),
    bytes: sum(files.map(({ bytes }) => bytes)),
  };
}

async function describeFile(
  folder: string,
  name: string,
  counts: readonly Counts[],
  signal: AbortSignal | undefined,
): Promise<ManifestFile> {
  const { bytes, sha256, lines } = await measure(join(folder, name), undefined, signal);
  if (name === MEDIA_FILE) return { name, bytes, sha256, lines };
  if (name !== MESSAGES_FILE) return { name, bytes, sha256 };
  const messages = sum(counts.map(({ messages }) => messages));
  const records = messages + sum(counts.map(({ deletions = 0 }) => deletions));
  if (lines === records) return { name, bytes, sha256, lines, messages };
  throw new AppError("INTERNAL", `${MESSAGES_FILE} has ${lines} lines where ${records} were counted.`);
}

function manifestOf(finished: FinishedExport, files: readonly ManifestFile[]): Manifest {
  const { id, delta_of, created, program, query, counts, reasons = [] } = finished;
  const chats = finished.chats.map((chat, index): ManifestChat => {
    const counted = counts[index];
    if (counted === undefined) throw new AppError("INTERNAL", `Nothing was counted of ${chat.id}.`);
    const { from, to } = chat.range;
    return {
      id: chat.id,
      kind: chat.kind,
      title: chat.title,
      username: chat.username,
      bounds: { from: from && formatPoint(from), to: to && formatPoint(to), since: chat.since, up_to: chat.upTo },
      ...counted,
      complete: chat.reasons.length === 0,
      reasons: [...chat.reasons],
    };
  });
  const body = {
    schema: "manifest/1" as const,
    id,
    delta_of,
    created,
    finished: finished.finished,
    program,
    query,
    chats,
    totals: totalsOf(chats, files),
    media: finished.media?.summary,
    files: [...files],
    complete: reasons.length === 0 && chats.every(({ complete }) => complete),
    reasons: [...reasons],
  };
  // Parsed, its keys are in the schema's order, and what cannot be checked is not written.
  const { digest: _, ...ordered } = manifestSchema.parse({ ...body, digest: "0".repeat(64) });
  return { ...ordered, digest: digestOf(ordered) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
