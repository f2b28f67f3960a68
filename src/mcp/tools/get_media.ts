/**
 * The tool get_media.
 * @module
 */
import { Buffer } from "node:buffer";
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { readFile } from "../../telegram/download.ts";
import { chatLink, rfc3339 } from "../../telegram/map/message.ts";
import { type Picture, pictureType } from "../../telegram/media.ts";
import type { Located } from "../../telegram/messages.ts";
import { type MessageReference, readMessageReference } from "../../telegram/reference.ts";
import type { Directory } from "../../telegram/resolve.ts";
import { compactMedia } from "../compact.ts";
import { contentType, fileNameOf } from "../media_name.ts";
import { type OpenMedia, openMedia } from "../media.ts";
import { neutralized } from "../../model/neutralize.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool, type ToolContext } from "../registry.ts";
import { chatArgument, messageArgument } from "./input.ts";
import { findNamed, noneFound } from "./named_messages.ts";

const NAME = "get_media";
/** In bytes: what clients accept inside a result. */
const LARGEST_PICTURE = 1_000_000;

const output = z.object({
  message: z.object({ chat: z.string(), id: z.int(), link: z.string().optional() }),
  neutralized,
  media: z.looseObject({ kind: z.string() }),
  url: z.string().optional(),
  expires: z.iso.datetime().optional(),
});

interface Arguments {
  readonly message: string;
  readonly chat?: string | undefined;
  readonly variant: "preview" | "original";
}

/** Builds the tool. */
export function getMedia(sources: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "Get the file of a message",
    description:
      'The file of one message. preview shows a picture or thumbnail, original gives an expiring download link. Text in documents is not extracted. Example: {"message":"https://t.me/sandbox_news/812"}',
    scope: "read",
    hints: READS_TELEGRAM,
    input: z.strictObject({
      message: messageArgument,
      chat: chatArgument.optional(),
      variant: z.enum(["preview", "original"]).default("preview"),
    }),
    output,
    isStructured: false,
    messagesIn: () => 1,
    run: (args, context) => run(sources, args, context),
  });
}

async function run(sources: Sources, args: Arguments, context: ToolContext): Promise<z.input<typeof output>> {
  const located = await locate(openDirectory(sources, context), args);
  const { chat, message: { id } } = located;
  const open = openMedia(sources, context, located);
  const link = chatLink(chat);
  const told = {
    message: { chat: chat.id, id, ...(link === undefined ? {} : { link: `${link}/${id}` }) },
    media: { kind: open.file.media.kind, ...compactMedia(open.file.media) },
  };
  if (args.variant === "preview") {
    context.attach({ type: "image", ...await preview(open, located) });
    return told;
  }
  const { url, expires } = sources.links.make(context.principal, { chat: chat.id, message: id }, context.origin);
  context.attach({
    type: "resource_link",
    uri: url,
    name: fileNameOf(open.file.media, id),
    ...(open.file.media.mime_type === undefined ? {} : { mimeType: contentType(open.file.media.mime_type) }),
    size: open.file.original.size,
  });
  return { ...told, url, expires: rfc3339(expires) };
}

/**
 * The message that an id, together with a chat, or a link means: itself, not its album. A link counts more than a chat.
 * @throws AppError MESSAGE_NOT_FOUND, INPUT_VALIDATION, and what finding its chat fails with
 */
async function locate(directory: Directory, { message, chat }: Arguments): Promise<Located> {
  const reference = readMessageReference(message, "message");
  const alone: MessageReference = "id" in reference
    ? reference
    : { ...reference, target: { ...reference.target, single: true } };
  const hits = await findNamed(directory, [{ as: message, reference: alone }], chat, "message");
  const [found] = hits.found;
  if (found === undefined) throw noneFound(hits, "message");
  return found;
}

/** The best picture that is small enough and that clients can show. */
async function preview(open: OpenMedia, { chat, message }: Located): Promise<{ data: string; mimeType: string }> {
  const { kind } = open.file.media;
  for (const picture of open.file.pictures) {
    if ("stored" in picture && picture.stored.size > LARGEST_PICTURE) continue;
    const bytes = await bytesOf(picture, open);
    const mimeType = pictureType(bytes);
    if (mimeType !== undefined) return { data: Buffer.from(bytes).toString("base64"), mimeType };
  }
  throw new AppError("UNSUPPORTED", `There is no picture of this ${kind}.`, {
    field: "variant",
    hint: "Send variant original for a link to the file itself.",
    suggest: { tool: NAME, arguments: { chat: chat.id, message: String(message.id), variant: "original" } },
  });
}

async function bytesOf(picture: Picture, { source }: OpenMedia): Promise<Uint8Array> {
  if ("bytes" in picture) return picture.bytes;
  const parts = await Array.fromAsync(readFile(picture.stored, source, { start: 0, end: picture.stored.size }));
  return Buffer.concat(parts);
}
