/** HTTP that is not as it should be, over a socket: https://www.rfc-editor.org/rfc/rfc9112. */
import assert from "node:assert/strict";
import { readJson } from "../../src/http/body.ts";
import { exchange, statusesOf } from "../fuzz/wire.ts";
import { route, type Serving, serving } from "./serving.ts";

const SECONDS = 20;

function stage(): Serving & { readonly seen: string[] } {
  const seen: string[] = [];
  const app = serving([
    route("/", (request) => (seen.push(request.method), new Response("home"))),
    route("/echo", async (request) => Response.json(await readJson(request)), "POST"),
    route("/secret", () => (seen.push("secret"), new Response("secret"))),
  ]);
  return Object.assign(app, { seen });
}

/** The statuses that a head and what follows it are answered with; the connection has ended then. */
async function statuses({ port }: Serving, lines: readonly string[], body = ""): Promise<number[]> {
  const sent = [...lines, "", body].join("\r\n").replaceAll("HOST", `Host: 127.0.0.1:${port}`);
  const { ending, text } = await exchange(port, sent, { seconds: SECONDS });
  assert.notEqual(ending, "hung", sent.slice(0, 200));
  return statusesOf(text);
}

Deno.test("smuggling: where two ways of counting a body disagree, nothing of it is taken for a request", async () => {
  await using app = stage();
  const hidden = `GET /secret HTTP/1.1\r\nHost: 127.0.0.1:${app.port}\r\n\r\n`;
  const chunked = "Transfer-Encoding: chunked";
  const shapes: readonly (readonly [readonly string[], string])[] = [
    [["Content-Length: 5", chunked], `0\r\n\r\n${hidden}`],
    [[chunked, "Content-Length: 5"], `0\r\n\r\n${hidden}`],
    [["Transfer-Encoding: xchunked", "Content-Length: 5"], `0\r\n\r\n${hidden}`],
    [["Transfer-Encoding: \x0bchunked", "Content-Length: 5"], `0\r\n\r\n${hidden}`],
    [["Transfer-Encoding : chunked", "Content-Length: 5"], `0\r\n\r\n${hidden}`],
    [["X: y", " Transfer-Encoding: chunked", "Content-Length: 5"], `0\r\n\r\n${hidden}`],
    [["Transfer-Encoding: chunked, identity"], `0\r\n\r\n${hidden}`],
    [["Transfer-Encoding: identity"], `0\r\n\r\n${hidden}`],
    [["Content-Length: 0", `Content-Length: ${hidden.length}`], hidden],
    [["Content-Length: 0, 5"], hidden],
    [["Content-Length: +0"], hidden],
    [["Content-Length: 0x0"], hidden],
    [["Content-Length: -1"], hidden],
    [["Content-Length: 99999999999999999999"], hidden],
    [[chunked], `10000000000000000\r\n${hidden}`],
    [[chunked], `0x1\r\n${hidden}`],
  ];
  for (const [headers, body] of shapes) {
    const answers = await statuses(app, ["POST /echo HTTP/1.1", "HOST", ...headers], body);
    const told = `${JSON.stringify(headers)}: ${answers}`;
    assert.ok(answers.length <= 1 && answers.every((status) => status === 400), told);
  }
  assert.deepEqual(app.seen, []);
});

Deno.test("body: one that breaks off, or whose chunks are none, is 400 and never a failure of the server", async () => {
  await using app = stage();
  const cases: readonly (readonly [string, string])[] = [
    ["Content-Length: 50", "abc"],
    ["Transfer-Encoding: chunked", "5\r\nabc"],
    ["Transfer-Encoding: chunked", "5\r\nabcde\r\n"],
    ["Transfer-Encoding: chunked", "zz\r\nabcde\r\n0\r\n\r\n"],
    ["Transfer-Encoding: chunked", ""],
  ];
  for (const [header, body] of cases) {
    const answers = await statuses(app, ["POST /echo HTTP/1.1", "HOST", header], body);
    assert.ok(answers.every((status) => status === 400 || status === 499), `${header} ${body}: ${answers}`);
  }
});

