/**
 * What an export has that continues another one: what came, was edited or was deleted since, in all kinds of chats.
 */
import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import { readExportFolder } from "../../src/exports/files.ts";
import type { ExportQuery, Target } from "../../src/exports/job.ts";
import type { ManifestChat } from "../../src/model/manifest.ts";
import { expected } from "../e2e/naive.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { delta, recordsOf, startDelta } from "./deltas.ts";
import { type Jobs, ME, openJobs } from "./jobs.ts";

const [NEWS, GROUP, FORUM, MIGRATED, FORMER, ANN, LIVE] = [
  "-1002000000001",
  "-1002000000003",
  "-1002000000008",
  "-1002000000013",
  "-4002",
  "734201334",
  "-1002000000017",
];
const WORLD = createWorld();
const KNOWN = new Map<string, readonly number[]>();
const idsIn = (chat: string): readonly number[] => {
  const ids = KNOWN.get(chat) ?? Array.from(WORLD.messages(chat), ({ id }) => id);
  KNOWN.set(chat, ids);
  return ids;
};
/** The id at a place of a chat, from its end if negative. */
const at = (chat: string, place: number): number => idsIn(chat).at(place) ?? assert.fail(`${chat} is short`);

/** An export of what a sandbox has now. */
async function base(jobs: Jobs, chats: readonly string[], more: Partial<ExportQuery> = {}): Promise<string> {
  const job = await jobs.end(await jobs.start(chats, more));
  assert.deepEqual([job.state, job.complete], ["completed", true]);
  return job.id;
}

async function chatsOf(jobs: Jobs, id: string): Promise<readonly ManifestChat[]> {
  const folder = await readExportFolder(jobs.exports.folder(id));
  return folder?.manifest.chats ?? assert.fail("there is no manifest");
}

/** Edits one of a chat's first messages, deletes a later one and the last two, and lets two come. */
async function change(sandbox: TestSandbox, chat: string): Promise<{ records: string[]; edited: number }> {
  const edited = Array.from(WORLD.messages(chat)).find(({ service }) => service === undefined)?.id ?? assert.fail();
  const gone = [at(chat, 10), at(chat, -2), at(chat, -1)];
  await sandbox.edit(chat, edited, "This is not what it said before.");
  await sandbox.remove(chat, gone);
  const came = [(await sandbox.append(chat, "One more.")).id, (await sandbox.append(chat, "And another.")).id];
  return { records: [`+${edited}`, ...gone.map((id) => `-${id}`), ...came.map((id) => `+${id}`)], edited };
}

for (const [kind, chat] of Object.entries({ channel: NEWS, supergroup: GROUP, forum: FORUM, "private chat": ANN })) {
  Deno.test(`delta of a ${kind}: it has what came, was edited and was deleted, and nothing else`, async () => {
    await using sandbox = await startSandbox();
    await using jobs = openJobs(sandbox);
    const first = await base(jobs, [chat]);
    const { records } = await change(sandbox, chat);
    const job = await delta(jobs, first);
    assert.deepEqual([job.complete, job.position?.written], [true, 3]);
    assert.deepEqual(await recordsOf(jobs.path(job.id)), records);
    const [counted] = await chatsOf(jobs, job.id);
    assert.deepEqual([counted?.messages, counted?.edited, counted?.deletions], [3, 1, 3]);
    assert.equal(counted?.bounds.since, at(chat, -1));
    const [from, to] = [at(chat, -1) + 1, counted?.bounds.up_to];
    const gaps = counted?.gaps;
    assert.deepEqual(gaps && [gaps.from, gaps.to, gaps.deleted], chat === ANN ? undefined : [from, to, 0]);
    const manifest = (await readExportFolder(jobs.exports.folder(job.id)))?.manifest;
    assert.deepEqual([manifest?.delta_of, manifest?.totals.deletions], [first, 3]);
  });
}

Deno.test("delta: when nothing happened it is complete and empty, and so is the next", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await delta(jobs, await base(jobs, [GROUP, ANN]));
  const second = await delta(jobs, first.id);
  for (const job of [first, second]) {
    assert.deepEqual([job.complete, job.position?.written, await Deno.readTextFile(jobs.path(job.id))], [true, 0, ""]);
  }
});

