/**
 * What is removed of indexes, which outlive the files of their exports.
 */
import assert from "node:assert/strict";
import { HOUR, openHouse, write } from "./house.ts";
import { ME } from "./jobs.ts";

const DAY = 24 * HOUR;
const [ORPHAN, YOUNG] = ["a".repeat(26), "b".repeat(26)];

Deno.test("sweep of indexes: parts of exports that are over go, and what is of no export once it is as old", async () => {
  await using house = await openHouse();
  const over = [await house.add("completed"), await house.add("cancelled")];
  const running = await house.add("running", 1000 * DAY);
  const parts = [...over, running, ORPHAN, YOUNG].map((id) => `${id}.part`);
  const others = ["lost+found", "A".repeat(26), `${ORPHAN}.part.part`, `${ORPHAN}.bak`];
  const now = Date.UTC(2026, 0, 1) / 1000;
  for (const name of [...parts, ...over, ORPHAN, YOUNG, ...others]) {
    await write(house.index(name), 1);
    const age = name.startsWith(YOUNG) ? 86_399 : 86_400;
    await Deno.utime(house.index(name), now, now - age);
  }
  await house.keeping.sweep();
  const left = [...Deno.readDirSync(house.index())].map(({ name }) => name).sort();
  assert.deepEqual(left, [...over, `${running}.part`, YOUNG, `${YOUNG}.part`, ...others].sort());
  assert.deepEqual(house.problems, []);
});

Deno.test("sweep of indexes: where everything is kept for ever, so is what is of no export", async () => {
  await using house = await openHouse({ maxAgeHours: 0 });
  await write(house.index(ORPHAN), 1);
  await Deno.utime(house.index(ORPHAN), 0, 0);
  await house.keeping.sweep();
  assert.equal((await Deno.stat(house.index(ORPHAN))).size, 1);
});

Deno.test("sweep of indexes: one that an unfinished export continues stays, and its row too", async () => {
  await using house = await openHouse();
  const base = await house.add("completed", 100 * DAY);
  for (const id of [base, ORPHAN]) await write(house.index(id), 1);
  await Deno.utime(house.index(ORPHAN), 0, 0);
  const continuing = [base, ORPHAN].map((delta_of) =>
    house.store.create(ME, { query: { chats: ["me"], format: "ndjson", delta_of }, targets: [] }, 0)
  );
  const indexes = (): string[] => [...Deno.readDirSync(house.index())].map(({ name }) => name).sort();
  for (let round = 0; round < 2; round++) await house.keeping.sweep();
  assert.deepEqual([indexes(), house.store.get(base)?.state], [[base, ORPHAN].sort(), "completed"]);
  const finished = new Date(Date.UTC(2026, 0, 1)).toISOString();
  for (const job of continuing) house.store.save({ ...job, state: "completed", finished });
  await house.keeping.sweep();
  assert.deepEqual([indexes(), house.store.get(base)], [[], undefined]);
});
