/**
 * Revokes a key in a process of its own: `deno run -A revoke.ts DIRECTORY ID`.
 * @module
 */
import { createKeyStore } from "../../src/auth/keys.ts";
import { openDataDirectory } from "../../src/storage/open.ts";

const [directory = "", id = ""] = Deno.args;
using db = openDataDirectory(directory);
if (!createKeyStore(db, "default").revoke(id)) throw new Error("there is no such key");
