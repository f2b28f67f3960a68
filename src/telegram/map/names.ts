/**
 * Names of TL constructors as `message/1` spells them.
 * @module
 */

/** A constructor's name, its prefix taken off, in snake case: `SetMessagesTTL` is `set_messages_ttl`. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
}
