/**
 * Files of messages beside an export, over the wire: what is downloaded, what is not, and what interrupts it.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { contentOf, type FileContent } from "../../sandbox/world/bytes.ts";
import type { Job } from "../../src/exports/job.ts";
import { readExportFolder } from "../../src/exports/files.ts";
import { DEFAULT_LIMITS } from "../../src/exports/media.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { type Manifest, manifestSchema } from "../../src/model/manifest.ts";
import { type MediaRecord, mediaRecordSchema } from "../../src/model/media_record.ts";
import { type NewFile, type NewOther, startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { createSleeper } from "../mtproto/telegram.ts";
import { canMount, withSmallDisk } from "./small_disk.ts";
import { type Jobs, ME, openJobs, undated } from "./jobs.ts";

/** A supergroup without messages, one that forbids copies, and one with every rarity. */
const [HALL, NO_COPIES, CURIOSITIES, ANN] = [
  "-1002000000006",
  "-1002000000010",
  "@sandbox_curiosities",
  "734201334",
];
const [KB, MB] = [1024, 1024 * 1024];
/** Ids by where the files lie: at home; `AWAY` elsewhere; `MOVED` elsewhere although messages say at home. */
const [HOME, AWAY, MOVED] = ["5200000000000000001", "5200000000000000005", "5200000000000000025"];
const NOTE_HOME = "5200000000000000002";

const document = (id: string, size: number, more: Partial<NewFile> = {}): NewFile => ({
  id,
  size,
  mime: "application/pdf",
  name: "../../etc/passwd.html",
  ...more,
});

function digest(file: Omit<FileContent, "part"> & { readonly part?: string }): string {
  const hash = createHash("sha256");
  for (let at = 0; at < file.size; at += MB) hash.update(contentOf({ part: "", ...file }, at, MB));
  return hash.digest("hex");
}

/** A message of several documents that were paid for. */
const paidFor = (files: readonly (readonly [id: string, size: number])[]): NewOther => ({
  kind: "other",
  tl: {
    _: "messageMediaPaidMedia",
    stars_amount: 5,
    extended_media: files.map(([id, size]) => ({
      _: "messageExtendedMedia",
      media: {
        _: "messageMediaDocument",
        document: { _: "document", id, date: 1, mime_type: "video/mp4", size, attributes: [] },
      },
    })),
  },
});

async function recordsOf(jobs: Jobs, id: string): Promise<MediaRecord[]> {
  const text = await Deno.readTextFile(jobs.path(id, "media.ndjson"));
  return text.split("\n").slice(0, -1).map((line) => mediaRecordSchema.parse(JSON.parse(line)));
}

async function manifestOf(jobs: Jobs, id: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await Deno.readTextFile(jobs.path(id, "manifest.json"))));
}

/** What {@link verifyExport} has to object. */
async function objections(jobs: Jobs, id: string): Promise<unknown[]> {
  const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(id)));
  return findings.filter(({ status }) => status !== "ok");
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

const sha256Of = async (path: string): Promise<string> =>
  createHash("sha256").update(await Deno.readFile(path)).digest("hex");

/** What is found of an export that lacks files which it should have. */
const missedFinding = (missed?: string): unknown[] =>
  missed === undefined ? [] : [{
    check: "complete",
    status: "warn",
    message: `no. Files of messages could not be downloaded: ${missed}.`,
  }];

/** Runs an export of files to its end, checks it, and gives what was recorded. */
async function exported(
  jobs: Jobs,
  chats: readonly string[],
  missed?: string,
): Promise<{ readonly job: Job; readonly records: MediaRecord[] }> {
  const job = await jobs.end(await jobs.start(chats, { download_media: true }));
  assert.deepEqual([job.state, job.complete, job.error], ["completed", missed === undefined, undefined]);
  assert.deepEqual(await objections(jobs, job.id), missedFinding(missed));
  return { job, records: await recordsOf(jobs, job.id) };
}

