/**
 * Ctrl-C and SIGTERM for commands that end in order.
 * @module
 */
import { AppError } from "../errors.ts";

/** What a command ends with that was interrupted: 128 and SIGINT. */
export const INTERRUPTED = 130;

/** Listens for signals until it is disposed of; the second one ends the process. */
export interface Interrupt extends Disposable {
  /** Aborted by the first one. */
  readonly signal: AbortSignal;
  /** Does what Ctrl-C does, for a terminal that does not send it. */
  interrupt(): void;
}

/** What ends a command in order. */
export const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Starts listening. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  const interrupt = (): void => {
    // Whoever asks twice does not want to wait for what hangs.
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    controller.abort(new AppError("CONNECTION", "Interrupted."));
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, interrupt);
  return {
    signal: controller.signal,
    interrupt,
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) Deno.removeSignalListener(name, interrupt);
    },
  };
}
