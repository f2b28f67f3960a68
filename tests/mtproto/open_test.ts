import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { loadConfig } from "../../src/config/load.ts";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { createFloods } from "../../src/mtproto/floods.ts";
import type { CallEnd } from "../../src/mtproto/invoke.ts";
import { statusBody, type TelegramStatus } from "../../src/mtproto/status.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { type Observers, type OpenAccount, openAccount } from "../../src/telegram/open.ts";
import { createPeers } from "../../src/telegram/peers.ts";
import { assertSilence, eventually, getFolders, getHistory, getSelf, rejection, startTelegram } from "./telegram.ts";

Deno.test.afterEach(assertSilence);

const APPLICATION = { TELEGRAM_API_ID: "1", TELEGRAM_API_HASH: "0".repeat(32), DATA_DIR: "/nowhere" };

function open(environment: Record<string, string>, options: Observers & { readonly db: DatabaseSync }): OpenAccount {
  const variables: Record<string, string> = { ...APPLICATION, ...environment };
  const config = loadConfig((name) => variables[name], undefined, { names: [], terminal: false });
  return openAccount(config, { accountId: "a", appVersion: "1", ...options });
}

Deno.test("openAccount: the composed seam refuses, counts, gates, keeps to two at once, and learns", async () => {
  await using telegram = await startTelegram();
  const ends: CallEnd[] = [];
  const floods: unknown[] = [];
  using db = openDatabase(":memory:");
  await using opened = open({
    TELEGRAM_TEST_DC: `2@127.0.0.1:${telegram.sandbox.port}`,
    TELEGRAM_TEST_KEY_FILE: telegram.keyFile,
    TELEGRAM_STRING_SESSION_FILE: telegram.sessionFile,
  }, { db, onCall: (end) => ends.push(end), onFlood: (flood) => floods.push(flood) });
  const { call, peers } = opened.account;
  await call(getSelf());
  assert.equal(peers.self()?.id, "1000");
  await rejection(call(new Api.auth.LogOut()), "INTERNAL");

  const error = { code: 420, message: "FLOOD_WAIT_300" };
  await telegram.faults({ latencyMs: 5, rules: [{ method: "messages.getHistory", error }] });
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => call(getHistory())));
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  assert.equal((await telegram.received())["messages.GetHistory"], 2, "two were under way when the first wait came");
  await call(getFolders());
  assert.deepEqual(ends.map(({ method, status }) => `${method} ${status}`), [
    "users.GetUsers ok",
    ...Array.from({ length: 6 }, () => "messages.GetHistory FLOOD_WAIT"),
    "messages.GetDialogFilters ok",
  ]);
  assert.equal(floods.length, 2);
  await telegram.faults({ rules: [{ method: "messages.getDialogFilters", drop: true }] });
  const controller = new AbortController();
  const answer = call(getFolders(), { signal: controller.signal });
  await eventually(async () => (await telegram.received())["messages.GetDialogFilters"], "it");
  controller.abort(new Error("enough"));
  await assert.rejects(answer, /enough/);
  assert.equal(ends.at(-1)?.status, "CANCELLED");
});

Deno.test("openAccount: connecting as somebody else forgets the access hashes of before, without being asked", async () => {
  await using telegram = await startTelegram();
  using db = openDatabase(":memory:");
  const peers = createPeers(db, "a");
  const fields = { accessHash: bigInt(1), firstName: "name" };
  peers.learn([new Api.User({ id: bigInt(77), self: true, ...fields }), new Api.User({ id: bigInt(78), ...fields })]);
  await using opened = open({
    TELEGRAM_TEST_DC: `2@127.0.0.1:${telegram.sandbox.port}`,
    TELEGRAM_TEST_KEY_FILE: telegram.keyFile,
    TELEGRAM_STRING_SESSION_FILE: telegram.sessionFile,
  }, { db });
  await eventually(() => opened.status().state === "ready" || undefined, "the connection");
  assert.equal(opened.account.peers.self()?.id, "1000");
  assert.equal(opened.account.peers.get("78"), undefined);
  assert.deepEqual(await telegram.received(), { "users.GetUsers": 1 });
});

