/**
 * Faults on demand: rules that say which requests fail, wait, vanish or cut the connection.
 * @module
 */
import { z } from "zod";
import type { Caller, TlObject } from "./rpc.ts";

/** What happens to one request. Fields combine: `delayMs` comes first, then the rest. */
export interface Fault {
  /** Answered by an `rpc_error`; the method is not executed. */
  readonly error?: { readonly code: number; readonly message: string };
  /** Waits before anything else. */
  readonly delayMs?: number;
  /** As if it had never come: neither executed nor answered, and executed if the client sends it again. */
  readonly drop?: boolean;
  /** Executed, but its answer is lost on the way. */
  readonly lose?: boolean;
  /** The connection is closed instead of answering; with `lose` after executing. */
  readonly close?: boolean;
  /** Executed, but the result is bytes that are no TL. */
  readonly garble?: boolean;
}

/** Decides what happens to a request. */
export type FaultHook = (method: string, request: TlObject, caller: Caller) => Fault | undefined;

/** One rule, as `POST /faults` takes it. */
export const FaultRule = z.strictObject({
  /** TL methods, `messages.getHistory` or `messages.GetHistory`; `*` is any. */
  method: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  /** How many matching requests pass first. */
  after: z.int().min(0).default(0),
  /** Of those that follow, 1 fails all, 2 the first, the third and so on. */
  every: z.int().min(1).default(1),
  /** How many fail in all; all of them when left out. */
  times: z.int().min(1).optional(),
  error: z.strictObject({ code: z.int(), message: z.string().regex(/^[A-Z0-9_]+$/).max(128) }).optional(),
  delayMs: z.int().min(0).max(600_000).optional(),
  drop: z.boolean().optional(),
  lose: z.boolean().optional(),
  close: z.boolean().optional(),
  garble: z.boolean().optional(),
});
export type FaultRule = z.infer<typeof FaultRule>;

/** What can be set at once. */
export const FaultSettings = z.strictObject({
  rules: z.array(FaultRule).default([]),
  /** Answers go out in `msg_container`s of so many; 1 is none. */
  containers: z.int().min(1).max(1000).default(1),
  /** In every container, before the answers, is a message of a type that nobody knows. */
  strangers: z.boolean().default(false),
  /** Milliseconds before every answer. */
  latencyMs: z.int().min(0).max(60_000).default(0),
});
export type FaultSettings = z.infer<typeof FaultSettings>;

/** The faults in force. */
export interface Faults {
  readonly settings: FaultSettings;
  readonly hook: FaultHook;
  /** Replaces all settings and starts all counting anew. */
  set(settings: FaultSettings): void;
  /** Back to what was in force at the start. */
  clear(): void;
}

/** `--flood`: every twentieth page of history or search is answered FLOOD_WAIT_3. */
export const floodRule: FaultRule = {
  method: ["messages.getHistory", "messages.search"],
  after: 19,
  every: 20,
  error: { code: 420, message: "FLOOD_WAIT_3" },
};

/** Faults that begin with `initial`; the first rule that matches a request and is due applies. */
export function createFaults(initial: FaultSettings = FaultSettings.parse({})): Faults {
  let settings = initial;
  let seen: number[] = [];
  let hit: number[] = [];
  function set(next: FaultSettings): void {
    settings = next;
    seen = next.rules.map(() => 0);
    hit = next.rules.map(() => 0);
  }
  function isDue(rule: FaultRule, index: number, method: string): boolean {
    if (!names(rule).some((name) => name === "*" || name === method.toLowerCase())) return false;
    const number = seen[index] ?? 0;
    seen[index] = number + 1;
    const hits = hit[index] ?? 0;
    if (number < rule.after || (number - rule.after) % rule.every !== 0) return false;
    if (rule.times !== undefined && hits >= rule.times) return false;
    hit[index] = hits + 1;
    return true;
  }
  set(initial);
  return {
    get settings(): FaultSettings {
      return settings;
    },
    hook: (method) => settings.rules.find((rule, index) => isDue(rule, index, method)),
    set,
    clear: () => set(initial),
  };
}

function names(rule: FaultRule): string[] {
  return [rule.method].flat().map((name) => name.toLowerCase());
}
