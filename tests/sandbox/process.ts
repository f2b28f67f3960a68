/** The sandbox in a process of its own, as the tests of other parts start it too. */
import { z } from "zod";
import { RECORDS_VARIABLE } from "../../sandbox/record.ts";
import { noteText } from "../records/folder.ts";

const Ready = z.object({
  dc: z.int(),
  host: z.string(),
  port: z.int(),
  awayDc: z.int(),
  awayPort: z.int(),
  controlPort: z.int().optional(),
  publicKey: z.string(),
  sessionFile: z.string().optional(),
  keyFile: z.string().optional(),
});

/** A sandbox that is ready. */
export interface SandboxProcess extends z.infer<typeof Ready>, AsyncDisposable {
  readonly child: Deno.ChildProcess;
  /** Asks the control endpoint; throws with its own words when it refuses. */
  control(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown>;
}

/**
 * Starts `sandbox/main.ts` with more flags; it ends with its standard input.
 * @param options.client who will speak to it: only what the product sends is recorded
 * @param options.within words that bring a program into another network
 */
export async function startSandbox(
  flags: readonly string[] = [],
  { client = "product", within = [] }: {
    readonly client?: "product" | "other";
    readonly within?: readonly string[];
  } = {},
): Promise<SandboxProcess> {
  const main = new URL("../../sandbox/main.ts", import.meta.url).pathname;
  const [program = "", ...words] = [...within, Deno.execPath()];
  const child = new Deno.Command(program, {
    args: [...words, "run", "-A", "--no-check", main, "--json", "--with-parent", "--control-port", "0", ...flags],
    env: client === "other" ? { [RECORDS_VARIABLE]: "" } : {},
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  let text = "";
  const reader = child.stdout.getReader();
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the sandbox ended before it was ready");
    text += new TextDecoder().decode(value);
  }
  const ready = Ready.parse(JSON.parse(text));
  return {
    ...ready,
    child,
    async control(method, path, body): Promise<unknown> {
      const url = `http://${ready.host}:${ready.controlPort}${path}`;
      noteTexts(path, body);
      const response = await fetch(url, { method, body: body === undefined ? null : JSON.stringify(body) });
      const answer: unknown = await response.json();
      if (!response.ok) throw new Error(JSON.stringify(answer));
      return answer;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await child.stdin.close().catch(ignoreClosed);
      await child.status;
      await reader.cancel();
    },
  };
}

/** Texts that a test has written into the world count with the world's own. */
function noteTexts(path: string, body: unknown): void {
  const { data } = z.object({ text: z.string() }).safeParse(body);
  if (path.startsWith("/world/") && data !== undefined) noteText(data.text);
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof TypeError || error instanceof Deno.errors.BrokenPipe)) throw error;
}
