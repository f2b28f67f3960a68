/**
 * HTTP as bytes: request lines, heads, chunks, lengths that lie, requests behind one another
 * (https://www.rfc-editor.org/rfc/rfc9112).
 * @module
 */
import type { Random } from "../../../sandbox/world/random.ts";
import type { Family } from "../family.ts";
import { damaged, encoded, OBJECT_NAMES, text, visible } from "../values.ts";

const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "DELETE",
  "PUT",
  "PATCH",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PRI",
  "get",
  "G\0T",
  "",
];
const PATHS = [
  "/",
  "/mcp",
  "/health",
  "/health/live",
  "/health/ready",
  "/metrics",
  "/api/tools",
  "/api/tools/list_chats",
  "/api/tools/fetch_history",
  "/api/schemas/message-1",
  "/media/x",
  "/exports/x/messages.ndjson",
];
const VERSIONS = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "HTTP/1.2",
  "http/1.1",
  "HTTP/11",
  "ICY",
  "",
];
const NAMES = [
  "Accept",
  "Accept-Encoding",
  "Access-Control-Request-Method",
  "Authorization",
  "Connection",
  "Content-Encoding",
  "Content-Length",
  "Content-Type",
  "Cookie",
  "Expect",
  "Forwarded",
  "Host",
  "HTTP2-Settings",
  "If-Modified-Since",
  "If-None-Match",
  "If-Range",
  "Keep-Alive",
  "Last-Event-ID",
  "MCP-Protocol-Version",
  "Mcp-Session-Id",
  "Origin",
  "Range",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-HTTP-Method-Override",
  "X-Original-URL",
  "X-Request-Id",
  ...OBJECT_NAMES,
];
const VALUES = [
  "",
  "*",
  "*/*",
  "0",
  "5",
  "-1",
  "+5",
  "5, 5",
  "0x5",
  "99999999999999999999",
  "chunked",
  "gzip, chunked",
  "chunked, chunked",
  "identity",
  "\x0bchunked",
  "close",
  "keep-alive, Upgrade",
  "websocket",
  "h2c",
  "AAMAAABkAAQCAAAAAAIAAAAA",
  "100-continue",
  "application/json",
  "application/json; charset=utf-16",
  "text/event-stream",
  "bytes=0-",
  "bytes=-1",
  "Bearer tgk_x",
  "Basic OnB3",
  "127.0.0.1:PORT",
  "localhost:PORT",
  "127.0.0.1:PORT/x?y#z",
  "a b@127.0.0.1:PORT",
  "[::1",
  "[::1]:PORT",
  "evil.example",
  "evil.example:99999",
  "http://127.0.0.1:PORT",
  "null",
  "127.0.0.1, 10.0.0.1",
  "2025-11-25",
  "9999-99-99",
];
const TARGETS = [
  "http://127.0.0.1:PORT/health",
  "http://evil.example/health",
  "http://user:pw@127.0.0.1:PORT/",
  "https://[::1/",
  "evil.example:443",
  "*",
  "//evil.example/x",
  "/\\evil.example",
  "/?",
  "/#a",
  "/?a=%",
  "/%",
  "/%00",
  "/%ff",
  "/..",
  "/./mcp",
  "/mcp/",
  "/mcp;x",
  "//mcp",
  "/MCP",
  "/health/../metrics",
  "/api/tools/..%2f..",
  "/api/tools/%00",
  "/exports//x",
  "/\xe9",
  "",
  "mcp",
];
const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

