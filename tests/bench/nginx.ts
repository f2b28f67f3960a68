/**
 * What nginx takes of the requests a second: the same request to the binary itself, through nginx without TLS, and with it.
 * @module
 */
import { join } from "node:path";
import { compileOnce } from "../binary/compiled.ts";
import { BEARER, KEY } from "../deploy/behind_nginx.ts";
import { lacking, type Need, program } from "../deploy/needs.ts";
import { isUp } from "../http/port.ts";
import { freePorts, output, startNginx, type Version, VERSIONS } from "../deploy/nginx.ts";
import type { TestSandbox } from "../e2e/sandbox.ts";
import { call } from "../mcp/raw.ts";
import { BINARY, middle, notMeasured } from "./binary.ts";
import type { Row } from "./jobs.ts";
import { post } from "./load.ts";
import { startServer } from "./process.ts";

const ROUNDS = 7;
const SECONDS = 2;
const CONNECTIONS = 16;
/** What one address may do is not what is measured. */
const UNLIMITED = { RATE: "999999", BURST: "999999", CONNECTIONS: "65535" };
const wrkProgram: Need = program("wrk");

/** One that asks for work, and the least that the server answers to a key. */
const REQUESTS = [
  { name: "tools/call (list_chats, limit 1)", path: "/mcp", body: JSON.stringify(call(1, "list_chats", { limit: 1 })) },
  { name: "GET /health with a key", path: "/health", body: "" },
] as const;
type Request = typeof REQUESTS[number];

/** Compiles the binary and measures; no rows of what this machine lacks. */
export async function nginx(sandbox: TestSandbox): Promise<Row[]> {
  const problem = wrkProgram() ?? await compileOnce();
  const rows: Row[] = [];
  for (const version of VERSIONS) {
    const reason = problem ?? lacking(version.needs);
    if (reason === undefined) rows.push(...await behind(version, sandbox));
    else notMeasured(version.name, reason);
  }
  return rows;
}

async function behind(version: Version, { environment, directory }: TestSandbox): Promise<Row[]> {
  const ports = freePorts();
  const plain = freePorts().http;
  await using server = await startServer({
    ...environment,
    MCP_AUTH: "keys",
    MCP_API_KEY: KEY,
    RATE_LIMIT_IP: "1000000/s",
    PUBLIC_URL: `https://localhost:${ports.https}`,
    ALLOWED_HOSTS: "localhost",
    TRUSTED_PROXIES: "127.0.0.1",
  }, [BINARY, "serve"]);
  while (!await isUp(`${server.url}/health/ready`)) await new Promise((resolve) => setTimeout(resolve, 20));
  await using nginx = await startNginx(version, {
    ports,
    variables: { UPSTREAM: new URL(server.url).host, ...UNLIMITED },
    // The same server, without TLS.
    changes: [["ssl_session_tickets off;", `ssl_session_tickets off; listen ${plain};`]],
  });
  const ways = { direct: server.url, plain: `http://localhost:${plain}`, tls: nginx.url };
  const rows: Row[] = [];
  for (const request of REQUESTS) {
    const script = join(directory, "request.lua");
    await Deno.writeTextFile(script, luaOf(request));
    if (request.body !== "") {
      const text = await post(`${ways.direct}${request.path}`, JSON.parse(request.body), BEARER);
      if (text.includes('"isError":true')) throw new Error(text);
    }
    const rates: Record<keyof typeof ways, number[]> = { direct: [], plain: [], tls: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const way of ["direct", "plain", "tls"] as const) {
        const rate = await wrk(`${ways[way]}${request.path}`, script);
        // The first round warms up.
        if (round > 0) rates[way].push(rate);
      }
    }
    const peer = { name: "direct", value: middle(rates.direct) };
    const name = `${request.name} through ${version.name}`;
    rows.push(
      { name: `${name}, no TLS`, value: middle(rates.plain), unit: "requests/s", peer },
      { name: `${name}, TLS`, value: middle(rates.tls), unit: "requests/s", peer },
    );
  }
  return rows;
}

function luaOf({ body }: Request): string {
  const headers = { ...BEARER, accept: "application/json, text/event-stream", "content-type": "application/json" };
  return [
    `wrk.method = "${body === "" ? "GET" : "POST"}"`,
    ...Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`),
    ...(body === "" ? [] : [`wrk.body = [[${body}]]`]),
  ].join("\n");
}

/** Requests a second, of which every one must have been answered well. */
async function wrk(url: string, script: string): Promise<number> {
  const args = ["--threads", "1", "--connections", `${CONNECTIONS}`, "--duration", `${SECONDS}s`, "--script", script];
  const { code, stdout, stderr } = await output("wrk", [...args, url]);
  const rate = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(stdout)?.[1]);
  if (code !== 0 || !(rate > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url}: ${stdout}${stderr}`);
  return rate;
}
