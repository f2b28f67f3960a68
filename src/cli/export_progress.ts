/**
 * An export for the person who waits for it.
 * @module
 */
import { AppError, toAppError } from "../errors.ts";
import type { ExportState, Job, Waiting } from "../exports/job.ts";
import type { Asked } from "./export_options.ts";
import type { Progress } from "./progress.ts";

/** An export that is being made. */
export interface Making {
  readonly asked: Asked;
  /** Whether its messages go to standard output. */
  readonly isPiped: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /**
   * Puts the files of a completed one where they are wanted.
   * @param isOwn whether nobody else may want them
   */
  deliver(folder: string, isOwn: boolean): Promise<void>;
}

/** What of a job is shown, whoever runs it. */
export interface Shown {
  readonly written: number;
  readonly total?: number | undefined;
  /** RFC 3339, of one that was begun before. */
  readonly begun?: string | undefined;
  readonly waiting?: Waiting | undefined;
}

/** Shows one look after the other. */
export function createShower(progress: Progress): (shown: Shown) => void {
  let before: number | undefined;
  let said = "";
  return ({ written, total, begun, waiting }) => {
    if (before === undefined) {
      if (written > 0 && begun !== undefined) {
        progress.note(`continuing the export begun ${begun}, behind ${written} messages`);
      }
      progress.start({ done: written, total });
    }
    progress.add(written - (before ?? written));
    before = written;
    const key = `${waiting?.reason} ${waiting?.until}`;
    if (waiting !== undefined && key !== said) progress.note(describeWaiting(waiting));
    said = key;
  };
}

/** A wait in words. */
export function describeWait(reason: Waiting["reason"], seconds: number | undefined): string {
  const time = seconds === undefined ? "" : ` ${Math.max(1, Math.ceil(seconds))} s`;
  return WAITS[reason](time);
}

const WAITS: Readonly<Record<Waiting["reason"], (time: string) => string>> = {
  flood: (time) => `Telegram asks to wait${time}`,
  connection: (time) => `no answer from Telegram, trying again in${time}`,
  disk: (time) => `the disk takes no more, trying again in${time}`,
  quota: (time) => `exports take all the room that they may, trying again in${time}`,
  login: () => "waiting for somebody to log in",
  takeout: (time) => `Telegram asks you to allow the data export in one of your apps, or to wait${time}`,
};

function describeWaiting({ reason, until }: Waiting): string {
  return describeWait(reason, until === undefined ? undefined : (Date.parse(until) - Date.now()) / 1000);
}

/**
 * Refuses an export that is over without being completed.
 * @throws AppError
 */
export function assertCompleted(
  { state, error }: { readonly state: ExportState; readonly error?: Job["error"] },
): void {
  if (state === "completed") return;
  if (error !== undefined) throw new AppError(error.code, error.message, { hint: error.hint });
  throw new AppError("NOT_FOUND", `The export was ${state}.`, { hint: "Run the same command to begin anew." });
}

/** The error of a command that would wait for what only its user can do. @param isKept whether its export stays */
export function stuck(problem: unknown, isKept: boolean): AppError {
  const { code, message, hint, cause } = toAppError(problem);
  const then = `Then run the same command again${isKept ? ": it continues" : ""}.`;
  return new AppError(code, message, { hint: `${hint}\n${then}`, cause });
}
