/**
 * Columns of a row, for the schemas that read it.
 * @module
 */
import * as z from "zod";

/** A text that holds JSON, whose value another schema then checks. */
export const jsonColumn = z.string().transform((text): unknown => JSON.parse(text));

/** A column that may be NULL, which becomes undefined. */
export function optionalColumn<S extends z.ZodType>(schema: S): z.ZodType<z.output<S> | undefined> {
  return z.union([z.null().transform(() => undefined), schema]);
}
