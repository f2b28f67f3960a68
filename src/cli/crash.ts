/**
 * How the program ends when something was thrown that nobody caught: with a sentence and a stack, without secrets.
 * @module
 */
import { writeToStderr } from "../observability/output.ts";
import { NAME } from "../version.ts";
import { explain } from "./explain.ts";

const FAILED = 1;

/**
 * From now on, uncaught errors and rejections that nobody handles are printed as `explain` prints them, and end the process with 1.
 * Deno's own words would hold whatever was thrown.
 */
export function endOnCrash(): void {
  const end = (event: Event, thrown: unknown): never => {
    event.preventDefault();
    writeToStderr(`${NAME}: ${explain(thrown)}`);
    Deno.exit(FAILED);
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
}
