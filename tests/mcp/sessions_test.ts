import assert from "node:assert/strict";
import { createRecentEvents } from "../../src/mcp/events.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { createFixture, createManualTimers, serveMcp, until } from "./fixture.ts";
import { call, events, eventsUntil, INITIALIZE, listen, message, open, post } from "./raw.ts";

const MINUTE = 60_000;

async function status(response: Response): Promise<number> {
  await response.text();
  return response.status;
}

Deno.test("session: DELETE ends it, and its id is then unknown", async () => {
  await using served = serveMcp(createFixture().registry);
  const session = await open(served.url);
  assert.equal(served.sessions(), 1);
  const ended = await fetch(`${served.url}/mcp`, { method: "DELETE", headers: session });
  assert.equal(await status(ended), 200);
  assert.equal(served.sessions(), 0);
  const late = await post(served.url, call(1, "echo", { text: "" }), session);
  assert.equal(late.status, 404);
  assert.equal((await message(late)).error?.code, -32001);
});

Deno.test("session: GET and DELETE say whether the id is missing or unknown", async () => {
  await using served = serveMcp(createFixture().registry);
  for (const method of ["GET", "DELETE"]) {
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${served.url}/mcp`, { method, headers: { accept: "text/event-stream", ...headers } });
    assert.equal(await status(await ask({})), 400);
    assert.equal(await status(await ask({ "mcp-session-id": "none" })), 404);
  }
});

Deno.test("session: another principal does not find it", async () => {
  await using served = serveMcp(createFixture().registry, {
    who: () => ({ ...LOCAL_PRINCIPAL, id: `${turn}` }),
  });
  let turn = 1;
  const session = await open(served.url);
  turn = 2;
  assert.equal(await status(await post(served.url, call(1, "echo", { text: "" }), session)), 404);
  assert.equal(await status(await fetch(`${served.url}/mcp`, { method: "DELETE", headers: session })), 404);
  turn = 1;
  assert.equal(await status(await post(served.url, call(1, "echo", { text: "" }), session)), 200);
});

Deno.test("session: a malformed initialize leaves none behind", async () => {
  await using served = serveMcp(createFixture().registry);
  assert.equal(await status(await post(served.url, INITIALIZE, { accept: "text/html" })), 406);
  await events(await post(served.url, { ...INITIALIZE, params: {} }));
  assert.equal(await status(await post(served.url, [INITIALIZE, INITIALIZE])), 400);
  assert.equal(served.sessions(), 0);
});

Deno.test("session: fifty that nobody uses are gone after the idle time, with all timers", async () => {
  const timers = createManualTimers();
  await using served = serveMcp(createFixture().registry, { timers, idleMs: 30 * MINUTE });
  for (let i = 0; i < 50; i++) await open(served.url);
  const used = await open(served.url);
  timers.pass(20 * MINUTE);
  assert.equal(await status(await post(served.url, call(1, "echo", { text: "" }), used)), 200);
  assert.equal(served.sessions(), 51);
  timers.pass(10 * MINUTE);
  assert.equal(served.sessions(), 1);
  timers.pass(20 * MINUTE);
  assert.equal(served.sessions(), 0);
  assert.equal(timers.pending(), 0);
  assert.equal(await status(await post(served.url, call(1, "echo", { text: "" }), used)), 404);
});

Deno.test("session: one with a call in flight or an open stream does not expire", async () => {
  const timers = createManualTimers();
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry, { timers, idleMs: MINUTE });
  const [busy, connected] = [await open(served.url), await open(served.url)];
  const answer = await post(served.url, call(1, "slow", { label: "a" }), busy);
  const leave = new AbortController();
  const stream = await listen(served.url, connected, leave.signal);
  await until(() => fixture.running.size === 1, "the tool runs");
  timers.pass(10 * MINUTE);
  assert.equal(served.sessions(), 2);
  fixture.release("a");
  await events(answer);
  timers.pass(2 * MINUTE);
  assert.equal(served.sessions(), 1);
  leave.abort();
  await assert.rejects(stream.text());
  await until(() => (timers.pass(MINUTE), served.sessions() === 0), "the stream's end is noticed");
});

Deno.test("session: over the cap the one unused for longest gives way, a busy one never", async () => {
  const timers = createManualTimers();
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry, { timers, maxSessions: 3 });
  const [a, b, c] = [await open(served.url), await open(served.url), await open(served.url)];
  const answer = await post(served.url, call(1, "slow", { label: "a" }), a);
  await until(() => fixture.running.size === 1, "the tool runs");
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  assert.equal(await status(await post(served.url, ping, b)), 200);
  await open(served.url);
  assert.equal(served.sessions(), 3);
  assert.equal(await status(await post(served.url, ping, c)), 404);
  assert.equal(await status(await post(served.url, ping, b)), 200);
  fixture.release("a");
  assert.deepEqual((await events(answer)).at(-1)?.message?.result?.structuredContent, { label: "a" });
});

Deno.test("session: a call that wants a task is answered like any other, and leaves nothing in flight", async () => {
  const fixture = createFixture();
  const timers = createManualTimers();
  await using served = serveMcp(fixture.registry, { timers });
  const headers = await open(served.url);
  const wanting = { ...call(1, "echo", { text: "a" }) };
  Reflect.set(Object(wanting.params), "task", { ttl: 1000 });
  for (let round = 0; round < 3; round++) {
    // The same id again: it would be refused if the first were thought to be in flight.
    const sent = await events(await post(served.url, wanting, headers));
    assert.deepEqual(sent.at(-1)?.message?.result?.structuredContent, { text: "a" });
  }
  timers.pass(24 * 3_600_000);
  await until(() => served.sessions() === 0, "the idle session is gone");
});

Deno.test("session: with all of them busy a new one is refused with OVERLOADED", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry, { maxSessions: 1 });
  const session = await open(served.url);
  const answer = await post(served.url, call(1, "slow", { label: "a" }), session);
  const refused = await post(served.url, INITIALIZE);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "5");
  assert.match(JSON.stringify((await message(refused)).error), /OVERLOADED/);
  assert.equal(served.sessions(), 1);
  await until(() => fixture.running.size === 1, "the tool runs");
  fixture.release("a");
  await events(answer);
  assert.equal(await status(await post(served.url, INITIALIZE)), 200);
});

Deno.test("disconnect: aborts a call that nothing can resume at once", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  const old = await open(served.url, "2025-06-18");
  const cases = [{}, { accept: "application/json" }, old];
  for (const [i, headers] of cases.entries()) {
    const leave = new AbortController();
    const answer = post(served.url, call(1, "slow", { label: String(i) }), { ...headers }, leave.signal)
      .then((response) => response.text());
    await until(() => fixture.running.size === 1, "the tool runs");
    leave.abort();
    await assert.rejects(answer);
    await until(() => fixture.running.size === 0, "the tool was aborted");
  }
  assert.deepEqual(fixture.aborted, ["0", "1", "2"]);
});

Deno.test("disconnect: a connection that is reset aborts the call as one that is closed does", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  const { hostname, port } = new URL(served.url);
  const body = JSON.stringify(call(1, "slow", { label: "reset" }));
  const headers = [
    "POST /mcp HTTP/1.1",
    `host: ${hostname}:${port}`,
    "content-type: application/json",
    "accept: application/json, text/event-stream",
    `content-length: ${body.length}`,
  ];
  const socket = await Deno.connect({ hostname, port: Number(port) });
  await socket.write(new TextEncoder().encode(`${headers.join("\r\n")}\r\n\r\n${body}`));
  await until(() => fixture.running.has("reset"), "the tool runs");
  // One byte tells that the answer has come; closing with the rest unread resets the connection.
  await socket.read(new Uint8Array(1));
  socket.close();
  await until(() => fixture.running.size === 0, "the tool was aborted");
  assert.deepEqual(fixture.aborted, ["reset"]);
});

Deno.test("disconnect: aborts a resumable call when the client has not come back in time", async () => {
  const timers = createManualTimers();
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry, { timers, resumeMs: 5_000 });
  const session = await open(served.url);
  const idle = timers.pending();
  const leave = new AbortController();
  const answer = await post(served.url, call(1, "slow", { label: "a" }), session, leave.signal);
  await until(() => fixture.running.size === 1, "the tool runs");
  leave.abort();
  await assert.rejects(answer.text());
  await until(() => timers.pending() === idle + 1, "the call waits");
  timers.pass(4_999);
  assert.equal(fixture.running.size, 1);
  timers.pass(1);
  await until(() => fixture.running.size === 0, "the tool was aborted");
  assert.equal(timers.pending(), idle);
});

Deno.test("resume: Last-Event-ID brings the rest of a broken stream, and the stream ends", async () => {
  const timers = createManualTimers();
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry, { timers, resumeMs: 5_000 });
  const session = await open(served.url);
  const idle = timers.pending();
  const leave = new AbortController();
  const request = { jsonrpc: "2.0", id: 1, method: "tools/call" };
  const params = { name: "slow", arguments: { label: "a" }, _meta: { progressToken: "p" } };
  const answer = await post(served.url, { ...request, params }, session, leave.signal);
  const [primer] = await eventsUntil(answer, (sent) => sent.some(({ message }) => message?.method !== undefined));
  leave.abort();
  await until(() => timers.pending() === idle + 1, "the disconnect is noticed");

  const again = await listen(served.url, { ...session, "last-event-id": primer?.id ?? "" });
  assert.equal(again.status, 200);
  assert.equal(timers.pending(), idle);
  timers.pass(10_000);
  fixture.release("a");
  const rest = await events(again);
  assert.deepEqual(rest.map(({ message }) => message?.method ?? message?.id), ["notifications/progress", 1]);
  assert.deepEqual(rest[1]?.message?.result?.structuredContent, { label: "a" });
});

Deno.test("resume: a client that leaves again has the same time again", async () => {
  const timers = createManualTimers();
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry, { timers, resumeMs: 5_000 });
  const session = await open(served.url);
  const idle = timers.pending();
  let leave = new AbortController();
  const answer = await post(served.url, call(1, "slow", { label: "a" }), session, leave.signal);
  const [primer] = await eventsUntil(answer, (sent) => sent.length > 0);
  leave.abort();
  await until(() => timers.pending() === idle + 1, "the disconnect is noticed");
  leave = new AbortController();
  const again = await listen(served.url, { ...session, "last-event-id": primer?.id ?? "" }, leave.signal);
  assert.equal(again.status, 200);
  leave.abort();
  await until(() => timers.pending() === idle + 1, "the second disconnect is noticed");
  timers.pass(5_000);
  await until(() => fixture.running.size === 0, "the tool was aborted");
});

Deno.test("resume: a finished stream is replayed once, then 204 ends the client's coming back", async () => {
  await using served = serveMcp(createFixture().registry);
  const session = await open(served.url);
  const [primer, answer] = await events(await post(served.url, call(1, "echo", { text: "a" }), session));
  const again = await listen(served.url, { ...session, "last-event-id": primer?.id ?? "" });
  assert.equal(again.headers.get("mcp-session-id"), session["mcp-session-id"]);
  assert.deepEqual(await events(again), [answer]);
  const done = await listen(served.url, { ...session, "last-event-id": answer?.id ?? "" });
  assert.equal(await status(done), 204);
  assert.equal(await status(await listen(served.url, { ...session, "last-event-id": "never" })), 400);
});

Deno.test("events: a thousand calls in one session leave only the latest events", async () => {
  await using served = serveMcp(createFixture().registry);
  const session = await open(served.url);
  const [first] = await events(await post(served.url, call(0, "echo", { text: "" }), session));
  for (let i = 1; i < 1000; i++) await status(await post(served.url, call(i, "echo", { text: "" }), session));
  const [latest] = await events(await post(served.url, call(1000, "echo", { text: "" }), session));
  assert.equal(await status(await listen(served.url, { ...session, "last-event-id": first?.id ?? "" })), 400);
  assert.equal(await status(await listen(served.url, { ...session, "last-event-id": latest?.id ?? "" })), 200);
});

Deno.test("events: number and text are bounded, and the newest event stays however long", async () => {
  const store = createRecentEvents({ maxEvents: 10, maxCharacters: 10_000 });
  const answer = (text: string) => ({
    jsonrpc: "2.0" as const,
    id: 1,
    result: { content: [{ type: "text", text }] },
  });
  for (let i = 0; i < 100; i++) await store.storeEvent(`s${i}`, answer("short"));
  assert.equal(store.size, 10);
  for (let i = 0; i < 10; i++) await store.storeEvent("long", answer("x".repeat(4_000)));
  assert.equal(store.size, 2);
  const id = await store.storeEvent("longest", answer("x".repeat(40_000)));
  assert.equal(store.size, 1);
  assert.deepEqual(store.after(id), { streamId: "longest", events: [], finished: true });
});

Deno.test("GET: the stream begins with a comment, so that no proxy holds its headers back", async () => {
  await using served = serveMcp(createFixture().registry, { keepAliveMs: 60_000 });
  const stream = await listen(served.url, await open(served.url));
  const reader = (stream.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, ":\n\n");
  await reader.cancel();
});

Deno.test("GET: keeps the stream open with comments, and one stream a session", async () => {
  await using served = serveMcp(createFixture().registry, { keepAliveMs: 5 });
  const session = await open(served.url);
  const stream = await listen(served.url, session);
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  assert.equal(stream.headers.get("x-accel-buffering"), "no");
  assert.equal(await status(await listen(served.url, session)), 409);
  const reader = (stream.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n\n: keepalive\n\n")) text += (await reader.read()).value ?? assert.fail(text);
  await reader.cancel();
});

Deno.test("closeStreams: listeners end, calls finish, new listeners are refused", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  const session = await open(served.url);
  const stream = await listen(served.url, session);
  const answer = await post(served.url, call(1, "slow", { label: "a" }), session);
  await until(() => fixture.running.size === 1, "the tool runs");
  await served.mcp.closeStreams();
  assert.deepEqual(await events(stream), []);
  assert.equal(await status(await listen(served.url, session)), 503);
  fixture.release("a");
  assert.deepEqual((await events(answer)).at(-1)?.message?.result?.structuredContent, { label: "a" });
});

Deno.test("dispose: ends what runs and forgets every session", async () => {
  const timers = createManualTimers();
  const fixture = createFixture();
  const served = serveMcp(fixture.registry, { timers });
  const session = await open(served.url);
  const answer = await post(served.url, call(1, "slow", { label: "a" }), session);
  const alone = await post(served.url, call(1, "slow", { label: "b" }));
  await until(() => fixture.running.size === 2, "the tools run");
  await served[Symbol.asyncDispose]();
  await events(answer);
  await events(alone);
  assert.equal(fixture.running.size, 0);
  assert.equal(served.sessions(), 0);
  assert.equal(timers.pending(), 0);
});
