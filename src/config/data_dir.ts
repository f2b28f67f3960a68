/**
 * The data directory alone, for commands that need no other variable, whatever is wrong with them.
 * @module
 */
import { ConfigError } from "./load.ts";
import type { Lookup } from "./option_types.ts";
import { OPTIONS } from "./options.ts";

/**
 * Where it is.
 * @throws ConfigError when nothing says where
 */
export function readDataDir(env: Lookup = (name) => Deno.env.get(name)): string {
  const { type, default: preset, expects, example } = OPTIONS.DATA_DIR;
  const lookup: Lookup = (name) => env(name)?.trim() || undefined;
  const { data } = type.safeParse(lookup("DATA_DIR") ?? preset({ env: lookup, terminal: false }));
  if (data === undefined) throw new ConfigError([{ name: "DATA_DIR", problem: `expected ${expects}`, example }]);
  return data;
}
