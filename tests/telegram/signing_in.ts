/**
 * A sandbox in which nobody is signed in yet, and a person whose answers are known beforehand.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Secret } from "../../src/config/secret.ts";
import { AppError } from "../../src/errors.ts";
import { formatSession, type Session } from "../../src/mtproto/session.ts";
import type { Login, Person } from "../../src/telegram/login.ts";
import { type LoginCentre, openLoginCentre } from "../../src/telegram/login_centre.ts";
import { startServer } from "../e2e/server.ts";
import { createSleeper, eventually, type Sleeper, startTelegram, type Telegram } from "../mtproto/telegram.ts";

/** The owner's number, and the code that it is sent. */
export const PHONE = "9996621000";
export const CODE = "22222";
export const API_HASH = "0".repeat(32);

/** A sandbox and what happens on the owner's side of it. */
export interface SignInSandbox extends Telegram {
  /** The product's variables, nobody signed in; it looks for the account at that data centre first. */
  environment(dc?: 2 | 5): Readonly<Record<string, string>>;
  /** Scans a link, as the owner's phone does. */
  scan(link: string | undefined): Promise<void>;
  setPassword(password: string, hint?: string): Promise<void>;
  revoke(reason: string): Promise<void>;
  /** Moves its clock. */
  later(seconds: number): Promise<void>;
}

/** Starts one. */
export async function startSignInSandbox(): Promise<SignInSandbox> {
  const telegram = await startTelegram();
  const { sandbox, directory, keyFile } = telegram;
  return {
    ...telegram,
    environment: (dc = 2) => ({
      TELEGRAM_API_ID: "1",
      TELEGRAM_API_HASH: API_HASH,
      TELEGRAM_TEST_DC: dc === 2 ? `2@127.0.0.1:${sandbox.port}` : `${dc}@127.0.0.1:${sandbox.awayPort}`,
      TELEGRAM_TEST_KEY_FILE: keyFile,
      DATA_DIR: join(directory, "data"),
    }),
    scan: async (link) => {
      const [, token] = /^tg:\/\/login\?token=([\w-]+)$/.exec(link ?? "") ?? [];
      assert.ok(token, `a link to scan: ${link}`);
      await sandbox.control("POST", "/login/accept", { token });
    },
    setPassword: async (password, hint) => void await sandbox.control("POST", "/login/password", { password, hint }),
    revoke: async (reason) => void await sandbox.control("POST", "/session/revoke", { reason }),
    later: async (seconds) => void await sandbox.control("POST", "/clock", { wire: seconds }),
  };
}

/** A configuration of those variables. */
export function configOf(environment: Readonly<Record<string, string>>): Config {
  return loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
}

/** What is typed, or what happens before it is. */
export type Answer = string | (() => Promise<string>);

/** A person at work, and what they have seen. */
export interface Signing extends AsyncDisposable {
  readonly login: Login;
  readonly centre: LoginCentre;
  readonly sleeper: Sleeper;
  /** Everything that was told and asked. */
  text(): string;
  /** The links of the QR codes. */
  readonly links: readonly string[];
  /** Waits for one QR code more than there were. */
  nextLink(): Promise<string>;
  /** Puts the clock forward. */
  later(seconds: number): void;
}

/** Begins to sign in: whoever has no answers left gives up. */
export function begin(
  sandbox: SignInSandbox,
  { answers = [], dc = 2 }: { readonly answers?: readonly Answer[]; readonly dc?: 2 | 5 } = {},
): Signing {
  const stop = new AbortController();
  const centre = openLoginCentre(configOf(sandbox.environment(dc)), {
    allowed: ["read", "session", "login"],
    appVersion: "test",
    signal: stop.signal,
  });
  const sleeper = createSleeper();
  const [told, links, left] = [[] as string[], [] as string[], [...answers]];
  let [shift, seen] = [0, 0];
  const person: Person = {
    show: (text) => void told.push(text),
    showQr: (link) => Promise.resolve(void links.push(link)),
    ask: async (question, { hidden = false } = {}) => {
      told.push(`${question}${hidden ? "(hidden)" : ""}`);
      const answer = left.shift();
      if (answer === undefined) throw new AppError("INPUT_VALIDATION", "The input ended.");
      return typeof answer === "string" ? answer : await answer();
    },
  };
  return {
    login: {
      centre,
      application: { apiId: 1, apiHash: new Secret(API_HASH) },
      person,
      now: () => Date.now() + shift,
      sleep: (ms) => sleeper.sleep(ms, stop.signal),
    },
    centre,
    sleeper,
    text: () => told.join("\n"),
    links,
    nextLink: async () => {
      const link = await eventually(() => links[seen], "a QR code");
      seen++;
      return link;
    },
    later: (seconds) => void (shift += seconds * 1000),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new AppError("CONNECTION", "Interrupted."));
      await centre[Symbol.asyncDispose]();
    },
  };
}

/** Watches over what was begun: its outcome, or a failure when it does not end by itself. */
export function watched<T>(begun: Promise<T>): () => Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  begun.then((value) => outcome = { value }, (error) => outcome = { error });
  return async () => {
    const ended = await eventually(() => outcome, "it to end");
    if ("error" in ended) throw ended.error;
    return ended.value;
  };
}

/** A server with that session answers `fetch_history`. */
export async function assertServes(sandbox: SignInSandbox, session: Session | undefined, dc: 2 | 5 = 2): Promise<void> {
  assert.ok(session !== undefined);
  await using server = await startServer({
    ...sandbox.environment(dc),
    TELEGRAM_STRING_SESSION: formatSession(session),
  });
  const { status, body } = await server.call("fetch_history", { chat: "@sandbox_news", limit: 1 });
  assert.deepEqual([status, body.count], [200, 1], JSON.stringify(body));
}