const requested = async (sandbox: TestSandbox): Promise<number> => (await sandbox.methods())["upload.GetFile"] ?? 0;
const outcomes = (records: readonly MediaRecord[]): string[] =>
  records.map((record) => "file" in record ? record.file.replace(/^media\/[0-9a-f]{32}/, "") : record.skipped);

Deno.test("media of exports: every kind of file is there, named by its content, and its record says whose it is", async () => {
  await using sandbox = await startSandbox();
  const kinds: readonly NewFile[] = [
    document(`${HOME}1`.slice(1), 5000),
    { kind: "video", id: "11", mime: "video/mp4", size: 700 * KB },
    { kind: "audio", id: "12", mime: "audio/mpeg", size: 9000 },
    { kind: "voice", id: "13", mime: "audio/ogg", size: 4096 },
    { kind: "video_note", id: "14", mime: "video/mp4", size: 8192 },
    { kind: "gif", id: "16", mime: "video/mp4", size: 1 },
    { kind: "sticker", id: "17", mime: "application/x-tgsticker", size: 40_000 },
    { id: "18", mime: "text/html", size: 300, name: "page.html" },
    { id: "19", mime: "", size: 0, name: "" },
  ];
  const ids: number[] = [];
  for (const file of kinds) ids.push((await sandbox.append(HALL, "words", file)).id);
  const photo = { kind: "photo", id: "21", width: 1280, height: 960, size: 90_000 } as const;
  ids.push((await sandbox.append(HALL, "", photo)).id);
  await sandbox.append(HALL, "no file");
  const tl = {
    _: "messageMediaPaidMedia",
    stars_amount: 5,
    extended_media: [
      { _: "messageExtendedMediaPreview", w: 800, h: 600 },
      {
        _: "messageExtendedMedia",
        media: {
          _: "messageMediaDocument",
          document: { _: "document", id: "23", date: 1, mime_type: "video/mp4", size: 6000, attributes: [] },
        },
      },
    ],
  };
  const paid = await sandbox.append(HALL, "", { kind: "other", tl });
  await using jobs = openJobs(sandbox);
  const { job, records } = await exported(jobs, [HALL]);
  const files = [...kinds, photo];
  assert.deepEqual(
    records.slice(0, files.length),
    files.map((file, index): MediaRecord => {
      const isPhoto = file.kind === "photo";
      const content = isPhoto ? { ...photo, part: "y", format: "jpeg" as const } : { id: file.id, size: file.size };
      const sha256 = digest(content);
      const endings = ["pdf", "mp4", "mp3", "ogg", "mp4", "mp4", "tgs", "bin", "bin", "jpg"];
      return {
        schema: "media/1",
        chat_id: HALL,
        id: ids[index] ?? 0,
        kind: file.kind ?? "document",
        file: `media/${sha256.slice(0, 32)}.${endings[index]}`,
        bytes: file.size,
        sha256,
        ...("mime" in file && file.mime !== "" ? { mime_type: file.mime } : {}),
      };
    }),
  );
  assert.deepEqual(records.slice(files.length), [
    { schema: "media/1", chat_id: HALL, id: paid.id, item: 0, kind: "photo", skipped: "locked" },
    {
      schema: "media/1",
      chat_id: HALL,
      id: paid.id,
      item: 1,
      kind: "document",
      file: `media/${digest({ id: "23", size: 6000 }).slice(0, 32)}.mp4`,
      bytes: 6000,
      sha256: digest({ id: "23", size: 6000 }),
      mime_type: "video/mp4",
    },
  ]);
  for (const record of records) {
    if ("file" in record) assert.equal(await sha256Of(jobs.path(job.id, record.file)), record.sha256);
  }
  const { media, files: listed } = await manifestOf(jobs, job.id);
  const bytes = files.reduce((sum, { size }) => sum + size, 6000);
  assert.deepEqual(media, { files: 11, bytes, skipped: { locked: 1 } });
  assert.equal(listed.length, 2 + 11);
  assert.deepEqual(await namesIn(jobs.path(job.id, "")), ["manifest.json", "media", "media.ndjson", "messages.ndjson"]);
  assert.equal((await namesIn(jobs.path(job.id, "media"))).length, 11, "and no parts");
});

