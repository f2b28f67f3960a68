import assert from "node:assert/strict";
import { raw, route, serving } from "./serving.ts";

const echo = route("/items/:id", (_, { params }) => Response.json(params));
const ping = route("/ping", () => new Response("pong"), "GET", "HEAD", "POST");

Deno.test("router: a pattern's captures reach the handler decoded", async () => {
  await using app = serving([echo]);
  assert.deepEqual(await (await fetch(`${app.url}/items/a%20b%2Fc`)).json(), { id: "a b/c" });
});

Deno.test("router: malformed percent-encoding is the caller's error", async () => {
  await using app = serving([echo]);
  const answer = await raw(app.port, ["GET /items/%E0%A4%A HTTP/1.1", `Host: localhost:${app.port}`]);
  assert.equal(answer.status, 400);
  assert.match(answer.body, /INPUT_VALIDATION/);
});

Deno.test("router: a plain path wins over an earlier pattern", async () => {
  await using app = serving([echo, route("/items/all", () => new Response("plain"))]);
  assert.equal(await (await fetch(`${app.url}/items/all`)).text(), "plain");
});

Deno.test("router: an unknown path is a 404 problem that says where to look", async () => {
  await using app = serving([ping]);
  const answer = await fetch(`${app.url}/nothing`);
  assert.equal(answer.status, 404);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const problem = await answer.json();
  assert.equal(problem.code, "NOT_FOUND");
  assert.match(problem.hint, /GET \//);
  assert.equal(problem.request_id, answer.headers.get("x-request-id"));
});

Deno.test("router: a wrong method is a 405 problem with Allow", async () => {
  await using app = serving([ping]);
  const answer = await fetch(`${app.url}/ping`, { method: "DELETE" });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
  assert.equal((await answer.json()).code, "METHOD_NOT_ALLOWED");
});

Deno.test("router: HEAD gives the head of GET's answer and no body", async () => {
  await using app = serving([route("/ping", () => new Response("pong", { headers: { "x-kind": "ping" } }))]);
  const answer = await raw(app.port, ["HEAD /ping HTTP/1.1", `Host: localhost:${app.port}`]);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-kind"), "ping");
  assert.equal(answer.headers.get("content-length"), "4");
  assert.equal(answer.body, "");
});

Deno.test("router: HEAD is refused, and not offered, where GET opens a stream", async () => {
  const stream = (): ReadableStream => new ReadableStream();
  await using app = serving([route("/stream", () => new Response(stream()), "GET")]);
  const answer = await fetch(`${app.url}/stream`, { method: "HEAD" });
  assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "GET, OPTIONS"]);
});

Deno.test("router: OPTIONS without an origin lists the methods", async () => {
  await using app = serving([ping]);
  const answer = await fetch(`${app.url}/ping`, { method: "OPTIONS" });
  assert.equal(answer.status, 204);
  assert.equal(answer.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
});
