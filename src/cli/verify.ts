/**
 * The command `verify`.
 * @module
 */
import { AppError } from "../errors.ts";
import { verifyExport } from "../exports/verify.ts";
import { visible } from "../model/visible.ts";
import { writeAll } from "../observability/output.ts";
import { reportText } from "./doctor/report.ts";

/**
 * Checks the export in a folder and prints what it finds, as it goes; needs no configuration.
 * @returns the exit code: 1 when something is not as it was written
 * @throws AppError INPUT_VALIDATION when there is no such folder
 */
export async function verify(folder: string): Promise<number> {
  await assertFolder(folder);
  const colours = Deno.stdout.isTerminal() && !Deno.noColor;
  let code = 0;
  for await (const { check, status, message } of verifyExport(folder)) {
    if (status === "fail") code = 1;
    const line = visible(message).replaceAll("\n", " ");
    writeAll(Deno.stdout, reportText([{ check, status, message: line }], { colours }));
  }
  return code;
}

async function assertFolder(folder: string): Promise<void> {
  try {
    if ((await Deno.stat(folder)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new AppError("INPUT_VALIDATION", `${folder} is no folder.`, { hint: "Name the folder of an export." });
}
