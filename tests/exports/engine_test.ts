/**
 * One export from plan to files, with everything that can go wrong meanwhile.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createWorld } from "../../sandbox/world/mod.ts";
import type { Job } from "../../src/exports/job.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { idsOf, readExport } from "../cli/exports.ts";
import { expected } from "../e2e/naive.ts";
import { canMount, withSmallDisk } from "./small_disk.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { createSleeper } from "../mtproto/telegram.ts";
import { type Jobs, ME, openJobs, undated } from "./jobs.ts";

const [GROUP, MIGRATED, FORMER, ANN, LIVE] = [
  "-1002000000003",
  "-1002000000013",
  "-4002",
  "734201334",
  "-1002000000017",
];
const WORLD = createWorld();
const idsIn = (chat: string): number[] => Array.from(WORLD.messages(chat), ({ id }) => id);

/** What {@link verifyExport} has to object, and whether it says that all is there. */
async function verified(jobs: Jobs, { id }: Job): Promise<unknown[]> {
  const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(id)));
  return findings.filter(({ status }) => status !== "ok");
}

/** The file of a job that nothing disturbs, in a data directory of its own. */
async function undisturbed(sandbox: TestSandbox, chats: readonly string[]): Promise<string> {
  const directory = join(sandbox.directory, "undisturbed");
  await using jobs = openJobs(sandbox, { directory });
  const id = await jobs.start(chats);
  assert.equal((await jobs.end(id)).state, "completed");
  return await undated(jobs.path(id));
}

Deno.test("export job: several chats, one of them migrated, follow each other, and the manifest vouches for them", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const job = await jobs.end(await jobs.start([ANN, MIGRATED, "@sandbox_live"]));
  assert.deepEqual([job.state, job.complete, job.error, job.waiting], ["completed", true, undefined, undefined]);
  const expected = [ANN, FORMER, MIGRATED, LIVE].flatMap((chat) => idsIn(chat).map((id) => `${chat}/${id}`));
  const found = (await readExport(jobs.path(job.id))).map(({ chat_id, id }) => `${chat_id}/${id}`);
  assert.deepEqual(found, expected);
  assert.deepEqual(job.plan?.segments.map(({ id }) => id), [ANN, FORMER, MIGRATED, LIVE]);
  assert.deepEqual([job.plan?.estimated, job.position?.written], [expected.length, expected.length]);
  assert.deepEqual(await verified(jobs, job), []);
  assert.deepEqual(jobs.ended.map(({ id }) => id), [job.id]);
});

Deno.test("export job: filters hold, and what is not there is told by verdict", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  for (const type of ["photo", "service", "text"] as const) {
    const job = await jobs.end(await jobs.start([GROUP], { type }));
    const ids = expected(WORLD, { chat: GROUP, oldestFirst: true, type }).map(({ id }) => id);
    assert.deepEqual(await idsOf(jobs.path(job.id)), ids, type);
    assert.deepEqual(await verified(jobs, job), []);
  }
});

Deno.test("export job: what comes after its begin is not in it, however often it is opened", async () => {
  await using sandbox = await startSandbox();
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    await sandbox.faults({ latencyMs: 400 });
    id = await jobs.start([GROUP]);
    await jobs.until(id, ({ plan }) => plan !== undefined, "it is planned");
    await sandbox.append(GROUP, "late");
  }
  await sandbox.clearFaults();
  await using jobs = openJobs(sandbox);
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["completed", true]);
  assert.deepEqual(await idsOf(jobs.path(id)), idsIn(GROUP));
});

