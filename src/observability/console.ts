/**
 * What libraries print. GramJS prints what it could not read, which may be a message's text.
 * @module
 */
import { getLogger } from "./log.ts";

const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;

/** From now on, of what is printed by `console` only what kind of thing it was goes to the log. */
export function quietConsole(): void {
  for (const method of METHODS) {
    globalThis.console[method] = (...values: unknown[]): void => {
      getLogger("library").warning("printed", { by: method, what: values.map(kindOf) });
    };
  }
}

/** An error's class and where it was thrown, without its sentence; else the type alone. */
function kindOf(value: unknown): string {
  if (!(value instanceof Error)) return typeof value;
  const at = /^ {4}at .*$/m.exec(value.stack ?? "")?.[0].trim();
  return at === undefined ? value.name : `${value.name} ${at}`;
}
