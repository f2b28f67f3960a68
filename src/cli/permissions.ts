/**
 * What each command may do of what Deno lets it do (https://docs.deno.com/runtime/fundamentals/security/): a command that was started
 * with more gives the rest up before it does anything.
 * @module
 */

/** A kind of permission. */
export type Permission = Deno.PermissionDescriptor["name"];

/** All kinds. Nothing here starts programs, calls foreign code, or loads modules from elsewhere. */
const ALL: readonly Permission[] = ["run", "ffi", "import", "net", "read", "write", "env", "sys"];

/** Whoever speaks to Telegram or to a running server, and uses the data directory. */
const WITH_ACCOUNT: readonly Permission[] = ["net", "read", "write", "env"];

/** What commands need, by their first word. */
export const NEEDS: Readonly<Record<string, readonly Permission[]>> = {
  serve: WITH_ACCOUNT,
  export: WITH_ACCOUNT,
  login: WITH_ACCOUNT,
  logout: WITH_ACCOUNT,
  whoami: WITH_ACCOUNT,
  keys: WITH_ACCOUNT,
  audit: ["read", "write", "env"],
  backup: ["read", "write", "env"],
  restore: ["read", "write", "env"],
  healthcheck: ["net", "read", "env"],
  // Whose the data directory is, and how much room its disk has.
  doctor: [...WITH_ACCOUNT, "sys"],
  render: ["read", "write"],
  verify: ["read"],
};

/**
 * Gives up, for good, what a command does not need; one that is not in the table needs nothing.
 * @param command its first word
 */
export function giveUp(command: string): void {
  const needed = Object.hasOwn(NEEDS, command) ? NEEDS[command] : [];
  for (const name of ALL) {
    if (!needed?.includes(name)) Deno.permissions.revokeSync({ name });
  }
}
