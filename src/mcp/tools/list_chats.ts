/**
 * The tool list_chats.
 * @module
 */
import * as z from "zod";
import { AppError, type Candidate } from "../../errors.ts";
import { chatKindSchema } from "../../model/chat.ts";
import { asSent } from "../../model/visible.ts";
import { byActivity, type Dialog } from "../../telegram/dialogs.ts";
import { isInFolder, isUnread } from "../../telegram/folder_members.ts";
import type { Folder } from "../../telegram/folders.ts";
import { rfc3339 } from "../../telegram/map/message.ts";
import { titleOf } from "../../telegram/map/peer.ts";
import type { Directory } from "../../telegram/resolve.ts";
import { disagrees } from "../cursor.ts";
import { neutralized } from "../../model/neutralize.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool, type ToolContext } from "../registry.ts";
import { fold, wordsMatcher } from "../words.ts";
import { explainLimit, limitArgument } from "./input.ts";

const NAME = "list_chats";

const filterArguments = {
  query: z.string().max(200).describe("words of the title or username").optional(),
  kind: chatKindSchema.exclude(["saved"]).optional(),
  folder: z.string().max(100).describe("name of a chat folder").optional(),
  unread: z.boolean().optional(),
  mentions: z.boolean().describe("with unread mentions of the account").optional(),
  archived: z.boolean().describe("absent: both").optional(),
};

const output = z.object({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  neutralized,
  folders: z.array(z.string()).optional(),
  chats: z.array(z.object({
    id: z.string(),
    kind: chatKindSchema,
    title: z.string(),
    username: z.string().optional(),
    last: z.iso.datetime().optional(),
    unread: z.int().optional(),
    mentions: z.int().optional(),
    members: z.int().optional(),
    archived: z.literal(true).optional(),
    pinned: z.literal(true).optional(),
    muted: z.literal(true).optional(),
    protected: z.literal(true).optional(),
  })),
});

const envelope = z.looseObject({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  chats: z.array(z.unknown()),
});

const positionSchema = z.object({
  given: z.object(filterArguments),
  /** The last chat shown. */
  after: z.object({ date: z.int(), id: z.string() }),
});

type Filters = z.infer<z.ZodObject<typeof filterArguments>>;

interface Arguments extends Filters {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Builds the tool. */
export function listChats(sources: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "List chats",
    description:
      'The account\'s chats, latest activity first: id, kind, unread, last date. Use for a vague name (query), or to see what is unread. With an @name, link or id go straight to the other tools. Example: {"query":"plumber"}',
    scope: "read",
    hints: READS_TELEGRAM,
    usedFirst: true,
    input: z.strictObject({
      ...filterArguments,
      limit: limitArgument(sources.maxPageSize, 50),
      cursor: z.string().max(8000).optional(),
    }),
    output,
    envelope,
    explain: explainLimit(NAME, sources.maxPageSize),
    run: (args, context) => run(sources, args, context),
  });
}

async function run(sources: Sources, args: Arguments, context: ToolContext): Promise<z.input<typeof output>> {
  const position = args.cursor === undefined
    ? undefined
    : sources.cursors.open(args.cursor, NAME, context.principal, positionSchema);
  if (position !== undefined) assertAgreement(args, position.given);
  const filters = position?.given ?? args;
  const directory = openDirectory(sources, context);
  const list = await directory.dialogs.load(directory.call, directory.options);
  const { folders } = list;
  const folder = filters.folder === undefined ? undefined : findFolder(folders, filters.folder);
  const chosen = list.dialogs.filter(matcher(filters, folder, directory)).sort(byActivity);
  const rest = position === undefined ? chosen : chosen.filter((dialog) => isBehind(dialog, position.after));
  const page = rest.slice(0, args.limit);
  const last = page.at(-1);
  const notes = notesOf({ filters, complete: list.complete, isEmpty: chosen.length === 0 });
  return {
    count: page.length,
    total: chosen.length,
    has_more: rest.length > page.length,
    ...(rest.length > page.length && last !== undefined
      ? { next_cursor: sources.cursors.seal(NAME, context.principal, { given: givenIn(filters), after: keyOf(last) }) }
      : {}),
    ...(notes.length === 0 ? {} : { notes }),
    ...(position === undefined && folders.length > 0 ? { folders: folders.map(({ name }) => name) } : {}),
    chats: page.map(entry),
  };
}

