/**
 * A SOCKS5 proxy on the loopback (RFC 1928, RFC 1929) that counts, and misbehaves when told to.
 * @module
 */

/** How a proxy behaves. */
export interface Behaviour {
  /** Asked for when set, `user:password`. */
  readonly credentials?: string;
  /** The reply to every CONNECT in place of connecting. */
  readonly reply?: number;
  /** After how many bytes of answers it goes silent, or cuts the connection; never when absent. */
  readonly silentAfter?: number;
  readonly cutAfter?: number;
  /** What it says to whatever comes first, in place of SOCKS5. */
  readonly greeting?: readonly number[];
  /** Address type and address in its replies, without the port; an IPv4 address when absent. */
  readonly bound?: readonly number[];
}

/** A proxy that is listening. */
export interface Socks5Server extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Connections on which it fell silent so far. */
  readonly silent: number;
  /** Clients connected now. */
  readonly open: number;
  /** Where clients wanted to go, `host:port`, address type included for names and IPv6: `name:…`, `ipv6:…`. */
  readonly destinations: readonly string[];
  /** From now on it behaves so. */
  behave(behaviour: Behaviour): void;
}

/** The client has gone, or is cut off. */
class Gone extends Error {}

/** Starts one; IPv4 destinations are connected to, others answered as if. */
export function startSocks5Server(initial: Behaviour = {}): Socks5Server {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const clients = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();
  const destinations: string[] = [];
  let behaviour = initial;
  let [accepted, silent] = [0, 0];

  const end = (conn: Deno.TcpConn): void => {
    if (open.delete(conn)) conn.close();
  };
  const serve = async (client: Deno.TcpConn): Promise<void> => {
    const { credentials, reply, silentAfter, cutAfter, greeting, bound = [1, 0, 0, 0, 0] } = behaviour;
    let said = 0;
    const read = async (count: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(count);
      for (let filled = 0; filled < count;) {
        const some = await client.read(bytes.subarray(filled));
        if (some === null) throw new Gone();
        filled += some;
      }
      return bytes;
    };
    /** Byte by byte. */
    const say = async (...bytes: readonly number[]): Promise<void> => {
      for (const byte of bytes) {
        if (said === cutAfter) throw new Gone();
        if (said === silentAfter) {
          silent++;
          await read(1 << 16);
        }
        await client.write(Uint8Array.of(byte));
        said++;
      }
    };
    const readText = async (): Promise<string> => new TextDecoder().decode(await read((await read(1))[0] ?? 0));

    const [version, methods = 0] = await read(2);
    const offered = await read(methods);
    if (greeting !== undefined) {
      await say(...greeting);
      return void await read(1 << 16);
    }
    const method = credentials === undefined ? 0 : 2;
    if (version !== 5 || !offered.includes(method)) {
      await say(5, 0xff);
      return void await read(1);
    }
    await say(5, method);
    if (credentials !== undefined) {
      await read(1);
      const isRight = `${await readText()}:${await readText()}` === credentials;
      await say(1, isRight ? 0 : 1);
      if (!isRight) return void await read(1);
    }
    const [, , , type] = await read(4);
    const host = type === 3
      ? `name:${await readText()}`
      : type === 4
      ? `ipv6:${(await read(16)).toHex()}`
      : (await read(4)).join(".");
    const [high = 0, low = 0] = await read(2);
    const port = high << 8 | low;
    destinations.push(`${host}:${port}`);
    const answer = [...bound, 0, 0];
    if (reply !== undefined) {
      await say(5, reply, 0, ...answer);
      return void await read(1);
    }
    if (type !== 1) {
      await say(5, 0, 0, ...answer);
      return void await read(1);
    }
    const server = await Deno.connect({ hostname: host, port });
    open.add(server);
    await say(5, 0, 0, ...answer);
    await Promise.race([pump(client, server), pump(server, client)].map((way) => way.catch(ignoreGone)));
    end(server);
  };
  const accepting = (async (): Promise<void> => {
    for await (const client of listener) {
      accepted++;
      open.add(client);
      clients.add(client);
      const served = serve(client).catch(ignoreGone).finally(() => {
        end(client);
        clients.delete(client);
        running.delete(served);
      });
      running.add(served);
    }
  })();
  return {
    port: listener.addr.port,
    get accepted(): number {
      return accepted;
    },
    get silent(): number {
      return silent;
    },
    get open(): number {
      return clients.size;
    },
    destinations,
    behave: (next) => void (behaviour = next),
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const conn of open) end(conn);
      await accepting;
      await Promise.all(running);
    },
  };
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1 << 16);
  for (let count; (count = await from.read(buffer)) !== null;) {
    for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
  }
}

function ignoreGone(error: unknown): void {
  const { BadResource, Interrupted, ConnectionReset, BrokenPipe, NotConnected } = Deno.errors;
  const expected = [Gone, BadResource, Interrupted, ConnectionReset, BrokenPipe, NotConnected];
  if (!expected.some((type) => error instanceof type)) throw error;
}
