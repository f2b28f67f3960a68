/**
 * What runs.
 * @module
 */
import project from "../deno.json" with { type: "json" };

/** The program's name, as MCP clients and the command line know it. */
export const NAME = "telegram-toolkit-mcp";
/** The release, from `deno.json`. */
export const VERSION: string = project.version;