Deno.test("delta: reactions, views, votes, pins and hidden edit dates are no edits; a shown date and a text are", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await base(jobs, [GROUP, NEWS]);
  const poll = Array.from(WORLD.messages(GROUP)).find(({ media }) => media?.kind === "poll")?.id ?? assert.fail();
  const plain = Array.from(WORLD.messages(GROUP)).filter((each) => !each.service && !each.edited && !each.reactions);
  const [a, b, c, d] = plain.map(({ id }) => id);
  assert.ok(a && b && c && d);
  const edited = Array.from(WORLD.messages(GROUP)).find((each) => each.edited !== undefined)?.id ?? assert.fail();
  await sandbox.alter(GROUP, a, { reactions: [{ emoji: "🎉", count: 9 }] });
  await sandbox.alter(GROUP, b, { edited: 1_748_000_000, editHidden: true, pinned: true });
  await sandbox.alter(GROUP, poll, { votes: [90, 80] });
  await sandbox.alter(GROUP, edited, { editHidden: true });
  await sandbox.alter(NEWS, at(NEWS, 5), { views: 1_000_000, forwards: 5000 });
  assert.equal(await Deno.readTextFile(jobs.path((await delta(jobs, first)).id)), "");
  await sandbox.alter(GROUP, c, { edited: 1_748_000_001 });
  await sandbox.edit(GROUP, d, "Said otherwise.");
  // The same second, and so the same date.
  const next = await delta(jobs, first);
  assert.deepEqual(await recordsOf(jobs.path(next.id)), [c, d].sort((x, y) => x - y).map((id) => `+${id}`));
  await sandbox.edit(GROUP, d, "Said otherwise again.");
  assert.deepEqual(await recordsOf(jobs.path((await delta(jobs, next.id)).id)), [`+${d}`]);
});

Deno.test("delta of a delta: it is compared with all that the chain had", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await base(jobs, [GROUP]);
  const { edited } = await change(sandbox, GROUP);
  const second = await delta(jobs, first);
  const newest = Number((await recordsOf(jobs.path(second.id))).at(-1)?.slice(1));
  const untouched = at(GROUP, 100);
  await sandbox.remove(GROUP, [edited, newest]);
  await sandbox.edit(GROUP, untouched, "Later than the others.");
  const third = await delta(jobs, second.id);
  assert.deepEqual(await recordsOf(jobs.path(third.id)), [`-${edited}`, `+${untouched}`, `-${newest}`]);
  assert.equal((await delta(jobs, third.id)).position?.written, 0);
  // The first one still knows what it had.
  const other = await recordsOf(jobs.path((await delta(jobs, first)).id));
  assert.deepEqual(other.slice(0, 3), [`-${edited}`, `-${at(GROUP, 10)}`, `+${untouched}`]);
});

Deno.test("delta: it needs none of the files that the export before had", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await base(jobs, [LIVE, GROUP]);
  await Deno.remove(jobs.exports.folder(first), { recursive: true });
  await sandbox.edit(LIVE, at(LIVE, 2), "Corrected.");
  await sandbox.remove(GROUP, [at(GROUP, 4)]);
  const job = await delta(jobs, first);
  assert.deepEqual(await recordsOf(jobs.path(job.id)), [`+${LIVE}/${at(LIVE, 2)}`, `-${GROUP}/${at(GROUP, 4)}`]);
});

Deno.test("delta of both halves of a migrated group: each is compared with its own", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await base(jobs, [MIGRATED]);
  await sandbox.remove(FORMER, [at(FORMER, 1)]);
  await sandbox.edit(MIGRATED, at(MIGRATED, 2), "Corrected.");
  const job = await delta(jobs, first);
  assert.deepEqual(job.plan?.segments.map(({ id, since }) => [id, since]), [
    [FORMER, at(FORMER, -1)],
    [MIGRATED, at(MIGRATED, -1)],
  ]);
  assert.deepEqual(await recordsOf(jobs.path(job.id)), [
    `-${FORMER}/${at(FORMER, 1)}`,
    `+${MIGRATED}/${at(MIGRATED, 2)}`,
  ]);
});

Deno.test("delta of a basic group that became a supergroup since: the supergroup is in it, whole", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await base(jobs, [FORMER]);
  await sandbox.remove(FORMER, [at(FORMER, 1)]);
  const job = await delta(jobs, first);
  const ids = idsIn(MIGRATED).map((id) => `+${MIGRATED}/${id}`);
  assert.deepEqual(await recordsOf(jobs.path(job.id)), [`-${FORMER}/${at(FORMER, 1)}`, ...ids]);
  assert.equal((await delta(jobs, job.id)).position?.written, 0);
});

