/**
 * A server with two keys, of all chats and of some; and an inspector through whose hands goes all that the second one is given.
 * @module
 */
import assert from "node:assert/strict";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import { createKeyStore } from "../../src/auth/keys.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";
import { createSieve, type Sieve } from "./sieve.ts";

/** What was answered. */
export interface Given {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A caller with a key. */
export interface Caller {
  /**
   * Sends a request and searches the whole answer.
   * @param said names that it holds, which an answer may repeat
   */
  send(path: string, init?: RequestInit, said?: readonly string[]): Promise<Given>;
  /** Calls a tool over plain HTTP. */
  call(tool: string, args: Readonly<Record<string, unknown>>, said?: readonly string[]): Promise<Given>;
}

/** The server and who calls it. */
export interface Restricted extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly world: World;
  readonly url: string;
  readonly sieve: Sieve;
  /** May see all chats; what it is given is not searched. */
  readonly owner: Caller;
  /** May see some; what it is given is searched. */
  readonly guest: Caller;
  readonly guestKey: string;
  /** Paths that the guest has asked for. */
  readonly visited: ReadonlySet<string>;
  /** What was found: of which request, and what. */
  readonly leaks: readonly string[];
}

/** A link into a chat that the guest may not see, which a message of its chats has. */
export const LINK = "https://t.me/sandbox_moved/2";

/** What may be told although it is a name, too: an address that a text has, and words of the server's own. */
const TOLD = [LINK, "That cursor is somebody else's."];

/** @param chats marked ids of the chats that the guest may see */
export async function startRestricted(chats: readonly string[]): Promise<Restricted> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const environment = {
    ...sandbox.environment,
    MCP_AUTH: "keys",
    RATE_LIMIT: "1000000/min",
    ALLOW_PROTECTED_MEDIA: "true",
  };
  const keys = createKeys(sandbox, chats);
  const server = stack.use(await startServer(environment));
  const world = createWorld();
  const sieve = createSieve(world, new Set(chats), TOLD);
  const visited = new Set<string>();
  const leaks: string[] = [];
  const caller = (key: string, look: (path: string, given: Given, said: readonly string[]) => void): Caller => {
    const send: Caller["send"] = async (path, init = {}, said = []) => {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${key}`);
      const response = await fetch(path.startsWith("http") ? path : `${server.url}${path}`, { ...init, headers });
      const given = { status: response.status, headers: response.headers, text: await response.text() };
      look(`${init.method ?? "GET"} ${path} ${init.body ?? ""}`, given, said);
      return given;
    };
    const call: Caller["call"] = (tool, args, said) =>
      send(`/api/tools/${tool}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(args),
      }, said);
    return { send, call };
  };
  const resources = stack.move();
  return {
    sandbox,
    world,
    url: server.url,
    sieve,
    owner: caller(keys.owner, () => {}),
    guest: caller(keys.guest, (request, { headers, text }, said) => {
      visited.add(new URL(request.split(" ")[1] ?? "", server.url).pathname);
      const found = [[...headers].join("\n"), text].flatMap((part) => sieve.find(part, said));
      if (found.length > 0) leaks.push(`${request.slice(0, 300)}: ${found.slice(0, 5).join(" | ")}`);
    }),
    guestKey: keys.guest,
    visited,
    leaks,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function createKeys({ environment }: TestSandbox, chats: readonly string[]): { owner: string; guest: string } {
  using db = openDataDirectory(String(environment["DATA_DIR"]));
  const store = createKeyStore(db, "default");
  const scopes = ["read", "export", "metrics", "admin"] as const;
  return {
    owner: store.create({ name: "owner", scopes: [...scopes] }).secret,
    guest: store.create({ name: "guest", scopes: [...scopes], chats: chats.map((id) => ({ id })) }).secret,
  };
}

/** A name of a chat that may not be seen, and one of the same form that nothing has. */
export interface Twins {
  /** The chat's marked id. */
  readonly id: string;
  readonly forbidden: string;
  readonly missing: string;
  /** In what forms an answer may repeat each. */
  readonly said: readonly [readonly string[], readonly string[]];
}

/** Names in every form that a chat of the world has, and none of those that may be seen. */
export function twinsOf(world: World, id: string, allowed: readonly string[]): Twins[] {
  const chat = world.chats.get(id);
  assert.ok(chat !== undefined, id);
  const bare = String(Math.abs(Number(id)) % 1_000_000_000_000);
  const other = bare.replace(/.{4}$/, "7777");
  const otherId = id.startsWith("-100") ? `-100${other}` : id.startsWith("-") ? `-${other}` : other;
  const both = (form: (word: string) => string, word: string, twin: string, ids: readonly string[] = []): Twins => ({
    id,
    forbidden: form(word),
    missing: form(twin),
    said: [[form(word), word, ...ids], [form(twin), twin, ...(ids.length > 0 ? [otherId] : [])]],
  });
  // A title keeps its letters, by which chats that come near are found.
  const misspelt = (word: string): string => `${word.slice(0, -1)}${word.endsWith("z") ? "x" : "z"}`;
  const { username, title, invite, kind } = chat;
  return [
    both(String, id, otherId),
    both(String, bare, other),
    ...(kind === "saved" || allowed.some((each) => world.chats.get(each)?.title === title)
      ? []
      : [both(String, title, `${title}!`)]),
    ...(id.startsWith("-100") ? [both((word) => `https://t.me/c/${word}/5`, bare, other, [id])] : []),
    ...(id.startsWith("-100") ? [both((word) => `tg://privatepost?channel=${word}&post=5`, bare, other, [id])] : []),
    ...(invite === undefined ? [] : [both((word) => `https://t.me/+${word}`, invite, "NoSuchInvite1")]),
    ...(username === null ? [] : [
      both((word) => `@${word}`, username, misspelt(username)),
      both(String, username, misspelt(username)),
      both((word) => `https://t.me/${word}/5`, username, misspelt(username)),
      both((word) => `tg://resolve?domain=${word}`, username, misspelt(username)),
    ]),
  ];
}
