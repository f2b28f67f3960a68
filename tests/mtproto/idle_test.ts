/** What an account holds while nobody asks: as much after 2,000 calls of every outcome as after the first few. */
import assert from "node:assert/strict";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadConfig } from "../../src/config/load.ts";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import type { Call } from "../../src/mtproto/invoke.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { MTProtoSender } from "telegram/network/index.js";
import { assertSilence, eventually, getFolders, getHistory, getSelf, rejection, startTelegram } from "./telegram.ts";

Deno.test.afterEach(assertSilence);

/** What lies at another data centre, by the rule of `sandbox/methods/files.ts`. */
const AWAY_ID = "5200000000000000005";
const BYTES = 9000;

setFlagsFromString("--expose-gc");
const gc: unknown = runInNewContext("gc");

/** What the program has made and not let go, garbage collected. */
interface Counts {
  /** Of any kind: `setTimeout`, `node:timers`, sleeps. */
  readonly timers: number;
  /** On abort signals that still exist. */
  readonly listeners: number;
  /** Requests, answers, errors and signals of calls that have ended. */
  readonly kept: readonly string[];
  readonly senders: readonly Pending[];
}

/** What GramJS keeps of requests. */
interface Pending {
  readonly unanswered: number;
  readonly resendable: number;
  readonly queued: number;
}

/** Watches listeners and senders as they are made, and whatever it is told to. */
class Watch implements Disposable {
  readonly #undo: (() => void)[] = [];
  readonly #listeners = new WeakMap<EventTarget, Set<unknown>>();
  readonly #signals = new Set<WeakRef<EventTarget>>();
  readonly #senders = new Set<WeakRef<MTProtoSender>>();
  readonly #told: { readonly what: string; readonly ref: WeakRef<WeakKey> }[] = [];

