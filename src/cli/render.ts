/**
 * The command `render`.
 * @module
 */
import * as z from "zod";
import { AppError } from "../errors.ts";
import { writeFolder } from "../exports/output_folder.ts";
import { readNamedRecords } from "../exports/records.ts";
import { readContext } from "../exports/render/context.ts";
import { FORMATS, RENDERS } from "../exports/render/mod.ts";
import type { Message } from "../model/message.ts";
import { writeToStderr } from "../observability/output.ts";
import { assertTimeZone } from "../telegram/dates.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";

const optionsSchema = z.object({
  format: z.enum(FORMATS, `expected one of ${FORMATS.join(", ")}`),
  out: z.string().min(1, "expected a folder"),
  tz: z.string().default("UTC"),
  force: z.boolean().default(false),
});
type Options = z.infer<typeof optionsSchema>;

/**
 * Renders an NDJSON export into another format. Needs neither a configuration nor a network. The file is read twice: what
 * its messages tell of their chats stands before the first of them.
 * @returns the exit code
 * @throws AppError
 */
export async function render(path: string, rawOptions: unknown): Promise<number> {
  const options = readOptions(rawOptions);
  assertTimeZone(options.tz);
  using interrupt = listenForInterrupt();
  try {
    await run(path, options, interrupt.signal);
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    writeToStderr("interrupted; nothing was written\n");
    return INTERRUPTED;
  }
}

function readOptions(raw: unknown): Options {
  const { data, error } = optionsSchema.safeParse(raw);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const field = `--${issue?.path.join(".")}`;
  throw new AppError("INPUT_VALIDATION", `${field}: ${issue?.message}.`, { field });
}

async function run(path: string, { format, out, tz, force }: Options, signal: AbortSignal): Promise<void> {
  let [messages, deletions] = [0, 0];
  const count = async function* (records: AsyncIterable<Message>): AsyncGenerator<Message> {
    for await (const message of records) {
      signal.throwIfAborted();
      messages++;
      yield message;
    }
  };
  const context = await readContext(count(readNamedRecords(path, { onDeletion: () => deletions++ })));
  messages = 0;
  const chunks = RENDERS[format]({ ...context, tz }, count(readNamedRecords(path)));
  const paths = await writeFolder(out, chunks, { force, signal });
  if (deletions > 0) writeToStderr(`deletions passed over, for which ${format} has no place: ${deletions}\n`);
  // Where to begin reading is written last.
  writeToStderr(`${messages} messages in ${paths.at(-1)}\n`);
}
