/**
 * Inside a process under measurement: what it holds once garbage is collected, asked for by standard input.
 * @module
 */
import { writeAll } from "../../src/observability/output.ts";

/**
 * For each line on standard input runs an action, collects garbage and writes what is left as a line of JSON, the answer of
 * `Deno.memoryUsage`. The process must have been started with `--v8-flags=--expose-gc`.
 */
export async function answerLines(action: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") throw new Error("start with --v8-flags=--expose-gc");
  for await (const _line of Deno.stdin.readable) {
    await action();
    // V8's most thorough collection also gives emptied pages back, which under load it keeps: RSS says then what is held.
    gc({ type: "major", execution: "sync", flavor: "last-resort" });
    writeAll(Deno.stdout, `${JSON.stringify(Deno.memoryUsage())}\n`);
  }
}
