// The export measurement: a chat's export as a job, from its start to its manifest. Says how many messages it wrote.
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import { loadConfig } from "../../src/config/load.ts";
import type { ExportQuery } from "../../src/exports/job.ts";
import { createExports } from "../../src/exports/runner.ts";
import { createExportStore } from "../../src/exports/store.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";

const [chat = ""] = Deno.args;
const owner = { id: "local", accountId: "default" };
const config = loadConfig();
using db = openDataDirectory(config.dataDir);
await using open = openAccount(config, { db, accountId: owner.accountId, appVersion: "0" });
const { account } = open;
await using exports = createExports({
  account,
  store: createExportStore(db),
  directory: join(config.dataDir, "exports"),
  readAhead: config.exportReadAhead,
  now: Date.now,
  sleep: (seconds, signal) => sleepMs(seconds * 1000, undefined, { signal }),
});
const { peer: { id, kind, title, username } } = await resolveChat(account, chat);
const query: ExportQuery = { chats: [chat], format: "ndjson" };
const job = exports.start(owner, { query, targets: [{ id, kind, title, username, range: {} }] });
const status = await exports.wait(job.id, owner, { seconds: 600 });
if (status.job.state !== "completed") throw new Error(JSON.stringify(status.job));
await Deno.remove(exports.folder(job.id), { recursive: true });
Deno.stdout.writeSync(new TextEncoder().encode(`${status.job.position?.written}\n`));