function givenIn({ query, kind, folder, unread, mentions, archived }: Filters): Filters {
  return { query, kind, folder, unread, mentions, archived };
}

function assertAgreement(args: Arguments, given: Filters): void {
  const before = new Map<string, unknown>(Object.entries(given));
  for (const [field, value] of Object.entries(givenIn(args))) {
    if (value !== undefined && value !== before.get(field)) throw disagrees(field);
  }
}

function keyOf(dialog: Dialog): { date: number; id: string } {
  return { date: dialog.lastDate ?? 0, id: dialog.peer.id };
}

/** The order of {@link byActivity}, against a place that may no longer be in the list. */
function isBehind(dialog: Dialog, after: { readonly date: number; readonly id: string }): boolean {
  const { date, id } = keyOf(dialog);
  return date < after.date || (date === after.date && BigInt(id) > BigInt(after.id));
}

function matcher(filters: Filters, folder: Folder | undefined, { peers }: Directory): (dialog: Dialog) => boolean {
  const fits = wordsMatcher(filters.query);
  const self = peers.self()?.id;
  return (dialog) => {
    if (
      !fits([titleOf(dialog.peer), dialog.peer.title, ...dialog.peer.usernames.map((name) => `@${name}`)].join(" "))
    ) return false;
    if (filters.kind !== undefined && dialog.peer.kind !== filters.kind) return false;
    if (filters.unread !== undefined && isUnread(dialog) !== filters.unread) return false;
    if (filters.mentions !== undefined && (dialog.mentions > 0) !== filters.mentions) return false;
    if (filters.archived !== undefined && dialog.archived !== filters.archived) return false;
    return folder === undefined || isInFolder(dialog, folder, self);
  };
}

function findFolder(folders: readonly Folder[], name: string): Folder {
  const folder = folders.find((each) => fold(each.name) === fold(asSent(name.trim())));
  if (folder !== undefined) return folder;
  throw new AppError("INPUT_VALIDATION", "folder: the account has no folder of that name.", {
    field: "folder",
    hint: folders.length === 0
      ? "It has no folders at all; leave folder out."
      : "Send the title of one of the candidates, which are all there are.",
    ...(folders.length === 0 ? {} : { candidates: folders.map(toCandidate) }),
  });
}

function toCandidate({ id, name }: Folder): Candidate {
  return { id: String(id), kind: "folder", title: name };
}

function notesOf(
  { filters, complete, isEmpty }: { readonly filters: Filters; readonly complete: boolean; readonly isEmpty: boolean },
): string[] {
  const notes: string[] = [];
  if (!complete) notes.push("The account has more chats than are looked at here; the oldest are missing.");
  if (isEmpty) {
    const given = Object.entries(givenIn(filters)).filter(([, value]) => value !== undefined).map(([field]) => field);
    notes.push(
      given.length === 0
        ? "The account has no chats."
        : `No chat matches ${given.join(", ")}; leave one out, or try another spelling.`,
    );
  }
  return notes;
}

function entry(dialog: Dialog): z.input<typeof output>["chats"][number] {
  const { peer, lastDate } = dialog;
  return {
    id: peer.id,
    kind: peer.kind,
    title: titleOf(peer),
    ...(peer.username === undefined ? {} : { username: peer.username }),
    ...(lastDate === undefined ? {} : { last: rfc3339(lastDate) }),
    ...(dialog.unread === 0 ? {} : { unread: dialog.unread }),
    ...(dialog.mentions === 0 ? {} : { mentions: dialog.mentions }),
    ...(peer.members === undefined ? {} : { members: peer.members }),
    ...(dialog.archived ? { archived: true } : {}),
    ...(dialog.pinned ? { pinned: true } : {}),
    ...(dialog.muted ? { muted: true } : {}),
    ...(peer.protected ? { protected: true } : {}),
  };
}
