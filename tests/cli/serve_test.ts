import assert from "node:assert/strict";
import { z } from "zod";
import { startSandbox } from "../e2e/sandbox.ts";
import { freePort, isUp } from "../http/port.ts";
import { command, interactive, result, run, type Running, start, until } from "./command.ts";
import { BINARY, ofSources, product } from "./product.ts";

const health = z.object({
  status: z.string(),
  components: z.object({ telegram: z.object({ state: z.string(), detail: z.string().optional() }) }),
});

/** Starts `serve` on any free port. */
async function serving(environment: Readonly<Record<string, string>>): Promise<{ server: Running; url: string }> {
  const server = command([], { ...environment, MCP_SERVER_PORT: "0", LOG_FORMAT: "text" });
  const line = await server.out.line(/^MCP endpoint: /);
  return { server, url: line.slice("MCP endpoint: ".length).replace(/\/mcp$/, "") };
}

function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: JSON.stringify(body),
  });
}

const HISTORY = { chat: "@sandbox_news", limit: 1 };
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

async function withFolder(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("serve: on SIGTERM a running request finishes, listening streams end, and the exit code is 0", async () => {
  await using sandbox = await startSandbox();
  const { server, url } = await serving(sandbox.environment);
  await using _ = server;
  const opened = await post(`${url}/mcp`, INITIALIZE);
  await opened.text();
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  const stream = await fetch(`${url}/mcp`, { headers: { accept: "text/event-stream", ...session } });
  assert.equal(stream.status, 200);
  const streamEnds = stream.text();
  await sandbox.faults({ rules: [{ method: "messages.getHistory", delayMs: 1000 }] });
  const request = post(`${url}/api/tools/fetch_history`, HISTORY);
  await until(async () => (await sandbox.methods())["messages.GetHistory"] !== undefined, "Telegram is asked");
  server.signal("SIGTERM");
  await server.err.line(/stopping signal=SIGTERM/);
  await streamEnds;
  const response = await request;
  assert.deepEqual([response.status, z.object({ count: z.int() }).parse(await response.json()).count], [200, 1]);
  assert.equal(await server.ended(), 0, server.err.text());
  await assert.rejects(fetch(url));
});

ofSources(
  "a watcher runs sources",
  "serve: under a watcher a second signal ends the drain at once, and is no defect",
  async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await using sandbox = await startSandbox();
      const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0", LOG_FORMAT: "text" };
      const [program, run = "run", ...words] = product(["serve"], environment);
      await using watched = start(program, [run, "--watch", ...words], environment);
      const line = await watched.out.line(/^MCP endpoint: /);
      const url = line.slice("MCP endpoint: ".length).replace(/\/mcp$/, "");
      await sandbox.faults({ rules: [{ method: "messages.getHistory", delayMs: 20_000 }] });
      const request = assert.rejects(post(`${url}/api/tools/fetch_history`, HISTORY));
      await until(async () => (await sandbox.methods())["messages.GetHistory"] !== undefined, "Telegram is asked");
      watched.signal(signal);
      if (signal === "SIGTERM") {
        await watched.err.line(/stopping signal=/);
        watched.signal(signal);
        // The watcher itself stays, and waits for a change.
        await watched.err.line(/Process finished/);
      } // Which a watcher passes on as SIGINT and as SIGTERM.
      else await watched.ended();
      assert.doesNotMatch(watched.err.text(), /not reachable|defect|\bat file:/);
      await request;
    }
  },
);

Deno.test("serve: a second Ctrl-C ends the drain at once", async () => {
  await using sandbox = await startSandbox();
  const { server, url } = await serving(sandbox.environment);
  await using _ = server;
  await sandbox.faults({ rules: [{ method: "messages.getHistory", delayMs: 20_000 }] });
  const request = assert.rejects(post(`${url}/api/tools/fetch_history`, HISTORY));
  await until(async () => (await sandbox.methods())["messages.GetHistory"] !== undefined, "Telegram is asked");
  server.signal("SIGINT");
  await server.err.line(/stopping signal=SIGINT/);
  const asked = performance.now();
  server.signal("SIGINT");
  assert.equal(await server.ended(), 130);
  assert.ok(performance.now() - asked < 2000);
  await request;
});

