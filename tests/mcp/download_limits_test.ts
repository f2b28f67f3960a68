/** How many files of exports are sent at once. */
import assert from "node:assert/strict";
import { createInFlight } from "../../src/mcp/in_flight.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { eventually } from "../mtproto/telegram.ts";
import { ANN, BEN, createExports, openIn, type Stage, stage } from "./finished_exports.ts";

const MB = 1024 * 1024;

interface Limited extends Stage {
  readonly dir: string;
  readonly refused: readonly string[];
  readonly inFlight: () => number;
  /** Begins to read a file of so many bytes, as one of three readers. */
  readonly begin: (who?: "owner" | "ann" | "ben", init?: RequestInit) => Promise<Response>;
}

function limited(max: number, maxPerPrincipal: number): Limited {
  const refused: string[] = [];
  const onRefused = (limit: string): void => void refused.push(limit);
  const inFlight = createInFlight({ kind: "downloads", max, maxPerPrincipal, onRefused });
  const exports = createExports();
  const on = stage(exports, 0, inFlight);
  const added = { owner: LOCAL_PRINCIPAL, ann: ANN, ben: BEN };
  const ids = {
    owner: exports.add({ "a.bin": 200 * MB }),
    ann: exports.add({ "a.bin": 200 * MB }, ANN),
    ben: exports.add({ "a.bin": 200 * MB }, BEN),
  };
  return {
    ...on,
    dir: ids.owner.dir.slice(0, ids.owner.dir.lastIndexOf("/")),
    refused,
    inFlight: () => inFlight.size,
    begin: (who = "owner", init = {}) => fetch(on.link(added[who], ids[who].id, "a.bin"), init),
    [Symbol.asyncDispose]: async () => {
      await on[Symbol.asyncDispose]();
      exports[Symbol.dispose]();
    },
  };
}

/** Waits until nothing is sent, and sees that no file stayed open. */
async function idle(on: Limited): Promise<void> {
  await eventually(() => on.inFlight() === 0 || undefined, "no download to be under way");
  await eventually(() => openIn(on.dir) === 0 || undefined, "all files to be closed");
}

Deno.test("downloads in flight: beyond a principal's own 429, beyond the total 503, and none of it once they are over", async () => {
  await using on = limited(3, 2);
  const begun = [await on.begin("ann"), await on.begin("ann")];
  const own = await on.begin("ann");
  assert.deepEqual([own.status, own.headers.get("retry-after")], [429, "1"]);
  const { code, retry_after } = await own.json();
  assert.deepEqual([code, retry_after], ["RATE_LIMITED", 1]);
  begun.push(await on.begin("ben"));
  assert.equal(begun[2]?.status, 200);
  const all = await on.begin("ben");
  assert.deepEqual([all.status, all.headers.get("retry-after")], [503, "2"]);
  assert.equal((await all.json()).code, "OVERLOADED");
  const owner = await on.begin("owner");
  assert.equal(owner.status, 503);
  await owner.body?.cancel();
  assert.deepEqual(on.refused, ["downloads_per_key", "downloads", "downloads"]);
  for (const each of begun) await each.body?.cancel();
  await idle(on);
  const again = await on.begin("ann");
  assert.equal(again.status, 200);
  await again.body?.cancel();
});

Deno.test("downloads in flight: whatever way one ends, its place is free again", async () => {
  await using on = limited(1, 1);
  const leave = new AbortController();
  const ways: readonly (() => Promise<unknown>)[] = [
    async () => await (await on.begin("ann")).arrayBuffer(),
    async () => await (await on.begin("ann", { headers: { range: "bytes=5-9" } })).arrayBuffer(),
    async () => await (await on.begin("ann", { headers: { range: `bytes=${300 * MB}-` } })).text(),
    async () => await (await on.begin("ann", { method: "HEAD" })).text(),
    async () => await (await on.begin("ann", { headers: { "if-none-match": "*" } })).text(),
    async () => await (await on.begin("ann")).body?.cancel(),
    async () => {
      const answer = await on.begin("ann", { signal: leave.signal });
      const reader = answer.body?.getReader();
      await reader?.read();
      leave.abort();
      await assert.rejects(Promise.resolve(reader?.read()));
    },
    async () => await (await fetch(`${on.url}/exports/none/a.bin`)).text(),
  ];
  for (const way of ways) {
    await way();
    await idle(on);
  }
  assert.deepEqual(on.refused, []);
});
