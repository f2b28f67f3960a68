/**
 * curl as a client: it shows what came as it came.
 * @module
 */
import { join } from "node:path";
import { type Nginx, output } from "./nginx.ts";

/** An answer. */
export interface Answer {
  readonly status: number;
  /** `2` or `1.1`. */
  readonly version: string;
  /** Lower-case names and values, in order; one that came twice is here twice. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** Asks nginx, believing its certificate; the path is sent as it is. Throws when there is no answer. */
export async function curl(
  { url, certificate }: Pick<Nginx, "url" | "certificate">,
  path: string,
  args: readonly string[] = [],
): Promise<Answer> {
  const folder = await Deno.makeTempDir();
  try {
    const at = (name: string): string => join(folder, name);
    const [authority, head, body] = [at("authority"), at("head"), at("body")];
    await Deno.writeTextFile(authority, certificate);
    const { code, stderr } = await output("curl", [
      ...["-sS", "--path-as-is", "--globoff", "--max-time", "60", "--cacert", authority, "-D", head, "-o", body],
      ...args,
      `${url}${path}`,
    ]);
    if (code !== 0) throw new Error(`curl ${code}: ${stderr}`);
    const read = async (file: string): Promise<string> => {
      return new TextDecoder().decode(await Deno.readFile(file).catch(() => new Uint8Array()));
    };
    return { ...answerOf(await read(head)), body: await read(body) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The last head, after 100 (Continue) and the like. */
function answerOf(text: string): Omit<Answer, "body"> {
  const [first = "", ...lines] = text.trim().split(/\r?\n\r?\n/).at(-1)?.split(/\r?\n/) ?? [];
  const [, version = "", status = "0"] = /^HTTP\/([\d.]+) (\d+)/.exec(first) ?? [];
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(":");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return { version, status: Number(status), headers };
}

/** All values of a header. */
export function valuesOf({ headers }: Answer, name: string): string[] {
  return headers.filter(([each]) => each === name).map(([, value]) => value);
}
