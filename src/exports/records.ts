/**
 * Reading an NDJSON export.
 * @module
 */
import * as z from "zod";
import { AppError } from "../errors.ts";
import { type Message, messageSchema } from "../model/message.ts";
import { isOfSystem, systemReason } from "./disk.ts";
import { type LinesOptions, readLines } from "./lines.ts";

/** What some editors put before the first line. */
const BYTE_ORDER_MARK = /^\uFEFF/;

const deletionSchema = z.looseObject({ schema: z.literal("deletion/1") });

/** What {@link readRecords} takes besides the file. */
export interface RecordsOptions extends Pick<LinesOptions, "signal"> {
  /** Told of each deletion, which an export that continues another has among its messages. They are passed over. */
  readonly onDeletion?: () => void;
}

/**
 * The messages of a file, line by line.
 * @throws AppError INPUT_VALIDATION with the number of a line that is no record, or that the file ends within; what
 * {@link readLines} throws
 */
export async function* readRecords(
  path: string,
  { onDeletion = () => {}, signal }: RecordsOptions = {},
): AsyncGenerator<Message> {
  let number = 0;
  for await (const { text, isWhole } of readLines(path, 0, Infinity, { signal, isLenient: true })) {
    number++;
    const value = parseJson(number === 1 ? text.replace(BYTE_ORDER_MARK, "") : text);
    if (value === undefined && !isWhole) throw cutOff(path, number);
    const { data, error } = messageSchema.safeParse(value);
    if (data !== undefined) yield data;
    else if (deletionSchema.safeParse(value).success) onDeletion();
    else throw noRecord(path, number, error);
  }
}

/**
 * As {@link readRecords}, of a file that a user has named.
 * @throws AppError INPUT_VALIDATION when it cannot be read, too
 */
export async function* readNamedRecords(path: string, options?: RecordsOptions): AsyncGenerator<Message> {
  try {
    yield* readRecords(path, options);
  } catch (error) {
    throw isOfSystem(error) || error instanceof RangeError ? unreadable(path, error) : error;
  }
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

function unreadable(path: string, cause: unknown): AppError {
  return new AppError("INPUT_VALIDATION", `${path} cannot be read: ${systemReason(cause)}.`, {
    hint: "Name a file that exists and may be read.",
    cause,
  });
}
