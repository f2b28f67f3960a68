/**
 * Downloads: ranges, conditions, ids and names that lead elsewhere, links that were altered or have expired.
 * @module
 */
import type { Random } from "../../../sandbox/world/random.ts";
import type { Family } from "../family.ts";
import type { Material } from "../house.ts";
import { damaged, encoded, text, visible } from "../values.ts";
import { altered } from "./cursors.ts";

const ENDS = [
  "",
  "0",
  "1",
  "10",
  "99999",
  "18446744073709551616",
  "9".repeat(400),
  "-1",
  "x",
  " 1 ",
  "1.5",
  "0x1",
  "1e3",
];

/** A Range header (https://www.rfc-editor.org/rfc/rfc9110#section-14.2), more or less. */
function range(random: Random): string {
  if (random.oneIn(2)) {
    return `bytes=${
      random.pick([`${random.int(3000)}-`, `-${random.int(3000)}`, `${random.int(300)}-${random.int(3000)}`])
    }`;
  }
  const one = (): string => `${random.pick(ENDS)}${random.pick(["-", "-", "-", "--", ""])}${random.pick(ENDS)}`;
  const several = Array.from({ length: random.oneIn(6) ? random.pick([2, 10, 500]) : 1 }, one).join(",");
  return `${random.pick(["bytes=", "bytes=", "bytes=", "Bytes =", "items=", "bytes", ""])}${several}`;
}

function conditions(random: Random, { etags }: Material): [string, string][] {
  const tags = [
    ...etags,
    ...etags.map((tag) => `W/${tag}`),
    '"x"',
    'W/"x"',
    '"sha256-"',
    "*",
    '"',
    '"a","b"',
    "Sat, 01 Jan 2025 00:00:00 GMT",
    "",
  ];
  const names = ["If-Range", "If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since"];
  return Array.from(
    { length: random.int(3) },
    () => [random.pick(names), random.oneIn(4) ? visible(text(random)).slice(0, 300) : random.pick(tags)],
  );
}

const ASIDE = [
  "../telegram-toolkit.sqlite",
  "..%2ftelegram-toolkit.sqlite",
  "%2e%2e/telegram-toolkit.sqlite",
  "%252e%252e%252ftelegram-toolkit.sqlite",
  "..\\telegram-toolkit.sqlite",
  "media/../../../session",
  "media/..%2f..%2f..%2fsession",
  "/etc/passwd",
  "%2fetc%2fpasswd",
  "//etc/passwd",
  "messages.ndjson%00.html",
  "messages.ndjson/",
  "messages.ndjson/.",
  ".",
  "..",
  "%2e",
  "%2e%2e",
  "....//session",
  "MESSAGES.NDJSON",
  "messages.ndjson.part",
  "media.ndjson",
  "\\\\?\\C:\\x",
  "%c0%ae%c0%ae/session",
  "%uff0e%uff0e/session",
  ":",
  "a:b",
  "con",
  "-",
];

/** The path of a file of an export, or of something else. */
function path(random: Random, { exportId, files, links, expired }: Material): string {
  switch (random.int(6)) {
    case 0:
      return `/exports/${visible(encoded(random, random.oneIn(3) ? exportId : text(random).slice(0, 300)))}/${
        random.pick(files)
      }`;
    case 1:
      return `/exports/${exportId}/${random.pick(ASIDE)}`;
    case 2:
      return `/exports/${random.pick(ASIDE)}/${random.pick(files)}`;
    case 3:
      return random.pick(expired);
    case 4:
      return random.pick([...links.exports, ...links.media]);
    default:
      return `/exports/${exportId}/${random.pick(files)}`;
  }
}

/** A link with one thing in it changed. */
function forged(random: Random, { links, expired, exportId }: Material): string {
  if (random.oneIn(3)) {
    const token = random.pick([...links.media, ...expired.filter((each) => each.startsWith("/media/"))]).slice(
      "/media/".length,
    );
    return `/media/${visible(altered(random, token)).replaceAll(/[?#]/g, "")}`;
  }
  const link = random.pick([...links.exports, ...expired.filter((each) => each.startsWith("/exports/"))]);
  const [path = "", query = ""] = link.split("?");
  const parameters = query.split("&").map((each) => each.split("="));
  const at = random.int(parameters.length);
  const [name = "", value = ""] = parameters[at] ?? [];
  const changed = ((): string[][] => {
    switch (random.int(6)) {
      case 0:
        return parameters.toSpliced(at, 1);
      case 1:
        return [...parameters, [name, visible(text(random)).replaceAll(/[&#]/g, "")]];
      case 2:
        return parameters.with(at, [name, visible(damaged(random, value)).replaceAll(/[&#]/g, "")]);
      case 3:
        return parameters.with(at, [
          name,
          random.pick(["", "9999999999", "1e99", "Infinity", "local", "constructor", "__proto__"]),
        ]);
      case 4:
        return [...parameters, ["__proto__", "x"], ["constructor[prototype]", "x"]];
      default:
        return parameters.toReversed();
    }
  })();
  const place = random.oneIn(4) ? `/exports/${exportId}/${random.pick(ASIDE)}` : path;
  return `${place}?${changed.map((pair) => pair.join("=")).join("&")}`;
}

/** Requests for files. */
export const files: Family = {
  name: "files",
  draw: (random, material) => {
    const target = random.oneIn(2) ? path(random, material) : forged(random, material);
    const headers = random.oneIn(2) ? conditions(random, material) : [];
    if (random.oneIn(2)) headers.push(["Range", range(random)]);
    const method = random.oneIn(6) ? random.pick(["HEAD", "POST", "DELETE"]) : "GET";
    return { kind: "request", method, target: target.replaceAll(" ", "%20"), headers };
  },
};
