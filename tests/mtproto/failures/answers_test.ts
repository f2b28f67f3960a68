/** Rows: answers that are lost, late, huge, unreadable, or an error; answers in containers. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { patient } from "../../../src/mtproto/flood.ts";
// The door comes first: it settles where `telegram` looks for its schema.
import { Api } from "../../../src/mtproto/gram.ts";
import { MessageContainer } from "telegram/tl/core/index.js";
import {
  assertSilence,
  connect,
  getFolders,
  getHistory,
  getSelf,
  hurried,
  rejection,
  startTelegram,
  type Telegram,
  took,
} from "../telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

const messagesOf = (answer: Api.messages.TypeMessages): Api.TypeMessage[] =>
  answer.className === "messages.MessagesNotModified" ? [] : answer.messages;
const textsOf = (answer: Api.messages.TypeMessages): (string | undefined)[] =>
  messagesOf(answer).map((message) => message.className === "Message" ? message.message : undefined);

/** A question whose answer has so many parts that nobody takes it for another's. */
const askFor = (count: number): Api.users.GetUsers =>
  new Api.users.GetUsers({ id: Array.from({ length: count }, () => new Api.InputUserSelf()) });

Deno.test("an answer or a request is lost: TIMEOUT in time, and the connection goes on", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  for (const fault of [{ drop: true }, { lose: true }]) {
    await telegram.faults({ rules: [{ method: "messages.getHistory", ...fault }] });
    const ms = await took(rejection(connection.call(getHistory(), { timeout: 60 }), "TIMEOUT"));
    assert.ok(ms >= 59 && ms < 1000, `${ms} ms`);
    await connection.call(getFolders());
  }
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
});

Deno.test("an answer is lost: the connection's own limit holds when the caller names none", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 400 });
  await connection.until("ready");
  await telegram.faults({ rules: [{ method: "*", drop: true }] });
  const { message } = await rejection(connection.call(getHistory()), "TIMEOUT");
  assert.match(message, /messages\.GetHistory within 0\.4 s/);
});

Deno.test("rpc_error inside a msg_container: it takes none of the other answers with it", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 1000 });
  await connection.until("ready");
  for (const place of [0, 1, 3]) {
    const error = { code: 400, message: "CHANNEL_PRIVATE" };
    await telegram.faults({ containers: 4, rules: [{ method: "messages.getDialogFilters", error }] });
    const requests = [getSelf(), getSelf(), getSelf()].map((request) => (): Promise<unknown> =>
      connection.call(request)
    );
    const failing = (): Promise<unknown> => connection.call(getFolders());
    const outcomes = await Promise.allSettled(requests.toSpliced(place, 0, failing).map((ask) => ask()));
    const expected = [0, 1, 2, 3].map((i) => i === place ? "rejected" : "fulfilled");
    assert.deepEqual(outcomes.map(({ status }) => status), expected);
  }
  assert.deepEqual(connection.problems, []);
});

Deno.test("answer of a megabyte, packed: it arrives whole", async () => {
  let state = 1;
  const next = (): number => (state = state * 48_271 % 2_147_483_647);
  const texts = Array.from(
    { length: 100 },
    () => String.fromCharCode(...Array.from({ length: 4096 }, () => 0x4e00 + next() % 20_000)),
  );
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  const [self] = await connection.call(getSelf());
  const chat = String(self?.className === "User" ? self.id : 0);
  for (const text of texts) await telegram.sandbox.control("POST", "/world/append", { chat, text });
  assert.ok(Buffer.byteLength(texts.join("")) > 1_000_000);
  assert.deepEqual(textsOf(await connection.call(getHistory())), texts.toReversed());
});

/** How many messages each container had. */
async function containersOf(action: () => Promise<void>): Promise<number[]> {
  const { fromReader } = MessageContainer;
  const lengths: number[] = [];
  MessageContainer.fromReader = async (reader): Promise<MessageContainer> => {
    const container = await fromReader(reader);
    lengths.push(Object(Reflect.get(container, "messages")).length);
    return container;
  };
  try {
    await action();
  } finally {
    MessageContainer.fromReader = fromReader;
  }
  return lengths;
}

