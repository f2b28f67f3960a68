/**
 * The hostile chats behind the real product, every answer looked through.
 * @module
 */
import assert from "node:assert/strict";
import { MARKER } from "../../sandbox/world/chats/attacks.ts";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import { hiddenIn, visible } from "../../src/model/visible.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { type Answer, startServer, type TestServer } from "./server.ts";

/** A world with the hostile chats, the sandbox that serves it, and a server whose answers are inspected. */
export interface Stage extends AsyncDisposable {
  readonly world: World;
  readonly sandbox: TestSandbox;
  readonly server: TestServer;
  /** How many answers had something made visible. */
  readonly neutralized: () => number;
}

/** Starts it. */
export async function stage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox(["--hostile"]));
  const server = stack.use(await startServer(sandbox.environment));
  const resources = stack.move();
  let count = 0;
  return {
    world: createWorld({ hostile: true }),
    sandbox,
    server: {
      ...server,
      call: async (tool, args) => {
        const answer = await server.call(tool, args);
        inspect(`${tool} ${JSON.stringify(args)}`, answer, [decodeURIComponent(tool), ...textsIn(args)]);
        if ("neutralized" in answer.body) count++;
        return answer;
      },
    },
    neutralized: () => count,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Every text in a value, keys included. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [...Array.isArray(value) ? [] : [key], ...textsIn(each)]);
}

/** Signs of hidden characters; the world also has one that somebody typed. */
const SIGNS = /⟦U\+(?!0041)[0-9A-F]{4,6}⟧/g;

/**
 * Holds an answer against what is promised of all of them: nothing in it is hidden, what was made visible is counted, and
 * what the server says in its own words has nothing in it that others wrote.
 * @param typed the texts of the call: those may be echoed, as JSON and cut
 */
export function inspect(what: string, { status, body }: Answer, typed: readonly string[]): void {
  for (const text of textsIn(body)) {
    assert.deepEqual(hiddenIn(text), [], `${what}: hidden in ${JSON.stringify(text)}`);
    assert.ok(text.isWellFormed(), what);
  }
  const { neutralized, ...rest } = body;
  const signs = JSON.stringify(rest).match(SIGNS)?.length ?? 0;
  assert.equal(neutralized, signs === 0 ? undefined : signs, `${what}: neutralized is not what it is`);
  for (const text of spokenIn(status, body)) assertOwn(what, text, typed);
}

/** A sentence of the server has only its own words, and what was typed to it. */
export function assertOwn(what: string, sentence: string, typed: readonly string[] = []): void {
  const own = typed.flatMap((text) => [text, text.trim()])
    .reduce((left, text) => left.replaceAll(visible(JSON.stringify(text.slice(0, 80))), ""), sentence);
  assert.ok(!own.includes(MARKER), `${what}: other people's words in ${JSON.stringify(sentence)}`);
}

/** What of an answer the server says in its own words. */
function spokenIn(status: number, body: Record<string, unknown>): string[] {
  if (status === 200) return textsIn([body.notes, body.waiting, body.error, body.next_cursor]);
  // A field is an argument's name, as it was typed.
  const { candidates: _, field: __, suggest, ...said } = body;
  return [...Object.values(said), ...typeof suggest === "object" && suggest !== null ? Object.values(suggest) : []]
    .filter((each) => typeof each === "string");
}
