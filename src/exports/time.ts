/**
 * Moments in an export's rows and files.
 * @module
 */

/** Milliseconds since the epoch as RFC 3339 in UTC. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
