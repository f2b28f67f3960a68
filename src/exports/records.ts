/**
 * Reading an NDJSON export.
 * @module
 */
import { z } from "zod";
import { AppError } from "../errors.ts";
import { type Message, messageSchema } from "../model/message.ts";
import { systemReason } from "./disk.ts";

const deletionSchema = z.looseObject({ schema: z.literal("deletion/1") });

/**
 * The messages of a file, line by line. Deletions, which an export that continues another has among them, are told to
 * `onDeletion` and passed over.
 * @throws AppError INPUT_VALIDATION with the number of a line that is no record, or that the file ends within
 */
export async function* readRecords(path: string, onDeletion: () => void = () => {}): AsyncGenerator<Message> {
  let number = 0;
  for await (const { text, isWhole } of readLines(path)) {
    number++;
    const value = parseJson(text);
    if (value === undefined && !isWhole) throw cutOff(path, number);
    const { data, error } = messageSchema.safeParse(value);
    if (data !== undefined) yield data;
    else if (deletionSchema.safeParse(value).success) onDeletion();
    else throw noRecord(path, number, error);
  }
}

/** A line without its end. */
export interface Line {
  readonly text: string;
  /** Whether it ended with a line feed. */
  readonly isWhole: boolean;
}

/** The lines of a file, in constant memory. @throws AppError INPUT_VALIDATION when it cannot be read */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let begun = "";
  for await (const chunk of decoded(path)) {
    const parts = chunk.split("\n");
    parts[0] = begun + parts[0];
    begun = parts.pop() ?? "";
    for (const text of parts) yield { text, isWhole: true };
  }
  if (begun !== "") yield { text: begun, isWhole: false };
}

/** Bytes that are no UTF-8 become U+FFFD: in a line that was cut off they are its end, elsewhere JSON shows them. */
async function* decoded(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  using file = await Deno.open(path).catch((cause) => refuse(path, cause));
  const chunk = new Uint8Array(1 << 16);
  const read = (): Promise<number | null> => file.read(chunk).catch((cause) => refuse(path, cause));
  for (let count = await read(); count !== null; count = await read()) {
    yield decoder.decode(chunk.subarray(0, count), { stream: true });
  }
  yield decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function noRecord(path: string, number: number, error: z.ZodError<Message>): AppError {
  const field = error.issues[0]?.path.join(".");
  const where = field ? `: ${field} is not what it must be` : "";
  return new AppError("INPUT_VALIDATION", `Line ${number} of ${path} is no message/1${where}.`, {
    hint: "Name a file that the command `export` wrote, or export the chat anew.",
  });
}

function cutOff(path: string, number: number): AppError {
  return new AppError("INPUT_VALIDATION", `${path} ends within line ${number}: it is not complete.`, {
    hint: "Run the export again, which continues its part, and name the finished file.",
  });
}

function refuse(path: string, cause: unknown): never {
  throw new AppError("INPUT_VALIDATION", `${path} cannot be read: ${systemReason(cause)}.`, {
    hint: "Name a file that exists and may be read.",
    cause,
  });
}