Deno.test("serve: without a session it starts, and says so wherever one looks", () =>
  withFolder(async (directory) => {
    const { server, url } = await serving({ DATA_DIR: directory });
    await using _ = server;
    const { status, components } = health.parse(await (await fetch(`${url}/health`)).json());
    assert.deepEqual([status, components.telegram.state], ["down", "needs_login"]);
    assert.match(components.telegram.detail ?? "", /No Telegram account is signed in/);
    assert.match(await (await fetch(url)).text(), /needs_login \(No Telegram account is signed in/);
    const tool = await post(`${url}/api/tools/fetch_history`, HISTORY);
    assert.equal(tool.status, 503);
    assert.match(await tool.text(), /"code":"SESSION_INVALID"/);
    const port = new URL(url).port;
    const proxied = { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };
    const alive = await run(["healthcheck"], { DATA_DIR: directory, MCP_SERVER_PORT: port, ...proxied });
    assert.deepEqual([alive.code, alive.out, alive.err], [0, "", ""]);
    server.signal("SIGINT");
    assert.equal(await server.ended(), 0);
    const gone = await run(["healthcheck"], { DATA_DIR: directory, MCP_SERVER_PORT: port });
    assert.equal(gone.code, 1);
    assert.match(gone.err, /does not answer at http:\/\/127\.0\.0\.1:\d+\/health\/live\.\nStart it/);
  }));

Deno.test("serve: without a network it starts, and tries on", async () => {
  await using sandbox = await startSandbox();
  const place = `2@127.0.0.1:${freePort()}`;
  const { server, url } = await serving({ ...sandbox.environment, TELEGRAM_TEST_DC: place });
  await using _ = server;
  await server.err.line(/connection state=reconnecting/);
  const { status, components } = health.parse(await (await fetch(`${url}/health`)).json());
  assert.deepEqual(
    [status, components.telegram.state],
    ["degraded", "reconnecting"],
  );
  server.signal("SIGTERM");
  assert.equal(await server.ended(), 0);
});

Deno.test("serve: commands reach it at LOCAL_URL, by whose host clients may ask, too", async () => {
  await using sandbox = await startSandbox();
  const port = String(freePort());
  const local = `http://127.0.0.2:${port}`;
  const environment = { ...sandbox.environment, MCP_SERVER_HOST: "0.0.0.0" };
  await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: port, LOCAL_URL: local });
  await server.out.line(/^MCP endpoint: /);
  const whoami = await run(["whoami"], environment);
  assert.equal(whoami.code, 0, whoami.err);
  assert.match(whoami.out + whoami.err, new RegExp(local));
  const hosts = ["127.0.0.2", "127.0.0.3"].map((host) => fetch(`http://${host}:${port}/health/live`));
  const statuses = await Promise.all(hosts.map(async (asked) => {
    const response = await asked;
    await response.body?.cancel();
    return response.status;
  }));
  assert.deepEqual(statuses, [200, 403]);
});

Deno.test("serve: told to stop while it starts, it stops in order", async () => {
  await using sandbox = await startSandbox();
  const port = String(freePort());
  await using server = command(["serve"], { ...sandbox.environment, MCP_SERVER_PORT: port });
  await until(async () => await isUp(`http://127.0.0.1:${port}/health/live`), "it lives");
  server.signal("SIGTERM");
  assert.equal(await server.ended(), 0, server.err.text());
  assert.match(server.err.text(), /stopping/);
});

Deno.test("serve: from beyond the machine it does not listen at all without a key", () =>
  withFolder(async (directory) => {
    const taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
    const port = String(taken.addr.port);
    const ran = await run(["serve"], {
      DATA_DIR: directory,
      MCP_SERVER_HOST: "0.0.0.0",
      MCP_SERVER_PORT: port,
      MCP_AUTH: "keys",
    });
    taken.close();
    // Had it tried, it would have found the port taken.
    assert.deepEqual([ran.code, ran.out], [1, ""]);
    assert.match(ran.err, /There is no API key/);
  }));

