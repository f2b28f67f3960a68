/**
 * The other client: gotd, built from this folder and started against a sandbox.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { formSchema } from "./form.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

const topicSchema = z.strictObject({
  id: z.int(),
  title: z.string(),
  closed: z.literal(true).optional(),
  pinned: z.literal(true).optional(),
  hidden: z.literal(true).optional(),
  unread: z.int().optional(),
  last: z.int(),
});
const dialogSchema = z.strictObject({
  id: z.string(),
  unread: z.int().optional(),
  mentions: z.int().optional(),
  pinned: z.literal(true).optional(),
  archived: z.literal(true).optional(),
});
const lineSchema = z.union([
  z.strictObject({ message: formSchema }),
  z.strictObject({ topic: topicSchema }),
  z.strictObject({ dialog: dialogSchema }),
  z.strictObject({ self: z.string() }),
  z.strictObject({ done: z.literal(true) }),
  z.strictObject({ error: z.string() }),
]);

/** What is to be read; see `Job` in `read.go`. */
export interface Job {
  readonly do: "history" | "search" | "replies" | "topics" | "dialogs";
  readonly chat?: string;
  readonly oldest_first?: boolean;
  /** Unix seconds, inclusive. */
  readonly from?: number;
  /** Unix seconds, exclusive. */
  readonly to?: number;
  readonly words?: string;
  readonly filter?: string;
  readonly sender?: string;
  readonly topic?: number;
}

/** What a job found. */
export interface Found {
  readonly messages: z.infer<typeof formSchema>[];
  readonly topics: z.infer<typeof topicSchema>[];
  readonly dialogs: z.infer<typeof dialogSchema>[];
}

/** The other client, signed in. */
export interface OtherClient extends AsyncDisposable {
  /** The marked id of its account. */
  readonly self: string;
  /** Reads; throws with Telegram's error when it was refused. */
  read(job: Job): Promise<Found>;
}

/** Where to sign in, and as whom. */
export interface SignIn {
  readonly port: number;
  /** A file with the data centre's public key. */
  readonly keyFile: string;
  readonly phone: string;
  readonly code: string;
}

/**
 * Builds the program; Go keeps modules and what it compiled in its own caches.
 * @param directory where the program goes
 * @returns its path
 */
export async function buildOtherClient(directory: string): Promise<string> {
  const program = join(directory, "peer");
  try {
    const { success, stderr } = await new Deno.Command("go", {
      args: ["build", "-o", program, "."],
      cwd: FOLDER,
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`gotd could not be built:\n${new TextDecoder().decode(stderr)}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("Go is needed: install Go 1.23.3 or newer (https://go.dev/doc/install) and put `go` on the PATH.");
  }
  return program;
}

/** Starts the program, which exchanges a key and signs in; throws with its own words when it cannot. */
export async function startOtherClient(program: string, options: SignIn): Promise<OtherClient> {
  const { port, keyFile, phone, code } = options;
  const child = new Deno.Command(program, {
    args: ["-address", `127.0.0.1:${port}`, "-key", keyFile, "-phone", phone, "-code", code],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaint = new Response(child.stderr).text();
  const input = child.stdin.getWriter();
  const lines = linesOf(child.stdout);
  const next = async (): Promise<z.infer<typeof lineSchema>> => {
    const { done, value } = await lines.next();
    if (done) throw new Error(`the other client has ended: ${await complaint}`);
    return lineSchema.parse(JSON.parse(value));
  };
  const end = async (): Promise<void> => {
    await input.close().catch(ignoreClosed);
    for await (const _ of lines);
    await child.status;
    await complaint;
  };
  try {
    const first = await next();
    if (!("self" in first)) throw new Error("the other client did not say who it is");
    return {
      self: first.self,
      async read(job): Promise<Found> {
        await input.write(new TextEncoder().encode(`${JSON.stringify(job)}\n`));
        const found: Found = { messages: [], topics: [], dialogs: [] };
        for (;;) {
          const line = await next();
          if ("message" in line) found.messages.push(line.message);
          if ("topic" in line) found.topics.push(line.topic);
          if ("dialog" in line) found.dialogs.push(line.dialog);
          if ("error" in line) throw new Error(`${JSON.stringify(job)}: ${line.error}`);
          if ("done" in line) return found;
        }
      },
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof TypeError || error instanceof Deno.errors.BrokenPipe)) throw error;
}
