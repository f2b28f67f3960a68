/**
 * Turns of calls in the background: they take none from others, and where there is one turn for all, they come last.
 */
import assert from "node:assert/strict";
import { createFloods } from "../../src/mtproto/floods.ts";
import { Api } from "../../src/mtproto/gram.ts";
import { openDatabase } from "../../src/storage/open.ts";
import {
  assertSilence,
  connect,
  eventually,
  getFolders,
  getHistory,
  inTurns,
  type Observed,
  rejection,
  startTelegram,
  type Telegram,
} from "./telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.afterEach(assertSilence);

function connected(title: string, body: (connection: Observed) => Promise<void>): void {
  Deno.test(title, async () => {
    await telegram.faults();
    await using connection = connect(telegram.sandbox.port, { session: telegram.session });
    await connection.until("ready");
    await body(connection);
  });
}

const pages = async (): Promise<number> => (await telegram.received())["messages.GetHistory"] ?? 0;
const order = async (): Promise<string[]> =>
  Object(await telegram.sandbox.control("GET", "/methods")).order.map(({ method }: { method: string }) => method)
    .filter((method: string) => method.startsWith("messages."));
const background = true;
/** Of the same class as a page of a history, under another name. */
const getReplies = (): Api.messages.GetReplies => {
  const { peer, offsetId, offsetDate, addOffset, limit, maxId, minId, hash } = getHistory();
  return new Api.messages.GetReplies({ peer, msgId: 1, offsetId, offsetDate, addOffset, limit, maxId, minId, hash });
};

connected(
  "turns: while the background has all its turns and none is answered, another call is answered at once",
  async (connection) => {
    const call = inTurns(connection.call, { limit: 2, background: 8, longestWait: 60_000 });
    await telegram.faults({ rules: [{ method: "messages.getHistory", delayMs: 60_000 }] });
    const end = new AbortController();
    const stuck = Array.from({ length: 20 }, () => call(getHistory(), { background, signal: end.signal }));
    const given = Promise.allSettled(stuck);
    await eventually(async () => await pages() === 8 || undefined, "all turns of the background");
    await call(getFolders());
    await call(getFolders());
    assert.equal(await pages(), 8, "and the background has no more than its own");
    end.abort();
    await given;
  },
);

connected("turns: others leave the background its turns", async (connection) => {
  const call = inTurns(connection.call, { limit: 2, background: 3, longestWait: 60_000 });
  await telegram.faults({ rules: [{ method: "messages.getHistory", delayMs: 60_000 }] });
  const end = new AbortController();
  const given = Promise.allSettled(Array.from({ length: 5 }, () => call(getHistory(), { signal: end.signal })));
  await eventually(async () => await pages() === 2 || undefined, "all turns of others");
  await call(getFolders(), { background });
  end.abort();
  await given;
});

connected("turns: in the background a call waits for its turn as long as it takes", async (connection) => {
  const call = inTurns(connection.call, { limit: 1, background: 1, longestWait: 20 });
  const end = new AbortController();
  await telegram.faults({ rules: [{ method: "messages.getHistory", times: 2, delayMs: 200 }] });
  const stuck = [{ background }, {}].map((options) => call(getHistory(), { ...options, signal: end.signal }));
  const waiting = call(getFolders(), { background });
  await rejection(call(getFolders()), "OVERLOADED");
  await Promise.all([...stuck, waiting]);
});

connected("turns: after a flood wait there is one for all, and the background has it last", async (connection) => {
  const floods = createFloods(openDatabase(":memory:"), "a");
  floods.begin("messages.GetHistory", 0);
  const call = inTurns(connection.call, { limit: 2, background: 8, longestWait: 60_000, floods });
  await telegram.faults({ latencyMs: 40 });
  const exports = Array.from({ length: 16 }, () => call(getHistory(), { background }));
  await eventually(async () => await pages() === 1 || undefined, "the first page");
  await call(getReplies()).catch(() => {});
  const received = await order();
  const place = received.indexOf("messages.GetReplies");
  assert.ok(place === 1 || place === 2, `behind ${place} of 16 pages`);
  await Promise.all(exports);
  const { atOnce } = Object(await telegram.sandbox.control("GET", "/methods"));
  assert.equal(atOnce["messages.GetHistory"], 1);
});

connected("turns: a call in the background leaves with its signal, and no turn is lost by it", async (connection) => {
  const call = inTurns(connection.call, { limit: 1, background: 1, longestWait: 60_000 });
  const [held, waiting] = [new AbortController(), new AbortController()];
  await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, drop: true }] });
  const first = assert.rejects(call(getHistory(), { background, signal: held.signal }), { name: "AbortError" });
  const second = assert.rejects(call(getHistory(), { background, signal: waiting.signal }), { name: "AbortError" });
  const third = call(getFolders(), { background });
  waiting.abort();
  await second;
  held.abort();
  await first;
  await third;
  await call(getFolders(), { background });
  assert.equal(await pages(), 1);
});
