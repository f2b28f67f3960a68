/** nginx with our site: what it keeps in memory, when it passes a request on, and how long it waits for clients and for the product. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { start, until } from "../cli/command.ts";
import { curl, valuesOf } from "./curl.ts";
import { deployTest } from "./needs.ts";
import { type Nginx, openFiles, startNginx, VERSIONS } from "./nginx.ts";
import { bytes, end, frame, POST, speak, used } from "./slow_client.ts";
import { startTap } from "./tap.ts";

/** More than all buffers and sockets on the way take. */
const DOWNLOAD = 50 * 1024 * 1024;
/** Nearly as much as a request may have. */
const PIECE = "a".repeat(30_000);
const PIECES = 30;
/** Ways to send a body: its length told, in chunks, in frames. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "HTTP/1.1 with a length": [
    ...["--http1.1", "-H", "Transfer-Encoding:", "-H", `Content-Length: ${PIECE.length * PIECES}`],
  ],
  "HTTP/1.1 in chunks": ["--http1.1"],
  "HTTP/2": ["--http2"],
};

/**
 * Temporary files that nginx has open, besides those in the folder that is in memory: it unlinks them when it makes them, so that no
 * folder shows them.
 */
function temporaryFiles(nginx: Nginx): string[] {
  const folders = ["proxy", "client_body"].map((name) => `${join(nginx.webroot, "..", name)}/`);
  return openFiles(nginx).filter((path) => folders.some((folder) => path.startsWith(folder)));
}

/** Without the directives that keep everything in memory, to see that what is looked for would be found. */
const TO_DISK = [["proxy_max_temp_file_size 0;", ""], ["client_body_temp_path", "scgi_temp_path"]] as const;

/** Takes a large answer slowly; returns the temporary files that nginx had meanwhile. */
async function download(
  nginx: Nginx,
  path: string,
  sent: () => number,
): Promise<{ readonly files: ReadonlySet<string>; readonly ahead: number }> {
  const response = await nginx.fetch(`${nginx.url}${path}`);
  const reader = response.body?.getReader();
  let [last, since] = [-1, performance.now()];
  await until(
    () => {
      if (sent() !== last) [last, since] = [sent(), performance.now()];
      return last >= DOWNLOAD || performance.now() - since > 500;
    },
    "nginx takes no more",
    60,
  );
  const ahead = sent();
  const files = new Set(temporaryFiles(nginx));
  let [length, looked] = [0, 0];
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    length += read.value.length;
    if (length - looked < 1 << 20) continue;
    looked = length;
    for (const file of temporaryFiles(nginx)) files.add(file);
  }
  assert.equal(length, DOWNLOAD);
  return { files, ahead };
}

