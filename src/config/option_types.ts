/**
 * What an option is, and the kinds of texts that several have.
 * @module
 */
import * as z from "zod";
import { Secret } from "./secret.ts";

/** Looks a variable up; empty and absent mean the same. */
export type Lookup = (name: string) => string | undefined;

/** What a default may depend on. */
export interface DefaultContext {
  readonly env: Lookup;
  /** Whether the log goes to a terminal. */
  readonly terminal: boolean;
}

/** One option, an environment variable. */
export interface Option<T = unknown> {
  /** Parses the trimmed text of the variable. */
  readonly type: z.ZodType<T, string>;
  /** The text parsed when the variable is not set. */
  readonly default?: string | ((context: DefaultContext) => string | undefined);
  /** How a computed default reads in the reference. */
  readonly defaultText?: string;
  /** Secrets have a twin with `_FILE` appended that names a file holding the value. */
  readonly secret?: true;
  /** What is accepted, to finish the sentence "expected …". */
  readonly expects: string;
  /** A valid value. */
  readonly example: string;
  /** One sentence for the reference. */
  readonly help: string;
}

/** A number between two others, both included. */
export const wholeNumber = (min: number, max: number): z.ZodType<number, string> =>
  z.string().regex(/^\d{1,10}$/).transform(Number).pipe(z.number().min(min).max(max));

/** Texts between commas. */
export const commaList = <T>(item: z.ZodType<T, string>): z.ZodType<readonly T[], string> =>
  z.string().transform((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== ""))
    .pipe(z.array(item));

/** A text of that form which nobody may see. */
export const secret = (pattern: RegExp): z.ZodType<Secret, string> =>
  z.string().regex(pattern).transform((text) => new Secret(text));
