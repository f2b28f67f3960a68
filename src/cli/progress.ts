/**
 * How far a long command is, on standard error: a bar on a terminal, a line now and then elsewhere.
 * @module
 */
// @ts-types="@types/cli-progress"
import { SingleBar } from "cli-progress";
import { writeToStderr } from "../observability/output.ts";

/** Shows progress. */
export interface Progress {
  start(state: { readonly done: number; readonly total?: number | undefined }): void;
  add(count: number): void;
  /** A sentence above the progress. */
  note(text: string): void;
  finish(where: string): void;
  stop(): void;
}

const LINE_EVERY_MS = 5000;

/**
 * Progress on standard error.
 * @param options.now milliseconds
 */
export function createProgress(
  options: {
    readonly now?: () => number;
    readonly terminal?: boolean;
    readonly write?: (text: string) => void;
  } = {},
): Progress {
  const { now = Date.now, terminal = Deno.stderr.isTerminal(), write = writeToStderr } = options;
  let bar: SingleBar | undefined;
  let [done, earlier, startedAt, saidAt] = [0, 0, now(), now()];
  let total: number | undefined;
  const rate = (): number => (done - earlier) / Math.max((now() - startedAt) / 1000, 0.001);
  const status = (): string => {
    const left = total === undefined || rate() === 0 ? "" : `, ${duration((total - done) / rate())} left`;
    const of = total === undefined ? "" : ` of ${total}`;
    return `${done}${of} messages, ${Math.round(rate())}/s${left}`;
  };
  const draw = (): void => bar?.start(total ?? 0, done, { status: status() });
  return {
    start: (state) => {
      ({ done, total } = { total: undefined, ...state });
      earlier = done;
      startedAt = saidAt = now();
      if (!terminal) return;
      const format = total === undefined ? "{status}" : "{bar} {status}";
      bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, gracefulExit: false });
      draw();
    },
    add: (count) => {
      done += count;
      if (bar !== undefined) return bar.update(done, { status: status() });
      if (now() - saidAt < LINE_EVERY_MS) return;
      saidAt = now();
      write(`${status()}\n`);
    },
    note: (text) => {
      bar?.stop();
      write(`${text}\n`);
      draw();
    },
    finish: (where) => {
      bar?.stop();
      bar = undefined;
      write(`${done} messages in ${where}, ${Math.round(rate())}/s\n`);
    },
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