Deno.test("delta of a group that had become a supergroup already: whoever left that out does not get it now", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const target: Target = { id: FORMER, kind: "group", title: "Old Town", migratedTo: MIGRATED, range: {} };
  const { id } = jobs.exports.start(ME, { query: { chats: [FORMER], format: "ndjson" }, targets: [target] });
  await jobs.end(id);
  assert.deepEqual((await delta(jobs, id)).plan?.segments.map((segment) => segment.id), [FORMER]);
});

for (const type of ["photo", "service", "poll", "text"] as const) {
  Deno.test(`delta of a query by type ${type}: what it does not name any more is asked for by id`, async () => {
    await using sandbox = await startSandbox();
    await using jobs = openJobs(sandbox);
    const first = await base(jobs, [GROUP], { type });
    const ids = expected(WORLD, { chat: GROUP, oldestFirst: true, type }).map(({ id }) => id);
    const [one, two, last] = [ids[0], ids[1], ids.at(-1)];
    assert.ok(one && two && last && ids.length > 3);
    await sandbox.remove(GROUP, [two, last]);
    await sandbox.forgetMethods();
    const job = await delta(jobs, first);
    assert.deepEqual(await recordsOf(jobs.path(job.id)), [`-${two}`, `-${last}`]);
    const asked = (await sandbox.methods())["channels.GetMessages"] ?? 0;
    assert.deepEqual(asked > 0, type === "photo", "only a search leaves it open whether a message is gone");
    // It matches no more, but it is there.
    await sandbox.alter(GROUP, one, { media: { id: "77", mime: "application/pdf", size: 9 } });
    const next = await delta(jobs, job.id);
    assert.deepEqual(await recordsOf(jobs.path(next.id)), type === "service" ? [] : [`+${one}`]);
    assert.equal((await delta(jobs, next.id)).position?.written, 0);
  });
}

Deno.test("delta of a query by topic and by sender: deletions are found where nothing tells of them", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const topic = WORLD.chats.get(FORUM)?.topics?.find(({ id }) => id !== 1)?.id ?? assert.fail();
  const sender = Array.from(WORLD.messages(GROUP)).find(({ from }) => from !== undefined && from !== "1000")?.from;
  assert.ok(sender);
  const cases: readonly (readonly [string, Partial<Target>, number[]])[] = [
    [FORUM, { topic }, expected(WORLD, { chat: FORUM, oldestFirst: true, topic }).map(({ id }) => id)],
    [GROUP, { sender }, expected(WORLD, { chat: GROUP, oldestFirst: true, sender }).map(({ id }) => id)],
  ];
  for (const [chat, more, ids] of cases) {
    const kind = WORLD.chats.get(chat)?.kind === "forum" ? "forum" : "supergroup";
    const targets: Target[] = [{ id: chat, kind, title: "x", range: {}, ...more }];
    const { id } = jobs.exports.start(ME, { query: { chats: [chat], format: "ndjson" }, targets });
    await jobs.end(id);
    const gone = ids.filter((_, index) => index % 2 === 1);
    assert.ok(gone.length > 3);
    await sandbox.remove(chat, gone);
    assert.deepEqual(await recordsOf(jobs.path((await delta(jobs, id)).id)), gone.map((each) => `-${each}`));
  }
});

Deno.test("delta of a query by dates: its range is that of the export before, and its end leaves nothing new", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const ids = idsIn(GROUP);
  const seconds = (place: number): number => WORLD.messages(GROUP).at(place).date;
  const range = { from: { seconds: seconds(1000) }, to: { seconds: seconds(1200) } };
  const wanted = ids.filter((id) => {
    const { date } = WORLD.messages(GROUP).byId(id) ?? { date: 0 };
    return date >= range.from.seconds && date < range.to.seconds;
  });
  const targets: Target[] = [{ id: GROUP, kind: "supergroup", title: "x", range }];
  const { id } = jobs.exports.start(ME, { query: { chats: [GROUP], format: "ndjson" }, targets });
  assert.equal((await jobs.end(id)).position?.written, wanted.length);
  const [inside, outside] = [wanted.slice(3, 8), [at(GROUP, 10), at(GROUP, -10)]];
  await sandbox.remove(GROUP, [...inside, ...outside]);
  await sandbox.edit(GROUP, wanted.at(-1) ?? 0, "The last one.");
  await sandbox.append(GROUP, "Too late.");
  const job = await delta(jobs, id);
  const found = await recordsOf(jobs.path(job.id));
  assert.deepEqual(found, [...inside.map((each) => `-${each}`), `+${wanted.at(-1)}`]);
  assert.equal((await chatsOf(jobs, job.id))[0]?.gaps, undefined);
});

