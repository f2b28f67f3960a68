/**
 * A stretch of bad road between the product and the sandbox: a TCP relay that counts, splits, withholds and cuts.
 * @module
 */

/** What a relay does with a chunk from the server: the chunks to pass on. */
export type Shape = (chunk: Uint8Array) => Iterable<Uint8Array>;

/** A relay that is listening on the loopback. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Bytes that clients have sent, as they came. */
  readonly sent: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Clients connected now. */
  readonly open: number;
  /** From now on nothing passes in either direction; connections stay open. */
  mute(): void;
  /** Cuts every connection. */
  cut(): void;
  /** Sends bytes to every client, as if the server had. */
  inject(bytes: Uint8Array): Promise<void>;
}

/** Starts one in front of `target`, a port of the loopback; without a target it only accepts. */
export function startRelay(target: number | undefined, shape: Shape = (chunk) => [chunk]): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const clients = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();
  let [sent, accepted, muted] = [0, 0, false];

  const end = (...conns: readonly (Deno.TcpConn | undefined)[]): void => {
    for (const conn of conns) if (conn !== undefined && open.delete(conn)) conn.close();
  };
  const pump = async (from: Deno.TcpConn, pass: (chunk: Uint8Array) => Promise<void>): Promise<void> => {
    const buffer = new Uint8Array(1 << 16);
    for (let count; (count = await from.read(buffer)) !== null;) await pass(buffer.slice(0, count));
  };
  const serve = async (client: Deno.TcpConn): Promise<void> => {
    client.setNoDelay(true);
    open.add(client);
    clients.add(client);
    const server = target === undefined ? undefined : await Deno.connect({ hostname: "127.0.0.1", port: target });
    if (server !== undefined) open.add(server);
    const up = pump(client, async (chunk) => {
      sent += chunk.length;
      if (!muted && server !== undefined) await writeAll(server, chunk);
    });
    const down = server === undefined ? up : pump(server, async (chunk) => {
      for (const part of shape(chunk)) if (!muted) await writeAll(client, part);
    });
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
    mute: () => void (muted = true),
    cut: () => end(...open),
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
