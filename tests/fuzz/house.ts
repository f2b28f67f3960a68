/**
 * The product as its user starts it, on a sandbox, with what a client would come to hold: cursors, links, sessions, files.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import { createMediaLinks } from "../../src/mcp/media_links.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { databasePath, openDatabase } from "../../src/storage/open.ts";
import { loadSecret } from "../../src/storage/secret.ts";
import { type Running, start, until } from "../cli/command.ts";
import { create } from "../cli/keys.ts";
import { untilReady, urlOf } from "../cli/signed_in.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import * as mcp from "../mcp/raw.ts";
import type { Json } from "./input.ts";
import { createFinder, type Finder, type Hidden, type Reader, textsOf } from "./oracle.ts";

const jsonSchema: z.ZodType<Json> = z.json();
const toolsSchema = z.object({
  tools: z.array(z.object({
    name: z.string(),
    description: z.string(),
    inputSchema: z.object({ properties: z.record(z.string(), z.record(z.string(), jsonSchema)) }),
  })),
});
const cursorSchema = z.object({ next_cursor: z.string() });
const exportSchema = z.object({
  id: z.string(),
  state: z.literal("completed"),
  files: z.array(z.object({ name: z.string(), url: z.url(), sha256: z.string() })),
});
const mediaSchema = z.object({ url: z.url() });
const NEWS = "-1002000000001";
/** The chats that one of the keys may see: a channel, a forum, a small channel. */
const SOME: readonly string[] = [NEWS, "-1002000000008", "-1002000000169"];

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
  /** Opens everything. */
  readonly key: string;
  readonly exportId: string;
  readonly files: readonly string[];
  readonly etags: readonly string[];
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
  /** What the server holds now. */
  held(): Promise<Held>;
}

/** What a process holds. */
export interface Held {
  /** MiB of resident memory, once garbage is collected. */
  readonly rss: number;
  /** Open ones. */
  readonly handles: number;
}

/** Texts of a chat that are enough to find what leaks. */
const MANY = 3000;

/** Limits are tried elsewhere; here they would keep inputs from whatever is behind them. */
const UNLIMITED = {
  RATE_LIMIT: "1000000/s",
  RATE_LIMIT_IP: "1000000/s",
  MAX_CALLS: "1000",
  MAX_CALLS_PER_KEY: "1000",
  MAX_STREAMS_PER_KEY: "1000",
  MAX_SESSIONS_PER_KEY: "1000",
};

/** The product, with what says how much it holds beside it. */
const PROBED = [
  "run",
  "-A",
  "--no-check",
  "--v8-flags=--expose-gc",
  fileURLToPath(new URL("../memory/serve.ts", import.meta.url)),
];

