/**
 * A stretch of bad road between the product and the sandbox: a TCP relay that counts, splits, withholds and cuts.
 * @module
 */

/** What a relay does with a chunk: the chunks to pass on. */
export type Shape = (chunk: Uint8Array) => Iterable<Uint8Array>;

/** `up` is from the client to the server. */
export type Direction = "up" | "down";

/** What comes in one piece goes on byte by byte. */
export function* byteByByte(chunk: Uint8Array): Iterable<Uint8Array> {
  for (let i = 0; i < chunk.length; i++) yield chunk.subarray(i, i + 1);
}

/** A relay that is listening on the loopback. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Bytes that clients have sent, as they came. */
  readonly sent: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Clients connected now. */
  readonly open: number;
  /** From now on nothing passes in one direction, or in both; connections stay open. */
  mute(direction?: Direction): void;
  /** From now on what passes in one direction does so in this way. */
  shape(direction: Direction, shape: Shape): void;
  /** From now on everything passes as it comes again. */
  heal(): void;
  /** Cuts every connection. */
  cut(): void;
  /** Cuts every connection, and new ones at once, until it is told where the server is now. */
  leave(): void;
  lead(target: number): void;
  /** Sends bytes to every client, as if the server had. */
  inject(bytes: Uint8Array): Promise<void>;
}

const asItCame: Shape = (chunk) => [chunk];

/** Starts one in front of `target`, a port of the loopback; without a target it only accepts. */
export function startRelay(target: number | undefined): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const clients = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();
  const shapes: Record<Direction, Shape> = { up: asItCame, down: asItCame };
  let [sent, accepted, away] = [0, 0, false];

  const end = (...conns: readonly (Deno.TcpConn | undefined)[]): void => {
    for (const conn of conns) if (conn !== undefined && open.delete(conn)) conn.close();
  };
  const pump = async (from: Deno.TcpConn, to: Deno.TcpConn | undefined, direction: Direction): Promise<void> => {
    const buffer = new Uint8Array(1 << 16);
    for (let count; (count = await from.read(buffer)) !== null;) {
      if (direction === "up") sent += count;
      if (to === undefined) continue;
      for (const part of shapes[direction](buffer.slice(0, count))) await writeAll(to, part);
    }
  };
  const serve = async (client: Deno.TcpConn): Promise<void> => {
    client.setNoDelay(true);
    if (away) return client.close();
    open.add(client);
    clients.add(client);
    const server = target === undefined ? undefined : await Deno.connect({ hostname: "127.0.0.1", port: target });
    if (server !== undefined) open.add(server);
    server?.setNoDelay(true);
    const up = pump(client, server, "up");
    const down = server === undefined ? up : pump(server, client, "down");
    await Promise.race([up, down].map((direction) => direction.catch(ignoreGone)));
    end(client, server);
    clients.delete(client);
    await Promise.all([up, down].map((direction) => direction.catch(ignoreGone)));
  };
  const accepting = (async (): Promise<void> => {
    for await (const client of listener) {
      accepted++;
      const served = serve(client).catch(ignoreGone).finally(() => running.delete(served));
      running.add(served);
    }
  })();
  return {
    port: listener.addr.port,
    get sent(): number {
      return sent;
    },
    get accepted(): number {
      return accepted;
    },
    get open(): number {
      return clients.size;
    },
    mute: (direction) => {
      for (const each of direction === undefined ? ["up", "down"] as const : [direction]) shapes[each] = () => [];
    },
    shape: (direction, shape) => void (shapes[direction] = shape),
    heal: () => void Object.assign(shapes, { up: asItCame, down: asItCame }),
    cut: () => end(...open),
    leave: () => {
      away = true;
      end(...open);
    },
    lead: (port) => {
      away = false;
      target = port;
    },
    inject: async (bytes) => void await Promise.all([...clients].map((client) => writeAll(client, bytes))),
    [Symbol.asyncDispose]: async () => {
      listener.close();
      end(...open);
      await accepting;
      await Promise.all(running);
    },
  };
}

async function writeAll(conn: Deno.TcpConn, data: Uint8Array): Promise<void> {
  for (let offset = 0; offset < data.length;) offset += await conn.write(data.subarray(offset));
}

function ignoreGone(error: unknown): void {
  const expected = [
    Deno.errors.BadResource,
    Deno.errors.Interrupted,
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionRefused,
    Deno.errors.BrokenPipe,
    Deno.errors.NotConnected,
  ];
  if (!expected.some((type) => error instanceof type)) throw error;
}
