/**
 * The file of a message as the tool and the download share it: found, allowed, and ready to be read.
 * @module
 */
import { AppError } from "../errors.ts";
import type { FileSource } from "../telegram/download.ts";
import type { TlMessage } from "../telegram/map/message.ts";
import type { Peer } from "../telegram/map/peer.ts";
import { fileOf, forbidsSaving, isProtected, type MessageFile, storedUnder, withoutFile } from "../telegram/media.ts";
import { type Located, readMessages } from "../telegram/messages.ts";
import type { Directory } from "../telegram/resolve.ts";
import { accountFor, openDirectory, type Reader, type Sources, waiting } from "./reading.ts";

/** A file and the way to its bytes. */
export interface OpenMedia {
  readonly file: MessageFile;
  readonly source: FileSource;
}

/**
 * Opens the file of a message.
 * @throws AppError UNSUPPORTED for a message without a file, ACCESS_DENIED for protected content
 */
export function openMedia(sources: Sources, context: Reader, { chat, message }: Located): OpenMedia {
  const account = accountFor(sources, context);
  const open = (message: TlMessage): MessageFile => {
    const file = fileOf(message);
    if (file === undefined) throw noFile(message);
    // The answer that brought the message has told its chat anew.
    const now = account.peers.get(chat.id) ?? chat;
    if (!sources.allowProtected) refuseProtected(now, message, file);
    return file;
  };
  const read = async (): Promise<MessageFile> =>
    open((await readOne(openDirectory(sources, context), chat, message.id)).message);
  const wait = waiting(sources, context);
  return {
    file: open(message),
    source: {
      callTo: (dcId) => wait(account.withDc(dcId)),
      renew: async (key) => storedUnder(key, await read()),
      options: { signal: context.signal },
    },
  };
}

/**
 * One message of a chat.
 * @throws AppError MESSAGE_NOT_FOUND
 */
export async function readOne(directory: Directory, chat: Peer, id: number): Promise<Located> {
  const [found] = await readMessages(directory, chat, [id]);
  if (found !== undefined) return found;
  throw new AppError("MESSAGE_NOT_FOUND", "There is no such message, or not any more.", { field: "message" });
}

function refuseProtected(chat: Peer, message: TlMessage, file: MessageFile): void {
  if (!isProtected(chat, message, file)) return;
  const reason = forbidsSaving(chat, message)
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
