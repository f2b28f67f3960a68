/**
 * The only door to npm `telegram` (GramJS): TL classes and one connection's wire. Its client, its sessions and its
 * reconnecting are not used; what stays are the TL schema, the handshake, the envelope and the queue of one connection.
 * @module
 */
import "./before_gramjs.ts";
import { Api, type TelegramClient } from "telegram";
import { AuthKey } from "telegram/crypto/AuthKey.js";
import { _serverKeys } from "telegram/crypto/RSA.js";
import {
  FileMigrateError,
  NetworkMigrateError,
  PhoneMigrateError,
  TypeNotFoundError,
  UserMigrateError,
} from "telegram/errors/index.js";
import { BinaryReader, MessagePacker, type PromisedNetSockets } from "telegram/extensions/index.js";
import { Logger, LogLevel } from "telegram/extensions/Logger.js";
import { ConnectionTCPFull, MTProtoSender } from "telegram/network/index.js";
import { RequestState } from "telegram/network/RequestState.js";
import { computeCheck } from "telegram/Password.js";
import { LAYER } from "telegram/tl/AllTLObjects.js";
import { GZIPPacked, MessageContainer, TLMessage } from "telegram/tl/core/index.js";
import { strippedPhotoToJpg } from "telegram/Utils.js";
import bigInt from "big-integer";
import { Buffer } from "node:buffer";
import { createHash, createPublicKey } from "node:crypto";
import { unzipSync } from "node:zlib";
import * as z from "zod";
import type { Socks5Proxy } from "../config/formats.ts";
import { socketFor } from "./socket.ts";

export { Api, bigInt, LAYER };
export type { BigInteger } from "big-integer";

/** A TL function with the type of its answer. */
export interface TlRequest<R> {
  readonly className: string;
  readonly classType: "constructor" | "request";
  readonly __response: R;
  getBytes(): Uint8Array;
}

// Half of the time spent decoding goes into reading 64-bit integers by way of hexadecimal strings.
BinaryReader.prototype.readLong = function (this: BinaryReader, signed = true): bigInt.BigInteger {
  const bytes = this.read(8);
  return bigInt(signed ? bytes.readBigInt64LE(0) : bytes.readBigUInt64LE(0));
};

// A message gets what GramJS's own client adds to it, twenty properties and a map: nobody reads them here.
for (const { prototype } of [Api.Message, Api.MessageService, Api.MessageEmpty]) {
  Reflect.set(prototype, "init", () => {});
}

// Unpacking in JavaScript takes several times as long.
GZIPPacked.ungzip = (packed): Buffer => unzipSync(packed);

/** In bytes (https://core.telegram.org/mtproto/description#authorization-key). */
const AUTH_KEY_LENGTH = 256;

// GramJS drops the leading zeros of a key that was just agreed on: one exchange in 256 would fail.
const { setKey } = AuthKey.prototype;
AuthKey.prototype.setKey = function (this: AuthKey, value): Promise<void> {
  if (!Buffer.isBuffer(value) || value.length >= AUTH_KEY_LENGTH) return setKey.call(this, value);
  return setKey.call(this, Buffer.concat([Buffer.alloc(AUTH_KEY_LENGTH - value.length), value]));
};

// A message of a type that is not in the schema would take all others of its container with it.
MessageContainer.fromReader = (reader): Promise<MessageContainer> => {
  const messages: TLMessage[] = [];
  for (let left = reader.readInt(); left > 0; left--) {
    const [msgId, seqNo, length] = [reader.readLong(), reader.readInt(), reader.readInt()];
    const end = reader.tellPosition() + length;
    try {
      messages.push(new TLMessage(msgId, seqNo, reader.tgReadObject()));
    } catch (error) {
      if (!(error instanceof TypeNotFoundError)) throw error;
    }
    reader.setPosition(end);
  }
  return Promise.resolve(new MessageContainer(messages));
};

/**
 * A request that does not subscribe the connection to the account's updates, which nobody here reads
 * (https://core.telegram.org/method/invokeWithoutUpdates). The answer is that of the request inside.
 */
export function withoutUpdates<R>(request: TlRequest<R>): TlRequest<R> {
  const quiet = new Api.InvokeWithoutUpdates({ query: request });
  // Only carries the type of the answer; there is no such value.
  return Object.assign(quiet, { __response: request.__response });
}

/**
 * A picture sent inside a message with its JPEG header left out, whole again; undefined for another encoding
 * (https://core.telegram.org/api/files#stripped-thumbnails).
 */
