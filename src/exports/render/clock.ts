/**
 * What clocks in a time zone show.
 * @module
 */
import { wallClock } from "../../telegram/dates.ts";

/** An instant in a time zone. */
export interface Shown {
  /** `2025-03-01` */
  readonly day: string;
  /** `08:12:33` */
  readonly time: string;
  /** RFC 3339 with the zone's offset, `Z` in UTC (https://www.rfc-editor.org/rfc/rfc3339#section-5.6). */
  readonly rfc3339: string;
  /** Seconds since 1970. */
  readonly unix: number;
}

/**
 * Reads RFC 3339 as a zone's clocks show it, to the second.
 * @param tz IANA time zone
 */
export function createClock(tz: string): (date: string) => Shown {
  const wall = wallClock(tz);
  return (date) => {
    const unix = Math.floor(Date.parse(date) / 1000);
    const shown = wall(unix);
    const [day = "", rest = ""] = new Date(shown * 1000).toISOString().split("T");
    const time = rest.slice(0, 8);
    return { day, time, rfc3339: `${day}T${time}${offset(shown - unix)}`, unix };
  };
}

/** Offsets have whole minutes in RFC 3339; those of the time before zones do not, and lose their seconds. */
function offset(seconds: number): string {
  if (seconds === 0) return "Z";
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `${seconds < 0 ? "-" : "+"}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`;
}
