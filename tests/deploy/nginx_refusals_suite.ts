/** nginx with our site: what it refuses and how, whom it takes a client to be, and what it does not write down. */
import assert from "node:assert/strict";
import { until } from "../cli/command.ts";
import { AUTHORIZATION, JSON_BODY, KEY, openSession, type Stage, startStage } from "./behind_nginx.ts";
import { type Answer, curl, valuesOf } from "./curl.ts";
import { deployTest } from "./needs.ts";
import { DOMAIN, openFiles, startNginx, VERSIONS } from "./nginx.ts";

const AUTHORIZED = [...AUTHORIZATION, ...JSON_BODY];
const CALL = [
  "-d",
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_chats","arguments":{}}}',
] as const;
/** A megabyte and a bit, by curl's own means. */
const TOO_LARGE = 1_000_001;

/** What is told, in the shape that belongs to a path: of JSON-RPC at `/mcp`, of problem details elsewhere. */
function assertRefusal(answer: Answer, path: string, status: number, code: string, wait: string | undefined): void {
  const what = `${path}: ${answer.status} ${answer.body}`;
  assert.equal(answer.status, status, what);
  assert.deepEqual(valuesOf(answer, "retry-after"), wait === undefined ? [] : [wait], what);
  const isMcp = path === "/mcp";
  assert.deepEqual(
    valuesOf(answer, "content-type"),
    [isMcp ? "application/json" : "application/problem+json"],
    what,
  );
  const body = JSON.parse(answer.body);
  const told = isMcp ? body.error.data : body;
  assert.deepEqual([told.code, told.retry_after], [code, wait === undefined ? undefined : Number(wait)], what);
  assert.ok(typeof told.hint === "string" && told.hint !== "", what);
  if (isMcp) assert.deepEqual([body.jsonrpc, body.id, body.error.code], ["2.0", null, -32000], what);
  else assert.deepEqual([body.status, [body.request_id]], [status, valuesOf(answer, "x-request-id")], what);
  for (const name of ["x-content-type-options", "content-security-policy", "cache-control", "x-request-id"]) {
    assert.equal(valuesOf(answer, name).length, 1, `${what}: ${name}`);
  }
}

const PATHS = ["/mcp", "/api/tools/list_chats", "/exports/a/b", "/media/a"];

/** Something that listens in the product's place. */
function standIn(serve: (connection: Deno.TcpConn) => void | Promise<void>): Disposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const open: Deno.TcpConn[] = [];
  (async () => {
    for await (const connection of listener) {
      open.push(connection);
      await serve(connection);
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.dispose]: () => {
      listener.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch (error) {
          if (!(error instanceof Deno.errors.BadResource)) throw error;
        }
      }
    },
  };
}

/** A call by HTTP/1.1 that goes on for as long as more is sent. */
async function begin({ nginx }: Stage, header: string, sent: string): Promise<Deno.TlsConn> {
  const connection = await Deno.connectTls({ hostname: DOMAIN, port: nginx.port, caCerts: [nginx.certificate] });
  const head = ["POST /mcp HTTP/1.1", `Host: ${DOMAIN}:${nginx.port}`, `Authorization: Bearer ${KEY}`];
  const types = ["Content-Type: application/json", "Accept: application/json, text/event-stream"];
  await send(connection, [...head, ...types, "Connection: close", header, "", sent].join("\r\n"));
  return connection;
}

