/**
 * The options of the commands `keys …`.
 * @module
 */
import * as z from "zod";
import { duration, rate } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import { scopeSchema } from "../model/principal.ts";

/** A hundred years; what is longer is a typing error, and no date that every program can read. */
const LONGEST_SECONDS = 36_500 * 86_400;

const time = z.string()
  .refine((text) => duration.safeParse(text).success, "expected a duration such as 90d, 12h or 30m")
  .pipe(duration)
  .refine((seconds) => seconds <= LONGEST_SECONDS, "expected 36500d at most");
const json = z.literal(true).optional();
/** Several, each option of which may hold several. */
const list = z.array(z.string()).transform((texts) => [
  ...new Set(texts.flatMap((text) => text.split(",")).map((text) => text.trim()).filter(Boolean)),
]);

const NAME = "expected 1 to 64 letters, digits, spaces and . _ - + @, a letter or digit first";

const createSchema = z.object({
  name: z.string().trim().normalize()
    .regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._+@-]{0,63}$/u, NAME)
    .refine(
      (name) => !/^(k_[a-z2-7]{10}|tgk_.*)$/i.test(name),
      "expected a name that does not look like an id or a key",
    ),
  scope: list.pipe(z.array(scopeSchema).min(1))
    .default(["read", "export"]),
  chat: list.pipe(z.array(z.string()).min(1, "expected a chat")).optional(),
  expires: time.optional(),
  rate: z.string()
    .refine((text) => rate.safeParse(text).success, "expected a rate such as 60/min, 10/s or 1000/h")
    .pipe(rate).optional(),
  json,
});
const rotateSchema = z.object({ grace: time.optional(), expires: time.optional(), json });
const otherSchema = z.object({ json });

/**
 * Reads those of `create`; durations are seconds.
 * @throws AppError INPUT_VALIDATION
 */
export function readCreateOptions(raw: unknown): z.infer<typeof createSchema> {
  const options = parse(createSchema, raw);
  if (options.chat !== undefined && options.scope.includes("admin")) {
    throw new AppError("INPUT_VALIDATION", "--chat: a key of scope admin cannot be restricted to some chats.", {
      field: "--chat",
      hint: "It sees what all keys did, in which chats. Leave --chat out, or admin.",
    });
  }
  return options;
}

/**
 * Reads those of `rotate`.
 * @throws AppError INPUT_VALIDATION
 */
export function readRotateOptions(raw: unknown): z.infer<typeof rotateSchema> {
  return parse(rotateSchema, raw);
}

/** Reads those of the others. */
export function readOptions(raw: unknown): z.infer<typeof otherSchema> {
  return parse(otherSchema, raw);
}

function parse<T>(schema: z.ZodType<T>, raw: unknown): T {
  const { data, error } = schema.safeParse(raw);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const field = `--${issue?.path[0]?.toString()}`;
  const message = issue?.path[0] === "scope"
    ? "expected read, export, admin or metrics, separated by commas"
    : issue?.message;
  throw new AppError("INPUT_VALIDATION", `${field}: ${message}.`, { field });
}