Deno.test("media of exports: one file of many messages is downloaded once, one content of many files is stored once", async () => {
  await using sandbox = await startSandbox();
  for (let times = 0; times < 3; times++) await sandbox.append(HALL, "", document(HOME, MB));
  // Another file of the same, empty content, and an ending that a later file does not get.
  await sandbox.append(HALL, "", document("31", 0));
  await sandbox.append(HALL, "", document("32", 0, { mime: "text/plain" }));
  await using jobs = openJobs(sandbox);
  await sandbox.forgetMethods();
  const { job, records } = await exported(jobs, [HALL]);
  assert.deepEqual(outcomes(records), [".pdf", ".pdf", ".pdf", ".pdf", ".pdf"]);
  assert.equal(new Set(records.map((record) => "file" in record && record.file)).size, 2);
  assert.equal(await requested(sandbox), 2, "a megabyte in two parts");
  assert.deepEqual((await manifestOf(jobs, job.id)).media, { files: 2, bytes: MB, skipped: {} });
});

Deno.test("media of exports: files elsewhere, moved ones and those with expired references are followed", async () => {
  await using sandbox = await startSandbox();
  for (const id of [AWAY, MOVED, HOME]) await sandbox.append(HALL, "", document(id, 3 * MB + 1));
  const error = { code: 400, message: "FILE_REFERENCE_EXPIRED" };
  await sandbox.faults({ rules: [{ method: "upload.getFile", after: 3, every: 4, times: 4, error }] });
  await using jobs = openJobs(sandbox);
  const { records } = await exported(jobs, [HALL]);
  assert.deepEqual(
    records.map((record) => "file" in record && record.sha256),
    [AWAY, MOVED, HOME].map((id) => digest({ id, size: 3 * MB + 1 })),
  );
  const methods = await sandbox.methods();
  assert.deepEqual([methods["auth.ExportAuthorization"], methods["auth.ImportAuthorization"]], [1, 1]);
});

Deno.test("media of exports: what is beyond the limits is told of, and what is within them is there", async () => {
  await using sandbox = await startSandbox();
  const sizes = [1000, 5001, 5000, 2000, 1000, 3000];
  for (const [index, size] of sizes.entries()) {
    await sandbox.append(HALL, "", document(String(index === 4 ? 40 : 40 + index), size));
  }
  await using jobs = openJobs(sandbox, { limits: { ...DEFAULT_LIMITS, maxFileBytes: 5000, maxFiles: 3 } });
  const { job, records } = await exported(jobs, [HALL]);
  assert.deepEqual(outcomes(records), [".pdf", "too_large", ".pdf", ".pdf", ".pdf", "limit"]);
  assert.deepEqual(records.map((record) => "skipped" in record ? record.size : record.bytes), sizes);
  assert.deepEqual((await manifestOf(jobs, job.id)).media, {
    files: 3,
    bytes: 8000,
    skipped: { limit: 1, too_large: 1 },
  });
});

Deno.test("media of exports: what forbids copies or was sent to vanish is skipped unless the owner allows it", async () => {
  await using sandbox = await startSandbox();
  const { id } = await sandbox.append(NO_COPIES, "", document(HOME, 1000));
  const limits = { ...DEFAULT_LIMITS, maxFileBytes: 500 * KB };
  await using jobs = openJobs(sandbox, { limits });
  const kept = await exported(jobs, [NO_COPIES]);
  assert.deepEqual(new Set(outcomes(kept.records)), new Set(["protected", "too_large"]));
  assert.equal(await requested(sandbox), 0);
  const rare = await exported(jobs, [CURIOSITIES]);
  const counted = Object.groupBy(rare.records, (record) => "file" in record ? "file" : record.skipped);
  assert.equal(counted.protected?.length, 1, "a photo that vanishes");
  assert.equal(counted.gone?.length, 3, "those that have vanished");
  assert.equal(counted.locked?.length, 2, "those that are not paid for");
  assert.deepEqual([counted.failed, counted.unsupported, counted.changed], [undefined, undefined, undefined]);
  await using allowed = openJobs(sandbox, {
    directory: join(sandbox.directory, "allowed"),
    limits: { ...limits, allowProtected: true },
  });
  const { records } = await exported(allowed, [NO_COPIES]);
  const record = records.find((record) => record.id === id);
  assert.ok(record !== undefined && "file" in record && record.sha256 === digest({ id: HOME, size: 1000 }));
});

