/**
 * The way to files of messages: when a file is given up, when a connection is waited for, and whose turns it takes.
 */
import assert from "node:assert/strict";
import { setTimeout as sleepMs } from "node:timers/promises";
import { contentOf } from "../../sandbox/world/bytes.ts";
import { findSources } from "../../src/exports/media_source.ts";
import { messageSchema } from "../../src/model/message.ts";
import { patient } from "../../src/mtproto/flood.ts";
import type { Call, CallOptions } from "../../src/mtproto/invoke.ts";
import type { Account } from "../../src/telegram/account.ts";
import { FileProblem, readFile } from "../../src/telegram/download.ts";
import { until } from "../cli/command.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { getSelf } from "../mtproto/telegram.ts";
import { messageOf, withAccount } from "./folder.ts";

const HALL = "-1002000000006";
const [ID, SIZE] = ["1", 5000];

const patience = (call: Call): Call =>
  patient(call, { seconds: Infinity, sleep: (_, signal) => sleepMs(1, undefined, { signal }) });

/** Reads the file of a message that has one, as an export does. */
async function download(account: Account, id: number, options: CallOptions): Promise<Uint8Array> {
  const directory = { ...account, call: patience(account.call), options };
  const find = await findSources(directory, HALL, [id], { allowProtected: false, patient: patience });
  const { media } = messageSchema.parse({ ...messageOf(id, HALL), media: { kind: "document", id: ID, size: SIZE } });
  const found = find(id, media ?? assert.fail());
  if (typeof found === "string") assert.fail(found);
  const chunks = await Array.fromAsync(readFile(found.stored, found.source, { start: 0, end: SIZE }));
  return new Uint8Array(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer());
}

async function withFile(test: (sandbox: TestSandbox, account: Account, id: number) => Promise<void>): Promise<void> {
  await using sandbox = await startSandbox();
  const { id } = await sandbox.append(HALL, "", { id: ID, size: SIZE, mime: "application/pdf" });
  await withAccount(sandbox, (account) => test(sandbox, account, id));
}

const asked = async (sandbox: TestSandbox, method: string): Promise<number> => (await sandbox.methods())[method] ?? 0;

Deno.test("files of messages: one that never comes while Telegram answers everything else is given up", () =>
  withFile(async (sandbox, account, id) => {
    await download(account, id, {});
    await sandbox.forgetMethods();
    await sandbox.faults({ rules: [{ method: "upload.getFile", lose: true }] });
    const failure = await download(account, id, { timeout: 100 }).catch((error) => error);
    assert.ok(failure instanceof FileProblem && failure.problem === "failed", String(failure));
    assert.equal(await asked(sandbox, "upload.GetFile"), 20);
  }));

Deno.test("files of messages: while Telegram answers nothing at all no file is given up", () =>
  withFile(async (sandbox, account, id) => {
    await download(account, id, {});
    await sandbox.forgetMethods();
    // The messages are found, then nothing comes any more.
    await sandbox.faults({ rules: [{ method: "*", after: 1, lose: true }] });
    const file = download(account, id, { timeout: 100 });
    const lost = async (): Promise<boolean> =>
      Object.values(await sandbox.methods()).reduce((sum, count) => sum + count, 0) > 30;
    await Promise.race([until(lost, "thirty answers are lost"), file]);
    await sandbox.clearFaults();
    assert.deepEqual(await file, contentOf({ id: ID, size: SIZE, part: "" }, 0, SIZE));
  }));

Deno.test("files of messages: downloads in the background leave the turns of others free", () =>
  withFile(async (sandbox, account, id) => {
    await download(account, id, {});
    await sandbox.forgetMethods();
    await sandbox.faults({ rules: [{ method: "upload.getFile", delayMs: 60_000 }] });
    const stop = new AbortController();
    const options = { background: true, signal: stop.signal };
    const files = Promise.allSettled([download(account, id, options), download(account, id, options)]);
    await until(async () => await asked(sandbox, "upload.GetFile") === 2, "two files are under way");
    const answer = await account.call(getSelf()).catch((error) => error);
    stop.abort(new Error("enough"));
    assert.ok(Array.isArray(answer), String(answer));
    assert.deepEqual((await files).map(({ status }) => status), ["rejected", "rejected"]);
  }));
