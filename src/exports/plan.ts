/**
 * What an export was asked for and what was settled when it began: the note beside its part.
 * @module
 */
import { z } from "zod";
import { AppError } from "../errors.ts";
import { pointSchema } from "../telegram/dates.ts";

/** See {@link Plan}. */
export const planSchema = z.object({
  asked: z.object({
    /** Marked id. */
    chat: z.string(),
    from: z.string().optional(),
    to: z.string().optional(),
    tz: z.string().optional(),
    limit: z.int().optional(),
  }),
  /** When the export began, RFC 3339: what ages such as `7d` count back from. */
  begun: z.string(),
  range: z.object({ from: pointSchema.optional(), to: pointSchema.optional() }),
  /** The newest message id when the export began: later ones do not belong to it. */
  upTo: z.int(),
});

/** An export: the words that it was asked for in, which tell it from others, and what they meant when it began. */
export type Plan = z.infer<typeof planSchema>;

/**
 * Reads a note.
 * @throws AppError INPUT_VALIDATION when it is none
 */
export function parsePlan(text: string, path: string): Plan {
  try {
    return planSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", `${path} cannot be read.`, {
      hint: "Delete it and the part beside it to export from the beginning.",
      cause,
    });
  }
}

/**
 * Compares a part with what is wanted.
 * @throws AppError INPUT_VALIDATION when the part that is there belongs to another export than the wanted one
 */
export function assertSame(before: Plan, wanted: Plan, note: string): void {
  const names = ["chat", "from", "to", "tz", "limit"] as const;
  const field = names.find((name) => before.asked[name] !== wanted.asked[name]);
  if (field === undefined) return;
  throw new AppError("INPUT_VALIDATION", `The part that is there belongs to an export with another ${field}.`, {
    field,
    hint: `Run that export again to finish it, choose another --out, or delete ${note} and the part.`,
  });
}