Deno.test("media of exports: a file that is gone, or of another size than told, is told of and fails nothing", async () => {
  await using sandbox = await startSandbox();
  const ids: number[] = [];
  for (const [id, size] of [[HOME, 20 * MB], ["51", 3 * MB], ["52", 1_000_001], ["53", 1000], ["54", 7000]] as const) {
    ids.push((await sandbox.append(HALL, "", document(id, size))).id);
  }
  await sandbox.resizeFile("51", 3 * MB - 1);
  await sandbox.resizeFile("52", 1_000_002);
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 20 });
  const id = await jobs.start([HALL], { download_media: true });
  await jobs.until(id, ({ position }) => (position?.media?.part?.bytes ?? 0) > 0, "it is amid the first file");
  await sandbox.remove(HALL, [ids[0] ?? 0, ids[4] ?? 0]);
  await sandbox.rotateReferences();
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["completed", false]);
  const found = outcomes(await recordsOf(jobs, id));
  assert.deepEqual(found, ["gone", "wrong_size", "wrong_size", ".pdf", "gone"]);
  assert.deepEqual(await objections(jobs, id), missedFinding("2 wrong_size"));
  assert.equal((await namesIn(jobs.path(id, "media"))).length, 1);
});

Deno.test("media of exports: a file that Telegram cannot give, however often it is asked, is given up", async () => {
  await using sandbox = await startSandbox();
  for (const id of [HOME, NOTE_HOME]) await sandbox.append(HALL, "", document(id, 1000));
  await using jobs = openJobs(sandbox);
  const error = { code: 500, message: "STORE_TROUBLE" };
  await sandbox.faults({ rules: [{ method: "upload.getFile", times: 25, error }] });
  const { records } = await exported(jobs, [HALL], "1 failed");
  assert.deepEqual(outcomes(records), ["failed", ".pdf"]);
  await sandbox.faults({ rules: [{ method: "upload.getFile", times: 3, garble: true }] });
  assert.deepEqual(
    outcomes((await exported(jobs, [HALL])).records),
    [".pdf", ".pdf"],
    "what cannot be read is asked for again",
  );
});

Deno.test("media of exports: where messages cannot be read again it is tried some times, and then fails with what there is", async () => {
  await using sandbox = await startSandbox();
  await sandbox.append(HALL, "", document(HOME, 1000));
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ rules: [{ method: "channels.getMessages", garble: true }] });
  const job = await jobs.end(await jobs.start([HALL], { download_media: true }));
  assert.deepEqual([job.state, job.error?.code], ["failed", "INTERNAL"]);
  assert.equal((await sandbox.methods())["channels.GetMessages"], 4);
  const [only, ...more] = await objections(jobs, job.id);
  assert.deepEqual([Object(only).status, more], ["warn", []]);
});

