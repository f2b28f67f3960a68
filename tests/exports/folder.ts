/**
 * Folders as an export leaves them: messages read from a sandbox, the tally fed page by page, the manifest last.
 * @module
 */
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { type ExportedChat, type FinishedExport, MESSAGES_FILE, writeManifest } from "../../src/exports/manifest.ts";
import { exportLines } from "../../src/exports/ndjson.ts";
import { createTally, restoreTally } from "../../src/exports/tally.ts";
import type { Manifest } from "../../src/model/manifest.ts";
import { type Message, messageSchema } from "../../src/model/message.ts";
import { openDatabase } from "../../src/storage/open.ts";
import type { Account } from "../../src/telegram/account.ts";
import { historyEnds } from "../../src/telegram/chats.ts";
import { readRange } from "../../src/telegram/dates.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { findSelf, resolveChat } from "../../src/telegram/resolve.ts";
import type { TestSandbox } from "../e2e/sandbox.ts";

/** Calls back with the account of a sandbox. */
export async function withAccount(sandbox: TestSandbox, use: (account: Account) => Promise<void>): Promise<void> {
  const environment: Readonly<Record<string, string>> = sandbox.environment;
  const config = loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
  using db = openDatabase(":memory:");
  await using open = openAccount(config, { db, accountId: "default", appVersion: "0" });
  await use(open.account);
}

/** What is exported. */
export interface Wanted {
  /** As a person names it. */
  readonly chat: string;
  readonly from?: string;
  readonly to?: string;
  /** Messages that are kept; all if left out. */
  readonly keeps?: (message: Message) => boolean;
  readonly reasons?: readonly string[];
}

/** An export of nothing, to be filled. */
export const FINISHED: FinishedExport = {
  id: "abcdefghijklmnopqrstuvwxyz",
  created: "2025-06-01T00:00:00.000Z",
  finished: "2025-06-01T00:01:00.000Z",
  program: { name: "telegram-toolkit-mcp", version: "0.1.0" },
  query: {},
  chats: [],
  counts: [],
  files: [MESSAGES_FILE],
};

/** A text message. */
export function messageOf(id: number, chat: string, text = ""): Message {
  const [date, observed_at] = ["2025-01-01T00:00:00Z", "2025-06-01T00:00:00Z"];
  return { schema: "message/1", id, chat_id: chat, date, observed_at, text };
}

/** Records as a file has them. */
export function ndjson(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

const BEGUN = Date.parse("2025-06-01T00:00:00Z");

/** Writes the messages of some chats into a folder. The tally goes through JSON after each page, as a resumed job's does. */
export async function exportTo(
  folder: string,
  account: Account,
  wanted: readonly Wanted[],
  more: Partial<FinishedExport> = {},
): Promise<Manifest> {
  const self = await findSelf(account);
  const chats: ExportedChat[] = [];
  for (const { chat, from, to, reasons = [] } of wanted) {
    const { peer: { id, kind, title, username } } = await resolveChat(account, chat);
    const { last } = await historyEnds(account.call, (await resolveChat(account, id)).peer);
    chats.push({
      id,
      kind,
      title,
      username,
      range: readRange({ from, to }, BEGUN / 1000),
      upTo: last?.id ?? 0,
      reasons,
    });
  }
  let tally = createTally(chats);
  using file = await Deno.open(join(folder, MESSAGES_FILE), { write: true, createNew: true });
  for (const [segment, { id, range, upTo }] of chats.entries()) {
    const { peer } = await resolveChat(account, id);
    const keeps = wanted[segment]?.keeps ?? (() => true);
    const query = { chat: peer, self: self.id, range, upTo };
    let reached = 0;
    for await (const lines of exportLines(account.call, query, { now: () => BEGUN })) {
      const messages = lines.kept.map((message) => messageSchema.parse(JSON.parse(JSON.stringify(message))));
      const looked = messages.map((message) => {
        const verdict = keeps(message) ? "kept" : message.service ? "service" : "filtered";
        return { id: message.id, verdict } as const;
      });
      const kept = messages.filter(keeps);
      tally.add({ segment, kept, looked, from: reached + 1, to: lines.reached });
      tally = restoreTally(JSON.parse(JSON.stringify(tally.snapshot())));
      await file.write(new TextEncoder().encode(ndjson(kept)));
      reached = lines.reached;
    }
    tally.add({ segment, kept: [], looked: [], from: reached + 1, to: upTo });
  }
  return await writeManifest(folder, {
    ...FINISHED,
    query: { chats: wanted.map(({ chat }) => chat), format: "ndjson" },
    chats,
    counts: tally.counts(),
    ...more,
  });
}
