/**
 * A TCP socket in the shape that GramJS reads from.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socks5Proxy } from "../config/formats.ts";
import { connectThrough, writeAll } from "./socks5.ts";

/** What GramJS's connection calls on its socket. */
export interface GramSocket {
  connect(port: number, hostname: string): Promise<unknown>;
  readExactly(count: number): Promise<Buffer>;
  read(count: number): Promise<Buffer>;
  readAll(): Promise<Buffer>;
  write(data: Buffer): void;
  close(): Promise<void>;
}

/** In bytes; no packet is longer (https://core.telegram.org/mtproto/mtproto-transports), so what claims to be is none. */
const LONGEST_PACKET = 1 << 24;

/**
 * A socket class for one connection, on `Deno.connect` with Nagle's algorithm off (small requests in a row stall with it).
 * @param signal aborts connecting
 * @param proxy what is connected through, if anything
 */
export function socketFor(signal: AbortSignal, proxy?: Socks5Proxy): new () => GramSocket {
  return class {
    #connection: Deno.TcpConn | undefined;
    #closed = false;
    #chunks: Buffer[] = [];
    #available = 0;
    #writing: Promise<void> = Promise.resolve();

    async connect(port: number, hostname: string): Promise<unknown> {
      const connection = proxy === undefined
        ? await Deno.connect({ hostname, port, signal })
        : await connectThrough(proxy, { host: hostname, port }, signal);
      if (this.#closed) {
        connection.close();
        throw new Error("the socket was closed while connecting");
      }
      connection.setNoDelay(true);
      this.#connection = connection;
      return this;
    }

    async readExactly(count: number): Promise<Buffer> {
      if (count > LONGEST_PACKET) throw new Error("the server does not speak MTProto");
      while (this.#available < count) await this.#receive();
      return this.#take(count);
    }

    async read(count: number): Promise<Buffer> {
      if (this.#available === 0) await this.#receive();
      return this.#take(Math.min(count, this.#available));
    }

    async readAll(): Promise<Buffer> {
      if (this.#available === 0) await this.#receive();
      return this.#take(this.#available);
    }

    write(data: Buffer): void {
      const connection = this.#open();
      // Closing waits for what is being written, so this must not wait for closing.
      this.#writing = this.#writing.then(() => writeAll(connection, data)).catch(() => void this.close());
    }

    close(): Promise<void> {
      if (!this.#closed) this.#connection?.close();
      this.#closed = true;
      return this.#writing;
    }

    #open(): Deno.TcpConn {
      if (this.#connection === undefined || this.#closed) throw new Error("the socket is closed");
      return this.#connection;
    }

    async #receive(): Promise<void> {
      const chunk = Buffer.allocUnsafe(65_536);
      const count = await this.#open().read(chunk);
      if (count === null) throw new Error("the server closed the connection");
      this.#chunks.push(chunk.subarray(0, count));
      this.#available += count;
    }

    #take(count: number): Buffer {
      const [first] = this.#chunks;
      if (first !== undefined && first.length >= count) {
        this.#chunks[0] = first.subarray(count);
        if (first.length === count) this.#chunks.shift();
        this.#available -= count;
        return first.subarray(0, count);
      }
      const all = Buffer.concat(this.#chunks, this.#available);
      this.#chunks = count < all.length ? [all.subarray(count)] : [];
      this.#available = all.length - count;
      return all.subarray(0, count);
    }
  };
}
