/**
 * TCP connections through a SOCKS5 proxy: RFC 1928, with the user names and passwords of RFC 1929.
 *
 * npm `socks` does the same and leaves a timer behind for every connection, which nobody can end.
 * @module
 */
import { Buffer } from "node:buffer";
import { isIPv4, isIPv6 } from "node:net";
import type { Socks5Proxy } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import type { Address } from "./data_centres.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USERNAME_PASSWORD = 2;
const NO_METHOD_ACCEPTED = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN_NAME = 3;
const IPV6 = 4;

/** RFC 1928, section 6. */
const REPLIES: Readonly<Record<number, string>> = {
  1: "general failure",
  2: "not allowed by its rules",
  3: "network unreachable",
  4: "host unreachable",
  5: "connection refused",
  6: "time to live expired",
  7: "command not supported",
  8: "address type not supported",
};

/**
 * Connects to a destination through a proxy. Names are resolved by the proxy.
 * @param signal aborts connecting and closes what is open by then
 * @throws AppError CONNECTION that says what the proxy did, or the reason of the signal
 */
export async function connectThrough(
  proxy: Socks5Proxy,
  destination: Address,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const connection = await dial(proxy, signal);
  const close = (): void => connection.close();
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    connection.setNoDelay(true);
    await authenticate(connection, proxy);
    await request(connection, destination);
    return connection;
  } catch (error) {
    signal.throwIfAborted();
    close();
    throw error instanceof AppError ? error : failure("closes the connection", error);
  } finally {
    signal.removeEventListener("abort", close);
  }
}

async function dial({ host: hostname, port }: Socks5Proxy, signal: AbortSignal): Promise<Deno.TcpConn> {
  try {
    return await Deno.connect({ hostname, port, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw failure("cannot be reached", error);
  }
}

/** RFC 1928, section 3, and RFC 1929. */
async function authenticate(connection: Deno.TcpConn, { username, password }: Socks5Proxy): Promise<void> {
  const methods = username === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_PASSWORD];
  await writeAll(connection, Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method = NO_METHOD_ACCEPTED] = await readExactly(connection, 2);
  if (version !== VERSION) throw failure("does not speak SOCKS5");
  if (method === NO_AUTHENTICATION) return;
  if (method === NO_METHOD_ACCEPTED) {
    throw failure(username === undefined ? "wants a user name and a password" : "takes no user name and password");
  }
  if (method !== USERNAME_PASSWORD || username === undefined) throw failure("does not speak SOCKS5");
  const credentials = [username, password?.reveal() ?? ""].map((text) => prefixed(Buffer.from(text)));
  await writeAll(connection, Buffer.concat([Buffer.of(1), ...credentials]));
  const [, status] = await readExactly(connection, 2);
  if (status !== 0) throw failure("refuses the user name or the password");
}

/** RFC 1928, sections 4 to 6. */
async function request(connection: Deno.TcpConn, { host, port }: Address): Promise<void> {
  const head = Buffer.of(VERSION, CONNECT, 0);
  await writeAll(connection, Buffer.concat([head, addressBytes(host), Buffer.of(port >> 8, port & 0xff)]));
  const [version, reply = 0, , type] = await readExactly(connection, 4);
  if (version !== VERSION) throw failure("does not speak SOCKS5");
  if (reply !== 0) throw failure(`does not connect to Telegram (${REPLIES[reply] ?? `reply ${reply}`})`);
  // Where the proxy connects from is read to be out of the way.
  await readExactly(connection, 2 + await boundLength(connection, type));
}

/** Bytes of an address in a reply. */
async function boundLength(connection: Deno.TcpConn, type: number | undefined): Promise<number> {
  if (type === IPV4) return 4;
  if (type === IPV6) return 16;
  if (type !== DOMAIN_NAME) throw failure("does not speak SOCKS5");
  const [length = 0] = await readExactly(connection, 1);
  return length;
}

function addressBytes(host: string): Buffer {
  if (isIPv4(host)) return Buffer.of(IPV4, ...host.split(".").map(Number));
  if (!isIPv6(host)) return Buffer.concat([Buffer.of(DOMAIN_NAME), prefixed(Buffer.from(host))]);
  // A URL's address has hexadecimal groups alone, zeros left out once at most.
  const [head = [], tail = []] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::")
    .map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const groups = [...head, ...zeros, ...tail].map((group) => parseInt(group, 16));
  return Buffer.of(IPV6, ...groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function prefixed(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

async function readExactly(connection: Deno.TcpConn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count;) {
    const read = await connection.read(bytes.subarray(filled));
    if (read === null) throw failure("closes the connection");
    filled += read;
  }
  return bytes;
}

/** Writes all bytes, in as many pieces as it takes. */
export async function writeAll(connection: Deno.TcpConn, data: Uint8Array): Promise<void> {
  for (let sent = 0; sent < data.length;) sent += await connection.write(data.subarray(sent));
}

function failure(what: string, cause?: unknown): AppError {
  return new AppError("CONNECTION", `The proxy on the way to Telegram (TELEGRAM_PROXY) ${what}.`, {
    hint: "The server's owner must see to TELEGRAM_PROXY and the proxy that it names.",
    cause,
  });
}
