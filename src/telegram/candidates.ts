/**
 * Chats and people that a caller may have meant.
 * @module
 */
import { AppError, type Candidate } from "../errors.ts";
import { type Peer, titleOf } from "./map/peer.ts";

/** The error for a name that several answer to. */
export function ambiguous(peers: readonly Peer[], name: string, field: string): AppError {
  const [who, shown] = [field === "sender" ? "members" : "chats", name.slice(0, 80)];
  return new AppError("CHAT_AMBIGUOUS", `${peers.length} ${who} answer to ${JSON.stringify(shown)}.`, {
    field,
    candidates: peers.slice(0, 5).map(toCandidate),
    ...(field === "sender" ? {} : { suggest: { tool: "list_chats", arguments: { query: shown } } }),
  });
}

function toCandidate(peer: Peer): Candidate {
  return {
    id: peer.id,
    kind: peer.kind,
    title: titleOf(peer),
    ...(peer.username === undefined ? {} : { username: peer.username }),
  };
}

/** Up to five of those whose names share enough pairs of letters with a name (Dice's coefficient), the nearest first. */
export function nearest<T>(name: string, all: readonly T[], namesOf: (one: T) => readonly string[]): T[] {
  const wanted = pairs(name);
  return all
    .map((one) => ({ one, score: Math.max(...namesOf(one).map((each) => dice(wanted, pairs(each)))) }))
    .filter(({ score }) => score >= 0.4)
    .sort((a, b) => b.score - a.score)
    .slice(0, 5)
    .map(({ one }) => one);
}

/** The {@link nearest} peers by title and usernames. */
export function nearestPeers(name: string, peers: readonly Peer[]): Candidate[] {
  return nearest(name, peers, ({ title, usernames }) => [title, ...usernames]).map(toCandidate);
}

function pairs(text: string): Set<string> {
  const folded = text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return new Set(Array.from({ length: Math.max(0, folded.length - 1) }, (_, i) => folded.slice(i, i + 2)));
}

function dice(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return a.size + b.size === 0 ? 0 : 2 * a.intersection(b).size / (a.size + b.size);
}

/** The error for a sender who is not known. */
export function nobody(name: string, candidates: readonly Candidate[]): AppError {
  return new AppError(
    "INPUT_VALIDATION",
    `sender: nobody known here answers to ${JSON.stringify(name.slice(0, 80))}.`,
    {
      field: "sender",
      hint: "Send the exact display name, an @name or an id; a page's senders lists them.",
      ...(candidates.length === 0 ? {} : { candidates }),
    },
  );
}
