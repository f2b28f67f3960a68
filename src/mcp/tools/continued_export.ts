/**
 * What an export asks for that continues another one: the same messages of the same chats.
 * @module
 */
import { AppError } from "../../errors.ts";
import type { ExportQuery, Job, Target } from "../../exports/job.ts";
import type { Exports } from "../../exports/runner.ts";
import { isOfOneChat } from "../../exports/segments.ts";
import { formerChat } from "../../telegram/chats.ts";
import { formatPoint, type Point, readRange } from "../../telegram/dates.ts";
import { type Directory, resolveChat } from "../../telegram/resolve.ts";
import { resolveSender } from "../../telegram/senders.ts";
import { resolveTopic } from "../../telegram/topics.ts";
import type { ToolContext } from "../registry.ts";
import type { Filters } from "./position.ts";

/** Arguments of start_export that say which messages. */
export interface Wanted extends Pick<Filters, "from" | "to" | "tz" | "topic" | "sender" | "type"> {
  /** The export to continue. */
  readonly delta_of: string;
  /** Chats, if they are named again. */
  readonly names?: readonly string[];
  readonly format: ExportQuery["format"];
  readonly download_media?: boolean | undefined;
  readonly takeout?: boolean | undefined;
  /** Of the command line. */
  readonly limit?: number | undefined;
}

/** What {@link continueExport} finds. */
export interface Continued {
  readonly query: ExportQuery;
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
}

/**
 * The query of an export with its words settled as they were, for the chats as they are now.
 * @throws AppError EXPORT_NOT_FOUND; INPUT_VALIDATION when it cannot be continued, or naming an argument that is another one
 */
export async function continueExport(
  exports: Exports,
  directory: Directory,
  wanted: Wanted,
  { principal }: Pick<ToolContext, "principal">,
): Promise<Continued> {
  const { delta_of, format } = wanted;
  if (wanted.limit !== undefined) {
    throw new AppError("INPUT_VALIDATION", "An export that continues another one cannot be limited to some messages.", {
      field: "limit",
      hint: "Leave limit out.",
    });
  }
  const base = findBase(exports, delta_of, principal);
  assertSameFilters(wanted, base, Math.floor(Date.parse(base.created) / 1000));
  await exports.assertKnown(delta_of);
  const targets = await targetsNow(directory, base);
  await assertSameChats(directory, wanted, base, targets);
  const { chats, tz, topic, sender, type } = base.query;
  const { from, to } = base.targets[0]?.range ?? {};
  const query: ExportQuery = {
    chats: wanted.names === undefined ? chats : [...wanted.names],
    from: from && formatPoint(from),
    to: to && formatPoint(to),
    tz: wanted.tz ?? tz,
    topic,
    sender,
    type,
    format,
    download_media: wanted.download_media || undefined,
    takeout: wanted.takeout || undefined,
    delta_of,
  };
  const joined = targets.filter(({ id }) => !base.targets.some((target) => target.id === id));
  return {
    query,
    targets,
    notes: [
      ...(isOver(base) ? ["The export before ends at to: only edits and deletions can come, nothing new."] : []),
      ...joined.map(({ id }) =>
        `${id} is what a basic group of the export before became since; it is in this one, too.`
      ),
    ],
  };
}

function findBase(exports: Exports, id: string, principal: ToolContext["principal"]): Job {
  const { job } = find(exports, id, principal);
  if (job.state === "completed") return job;
  const isOver = job.state === "failed" || job.state === "cancelled";
  throw new AppError("INPUT_VALIDATION", `The export to continue is ${job.state}, not completed.`, {
    field: "delta_of",
    hint: isOver
      ? "Name one that was completed; list_exports shows them."
      : "Wait for it with get_export, then send the same again.",
    suggest: isOver
      ? { tool: "list_exports", arguments: { state: "completed" } }
      : { tool: "get_export", arguments: { id, wait_seconds: 45 } },
  });
}

function find(exports: Exports, id: string, principal: ToolContext["principal"]): ReturnType<Exports["get"]> {
  try {
    return exports.get(id, principal);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "EXPORT_NOT_FOUND")) throw error;
    throw new AppError("EXPORT_NOT_FOUND", error.message, {
      field: "delta_of",
      hint: "list_exports shows the exports that there are.",
      suggest: { tool: "list_exports", arguments: { state: "completed" } },
    });
  }
}

