/**
 * The data centre: listens, and puts together what its connections share.
 * @module
 */
import { Buffer } from "node:buffer";
import { createFaults, type Faults } from "./faults.ts";
import { createJournal, type Journal } from "./journal.ts";
import type { Methods } from "./rpc.ts";
import type { Centre } from "./wire/centre.ts";
import { type Connection, createConnection } from "./wire/connection.ts";
import { createDispatch } from "./wire/dispatch.ts";
import { AWAY_DC, createKeyStore, HOME_DC, type KeyStore } from "./wire/keys.ts";
import { createMessageIds, createSessions } from "./wire/memory.ts";
import { type Address, createCentreMethods } from "./wire/methods.ts";
import { WireError } from "./wire/bytes.ts";
import { SALT_LIFETIME } from "./wire/salts.ts";
import { createTakeouts, type Takeouts } from "./wire/takeouts.ts";

/** How a data centre is set up. */
export interface ServerOptions {
  /** The world's methods. */
  readonly methods: Methods;
  /** The IP address to listen on, which clients are told, too. */
  readonly host?: string;
  /** 0 is any free port. */
  readonly port?: number;
  readonly keys?: KeyStore;
  readonly faults?: Faults;
  readonly journal?: Journal;
  /** The clock of the wire, in Unix seconds with fractions. */
  readonly now?: () => number;
  /** Answers longer than this are packed; in bytes. `Infinity` packs none. */
  readonly gzipAbove?: number;
  /** Takes errors of the sandbox itself; garbage from clients is not among them. */
  readonly report?: (error: unknown) => void;
}

/** A data centre that is listening, and beside it the one where a part of the files lies. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  /** The port of that other one. */
  readonly awayPort: number;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly keys: KeyStore;
  readonly takeouts: Takeouts;
  /** Connections accepted since the start and those open now. */
  readonly connections: { readonly total: number; readonly open: number };
  /** Cuts every connection; returns how many there were. */
  closeConnections(): number;
  /** Sends an `Updates` to the connections of a key, if it has asked for any. */
  push(keyId: string, updates: Uint8Array): void;
  /** From now on no salt that a client may know is valid. */
  rotateSalts(): void;
}

/** Starts listening, on 127.0.0.1 unless told otherwise. */
export function createServer(options: ServerOptions): Server {
  const {
    methods,
    host = "127.0.0.1",
    port = 0,
    now = (): number => Date.now() / 1000,
    keys = createKeyStore({ now: () => Math.floor(now()) }),
    faults = createFaults(),
    journal = createJournal(),
    gzipAbove = 1024,
    report = (error: unknown): void => void Deno.stderr.writeSync(new TextEncoder().encode(`${Deno.inspect(error)}\n`)),
  } = options;
  const home = Deno.listen({ hostname: host, port });
  const away = Deno.listen({ hostname: host, port: 0 });
  const addressOf = (listener: Deno.TcpListener): Address => ({ host, port: listener.addr.port });
  const takeouts = createTakeouts(now);
  const centreMethods = createCentreMethods({
    keys,
    address: addressOf(home),
    away: addressOf(away),
    now: () => Math.floor(now()),
    takeouts,
  });
  const sessions = createSessions();
  const awake = new Set<string>();
  const centre: Centre = {
    dcId: HOME_DC,
    keys,
    dispatch: createDispatch({ methods, centre: centreMethods, takeouts, keys, faults, journal, awake, report }),
    session: sessions.open,
    endSession: sessions.end,
    messageId: createMessageIds(now),
    now,
    gzipAbove,
    saltTime: () => now() + rotated * SALT_LIFETIME,
    containers: () => faults.settings.containers,
    strangers: () => faults.settings.strangers,
    record: (method, key) => journal.record({ method, wrappers: [], keyId: key.id }),
  };

  const open = new Map<Deno.TcpConn, Promise<void>>();
  const connections = new Set<Connection>();
  let total = 0;
  let rotated = 0;
  async function accept(listener: Deno.TcpListener, centre: Centre): Promise<void> {
    for await (const conn of listener) {
      total++;
      open.set(conn, serve(conn, centre, connections, report).finally(() => open.delete(conn)));
    }
  }
  const accepting = [accept(home, centre), accept(away, { ...centre, dcId: AWAY_DC })];
  return {
    port: home.addr.port,
    awayPort: away.addr.port,
    faults,
    journal,
    keys,
    takeouts,
    get connections(): { total: number; open: number } {
      return { total, open: open.size };
    },
    closeConnections(): number {
      for (const conn of open.keys()) end(conn);
      return open.size;
    },
    push(keyId, updates): void {
      if (!awake.has(keyId)) return;
      for (const connection of connections) connection.push(keyId, Buffer.from(updates));
    },
    // The one before the current salt is still honoured.
    rotateSalts: () => void (rotated += 2),
    async [Symbol.asyncDispose](): Promise<void> {
      home.close();
      away.close();
      await Promise.all(accepting);
      const serving = [...open.values()];
      for (const conn of open.keys()) end(conn);
      await Promise.all(serving);
    },
  };
}

/** Serves a connection until either side ends it. */
async function serve(
  conn: Deno.TcpConn,
  centre: Centre,
  connections: Set<Connection>,
  report: (error: unknown) => void,
): Promise<void> {
  conn.setNoDelay(true);
  let written = Promise.resolve();
  let failed = false;
  const connection: Connection = createConnection({
    write(data): void {
      written = written.then(() => failed ? undefined : writeAll(conn, data)).catch(() => {
        // The client has gone: reading ends too.
        failed = true;
      });
    },
    close: () => void written.then(() => end(conn)),
  }, centre);
  connections.add(connection);
  const buffer = new Uint8Array(1 << 16);
  try {
    for (;;) {
      const length = await conn.read(buffer);
      if (length === null) break;
      connection.receive(buffer.slice(0, length));
    }
  } catch (error) {
    if (!(error instanceof WireError) && !isGone(error)) report(error);
  } finally {
    connections.delete(connection);
    connection.closed();
    await written;
    end(conn);
  }
}

async function writeAll(conn: Deno.TcpConn, data: Uint8Array): Promise<void> {
  for (let offset = 0; offset < data.length;) offset += await conn.write(data.subarray(offset));
}

/** Closes a socket that may be closed already. */
function end(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.NotConnected;
}
