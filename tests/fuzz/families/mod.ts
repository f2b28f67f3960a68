/**
 * All families of inputs.
 * @module
 */
import type { Family } from "../family.ts";
import { args } from "./arguments.ts";
import { cursors } from "./cursors.ts";
import { files } from "./files.ts";
import { framing } from "./framing.ts";
import { keys } from "./keys.ts";
import { names } from "./names.ts";
import { rpc } from "./rpc.ts";

/** In the order in which cases take turns. */
export const FAMILIES: readonly Family[] = [framing, rpc, args, names, files, cursors, keys];