Deno.test("openAccount: a flood wait is its state, with method and end, until it is over; then it is ready again", async () => {
  await using telegram = await startTelegram();
  using db = openDatabase(":memory:");
  const statuses: TelegramStatus[] = [];
  const reopen = (): OpenAccount =>
    open({
      TELEGRAM_TEST_DC: `2@127.0.0.1:${telegram.sandbox.port}`,
      TELEGRAM_TEST_KEY_FILE: telegram.keyFile,
      TELEGRAM_STRING_SESSION_FILE: telegram.sessionFile,
    }, { db, onStatus: (status) => statuses.push(status) });
  const error = { code: 420, message: "FLOOD_WAIT_2" };
  await telegram.faults({ rules: [{ method: "messages.getHistory", error }] });
  const begun = Date.now();
  {
    await using opened = reopen();
    await rejection(opened.account.call(getHistory()), "FLOOD_WAIT");
    assert.deepEqual(statuses.map(({ state }) => state), ["connecting", "ready", "flood_waiting"]);
    await opened.account.call(getFolders());
  }
  statuses.splice(0);
  await using opened = reopen();
  const waiting = await eventually(() => {
    const status = opened.status();
    return status.state === "flood_waiting" ? status : undefined;
  }, "the wait, after a restart too");
  assert.equal(waiting.method, "messages.GetHistory");
  assert.ok(waiting.until >= begun + 2000 && waiting.until <= Date.now() + 2000);
  assert.equal(statusBody(waiting).until, new Date(waiting.until).toISOString());
  await eventually(() => opened.status().state === "ready" || undefined, "its end");
  await eventually(() => statuses.at(-1)?.state === "ready" || undefined, "the news of it");
  await telegram.faults();
  await opened.account.call(getHistory());
});

Deno.test("openAccount: without a session it opens, dials nobody and answers SESSION_INVALID", async () => {
  using db = openDatabase(":memory:");
  await using opened = open({}, { db });
  await rejection(opened.account.call(getSelf()), "SESSION_INVALID");
  assert.equal(opened.status().state, "needs_login");
});

Deno.test("openAccount: a session that cannot be read is refused at once", () => {
  using db = openDatabase(":memory:");
  assert.throws(
    () => open({ TELEGRAM_STRING_SESSION: "1garbage" }, { db }),
    (error: Error) => !error.message.includes("garbage"),
  );
});

Deno.test("openAccount: lookups of names have their budget, and history goes one at a time after its flood wait", async () => {
  await using telegram = await startTelegram();
  using db = openDatabase(":memory:");
  await using opened = open({
    TELEGRAM_TEST_DC: `2@127.0.0.1:${telegram.sandbox.port}`,
    TELEGRAM_TEST_KEY_FILE: telegram.keyFile,
    TELEGRAM_STRING_SESSION_FILE: telegram.sessionFile,
  }, { db });
  const { call } = opened.account;
  const lookUp = (): Api.contacts.ResolveUsername => new Api.contacts.ResolveUsername({ username: "sandbox_news" });
  for (let i = 0; i < 30; i++) await call(lookUp());
  await rejection(call(lookUp()), "RATE_LIMITED");
  const error = { code: 420, message: "FLOOD_WAIT_1" };
  await telegram.faults({
    rules: [{ method: "messages.search", error }, { method: "messages.getHistory", drop: true }],
  });
  const search = new Api.messages.Search({
    peer: new Api.InputPeerSelf(),
    q: "",
    filter: new Api.InputMessagesFilterEmpty(),
    minDate: 0,
    maxDate: 0,
    offsetId: 0,
    addOffset: 0,
    limit: 1,
    maxId: 0,
    minId: 0,
    hash: bigInt(0),
  });
  await rejection(call(search), "FLOOD_WAIT");
  const histories = [1, 2].map(() => rejection(call(getHistory(), { timeout: 300 }), "TIMEOUT"));
  await call(getFolders());
  assert.equal((await telegram.received())["messages.GetHistory"], 1);
  await Promise.all(histories);
});

Deno.test("openAccount: another account's flood waits are forgotten, and its state with them", async () => {
  await using telegram = await startTelegram();
  using db = openDatabase(":memory:");
  const fields = { accessHash: bigInt(1), firstName: "name" };
  createPeers(db, "a").learn([new Api.User({ id: bigInt(77), self: true, ...fields })]);
  createFloods(db, "a").begin("messages.GetHistory", 3600);
  const statuses: TelegramStatus[] = [];
  await using opened = open({
    TELEGRAM_TEST_DC: `2@127.0.0.1:${telegram.sandbox.port}`,
    TELEGRAM_TEST_KEY_FILE: telegram.keyFile,
    TELEGRAM_STRING_SESSION_FILE: telegram.sessionFile,
  }, { db, onStatus: (status) => statuses.push(status) });
  await eventually(() => opened.status().state === "ready" || undefined, "the connection");
  await opened.account.call(getHistory());
  const error = { code: 420, message: "FLOOD_WAIT_1" };
  await telegram.faults({ rules: [{ method: "messages.getHistory", error }] });
  await rejection(opened.account.call(getHistory()), "FLOOD_WAIT");
  await eventually(() => statuses.at(-1)?.state === "flood_waiting" || undefined, "its wait");
  await eventually(() => statuses.at(-1)?.state === "ready" || undefined, "the end of it");
});
