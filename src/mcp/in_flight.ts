/**
 * How much is worked on at once: by everybody together, and for each principal.
 * @module
 */
import { AppError } from "../errors.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../model/principal.ts";

/** Room that is held for work that is about to begin. */
export interface Reservation extends Disposable {
  /** Gives one of the places to whoever asks; false when none is left or the rest was given back. */
  take(): boolean;
}

/** Work of one kind that is bounded. */
export interface InFlight {
  /**
   * Begins a piece of work; disposing what it returns ends it, once however often.
   * @param reservation has places that need not be asked for
   * @throws AppError OVERLOADED when there is too much of it in all, RATE_LIMITED when the principal has too much
   */
  enter(principal: Principal, reservation?: Reservation): Disposable;
  /**
   * Holds places for work whose refusal could not be answered properly later on, as far as its principal may have so much: they
   * count as its own from now on, whether they are taken or not. Disposing gives back those not taken.
   * @throws AppError OVERLOADED
   */
  reserve(principal: Principal, count: number): Reservation;
  /** How many pieces have begun or have a place. */
  readonly size: number;
}

/** What {@link createInFlight} takes. */
export interface InFlightOptions {
  /** What it is, in the plural: "calls". */
  readonly kind: "calls" | "downloads";
  readonly max: number;
  /** Does not bound the local principal, which many may be at once. */
  readonly maxPerPrincipal: number;
  /** Told of each refusal. */
  readonly onRefused?: (limit: "calls" | "calls_per_key" | "downloads" | "downloads_per_key") => void;
}

/** Seconds after which a principal can hope that a call of its own has ended. */
const OWN_WAIT = 1;
/** Seconds after which a busy server may be less so. */
const BUSY_WAIT = 2;

/** Makes the bound. */
export function createInFlight({ kind, max, maxPerPrincipal, onRefused = () => {} }: InFlightOptions): InFlight {
  let size = 0;
  /** Numbers by principal, none of them 0. */
  const own = new Map<string, number>();

  const claim = ({ id }: Principal, count: number): void => {
    if (size + count <= max) {
      size += count;
      if (count > 0) own.set(id, (own.get(id) ?? 0) + count);
      return;
    }
    onRefused(kind);
    throw count > max
      ? new AppError("OVERLOADED", `The server takes ${max} ${kind} at once, these are ${count}.`, {
        hint: "Send fewer at a time.",
      })
      : new AppError("OVERLOADED", `The server has as many ${kind} in hand as it takes at once.`, {
        retryAfter: BUSY_WAIT,
      });
  };
  /** How much more a principal may have in hand. */
  const roomOf = ({ id }: Principal): number =>
    id === LOCAL_PRINCIPAL.id ? Infinity : maxPerPrincipal - (own.get(id) ?? 0);
  const giveBack = ({ id }: Principal, count: number): void => {
    size -= count;
    const rest = (own.get(id) ?? 0) - count;
    if (rest > 0) own.set(id, rest);
    else own.delete(id);
  };

  return {
    enter: (principal, reservation) => {
      const end = once(() => giveBack(principal, 1));
      if (reservation?.take() === true) return end;
      if (roomOf(principal) <= 0) {
        onRefused(`${kind}_per_key`);
        throw new AppError("RATE_LIMITED", `There may be ${maxPerPrincipal} ${kind} of one key at once.`, {
          hint: `Let one of the ${kind} end, then try again.`,
          retryAfter: OWN_WAIT,
        });
      }
      claim(principal, 1);
      return end;
    },
    reserve: (principal, wanted) => {
      const count = Math.min(wanted, Math.max(0, roomOf(principal)));
      claim(principal, count);
      let left = count;
      return {
        take: () => left > 0 && left-- > 0,
        [Symbol.dispose]: () => {
          giveBack(principal, left);
          left = 0;
        },
      };
    },
    get size() {
      return size;
    },
  };
}

function once(end: () => void): Disposable {
  let isOver = false;
  return {
    [Symbol.dispose]: () => {
      if (!isOver) end();
      isOver = true;
    },
  };
}
