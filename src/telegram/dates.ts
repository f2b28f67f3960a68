/**
 * Points in time and in a history, as people write them.
 * @module
 */
import * as z from "zod";
import { AppError } from "../errors.ts";

/** A bound of a range: unix seconds, or a message of the chat. */
export const pointSchema = z.union([z.strictObject({ seconds: z.int() }), z.strictObject({ id: z.int() })]);

/** See {@link pointSchema}. */
export type Point = Readonly<z.infer<typeof pointSchema>>;

/** What a point is read with. */
export interface PointContext {
  /** The argument's name, for errors. */
  readonly field: string;
  /** IANA time zone for dates and local times. */
  readonly tz?: string;
  /** Unix seconds that ages count back from. */
  readonly now: number;
}

const AGE_SECONDS: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 604_800 };
const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d+)?)?$/;

/**
 * Reads RFC 3339 with a zone, a date or local time with `tz`, an age (`24h`, `7d`, `2w`) or `#ID`. Fractions round up:
 * Telegram counts whole seconds.
 * @throws AppError INPUT_VALIDATION with a correction to try
 */
export function readPoint(text: string, context: PointContext): Point {
  const point = parsePoint(text, context);
  const isShown = "id" in point || (point.seconds >= FIRST_SECOND && point.seconds <= LAST_SECOND);
  if (isShown) return point;
  throw invalid(context, "the date lies outside the years 0000 to 9999", "Leave it out, or send a nearer date.");
}

/** The instants whose years in UTC have four digits, as RFC 3339 wants (https://www.rfc-editor.org/rfc/rfc3339#section-5.6). */
const [FIRST_SECOND, LAST_SECOND] = [-62_167_219_200, 253_402_300_799];

function parsePoint(text: string, context: PointContext): Point {
  const trimmed = text.trim();
  const message = /^#(\d{1,10})$/.exec(trimmed);
  if (message?.[1] !== undefined) return { id: readMessageId(message[1], context) };
  const age = /^(\d{1,5})([hdw])$/.exec(trimmed);
  if (age?.[1] !== undefined && age[2] !== undefined) {
    return { seconds: context.now - Number(age[1]) * (AGE_SECONDS[age[2]] ?? 0) };
  }
  const zoned = RFC_3339.exec(trimmed);
  if (zoned !== null) {
    const [, date = "", time = "", fraction = "", zone = ""] = zoned;
    const wall = wallSeconds(date, time, fraction, context);
    return { seconds: wall - zoneSeconds(zone.toUpperCase(), context) };
  }
  const local = LOCAL.exec(trimmed);
  if (local !== null) {
    const [, date = "", minutes = "00:00", seconds = ":00", fraction = ""] = local;
    const wall = wallSeconds(date, `${minutes}${seconds}`, fraction, context);
    if (context.tz === undefined) {
      throw invalid(
        context,
        `${text} has no time zone`,
        `Send ${date}T${minutes}${seconds}Z for UTC, or add tz, for example "Europe/Berlin".`,
      );
    }
    return { seconds: localToUnix(wall, context.tz, context) };
  }
  throw invalid(context, `${JSON.stringify(text.slice(0, 40))} is no date`, proposal(trimmed));
}

/** A range of a history, `from` inclusive and `to` exclusive. */
export interface Range {
  readonly from?: Point;
  readonly to?: Point;
}

/**
 * Reads both ends of a range.
 * @throws AppError INPUT_VALIDATION also when nothing can lie between them
 */
