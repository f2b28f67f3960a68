/**
 * How calls end, for whoever counts or remembers them: tools' calls, downloads, resources that are read.
 * @module
 */
import { type AppError, toAppError } from "../errors.ts";
import type { Handler, RequestContext } from "../http/chain.ts";
import type { Principal } from "../model/principal.ts";
import { createTouched, type Touched } from "../telegram/touched.ts";

/** How a call ended. */
export interface CallRecord {
  /** Of the tool, or what stands in its place: `download`, `download link`, `media link`, `resources/read`, … */
  readonly tool: string;
  /** `ok`, `CANCELLED` or the error's code. */
  readonly status: string;
  readonly seconds: number;
  readonly error?: AppError;
  readonly principal: Principal;
  /** Marked ids of those that Telegram was asked about, or whose messages were given out. */
  readonly chats: readonly string[];
  /** How many the answer holds; absent for answers of another kind. */
  readonly messages?: number;
  readonly requestId?: string;
  readonly clientIp?: string;
}

/** Where a call came from. */
export type CallSource = Pick<RequestContext, "requestId" | "clientIp">;

/** A call that goes on. What is learnt about it meanwhile is written here. */
export interface RunningCall {
  /** Begins as what was begun, and may turn out to be another thing: a download by a link. Never what a caller has sent. */
  tool: string;
  /** Without one nothing is recorded. */
  principal?: Principal;
  messages?: number;
  /** Aborted when it must end: what fails from then on was cancelled. */
  until?: AbortSignal;
  readonly touched: Touched;
  /** Records its end, the first time. */
  end(how?: { readonly error?: unknown; readonly cancelled?: boolean }): void;
}

/** Begins a record. */
export type BeginCall = (
  call: { readonly tool: string; readonly principal?: Principal; readonly source?: CallSource },
) => RunningCall;

/**
 * Makes what begins records.
 * @param onCall is told of each call's end
 * @param clock milliseconds, monotonic
 */
export function createCallRecorder(
  onCall: (record: CallRecord) => void,
  clock: () => number = () => performance.now(),
): BeginCall {
  return ({ tool, principal, source }) => {
    const begun = clock();
    let isOver = false;
    const call: RunningCall = {
      tool,
      ...(principal && { principal }),
      touched: createTouched(),
      // Nobody's calls are left out: strangers could fill the disk with them.
      end: ({ error: thrown, cancelled = false } = {}) => {
        if (isOver || call.principal === undefined) return;
        isOver = true;
        const error = thrown === undefined ? undefined : toAppError(thrown);
        onCall({
          tool: call.tool,
          status: cancelled || (error && call.until?.aborted) ? "CANCELLED" : error?.code ?? "ok",
          seconds: (clock() - begun) / 1000,
          ...(error && { error }),
          principal: call.principal,
          chats: call.touched.chats(),
          ...(call.messages === undefined || error ? {} : { messages: call.messages }),
          ...(source && { requestId: source.requestId, clientIp: source.clientIp }),
        });
      },
    };
    return call;
  };
}

/** Records nothing. */
export const UNRECORDED: BeginCall = createCallRecorder(() => {});

/** A handler each of whose requests is a call, which goes on until the body of the answer has ended. */
export function recorded(
  begin: BeginCall,
  tool: string,
  handle: (request: Request, context: RequestContext, call: RunningCall) => Promise<Response>,
): Handler {
  return async (request, context) => {
    const call = begin({ tool, source: context, principal: context.principal });
    try {
      const response = await handle(request, context, call);
      if (response.body === null) call.end();
      return response.body === null ? response : followed(response, response.body, request.signal, call);
    } catch (error) {
      call.end({ error, cancelled: request.signal.aborted });
      throw error;
    }
  };
}

/** The response, whose call ends with its body. */
function followed(
  response: Response,
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  call: RunningCall,
): Response {
  const length = response.headers.get("content-length");
  const reader = body.getReader();
  let sent = 0;
  const leave = (): void => call.end({ cancelled: true });
  const end = (how?: { readonly error: unknown }): void => {
    signal.removeEventListener("abort", leave);
    call.end(how);
  };
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave);
  const passed = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await reader.read().catch((error: unknown) => {
        end({ error });
        throw error;
      });
      if (done) {
        end();
        return controller.close();
      }
      sent += value.length;
      // Clients that know the length close with the last byte, which is no leaving.
      if (sent === Number(length)) end();
      controller.enqueue(value);
    },
    cancel: async (reason) => {
      leave();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return new Response(passed, response);
}
