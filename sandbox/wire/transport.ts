/**
 * MTProto's TCP transports, recognised by a connection's first bytes: https://core.telegram.org/mtproto/mtproto-transports.
 * @module
 */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { abridged, type Framing, full, intermediate } from "./framing.ts";
import { WireError } from "./bytes.ts";

const ABRIDGED = 0xefefefef;
const INTERMEDIATE = 0xeeeeeeee;
const PADDED = 0xdddddddd;

/** No obfuscated header may begin with these, so that nobody takes it for HTTP or TLS. */
const FOREIGN = new Set(["HEAD", "POST", "GET ", "OPTI", "\x16\x03\x01\x02"]);

/** One connection's transport. */
export interface Transport {
  /** What was recognised, `obfuscated abridged` for one; absent until enough bytes have come. */
  readonly name: string | undefined;
  /** Takes bytes in whatever portions they come; returns the packets they complete. Throws {@link WireError}. */
  push(chunk: Uint8Array): Buffer[];
  /** A packet as it goes over the wire. */
  encode(packet: Uint8Array): Buffer;
  /** Frees the ciphers. */
  close(): void;
}

interface Recognised {
  readonly name: string;
  readonly framing: Framing;
  /** What came after the transport's own header. */
  readonly rest: Buffer;
  readonly obfuscation?: Obfuscation;
}

interface Obfuscation {
  decrypt(chunk: Uint8Array): Buffer;
  encrypt(chunk: Uint8Array): Buffer;
  close(): void;
}

/**
 * A transport for a connection that has just been accepted.
 * @param options.maxLength the longest packet that is accepted, in bytes
 */
export function createTransport(options: { maxLength?: number } = {}): Transport {
  const { maxLength = 1 << 20 } = options;
  let pending: Buffer = Buffer.alloc(0);
  let recognised: Recognised | undefined;
  return {
    get name(): string | undefined {
      return recognised?.name;
    },
    push(chunk: Uint8Array): Buffer[] {
      pending = Buffer.concat([pending, recognised?.obfuscation?.decrypt(chunk) ?? chunk]);
      if (recognised === undefined) {
        recognised = recognise(pending, maxLength);
        if (recognised === undefined) return [];
        pending = recognised.rest;
      }
      const packets: Buffer[] = [];
      for (;;) {
        const frame = recognised.framing.read(pending);
        if (frame === undefined) return packets;
        packets.push(frame.packet);
        pending = pending.subarray(frame.size);
      }
    },
    encode(packet: Uint8Array): Buffer {
      if (recognised === undefined) throw new WireError("no transport yet");
      const framed = recognised.framing.write(packet);
      return recognised.obfuscation?.encrypt(framed) ?? framed;
    },
    close: () => recognised?.obfuscation?.close(),
  };
}

function recognise(head: Buffer, maxLength: number): Recognised | undefined {
  if (head[0] === 0xef) return { name: "abridged", framing: abridged(maxLength), rest: head.subarray(1) };
  if (head.length < 4) return undefined;
  const open = byTag(head.readUInt32LE(), maxLength);
  if (open !== undefined) return { ...open, rest: head.subarray(4) };
  if (FOREIGN.has(head.toString("latin1", 0, 4))) throw new WireError("not MTProto");
  if (head.length < 8) return undefined;
  if (head.readUInt32LE(4) === 0) return { name: "full", framing: full(maxLength), rest: head };
  if (head.length < 64) return undefined;
  const { tag, ...obfuscation } = obfuscated(head.subarray(0, 64));
  const inner = byTag(tag, maxLength);
  if (inner === undefined) {
    obfuscation.close();
    throw new WireError("unknown transport");
  }
  return {
    name: `obfuscated ${inner.name}`,
    framing: inner.framing,
    rest: obfuscation.decrypt(head.subarray(64)),
    obfuscation,
  };
}

function byTag(tag: number, maxLength: number): { name: string; framing: Framing } | undefined {
  if (tag === ABRIDGED) return { name: "abridged", framing: abridged(maxLength) };
  if (tag === INTERMEDIATE) return { name: "intermediate", framing: intermediate(maxLength, false) };
  if (tag === PADDED) return { name: "padded intermediate", framing: intermediate(maxLength, true) };
  return undefined;
}

/** Transport obfuscation: both directions' AES-CTR keys are in the header, that of the answers reversed. */
function obfuscated(header: Buffer): Obfuscation & { tag: number } {
  const reversed = Buffer.from(header.subarray(8, 56)).reverse();
  const incoming = createDecipheriv("aes-256-ctr", header.subarray(8, 40), header.subarray(40, 56));
  const outgoing = createCipheriv("aes-256-ctr", reversed.subarray(0, 32), reversed.subarray(32, 48));
  return {
    tag: incoming.update(header).readUInt32LE(56),
    decrypt: (chunk) => incoming.update(chunk),
    encrypt: (chunk) => outgoing.update(chunk),
    close(): void {
      incoming.final();
      outgoing.final();
    },
  };
}