export function wholeJpeg(stripped: Uint8Array): Uint8Array | undefined {
  return stripped.length < 3 || stripped[0] !== 1 ? undefined : strippedPhotoToJpg(Buffer.from(stripped));
}

/** One TCP connection to one data centre, from its opening to its first failure. */
export interface Wire {
  /** Sends a request and settles with its answer; never settles if the wire breaks first, so race it with `broken`. */
  send<R>(request: TlRequest<R>): { readonly answer: Promise<R>; readonly forget: () => void };
  /** Resolves, once, with the reason when the wire can no longer be used. */
  readonly broken: Promise<Error>;
  close(): Promise<void>;
}

/** What {@link openWire} needs. */
export interface WireOptions {
  readonly host: string;
  readonly port: number;
  /** What is connected through, if anything. */
  readonly proxy?: Socks5Proxy;
  readonly dcId: number;
  /** The 256-byte authorization key; a key exchange takes place when absent. */
  readonly authKey?: Uint8Array;
  /** Throws for a request that may not leave; GramJS's own requests pass it too. */
  readonly guard: (request: { readonly className: string }) => void;
  /** Told of things that went wrong without failing a request. */
  readonly onProblem: (problem: unknown) => void;
  /** Aborts the opening. */
  readonly signal: AbortSignal;
}

/**
 * Connects and, without a key, exchanges one (https://core.telegram.org/mtproto/auth_key).
 * @throws the reason why the connection could not be made
 */
export async function openWire(options: WireOptions): Promise<Wire & { readonly authKey: Uint8Array }> {
  const { host, port, proxy, dcId, signal, guard, onProblem } = options;
  signal.throwIfAborted();
  const key = new AuthKey();
  if (options.authKey !== undefined) await key.setKey(Buffer.from(options.authKey));
  // GramJS asks of a socket what `socketFor` has; its own class has private members on top, which no other can have.
  const socket = socketFor(signal, proxy) as unknown as typeof PromisedNetSockets;
  const logger = new Logger(LogLevel.NONE);
  const sender = new Sender(key, { dcId, logger, guard, onProblem });
  const connection = new ConnectionTCPFull({ ip: host, port, dcId, loggers: logger, socket, testServers: false });
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const connecting = sender.connect(connection, false);
  try {
    const connected = await Promise.race([connecting, aborted.promise]);
    if (!connected) throw sender.failure ?? new Error("the connection was refused");
    sender.isOpen = true;
  } catch (error) {
    await sender.end();
    await connecting;
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  return {
    authKey: new Uint8Array(z.instanceof(Buffer).parse(key.getKey())),
    broken: sender.broken,
    send: (request) => {
      guard(request);
      return sender.enqueue(request);
    },
    close: () => sender.end(),
  };
}

/**
 * GramJS's sender with its reconnecting taken out (a break is reported once and the sender thrown away), with the guard at
 * its queue, and with three faults mended: an error inside a container no longer loses the answers after it, an answer that
 * comes too late is no failure, and a key that the server does not know (transport error -404) is reported instead of
 * hanging every request.
 */
class Sender extends MTProtoSender {
  failure: unknown;
  isOpen = false;
  readonly #broken = Promise.withResolvers<Error>();
  readonly #queue: MessagePacker;
  readonly #onProblem: WireOptions["onProblem"];

  constructor(
    key: AuthKey,
    { logger, dcId, guard, onProblem }: Pick<WireOptions, "dcId" | "guard" | "onProblem"> & { readonly logger: Logger },
  ) {
    const owner = {
      _errorHandler: (error: unknown): void => {
        this.failure = error;
        // Until it is open, whoever opens it is told.
        if (this.isOpen) onProblem(error);
      },
    };
    super(key, {
      ...MTProtoSender.DEFAULT_OPTIONS,
      logger,
      dcId,
      retries: 1,
      delay: 0,
      isMainSender: true,
      // The sender asks its client for nothing but the error handler.
      client: owner as unknown as TelegramClient,
      _exportedSenderPromises: new Map(),
    });
    this.#onProblem = onProblem;
    this.#queue = z.instanceof(MessagePacker).parse(Reflect.get(this, "_sendQueue"));
    // Whatever leaves is appended here first: requests, acknowledgements, what is sent again.
    const append = this.#queue.append.bind(this.#queue);
    this.#queue.append = (state, ...place) => {
      if (state !== undefined) guard(state.request);
      append(state, ...place);
    };
  }

  get broken(): Promise<Error> {
    return this.#broken.promise;
  }

  enqueue<R>(request: TlRequest<R>): { answer: Promise<R>; forget: () => void } {
    const state = new RequestState(request as unknown as Api.AnyRequest);
    this.addStateToQueue(state);
    const answer = state.promise as Promise<R>;
    return {
      answer,
      forget: () => {
        if (state.msgId !== undefined) this._pendingState.delete(state.msgId);
        const queued = this.#queue.values();
        if (queued.includes(state)) queued.splice(queued.indexOf(state), 1);
        state.resolve();
      },
    };
  }

  override reconnect(): void {
    this.#broken.resolve(new Error("the connection was lost"));
  }

  override _handleBadAuthKey(): void {
    this.#broken.resolve(new UnknownAuthKeyError("the server does not know the key"));
  }

  override _handleRPCResult(message: Parameters<MTProtoSender["_handleRPCResult"]>[0]): void {
    const { reqMsgId } = z.object({ reqMsgId: z.custom<bigInt.BigInteger>() }).parse(message.obj);
    // The answer to a request that was given up: there is nothing to do with it, and GramJS chokes on an error.
    if (this._pendingState.get(reqMsgId) !== undefined) super._handleRPCResult(message);
  }

  override async _handleContainer(message: Parameters<MTProtoSender["_handleContainer"]>[0]): Promise<void> {
    const { messages } = z.object({ messages: z.array(z.custom<typeof message>()) }).parse(message.obj);
    for (const inner of messages) {
      try {
        await this._processMessage(inner);
      } catch (error) {
        // With an `rpc_error` its request has been rejected already.
        if (readRpcError(error) === undefined) this.#onProblem(error);
      }
    }
  }

  /** Closes the socket: GramJS's receiving loop ends, the sending one has nothing to wait for any more and is collected. */
  async end(): Promise<void> {
    await this._connection?.socket.close();
  }
}

