/**
 * A wire between nginx and the product that shows what passes.
 * @module
 */

/** Something that went back to nginx, and when by `performance.now()`. */
export interface Passed {
  readonly at: number;
  readonly text: string;
}

/** A tap. Disposing closes it and all that goes through it. */
export interface Tap extends AsyncDisposable {
  readonly port: number;
  /** What each connection has brought to the product so far. */
  readonly requests: () => readonly string[];
  readonly answers: readonly Passed[];
}

/**
 * Listens on a loopback address and hands everything on.
 * @param target the product's port
 */
export function startTap(target: number, hostname = "127.0.0.1", port = 0): Tap {
  const listener = Deno.listen({ hostname, port });
  const requests: { text: string }[] = [];
  const answers: Passed[] = [];
  const open = new Set<Deno.TcpConn>();

  const pass = async (from: Deno.TcpConn, to: Deno.TcpConn, see: (text: string) => void): Promise<void> => {
    const [decoder, buffer, writer] = [new TextDecoder(), new Uint8Array(1 << 16), to.writable.getWriter()];
    for (;;) {
      const read = await from.read(buffer);
      if (read === null) return await writer.close();
      see(decoder.decode(buffer.subarray(0, read), { stream: true }));
      await writer.write(buffer.slice(0, read));
    }
  };
  const serve = async (client: Deno.TcpConn): Promise<void> => {
    const request = { text: "" };
    requests.push(request);
    const product = await Deno.connect({ hostname: "127.0.0.1", port: target });
    open.add(client).add(product);
    const close = (): void => {
      for (const connection of [client, product]) {
        if (open.delete(connection)) connection.close();
      }
    };
    const forth = pass(client, product, (text) => void (request.text += text));
    const back = pass(product, client, (text) => void answers.push({ at: performance.now(), text }));
    // Whoever goes first takes the other one along, as a process that ends does.
    await Promise.race([forth, back]).catch(ignoreBroken);
    close();
    await Promise.allSettled([forth, back]);
  };
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const client of listener) {
      client.setNoDelay();
      serving.push(serve(client).catch(ignoreBroken));
    }
  })();
  return {
    port: listener.addr.port,
    requests: () => requests.map(({ text }) => text),
    answers,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const connection of open) connection.close();
      open.clear();
      await accepting;
      await Promise.all(serving);
    },
  };
}

/** Connections end as they like; what they carried is what counts. */
function ignoreBroken(error: unknown): void {
  const expected = [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionRefused,
    Deno.errors.ConnectionReset,
    Deno.errors.Interrupted,
    TypeError,
  ];
  if (!expected.some((type) => error instanceof type)) throw error;
}
