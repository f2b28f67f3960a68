/**
 * What the tests leave behind for the look at the whole suite, when TEST_RECORDS names a folder for it: the methods that the
 * sandbox received (written by the sandbox itself), what was logged, and texts that tests have put into the world.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { RECORDS_VARIABLE } from "../../sandbox/record.ts";

/** What a process has written to standard error. */
const processSchema = z.object({
  /** A server's log is nobody's answer; what a command writes is read by whoever has typed it. */
  kind: z.enum(["log", "command"]),
  /** What its user has typed: arguments and input. */
  typed: z.array(z.string()),
  text: z.string(),
});
/** What one process, or one server inside of a test, has logged. */
export type Written = z.infer<typeof processSchema>;

/** Everything that a suite has left. */
export interface Records {
  /** Each TL method that the product has sent, and each envelope around one. */
  readonly methods: ReadonlySet<string>;
  readonly written: readonly Written[];
  /** What tests have written into the world. */
  readonly texts: ReadonlySet<string>;
}

function folder(): string | undefined {
  return Deno.env.get(RECORDS_VARIABLE) || undefined;
}

/** Adds what a process has written. */
export function noteProcess(written: Written): void {
  const to = folder();
  // A process that has written nothing has nothing to hide.
  if (to === undefined || written.text === "") return;
  Deno.writeTextFileSync(join(to, `process-${crypto.randomUUID()}.json`), JSON.stringify(written));
}

/** Adds a text of the world. */
export function noteText(text: string): void {
  const to = folder();
  if (to !== undefined) Deno.writeTextFileSync(join(to, `texts-${Deno.pid}.ndjson`), lineOf(text), { append: true });
}

/** Where servers inside of this process log to, line by line; undefined when nothing is recorded. */
export function logOfServers(): ((line: string) => void) | undefined {
  const to = folder();
  if (to === undefined) return undefined;
  const path = join(to, `log-${crypto.randomUUID()}.txt`);
  return (line) => Deno.writeTextFileSync(path, line, { append: true });
}

/** Reads what is in a folder of records. */
export async function readRecords(folder: string): Promise<Records> {
  const methods = new Set<string>();
  const texts = new Set<string>();
  const written: Written[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const text = await Deno.readTextFile(join(folder, name));
    const lines = text.split("\n").filter((line) => line !== "");
    if (name.startsWith("methods-")) { for (const line of lines) methods.add(line); }
    if (name.startsWith("texts-")) { for (const line of lines) texts.add(z.string().parse(JSON.parse(line))); }
    if (name.startsWith("log-")) written.push({ kind: "log", typed: [], text });
    if (name.startsWith("process-")) written.push(processSchema.parse(JSON.parse(text)));
  }
  return { methods, written, texts };
}

const lineOf = (text: string): string => `${JSON.stringify(text)}\n`;