Deno.test("container of 200 answers with errors among them: each caller gets its own answer or error", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  const errors = [[400, "CHANNEL_PRIVATE"], [420, "FLOOD_WAIT_9"], [500, "INTERNAL"], [400, "LIMIT_INVALID"]] as const;
  const rules = errors.map(([code, message], i) => (
    { method: "messages.getDialogFilters", after: i, every: 4 - i, times: 10, error: { code, message } }
  ));
  await telegram.faults({ containers: 200, rules });
  const isFolders = (i: number): boolean => i % 4 === 3;
  const lengths = await containersOf(async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, async (_, i) => {
      if (isFolders(i)) return await connection.call<unknown>(getFolders());
      return (await connection.call(askFor(i + 1))).length;
    }));
    const failed = outcomes.filter(({ status }) => status === "rejected");
    assert.equal(failed.length, 40);
    for (const [i, outcome] of outcomes.entries()) {
      if (isFolders(i)) continue;
      assert.equal(outcome.status === "fulfilled" && outcome.value, i + 1);
    }
  });
  assert.deepEqual(lengths, [200]);
  assert.deepEqual(connection.problems, []);
});

Deno.test("a message of an unknown type in a container: the answers beside it arrive", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 1000 });
  await connection.until("ready");
  await telegram.faults({ containers: 3, strangers: true });
  const sizes = await Promise.all([1, 2, 3].map(async (count) => (await connection.call(askFor(count))).length));
  assert.deepEqual(sizes, [1, 2, 3]);
  assert.equal(connection.status().state, "ready");
});

Deno.test("an answer that is no TL: an error at once, for nobody but its caller", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  for (const containers of [1, 3]) {
    await telegram.faults({ containers, rules: [{ method: "messages.getHistory", garble: true }] });
    const garbled = rejection(connection.call(getHistory()), "INTERNAL");
    await Promise.all([connection.call(getFolders()), connection.call(getSelf())]);
    assert.match((await garbled).message, /could not be read/);
  }
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
});

Deno.test("an answer after its caller's time was over: it is nobody's, and the connection goes on", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  for (const late of [{ delayMs: 80 }, { delayMs: 80, error }]) {
    await telegram.faults({ rules: [{ method: "users.getUsers", times: 1, ...late }] });
    await rejection(connection.call(askFor(2), { timeout: 20 }), "TIMEOUT");
    await telegram.faults({ latencyMs: 100 });
    assert.equal((await connection.call(askFor(3))).length, 3);
  }
  assert.deepEqual(connection.problems, []);
});

for (const [code, message] of [[500, "INTERNAL"], [503, "TIMEOUT"], [-503, "TIMEOUT"]] as const) {
  const error = { code, message };
  Deno.test(`${code} ${message}: a patient caller asks again after growing, jittered pauses; for others it is CONNECTION`, async () => {
    await using connection = connect(telegram.sandbox.port, { session: telegram.session });
    await connection.until("ready");
    for (const [random, pauses] of [[1, [1, 2, 4]], [0, [0.5, 1, 2]]] as const) {
      const patience = { ...hurried(15), random: () => random };
      await telegram.faults({ rules: [{ method: "messages.getHistory", times: 3, error }] });
      await patient(connection.call, patience)(getHistory());
      assert.deepEqual(patience.slept, pauses);
      assert.ok(patience.waits.every(({ reason }) => reason === "connection"));
    }
    await telegram.faults({ rules: [{ method: "messages.getHistory", error }] });
    await rejection(connection.call(getHistory()), "CONNECTION");
    const patience = hurried(15);
    await rejection(patient(connection.call, patience)(getHistory()), "CONNECTION");
    assert.deepEqual(patience.slept, [1, 2, 4, 8]);
  });
}
