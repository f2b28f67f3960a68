/**
 * Standard error, for the log and for people.
 * @module
 */

/**
 * Writes it all at once, so that nothing is lost when the process ends. A reader that has gone takes nothing away from what
 * the program does.
 */
export function writeToStderr(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