Deno.test("export job: stopped again and again it writes the bytes of an undisturbed one, and reads little twice", async () => {
  await using sandbox = await startSandbox();
  const whole = await undisturbed(sandbox, [MIGRATED, GROUP, ANN]);
  await sandbox.faults({ latencyMs: 5 });
  await sandbox.forgetMethods();
  let [id, stops, written]: [string | undefined, number, number] = [undefined, 0, 0];
  for (;; stops++) {
    await using jobs = openJobs(sandbox);
    id ??= await jobs.start([MIGRATED, GROUP, ANN]);
    const before: Job = jobs.exports.get(id, ME).job;
    assert.ok((before.position?.written ?? 0) >= written, "no checkpoint is lost");
    written = before.position?.written ?? 0;
    const wanted = stops < 12 ? (await sandbox.methods())["messages.GetHistory"] ?? 0 : Infinity;
    const isOver = async (): Promise<boolean> =>
      (jobs.exports.get(id ?? "", ME).job.state === "completed") ||
      ((await sandbox.methods())["messages.GetHistory"] ?? 0) > wanted + 6;
    while (!await isOver());
    const begun = performance.now();
    await jobs.exports.drain();
    assert.ok(performance.now() - begun < 3500);
    // A torn line, as a crash leaves one.
    const { state } = jobs.exports.get(id, ME).job;
    if (state === "completed") {
      assert.equal(await undated(jobs.path(id)), whole);
      break;
    }
    await Deno.mkdir(jobs.exports.folder(id), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(jobs.path(id, "messages.ndjson.part"), '{"schema":"mess', { append: true });
  }
  assert.ok(stops >= 10, `${stops} stops`);
  const pages = 51 + 24 + 3;
  const asked = (await sandbox.methods())["messages.GetHistory"] ?? 0;
  assert.ok(asked < pages * 2 + stops * 4, `${asked} requests`);
});

Deno.test("export job: no checkpoint tells of bytes that are not on the disk", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const { sync, write } = Deno.FsFile.prototype;
  let [written, synced, checkpoints] = [0, 0, 0];
  const save = jobs.store.save;
  Deno.FsFile.prototype.write = async function (bytes): Promise<number> {
    const count = await write.call(this, bytes);
    written += count;
    return count;
  };
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    const before = written;
    await sync.call(this);
    synced = before;
  };
  Reflect.set(jobs.store, "save", (job: Job) => {
    const bytes = job.position?.bytes ?? 0;
    assert.ok(bytes <= synced, `${bytes} of ${synced}`);
    if (bytes > 0) checkpoints++;
    save(job);
  });
  try {
    const job = await jobs.end(await jobs.start([GROUP]));
    assert.equal(job.state, "completed", JSON.stringify(job.error));
  } finally {
    Object.assign(Deno.FsFile.prototype, { sync, write });
  }
  assert.ok(checkpoints > 0);
});

Deno.test("export job: floods, lost answers and cut connections cost time only, and are told", async () => {
  await using sandbox = await startSandbox();
  const whole = await undisturbed(sandbox, [GROUP]);
  await sandbox.faults({
    rules: [
      { method: "messages.getHistory", after: 5, times: 1, error: { code: 420, message: "FLOOD_WAIT_1" } },
      { method: "messages.getHistory", after: 10, every: 15, times: 2, close: true, lose: true },
      { method: "messages.getHistory", after: 40, times: 1, drop: true },
      { method: "messages.getHistory", after: 45, times: 2, error: { code: 500, message: "INTERNAL" } },
    ],
  });
  const environment = { ...sandbox.environment, REQUEST_TIMEOUT: "1" };
  await using jobs = openJobs({ environment });
  const id = await jobs.start([GROUP]);
  const flooded = await jobs.until(id, ({ waiting }) => waiting?.reason === "flood", "it waits for a flood");
  assert.equal(flooded.state, "waiting");
  assert.ok(Math.abs(Date.parse(flooded.waiting?.until ?? "") - Date.now()) < 2000);
  await jobs.until(id, ({ waiting }) => waiting?.reason === "connection", "it waits for a connection");
  await sandbox.closeConnections();
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete, job.waiting], ["completed", true, undefined]);
  assert.equal(await undated(jobs.path(id)), whole);
});

Deno.test("export job: a chat that is gone fails it, and what there was stays as incomplete", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 20, error }] });
  const job = await jobs.end(await jobs.start([GROUP]));
  assert.deepEqual([job.state, job.complete, job.error?.code], ["failed", false, "CHANNEL_PRIVATE"]);
  const ids = await idsOf(jobs.path(job.id));
  assert.ok(ids.length > 1000 && ids.length < 3000);
  assert.deepEqual(ids, idsIn(GROUP).slice(0, ids.length));
  assert.deepEqual((await verified(jobs, job)).map((finding) => Object(finding).status), ["warn"]);
});

Deno.test("export job: of several chats the one that is gone is told, and the others are exported", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  const id = await jobs.start([GROUP, "@sandbox_live", ANN]);
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 30, times: 1, error }] });
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["completed", false]);
  assert.deepEqual(job.position?.lost.map(({ segment }) => segment), [0]);
  const found = Map.groupBy(await readExport(jobs.path(id)), ({ chat_id }) => chat_id);
  assert.deepEqual(found.get(LIVE)?.map(({ id }) => id), idsIn(LIVE));
  assert.deepEqual(found.get(ANN)?.map(({ id }) => id), idsIn(ANN));
  assert.ok((found.get(GROUP)?.length ?? 0) < idsIn(GROUP).length);
  assert.deepEqual((await verified(jobs, job)).map((finding) => Object(finding).status), ["warn"]);
});

