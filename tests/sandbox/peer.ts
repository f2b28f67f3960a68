/** A client without a library around it: it frames packets itself, and leaves keys and envelopes to GramJS's own classes. */
import bigInt from "big-integer";
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { z } from "zod";
import {
  Api,
  AuthKey,
  doAuthentication,
  Logger,
  LogLevel,
  MTProtoPlainSender,
  MTProtoState,
} from "../../sandbox/tl.ts";
import { trustSandbox } from "./client.ts";

export const framings = ["abridged", "intermediate", "padded intermediate", "full"] as const;
export type FramingName = typeof framings[number];

export interface PeerOptions {
  readonly framing?: FramingName;
  readonly obfuscated?: boolean;
  /** How many bytes go into one write. */
  readonly portion?: number;
  /** Whether a message that comes twice is refused. */
  readonly securityChecks?: boolean;
}

/** A message of the server as GramJS's state reads it. */
export interface Received {
  readonly msgId: bigint;
  readonly obj: unknown;
}

const log = new Logger(LogLevel.NONE);
const tags: Record<FramingName, string> = {
  abridged: "efefefef",
  intermediate: "eeeeeeee",
  "padded intermediate": "dddddddd",
  full: "",
};

/** Reads what there is; `null` at the end, however it came. A server that keeps silent for 5 s has failed its test. */
export async function readSome(conn: Deno.TcpConn, chunk: Uint8Array): Promise<number | null> {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => silence.reject(new Error("the server keeps silent")), 5000);
  try {
    return await Promise.race([conn.read(chunk), silence.promise]);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return null;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** One connection. */
export class Peer implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #options: Required<PeerOptions>;
  #sent = 0;
  #pending = Buffer.alloc(0);
  #encrypt = (data: Buffer): Buffer => data;
  #decrypt = (data: Buffer): Buffer => data;
  #finish = (): void => {};
  state = new MTProtoState(new AuthKey(), log, true);
  #lastId = 0n;

  private constructor(conn: Deno.TcpConn, options: PeerOptions) {
    this.#conn = conn;
    this.#options = { framing: "abridged", obfuscated: false, portion: 1 << 16, securityChecks: true, ...options };
  }

  static async connect(port: number, options: PeerOptions = {}): Promise<Peer> {
    const peer = new Peer(await Deno.connect({ hostname: "127.0.0.1", port }), options);
    await peer.write(peer.#header());
    return peer;
  }

  #header(): Buffer {
    const { framing, obfuscated } = this.#options;
    const tag = Buffer.from(tags[framing], "hex");
    if (!obfuscated) return framing === "abridged" ? tag.subarray(0, 1) : tag;
    const header = randomBytes(64);
    header[0] = 1;
    header[4] = 1;
    tag.copy(header, 56);
    const back = Buffer.from(header.subarray(8, 56)).reverse();
    const outgoing = createCipheriv("aes-256-ctr", header.subarray(8, 40), header.subarray(40, 56));
    const incoming = createDecipheriv("aes-256-ctr", back.subarray(0, 32), back.subarray(32));
    const encrypted = outgoing.update(header);
    this.#encrypt = (data) => outgoing.update(data);
    this.#decrypt = (data) => incoming.update(data);
    this.#finish = (): void => {
      outgoing.final();
      incoming.final();
    };
    return Buffer.concat([header.subarray(0, 56), encrypted.subarray(56)]);
  }

  /** Writes bytes as they are. */
  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += this.#options.portion) {
      const part = data.subarray(at, at + this.#options.portion);
      if (await this.#conn.write(part) !== part.length) throw new Error("a short write");
    }
  }

  /** Sends a packet. */
  async send(packet: Buffer): Promise<void> {
    await this.write(this.#encrypt(this.#frame(packet)));
  }

  #frame(packet: Buffer): Buffer {
    const { framing } = this.#options;
    if (framing === "abridged") {
      const words = packet.length / 4;
      return Buffer.concat([Buffer.from(words < 127 ? [words] : [127, words & 255, words >> 8, words >> 16]), packet]);
    }
    if (framing === "full") {
      const content = Buffer.concat([int(packet.length + 12), int(this.#sent++), packet]);
      return Buffer.concat([content, int(crc32(content))]);
    }
    const padding = framing === "intermediate" ? Buffer.alloc(0) : randomBytes(7);
    return Buffer.concat([int(packet.length + padding.length), packet, padding]);
  }

  /** The next packet; `undefined` when the server has closed the connection. */
  async receive(): Promise<Buffer | undefined> {
    const { framing } = this.#options;
    if (framing === "abridged") {
      const first = (await this.#read(1))?.[0];
      if (first === undefined) return undefined;
      return await this.#read(4 * (first < 127 ? first : (await this.#read(3) ?? Buffer.alloc(3)).readUIntLE(0, 3)));
    }
    const head = await this.#read(4);
    if (head === undefined) return undefined;
    const length = head.readUInt32LE();
    if (framing !== "full") {
      const packet = await this.#read(length);
      return packet?.subarray(0, length - length % 4);
    }
    const rest = await this.#read(length - 4) ?? Buffer.alloc(0);
    const content = Buffer.concat([head, rest.subarray(0, -4)]);
    if (crc32(content) !== rest.readUInt32LE(rest.length - 4)) throw new Error("wrong checksum");
    return content.subarray(8);
  }

  async #read(length: number): Promise<Buffer | undefined> {
    while (this.#pending.length < length) {
      const chunk = new Uint8Array(1 << 16);
      const got = await readSome(this.#conn, chunk);
      if (got === null) return undefined;
      this.#pending = Buffer.concat([this.#pending, this.#decrypt(Buffer.from(chunk.subarray(0, got)))]);
    }
    const data = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return data;
  }

  /** Sends an unencrypted request; the answer. */
  async plain(request: Buffer): Promise<Buffer | undefined> {
    await this.send(Buffer.concat([Buffer.alloc(8), long(this.nextId()), int(request.length), request]));
    return (await this.receive())?.subarray(20);
  }

  /** Agrees on a key, by GramJS's own exchange; its bytes. */
  async authenticate(): Promise<Buffer> {
    trustSandbox();
    const connection = { send: (packet: Buffer) => this.send(packet), recv: () => this.receive() };
    const { authKey } = await agree(new MTProtoPlainSender(connection, log));
    this.useKey(authKey);
    return authKey.getKey() ?? Buffer.alloc(0);
  }

  /** Uses a key agreed on before. */
  useKey(authKey: AuthKey): void {
    this.state = new MTProtoState(authKey, log, this.#options.securityChecks);
  }

  /** An id for a message of this client, at the given age. @param ago seconds */
  nextId(ago = 0): bigint {
    const now = BigInt(Math.floor(Date.now() / 1000 - ago)) << 32n;
    this.#lastId = now > this.#lastId || ago !== 0 ? now : this.#lastId + 4n;
    return this.#lastId;
  }

  /** Sends a message in an envelope; its id. */
  async sendMessage(body: Buffer, id: bigint = this.nextId()): Promise<bigint> {
    await this.send(await this.state.encryptMessageData(inner(id, body)));
    return id;
  }

  /** The next message of the server. */
  async receiveMessage(): Promise<Received | undefined> {
    const packet = await this.receive();
    if (packet === undefined) return undefined;
    const { msgId, obj } = await this.state.decryptMessageData(packet);
    return { msgId: BigInt(msgId.toString()), obj: await obj };
  }

  /** Reads on to the first message that `pick` takes; throws when the connection ends. */
  async until<T>(pick: (received: Received) => T | undefined): Promise<T> {
    for (;;) {
      const received = await this.receiveMessage();
      if (received === undefined) throw new Error("the connection has ended");
      const picked = pick(received);
      if (picked !== undefined) return picked;
    }
  }

  /** Takes over the server's salt, as any client begins. */
  async start(): Promise<void> {
    await this.sendMessage(ping(0n));
    const salt = await this.until(({ obj }) => obj instanceof Api.BadServerSalt ? obj.newServerSalt : undefined);
    this.state.salt = salt;
  }

  [Symbol.dispose](): void {
    this.#finish();
    this.#conn.close();
  }
}

const Result = z.object({
  CONSTRUCTOR_ID: z.literal(0xf35c6d01),
  reqMsgId: z.unknown().transform(String),
  body: z.instanceof(Buffer).nullish(),
  error: z.unknown(),
});
/** An `rpc_result`, whose class hides what it holds. */
export type Result = z.infer<typeof Result>;

/** The message as a result, of request `id` if one is given. */
export function asResult({ obj }: { obj: unknown }, id?: bigint): Result | undefined {
  const { data } = Result.safeParse(obj);
  return data !== undefined && (id === undefined || data.reqMsgId === String(id)) ? data : undefined;
}

const Container = z.object({
  CONSTRUCTOR_ID: z.literal(0x73f1f8dc),
  messages: z.array(z.object({ obj: z.unknown() })),
});

/** The messages of a container. */
export function asContainer({ obj }: Received): { obj?: unknown }[] | undefined {
  return Container.safeParse(obj).data?.messages;
}

/** A connection with a key of its own and the right salt. */
export async function connectPeer(port: number, options: PeerOptions = {}): Promise<Peer> {
  const peer = await Peer.connect(port, options);
  await peer.authenticate();
  await peer.start();
  return peer;
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

export function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

/** A message as envelopes and containers hold it. */
export function inner(id: bigint, body: Buffer, seqNo = 1): Buffer {
  return Buffer.concat([long(id), int(seqNo), int(body.length), body]);
}

export function container(...messages: Buffer[]): Buffer {
  return Buffer.concat([int(0x73f1f8dc), int(messages.length), ...messages]);
}

export function ping(id: bigint): Buffer {
  return new Api.Ping({ pingId: bigInt(id.toString()) }).getBytes();
}

/** GramJS drops the leading zeros of a shared key, so that one exchange in 256 fails. */
async function agree(sender: MTProtoPlainSender, attempts = 3): ReturnType<typeof doAuthentication> {
  try {
    return await doAuthentication(sender, log);
  } catch (error) {
    if (attempts === 1) throw error;
    return await agree(sender, attempts - 1);
  }
}
