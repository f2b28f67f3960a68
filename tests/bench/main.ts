/**
 * `deno task bench`: speed and memory against the sandbox, as ratios to a peer of the same run. Prints a table, and the same
 * as JSON; `--out FILE` writes the JSON there. `deno task bench binary`, `nginx` or `image` measures those alone.
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { audit } from "./audit.ts";
import { binary } from "./binary.ts";
import { image } from "./image.ts";
import { checkpoint, formats, resume, type Row } from "./jobs.ts";
import { load, post } from "./load.ts";
import { nginx } from "./nginx.ts";
import { measure, type Measured, memory, startServer } from "./process.ts";

const ECHO = fileURLToPath(new URL("./echo.ts", import.meta.url));
const ITER = fileURLToPath(new URL("./iter_messages.ts", import.meta.url));

async function http(sandbox: TestSandbox): Promise<Row[]> {
  await using server = await startServer(sandbox.environment);
  const idle = memory(server.pid, "VmRSS");
  const call = (tool: string, args: unknown): unknown => ({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: tool, arguments: args },
  });
  const small = call("list_chats", { limit: 1 });
  const page = call("fetch_history", { chat: "@sandbox_news", limit: 100, max_chars: 80_000 });
  const ask = async (body: unknown): Promise<void> => {
    const text = await post(`${server.url}/mcp`, body);
    if (text.includes('"isError":true')) throw new Error(text.slice(0, 500));
  };
  await using echo = await startEcho();
  await load(500, 16, () => ask(small));
  const calls = await load(3000, 16, () => ask(small));
  const echoes = await load(20_000, 16, async () => void await post(echo.url, small));
  await load(20, 1, () => ask(page));
  const history = await load(300, 1, () => ask(page));
  const peer = { name: "bare Deno.serve JSON echo", value: echoes.perSecond };
  return [
    { name: "start to the first /health 200", value: server.millisecondsToHealth, unit: "ms" },
    { name: "idle RSS", value: idle, unit: "MiB" },
    { name: "tools/call (list_chats, limit 1), 16 at once", value: calls.perSecond, unit: "calls/s", peer },
    { name: "fetch_history of 100 messages, p50", value: history.p50, unit: "ms" },
    { name: "fetch_history of 100 messages, p99", value: history.p99, unit: "ms" },
    ...audit(sandbox.directory, calls.perSecond),
  ];
}

async function startEcho(): Promise<{ readonly url: string } & AsyncDisposable> {
  const child = new Deno.Command(Deno.execPath(), { args: ["run", "-A", ECHO], stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: `http://127.0.0.1:${value.trim()}`,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
    },
  };
}

async function exports(latency: number): Promise<Row[]> {
  await using sandbox = await startSandbox(["--latency", String(latency)]);
  const { environment, directory } = sandbox;
  const [ours, theirs] = [join(directory, "ours.ndjson"), join(directory, "theirs.ndjson")];
  const chat = "@sandbox_archive";
  const dc = environment.TELEGRAM_TEST_DC ?? "";
  const session = environment.TELEGRAM_STRING_SESSION_FILE ?? "";
  // Once without measuring: the sandbox writes its messages when they are first asked for.
  if (latency === 0) await measure([ITER, chat, theirs, dc, session], {});
  const iterated = await measure([ITER, chat, theirs, dc, session], {});
  if (iterated.code !== 0) throw new Error(iterated.stderr);
  const exported = async (readAhead: number): Promise<Measured & { readonly perSecond: number }> => {
    const variables = { ...environment, EXPORT_READ_AHEAD: String(readAhead) };
    const run = await measure(["main.ts", "export", chat, "--force", "--out", ours], variables);
    if (run.code !== 0) throw new Error(run.stderr);
    return { ...run, perSecond: countLines(await Deno.readFile(ours)) / run.seconds };
  };
  const [one, ten] = [await exported(1), await exported(10)];
  const [inOrder, peer] = ["one page after another", "GramJS iterMessages"];
  const name = `export at ${latency} ms, 10 pages at once`;
  const unit = "messages/s";
  const perSecond = Number(iterated.stdout) / iterated.seconds;
  return [
    { name, value: ten.perSecond, unit, peer: { name: peer, value: perSecond } },
    { name, value: ten.perSecond, unit, peer: { name: inOrder, value: one.perSecond } },
    {
      name: "peak RSS of that export",
      value: ten.peakMiB,
      unit: "MiB",
      peer: { name: peer, value: iterated.peakMiB },
    },
    { name: "peak RSS of that export", value: ten.peakMiB, unit: "MiB", peer: { name: inOrder, value: one.peakMiB } },
  ];
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function show(number: number): string {
  return number >= 100 ? Math.round(number).toString() : number.toFixed(1);
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, value, unit, peer }) => {
    const beside = peer === undefined
      ? " | "
      : `${peer.name}: ${show(peer.value)} | ${(value / peer.value).toFixed(2)}`;
    return `| ${name} | ${show(value)} ${unit} | ${beside} |`;
  });
  return ["| what | measured | peer in the same run | ratio |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

const { values: flags, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
await using sandbox = await startSandbox();
const all = async (): Promise<Row[]> => [
  ...await http(sandbox),
  ...await exports(0),
  ...await exports(40),
  ...await exports(80),
  ...await formats(),
  ...await resume(),
  ...await checkpoint(),
  ...await binary(sandbox),
  ...await nginx(sandbox),
  ...await image(),
];
const parts = { binary, nginx, image };
const named = Object.entries(parts).flatMap(([name, part]) => positionals.includes(name) ? [part] : []);
const rows: Row[] = [];
for (const part of named) rows.push(...await part(sandbox));
if (named.length === 0) rows.push(...await all());
const report = {
  date: new Date().toISOString().slice(0, 10),
  deno: Deno.version.deno,
  machine: `${navigator.hardwareConcurrency} cores, ${Deno.build.os} ${Deno.build.arch}`,
  rows,
};
print(table(rows));
print(JSON.stringify(report));
if (flags.out !== undefined) await Deno.writeTextFile(flags.out, `${JSON.stringify(report, null, 2)}\n`);