/** Builds it. */
export async function openHouse(): Promise<House> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const { DATA_DIR = "", TELEGRAM_STRING_SESSION_FILE = "" } = sandbox.environment;
  const key = crypto.getRandomValues(new Uint8Array(32)).toHex();
  const environment = {
    ...sandbox.environment,
    MCP_AUTH: "keys",
    MCP_API_KEY: key,
    MCP_SERVER_PORT: "0",
    RESOURCE_MAX_AGE_HOURS: "0",
    LOG_FORMAT: "json",
    ...UNLIMITED,
  };
  const server = stack.use(start(Deno.execPath(), PROBED, environment, { stdin: "piped" }));
  const url = await urlOf(server);
  await untilReady(url);
  const material = await collect(url, key, DATA_DIR);
  const { key: someKey } = await create(environment, "--name", "some", "--chat", SOME.join());
  const world = createWorld();
  const hidden = hiddenFrom(world, JSON.stringify(material.tools));
  const session = await Deno.readTextFile(TELEGRAM_STRING_SESSION_FILE);
  const resources = stack.move();
  return {
    sandbox,
    server,
    url,
    port: Number(new URL(url).port),
    material,
    hidden: {
      messages: createFinder(textsOf(world, MANY)),
      secrets: [key, someKey, session.slice(1, 60), sandbox.directory, ...secretsOf(DATA_DIR)],
      keys: [key, someKey],
    },
    readers: [
      ...Array.from({ length: 5 }, () => ({ name: "the owner", key })),
      ...Array.from({ length: 3 }, () => ({ name: "a key of some chats", key: someKey, hidden })),
      { name: "a stranger" },
    ],
    renew: async () => {
      material.sessions = await sessionsOf(url, key);
    },
    held: async () => ({ rss: await memoryOf(server), handles: await handlesOf(server.pid) }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/**
 * What a key of some chats must not be shown: texts, titles and usernames of the others, where those it sees do not hold them.
 * @param tools their descriptions, which everybody sees
 */
function hiddenFrom(world: World, tools: string): Finder {
  const others = [...world.chats.values()].filter(({ id }) => !SOME.includes(id));
  const own = SOME.flatMap((id) => [world.chat(id)?.title ?? "", world.chat(id)?.username ?? ""]);
  const seen = [tools, ...own, ...textsOf(world, Infinity, SOME)];
  const names = others.filter(({ kind }) => kind !== "user" && kind !== "bot" && kind !== "saved")
    .flatMap(({ title, username }) => username === null ? [title] : [title, username])
    .filter((name) => name.length > 8 && !seen.some((text) => text.includes(name)));
  const find = createFinder(textsOf(world, MANY, others.map(({ id }) => id)), seen);
  return (text) => names.find((name) => text.includes(name)) ?? find(text);
}

async function call(
  url: string,
  key: string,
  tool: string,
  args: Readonly<Record<string, Json>>,
): Promise<unknown> {
  const response = await fetch(`${url}/api/tools/${tool}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
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

async function collect(url: string, key: string, dataDir: string): Promise<Material> {
  const { tools } = toolsSchema.parse(
    await (await fetch(`${url}/api/tools`, { headers: { authorization: `Bearer ${key}` } })).json(),
  );
  const cursors: GenuineCursor[] = [];
  for (const { tool, args } of PAGED) {
    const { data } = cursorSchema.safeParse(await call(url, key, tool, args));
    if (data !== undefined) cursors.push({ tool, args, cursor: data.next_cursor });
  }
  if (cursors.length < 3) throw new Error(`too few cursors: ${JSON.stringify(cursors)}`);
  const { id, files } = exportSchema.parse(
    await call(url, key, "start_export", { chat: "@annlee", format: "html", wait_seconds: 45 }),
  );
  const place = { chat: NEWS, message: messageWithFile() };
  const { url: media } = mediaSchema.parse(
    await call(url, key, "get_media", { chat: NEWS, message: String(place.message), variant: "original" }),
  );
  const [first = { name: "", url: "" }] = files;
  const principal = { ...LOCAL_PRINCIPAL, id: new URL(first.url).searchParams.get("principal") ?? "" };
  using db = openDatabase(databasePath(dataDir));
  const now = (): number => Date.now() - 7_200_000;
  const old = createExportLinks({ key: loadSecret(db, "export"), now }).make(principal, { id, file: first.name }, url);
  const oldMedia = createMediaLinks({ key: loadSecret(db, "media"), now }).make(principal, place, url);
  return {
    tools,
    cursors,
    key,
    exportId: id,
    files: files.map(({ name }) => name),
    etags: files.map(({ sha256 }) => `"sha256-${sha256}"`),
    links: { exports: files.map((file) => pathOf(file.url)), media: [pathOf(media)] },
    expired: [pathOf(old.url), pathOf(oldMedia.url)],
    sessions: await sessionsOf(url, key),
  };
}

/** The first post that has a file. */
function messageWithFile(): number {
  const history = createWorld().messages(NEWS);
  for (let at = 0; at < history.length; at++) {
    const { id, media } = history.at(at);
    if (media?.kind === "photo" || media?.kind === "document") return id;
  }
  throw new Error("no post has a file");
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

async function sessionsOf(url: string, key: string): Promise<string[]> {
  return await Promise.all(Array.from({ length: 4 }, async () => {
    const response = await mcp.post(url, mcp.INITIALIZE, { authorization: `Bearer ${key}` });
    await response.text();
    return response.headers.get("mcp-session-id") ?? "";
  }));
}

/** The keys that links and cursors are signed with, as they would be written. */
function secretsOf(dataDir: string): string[] {
  using db = openDatabase(databasePath(dataDir));
  return ["cursor", "media", "export"].flatMap((name) => {
    const key = loadSecret(db, name);
    return [key.toHex(), key.toBase64(), key.toBase64({ alphabet: "base64url" })];
  });
}

async function memoryOf(server: Running): Promise<number> {
  const told = (): string[] => server.out.text().split("\n").slice(0, -1).filter((line) => line.startsWith("{"));
  const before = told().length;
  await server.type("\n");
  await until(() => told().length > before, "it says what it holds", 60);
  return z.object({ rss: z.number() }).parse(JSON.parse(told().at(-1) ?? "")).rss / 2 ** 20;
}

/** How many handles a process has open. Linux only. */
export async function handlesOf(pid: number): Promise<number> {
  return (await Array.fromAsync(Deno.readDir(join("/proc", String(pid), "fd")))).length;
}
