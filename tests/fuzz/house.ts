/**
 * The product as its user starts it, on a sandbox, with what a client would come to hold: cursors, links, sessions, files.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import { createMediaLinks } from "../../src/mcp/media_links.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { databasePath, openDatabase } from "../../src/storage/open.ts";
import { loadSecret } from "../../src/storage/secret.ts";
import { command, type Running, until } from "../cli/command.ts";
import { urlOf } from "../cli/signed_in.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import * as mcp from "../mcp/raw.ts";
import type { Json } from "./input.ts";
import { createFinder, type Hidden, type Reader, textsOf } from "./oracle.ts";

const jsonSchema: z.ZodType<Json> = z.json();
const toolsSchema = z.object({
  tools: z.array(z.object({
    name: z.string(),
    inputSchema: z.object({ properties: z.record(z.string(), z.record(z.string(), jsonSchema)) }),
  })),
});
const cursorSchema = z.object({ next_cursor: z.string() });
const exportSchema = z.object({
  id: z.string(),
  state: z.literal("completed"),
  files: z.array(z.object({ name: z.string(), url: z.url() })),
});

/** A tool as the server describes it. */
export type AdvertisedTool = z.infer<typeof toolsSchema>["tools"][number];

/** A genuine cursor, and what it belongs to. */
export interface GenuineCursor {
  readonly tool: string;
  readonly args: Readonly<Record<string, Json>>;
  readonly cursor: string;
}

/** What clients hold, for mutations to begin with. */
export interface Material {
  readonly tools: readonly AdvertisedTool[];
  readonly cursors: readonly GenuineCursor[];
  readonly exportId: string;
  readonly files: readonly string[];
  /** Paths with their queries: genuine links, and such as have expired. */
  readonly links: { readonly exports: readonly string[]; readonly media: readonly string[] };
  readonly expired: readonly string[];
  /** Sessions of MCP; renewed now and then, since inputs end them. */
  sessions: readonly string[];
}

/** A product that is running. */
export interface House extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly server: Running;
  readonly url: string;
  readonly port: number;
  readonly material: Material;
  readonly hidden: Hidden;
  readonly readers: readonly Reader[];
  /** Opens sessions anew. */
  renew(): Promise<void>;
}

/** Builds it. */
export async function openHouse(): Promise<House> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const { DATA_DIR = "", TELEGRAM_STRING_SESSION_FILE = "" } = sandbox.environment;
  const server = stack.use(command(["serve"], {
    ...sandbox.environment,
    MCP_AUTH: "none",
    MCP_SERVER_PORT: "0",
    MAX_EXPORT_BYTES: "50MB",
    LOG_FORMAT: "json",
  }));
  const url = await urlOf(server);
  await until(async () => (await fetch(`${url}/health/ready`)).ok, "it is ready", 60);
  const material = await collect(url, DATA_DIR);
  const session = await Deno.readTextFile(TELEGRAM_STRING_SESSION_FILE);
  const resources = stack.move();
  return {
    sandbox,
    server,
    url,
    port: Number(new URL(url).port),
    material,
    hidden: {
      messages: createFinder(textsOf(createWorld())),
      secrets: [session.slice(1, 60), sandbox.directory, ...secretsOf(DATA_DIR)],
    },
    readers: [{ name: "the owner" }],
    renew: async () => {
      material.sessions = await sessionsOf(url);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function call(url: string, tool: string, args: Readonly<Record<string, Json>>): Promise<unknown> {
  const response = await fetch(`${url}/api/tools/${tool}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  if (!response.ok) throw new Error(`${tool}: ${await response.text()}`);
  return await response.json();
}

/** Queries with more than a page. */
const PAGED: readonly Pick<GenuineCursor, "tool" | "args">[] = [
  { tool: "fetch_history", args: { chat: "@sandbox_news", limit: 2 } },
  { tool: "search_messages", args: { chat: "@sandbox_news", query: "the", limit: 2 } },
  { tool: "search_messages", args: { query: "the", limit: 2 } },
  { tool: "list_chats", args: { limit: 2 } },
  { tool: "list_topics", args: { chat: "@sandbox_forum", limit: 2 } },
];

async function collect(url: string, dataDir: string): Promise<Material> {
  const { tools } = toolsSchema.parse(await (await fetch(`${url}/api/tools`)).json());
  const cursors: GenuineCursor[] = [];
  for (const { tool, args } of PAGED) {
    const { data } = cursorSchema.safeParse(await call(url, tool, args));
    if (data !== undefined) cursors.push({ tool, args, cursor: data.next_cursor });
  }
  if (cursors.length < 3) throw new Error(`too few cursors: ${JSON.stringify(cursors)}`);
  const { id, files } = exportSchema.parse(
    await call(url, "start_export", { chat: "@annlee", format: "html", wait_seconds: 45 }),
  );
  const place = { chat: "-1002000000001", message: 812 };
  const media = (now: number, key: Uint8Array): string =>
    pathOf(createMediaLinks({ key, now: () => now }).make(LOCAL_PRINCIPAL, place, url).url);
  using db = openDatabase(databasePath(dataDir));
  const [exportKey, mediaKey] = [loadSecret(db, "export"), loadSecret(db, "media")];
  const [first = ""] = files.map(({ name }) => name);
  const past = Date.now() - 7200_000;
  return {
    tools,
    cursors,
    exportId: id,
    files: files.map(({ name }) => name),
    links: { exports: files.map((file) => pathOf(file.url)), media: [media(Date.now(), mediaKey)] },
    expired: [
      pathOf(
        createExportLinks({ key: exportKey, now: () => past }).make(LOCAL_PRINCIPAL, { id, file: first }, url).url,
      ),
      media(past, mediaKey),
    ],
    sessions: await sessionsOf(url),
  };
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

async function sessionsOf(url: string): Promise<string[]> {
  const opened = await Promise.all([mcp.open(url), mcp.open(url)]);
  return opened.map((headers) => headers["mcp-session-id"] ?? "");
}

/** The keys that links and cursors are signed with, as they would be written. */
function secretsOf(dataDir: string): string[] {
  using db = openDatabase(databasePath(dataDir));
  return ["cursor", "media", "export"].flatMap((name) => {
    const key = loadSecret(db, name);
    return [key.toHex(), key.toBase64(), key.toBase64({ alphabet: "base64url" })];
  });
}

/** What a process holds: resident memory in MiB, and open handles. Linux only. */
export async function heldBy(pid: number): Promise<{ readonly rss: number; readonly handles: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const handles = await Array.fromAsync(Deno.readDir(join("/proc", String(pid), "fd")));
  return { rss: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024, handles: handles.length };
}