Deno.test("media of exports: no checkpoint tells of files that are not on the disk", async () => {
  await using sandbox = await startSandbox();
  for (const id of [HOME, "81", "82"]) await sandbox.append(HALL, "", document(id, 9 * MB));
  await using jobs = openJobs(sandbox);
  const { sync, write } = Deno.FsFile.prototype;
  const dirty = new Set<Deno.FsFile>();
  Deno.FsFile.prototype.write = async function (bytes): Promise<number> {
    dirty.add(this);
    return await write.call(this, bytes);
  };
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    await sync.call(this);
    dirty.delete(this);
  };
  const { save } = jobs.store;
  let [before, parts] = ["", 0];
  Reflect.set(jobs.store, "save", (job: Job) => {
    const media = JSON.stringify(job.position?.media ?? "");
    // What only tells of a state tells of an older position.
    if (media !== before) assert.equal(dirty.size, 0, media);
    if (media !== before && job.position?.media?.part !== undefined) parts++;
    before = media;
    save(job);
  });
  try {
    const job = await jobs.end(await jobs.start([HALL], { download_media: true }));
    assert.equal(job.state, "completed", JSON.stringify(job.error));
  } finally {
    Object.assign(Deno.FsFile.prototype, { sync, write });
  }
  assert.ok(parts >= 3, `${parts} checkpoints amid files`);
});

Deno.test("media of exports: floods and cut connections cost time only, and are told", async () => {
  await using sandbox = await startSandbox();
  for (const id of [HOME, AWAY]) await sandbox.append(HALL, "", document(id, 5 * MB));
  await sandbox.faults({
    rules: [
      { method: "upload.getFile", after: 3, times: 1, error: { code: 420, message: "FLOOD_WAIT_1" } },
      { method: "upload.getFile", after: 2, every: 3, times: 2, close: true },
    ],
  });
  await using jobs = openJobs(sandbox);
  const id = await jobs.start([HALL], { download_media: true });
  await jobs.until(id, ({ waiting }) => waiting?.reason === "flood", "it waits for a flood");
  const job = await jobs.end(id);
  assert.equal(job.state, "completed");
  assert.deepEqual(await objections(jobs, id), []);
  assert.deepEqual(outcomes(await recordsOf(jobs, id)), [".pdf", ".pdf"]);
});

Deno.test("media of exports: stopped amid files again and again, no part that is there is asked for twice", async () => {
  await using sandbox = await startSandbox();
  const alone = [[HOME, 4 * MB + 77], [AWAY, 4 * MB], ["61", 2 * MB + 5]] as const;
  for (const [id, size] of alone) await sandbox.append(HALL, "", document(id, size));
  const together = [["62", 2 * MB], ["63", 3 * MB], ["64", 2 * MB]] as const;
  await sandbox.append(HALL, "", paidFor(together));
  const files = [...alone, ...together];
  const parts = files.reduce((sum, [, size]) => sum + Math.ceil(size / (512 * KB)), 0);
  let id: string | undefined;
  {
    await using whole = openJobs(sandbox, { directory: join(sandbox.directory, "undisturbed") });
    await sandbox.forgetMethods();
    await exported(whole, [HALL]);
  }
  const undisturbed = await requested(sandbox);
  assert.ok(undisturbed >= parts);
  await sandbox.forgetMethods();
  await sandbox.faults({ latencyMs: 15 });
  let stops = 0;
  for (;; stops++) {
    await using jobs = openJobs(sandbox);
    id ??= await jobs.start([HALL], { download_media: true });
    const wanted = await requested(sandbox) + 3;
    const isOver = async (): Promise<boolean> =>
      jobs.exports.get(id ?? "", ME).job.state === "completed" || await requested(sandbox) >= wanted;
    while (!await isOver());
    await jobs.exports.drain();
    if (jobs.exports.get(id, ME).job.state === "completed") break;
  }
  assert.ok(stops >= 6, `${stops} stops`);
  // A request under way when it is stopped is lost, and a last piece of less than 4 KiB is asked for again.
  assert.ok(await requested(sandbox) <= undisturbed + stops * 2, `${await requested(sandbox)} of ${undisturbed}`);
  await using jobs = openJobs(sandbox);
  assert.deepEqual(await objections(jobs, id), []);
  for (const [index, record] of (await recordsOf(jobs, id)).entries()) {
    const [file = "", size = 0] = files[index] ?? [];
    assert.ok("file" in record && record.sha256 === digest({ id: file, size }));
  }
});

