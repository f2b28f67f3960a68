/**
 * What an export costs besides its reading: formats, checkpoints and going on after a crash.
 * @module
 */
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import { openLogFile } from "../../src/exports/log_file.ts";
import { createExportStore } from "../../src/exports/store.ts";
import { createTally } from "../../src/exports/tally.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { measure, spawn } from "./process.ts";

/** A line of the report. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same measured on the peer. */
  readonly peer?: { readonly name: string; readonly value: number };
}

const CHAT = "@sandbox_archive";
const MESSAGES = 100_001;

/** Every format, against NDJSON alone, which each of them is made from. */
export async function formats(): Promise<Row[]> {
  await using sandbox = await startSandbox();
  const { environment, directory } = sandbox;
  const run = async (format: string): Promise<{ readonly perSecond: number; readonly peakMiB: number }> => {
    const out = `${join(directory, format)}/`;
    const { code, stderr, seconds, peakMiB } = await measure(
      ["main.ts", "export", CHAT, "--format", format, "--out", out],
      environment,
    );
    if (code !== 0) throw new Error(stderr);
    return { perSecond: MESSAGES / seconds, peakMiB };
  };
  // Once without measuring: the sandbox writes its messages when they are first asked for.
  await run("ndjson");
  await Deno.remove(join(directory, "ndjson"), { recursive: true });
  const plain = await run("ndjson");
  const rows: Row[] = [{ name: "export as ndjson, peak RSS", value: plain.peakMiB, unit: "MiB" }];
  for (const format of ["json", "csv", "markdown", "html"]) {
    const { perSecond, peakMiB } = await run(format);
    const peer = (value: number): NonNullable<Row["peer"]> => ({ name: "ndjson", value });
    rows.push(
      { name: `export as ${format}`, value: perSecond, unit: "messages/s", peer: peer(plain.perSecond) },
      { name: `export as ${format}, peak RSS`, value: peakMiB, unit: "MiB", peer: peer(plain.peakMiB) },
    );
  }
  return rows;
}

/** From the start of a process to the first new bytes of an export that was killed with half of it written. */
export async function resume(): Promise<Row[]> {
  await using sandbox = await startSandbox();
  const data = join(sandbox.directory, "data");
  const args = ["main.ts", "export", CHAT, "--out", join(sandbox.directory, "f")];
  const size = async (): Promise<number> => {
    for await (const { name } of Deno.readDir(join(data, "exports"))) {
      return await Deno.stat(join(data, "exports", name, "messages.ndjson.part")).then(({ size }) => size, () => 0);
    }
    return 0;
  };
  const untilAbove = async (bytes: number): Promise<number> => {
    for (;;) {
      const now = await size().catch(() => 0);
      if (now > bytes) return now;
      await sleepMs(1);
    }
  };
  const begin = async (bytes: number): Promise<number> => {
    const begun = performance.now();
    const child = spawn(args, sandbox.environment);
    await untilAbove(bytes);
    const ms = performance.now() - begun;
    if (bytes === 0) await untilAbove(20 << 20);
    child.kill("SIGKILL");
    await child.status;
    return ms;
  };
  const first = await begin(0);
  const again = await begin(await size());
  return [{
    name: "start to the first new bytes, after a kill with 20 MiB written",
    value: again,
    unit: "ms",
    peer: { name: "of a new export", value: first },
  }];
}

/** One checkpoint as the engine makes it: the part is put on the disk, then the position into SQLite. */
export async function checkpoint(): Promise<Row[]> {
  const directory = await Deno.makeTempDir({ prefix: "bench-" });
  try {
    using db = openDataDirectory(directory);
    const store = createExportStore(db);
    const query = { chats: [CHAT], format: "ndjson" as const };
    const target = { id: "-1002000000002", kind: "channel" as const, title: "Archive", range: {} };
    const job = store.create({ id: "local", accountId: "default" }, { query, targets: [target] }, Date.now());
    using log = await openLogFile(join(directory, "exports", job.id), 0);
    if (log === undefined) throw new Error("no log");
    const tally = createTally([{ kind: "channel", range: {}, upTo: MESSAGES }]).snapshot();
    const text = "x".repeat(1 << 20);
    const times: number[] = [];
    for (let index = 0; index < 200; index++) {
      await log.write(text);
      const begun = performance.now();
      await log.sync();
      store.save({
        ...job,
        position: { segment: 0, after: index, bytes: log.bytes(), written: index, tally, lost: [] },
      });
      times.push(performance.now() - begun);
    }
    times.sort((a, b) => a - b);
    return [
      { name: "checkpoint after 1 MiB, p50 (one a second, or every 4 MiB)", value: times[100] ?? 0, unit: "ms" },
      { name: "checkpoint after 1 MiB, p99", value: times[197] ?? 0, unit: "ms" },
    ];
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
