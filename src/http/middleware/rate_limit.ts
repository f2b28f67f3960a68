import { AppError } from "../../errors.ts";
import { LOCAL_PRINCIPAL, type Principal, type Rate } from "../../model/principal.ts";
import { isLoopback } from "../../config/formats.ts";
import { addressBlock } from "../address.ts";
import { type Buckets, createBuckets, type Taken } from "../buckets.ts";
import { type Middleware, type RequestContext, withHeaders } from "../chain.ts";
import { problemResponse } from "../problem.ts";

/** What {@link createRateLimit} takes. */
export interface RateLimitOptions {
  /** Of each address, see {@link addressBlock}. */
  readonly perAddress: Rate;
  /** Of each principal that has no rate of its own. */
  readonly perPrincipal: Rate;
  /** Whether a proxy on this machine may speak for many: else what comes from here is limited by no address. */
  readonly isBehindProxy?: boolean;
  /** Paths that are not limited. */
  readonly exempt?: readonly string[];
  /** Makes the answer of a refusal; a problem by default. */
  readonly answer?: (error: AppError, path: string, context: RequestContext) => Response;
  /** Told of each refusal: which limit it was, and what was asked. */
  readonly onRefused?: (limit: "ip_rate" | "key_rate", error: AppError, path: string, context: RequestContext) => void;
  /** Told of each refusal by {@link RateLimit.spend}, which whoever spends records. */
  readonly onSpendRefused?: () => void;
  /** Milliseconds, monotonic. */
  readonly clock?: () => number;
}

/** The two limits. Handlers behind them tell by `context.spend` of requests that cost more than one. */
export interface RateLimit {
  /** Limits everybody who was not refused for a wrong key. */
  readonly byAddress: Middleware;
  /** Requests without a principal pass. */
  readonly byPrincipal: Middleware;
  /**
   * Takes a request of somebody whom only its handler could find out, by a link for one.
   * @throws AppError RATE_LIMITED
   */
  readonly spend: (principal: Principal) => void;
}

/** Whose tokens a request takes, and how many there are. */
interface Subject {
  readonly name: string;
  readonly rate: Rate;
}

/**
 * Limits how often somebody asks. Every answer says what is left, in the fields of
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/11/; a refusal says in `Retry-After` when the same
 * request will pass.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perAddress, perPrincipal, isBehindProxy = false, onRefused = () => {}, clock } = options;
  const { exempt = [], answer = (error, _path, { requestId }) => problemResponse(error, { requestId }) } = options;

  const limited = (
    policy: "ip" | "key",
    buckets: Buckets,
    subjectOf: (context: RequestContext) => Subject | undefined,
  ): Middleware =>
  (next) =>
  async (request, context) => {
    const path = new URL(request.url).pathname;
    const subject = exempt.includes(path) ? undefined : subjectOf(context);
    if (subject === undefined) return await next(request, context);
    const { name, rate } = subject;
    let taken = buckets.take(name, rate);
    const refused = (cost: number): AppError => {
      const error = tooMany(rate, taken, cost);
      onRefused(`${policy}_rate`, error, path, context);
      return error;
    };
    const spendBefore = context.spend;
    context.spend = (more) => {
      if (more > 0) taken = buckets.take(name, rate, more);
      // Whoever sends the request again needs its first token once more.
      if (!taken.ok) taken = buckets.take(name, rate, more + 1);
      if (!taken.ok) throw refused(more + 1);
      spendBefore?.(more);
    };
    const response = taken.ok ? await next(request, context) : answer(refused(1), path, context);
    return withHeaders(response, (headers) => {
      headers.append("ratelimit-policy", `"${policy}";q=${rate.count};w=${rate.seconds}`);
      headers.append("ratelimit", `"${policy}";r=${taken.remaining};t=${taken.resetSeconds}`);
    });
  };

  const keys = createBuckets({ clock });
  const subjectOf = (principal: Principal | undefined): Subject | undefined =>
    principal === undefined || principal.id === LOCAL_PRINCIPAL.id
      ? undefined
      : { name: principal.id, rate: principal.rate ?? perPrincipal };
  return {
    // Buckets of their own: whoever has many addresses pushes no principal's out.
    byAddress: limited(
      "ip",
      createBuckets({ clock }),
      ({ clientIp }) =>
        isLoopback(clientIp) && !isBehindProxy ? undefined : { name: addressBlock(clientIp), rate: perAddress },
    ),
    byPrincipal: limited("key", keys, ({ principal }) => subjectOf(principal)),
    spend: (principal) => {
      const subject = subjectOf(principal);
      if (subject === undefined) return;
      const taken = keys.take(subject.name, subject.rate);
      if (taken.ok) return;
      options.onSpendRefused?.();
      throw tooMany(subject.rate, taken, 1);
    },
  };
}

function tooMany({ count, seconds }: Rate, { retryAfter }: Taken, cost: number): AppError {
  const most = `${count} ${count === 1 ? "call" : "calls"} in ${seconds} s`;
  return retryAfter === Infinity
    ? new AppError("RATE_LIMITED", `A batch of ${cost} calls is more than the ${most} that may be made.`, {
      field: "body",
      hint: `Send ${count} calls or fewer at a time.`,
    })
    : new AppError("RATE_LIMITED", `Too many requests: there may be ${most}.`, { retryAfter });
}