Deno.test("delta from a date on: gaps begin at the first message that is new", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const range = { from: { seconds: WORLD.messages(GROUP).at(4900).date } };
  const targets: Target[] = [{ id: GROUP, kind: "supergroup", title: "x", range }];
  const { id } = jobs.exports.start(ME, { query: { chats: [GROUP], format: "ndjson" }, targets });
  await jobs.end(id);
  const [came, gone, last] = [
    await sandbox.append(GROUP, "a"),
    await sandbox.append(GROUP, "b"),
    await sandbox.append(GROUP, "c"),
  ];
  await sandbox.remove(GROUP, [gone.id, at(GROUP, -3)]);
  const job = await delta(jobs, id);
  assert.deepEqual(await recordsOf(jobs.path(job.id)), [`-${at(GROUP, -3)}`, `+${came.id}`, `+${last.id}`]);
  const { from, to, deleted } = (await chatsOf(jobs, job.id))[0]?.gaps ?? {};
  assert.deepEqual([from, to, deleted], [came.id, last.id, 1]);
});

Deno.test("delta: a chat that lost all its messages is nothing but deletions, as many as there were", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await base(jobs, [GROUP]);
  const ids = idsIn(GROUP);
  await sandbox.remove(GROUP, ids);
  const job = await delta(jobs, first);
  assert.deepEqual(await recordsOf(jobs.path(job.id)), ids.map((id) => `-${id}`));
  assert.equal((await delta(jobs, job.id)).position?.written, 0);
});

Deno.test("delta of an incomplete export: what that had lost counts as new, and is not called deleted", async () => {
  await using sandbox = await startSandbox();
  // An answer that was guessed at in vain would be asked for again.
  await using jobs = openJobs(sandbox, { readAhead: 1 });
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  const id = await jobs.start([GROUP, LIVE]);
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 20, times: 1, error }] });
  const lossy = await jobs.end(id);
  assert.deepEqual([lossy.state, lossy.complete], ["completed", false]);
  await sandbox.clearFaults();
  const had = (await recordsOf(jobs.path(id))).filter((each) => each.startsWith(`+${GROUP}/`)).length;
  assert.ok(had > 500 && had < 4000);
  await sandbox.remove(GROUP, [at(GROUP, 1), at(GROUP, 4500)]);
  const job = await delta(jobs, id);
  const rest = idsIn(GROUP).slice(had).filter((each) => each !== at(GROUP, 4500));
  assert.deepEqual(await recordsOf(jobs.path(job.id)), [`-${at(GROUP, 1)}`, ...rest.map((each) => `+${each}`)]);
  const [group] = await chatsOf(jobs, job.id);
  assert.deepEqual([group?.edited, group?.bounds.since], [undefined, idsIn(GROUP)[had - 1]]);
});

Deno.test("delta: a chat that is lost since is told, its messages are not called deleted, and the next delta knows them", async () => {
  await using sandbox = await startSandbox();
  // An answer that was guessed at in vain would be asked for again.
  await using jobs = openJobs(sandbox, { readAhead: 1 });
  const first = await base(jobs, [GROUP, LIVE]);
  await sandbox.edit(LIVE, at(LIVE, 2), "Corrected.");
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 20, times: 1, error }] });
  const job = await jobs.end(await startDelta(jobs, first));
  assert.deepEqual([job.state, job.complete], ["completed", false]);
  assert.deepEqual(job.position?.lost.map(({ segment }) => segment), [0]);
  assert.deepEqual(await recordsOf(jobs.path(job.id)), [`+${at(LIVE, 2)}`]);
  await sandbox.clearFaults();
  await sandbox.remove(GROUP, [at(GROUP, 7), at(GROUP, -1)]);
  const next = await delta(jobs, job.id);
  assert.deepEqual(await recordsOf(jobs.path(next.id)), [`-${at(GROUP, 7)}`, `-${at(GROUP, -1)}`]);
});

Deno.test("delta: an equal one that is unfinished is found, one of another export or format is not", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const [first, second] = [await base(jobs, [GROUP]), await base(jobs, [GROUP])];
  await sandbox.faults({ latencyMs: 100 });
  const id = await startDelta(jobs, first);
  assert.equal(await startDelta(jobs, first), id);
  const others = [await startDelta(jobs, second), await startDelta(jobs, first, "csv"), await jobs.start([GROUP])];
  assert.equal(new Set([id, ...others]).size, 4);
});
