/**
 * How a method is written down.
 * @module
 */
import { type Answer, type Caller, type Method, RpcError, type TlObject } from "../rpc.ts";

/** A class of GramJS's requests. */
interface RequestClass<Request extends TlObject> {
  readonly className: string;
  new (fields: never): Request;
}

/** An entry of the table of methods: the class name, and a handler that knows its request's fields. */
export function method<Request extends TlObject>(
  request: RequestClass<Request>,
  run: (request: Request, caller: Caller) => Answer,
): readonly [string, Method] {
  return [request.className, (received, caller) => {
    if (!(received instanceof request)) throw new RpcError(400, "INPUT_METHOD_INVALID");
    return run(received, caller);
  }];
}

/** A limit as Telegram takes it: 0 means 20, more than 100 means 100; see https://core.telegram.org/api/offsets. */
export function limited(limit: number): number {
  return limit <= 0 ? 20 : Math.min(limit, 100);
}