  constructor() {
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const { connect } = MTProtoSender.prototype;
    const [listeners, signals, senders] = [this.#listeners, this.#signals, this.#senders];
    EventTarget.prototype.addEventListener = function (type, listener, options): void {
      if (this instanceof AbortSignal && !this.aborted) {
        if (!listeners.has(this)) signals.add(new WeakRef(this));
        listeners.set(this, (listeners.get(this) ?? new Set()).add(listener));
      }
      addEventListener.call(this, type, listener, options);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, options): void {
      listeners.get(this)?.delete(listener);
      removeEventListener.call(this, type, listener, options);
    };
    MTProtoSender.prototype.connect = function (...args): Promise<boolean> {
      senders.add(new WeakRef(this));
      return connect.apply(this, args);
    };
    this.#undo.push(() => Object.assign(EventTarget.prototype, { addEventListener, removeEventListener }));
    this.#undo.push(() => Object.assign(MTProtoSender.prototype, { connect }));
  }

  /** Something that nobody may hold when its call has ended. */
  tell(what: string, thing: unknown): void {
    if (typeof thing === "object" && thing !== null) this.#told.push({ what, ref: new WeakRef(thing) });
  }

  async counts(): Promise<Counts> {
    if (typeof gc !== "function") throw new Error("there is no garbage collector to call");
    for (let i = 0; i < 3; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const signals = alive(this.#signals).filter((signal) => signal instanceof AbortSignal && !signal.aborted);
    return {
      timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
      listeners: signals.reduce((sum, signal) => sum + (this.#listeners.get(signal)?.size ?? 0), 0),
      kept: this.#told.flatMap(({ what, ref }) => ref.deref() === undefined ? [] : [what]),
      senders: alive(this.#senders).map(pendingOf),
    };
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo();
  }
}

function alive<T extends WeakKey>(refs: Iterable<WeakRef<T>>): T[] {
  return [...refs].flatMap((ref) => ref.deref() ?? []);
}

function pendingOf(sender: MTProtoSender): Pending {
  const queue = Object(Reflect.get(sender, "_sendQueue"));
  assert.ok(Object(Reflect.get(sender, "_pendingAck")).size < 20, "unacknowledged");
  assert.ok(Object(Reflect.get(sender, "_lastAcks")).length <= 10, "acknowledgements");
  assert.ok(Object(Reflect.get(sender, "_state")).msgIds.length <= 501, "message ids");
  return {
    unanswered: sender._pendingState.values().length,
    resendable: queue._pendingStates.length,
    queued: queue.values().length,
  };
}

/** The file of the newest saved message. */
async function newestFile(call: Call): Promise<Api.Document> {
  const answer = await call(getHistory());
  const [newest] = answer.className === "messages.MessagesNotModified" ? [] : answer.messages;
  const document = newest?.className === "Message" && newest.media?.className === "MessageMediaDocument"
    ? newest.media.document
    : undefined;
  assert.ok(document?.className === "Document");
  return document;
}

Deno.test("memory: after 2,000 calls of every outcome, timers, listeners and pending maps are as many as before", async () => {
  await using telegram = await startTelegram();
  using db = openDatabase(":memory:");
  const variables: Readonly<Record<string, string>> = {
    TELEGRAM_API_ID: "1",
    TELEGRAM_API_HASH: "0".repeat(32),
    DATA_DIR: "/nowhere",
    TELEGRAM_TEST_DC: `2@127.0.0.1:${telegram.sandbox.port}`,
    TELEGRAM_TEST_KEY_FILE: telegram.keyFile,
    TELEGRAM_STRING_SESSION_FILE: telegram.sessionFile,
  };
  using watch = new Watch();
  const config = loadConfig((name) => variables[name], undefined, { names: [], terminal: false });
  await using opened = openAccount(config, { db, accountId: "a", appVersion: "1" });
  const { call, withDc } = opened.account;
  const ready = (): Promise<true> =>
    eventually(() => ["ready", "flood_waiting"].includes(opened.status().state) || undefined, "the connection");
  await ready();
  const media = { kind: "document", id: AWAY_ID, mime: "application/zip", size: BYTES };
  await telegram.sandbox.control("POST", "/world/append", { chat: "1000", text: "", media });
  const { dcId, id, accessHash, fileReference } = await newestFile(call);
  assert.notEqual(dcId, 2);
  const location = new Api.InputDocumentFileLocation({ id, accessHash, fileReference, thumbSize: "" });
  const getFile = (): Api.upload.GetFile => new Api.upload.GetFile({ location, offset: bigInt(0), limit: 16_384 });
  const refused = { code: 400, message: "CHANNEL_PRIVATE" };
  const flooded = { code: 420, message: "FLOOD_WAIT_1" };
  const faults = {
    rules: [
      { method: "messages.getDialogFilters", after: 3, every: 7, error: refused },
      { method: "messages.getHistory", lose: true },
      { method: "messages.getChats", error: flooded },
    ],
  };
  await telegram.faults(faults);

  /** One as long-lived as a server's own. */
  const life = new AbortController();
  const outcomes = new Map<string, number>();
  const made: Promise<void>[] = [];
  const make = <R>(way: Call, request: Parameters<typeof way<R>>[0], options: Parameters<Call>[1] = {}): void => {
    watch.tell(request.className, request);
    watch.tell("a signal", options.signal);
    const count = (name: string): void => void outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    const settled = way(request, options.signal === undefined ? { ...options, signal: life.signal } : options).then(
      (answer) => {
        watch.tell("an answer", answer);
        count("answered");
      },
      (error) => {
        watch.tell("an error", error);
        count(error.code ?? "given up");
      },
    );
    made.push(settled);
  };
  /** In a rough one Telegram also asks to wait, and connections are cut. */
  const round = async (rough: boolean): Promise<void> => {
    if (rough) make(call, new Api.messages.GetChats({ id: [bigInt(1)] }));
    await made.at(-1);
    for (let i = 0; i < 50; i++) {
      const controller = new AbortController();
      const { signal } = controller;
      if (i % 10 === 0) {
        make(call, getFolders(), { signal });
        controller.abort(new Error("at once"));
      } else if (i % 10 === 1) {
        make(call, getFolders(), { signal });
        queueMicrotask(() => controller.abort(new Error("a moment later")));
      } else if (i % 10 === 2) {
        make(call, getFolders(), { signal });
        setTimeout(() => controller.abort(new Error("later")), 0);
      } else if (i % 25 === 3) make(call, getHistory(), { timeout: 20 });
      else if (i % 25 === 4 && rough) make(call, new Api.messages.GetChats({ id: [bigInt(1)] }));
      else if (i % 10 === 5) make(withDc(dcId), getFile());
      else if (i % 2 === 0) make(call, getFolders());
      else make(call, getSelf());
    }
    if (rough) await telegram.sandbox.control("POST", "/connections/close");
    await Promise.all(made.splice(0));
    await ready();
    await Promise.all([call(getSelf()), withDc(dcId)(getFile())]);
  };
  /** Acknowledgements, and answers that came too late, are under way for a moment. */
  const idle = (): Promise<Counts> =>
    eventually(async () => {
      const counts = await watch.counts();
      const isIdle = counts.senders.every(({ queued, resendable }) => queued + resendable === 0);
      return isIdle && opened.status().state === "ready" ? counts : undefined;
    }, "the queues to be empty");

  await round(true);
  const before = await idle();
  for (let i = 0; i < 40; i++) await round(i % 20 === 5);
  const after = await idle();
  assert.deepEqual([after.timers, after.listeners], [before.timers, before.listeners]);
  // What is kept of each call of a kind is kept hundreds of times; the very last may still be named by a frame that waits.
  assert.ok(after.kept.length < 5, `${after.kept.length} kept: ${[...new Set(after.kept)]}`);
  assert.equal(after.senders.length, 2, "one at home, one away");
  assert.deepEqual(after.senders, after.senders.map(() => ({ unanswered: 0, resendable: 0, queued: 0 })));
  for (const outcome of ["answered", "given up", "CHANNEL_PRIVATE", "TIMEOUT", "FLOOD_WAIT", "CONNECTION"]) {
    assert.ok((outcomes.get(outcome) ?? 0) > 0, outcome);
  }
  await rejection(call(new Api.messages.GetChats({ id: [] })), "FLOOD_WAIT");
});
