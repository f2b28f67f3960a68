/**
 * A channel that goes on when the clock does: posts that come, are edited and are deleted, and scheduled ones.
 * @module
 */
import { OWNER } from "../cast.ts";
import { channelId } from "../chat.ts";
import type { Draft } from "../message.ts";
import { seconds } from "../timeline.ts";
import { channel } from "./channels.ts";
import { every, listed } from "./listed.ts";
import type { ChatSeed } from "./seed.ts";

/** The channel. */
export const LIVE_DESK = channelId(2_000_000_017);

/** Something that happens at a time in seconds. */
export type Change =
  & { readonly at: number; readonly chat: string }
  & (
    | { readonly kind: "append"; readonly draft: Draft }
    | { readonly kind: "edit"; readonly id: number; readonly text: string }
    | { readonly kind: "remove"; readonly id: number }
  );

/** When the first change takes place: a minute after the world begins. */
const START = seconds("2025-06-01T00:01:00Z");
const FIRST = seconds("2025-05-31T12:00:00Z");

const post = (text: string): Draft => ({ text, post: true, views: 12, forwards: 0 });

/** The changes to come, in order: one a minute, then three scheduled ones, one an hour. */
export const CHANGES: readonly Change[] = [
  { kind: "append", draft: post("The polls have opened.") } as const,
  { kind: "edit", id: 5, text: "Turnout at noon: 31 percent (corrected)." } as const,
  { kind: "remove", id: 7 } as const,
  { kind: "append", draft: post("Turnout in the evening: 58 percent.") } as const,
  { kind: "edit", id: 5, text: "Turnout at noon: 32 percent (corrected twice)." } as const,
  { kind: "remove", id: 13 } as const,
].map((change, index) => ({ ...change, at: START + index * 60, chat: LIVE_DESK }));

/** What waits to be sent: in the world, in no history until its time, https://core.telegram.org/api/scheduled-messages. */
export const SCHEDULED: readonly Change[] = [1, 2, 3].map((hour) => ({
  kind: "append",
  chat: LIVE_DESK,
  at: START + hour * 3_600,
  draft: { ...post(`Scheduled bulletin number ${hour}.`), scheduled: true },
}));

/** The channel's seed. */
export function liveDesk(): ChatSeed {
  return listed(
    channel({
      id: LIVE_DESK,
      title: "Live Desk",
      username: "sandbox_live",
      about: "It goes on.",
      size: 77,
      members: [OWNER.id],
    }, FIRST),
    every(1_800, FIRST, [
      { text: "", post: true, service: { action: "channel_create", title: "Live Desk" } },
      ...["Good morning.", "Weather: clear.", "Roads: free."].map(post),
      post("Turnout at noon: 13 percent."),
      { ...post("Edited long ago."), edited: FIRST + 20_000 },
      post("This post will be deleted."),
      ...["One.", "Two.", "Three."].map(post),
      { ...post("Pinned for the day."), pinned: true },
      post("Close to the end."),
    ]),
    {},
  );
}