async function send(connection: Deno.TlsConn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** In the smallest parts that there are. */
function inChunks(text: string): string {
  return [...text].map((character) => `1\r\n${character}\r\n`).join("");
}

/** The files without a name that nginx's workers have open: bodies, or what is to be sent. */
function keptBodies({ nginx }: Stage): string[] {
  return openFiles(nginx).filter((path) => / \(deleted\)$/.test(path) && !/\/dev\//.test(path));
}

/** What the server behind the last connection of the tap was sent. */
function lastHead(stage: Stage): string {
  return stage.tap.requests().at(-1)?.split("\r\n\r\n").findLast((part) => / HTTP\/1\.1\r\n/.test(part)) ?? "";
}

for (const version of VERSIONS) {
  deployTest(
    `${version.name}: a body that is too large is refused in the product's words, and never reaches it`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      const file = await Deno.makeTempFile();
      await Deno.writeFile(file, new Uint8Array(TOO_LARGE).fill(0x20));
      const sent = ["--data-binary", `@${file}`];
      for (const path of ["/mcp", "/api/tools/list_chats"]) {
        for (const protocol of [["--http1.1"], ["--http2"], ["--http1.1", "-H", "Transfer-Encoding: chunked"]]) {
          const args = [...AUTHORIZED, "-H", "Expect:", ...protocol, ...sent];
          const answer = await curl(stage.nginx, path, args);
          assertRefusal(answer, path, 413, "PAYLOAD_TOO_LARGE", undefined);
          const product = await curl({ url: stage.direct, certificate: "" }, path, [...AUTHORIZED, ...sent]);
          const { detail, code } = JSON.parse(product.body);
          assert.ok(answer.body.includes(detail) && answer.body.includes(code), answer.body);
        }
      }
      const [id] = valuesOf(await curl(stage.nginx, "/mcp", [...AUTHORIZED, "-H", "Expect:", ...sent]), "x-request-id");
      assert.equal((await stage.nginx.line(({ request_id }) => request_id === id))?.upstream, "");
      await Deno.remove(file);
    },
  );

  deployTest(
    `${version.name}: too many requests or connections of one address are refused, and told when to come again`,
    version.needs,
    async () => {
      {
        await using stage = await startStage(version, { variables: { RATE: "1", BURST: "2" } });
        for (const path of PATHS) {
          const together = Array.from({ length: 6 }, () => curl(stage.nginx, path, [...AUTHORIZED, ...CALL]));
          const answer = (await Promise.all(together)).find(({ status }) => status === 429);
          assert.ok(answer !== undefined, `${path} is refused`);
          assertRefusal(answer, path, 429, "RATE_LIMITED", "1");
        }
        const refused = await stage.nginx.line(({ status }) => status === 429);
        assert.deepEqual([refused?.limit_req, refused?.upstream], ["REJECTED", ""]);
      }
      await using stage = await startStage(version, { variables: { CONNECTIONS: "2" } });
      const { nginx } = stage;
      const ended = new AbortController();
      const first = await nginx.fetch(`${nginx.url}/mcp`, { headers: await openSession(stage), signal: ended.signal });
      assert.equal(first.status, 200);
      const second = await nginx.fetch(`${nginx.url}/mcp`, { headers: await openSession(stage), signal: ended.signal });
      assert.equal(second.status, 200);
      assertRefusal(await curl(nginx, "/mcp", [...AUTHORIZED, ...CALL]), "/mcp", 429, "RATE_LIMITED", "1");
      assert.equal((await nginx.line(({ status }) => status === 429))?.limit_conn, "REJECTED");
      ended.abort();
      await until(
        async () => (await curl(nginx, "/mcp", [...AUTHORIZED, ...CALL])).status === 200,
        "there is room again",
      );
    },
  );

  deployTest(
    `${version.name}: of all clients together so many may be at long bodies, however they say so; short calls and streams go on`,
    version.needs,
    async () => {
      await using stage = await startStage(version, { changes: [["bodies 32", "bodies 2"]] });
      const { nginx } = stage;
      const file = await Deno.makeTempFile();
      await Deno.writeTextFile(file, CALL[1].padEnd(20_000));
      const long = (...args: readonly string[]): Promise<Answer> =>
        curl(nginx, "/mcp", [...AUTHORIZED, "-H", "Expect:", "--data-binary", `@${file}`, ...args]);
      assert.equal((await long()).status, 200);
      {
        const part = "".padEnd(25_000);
        using _announced = await begin(stage, "Content-Length: 30000", part);
        using _chunked = await begin(stage, "Transfer-Encoding: chunked", inChunks(part));
        await until(() => keptBodies(stage).length === 2, "both are under way");
        for (const more of [[], ["--http1.1", "-H", "Transfer-Encoding: chunked"], ["-X", "GET"]]) {
          assertRefusal(await long(...more), "/mcp", 429, "RATE_LIMITED", "1");
        }
        // HTTP/2 need not say how long a body is.
        assertRefusal(await long("-H", "Content-Length:"), "/mcp", 429, "RATE_LIMITED", "1");
        assertRefusal(await long("-H", "Content-Length:", "-X", "GET"), "/mcp", 413, "PAYLOAD_TOO_LARGE", undefined);
        const elsewhere = (path: string): Promise<Answer> =>
          curl(nginx, path, [...AUTHORIZED, "-H", "Expect:", "--data-binary", `@${file}`]);
        const call = "/api/tools/list_chats";
        assertRefusal(await elsewhere(call), call, 429, "RATE_LIMITED", "1");
        assertRefusal(await elsewhere("/media/a"), "/media/a", 413, "PAYLOAD_TOO_LARGE", undefined);
        const ended = new AbortController();
        const streams: Promise<Response>[] = [];
        for (let n = 0; n < 4; n++) {
          const headers = await openSession(stage);
          streams.push(nginx.fetch(`${nginx.url}/mcp`, { headers, signal: ended.signal }));
        }
        assert.equal((await curl(nginx, "/mcp", [...AUTHORIZED, ...CALL])).status, 200);
        assert.equal((await curl(nginx, "/api/tools/list_chats", [...AUTHORIZED, "-d", "{}"])).status, 200);
        assert.equal((await curl(nginx, "/api/tools", AUTHORIZED)).status, 200);
        assert.deepEqual((await Promise.all(streams)).map(({ status }) => status), [200, 200, 200, 200]);
        ended.abort();
      }
      await until(async () => (await long()).status === 200, "there is room again");
      await Deno.remove(file);
    },
  );

  deployTest(
    `${version.name}: one client takes no more than its part of the places for long bodies; of IPv6 a client has 64 bits`,
    version.needs,
    async () => {
      await using stage = await startStage(version, {
        changes: [["client_bodies 8", "client_bodies 1"]],
        variables: { REAL_IP_FROM: "127.0.0.0/8" },
      });
      const file = await Deno.makeTempFile();
      await Deno.writeTextFile(file, CALL[1].padEnd(20_000));
      const long = (...args: readonly string[]): Promise<Answer> =>
        curl(stage.nginx, "/mcp", [...AUTHORIZED, "-H", "Expect:", "--data-binary", `@${file}`, ...args]);
      {
        const from = "X-Forwarded-For: 2001:db8:0:1::1";
        using _begun = await begin(stage, `Content-Length: 30000\r\n${from}`, "".padEnd(25_000));
        await until(() => keptBodies(stage).length === 1, "it is under way");
        assertRefusal(await long("-H", from), "/mcp", 429, "RATE_LIMITED", "1");
        assertRefusal(await long("-H", "X-Forwarded-For: 2001:db8:0:1:2::3"), "/mcp", 429, "RATE_LIMITED", "1");
        assert.equal((await long("-H", "X-Forwarded-For: 2001:db8:0:2::1")).status, 200);
        assert.equal((await long()).status, 200);
      }
      await until(async () => (await long()).status === 200, "there is room again");
      await Deno.remove(file);
    },
  );

  deployTest(
    `${version.name}: a long body, and one of many small parts, reaches the product, and is kept in the folder for them alone`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      const body = CALL[1].padEnd(400_000);
      for (
        const [header, first, rest] of [
          [`Content-Length: ${body.length}`, body.slice(0, -1), body.slice(-1)],
          ["Transfer-Encoding: chunked", inChunks(body.slice(0, -1)), `${inChunks(body.slice(-1))}0\r\n\r\n`],
        ] as const
      ) {
        using connection = await begin(stage, header, first);
        await until(() => keptBodies(stage).length > 0, `${header}: it is kept`);
        for (const path of await keptBodies(stage)) assert.match(path, /\/bodies\/\d+ \(deleted\)$/);
        await send(connection, rest);
        const answer = await new Response(connection.readable).text();
        assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
        assert.match(answer, /"id":1/);
      }
    },
  );

  deployTest(
    `${version.name}: what the product refuses itself comes as it says it`,
    version.needs,
    async () => {
      await using stage = await startStage(version, { environment: { RATE_LIMIT: "1/h" } });
      for (const path of ["/mcp", "/api/tools/list_chats"]) {
        const body = path === "/mcp" ? CALL : ["-d", "{}"];
        await until(
          async () => (await curl(stage.nginx, path, [...AUTHORIZED, ...body])).status === 429,
          "the limit is reached",
        );
        const through = await curl(stage.nginx, path, [...AUTHORIZED, ...body]);
        assert.ok(Number(valuesOf(through, "retry-after")[0]) > 5, through.body);
        assert.match(through.body, /"RATE_LIMITED"/);
      }
    },
  );

  deployTest(
    `${version.name}: while the product is away, each answer is 503 with when to come again, and right once it is back`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      const { nginx } = stage;
      stage.server().signal("SIGKILL");
      await stage.server().ended();
      for (const path of [...PATHS, "/health", "/.well-known/any", "/"]) {
        assertRefusal(await curl(nginx, path, AUTHORIZED), path, 503, "OVERLOADED", "5");
      }
      await stage.restart();
      assert.equal((await curl(nginx, "/mcp", [...AUTHORIZED, ...CALL])).status, 200);

      // It takes the request and goes away without a word.
      let taken = 0;
      using leaving = standIn(async (connection) => {
        await connection.read(new Uint8Array(1 << 16));
        taken++;
        connection.close();
      });
      const at = `server 127.0.0.1:${leaving.port} max_fails=0;`;
      await using left = await startNginx(version, {
        variables: { UPSTREAM: `127.0.0.1:${leaving.port}` },
        changes: [[at, `${at} ${at.replace("127.0.0.1", "127.0.0.2")}`]],
      });
      for (const path of PATHS) {
        assertRefusal(await curl(left, path, [...AUTHORIZED, ...CALL]), path, 503, "OVERLOADED", "5");
      }
      assert.equal(taken, PATHS.length, "what a server has had goes to no other one");
    },
  );

  deployTest(
    `${version.name}: a product that does not answer is waited for, and then it is 504 with when to come again`,
    version.needs,
    async () => {
      using silent = standIn(() => {});
      await using nginx = await startNginx(version, {
        variables: { UPSTREAM: `127.0.0.1:${silent.port}` },
        changes: [["proxy_read_timeout 300s", "proxy_read_timeout 1s"], [
          "proxy_read_timeout 1h",
          "proxy_read_timeout 1s",
        ]],
      });
      for (const path of PATHS) {
        assertRefusal(await curl(nginx, path, [...AUTHORIZED, ...CALL]), path, 504, "TIMEOUT", "5");
      }
    },
  );

  deployTest(
    `${version.name}: a client that does not send its request in time is let go`,
    version.needs,
    async () => {
      await using nginx = await startNginx(version, {
        changes: [["client_header_timeout 5s", "client_header_timeout 1s"], [
          "client_body_timeout 15s",
          "client_body_timeout 1s",
        ]],
      });
      for (
        const sent of [
          "GET / HTTP/1.1\r\nHost: loc",
          "POST /media/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1",
        ]
      ) {
        using connection = await Deno.connect({ hostname: "127.0.0.1", port: nginx.httpPort });
        await connection.write(new TextEncoder().encode(sent));
        // A word about it or none, then the end.
        const buffer = new Uint8Array(1 << 14);
        while (await connection.read(buffer) !== null);
      }
    },
  );

  deployTest(
    `${version.name}: a client's address is the one it comes from, whatever it says, unless a trusted proxy says it`,
    version.needs,
    async () => {
      const spoofed = [
        ...["-H", "X-Forwarded-For: 203.0.113.7, 127.0.0.1", "-H", "X-Real-IP: 203.0.113.7"],
        ...["-H", "Forwarded: for=203.0.113.7;proto=http;host=evil.example", "-H", "X-Forwarded-Proto: http"],
        ...["-H", "X-Forwarded-Host: evil.example", "-H", "Connection: keep-alive, X-Request-Id"],
      ];
      const seen = async (variables: Readonly<Record<string, string>>): Promise<string> => {
        await using stage = await startStage(version, { isTapped: true, variables });
        const answer = await curl(stage.nginx, "/health/live", ["--http1.1", ...spoofed]);
        const [id = ""] = valuesOf(answer, "x-request-id");
        const head = lastHead(stage);
        assert.doesNotMatch(head, /evil\.example|\r\n(x-real-ip|forwarded|connection):/i);
        assert.match(head, new RegExp(`\r\nHost: localhost:${stage.nginx.port}\r\n`, "i"));
        assert.match(head, new RegExp(`\r\nX-Forwarded-Host: localhost:${stage.nginx.port}\r\n`, "i"));
        assert.match(head, /\r\nX-Forwarded-Proto: https\r\n/i);
        const [, forwarded = ""] = /\r\nX-Forwarded-For: ([^\r]*)\r\n/i.exec(head) ?? [];
        await stage.server().err.until(new RegExp(`"request_id":"${id}"`));
        const line = stage.server().err.text().split("\n").find((each) => each.includes(`"request_id":"${id}"`)) ?? "";
        const logged: unknown = JSON.parse(line).client_ip;
        assert.equal(logged, forwarded, "the product and nginx mean the same client");
        assert.equal((await stage.nginx.line(({ request_id }) => request_id === id))?.client_ip, forwarded);
        return forwarded;
      };
      assert.equal(await seen({}), "127.0.0.1");
      // The proxy in front of nginx is 127.0.0.1 here: what came before it in the list may be said by anybody.
      assert.equal(await seen({ REAL_IP_FROM: "127.0.0.0/8" }), "203.0.113.7");
    },
  );

  deployTest(
    `${version.name}: no key, signature, token, name or text is written down, whatever becomes of a request`,
    version.needs,
    async () => {
      await using stage = await startStage(version, { variables: { RATE: "5", BURST: "20" } });
      const { nginx } = stage;
      const link = "signature=c2lnbmF0dXJlLXRoYXQtbXVzdC1ub3QtYmUtc2Vlbg";
      const token = "dG9rZW4tdGhhdC1tdXN0LW5vdC1iZS1zZWVu";
      const secrets = [KEY, link.slice(10), token, "Sandbox", "hidden-words", "session-of-somebody"];
      const ask = (path: string, ...args: readonly string[]): Promise<unknown> =>
        curl(nginx, path, [...AUTHORIZED, ...args]).catch(String);
      const all = async (): Promise<void> => {
        await ask(`/exports/a/b?expires=1&principal=local&${link}`);
        await ask(`/media/${token}`);
        await ask("/mcp", "-H", "Mcp-Session-Id: session-of-somebody", "-H", "Cookie: a=hidden-words", ...CALL);
        await ask("/api/tools/search_messages", "-d", '{"query":"hidden-words"}');
        await ask(`/nowhere/${token}?${link}`);
        await ask(`/%zz${token}`);
        await ask(`/media/${token}?${"a".repeat(40_000)}`, "--http1.1");
        await ask(`/exports/../${token}`, "-H", `Authorization: Bearer ${KEY}`, "-H", "Host: a b", "--http1.1");
        await curl({ ...nginx, url: nginx.httpUrl }, `/media/${token}?${link}`, AUTHORIZED);
        await curl({ ...nginx, url: `http://localhost:${nginx.port}` }, `/media/${token}`, AUTHORIZED);
      };
      await all();
      stage.server().signal("SIGKILL");
      await stage.server().ended();
      await all();
      for (let n = 0; n < 30; n++) await ask(`/media/${token}?${link}`);
      await nginx.line(({ status }) => status === 429);
      await nginx.line(({ status }) => status === 503);
      const written = await nginx.written();
      assert.match(written, /"route":"media"/);
      for (const secret of secrets) assert.ok(!written.includes(secret), `${secret} was written: ${written}`);
    },
  );
}
