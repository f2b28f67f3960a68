/**
 * Deno's flags for the product: the least with which a command works. It holds itself to kinds of permission, see
 * `src/cli/permissions.ts`; that it gets no further than its own folders only whoever starts it can say.
 * @module
 */
import { dirname, resolve } from "node:path";

/** What is started, and where. */
export interface Start {
  /** The command and its arguments; none serves. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly cwd: string;
}

/** How to start the product; its script follows. */
export function permissionFlags(start: Start): string[] {
  const [first = "serve"] = start.args;
  const command = first.startsWith("-") ? "serve" : first;
  const flags = ["--no-prompt"];
  if (command === "doctor") {
    // It looks for what keeps a folder that is not there from being made, and at files of secrets.
    return [...flags, "--allow-env", "--allow-net", "--allow-read", "--allow-write", "--allow-sys=uid,statfs"];
  }
  const { read, write } = paths(command, start);
  const files = [...list("read", read), ...list("write", write)];
  if (command === "verify" || command === "render") return [...flags, ...files];
  // These read and write files alone, and ask nobody.
  if (command === "audit" || command === "backup" || command === "restore") return [...flags, "--allow-env", ...files];
  // GramJS enumerates the environment, and where Telegram is and where clients come from nobody knows beforehand.
  return [...flags, "--allow-env", "--allow-net", ...files];
}

function list(kind: "read" | "write", paths: readonly string[]): string[] {
  // A comma ends a path, two are one of its own.
  return paths.length === 0 ? [] : [`--allow-${kind}=${paths.map((path) => path.replaceAll(",", ",,")).join(",")}`];
}

function paths(
  command: string,
  { args, environment, cwd }: Start,
): { readonly read: readonly string[]; readonly write: readonly string[] } {
  const at = (path: string): string => resolve(cwd, path);
  const out = optionOf("--out", args);
  const target = out === undefined || out === "-"
    ? []
    : [command === "render" || isFolder(out) ? at(out) : dirname(at(out))];
  const [, named] = args;
  if (command === "verify") return { read: named === undefined ? ["."] : [at(named)], write: [] };
  if (command === "render") {
    return { read: [...named === undefined ? [] : [dirname(at(named))], ...target], write: target };
  }
  const data = at(dataDirectory(environment));
  if (command === "backup" || command === "restore") {
    // A file is read as it is, and written beside its name first.
    const file = args.slice(1).find((arg) => !arg.startsWith("--"));
    const beside = file === undefined || file === "-" ? [] : [command === "backup" ? dirname(at(file)) : at(file)];
    return { read: [data, ...beside], write: command === "backup" ? [data, ...beside] : [data] };
  }
  const files = Object.entries(environment).flatMap(([name, path]) => name.endsWith("_FILE") && path ? [at(path)] : []);
  return { read: [data, ...files, ...target], write: [data, ...target] };
}

/** As the product finds it; see `src/config/options.ts`. */
function dataDirectory({ DATA_DIR, XDG_STATE_HOME, HOME, USERPROFILE }: Start["environment"]): string {
  if (DATA_DIR?.trim()) return DATA_DIR.trim();
  const state = XDG_STATE_HOME?.startsWith("/") ? XDG_STATE_HOME : `${HOME ?? USERPROFILE}/.local/state`;
  return `${state}/telegram-toolkit-mcp`;
}

function optionOf(name: string, args: readonly string[]): string | undefined {
  const index = args.indexOf(name);
  return index < 0 ? args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) : args[index + 1];
}

function isFolder(path: string): boolean {
  return /[/\\]$/.test(path);
}
