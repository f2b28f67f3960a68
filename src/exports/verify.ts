/**
 * Checks a finished export against its manifest: every file, every line, every number. Needs nothing but the folder, and
 * constant memory.
 * @module
 */
import { join } from "node:path";
import { type Manifest, type ManifestFile, manifestSchema } from "../model/manifest.ts";
import { digestOf, MANIFEST_FILE, manifestText, MEDIA_FILE, MESSAGES_FILE, totalsOf } from "./manifest.ts";
import { measure } from "./measure.ts";
import { findMediaProblem, mediaContradiction } from "./verify_media.ts";
import { createRecordCheck, type RecordCheck } from "./verify_records.ts";

/** What was found of one thing. */
export interface Finding {
  /** A file, a chat's marked id, or what else was looked at. */
  readonly check: string;
  /** `warn`: it is as it was written, but not complete. */
  readonly status: "ok" | "warn" | "fail";
  /** A clause. Names of files that nobody listed are in it as JSON. */
  readonly message: string;
}

/**
 * Makes all checks, one after the other. When none fails, the last one tells whether the export is complete.
 * @throws Deno.errors of the file system, for what is there and cannot be read
 */
export async function* verifyExport(folder: string): AsyncGenerator<Finding, void, undefined> {
  const manifest = await readManifest(folder);
  if (typeof manifest === "string") return yield failing(MANIFEST_FILE, manifest);
  let sound = true;
  for await (const finding of compare(folder, manifest)) {
    sound &&= finding.status === "ok";
    yield finding;
  }
  if (!sound) return;
  if (manifest.complete) return yield { check: "complete", status: "ok", message: "yes" };
  const ofChats = manifest.chats.flatMap(({ id, reasons }) => reasons.map((reason) => `${id}: ${reason}`));
  yield { check: "complete", status: "warn", message: `no. ${[...manifest.reasons, ...ofChats].join(" ")}` };
}

async function* compare(folder: string, manifest: Manifest): AsyncGenerator<Finding, void, undefined> {
  const { id, finished, files, media } = manifest;
  yield finding(MANIFEST_FILE, contradiction(manifest), `export ${JSON.stringify(id)}, finished ${finished}`);
  const names = new Set(files.map(({ name }) => name));
  const there = new Set<string>();
  for await (const { name, isFile } of filesOf(folder)) {
    if (name === MANIFEST_FILE) continue;
    if (isFile && names.has(name)) there.add(name);
    else yield failing("folder", `${JSON.stringify(name)} does not belong to the export`);
  }
  const records = createRecordCheck(manifest);
  const sound = new Set<string>();
  for (const file of files) {
    const found = there.has(file.name) ? await checkFile(folder, file, records) : failing(file.name, "it is missing");
    if (found.status === "ok") sound.add(file.name);
    yield found;
  }
  if (!there.has(MESSAGES_FILE)) return;
  for (const { chat, problem } of records.chats()) {
    const { messages, edited, deletions, gaps } = chat;
    const known = chat.bounds.since === undefined
      ? ""
      : ` (${edited ?? 0} of them edited) and ${deletions ?? 0} deletions`;
    yield finding(chat.id, problem, `${messages} messages${known}${describeGaps(gaps)}`);
  }
  if (media === undefined || !sound.has(MESSAGES_FILE) || !sound.has(MEDIA_FILE)) return;
  yield finding("media", await findMediaProblem(folder, manifest), `${media.files} files, ${media.bytes} bytes`);
}

/** The manifest, or what is wrong with it. */
async function readManifest(folder: string): Promise<Manifest | string> {
  const path = join(folder, MANIFEST_FILE);
  try {
    if (!(await Deno.lstat(path)).isFile) return "it is not a regular file";
    const text = await Deno.readTextFile(path);
    const manifest = manifestSchema.safeParse(JSON.parse(text)).data;
    if (manifest === undefined) return "it is no manifest/1";
    if (manifestText(manifest) !== text || digestOf(manifest) !== manifest.digest) {
      return "it has been altered since it was written";
    }
    return manifest;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "it is missing";
    if (error instanceof SyntaxError) return "it is no JSON";
    throw error;
  }
}

/** Where a manifest does not agree with itself. */
function contradiction(manifest: Manifest): string | undefined {
  const { delta_of, query, chats, files, totals, complete, reasons } = manifest;
  const names = files.map(({ name }) => name);
  if (new Set(names).size < names.length || names.includes(MANIFEST_FILE)) return "it lists a file twice, or itself";
  if (new Set(chats.map(({ id }) => id)).size < chats.length) return "it lists a chat twice";
  if (!names.includes(MESSAGES_FILE)) return `it does not list ${MESSAGES_FILE}`;
  const isDelta = delta_of !== undefined;
  const isAgreed = query["delta_of"] === delta_of &&
    chats.every(({ bounds }) => (bounds.since !== undefined) === isDelta);
  if (!isAgreed) return "what it says of the export before it does not agree";
  if (JSON.stringify(totalsOf(chats, files)) !== JSON.stringify(totals)) return "its totals are not the sums";
  const agrees = chats.every((chat) => chat.complete === (chat.reasons.length === 0)) &&
    complete === (reasons.length === 0 && chats.every((chat) => chat.complete));
  return agrees ? mediaContradiction(manifest) : "what it says of being complete does not agree";
}

async function checkFile(folder: string, file: ManifestFile, records: RecordCheck): Promise<Finding> {
  const isMessages = file.name === MESSAGES_FILE;
  const { bytes, sha256, lines, whole } = await measure(join(folder, file.name), isMessages ? records.add : undefined);
  const problems = [
    bytes === file.bytes ? undefined : `it has ${bytes} bytes where there were ${file.bytes}`,
    bytes !== file.bytes || sha256 === file.sha256 ? undefined : "its content has changed",
    ...isMessages ? [records.problem(), whole ? undefined : "its last line has no end"] : [],
    lines === (file.lines ?? lines) ? undefined : `it has ${lines} lines where there were ${file.lines}`,
    isMessages && records.messages() !== file.messages ? `it has ${records.messages()} messages` : undefined,
  ].filter((problem) => problem !== undefined);
  const told = file.lines === undefined ? "" : `, ${file.lines} lines`;
  return finding(file.name, problems.join("; ") || undefined, `${bytes} bytes${told}`);
}

function finding(check: string, problem: string | undefined, message: string): Finding {
  return problem === undefined ? { check, status: "ok", message } : failing(check, problem);
}

function failing(check: string, message: string): Finding {
  return { check, status: "fail", message };
}

function describeGaps(gaps: Manifest["chats"][number]["gaps"]): string {
  if (gaps === undefined) return "";
  const { from, to, deleted, service, filtered, unknown } = gaps;
  const left = `${deleted} deleted or never used, ${service} service, ${filtered} filtered, ${unknown} unknown`;
  return ` of the ids ${from} to ${to}; ${left}`;
}

/** Every file below a folder, by its name relative to it. Links are not followed. */
async function* filesOf(folder: string, below = ""): AsyncGenerator<{ name: string; isFile: boolean }> {
  for await (const entry of Deno.readDir(join(folder, below))) {
    const name = `${below}${entry.name}`;
    if (entry.isDirectory) yield* filesOf(folder, `${name}/`);
    else yield { name, isFile: entry.isFile };
  }
}
