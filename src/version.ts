/**
 * What runs.
 * @module
 */
import project from "../deno.json" with { type: "json" };

/** The program's name, as MCP clients and the command line know it. */
export const NAME = "telegram-toolkit-mcp";
/** The release, from `deno.json`. */
export const VERSION: string = project.version;
/** What stands where compiling puts the commit. */
export const COMMIT_MARK = "@COMMIT@";
/** The commit that a binary was compiled from; undefined when it runs from its sources. */
export const COMMIT: string | undefined = /^[0-9a-f]{7,64}$/.exec(COMMIT_MARK)?.[0];
/** Both, for people. */
export const RELEASE: string = COMMIT === undefined ? VERSION : `${VERSION} (${COMMIT.slice(0, 12)})`;
