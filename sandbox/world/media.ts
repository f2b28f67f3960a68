/**
 * Media of the world.
 * @module
 */
import type { WorldFile, WorldMedia, WorldMessage } from "./message.ts";
import { long, type Random } from "./random.ts";
import { HOSTS } from "./words.ts";

type Photo = Extract<WorldMedia, { kind: "photo" }>;

const id = (random: Random): string => String(long(random.int(0x40000000), random.int(0x40000000)));

/** A photo of a usual size. */
export function photo(random: Random): Photo {
  const [width, height] = random.pick([[1280, 960], [960, 1280], [1280, 720], [800, 800]] as const);
  return { kind: "photo", id: id(random), width, height, size: 40_000 + random.int(300_000) };
}

/** A video file. */
export function video(random: Random): WorldFile {
  const duration = 5 + random.int(600);
  return {
    kind: "video",
    id: id(random),
    mime: "video/mp4",
    name: `clip-${random.int(1000)}.mp4`,
    size: duration * 150_000 + random.int(150_000),
    width: 1280,
    height: 720,
    duration,
  };
}

const DOCUMENTS = [
  ["report.pdf", "application/pdf"],
  ["budget.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ["source.zip", "application/zip"],
  ["отчёт за март.pdf", "application/pdf"],
  ["notes.txt", "text/plain"],
  ["schéma 2.png", "image/png"],
] as const;

const file: Readonly<Record<Exclude<WorldFile["kind"], "video">, (random: Random) => WorldFile>> = {
  document: (random) => {
    const [name, mime] = random.pick(DOCUMENTS);
    return { kind: "document", id: id(random), mime, name, size: 1_000 + random.int(20_000_000) };
  },
  audio: (random) => ({
    kind: "audio",
    id: id(random),
    mime: "audio/mpeg",
    name: `track-${random.int(100)}.mp3`,
    size: 2_000_000 + random.int(8_000_000),
    duration: 60 + random.int(300),
    title: `Track ${random.int(100)}`,
    performer: random.pick(["The Samples", "Хор", "音楽隊"]),
  }),
  voice: (random) => ({
    kind: "voice",
    id: id(random),
    mime: "audio/ogg",
    size: 10_000 + random.int(200_000),
    duration: 1 + random.int(90),
  }),
  video_note: (random) => ({
    kind: "video_note",
    id: id(random),
    mime: "video/mp4",
    size: 500_000 + random.int(2_000_000),
    width: 384,
    height: 384,
    duration: 3 + random.int(57),
  }),
  gif: (random) => ({
    kind: "gif",
    id: id(random),
    mime: "video/mp4",
    name: "animation.gif.mp4",
    size: 100_000 + random.int(900_000),
    width: 480,
    height: 270,
    duration: 2 + random.int(8),
  }),
  sticker: (random) => ({
    kind: "sticker",
    id: id(random),
    mime: "image/webp",
    name: "sticker.webp",
    size: 20_000 + random.int(30_000),
    width: 512,
    height: 512,
    emoji: random.pick(["😀", "👍🏽", "❤️"]),
  }),
};

/** A poll with votes. */
export function poll(random: Random): WorldMedia {
  const options = random.pick([["Yes", "No"], ["Tea", "Coffee", "Water"], [
    "понедельник",
    "вторник",
    "среда",
    "четверг",
  ]]);
  return {
    kind: "poll",
    id: id(random),
    question: random.pick(["Which one?", "Когда встреча?", "Shall we?"]),
    options: options.map((text) => ({ text, votes: random.int(500) })),
    ...random.oneIn(2) ? { closed: true } : {},
  };
}

/** A link's preview. */
export function webpage(random: Random, url = `https://${random.pick(HOSTS)}/${random.int(1000)}`): WorldMedia {
  return {
    kind: "webpage",
    id: id(random),
    url,
    site: new URL(url).host,
    title: `Page ${random.int(1000)}`,
    description: "A page of the examples.",
  };
}

/** A medium of any kind but `photo`, `video` and `webpage`, the rare ones less often. */
export function otherMedia(random: Random): WorldMedia {
  switch (random.int(14)) {
    case 0:
      return {
        kind: "geo",
        latitude: (random.int(18_000) - 9_000) / 100,
        longitude: (random.int(36_000) - 18_000) / 100,
      };
    case 1:
      return { kind: "contact", phone: `+99966${10_000 + random.int(90_000)}`, firstName: "Kim", lastName: "Park" };
    case 2:
      return poll(random);
    default:
      return file[random.pick(["document", "document", "audio", "voice", "video_note", "gif", "sticker"] as const)](
        random,
      );
  }
}

/** The address in a message's text that a preview would show, if there is one. */
export function linkOf(message: Pick<WorldMessage, "text" | "entities">): string | undefined {
  const entity = message.entities?.find((each) => each.type === "url" || each.type === "text_link");
  return entity && (entity.url ?? message.text.slice(entity.offset, entity.offset + entity.length));
}
