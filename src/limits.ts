/**
 * How much may be asked of the server, put together from its configuration.
 * @module
 */
import type { Config } from "./config/config.ts";
import { createRateLimit, type RateLimit } from "./http/middleware/rate_limit.ts";
import { problemResponse } from "./http/problem.ts";
import { createInFlight, type InFlight } from "./mcp/in_flight.ts";
import type { LegacyMcpOptions } from "./mcp/legacy.ts";
import type { RateRefused } from "./mcp/rate_refusals.ts";
import { refusal } from "./mcp/refusal.ts";

/** The limits, each for the part that keeps it. */
export interface Limits {
  readonly rate: RateLimit;
  readonly calls: InFlight;
  readonly downloads: InFlight;
  readonly mcp: Pick<
    LegacyMcpOptions,
    "inFlight" | "maxSessionsPerPrincipal" | "maxStreamsPerPrincipal" | "onRefused"
  >;
}

/** Asked by what starts and watches the server, often and without a key. */
const EXEMPT = ["/health/live", "/health/ready"];

/**
 * Makes them; nothing has been asked yet.
 * @param options.isBehindProxy whether requests from this machine may be anybody's
 * @param options.onRefused told the name of a limit each time it refuses something
 * @param options.onRateRefused told, too, of what a rate refuses
 */
export function createLimits(
  numbers: Config["limits"],
  { isBehindProxy, onRefused, onRateRefused }: {
    readonly isBehindProxy: boolean;
    readonly onRefused: (limit: string) => void;
    readonly onRateRefused: RateRefused;
  },
): Limits {
  const { calls: max, callsPerKey: maxPerPrincipal, streamsPerKey, sessionsPerKey } = numbers;
  const calls = createInFlight({ kind: "calls", max, maxPerPrincipal, onRefused });
  return {
    rate: createRateLimit({
      perAddress: numbers.ratePerIp,
      perPrincipal: numbers.rate,
      isBehindProxy,
      exempt: EXEMPT,
      answer: (error, path, { requestId }) => path === "/mcp" ? refusal(error) : problemResponse(error, { requestId }),
      onRefused: (limit, ...refused) => {
        onRefused(limit);
        onRateRefused(...refused);
      },
      onSpendRefused: () => onRefused("key_rate"),
    }),
    calls,
    downloads: createInFlight({ kind: "downloads", max, maxPerPrincipal, onRefused }),
    mcp: {
      inFlight: calls,
      maxSessionsPerPrincipal: sessionsPerKey,
      maxStreamsPerPrincipal: streamsPerKey,
      onRefused,
    },
  };
}
