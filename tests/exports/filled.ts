/**
 * A supergroup whose ids lie as a test wants them, read as exports read it.
 * @module
 */
import { exportLines, type ExportQuery, type Lines } from "../../src/exports/ndjson.ts";
import { createTally } from "../../src/exports/tally.ts";
import type { Counts } from "../../src/model/manifest.ts";
import type { Call } from "../../src/mtproto/invoke.ts";
import type { Account } from "../../src/telegram/account.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";
import type { TestSandbox } from "../e2e/sandbox.ts";
import { withAccount } from "./folder.ts";

/** Nobody has written here yet. */
export const EMPTY = "-1002000000006";
/** Unix seconds. */
export const BEGUN = 1_750_000_000;

/** Calls back with the account of a sandbox that may read so many pages at once, and the empty supergroup. */
export async function withEmpty(
  sandbox: TestSandbox,
  use: (account: Account, chat: Peer) => Promise<void>,
): Promise<void> {
  const environment = { ...sandbox.environment, EXPORT_READ_AHEAD: "16" };
  await withAccount({ ...sandbox, environment }, async (account) => {
    const { peer } = await resolveChat(account, "Empty Hall");
    await use(account, peer);
  });
}

/** What was read, as a file and a manifest would have it. */
export interface ReadLines {
  readonly text: string;
  readonly ids: readonly number[];
  readonly counts: Counts | undefined;
  /** Ids that are not looked at twice, one span after the other. */
  readonly spans: readonly (readonly [number | undefined, number | undefined])[];
}

/**
 * Reads a query to its end.
 * @param options.onLines is called between two stretches
 */
export async function readLines(
  call: Call,
  query: Omit<ExportQuery, "self">,
  { readAhead, onLines = () => {} }: {
    readonly readAhead?: number;
    readonly onLines?: (lines: Lines) => Promise<void> | void;
  },
): Promise<ReadLines> {
  const { chat, range = {}, upTo } = query;
  const tally = createTally([{ kind: chat.kind, range, upTo }]);
  const [texts, ids, spans]: [string[], number[], [number | undefined, number | undefined][]] = [[], [], []];
  const options = { now: () => BEGUN * 1000, readAhead };
  for await (const lines of exportLines(call, { ...query, self: "1000" }, options)) {
    const { text, kept, reached: _, ...page } = lines;
    tally.add({ segment: 0, kept, ...page });
    texts.push(text);
    ids.push(...kept.map(({ id }) => id));
    spans.push([lines.from, lines.to]);
    await onLines(lines);
  }
  return { text: texts.join(""), ids, counts: tally.counts()[0], spans };
}
