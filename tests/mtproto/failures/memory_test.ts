/** Rows: an answer is lost, `session._entities`, `iterMessages`: what was asked and answered is not kept. */
import assert from "node:assert/strict";
// The door comes first: it settles where `telegram` looks for its schema.
import "../../../src/mtproto/gram.ts";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openLiveWire } from "../../../src/mtproto/live_wire.ts";
import { MTProtoSender } from "telegram/network/index.js";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  getHistory,
  getSelf,
  openTo,
  rejection,
  startTelegram,
  type Telegram,
} from "../telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

/** The senders that were connected while `action` ran. */
async function sendersOf(action: () => Promise<void>): Promise<MTProtoSender[]> {
  const { connect } = MTProtoSender.prototype;
  const senders: MTProtoSender[] = [];
  MTProtoSender.prototype.connect = function (...args): Promise<boolean> {
    senders.push(this);
    return connect.apply(this, args);
  };
  try {
    await action();
  } finally {
    MTProtoSender.prototype.connect = connect;
  }
  return senders;
}

Deno.test("an answer is lost: after 2,000 calls, some given up and some failed, nothing about them is kept", async () => {
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  const lost = { method: "messages.getHistory", lose: true };
  await telegram.faults({ rules: [{ method: "messages.getDialogFilters", after: 3, every: 7, error }, lost] });
  await using stack = new AsyncDisposableStack();
  const [sender, ...others] = await sendersOf(async () => {
    const connection = stack.use(connect(telegram.sandbox.port, { session: telegram.session }));
    await connection.until("ready");
    for (let round = 0; round < 40; round++) {
      await Promise.allSettled(Array.from({ length: 50 }, (_, i) => {
        const controller = new AbortController();
        const answer = connection.call<unknown>(getFolders(), { signal: controller.signal });
        if (i % 10 === 0) controller.abort();
        if (i % 10 === 1) queueMicrotask(() => controller.abort());
        if (i % 10 === 2) setTimeout(() => controller.abort(), 0);
        return answer;
      }));
    }
    await Promise.all([1, 2, 3].map(() => rejection(connection.call(getHistory(), { timeout: 30 }), "TIMEOUT")));
    await connection.call(getSelf());
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  assert.ok(sender !== undefined && others.length === 0);
  const queue = Object(Reflect.get(sender, "_sendQueue"));
  assert.equal(sender._pendingState.values().length, 0, "pending");
  assert.equal(queue._pendingStates.length, 0, "to be sent again");
  assert.equal(queue.values().length, 0, "queued");
  assert.ok(Object(Reflect.get(sender, "_pendingAck")).size < 200, "unacknowledged");
  assert.ok(Object(Reflect.get(sender, "_state")).msgIds.length <= 501, "message ids");
});

/** A signal that counts who listens to it. */
function watched(): { readonly signal: AbortSignal; readonly listeners: () => number } {
  const { signal } = new AbortController();
  const added = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>): void => {
    added.add(args[1]);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>): void => {
    added.delete(args[1]);
    removeEventListener.apply(signal, args);
  };
  return { signal, listeners: () => added.size };
}

Deno.test("disconnect(): nothing listens to a signal that outlives an opening or a request", async () => {
  const [opening, asking] = [watched(), watched()];
  const bare = await openTo(telegram, { signal: opening.signal });
  await bare.close();
  assert.equal(opening.listeners(), 0);
  const wire = await openLiveWire({
    dcId: 2,
    address: { host: "127.0.0.1", port: telegram.sandbox.port },
    authKey: telegram.session.authKey,
    first: getSelf(),
    apiId: 1,
    appVersion: "test",
    onProblem: () => {},
    sleep: createSleeper().sleep,
    signal: new AbortController().signal,
  });
  await Promise.all([1, 2, 3].map(() => wire.ask(getFolders(), asking.signal)));
  assert.equal(asking.listeners(), 0);
  await wire.close();
});

/** Collects garbage; the flag of V8 that allows it is set for this alone. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  assert.ok(typeof gc === "function");
  gc();
}

Deno.test("session._entities, iterMessages: of a hundred pages nothing is kept, neither chats nor users nor messages", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  const seen: WeakRef<object>[] = [];
  const read = async (): Promise<void> => {
    const page = await connection.call(getHistory());
    if (page.className === "messages.MessagesNotModified") throw new Error("nothing was read");
    for (const each of [page, ...page.users, ...page.chats, ...page.messages]) seen.push(new WeakRef(each));
  };
  for (let i = 0; i < 100; i++) await read();
  assert.ok(seen.length >= 300, `${seen.length} objects`);
  // The last answer may still be in the hands of who waited for it.
  await connection.call(getFolders());
  await eventually(() => {
    collect();
    return seen.every((each) => each.deref() === undefined) || undefined;
  }, "all answers to be collected");
});
