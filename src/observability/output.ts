/**
 * Standard output and error, for the log and for people.
 * @module
 */

/**
 * Writes a text all at once, so that nothing is lost when the process ends. A reader that has gone takes nothing away from
 * what the program does.
 */
export function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** {@link writeAll} to standard error. */
export function writeToStderr(text: string): void {
  writeAll(Deno.stderr, text);
}