Deno.test("media of exports: cancelled amid a file, what is whole stays and is checked, the part goes", async () => {
  await using sandbox = await startSandbox();
  await sandbox.append(HALL, "", document(HOME, 1000));
  await sandbox.append(HALL, "", document(NOTE_HOME, 40 * MB));
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 20 });
  const id = await jobs.start([HALL], { download_media: true });
  await jobs.until(id, ({ position }) => (position?.media?.part?.bytes ?? 0) > 0, "it is amid the file");
  const { job } = await jobs.exports.cancel(id, ME);
  assert.deepEqual([job.state, job.complete], ["cancelled", false]);
  assert.deepEqual(outcomes(await recordsOf(jobs, id)), [".pdf"]);
  assert.equal((await namesIn(jobs.path(id, "media"))).length, 1);
  const [only, ...more] = await objections(jobs, id);
  assert.deepEqual([Object(only).status, more], ["warn", []]);
});

Deno.test("media of exports: files that somebody removed meanwhile are downloaded again", async () => {
  await using sandbox = await startSandbox();
  await sandbox.append(HALL, "", document(HOME, 1000));
  await sandbox.append(HALL, "", document(NOTE_HOME, 20 * MB));
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    await sandbox.faults({ latencyMs: 20 });
    id = await jobs.start([HALL], { download_media: true });
    await jobs.until(id, ({ position }) => (position?.media?.part?.bytes ?? 0) > 0, "it is amid the file");
    await jobs.exports.drain();
    await Deno.remove(jobs.path(id, "media"), { recursive: true });
  }
  await sandbox.clearFaults();
  await using jobs = openJobs(sandbox);
  assert.equal((await jobs.end(id)).state, "completed");
  assert.deepEqual(await objections(jobs, id), []);
  assert.deepEqual(outcomes(await recordsOf(jobs, id)), [".pdf", ".pdf"]);
});

Deno.test("media of exports: several chats keep the order of their messages, and without being asked nothing is downloaded", async () => {
  await using sandbox = await startSandbox();
  await sandbox.append(HALL, "", document(HOME, 1000));
  const mine = await sandbox.append(ANN, "", document(NOTE_HOME, 1000));
  await using jobs = openJobs(sandbox, { limits: { ...DEFAULT_LIMITS, maxFileBytes: 1000 } });
  const { records } = await exported(jobs, [ANN, HALL]);
  assert.deepEqual(records.filter((record) => "file" in record).map(({ chat_id }) => chat_id), [ANN, HALL]);
  assert.ok(records.some((record) => record.chat_id === ANN && record.id === mine.id && "file" in record));
  await sandbox.forgetMethods();
  const without = await jobs.end(await jobs.start([ANN, HALL]));
  assert.deepEqual([without.state, await requested(sandbox)], ["completed", 0]);
  assert.deepEqual(await namesIn(jobs.path(without.id, "")), ["manifest.json", "messages.ndjson"]);
});

Deno.test({
  // Only root may mount.
  ignore: !canMount,
  name: "media of exports: on a full disk it waits, and when there is space it goes on amid the file",
  fn: async () => {
    await using sandbox = await startSandbox();
    await sandbox.append(HALL, "", document(HOME, 1000));
    await sandbox.append(HALL, "", document(NOTE_HOME, 12 * MB));
    await withSmallDisk(sandbox, 16, async (directory) => {
      const filler = join(directory, "filler");
      await Deno.writeFile(filler, new Uint8Array(8 * MB), { mode: 0o600 });
      const sleeper = createSleeper();
      const sleep = (seconds: number, signal?: AbortSignal): Promise<void> =>
        sleeper.sleep(seconds * 1000, signal ?? new AbortController().signal);
      await using jobs = openJobs(sandbox, { directory, sleep });
      const id = await jobs.start([HALL], { download_media: true });
      for (let attempts = 0; attempts < 3; attempts++) {
        await jobs.until(id, ({ waiting }) => waiting?.reason === "disk", "it waits");
        assert.equal(await sleeper.wake((ms) => ms === 30_000), 30_000);
      }
      const waiting = await jobs.until(id, ({ waiting }) => waiting?.reason === "disk", "it waits");
      assert.ok((waiting.position?.media?.part?.bytes ?? 0) > 0, "what is there stays");
      await Deno.remove(filler);
      await sandbox.forgetMethods();
      await sleeper.wake((ms) => ms === 30_000);
      assert.equal((await jobs.end(id)).state, "completed");
      assert.deepEqual(await objections(jobs, id), []);
      assert.deepEqual(outcomes(await recordsOf(jobs, id)), [".pdf", ".pdf"]);
      assert.ok(await requested(sandbox) < 20, "not all 24 parts");
    });
  },
});

