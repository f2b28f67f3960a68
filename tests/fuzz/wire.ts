/**
 * Bytes to a listener and whatever comes back: no HTTP library stands between, so that nothing is mended on the way.
 * Text is bytes here: each character is one.
 * @module
 */
import { Buffer } from "node:buffer";

/** What came back. */
export interface Exchange {
  /**
   * `answered`: a whole answer, or the head of a stream that only listens. `closed`: the server ended the connection without one.
   * `hung`: neither in time.
   */
  readonly ending: "answered" | "closed" | "hung";
  /** Of the last answer; 0 when there was none. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** All that came, heads and bodies, as UTF-8. */
  readonly text: string;
  readonly seconds: number;
}

/** An answer at the beginning of some text. */
interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly isWhole: boolean;
}

/** How long a server may think before its client says that no more will come. */
const PATIENCE_MS = 100;

/**
 * Sends bytes and waits: for one answer to a request of that method or, without a method, for the end of the connection,
 * whose sending side is closed when nothing has come for a moment.
 * @param options.seconds after which it counts as hung
 */
export async function exchange(
  port: number,
  sent: string,
  { method, seconds }: { readonly method?: string | undefined; readonly seconds: number },
): Promise<Exchange> {
  const begun = performance.now();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let received = "";
  let isOver = false;
  let next = Promise.withResolvers<void>();
  const isDone = (): boolean => isOver || (method !== undefined && answerOf(received, method, false)?.isWhole === true);
  const reading = (async (): Promise<void> => {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const count = await connection.read(buffer).catch(() => null);
      if (count === null) break;
      received += Buffer.from(buffer.subarray(0, count)).toString("latin1");
      next.resolve();
      next = Promise.withResolvers();
    }
    isOver = true;
    next.resolve();
  })();
  const timer = createTimer();
  try {
    // A server that refuses does not take the rest.
    const writing = write(connection, sent).catch(() => {});
    if (method === undefined) {
      await Promise.race([Promise.all([writing, next.promise]), timer.after(PATIENCE_MS)]);
      await Promise.race([writing, timer.after(seconds * 1000)]);
      await connection.closeWrite().catch(() => {});
    }
    const deadline = timer.after(seconds * 1000);
    let isLate = false;
    void deadline.then(() => isLate = true);
    while (!isDone() && !isLate) await Promise.race([next.promise, deadline]);
    const answer = method === undefined ? lastOf(received) : answerOf(received, method, isOver);
    const isAnswered = answer !== undefined && (method === undefined ? isOver : answer.isWhole);
    return {
      ending: isAnswered ? "answered" : isOver ? "closed" : "hung",
      status: answer?.status ?? 0,
      headers: answer?.headers ?? new Map(),
      text: Buffer.from(received, "latin1").toString("utf8"),
      seconds: (performance.now() - begun) / 1000,
    };
  } finally {
    timer.stop();
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
    await reading;
  }
}

async function write(connection: Deno.TcpConn, text: string): Promise<void> {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Timers that end together. */
function createTimer(): { after(ms: number): Promise<void>; stop(): void } {
  const running = new Map<ReturnType<typeof setTimeout>, () => void>();
  return {
    after: (ms) =>
      new Promise((resolve) => {
        const id = setTimeout(() => {
          running.delete(id);
          resolve();
        }, ms);
        running.set(id, resolve);
      }),
    stop: () => {
      for (const [id, resolve] of running) {
        clearTimeout(id);
        resolve();
      }
    },
  };
}

/** The answer that some text begins with, those before the final one (100, 103) left out. */
function answerOf(text: string, method: string, isOver: boolean): Answer | undefined {
  const head = readHead(text);
  if (head === undefined) return undefined;
  const { status, headers, rest } = head;
  if (status < 200) return answerOf(rest, method, isOver);
  const answer = { status, headers, body: rest };
  if (method === "HEAD" || status === 204 || status === 304) return { ...answer, isWhole: true };
  if (method === "GET" && headers.get("content-type")?.startsWith("text/event-stream")) {
    return { ...answer, isWhole: true };
  }
  if (headers.get("transfer-encoding") === "chunked") return { ...answer, isWhole: hasLastChunk(rest) };
  const length = headers.get("content-length");
  return { ...answer, isWhole: length === undefined ? isOver : rest.length >= Number(length) };
}

function hasLastChunk(text: string): boolean {
  for (let at = 0;;) {
    const end = text.indexOf("\r\n", at);
    const size = end === -1 ? NaN : parseInt(text.slice(at, end), 16);
    if (Number.isNaN(size)) return false;
    if (size === 0) return text.indexOf("\r\n", end + 2) !== -1;
    at = end + 2 + size + 2;
  }
}

/** The last of answers of which it is not known where they end. */
function lastOf(text: string): Answer | undefined {
  const begun = [...text.matchAll(/HTTP\/1\.[01] \d{3} /g)].at(-1);
  const head = begun && readHead(text.slice(begun.index));
  return head && { status: head.status, headers: head.headers, body: head.rest, isWhole: true };
}

function readHead(
  text: string,
): { readonly status: number; readonly headers: ReadonlyMap<string, string>; readonly rest: string } | undefined {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...fields] = text.slice(0, Math.max(0, end)).split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1];
  if (end === -1 || status === undefined) return undefined;
  const headers = new Map(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(status), headers, rest: text.slice(end + 4) };
}

/** The status of every answer in some text, as far as that can be told. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
}
