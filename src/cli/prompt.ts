/**
 * Questions to whoever runs a command, on a terminal or through a pipe. Standard output stays free for what is asked for.
 * @module
 */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { AppError } from "../errors.ts";
import { visible } from "../model/visible.ts";
import { writeToStderr } from "../observability/output.ts";
import type { Person } from "../telegram/login.ts";
import type { Interrupt } from "./interrupt.ts";
import { drawQr } from "./qr.ts";

/** A person at a terminal, or whatever writes into the pipe. Disposing leaves the terminal as it was. */
export interface Prompt extends Person, Disposable {}

/**
 * A prompt on standard input and standard error. Input that is no terminal is read line by line, an answer each.
 * @param interrupt what Ctrl-C does, which a terminal does not send while a line is edited
 */
export function createPrompt({ signal, interrupt }: Interrupt): Prompt {
  const terminal = Deno.stdin.isTerminal();
  /** Lines of a pipe that nobody has asked for yet. */
  const early: string[] = [];
  let lines: Interface | undefined;
  let asking: PromiseWithResolvers<string> | undefined;
  let isOver = false;
  let isEchoing = false;
  let rowsOfQr = 0;

  const echo = new Writable({
    write(chunk, _encoding, done): void {
      if (isEchoing) writeToStderr(String(chunk));
      done();
    },
  });
  const open = (): Interface => {
    const opened = createInterface({ input: process.stdin, output: echo, terminal, historySize: 0 });
    opened.on("line", (line) => {
      const asked = asking;
      // More than one line may come before whoever asked goes on.
      asking = undefined;
      if (asked !== undefined) asked.resolve(line);
      // What was typed before the question is no answer to it.
      else if (!terminal) early.push(line);
    });
    opened.on("SIGINT", interrupt);
    opened.on("close", () => {
      isOver = true;
      asking?.reject(ended());
    });
    return opened;
  };
  const next = async (): Promise<string> => {
    const line = early.shift();
    if (line !== undefined) return line;
    if (isOver) throw ended();
    const asked = asking = Promise.withResolvers<string>();
    const onAbort = (): void => asked.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await asked.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };

  return {
    show: (text) => {
      rowsOfQr = 0;
      writeToStderr(`${visible(text)}\n`);
    },
    showQr: async (link) => {
      const picture = await drawQr(link, rowsOfQr);
      writeToStderr(picture.text);
      rowsOfQr = picture.rows;
    },
    ask: async (question, { hidden = false } = {}) => {
      signal.throwIfAborted();
      rowsOfQr = 0;
      lines ??= open();
      if (!terminal) {
        writeToStderr(`${question}\n`);
        return await next();
      }
      isEchoing = true;
      lines.setPrompt(question);
      lines.prompt();
      isEchoing = !hidden;
      try {
        return await next();
      } finally {
        // The end of the line that was not shown, or that nobody has ended.
        if (hidden || signal.aborted || isOver) writeToStderr("\n");
        isEchoing = false;
      }
    },
    [Symbol.dispose]: () => lines?.close(),
  };
}

function ended(): AppError {
  return new AppError("INPUT_VALIDATION", "The input ended before all questions were answered.", {
    hint: "Run the command in a terminal (docker run -it), or pipe every answer into it, a line each.",
  });
}
