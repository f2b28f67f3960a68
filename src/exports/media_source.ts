/**
 * The files of messages as Telegram has them now, and the way to their bytes.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Media } from "../model/media.ts";
import type { SkipReason } from "../model/media_record.ts";
import { RpcError } from "../mtproto/errors.ts";
import type { Call } from "../mtproto/invoke.ts";
import { FileProblem, type FileSource } from "../telegram/download.ts";
import { mapMedia, mapMediaItems } from "../telegram/map/media.ts";
import type { TlMessage } from "../telegram/map/message.ts";
import type { Peer } from "../telegram/map/peer.ts";
import { filesOf, isProtected, type StoredFile, storedUnder } from "../telegram/media.ts";
import { readMessages } from "../telegram/messages.ts";
import { type Directory, resolveChat } from "../telegram/resolve.ts";
import { QuotaError } from "./quota.ts";

/** A file that can be downloaded, or why it cannot. */
export type Source = { readonly stored: StoredFile; readonly source: FileSource } | SkipReason;

/** What finding files needs besides the account. */
export interface SourceOptions {
  /** Whether files may be saved whose chat or message forbids that. */
  readonly allowProtected: boolean;
  /** Gives the way to a data centre its patience. */
  readonly patient: (call: Call) => Call;
}

/** Finds the file of a message that was read again. */
export type FindSource = (message: number, media: Media) => Source;

/** Answers that tell of trouble at Telegram's, cannot be read or do not come, for the same part until a file is given up. */
const MOST_TROUBLES = 20;

/**
 * Reads messages of one chat again, which gives the references that files are asked for with
 * (https://core.telegram.org/api/file_reference).
 * @param directory its `call` waits for a lost connection as long as it takes
 * @param chatId marked id
 * @throws AppError what keeps all files from being downloaded, and is worth waiting for
 */
export async function findSources(
  directory: Directory,
  chatId: string,
  ids: readonly number[],
  { allowProtected, patient }: SourceOptions,
): Promise<FindSource> {
  try {
    const { peer: chat } = await resolveChat(directory, chatId);
    const read = new Map((await readMessages(directory, chat, ids)).map(({ message }) => [message.id, message]));
    const find = (message: TlMessage | undefined, media: Media): StoredFile | SkipReason =>
      findFile(directory, chat, message, media, allowProtected);
    return (id, media) => {
      const stored = find(read.get(id), media);
      if (typeof stored === "string") return stored;
      const renew = async (key: string): Promise<StoredFile | undefined> => {
        const [again] = await readMessages(directory, chat, [id]);
        const file = find(again?.message, media);
        return typeof file === "string" || file.key !== key ? undefined : file;
      };
      const asked = (): Promise<unknown> => readMessages(directory, chat, [id]);
      const callTo = (dcId: number): Call => patient(givingUp(directory.withDc(dcId), asked));
      return { stored, source: { callTo, renew, options: directory.options } };
    };
  } catch (error) {
    directory.options?.signal?.throwIfAborted();
    const reason = skipReasonOf(error);
    if (reason === undefined) throw error;
    return () => reason;
  }
}

function findFile(
  { peers }: Directory,
  chat: Peer,
  message: TlMessage | undefined,
  { id }: Media,
  allowProtected: boolean,
): StoredFile | SkipReason {
  const content = message?.className === "Message" ? message.media : undefined;
  if (message === undefined || content === undefined) return "gone";
  const file = filesOf(message).find(({ media }) => media.id === id);
  if (file === undefined) {
    const told = [mapMedia(content), ...mapMediaItems(content) ?? []].map((media) => media?.id);
    return told.includes(id) ? "unsupported" : told.every((each) => each === undefined) ? "gone" : "changed";
  }
  // The answer that brought the message has told its chat anew.
  if (!allowProtected && isProtected(peers.get(chat.id) ?? chat, message, file)) return "protected";
  return storedUnder(file.original.key, file) ?? "unsupported";
}

/**
 * Lets a request fail for good that Telegram answers again and again with trouble of its own, or never.
 * @param asked resolves when Telegram has answered something else: a network that is away counts once, however long that is
 */
function givingUp(call: Call, asked: () => Promise<unknown>): Call {
  let troubles = 0;
  return async (request, options) => {
    try {
      return await call(request, options);
    } catch (error) {
      const isLate = error instanceof AppError && error.code === "TIMEOUT";
      const isTrouble = isLate || error instanceof RpcError && error.code === "CONNECTION";
      if (!isTrouble && !isUnreadable(error)) throw error;
      if (isLate) await asked();
      if (++troubles >= MOST_TROUBLES) throw new FileProblem("failed", "Telegram cannot give the file.");
      throw isTrouble ? error : new AppError("CONNECTION", "Telegram's answer cannot be read.", { cause: error });
    }
  };
}

/** Not Telegram's refusal, but an answer that is none, or a defect of ours. */
function isUnreadable(error: unknown): boolean {
  return error instanceof AppError && error.code === "INTERNAL" && !(error instanceof RpcError);
}

const OF_THE_CHAT: ReadonlySet<string> = new Set(["CHANNEL_PRIVATE", "CHAT_NOT_FOUND", "ACCESS_DENIED"]);
/** What is wrong with the server, not with a file. */
const OF_THE_SERVER: ReadonlySet<string> = new Set(["RESOURCE_EXHAUSTED", "SESSION_INVALID"]);

/** Why a file cannot be had, now or later; undefined for an error that is about more than that file. */
export function skipReasonOf(error: unknown): SkipReason | undefined {
  if (error instanceof FileProblem) return error.problem;
  // Where others hold the room, other files would not fit either: that ends the export.
  if (error instanceof QuotaError && error.why === "large") return "quota";
  if (!(error instanceof AppError) || OF_THE_SERVER.has(error.code) || isUnreadable(error)) return undefined;
  const isGone = error instanceof RpcError && /^(FILE_ID_INVALID|FILE_REFERENCE_\w+|LOCATION_INVALID)$/.test(error.rpc);
  return isGone ? "gone" : OF_THE_CHAT.has(error.code) ? "denied" : "failed";
}
