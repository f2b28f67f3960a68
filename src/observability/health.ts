/**
 * How the parts of the program are doing.
 * @module
 */

/** The whole or a part, for people and for monitoring. */
export type Status = "ok" | "degraded" | "down";

/** Telegram's states, by the session's life, besides the plain ones that every other component uses. */
export type TelegramState =
  | "starting"
  | "connecting"
  | "ready"
  | "reconnecting"
  | "flood_waiting"
  | "needs_login"
  | "stopped";

/** A component's state. */
export type ComponentState = Status | TelegramState;

/** What a state means for the whole and whether requests can be served in it. */
const MEANING: Readonly<Record<ComponentState, { readonly status: Status; readonly ready: boolean }>> = {
  ok: { status: "ok", ready: true },
  degraded: { status: "degraded", ready: true },
  down: { status: "down", ready: false },
  starting: { status: "degraded", ready: false },
  connecting: { status: "degraded", ready: false },
  ready: { status: "ok", ready: true },
  reconnecting: { status: "degraded", ready: true },
  flood_waiting: { status: "degraded", ready: true },
  needs_login: { status: "down", ready: false },
  stopped: { status: "down", ready: false },
};

/** The body of `GET /health`. */
export interface HealthSummary {
  /** The worst of the components'. */
  readonly status: Status;
  readonly ready: boolean;
  /** Present while the process finishes its last requests. */
  readonly draining?: true;
  readonly version: string;
  /** What a binary was compiled from. */
  readonly commit?: string;
  /** Whole seconds. */
  readonly uptime: number;
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

/** One component in a {@link HealthSummary}. */
export interface ComponentHealth {
  readonly state: ComponentState;
  /** RFC 3339, when the component entered the state. */
  readonly since: string;
  readonly detail?: string;
  /** RFC 3339, when the state will end by itself. */
  readonly until?: string;
}

/** The components and their states. */
export interface Health {
  /**
   * @param more.detail a sentence for a person, without secrets
   * @param more.until RFC 3339
   * @param more.ready whether requests can be served, where that does not follow from the state
   */
  set(
    component: string,
    state: ComponentState,
    more?: Pick<ComponentHealth, "detail" | "until"> & { readonly ready?: boolean },
  ): void;
  /** Whether requests can be served: some component is known, all are fit and the process is not draining. */
  ready(): boolean;
  summary(): HealthSummary;
  /** From now on the process only finishes what it has begun: it is never ready again. */
  draining(): void;
}

/** What {@link createHealth} takes. */
export interface HealthOptions {
  readonly version: string;
  readonly commit?: string | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** A health registry without components; the uptime counts from now. */
export function createHealth({ version, commit, clock = Date.now }: HealthOptions): Health {
  const startedAt = clock();
  const components = new Map<string, ComponentHealth>();
  const unfit = new Set<string>();
  let isDraining = false;

  const states = (): readonly ComponentState[] => components.values().map(({ state }) => state).toArray();
  const ready = (): boolean => !isDraining && components.size > 0 && unfit.size === 0;
  const status = (): Status => {
    const all = states().map((state) => MEANING[state].status);
    return all.includes("down") ? "down" : all.includes("degraded") ? "degraded" : "ok";
  };

  return {
    set(component, state, { ready = MEANING[state].ready, ...more } = {}): void {
      if (ready) unfit.delete(component);
      else unfit.add(component);
      const before = components.get(component);
      const since = before?.state === state ? before.since : new Date(clock()).toISOString();
      components.set(component, { state, since, ...more });
    },
    ready,
    summary: () => ({
      status: status(),
      ready: ready(),
      ...(isDraining ? { draining: true } : {}),
      version,
      ...(commit === undefined ? {} : { commit }),
      uptime: Math.floor((clock() - startedAt) / 1000),
      components: Object.fromEntries(components),
    }),
    draining(): void {
      isDraining = true;
    },
  };
}
