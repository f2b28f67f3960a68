/**
 * The product's connection against a sandbox, with its clocks in the test's hands.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import {
  type Connection,
  type ConnectionOptions,
  type ConnectionStatus,
  createConnection,
} from "../../src/mtproto/connection.ts";
import type { Patience, Wait } from "../../src/mtproto/flood.ts";
import { Api, bigInt, openWire, type Wire, type WireOptions } from "../../src/mtproto/gram.ts";
import type { Call } from "../../src/mtproto/invoke.ts";
import { parseSession, type Session } from "../../src/mtproto/session.ts";
import { createTurns, type Turns } from "../../src/mtproto/turns.ts";
import { type SandboxProcess, startSandbox } from "../sandbox/process.ts";

/** Everything that was printed since the start: GramJS prints when it is unhappy, and nobody would see it. */
export const printed: unknown[][] = [];
for (const name of ["log", "info", "warn", "error", "debug", "trace"]) {
  Reflect.set(globalThis.console, name, (...args: unknown[]) => printed.push(args));
}

/** Fails the test in which something was printed. */
export function assertSilence(): void {
  assert.deepEqual(printed.splice(0), [], "nothing may be printed");
}

/** A sandbox with a session that is signed in as its world's owner. */
export interface Telegram extends AsyncDisposable {
  readonly sandbox: SandboxProcess;
  readonly session: Session;
  readonly directory: string;
  readonly keyFile: string;
  readonly sessionFile: string;
  /** Sets faults; without any, none. */
  faults(settings?: unknown): Promise<void>;
  /** How often each method was received since the last `faults`. */
  received(): Promise<Readonly<Record<string, number>>>;
}

/** Starts a sandbox; in `directory`, which is then the caller's to remove, or in one of its own. */
export async function startTelegram(
  { directory: given, flags = [] }: { directory?: string; flags?: readonly string[] } = {},
): Promise<Telegram> {
  const directory = given ?? await Deno.makeTempDir({ prefix: "mtproto-" });
  const [keyFile, sessionFile] = [join(directory, "key.pem"), join(directory, "session")];
  const files = ["--state", directory, "--key-file", keyFile, "--session-file", sessionFile];
  const sandbox = await startSandbox([...files, ...flags]);
  return {
    sandbox,
    directory,
    keyFile,
    sessionFile,
    session: parseSession(await Deno.readTextFile(sessionFile)),
    faults: async (settings = {}) => {
      await sandbox.control("POST", "/faults", settings);
      await sandbox.control("DELETE", "/methods");
    },
    received: async () => Object(await sandbox.control("GET", "/methods")).counts,
    [Symbol.asyncDispose]: async () => {
      await sandbox[Symbol.asyncDispose]();
      if (given === undefined) await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Sleeps that last until the test says so. */
export interface Sleeper {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The milliseconds of the sleeps under way. */
  readonly asleep: readonly number[];
  /** Waits until a sleep fits, and ends it; its milliseconds. */
  wake(fits?: (ms: number) => boolean): Promise<number>;
}

/** A sleeper in which every sleep lasts until {@link Sleeper.wake}. */
export function createSleeper(): Sleeper {
  const sleeping = new Set<{ readonly ms: number; readonly end: () => void }>();
  return {
    get asleep(): number[] {
      return [...sleeping].map(({ ms }) => ms);
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const settle = (done: () => void): void => {
          sleeping.delete(one);
          signal.removeEventListener("abort", onAbort);
          done();
        };
        const onAbort = (): void => settle(() => reject(signal.reason));
        const one = { ms, end: (): void => settle(resolve) };
        sleeping.add(one);
        signal.addEventListener("abort", onAbort);
      }),
    wake: async (fits = () => true) => {
      const one = await eventually(() => [...sleeping].find(({ ms }) => fits(ms)), "a sleep that fits");
      one.end();
      return one.ms;
    },
  };
}

/** Whether a connection's sleep is the one between two pings. */
export const isPing = (ms: number): boolean => ms === 30_000;
/** Whether it is one of the first pauses between two attempts. */
export const isBackoff = (ms: number): boolean => ms < 15_000;

/** Patience whose sleeps pass at once. */
export function hurried(seconds: number): Patience & { readonly slept: number[]; readonly waits: Wait[] } {
  const [slept, waits]: [number[], Wait[]] = [[], []];
  return {
    seconds,
    slept,
    waits,
    onWait: (wait) => waits.push(wait),
    sleep: (seconds) => Promise.resolve(void slept.push(seconds)),
    random: () => 1,
  };
}

/** A connection and what it has said. */
export interface Observed extends Connection {
  readonly statuses: readonly ConnectionStatus[];
  readonly problems: readonly unknown[];
  /** Waits until the connection is in a state. */
  until<S extends ConnectionStatus["state"]>(state: S): Promise<ConnectionStatus & { readonly state: S }>;
}

/** Connects to a port of the loopback. Sleeps that the test does not hold end after a few milliseconds, pings excepted. */
export function connect(
  port: number,
  { session, ...options }: Partial<ConnectionOptions> & { readonly session?: Session },
): Observed {
  const statuses: ConnectionStatus[] = [];
  const problems: unknown[] = [];
  const connection = createConnection({
    apiId: 1,
    appVersion: "test",
    requestTimeout: 5000,
    testDc: { host: "127.0.0.1", port },
    onStatus: (status) => statuses.push(status),
    onProblem: (problem) => problems.push(problem),
    findSession: () => Promise.resolve(session),
    random: () => 0,
    ...options,
  });
  const isIn = <S extends string>(status: ConnectionStatus, state: S): status is ConnectionStatus & { state: S } =>
    status.state === state;
  return {
    ...connection,
    statuses,
    problems,
    until: async (state) =>
      await eventually(() => {
        const status = connection.status();
        return isIn(status, state) ? status : undefined;
      }, `state ${state}`),
  };
}

/** A bare wire to a sandbox. */
export function openTo(
  { sandbox, session }: Telegram,
  options: Partial<WireOptions> = {},
): Promise<Wire & { readonly authKey: Uint8Array }> {
  return openWire({
    host: "127.0.0.1",
    port: sandbox.port,
    dcId: 2,
    authKey: session.authKey,
    guard: () => {},
    onProblem: () => {},
    signal: new AbortController().signal,
    ...options,
  });
}

/** Milliseconds that an action took. */
export async function took(action: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action;
  return performance.now() - begun;
}

/** Polls until there is a value; fails after five seconds. */
export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
): Promise<T> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Expects a rejection with an AppError of that code; the error. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    assert.equal(error.code, code, error.message);
    return error;
  }
  throw new Error(`resolved instead of ${code}`);
}

/** One way to Telegram, whose calls take turns among themselves. */
export const inTurns = (call: Call, turns: Turns): Call => createTurns(turns)(call);

/** Who am I. */
export const getSelf = (): Api.users.GetUsers => new Api.users.GetUsers({ id: [new Api.InputUserSelf()] });

/** A page of the account's saved messages. */
export const getHistory = (peer: Api.TypeInputPeer = new Api.InputPeerSelf()): Api.messages.GetHistory =>
  new Api.messages.GetHistory({
    peer,
    offsetId: 0,
    offsetDate: 0,
    addOffset: 0,
    limit: 100,
    maxId: 0,
    minId: 0,
    hash: bigInt(0),
  });

/** The chat folders: a small answer. */
export const getFolders = (): Api.messages.GetDialogFilters => new Api.messages.GetDialogFilters();