/** Something in the product's place that sends {@link DOWNLOAD} bytes, and tells how many it has got rid of. */
function source(): AsyncDisposable & { readonly port: number; readonly sent: () => number } {
  let sent = 0;
  const piece = new Uint8Array(1 << 16);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    sent = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        if (sent === DOWNLOAD) return controller.close();
        sent += piece.length;
        controller.enqueue(piece);
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { "content-length": `${DOWNLOAD}` } });
  });
  return { port: server.addr.port, sent: () => sent, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Something in the product's place, behind a tap, that keeps each POST until it is told to answer. */
function keeper(): AsyncDisposable & {
  readonly port: number;
  readonly seen: () => string;
  readonly kept: () => number | undefined;
  readonly answer: () => void;
} {
  let kept: number | undefined;
  let told = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.method !== "POST") return new Response("here");
    kept = (await request.bytes()).length;
    await told.promise;
    return new Response("taken");
  });
  const tap = startTap(server.addr.port);
  return {
    port: tap.port,
    seen: () => tap.requests().join("\n"),
    kept: () => kept,
    answer: () => {
      told.resolve();
      [kept, told] = [undefined, Promise.withResolvers()];
    },
    [Symbol.asyncDispose]: async () => {
      told.resolve();
      await tap[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

/** Something in the product's place whose system answers nobody, since the queue of those that nobody accepts is full. */
async function silence(hostname: string, port = 0): Promise<Disposable & { readonly port: number }> {
  using stack = new DisposableStack();
  const listener = stack.use(Deno.listen({ hostname, port, tcpBacklog: 1 }));
  for (let n = 0; n < 2; n++) stack.use(await Deno.connect({ hostname, port: listener.addr.port }));
  const resources = stack.move();
  return { port: listener.addr.port, [Symbol.dispose]: () => resources.dispose() };
}

for (const version of VERSIONS) {
  deployTest(
    `${version.name}: of a download that is taken slowly no more is fetched than memory holds, and nothing is written to the disk`,
    version.needs,
    async () => {
      await using upstream = source();
      const variables = { UPSTREAM: `127.0.0.1:${upstream.port}` };
      await using nginx = await startNginx(version, { variables });
      for (const path of ["/media/a", "/exports/a/b"]) {
        const { files, ahead } = await download(nginx, path, upstream.sent);
        assert.deepEqual([...files], [], path);
        assert.ok(ahead < DOWNLOAD, `${path}: all of it was fetched`);
      }
      await using writing = await startNginx(version, { variables, changes: TO_DISK });
      assert.notEqual((await download(writing, "/media/a", upstream.sent)).files.size, 0);
    },
  );

  deployTest(
    `${version.name}: a request that is sent slowly is kept off the disk, and passed on when it is whole`,
    version.needs,
    async () => {
      await using upstream = keeper();
      const variables = { UPSTREAM: `127.0.0.1:${upstream.port}` };
      await using nginx = await startNginx(version, { variables });
      const folder = await Deno.makeTempDir();
      await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
      /** Sends a body in pieces; returns the temporary files that nginx had meanwhile. */
      const send = async (to: Nginx, path: string, args: readonly string[], what: string): Promise<string[]> => {
        const authority = join(folder, `${to.port}`);
        await Deno.writeTextFile(authority, to.certificate);
        const before = upstream.seen().split("POST ").length;
        await using client = start(
          "curl",
          [
            ...["-sSv", "--cacert", authority, "-X", "POST", "-T", ".", "-H", "Expect:", ...args, `${to.url}${path}`],
          ],
          {},
          { stdin: "piped" },
        );
        const files = new Set<string>();
        const look = (): void => temporaryFiles(to).forEach((file) => files.add(file));
        for (let n = 1; n < PIECES; n++) {
          await client.type(PIECE);
          look();
        }
        await client.err.until(/^> POST /m);
        // Whatever is passed on without waiting has been by the time that others who came later have their answers.
        for (let n = 0; n < 4; n++) assert.equal((await curl(to, "/health")).body, "here");
        assert.equal(upstream.seen().split("POST ").length, before, `${what}: passed on before it is whole`);
        await client.type(PIECE);
        await client.endInput();
        await until(() => upstream.kept() !== undefined, `${what}: it is passed on`);
        assert.equal(upstream.kept(), PIECE.length * PIECES);
        look();
        upstream.answer();
        assert.equal(await client.ended(), 0, client.err.text());
        assert.equal(client.out.text(), "taken");
        return [...files];
      };
      for (const path of ["/mcp", "/api/tools/list_chats"]) {
        for (const [way, args] of Object.entries(WAYS)) {
          const what = `${path} by ${way}`;
          assert.deepEqual(await send(nginx, path, args, what), [], what);
        }
      }
      await using writing = await startNginx(version, { variables, changes: TO_DISK });
      assert.notDeepEqual(await send(writing, "/mcp", ["--http2"], "what is looked for"), []);
    },
  );

  deployTest(
    `${version.name}: an address that says nothing is soon given up, and of several not all are waited for`,
    version.needs,
    async () => {
      using first = await silence("127.0.0.1");
      const variables = { UPSTREAM: `127.0.0.1:${first.port}` };
      {
        await using nginx = await startNginx(version, { variables });
        const answer = await curl(nginx, "/mcp", ["-d", "{}", "--max-time", "20"]);
        assert.equal(answer.status, 503, answer.body);
        assert.deepEqual(valuesOf(answer, "retry-after"), ["5"]);
        const { jsonrpc, id, error } = JSON.parse(answer.body);
        assert.deepEqual([jsonrpc, id, error.code, error.data.code], ["2.0", null, -32000, "OVERLOADED"]);
      }
      using stack = new DisposableStack();
      const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];
      for (const address of addresses) stack.use(await silence(address, first.port));
      const servers = addresses.map((address) => ` server ${address}:${first.port} max_fails=0;`).join("");
      await using nginx = await startNginx(version, {
        variables,
        changes: [[" max_fails=0;", ` max_fails=0;${servers}`]],
      });
      assert.equal((await curl(nginx, "/mcp", ["-d", "{}"])).status, 503);
      const tried = (await nginx.line(({ route }) => route === "mcp"))?.upstream.split(", ") ?? [];
      assert.ok(tried.length > 1 && tried.length <= addresses.length, tried.join());
    },
  );

  deployTest(
    `${version.name}: over TLS, too, a client that does not send its request in time is let go`,
    version.needs,
    async () => {
      await using nginx = await startNginx(version, {
        changes: [
          ["client_header_timeout 5s", "client_header_timeout 1s"],
          ["client_body_timeout 15s", "client_body_timeout 1s"],
        ],
      });
      {
        using first = await speak(nginx, "http/1.1");
        await first.write(bytes("GET / HTTP/1.1\r\nHost: loc"));
        await end(first, "half a head");
        // Of the first request on a connection nginx takes the time of the port's first server, of others that of their own.
        using second = await used(nginx, "http/1.1");
        await second.write(bytes("GET / HTTP/1.1\r\nHost: loc"));
        await end(second, "half a head after another request");
      }
      using body = await speak(nginx, "http/1.1");
      await body.write(bytes("POST /media/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1"));
      await end(body, "half a body");
      using frames = await speak(nginx, "h2");
      await frames.write(bytes(POST, frame(0, 0, 1, "1")));
      const late = await nginx.line(({ protocol, status }) => protocol === "HTTP/2.0" && status === 408);
      assert.deepEqual([late?.route, late?.upstream], ["media", ""]);
    },
  );

  deployTest(
    `${version.name}: connections over TLS on which nothing is asked any more are closed`,
    version.needs,
    async () => {
      await using nginx = await startNginx(version, {
        changes: [
          ["keepalive_timeout 65s", "keepalive_timeout 1s"],
          ["client_header_timeout 5s", "client_header_timeout 1s"],
        ],
      });
      for (const protocol of ["http/1.1", "h2"] as const) {
        using connection = await used(nginx, protocol);
        await end(connection, `an idle connection, ${protocol}`);
      }
      // For a head that stops halfway nginx has no other time.
      using frames = await speak(nginx, "h2");
      await frames.write(frame(1, 4, 1, new Uint8Array([0x83]), 99));
      await end(frames, "half a head of HTTP/2");
    },
  );
}