/** The server does not know the authorization key: the session is gone. */
export class UnknownAuthKeyError extends Error {
  override readonly name = "UnknownAuthKeyError";
}

/**
 * Proves that one knows the password, without sending it (https://core.telegram.org/api/srp).
 * @param question the answer to account.getPassword, which is good for one proof
 */
export function provePassword(question: Api.account.Password, text: string): Promise<Api.InputCheckPasswordSRP> {
  return computeCheck(question, text);
}

/** What GramJS says of an `rpc_error`. */
const rpcErrorShape = z.object({
  code: z.number().optional(),
  errorMessage: z.string(),
  seconds: z.number().optional(),
});

/** Those with whose names GramJS does away: it puts a sentence in their place. */
const MOVED = [
  [FileMigrateError, "FILE"],
  [NetworkMigrateError, "NETWORK"],
  [PhoneMigrateError, "PHONE"],
  [UserMigrateError, "USER"],
] as const;

/** The parts of an `rpc_error` as GramJS rejects with it, or undefined for any other thrown value. */
export function readRpcError(thrown: unknown): z.infer<typeof rpcErrorShape> | undefined {
  const parsed = rpcErrorShape.safeParse(thrown);
  if (!parsed.success) return undefined;
  for (const [type, what] of MOVED) {
    if (thrown instanceof type) return { ...parsed.data, errorMessage: `${what}_MIGRATE_${thrown.newDc}` };
  }
  return parsed.data;
}

/**
 * Trusts one more RSA key for the key exchange: a test data centre's. Its fingerprint is the low 64 bits of the SHA-1 of
 * its TL form (https://core.telegram.org/mtproto/auth_key#42-rsa-paddata-server-public-key-mentioned-above-is-implemented-as-follows).
 * @param pem an RSA public key
 */
export function trustServerKey(pem: string): void {
  const { n, e } = z.object({ n: z.string(), e: z.string() }).parse(createPublicKey(pem).export({ format: "jwk" }));
  const [modulus, exponent] = [Buffer.from(n, "base64url"), Buffer.from(e, "base64url")];
  const digest = createHash("sha1").update(tlBytes(modulus)).update(tlBytes(exponent)).digest();
  _serverKeys.set(digest.readBigInt64LE(12).toString(), {
    n: bigInt(modulus.toString("hex"), 16),
    e: exponent.readUIntBE(0, exponent.length),
  });
}

/** TL `bytes`: a length, the bytes, padding to four (https://core.telegram.org/mtproto/serialize#base-types). */
function tlBytes(bytes: Buffer): Buffer {
  const head = bytes.length < 254 ? Buffer.of(bytes.length) : Buffer.of(254, bytes.length & 255, bytes.length >> 8, 0);
  const padding = (4 - ((head.length + bytes.length) % 4)) % 4;
  return Buffer.concat([head, bytes, Buffer.alloc(padding)]);
}