Deno.test("export job: a chat that could not be read when it began is lost, also when it begins anew", async () => {
  await using sandbox = await startSandbox();
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    await sandbox.faults({ latencyMs: 200, rules: [{ method: "messages.getHistory", times: 1, error }] });
    id = await jobs.start([GROUP, "@sandbox_news"]);
    await jobs.until(id, ({ position }) => (position?.written ?? 0) > 0, "something is written");
  }
  await Deno.remove(join(String(sandbox.environment["DATA_DIR"]), "exports", id), { recursive: true }).catch(() => {});
  await sandbox.clearFaults();
  await using jobs = openJobs(sandbox);
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["completed", false]);
  assert.equal(idsIn("-1002000000001").length, job.position?.written);
  const [verdict] = (await Array.fromAsync(verifyExport(jobs.exports.folder(id)))).slice(-1);
  assert.match(JSON.stringify(verdict), /warn/);
});

Deno.test("export job: files that somebody removed are written anew from the beginning", async () => {
  await using sandbox = await startSandbox();
  const whole = await undisturbed(sandbox, [GROUP]);
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    await sandbox.faults({ latencyMs: 400 });
    id = await jobs.start([GROUP]);
    await jobs.until(id, ({ position }) => (position?.written ?? 0) > 0, "it has a checkpoint");
  }
  await sandbox.clearFaults();
  await Deno.remove(join(String(sandbox.environment["DATA_DIR"]), "exports"), { recursive: true });
  await using jobs = openJobs(sandbox);
  const job = await jobs.end(id);
  assert.equal(job.state, "completed");
  assert.equal(await undated(jobs.path(id)), whole);
  assert.deepEqual(await verified(jobs, job), []);
});

Deno.test({
  // Only root may mount; elsewhere the part's limit in tests/cli/export_resume_test.ts shows what a full disk does.
  ignore: !canMount,
  name: "export job: on a full disk it waits, SQLite's too; when there is space it goes on and nothing is lost",
  fn: async () => {
    await using sandbox = await startSandbox();
    const whole = await undisturbed(sandbox, [GROUP]);
    await withSmallDisk(sandbox, 4, async (directory) => {
      const sleeper = createSleeper();
      const sleep = (seconds: number, signal?: AbortSignal): Promise<void> =>
        sleeper.sleep(seconds * 1000, signal ?? new AbortController().signal);
      await using jobs = openJobs(sandbox, { directory, sleep });
      await sandbox.faults({ latencyMs: 400 });
      const id = await jobs.start([GROUP]);
      await jobs.until(id, ({ position }) => (position?.written ?? 0) > 0, "it has a checkpoint");
      const filler = join(directory, "filler");
      await fill(filler);
      await sandbox.clearFaults();
      for (let attempts = 0; attempts < 3; attempts++) {
        const { state, waiting } = await jobs.until(id, ({ waiting }) => waiting?.reason === "disk", "it waits");
        assert.deepEqual([state, Date.parse(waiting?.until ?? "") > Date.now()], ["waiting", true]);
        assert.equal(await sleeper.wake((ms) => ms === 30_000), 30_000);
      }
      await jobs.until(id, ({ waiting }) => waiting?.reason === "disk", "it waits");
      await Deno.remove(filler);
      await sleeper.wake((ms) => ms === 30_000);
      const job = await jobs.end(id);
      assert.deepEqual([job.state, job.complete], ["completed", true]);
      assert.equal(await undated(jobs.path(id)), whole);
      assert.deepEqual(await verified(jobs, job), []);
      assert.equal(jobs.store.get(id)?.state, "completed");
    });
  },
});

Deno.test({
  name: "export job: cancelled on a full disk it is over at once, and has its files when there is space",
  ignore: !canMount,
  fn: async () => {
    await using sandbox = await startSandbox();
    await withSmallDisk(sandbox, 4, async (directory) => {
      const filler = join(directory, "filler");
      let id: string;
      {
        await using jobs = openJobs(sandbox, { directory });
        id = await jobs.start([GROUP], { format: "html" });
        await jobs.until(id, ({ waiting }) => waiting?.reason === "disk", "there is no room for its pages");
        await fill(filler);
        const { job } = await jobs.exports.cancel(id, ME);
        assert.deepEqual([job.state, job.bytes], ["cancelled", 0]);
        await Deno.remove(filler);
        await jobs.until(id, ({ bytes }) => bytes > 0, "it has its files");
      }
      await using jobs = openJobs(sandbox, { directory });
      const { job } = jobs.exports.get(id, ME);
      assert.equal(job.state, "cancelled");
      const ids = await idsOf(jobs.path(id));
      assert.deepEqual(ids, idsIn(GROUP));
      const [verdict] = await verified(jobs, job);
      assert.match(JSON.stringify(verdict), /It was cancelled/);
    });
  },
});

/** Writes until the disk takes no more. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for (const size of [1 << 16, 1 << 12, 1]) {
    try {
      for (;;) await file.write(new Uint8Array(size));
    } catch (error) {
      assert.match(String(error), /No space left/);
    }
  }
}
