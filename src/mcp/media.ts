/**
 * The file of a message as the tool and the download share it: found, allowed, and ready to be read.
 * @module
 */
import { AppError } from "../errors.ts";
import type { FileSource } from "../telegram/download.ts";
import type { TlMessage } from "../telegram/map/message.ts";
import type { Peer } from "../telegram/map/peer.ts";
import { fileOf, type MessageFile, storedUnder, withoutFile } from "../telegram/media.ts";
import { readMessage } from "../telegram/messages.ts";
import type { Place } from "../telegram/pointed.ts";
import type { Directory } from "../telegram/resolve.ts";
import { openDirectory, type Sources, type Waiter, waiting } from "./reading.ts";

/** A file and the way to its bytes. */
export interface OpenMedia {
  readonly file: MessageFile;
  readonly source: FileSource;
}

/**
 * Reads the message at a place and opens its file.
 * @throws AppError MESSAGE_NOT_FOUND, UNSUPPORTED for a message without a file, ACCESS_DENIED for protected content
 */
export async function openMedia(
  sources: Sources,
  context: Waiter,
  place: Place,
): Promise<OpenMedia> {
  const read = async (): Promise<MessageFile> => {
    const directory = openDirectory(sources, context);
    const message = await readMessage(directory.call, place.chat, place.id, directory.options);
    const file = fileOf(message);
    if (file === undefined) throw noFile(message);
    if (!sources.allowProtected) refuseProtected(chatNow(directory, place.chat), message, file);
    return file;
  };
  const file = await read();
  const wait = waiting(sources, context);
  return {
    file,
    source: {
      callTo: (dcId) => wait(sources.account.withDc(dcId)),
      renew: async (key) => storedUnder(key, await read()),
      options: { signal: context.signal },
    },
  };
}

/** The chat as the answer that brought the message has told it. */
function chatNow({ peers }: Directory, chat: Peer): Peer {
  return peers.get(chat.id) ?? chat;
}

function refuseProtected(chat: Peer, message: TlMessage, file: MessageFile): void {
  const isProtected = chat.protected || message.className === "Message" && message.noforwards;
  if (!isProtected && !file.vanishing) return;
  const reason = isProtected
    ? "Its chat does not allow content to be saved"
    : "The file was sent to vanish once it is seen";
  throw new AppError("ACCESS_DENIED", `${reason}, and this server respects that.`, {
    field: "message",
    hint: "Tell the user, do not retry: the server's owner can allow it with ALLOW_PROTECTED_MEDIA=true.",
  });
}

function noFile(message: TlMessage): AppError {
  return new AppError("UNSUPPORTED", `Message ${message.id} has no file: it is ${withoutFile(message)}.`, {
    field: "message",
    hint: "fetch_history with type photo, video, document, audio or media finds messages with files.",
  });
}
