/**
 * Requests as the schema reads them, taken out of what they are wrapped in.
 * @module
 */
import type { Buffer } from "node:buffer";
import { RpcError, type TlObject } from "../rpc.ts";
import { Api, BinaryReader, LAYER } from "../tl.ts";
import { unpack } from "./pack.ts";

/** A request without its wrappers. */
export interface Request {
  readonly query: TlObject;
  /** What it was wrapped in, outermost first: `InvokeWithLayer`, `InitConnection` and the like. */
  readonly wrappers: readonly string[];
  readonly takeoutId?: bigint;
  /** The application that `initConnection` named. */
  readonly apiId?: number;
}

/** Constructor of `gzip_packed` (https://core.telegram.org/mtproto/service_messages#packed-object). */
export const GZIP_PACKED = 0x3072cfa1;
/** Constructor of `msg_container` (https://core.telegram.org/mtproto/service_messages#simple-container). */
export const MSG_CONTAINER = 0x73f1f8dc;
/** Constructor of `rpc_result` (https://core.telegram.org/mtproto/service_messages#response-to-an-rpc-query). */
export const RPC_RESULT = 0xf35c6d01;

/** Unpacks `gzip_packed` wherever it comes, and at once: GramJS's own reader would leave a promise there. */
class RequestReader extends BinaryReader {
  override tgReadObject(): unknown {
    const constructor = this.readInt(false);
    if (constructor === GZIP_PACKED) return new RequestReader(unpack(this.tgReadBytes())).tgReadObject();
    if (constructor === MSG_CONTAINER || constructor === RPC_RESULT) throw new Error("not a request");
    this.seek(-4);
    return super.tgReadObject();
  }
}

/** Reads a request. Throws an {@link RpcError} as Telegram does for one that it cannot read. */
export function readRequest(body: Buffer): Request {
  const wrappers: string[] = [];
  let takeoutId: bigint | undefined;
  let apiId: number | undefined;
  let query = parse(body);
  for (;;) {
    const wrapper = query;
    if (wrapper instanceof Api.InvokeWithLayer) {
      // Constructors differ between layers: another layer's client could not read the answers.
      if (wrapper.layer !== LAYER) throw new RpcError(400, "CONNECTION_LAYER_INVALID");
      query = requireObject(wrapper.query);
    } else if (wrapper instanceof Api.InvokeWithTakeout) {
      takeoutId = BigInt(wrapper.takeoutId.toString());
      query = requireObject(wrapper.query);
    } else if (wrapper instanceof Api.InitConnection) {
      apiId = wrapper.apiId;
      query = requireObject(wrapper.query);
    } else if (
      wrapper instanceof Api.InvokeAfterMsg ||
      wrapper instanceof Api.InvokeAfterMsgs || wrapper instanceof Api.InvokeWithoutUpdates ||
      wrapper instanceof Api.InvokeWithMessagesRange
    ) {
      query = requireObject(wrapper.query);
    } else {
      return { query, wrappers, takeoutId, apiId };
    }
    wrappers.push(wrapper.className);
  }
}

function parse(body: Buffer): TlObject {
  try {
    return requireObject(new RequestReader(body).tgReadObject());
  } catch (error) {
    if (error instanceof RpcError) throw error;
    // What exactly was wrong the client cannot be told in Telegram's alphabet.
    throw new RpcError(400, "INPUT_FETCH_ERROR");
  }
}

function requireObject(value: unknown): TlObject {
  if (!isTlObject(value)) throw new RpcError(400, "INPUT_METHOD_INVALID");
  return value;
}

function isTlObject(value: unknown): value is TlObject {
  return typeof value === "object" && value !== null && "className" in value && typeof value.className === "string" &&
    "getBytes" in value && typeof value.getBytes === "function";
}