export function readRange(
  input: { readonly from?: string; readonly to?: string; readonly tz?: string },
  now: number,
): Range {
  const { tz } = input;
  if (tz !== undefined) assertTimeZone(tz);
  const from = input.from === undefined ? undefined : readPoint(input.from, { field: "from", tz, now });
  const to = input.to === undefined ? undefined : readPoint(input.to, { field: "to", tz, now });
  const order = from === undefined || to === undefined ? undefined : compare(from, to);
  if (order !== undefined && order >= 0) {
    throw new AppError("INPUT_VALIDATION", "from must lie before to: from is inclusive, to exclusive.", {
      field: "from",
      hint: order === 0 ? "Move to at least one second (or message) later." : "Exchange from and to.",
    });
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** A point as a result echoes it: RFC 3339 in UTC, or `#ID`. */
export function formatPoint(point: Point): string {
  return "id" in point ? `#${point.id}` : `${new Date(point.seconds * 1000).toISOString().slice(0, 19)}Z`;
}

function compare(a: Point, b: Point): number | undefined {
  if ("id" in a) return "id" in b ? a.id - b.id : undefined;
  return "id" in b ? undefined : a.seconds - b.seconds;
}

function readMessageId(digits: string, context: PointContext): number {
  const id = Number(digits);
  if (id >= 1 && id <= 0x7fffffff) return id;
  throw invalid(context, `#${digits} is no message id`, "Message ids are positive and below 2147483648.");
}

/** The wall clock's reading as if it were UTC, checked to exist in the calendar. */
function wallSeconds(date: string, time: string, fraction: string, context: PointContext): number {
  const ms = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date || time > "23:59:59") {
    throw invalid(context, `${date} ${time} does not exist`, "Send a date of the calendar and a time up to 23:59:59.");
  }
  return ms / 1000 + (Number(`0${fraction || ".0"}`) > 0 ? 1 : 0);
}

function zoneSeconds(zone: string, context: PointContext): number {
  if (zone === "Z") return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(":").map(Number);
  if (hours > 23 || minutes > 59) throw invalid(context, `${zone} is no offset`, "Offsets look like +02:00.");
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/**
 * Refuses a name that is none.
 * @throws AppError INPUT_VALIDATION
 */
export function assertTimeZone(tz: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: tz });
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", "tz is not a time zone of the IANA database.", {
      field: "tz",
      hint: 'Send a name such as "Europe/Berlin", "America/New_York" or "UTC".',
      cause,
    });
  }
}

/** The instant at which clocks in `tz` show `wall`; one that they skip or show twice is refused. */
function localToUnix(wall: number, tz: string, context: PointContext): number {
  const offsets = new Set([-86_400, 86_400].map((shift) => offsetAt(wall + shift, tz)));
  const instants = [...offsets].map((offset) => wall - offset).filter((at) => at + offsetAt(at, tz) === wall);
  const [only] = instants;
  if (only !== undefined && instants.length === 1) return only;
  const shown = new Date(wall * 1000).toISOString().slice(0, 19);
  const options = [...offsets].map((offset) => `${shown}${formatOffset(offset)}`).join(" or ");
  const what = instants.length === 0 ? "skip" : "show twice";
  throw invalid(context, `clocks in ${tz} ${what} ${shown}`, `Send ${options}.`);
}

/** Seconds east of UTC at an instant. */
function offsetAt(at: number, tz: string): number {
  return wallClock(tz)(at) - at;
}

/**
 * What clocks in a zone show at an instant, as if it were UTC; both in unix seconds.
 * @param tz IANA time zone
 */
export function wallClock(tz: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: tz,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (at) => {
    const parts = format.formatToParts(at * 1000);
    const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
    const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
    return wall / 1000;
  };
}

function formatOffset(seconds: number): string {
  const minutes = Math.abs(seconds) / 60;
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${seconds < 0 ? "-" : "+"}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

function proposal(text: string): string {
  const unix = /^\d{9,10}$/.test(text)
    ? Number(text)
    : /^\d{12,13}$/.test(text)
    ? Math.floor(Number(text) / 1000)
    : NaN;
  if (Number.isFinite(unix)) return `Send ${formatPoint({ seconds: unix })}.`;
  if (/^\d+$/.test(text)) return `Send #${text} if that is a message id.`;
  return 'Send RFC 3339 with a zone ("2025-03-01T00:00:00Z"), a plain date plus tz, an age ("7d") or "#ID".';
}

function invalid(context: PointContext, what: string, hint: string): AppError {
  return new AppError("INPUT_VALIDATION", `${context.field}: ${what}.`, { field: context.field, hint });
}
