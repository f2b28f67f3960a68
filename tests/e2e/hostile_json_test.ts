/** JSON that other parsers have stumbled over, at both doors of the tools. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { exchange } from "../fuzz/wire.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const NEWS = "@sandbox_news";
const DEPTH = 100_000;

interface Stage extends AsyncDisposable {
  readonly server: TestServer;
  /** A body to `/api/tools/fetch_history`. */
  api(body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<Told>;
  /** A body to `/mcp`. */
  mcp(body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<Told>;
}

interface Told {
  readonly status: number;
  readonly text: string;
}

async function stage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const server = stack.use(await startServer(sandbox.environment));
  const resources = stack.move();
  const send = async (
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
  ): Promise<Told> => {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body,
    });
    // What is answered is UTF-8, whatever was asked.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await response.arrayBuffer());
    return { status: response.status, text };
  };
  return {
    server,
    api: (body, headers = {}) => send("/api/tools/fetch_history", body, headers),
    mcp: (body, headers = {}) => send("/mcp", body, headers),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const rpc = (args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fetch_history","arguments":${args}}}`;
const problemSchema = z.object({ code: z.string(), field: z.string().optional() });

function problemOf({ text }: Told): z.infer<typeof problemSchema> {
  return problemSchema.parse(JSON.parse(text));
}

Deno.test("body: a compressed one is refused unread at both doors", async () => {
  await using at = await stage();
  const { host, port } = new URL(at.server.url);
  for (const coding of ["gzip", "deflate", "br", "zstd", "identity, gzip", "x"]) {
    for (const path of ["/api/tools/fetch_history", "/mcp"]) {
      // Of the body there is one byte: whoever waits for it, or inflates it, gives no answer.
      const sent =
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Encoding: ${coding}\r\nContent-Length: 100000\r\n\r\n\x1f`;
      const { status, text } = await exchange(Number(port), sent, { method: "POST", seconds: 15 });
      assert.deepEqual([status, /UNSUPPORTED_MEDIA_TYPE.*content-encoding/.test(text)], [415, true], coding);
    }
  }
  const bomb = gzipSync(new Uint8Array(50_000_000));
  assert.equal((await at.api(new Uint8Array(bomb))).status, 400, "unsaid, it is no JSON");
  assert.equal((await at.api(`{"chat":"${NEWS}","limit":1}`, { "content-encoding": "identity" })).status, 200);
});

Deno.test("names that come twice: the last one counts, for the check as for the call", async () => {
  await using at = await stage();
  const countOf = ({ text }: Told): unknown => z.object({ count: z.int() }).parse(JSON.parse(text)).count;
  assert.equal(countOf(await at.api(`{"chat":"${NEWS}","limit":1,"limit":2}`)), 2);
  assert.equal(problemOf(await at.api(`{"chat":"${NEWS}","limit":2,"limit":9999}`)).field, "limit");
  assert.equal(problemOf(await at.api(`{"chat":"${NEWS}","chat":"@no_such_chat_here"}`)).code, "CHAT_NOT_FOUND");
  assert.match((await at.mcp(rpc(`{"chat":"@no_such_chat_here","chat":"${NEWS}","limit":1}`))).text, /"count\\":1/);
  const twice = `{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","method":"tools/list"}`;
  assert.match((await at.mcp(twice)).text, /"result":\{"tools".*"id":2|"id":2.*"result":\{"tools"/);
});

Deno.test("names of objects: they are refused as unknown arguments, change nothing, and lend nothing to anybody", async () => {
  await using at = await stage();
  const before = Object.getOwnPropertyNames(Object.prototype);
  for (const name of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__"]) {
    for (const value of [`{"chat":"${NEWS}"}`, `{"prototype":{"polluted":1}}`, '"x"', "1"]) {
      const args = `{"${name}":${value},"chat":"${NEWS}","limit":1}`;
      const direct = await at.api(args);
      assert.deepEqual([direct.status, problemOf(direct).field?.split(".")[0]], [400, name], args);
      assert.match((await at.mcp(rpc(args))).text, new RegExp(`field\\\\":\\\\"${name}`), args);
      // Nor does it stand in for an argument that is not there.
      const alone = await at.mcp(rpc(`{"${name}":${value}}`));
      assert.match(alone.text, /isError":true.*INPUT_VALIDATION/, args);
      const message =
        `{"jsonrpc":"2.0","id":1,"${name}":{"method":"tools/list"},"params":{"${name}":{"name":"list_chats"}}}`;
      assert.equal((await at.mcp(message)).status, 400, message);
    }
    const query = await fetch(`${at.server.url}/api/tools?${name}=x&${name}[polluted]=1`, { headers: { [name]: "x" } });
    assert.equal(query.status, 200);
    await query.body?.cancel();
    assert.equal((await at.server.call(name, {})).status, 404, "nor is one a tool");
  }
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("depth: a hundred thousand levels are 400 wherever they stand, and the server lives on", async () => {
  await using at = await stage();
  const list = "[".repeat(DEPTH) + "]".repeat(DEPTH);
  const members = '{"a":'.repeat(DEPTH) + "1" + "}".repeat(DEPTH);
  for (const deep of [list, members, "[".repeat(DEPTH), `"]"${list}`]) {
    const wholes = [deep, `{"chat":${deep}}`, `{"unknown":${deep}}`, `{"chat":"\\"[",  "limit":${deep}}`];
    for (const body of wholes) {
      const told = await at.api(body);
      assert.deepEqual([told.status, problemOf(told).field], [400, "body"]);
    }
    const messages = [
      deep,
      `[${deep}]`,
      rpc(deep),
      rpc(`{"chat":${deep}}`),
      `{"jsonrpc":"2.0","id":${deep},"method":"ping"}`,
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":${deep}}`,
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"a":${deep}}}}`,
      `{"jsonrpc":"2.0","id":1,"result":${deep}}`,
      `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":${deep}}}`,
    ];
    for (const body of messages) assert.equal((await at.mcp(body)).status, 400);
  }
  assert.equal((await at.api(`{"chat":"${NEWS}","limit":1}`)).status, 200);
  const brackets = `{"chat":"${"[{".repeat(100)}"}`;
  assert.equal(problemOf(await at.api(brackets)).code, "CHAT_NOT_FOUND", "brackets in a text are no levels");
});

Deno.test("numbers that are none of JavaScript's: refused, and never taken for a number near them", async () => {
  await using at = await stage();
  const digits = "1234567890".repeat(4);
  for (const number of ["1e400", "-1e400", "9007199254740993", "-9007199254740993", digits, "1e-400", "0.1", "1e21"]) {
    assert.equal(problemOf(await at.api(`{"chat":"${NEWS}","limit":${number}}`)).field, "limit", number);
    assert.equal(problemOf(await at.api(`{"chat":${number}}`)).field, "chat", number);
    assert.match((await at.mcp(rpc(`{"chat":"${NEWS}","limit":${number}}`))).text, /field\\":\\"limit/, number);
    const { status, text } = await at.mcp(`{"jsonrpc":"2.0","id":${number},"method":"tools/list"}`);
    // Zero, as what is too small is read, is an id like another.
    if (number !== "1e-400") assert.deepEqual([status, /"id":null/.test(text)], [400, true], number);
  }
  assert.equal(problemOf(await at.api(`{"chat":"${digits}"}`)).code, "CHAT_NOT_FOUND");
});

Deno.test("halves of surrogate pairs, and characters of no use: answered in UTF-8 by a code, wherever they stand", async () => {
  await using at = await stage();
  for (const text of ["\\ud800", "\\udc00\\ud800", "a\\ud800b", "\\u0000", "\\uffff", "\\u202e", "\\ufeff"]) {
    assert.equal(problemOf(await at.api(`{"chat":"${text}"}`)).field, "chat", text);
    assert.equal(problemOf(await at.api(`{"chat":"${NEWS}","${text}":1}`)).code, "INPUT_VALIDATION", text);
    assert.equal(problemOf(await at.api(`{"chat":"${NEWS}","sender":"${text}"}`)).field, "sender", text);
    assert.equal((await at.mcp(`{"jsonrpc":"2.0","id":"${text}","method":"ping"}`)).status, 200, text);
    assert.match((await at.mcp(rpc(`{"chat":"${text}"}`))).text, /isError":true/, text);
  }
});
