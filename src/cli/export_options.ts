/**
 * The options of the command `export`.
 * @module
 */
import * as z from "zod";
import { AppError } from "../errors.ts";
import { isFolder } from "../exports/deliver.ts";
import { exportFormatSchema } from "../exports/job.ts";
import { messageTypeSchema } from "../telegram/filters.ts";

const optionsSchema = z.object({
  out: z.string().min(1, "expected a file, a folder with / at its end, or - for standard output"),
  format: exportFormatSchema.default("ndjson"),
  from: z.string().optional(),
  to: z.string().optional(),
  tz: z.string().optional(),
  topic: z.string().optional(),
  sender: z.string().optional(),
  type: messageTypeSchema.optional(),
  downloadMedia: z.literal(true).optional(),
  deltaOf: z.string().optional(),
  takeout: z.literal(true).optional(),
  limit: z.string().regex(/^0*[1-9]\d{0,9}$/, "expected a whole number above 0").transform(Number).optional(),
  force: z.boolean().default(false),
});
/** As they are typed. */
export type ExportOptions = z.infer<typeof optionsSchema>;

/** What the tool start_export is asked, and `limit`. */
export interface Asked extends Omit<ExportOptions, "out" | "force" | "downloadMedia" | "deltaOf"> {
  readonly chat: string;
  readonly download_media?: true | undefined;
  readonly delta_of?: string | undefined;
}

/**
 * Reads them.
 * @throws AppError INPUT_VALIDATION
 */
export function readExportOptions(raw: unknown): ExportOptions {
  const { data, error } = optionsSchema.safeParse(raw);
  if (error !== undefined) {
    const [issue] = error.issues;
    const field = `--${issue?.path.join(".")}`;
    throw new AppError("INPUT_VALIDATION", `${field}: ${issue?.message}.`, { field });
  }
  const many = data.downloadMedia ? "with the messages' files it" : data.format === "html" ? "html" : undefined;
  if (many !== undefined && !isFolder(data.out)) {
    throw new AppError("INPUT_VALIDATION", `--out: ${many} is several files.`, {
      field: "--out",
      hint: `Name a folder, with / at its end: ${data.out === "-" ? "folder" : data.out}/`,
    });
  }
  if (data.out === "-" && data.format !== "ndjson") {
    throw new AppError("INPUT_VALIDATION", "--format: standard output takes ndjson only.", {
      field: "--format",
      hint: "Name a file or a folder, or pipe what `render` wrote.",
    });
  }
  return data;
}
