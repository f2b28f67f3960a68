/**
 * From the chats that a key is to be restricted to, as they are typed, to ids.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import * as z from "zod";
import type { AllowedChat } from "../auth/key_row.ts";
import type { Config } from "../config/config.ts";
import { LOCAL_PRINCIPAL } from "../model/principal.ts";
import { visible } from "../model/visible.ts";
import { patient } from "../mtproto/flood.ts";
import { writeToStderr } from "../observability/output.ts";
import { findHolder, heldBy, holdDirectory, isServing, type ServingHolder } from "../storage/lock.ts";
import { openDataDirectory } from "../storage/open.ts";
import { chatDetails } from "../telegram/chats.ts";
import { titleOf } from "../telegram/map/peer.ts";
import { openAccount } from "../telegram/open.ts";
import { type Directory, findSelf, resolveChat } from "../telegram/resolve.ts";
import { VERSION } from "../version.ts";
import { callTool } from "./ask.ts";
import { describeWait } from "./export_progress.ts";

/**
 * Finds chats by asking the server that is running, or else Telegram. The basic group that a supergroup was comes along: it is the
 * older part of the same history.
 * @throws AppError for the first that is not found, and what keeps one from asking
 */
export async function resolveChats(
  config: Config,
  names: readonly string[],
  signal: AbortSignal,
): Promise<AllowedChat[]> {
  const holder = findHolder(config.dataDir);
  if (holder !== undefined && !isServing(holder)) throw heldBy(holder);
  const found = isServing(holder) ? await there(holder, names, signal) : await here(config, names, signal);
  return [...new Map(found.map((chat) => [chat.id, chat])).values()];
}

const answerSchema = z.object({
  chat: z.object({
    id: z.string(),
    title: z.string(),
    username: z.string().optional(),
    migrated_from: z.string().optional(),
  }),
  notes: z.array(z.string()).default([]),
});

async function there(server: ServingHolder, names: readonly string[], signal: AbortSignal): Promise<AllowedChat[]> {
  const found: AllowedChat[] = [];
  for (const name of names) {
    const { chat, notes } = answerSchema.parse(await callTool(server, "resolve_chat", { chat: name }, signal));
    for (const note of notes) say(note);
    found.push(allowed(chat.id, chat.title, chat.username, chat.migrated_from));
  }
  return found;
}

async function here(config: Config, names: readonly string[], signal: AbortSignal): Promise<AllowedChat[]> {
  using _lock = await holdDirectory(config.dataDir, "keys");
  using db = openDataDirectory(config.dataDir);
  const { accountId } = LOCAL_PRINCIPAL;
  await using opened = openAccount(config, { db, accountId, appVersion: VERSION });
  const { account } = opened;
  const within = (seconds: number): Directory => ({
    ...account,
    call: patient(account.call, {
      seconds,
      sleep: (pause, abort) => sleepMs(pause * 1000, undefined, { signal: abort }),
      onWait: ({ reason, seconds: pause }) => say(describeWait(reason, pause)),
    }),
    options: { signal },
  });
  await findSelf(within(Infinity));
  // Names are looked up with less patience: one that nobody has can cost a wait of hours.
  const directory = within(config.floodSleepThreshold);
  const found: AllowedChat[] = [];
  for (const name of names) {
    const { peer } = await resolveChat(directory, name);
    if (peer.migratedTo !== undefined) {
      say(`This group became the supergroup ${peer.migratedTo}; its newer messages are there.`);
    }
    const isSupergroup = peer.kind === "supergroup" || peer.kind === "forum";
    const former = isSupergroup ? (await chatDetails(directory.call, peer, directory.options)).migratedFrom : undefined;
    found.push(allowed(peer.id, titleOf(peer), peer.username, former));
  }
  return found;
}

function allowed(id: string, title: string, username: string | undefined, former: string | undefined): AllowedChat {
  return { id, title, ...(username && { username }), ...(former && { former }) };
}

function say(text: string): void {
  writeToStderr(`${visible(text)}\n`);
}