/** The lines of a head, each with its end. */
function head(random: Random): string[] {
  const target = random.oneIn(3)
    ? random.pick(TARGETS)
    : random.pick(PATHS) + (random.oneIn(4) ? `?${visible(encoded(random, text(random)))}` : "");
  const headers = Array.from({ length: random.int(5) }, () => {
    const name = random.oneIn(12) ? latin1(text(random)) : random.pick(NAMES);
    const value = random.oneIn(6) ? latin1(text(random)) : random.pick(VALUES);
    return `${name}${random.pick([": ", ": ", ": ", ":", " : ", ":\t"])}${value}\r\n`;
  });
  const host = random.oneIn(6) ? [] : ["Host: 127.0.0.1:PORT\r\n"];
  const end = random.oneIn(12) ? random.pick(["", "\n", "\r", "\r\n\r\n", " \r\n"]) : "\r\n";
  return [
    `${random.pick(METHODS)} ${target} ${random.pick(VERSIONS)}${random.oneIn(12) ? "\n" : "\r\n"}`,
    ...host,
    ...headers,
    end,
  ];
}

function latin1(some: string): string {
  return some.slice(0, 400).replaceAll(/[^\0-\xff]/g, "?");
}

/** The parts of a chunked body (section 7.1), now and then of none. */
function chunks(random: Random): string[] {
  const sizes = [
    "5",
    "05",
    "0005",
    "5;a=b",
    "5 ",
    "0x5",
    "-5",
    "ffffffffffffffff",
    "10000000000000005",
    "",
    "zz",
    "5\n",
  ];
  const some = Array.from({ length: 1 + random.int(3) }, () => {
    const size = random.oneIn(2) ? "5" : random.pick(sizes);
    return `${size}\r\n${random.oneIn(6) ? "abc" : "abcde"}${random.oneIn(8) ? "" : "\r\n"}`;
  });
  return [...some, ...(random.oneIn(4) ? [] : ["0\r\n", random.oneIn(5) ? "Host: x\r\n\r\n" : "\r\n"])];
}

function request(random: Random): string[] {
  switch (random.int(6)) {
    case 0:
      return [
        "POST /mcp HTTP/1.1\r\n",
        "Host: 127.0.0.1:PORT\r\n",
        "Content-Type: application/json\r\n",
        "Transfer-Encoding: chunked\r\n",
        ...(random.oneIn(4) ? [`Content-Length: ${random.int(9)}\r\n`] : []),
        "\r\n",
        ...chunks(random),
      ];
    case 1: {
      const length = random.pick([BODY.length, BODY.length, BODY.length + 1 + random.int(50), random.int(BODY.length)]);
      const expect = random.oneIn(3) ? ["Expect: 100-continue\r\n"] : [];
      return [
        "POST /mcp HTTP/1.1\r\n",
        "Host: 127.0.0.1:PORT\r\n",
        "Content-Type: application/json\r\n",
        ...expect,
        `Content-Length: ${length}\r\n`,
        "\r\n",
        BODY,
      ];
    }
    case 2:
      return ["GET ", random.pick(PATHS), " HTTP/1.1\r\n", "Host: 127.0.0.1:PORT\r\n", "\r\n"];
    default:
      return [...head(random), ...(random.oneIn(3) ? [random.oneIn(2) ? BODY : latin1(text(random))] : [])];
  }
}

/** What other programs begin with: TLS, HTTP/2, SSH, a proxy's greeting. */
const OTHERS = [
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x04\x01\x05\0\0\0\x01\x82\x84\x86\x41",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x00\xff\xff\xff\xff\xff",
  "SSH-2.0-OpenSSH_9.6\r\n",
  "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
  "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
  "\0".repeat(64),
  "",
];

/** Requests whole, damaged, cut, and behind one another. */
export const framing: Family = {
  name: "framing",
  draw: (random) => {
    if (random.oneIn(20)) return { kind: "bytes", pieces: [random.pick(OTHERS)] };
    const pieces = Array.from({ length: random.oneIn(3) ? 1 + random.int(5) : 1 }, () => request(random)).flat();
    if (random.oneIn(3)) return { kind: "bytes", pieces };
    const at = random.int(pieces.length);
    if (random.oneIn(3)) return { kind: "bytes", pieces: pieces.slice(0, at + 1) };
    return { kind: "bytes", pieces: pieces.with(at, damaged(random, pieces[at] ?? "")) };
  },
};