/** The chats of an export under their names of today. One that cannot be found stays, and is told as lost when it is read. */
async function targetsNow(directory: Directory, { targets }: Job): Promise<Target[]> {
  const now = new Map<string, Target>();
  for (const target of targets) {
    for (const each of await targetNow(directory, target, targets)) if (!now.has(each.id)) now.set(each.id, each);
  }
  const formers = new Set([...now.values()].map(({ former }) => former));
  return [...now.values()].filter(({ id }) => !formers.has(id));
}

async function targetNow(directory: Directory, target: Target, all: readonly Target[]): Promise<Target[]> {
  try {
    const { peer } = await resolveChat(directory, target.id, "delta_of");
    const { kind, title, username, migratedTo } = peer;
    const former = target.former ?? (await formerChat(directory, peer))?.id;
    const same = { ...target, kind, title, username, former };
    // Whoever asked for the group alone when it was a supergroup already did not want that.
    if (migratedTo === undefined || target.migratedTo !== undefined) return [same];
    return [same, ...await successor(directory, target, migratedTo)];
  } catch (error) {
    if (isOfOneChat(error, all)) return [target];
    throw error;
  }
}

/** A supergroup begins where the group ends: only dates mean something in both. */
async function successor(directory: Directory, { range, sender }: Target, id: string): Promise<Target[]> {
  const { from, to } = range;
  if (to !== undefined && "id" in to) return [];
  const { peer: { kind, title, username } } = await resolveChat(directory, id, "delta_of");
  const own = { ...(from === undefined || "id" in from ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return [{ id, kind, title, username, range: own, sender }];
}

/** @param created unix seconds, which ages counted back from */
function assertSameFilters(wanted: Wanted, { query, targets }: Job, created: number): void {
  if (wanted.type !== undefined && wanted.type !== query.type) throw disagrees("type");
  for (const field of ["from", "to"] as const) {
    const said = wanted[field];
    if (said === undefined || said === query[field]) continue;
    const point = readRange({ [field]: said, tz: wanted.tz ?? query.tz }, created)[field];
    if (!isSame(point, targets[0]?.range[field])) throw disagrees(field);
  }
}

function isSame(a: Point | undefined, b: Point | undefined): boolean {
  return a !== undefined && b !== undefined && formatPoint(a) === formatPoint(b);
}

/** Topics and senders are those of a chat, by whatever name. */
async function assertSameChats(
  directory: Directory,
  { names, topic, sender }: Wanted,
  base: Job,
  now: readonly Target[],
): Promise<void> {
  if (names !== undefined) {
    const ids = new Set<string>();
    for (const name of names) ids.add((await resolveChat(directory, name)).peer.id);
    const isAll = (targets: readonly Target[]): boolean =>
      targets.length === ids.size && targets.every(({ id }) => ids.has(id));
    if (!isAll(base.targets) && !isAll(now)) throw disagrees(names.length === 1 ? "chat" : "chats");
  }
  if (topic === undefined && sender === undefined) return;
  for (const target of base.targets) {
    const { peer } = await resolveChat(directory, target.id, "delta_of");
    if (topic !== undefined && (await resolveTopic(directory, peer, topic)).id !== target.topic) {
      throw disagrees("topic");
    }
    if (sender !== undefined && (await resolveSender(directory, peer, sender)).id !== target.sender) {
      throw disagrees("sender");
    }
  }
}

function disagrees(field: string): AppError {
  return new AppError("INPUT_VALIDATION", `${field} is not that of the export to continue.`, {
    field,
    hint:
      `Leave ${field} out: what continues an export has its chats and filters. For others start one without delta_of.`,
  });
}

/** Whether whatever comes after an export lies beyond its end. */
function isOver({ targets, plan, created }: Job): boolean {
  const [end] = targets.map(({ range }) => range.to);
  if (end === undefined) return false;
  if ("seconds" in end) return end.seconds * 1000 <= Date.parse(plan?.begun ?? created);
  return plan?.segments.every(({ upTo }) => end.id - 1 <= upTo) ?? false;
}
