import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { serve } from "../../src/http/server.ts";
import { raw, route, serving } from "./serving.ts";

Deno.test("serve: tells the address it listens on", async () => {
  await using server = serve({ handler: () => new Response("four"), host: "127.0.0.1", port: 0 });
  assert.equal(server.url, `http://127.0.0.1:${server.port}`);
  assert.equal(await (await fetch(server.url)).text(), "four");
});

Deno.test("serve: an IPv6 address is bracketed in the url", async () => {
  await using server = serve({ handler: () => new Response("six"), host: "::1", port: 0 });
  assert.equal(server.url, `http://[::1]:${server.port}`);
  assert.equal(await (await fetch(server.url)).text(), "six");
});

Deno.test("serve: a port in use is named together with the variable to change", async () => {
  await using first = serve({ handler: () => new Response(), host: "127.0.0.1", port: 0 });
  assert.throws(
    () => serve({ handler: () => new Response(), host: "127.0.0.1", port: first.port }),
    (error) =>
      error instanceof AppError && error.message.includes(String(first.port)) && error.field === "MCP_SERVER_PORT" &&
      /MCP_SERVER_PORT/.test(error.hint),
  );
});

Deno.test("serve: an address of another machine is named together with the variable to change", () => {
  assert.throws(
    () => serve({ handler: () => new Response(), host: "192.0.2.1", port: 0 }),
    (error) => error instanceof AppError && error.field === "MCP_SERVER_HOST",
  );
});

Deno.test("serve: a name that does not resolve is named together with the variable to change", () => {
  assert.throws(
    () => serve({ handler: () => new Response(), host: "no-such-host.invalid", port: 0 }),
    (error) => error instanceof AppError && error.field === "MCP_SERVER_HOST",
  );
});

Deno.test("shutdown: a running request is finished, a new one told to come back", async () => {
  const began = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using app = serving([route("/slow", async () => {
    began.resolve();
    await release.promise;
    return new Response("done");
  })]);
  const running = fetch(`${app.url}/slow`);
  await began.promise;
  const ending = app.server.shutdown();
  const late = await raw(app.port, ["GET /slow HTTP/1.1", `Host: localhost:${app.port}`]);
  assert.equal(late.status, 503);
  assert.equal(late.headers.get("retry-after"), "5");
  release.resolve();
  assert.equal(await (await running).text(), "done");
  await ending;
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: app.port }));
});

Deno.test("shutdown: a large answer under way arrives whole", async () => {
  await using app = serving([route("/large", () => new Response("x".repeat(8_000_000)))]);
  const answer = await fetch(`${app.url}/large`);
  const ending = app.server.shutdown();
  assert.equal((await answer.text()).length, 8_000_000);
  await ending;
});

Deno.test("shutdown: half a request's head does not outlast the grace", async () => {
  await using app = serving([]);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: app.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHo"));
  await app.server.shutdown(50);
});

Deno.test("shutdown: a handler that never answers is cut when the grace is over", async () => {
  const began = Promise.withResolvers<void>();
  await using app = serving([route("/never", () => {
    began.resolve();
    return new Promise<Response>(() => {});
  })]);
  const running = assert.rejects(fetch(`${app.url}/never`));
  await began.promise;
  await app.server.shutdown(20);
  await running;
});

Deno.test("shutdown: an event stream is cut when the grace is over", async () => {
  let cancelled = false;
  const stream = (): ReadableStream =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      cancel: () => void (cancelled = true),
    });
  await using app = serving([route("/events", () => new Response(stream()))]);
  const answer = await fetch(`${app.url}/events`);
  const reader = answer.body?.getReader();
  assert.ok(reader);
  await reader.read();
  await app.server.shutdown(20);
  await assert.rejects(reader.read());
  assert.equal(cancelled, true);
});

Deno.test("shutdown: twice is the same as once", async () => {
  await using app = serving([]);
  await Promise.all([app.server.shutdown(), app.server.shutdown()]);
});

Deno.test("serve: an exception outside all middleware is a problem without its text", async () => {
  const handler = (): Response => {
    throw new Error("the secret");
  };
  await using server = serve({ handler, host: "127.0.0.1", port: 0 });
  const answer = await fetch(server.url);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /the secret/);
});
