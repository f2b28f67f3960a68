/**
 * Exports of an owner who may see some chats only.
 */
import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import { type ExportFormat, exportFormatSchema } from "../../src/exports/job.ts";
import { restrict } from "../../src/telegram/restrict.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { createSieve } from "../e2e/sieve.ts";
import { ME, openJobs, undated } from "./jobs.ts";

const [NEWS, JOURNAL, OLD_TOWN, OLD_TOWN_BEFORE, CURIOSITIES] = [
  "-1002000000001",
  "-1002000000011",
  "-1002000000013",
  "-4002",
  "-1002000000014",
];
const MENU_BOT = "734201350";
const CHATS: ReadonlySet<string> = new Set([CURIOSITIES, JOURNAL, OLD_TOWN, MENU_BOT]);

/** The files of a folder that hold text, by name. */
async function textsIn(folder: string): Promise<[name: string, text: string][]> {
  const files = await Array.fromAsync(Deno.readDir(folder));
  const names = files.filter(({ name }) => /\.(ndjson|json|csv|md|html)$/.test(name)).map(({ name }) => name);
  return await Promise.all(names.map(async (name) => [name, await Deno.readTextFile(`${folder}/${name}`)] as const));
}

Deno.test("exports under a view: files of every format, within a takeout, of media and of a delta tell nothing of other chats", async () => {
  await using sandbox = await startSandbox();
  const sieve = createSieve(createWorld(), CHATS);
  await using jobs = openJobs(sandbox, { view: (account) => restrict(account, CHATS) });
  await jobs.account.dialogs.load(jobs.account.call);
  const finished: string[] = [];
  const exported = async (chats: readonly string[], more: Parameters<typeof jobs.start>[1]): Promise<string> => {
    const id = await jobs.start(chats, more);
    const { state, complete, error } = await jobs.end(id);
    assert.deepEqual([state, complete, error], ["completed", true, undefined], JSON.stringify(more));
    finished.push(id);
    return id;
  };
  const all = [...CHATS];
  for (const format of exportFormatSchema.options) await exported(all, { format: format satisfies ExportFormat });
  const first = finished[0] ?? "";
  await exported(all, { format: "html", takeout: true });
  await exported([CURIOSITIES], { format: "json", download_media: true });
  const delta = await exported(all, { delta_of: first });
  for (const id of finished) {
    const texts = await textsIn(jobs.exports.folder(id));
    assert.ok(texts.length >= 2);
    for (const [name, text] of texts) assert.deepEqual(sieve.find(text), [], name);
  }
  assert.equal(await undated(jobs.path(delta)), "", "what is taken out is taken out each time");
  assert.match(await Deno.readTextFile(jobs.path(first)), /Written long ago\./, "texts stay");
});

Deno.test("exports under a view: the same export without one holds what the view takes out", async () => {
  await using sandbox = await startSandbox();
  const sieve = createSieve(createWorld(), CHATS);
  await using jobs = openJobs(sandbox);
  await jobs.account.dialogs.load(jobs.account.call);
  const id = await jobs.start([CURIOSITIES]);
  await jobs.end(id);
  const found = sieve.find(await Deno.readTextFile(jobs.path(id)));
  for (const name of ["Sandbox Public", "2000000001", "-1002000000001"]) assert.ok(found.includes(name), name);
});

Deno.test("exports under a view: a chat that it does not see is lost, whatever the job was made of, and nobody is asked about it", async () => {
  await using sandbox = await startSandbox();
  const view = { view: (account: Parameters<typeof restrict>[0]) => restrict(account, CHATS) };
  await using jobs = openJobs(sandbox, view);
  await jobs.account.dialogs.load(jobs.account.call);
  await sandbox.forgetMethods();
  const target = { kind: "channel", title: "x", range: {} } as const;
  const targets = [
    { ...target, id: OLD_TOWN, kind: "supergroup" as const, former: OLD_TOWN_BEFORE },
    { ...target, id: NEWS },
  ];
  const { id } = jobs.exports.start(ME, { query: { chats: ["x"], format: "ndjson" }, targets });
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["completed", false]);
  assert.deepEqual(job.position?.lost.map(({ reason }) => reason), [`This account has never seen a chat ${NEWS}.`]);
  const chats = new Set(
    (await Deno.readTextFile(jobs.path(id))).split("\n").slice(0, -1).map((line) => JSON.parse(line).chat_id),
  );
  assert.deepEqual([...chats], [OLD_TOWN], "nor is the past of a chat that it does see");
  for (const { method, names = [] } of await sandbox.requests()) {
    assert.ok(!names.includes(NEWS) && !names.includes(OLD_TOWN_BEFORE), method);
  }
});
