/**
 * A folder with one chat's messages and the manifest that says what they are.
 * @module
 */
import { join } from "node:path";
import type { Message } from "../model/message.ts";
import type { Peer } from "../telegram/map/peer.ts";
import { MESSAGES_FILE, writeManifest } from "./manifest.ts";
import type { Plan } from "./plan.ts";
import { readRecords } from "./records.ts";
import { createTally, type Tally } from "./tally.ts";

/** Messages that are counted at once. */
const BATCH = 1000;

/** Whose messages a folder has, and from when. */
export interface FolderContents {
  readonly chat: Pick<Peer, "id" | "kind" | "title" | "username">;
  readonly plan: Plan;
  /** The basic group that the supergroup was, whose messages are not in the folder. */
  readonly former?: string;
  readonly program: { readonly name: string; readonly version: string };
}

/** The messages of a folder, as a path. */
export function messagesPath(folder: string): string {
  return join(folder, MESSAGES_FILE);
}

/**
 * Counts the messages of a folder and writes its manifest. They were read from the oldest on without leaving any out, so that
 * whatever lies between two of them is not there at Telegram either.
 * @throws AppError INPUT_VALIDATION when the file holds something else than messages; Deno.errors of the file system
 */
export async function describeFolder(folder: string, contents: FolderContents): Promise<void> {
  const { chat, plan, former, program } = contents;
  const { range, upTo, asked: { limit, ...asked } } = plan;
  const tally = createTally([{ kind: chat.kind, range, upTo }]);
  const count = await countAll(tally, readRecords(messagesPath(folder)), plan);
  const reasons = [
    ...(count === limit ? [`No more than ${limit} messages were asked for.`] : []),
    ...(former === undefined ? [] : [`Older messages, from before this was a supergroup, are in ${former}.`]),
  ];
  await writeManifest(folder, {
    id: crypto.randomUUID(),
    created: plan.begun,
    finished: new Date().toISOString(),
    program,
    query: { ...asked, ...(limit === undefined ? {} : { limit }) },
    chats: [{ id: chat.id, kind: chat.kind, title: chat.title, username: chat.username, range, upTo, reasons }],
    counts: tally.counts(),
    files: [MESSAGES_FILE],
  });
}

async function countAll(tally: Tally, messages: AsyncIterable<Message>, { range, upTo, asked }: Plan): Promise<number> {
  // With a date as its bound the span begins at the first message there is.
  let from = range.from === undefined ? 1 : "id" in range.from ? range.from.id : undefined;
  let [count, batch]: [number, Message[]] = [0, []];
  const add = (): void => {
    const [first, last] = [batch[0], batch.at(-1)];
    if (first === undefined || last === undefined) return;
    const looked = batch.map(({ id }) => ({ id, verdict: "kept" as const }));
    tally.add({ segment: 0, kept: batch, looked, from: from ?? first.id, to: last.id });
    from = last.id + 1;
    count += batch.length;
    batch = [];
  };
  for await (const message of messages) {
    batch.push(message);
    if (batch.length === BATCH) add();
  }
  add();
  const isToTheEnd = count !== asked.limit;
  if (isToTheEnd && from !== undefined) tally.add({ segment: 0, kept: [], looked: [], from, to: upTo });
  return count;
}