Deno.test("Host: one that holds more than a host, a second one, or another than the request line's is refused", async () => {
  await using app = stage();
  const { port } = app;
  const local = `127.0.0.1:${port}`;
  const bad = [
    `Host: ${local}/secret?`,
    `Host: ${local}#a`,
    `Host: x@${local}`,
    `Host: ${local}\\x`,
    `Host: a b`,
    `Host: [::1`,
    `Host: ${local}RT`,
    `Host: x:99999`,
    "Host: ",
    "Host: \xff",
    "Host: evil.example",
  ];
  for (const header of bad) {
    assert.deepEqual(await statuses(app, ["GET / HTTP/1.1", header]), [403], header);
  }
  assert.deepEqual(await statuses(app, ["GET / HTTP/1.1", "HOST", "Host: evil.example"]), [400]);
  assert.deepEqual(await statuses(app, ["GET http://evil.example/ HTTP/1.1", "HOST"]), [403]);
  assert.deepEqual(await statuses(app, [`GET http://evil.example/ HTTP/1.1`, "Host: evil.example"]), [403]);
  assert.deepEqual(app.seen, []);
  assert.deepEqual(await statuses(app, [`GET http://${local}/ HTTP/1.1`, "HOST"]), [200]);
  assert.deepEqual(await statuses(app, ["GET / HTTP/1.0", "HOST"]), [200]);
});

Deno.test("methods: those that no route has are 405, CONNECT leads nowhere, and TRACE shows nothing of the request", async () => {
  await using app = stage();
  for (const method of ["TRACE", "TRACK", "PUT", "PROPFIND", "get", "PURGE"]) {
    const { text } = await exchange(
      app.port,
      `${method} / HTTP/1.1\r\nHost: 127.0.0.1:${app.port}\r\nX-Secret: mine\r\n\r\n`,
      { method, seconds: SECONDS },
    );
    assert.deepEqual(statusesOf(text), [405], method);
    assert.doesNotMatch(text, /mine/);
  }
  const [connect] = await statuses(app, ["CONNECT example.org:443 HTTP/1.1", "HOST"]);
  assert.ok(connect === 403 || connect === 400, String(connect));
  for (const version of ["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3", "ICY", ""]) {
    const answers = await statuses(app, [`GET / ${version}`, "HOST"]);
    assert.ok(answers.every((status) => status === 400), `${version}: ${answers}`);
  }
  assert.deepEqual(app.seen, []);
});

Deno.test("head: one of many lines, of a long line, or without an end is refused or cut", async () => {
  await using app = stage();
  const heads = [
    ["GET / HTTP/1.1", "HOST", ...Array.from({ length: 1000 }, (_, at) => `x-${at}: y`)],
    ["GET / HTTP/1.1", "HOST", `x: ${"y".repeat(100_000)}`],
    ["GET / HTTP/1.1", "HOST", `x: ${"y".repeat(1_000_000)}`],
    ["GET / HTTP/1.1", "HOST", `${"x".repeat(100_000)}: y`],
    [`GET /${"x".repeat(100_000)} HTTP/1.1`, "HOST"],
    [`${"G".repeat(100_000)} / HTTP/1.1`, "HOST"],
  ];
  for (const head of heads) {
    const answers = await statuses(app, head);
    const told = `${head.length} lines: ${answers}`;
    assert.ok(answers.length <= 1 && answers.every((status) => status >= 400 && status < 500), told);
  }
  assert.deepEqual(app.seen, []);
  assert.deepEqual(await statuses(app, ["GET / HTTP/1.1", "HOST"]), [200]);
});

Deno.test("pipelining: every request of a connection is answered, in order", async () => {
  await using app = stage();
  const one = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${app.port}\r\n\r\n`;
  const { text } = await exchange(app.port, one("/") + one("/nowhere") + one("/secret"), { seconds: SECONDS });
  assert.deepEqual(statusesOf(text), [200, 404, 200]);
});