Deno.test("media of exports: every format links to the files, or says why there is none", async () => {
  await using sandbox = await startSandbox();
  await sandbox.append(HALL, "a picture", { kind: "photo", id: "71", size: 20_000 });
  await sandbox.append(HALL, "", document(HOME, 1000));
  await sandbox.append(HALL, "", document(NOTE_HOME, 1001));
  await using limited = openJobs(sandbox, { limits: { ...DEFAULT_LIMITS, maxFiles: 2 } });
  const read = async (format: "html" | "markdown" | "json" | "csv", name: string): Promise<string> => {
    const job = await limited.end(await limited.start([HALL], { download_media: true, format }));
    assert.deepEqual([job.state, await objections(limited, job.id)], ["completed", []]);
    return await undated(limited.path(job.id, name));
  };
  const photo = `media/${
    digest({ id: "71", size: 20_000, part: "x", format: "jpeg", width: 640, height: 640 }).slice(0, 32)
  }.jpg`;
  const paper = `media/${digest({ id: HOME, size: 1000 }).slice(0, 32)}.pdf`;
  const html = await read("html", "page-0001.html");
  assert.ok(html.includes(`<a href="${photo}"><img src="${photo}" alt="photo" loading="lazy"></a>`), html);
  assert.ok(html.includes(`<a href="${paper}">file: ${paper}</a>`) && html.includes("file: not downloaded (limit)"));
  assert.match(html, /img-src &#39;self&#39; file:;/);
  const markdown = await read("markdown", "messages.md");
  assert.ok(markdown.includes(`\n- file: [${photo}](${photo})\n\na picture\n`), markdown);
  assert.ok(markdown.includes(`\n- file: not downloaded (limit)\n`));
  const json = JSON.parse(await read("json", "result.json"));
  assert.deepEqual(
    json.messages.map(({ photo, file }: { photo?: string; file?: string }) => photo ?? file),
    [photo, paper, "(File not included. Change data exporting settings to download.)"],
  );
  const csv = await read("csv", "messages.csv");
  assert.match(csv, /,file_name,file,service,/);
  for (const cell of [photo, paper, "(limit)"]) assert.ok(csv.includes(`,${cell},`), cell);
  assert.deepEqual(
    (await readExportFolder(limited.exports.folder(limited.ended[0]?.id ?? "")))?.files
      .filter(({ name }) => name.startsWith("media")).map(({ name, mime }) => [name, mime]).sort(),
    [[photo, "image/jpeg"], [paper, "application/pdf"], ["media.ndjson", "application/x-ndjson"]].sort(),
  );
});

Deno.test("media of exports: a file that would take more than all exports may is told of, and smaller ones are there", async () => {
  await using sandbox = await startSandbox();
  for (const [id, size] of [[HOME, 3 * MB], ["91", MB], ["92", 3 * MB], ["93", MB]] as const) {
    await sandbox.append(HALL, "", document(id, size));
  }
  await using jobs = openJobs(sandbox, { maxBytes: 5 * MB + 100 * KB });
  await sandbox.forgetMethods();
  const { records, job } = await exported(jobs, [HALL], "1 quota");
  assert.deepEqual(outcomes(records), [".pdf", ".pdf", "quota", ".pdf"]);
  assert.deepEqual((await manifestOf(jobs, job.id)).media, { files: 3, bytes: 5 * MB, skipped: { quota: 1 } });
  assert.equal(await requested(sandbox), 10, "nothing of the file that does not fit");
});
