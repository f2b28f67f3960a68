/**
 * Requests that came too often, for the record: they never reach the tools.
 * @module
 */
import type { AppError } from "../errors.ts";
import type { RequestContext } from "../http/chain.ts";
import type { BeginCall } from "./call_record.ts";

/** Of one principal one refusal is recorded in so many milliseconds: a flood of them must not fill the trail. */
const WINDOW_MS = 60_000;

/** What is recorded in place of a tool's name, by how a path begins. */
const SURFACES: readonly (readonly [prefix: string, tool: string])[] = [
  ["/mcp", "mcp"],
  ["/api/audit", "audit"],
  ["/exports/", "download"],
  ["/media/", "media link"],
];

/** Told of a request that a rate has refused. */
export type RateRefused = (error: AppError, path: string, context: RequestContext) => void;

/**
 * Makes what records them: the first of each principal in a minute.
 * @param isTool whether a name is a tool's
 * @param clock milliseconds, monotonic
 */
export function createRateRefusals(
  begin: BeginCall,
  isTool: (name: string) => boolean,
  clock: () => number = () => performance.now(),
): RateRefused {
  const since = new Map<string, number>();
  return (error, path, context) => {
    const { principal } = context;
    const now = clock();
    if (principal === undefined || now - (since.get(principal.id) ?? -Infinity) < WINDOW_MS) return;
    since.set(principal.id, now);
    begin({ tool: nameOf(path, isTool), principal, source: context }).end({ error });
  };
}

function nameOf(path: string, isTool: (name: string) => boolean): string {
  const name = /^\/api\/tools\/(\w+)$/.exec(path)?.[1];
  if (name !== undefined && isTool(name)) return name;
  return SURFACES.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "?";
}
