/**
 * Takeout sessions: https://core.telegram.org/api/takeout.
 * @module
 */
import { randomBytes } from "node:crypto";
import { RpcError } from "../rpc.ts";

/** What a takeout was asked for, by the flags of `account.initTakeoutSession`. */
export type TakeoutFlag =
  | "contacts"
  | "messageUsers"
  | "messageChats"
  | "messageMegagroups"
  | "messageChannels"
  | "files";

/** A takeout that was granted. */
export interface Takeout {
  /** A signed 64-bit number in decimal. */
  readonly id: string;
  readonly flags: readonly TakeoutFlag[];
  readonly state: "open" | "finished" | "invalidated";
  /** Of a finished one. */
  readonly success?: boolean;
}

/** The takeouts of a data centre. */
export interface Takeouts {
  /** Every one that was granted, oldest first. */
  readonly all: readonly Takeout[];
  /** Grants one. @throws RpcError TAKEOUT_INIT_DELAY_%d while its owner has neither confirmed nor waited */
  open(userId: bigint, flags: readonly TakeoutFlag[]): bigint;
  /** Whether a takeout is open, and this user's. */
  isOpen(id: bigint, userId: bigint): boolean;
  finish(id: bigint, success: boolean): void;
  /** From now on a takeout is granted so many seconds after it was first asked for, and not before that. */
  delay(seconds: number): void;
  /** The owner allows it in an app: what was to be waited for is granted when it is asked for again. */
  confirm(): void;
  /** Ends all open ones; how many there were. */
  invalidate(): number;
}

type Kept = { -readonly [Key in keyof Takeout]: Takeout[Key] } & { readonly userId: bigint };

/** Takeouts, none of them open and none delayed. @param now Unix seconds */
export function createTakeouts(now: () => number): Takeouts {
  const kept = new Map<bigint, Kept>();
  let delay = 0;
  let grantedAt: number | undefined;
  const setDelay = (seconds: number): void => {
    delay = seconds;
    grantedAt = undefined;
  };
  return {
    get all(): Takeout[] {
      return [...kept.values()].map(({ userId: _, ...takeout }) => takeout);
    },
    open(userId, flags): bigint {
      grantedAt ??= now() + delay;
      const left = Math.ceil(grantedAt - now());
      if (left > 0) throw new RpcError(420, `TAKEOUT_INIT_DELAY_${left}`);
      grantedAt = undefined;
      const id = randomBytes(8).readBigInt64LE();
      kept.set(id, { id: id.toString(), flags, state: "open", userId });
      return id;
    },
    isOpen(id, userId): boolean {
      const takeout = kept.get(id);
      return takeout?.state === "open" && takeout.userId === userId;
    },
    finish(id, success): void {
      const takeout = kept.get(id);
      if (takeout !== undefined) Object.assign(takeout, { state: "finished", success });
    },
    delay: setDelay,
    confirm: () => setDelay(0),
    invalidate(): number {
      const open = [...kept.values()].filter(({ state }) => state === "open");
      for (const takeout of open) takeout.state = "invalidated";
      return open.length;
    },
  };
}
