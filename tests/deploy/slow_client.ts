/**
 * A client over TLS that says no more than a test makes it say.
 * @module
 */
import assert from "node:assert/strict";
import { until } from "../cli/command.ts";
import type { Nginx } from "./nginx.ts";

/** Seconds: the times that nginx has of itself are longer than this. */
const BOUND = 20;

/** A connection over TLS that says what a test makes it say. */
export async function speak(nginx: Nginx, protocol: "http/1.1" | "h2"): Promise<Deno.TlsConn> {
  const connection = await Deno.connectTls({
    hostname: "localhost",
    port: nginx.port,
    caCerts: [nginx.certificate],
    alpnProtocols: [protocol],
  });
  assert.equal((await connection.handshake()).alpnProtocol, protocol);
  if (protocol === "h2") await connection.write(bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(4, 0, 0, "")));
  return connection;
}

/** Texts and bytes in a row. */
export function bytes(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    parts.flatMap((part) => [...(typeof part === "string" ? new TextEncoder().encode(part) : part)]),
  );
}

/** A frame of HTTP/2, or as much of one as there is of its payload. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: string | Uint8Array,
  length?: number,
): Uint8Array {
  const size = length ?? bytes(payload).length;
  return bytes(new Uint8Array([0, size >> 8, size & 255, type, flags, 0, 0, 0, stream]), payload);
}

/**
 * The head of a request over HTTP/2.
 * @param method where it is in HPACK's own table
 */
function headOf(method: number, path: string, isWhole: boolean): Uint8Array {
  const fields = [[method, 0x87, 0x04, path.length], [0x01, "localhost".length]].map((each) => new Uint8Array(each));
  return frame(1, isWhole ? 5 : 4, 1, bytes(fields[0] ?? "", path, fields[1] ?? "", "localhost"));
}
const GET = headOf(0x82, "/nowhere", true);
/** A POST to `/media/a` over HTTP/2 whose body is to come. */
export const POST = headOf(0x83, "/media/a", false);

/** Takes what still comes; returns once nginx has let the connection go. */
export async function end(connection: Deno.TlsConn, what: string): Promise<void> {
  let isOver = false;
  const reading = (async () => {
    const buffer = new Uint8Array(1 << 14);
    while (await connection.read(buffer) !== null);
  })();
  reading.then(() => isOver = true, (error) => {
    isOver = error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof;
  });
  await until(() => isOver, what, BOUND);
}

/** A connection on which one request has been answered, and which waits for another one. */
export async function used(nginx: Nginx, protocol: "http/1.1" | "h2"): Promise<Deno.TlsConn> {
  const connection = await speak(nginx, protocol);
  await connection.write(protocol === "h2" ? GET : bytes("GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  let text = "";
  const buffer = new Uint8Array(1 << 14);
  for (const decoder = new TextDecoder(); !text.endsWith("}");) {
    const read = await connection.read(buffer);
    assert.ok(read !== null, text);
    text += decoder.decode(buffer.subarray(0, read));
  }
  assert.match(text, /"NOT_FOUND"/);
  return connection;
}