Deno.test("serve: what it cannot start with is said in sentences, all of it at once and no values", () =>
  withFolder(async (directory) => {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const bad = { TELEGRAM_API_HASH: "s3cret", MCP_SERVER_PORT: "99999", LOG_FORMAT: "xml", TELEGRAM_API_ID: "-7" };
    const cases: [Record<string, string>, number, RegExp][] = [
      [
        { MCP_SERVER_HOST: "0.0.0.0", MCP_AUTH: "keys" },
        1,
        /no API key, .* beyond this machine \(0\.0\.0\.0\)\.\nMake one with the command `keys create/,
      ],
      [{ MCP_SERVER_PORT: `${taken.addr.port}` }, 2, /port \d+: another program listens there\.\nStop that program/],
      [
        bad,
        2,
        /cannot be used:\n {2}TELEGRAM_API_ID: .*\n {2}TELEGRAM_API_HASH: .*\n {2}MCP_.*PORT: .*\n {2}LOG_FORMAT: /,
      ],
      [{ DATA_DIR: "/proc/x" }, 1, /data directory \/proc\/x cannot be used\.\nCheck DATA_DIR/],
    ];
    await Promise.all(cases.map(async ([environment, code, says], index) => {
      // One folder for all would be held by one of them.
      const ran = await run(["serve"], { DATA_DIR: `${directory}/${index}`, ...environment });
      assert.deepEqual([ran.code, ran.out], [code, ""], ran.err);
      assert.match(ran.err, says);
      assert.doesNotMatch(ran.err, /s3cret|99999|xml|-7|^ +at /m);
    }));
    taken.close();
  }));

Deno.test("command line: help, version and misuse", async () => {
  const [help, short, exportHelp, version, misspelt] = await Promise.all([
    run(["--help"]),
    run(["-h"]),
    run(["export", "--help"]),
    run(["--version"]),
    run(["exprot"]),
  ]);
  assert.deepEqual([help.code, help.err, short.out === help.out], [0, "", true]);
  for (const word of ["serve", "export", "healthcheck", "MCP_SERVER_PORT", "TELEGRAM_STRING_SESSION_FILE"]) {
    assert.ok(help.out.includes(word), word);
  }
  for (const option of ["--out", "--from", "--to", "--tz", "--limit", "--force"]) {
    assert.ok(exportHelp.out.includes(option));
  }
  assert.match(version.out, BINARY ? /^\d+\.\d+\.\d+ \([0-9a-f]{12}\)\n$/ : /^\d+\.\d+\.\d+\n$/);
  assert.equal(misspelt.code, 2);
  assert.match(misspelt.err, /there is no command "exprot"; the commands are serve, export/);
});

Deno.test("healthcheck: a server that answers, but not with 200, is not well", async () => {
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    return new Response(null, { status: 503 });
  });
  const { code, err } = await run(["healthcheck"], { MCP_SERVER_PORT: String(other.addr.port) });
  assert.equal(code, 1);
  assert.match(err, /does not answer at/);
});

Deno.test("healthcheck: a configuration that cannot be used is misuse", async () => {
  const ran = await result(command(["healthcheck"], { MCP_SERVER_PORT: "x" }));
  assert.equal(ran.code, 2, ran.err);
});

Deno.test("serve: at a terminal an answer that cannot be read is an error, and nothing waits for Enter", async () => {
  await using sandbox = await startSandbox();
  await using server = interactive([], { ...sandbox.environment, MCP_SERVER_PORT: "0" }, { terminal: true });
  const line = await server.out.line(/^MCP endpoint: /);
  const url = line.trim().slice("MCP endpoint: ".length).replace(/\/mcp$/, "");
  await sandbox.faults({ rules: [{ method: "messages.getHistory", times: 1, garble: true }] });
  const garbled = await post(`${url}/api/tools/fetch_history`, HISTORY);
  assert.match(await garbled.text(), /"code":"INTERNAL"/);
  const next = await post(`${url}/api/tools/fetch_history`, HISTORY);
  assert.match(await next.text(), /"count":1/);
  assert.doesNotMatch(server.out.text(), /Missing MTProto Entity/);
});
