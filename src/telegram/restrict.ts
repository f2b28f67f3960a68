/**
 * A view of an account that sees some of its chats only, for a caller that may see no others. It stands below everything that
 * reads Telegram: requests that name another chat never leave, and of answers all that tells of other chats is taken out. Texts
 * stay as they are, and so do the people who write in a chat that may be seen.
 * @module
 */
import type { Call } from "../mtproto/invoke.ts";
import type { Account } from "./account.ts";
import type { Dialogs } from "./dialogs.ts";
import { isInFolder } from "./folder_members.ts";
import { spaceOf } from "./ids.ts";
import type { Peer } from "./map/peer.ts";
import type { Peers } from "./peers.ts";
import { innermost } from "./named_peers.ts";
import { restrictAnswer } from "./restrict_answer.ts";
import { restrictPeers } from "./restrict_peers.ts";
import { assertSeen } from "./restrict_request.ts";
import type { Sight } from "./restrict_sight.ts";

/** Views that are kept of one account, and people that each remembers. */
const [MOST_VIEWS, MOST_SEEN] = [256, 10_000];

/** By the account, and by the allow-list in one word. Those of one process share what each has seen by its peers. */
const views = new WeakMap<Account, Map<string, Account>>();
const memories = new WeakMap<Peers, Map<string, Set<string>>>();

/**
 * The view of an account that sees these chats. One that was made before is given again, with the people it has seen; a basic
 * group stands for the supergroup that it has become, too.
 * @param chats marked ids
 */
export function restrict(account: Account, chats: ReadonlySet<string>): Account {
  const word = [...chats].sort().join();
  const known = views.get(account) ?? new Map<string, Account>();
  views.set(account, known);
  return kept(known, word, () => {
    const memory = memories.get(account.peers) ?? new Map<string, Set<string>>();
    memories.set(account.peers, memory);
    return createView(account, new Set(chats), kept(memory, word, () => new Set<string>()));
  });
}

/** What is kept under a word, made if it is not; the one that was longest not asked for goes. */
function kept<T>(all: Map<string, T>, word: string, make: () => T): T {
  const one = all.get(word) ?? make();
  all.delete(word);
  all.set(word, one);
  for (const oldest of all.keys()) {
    if (all.size <= MOST_VIEWS) break;
    all.delete(oldest);
  }
  return one;
}

function createView(account: Account, chats: ReadonlySet<string>, seen: Set<string>): Account {
  const { call, withDc, takeout, peers } = account;
  const groups = [...chats].filter((id) => /^-?\d+$/.test(id) && spaceOf(BigInt(id)) === "group");
  const successors = (): string[] => groups.flatMap((id) => peers.get(id)?.migratedTo ?? []);
  const allows = (id: string): boolean => chats.has(id) || (groups.length > 0 && successors().includes(id));
  const hasSeen = (id: string): boolean => seen.has(id);
  const see = (id: string): void => {
    seen.delete(id);
    seen.add(id);
    for (const oldest of seen) {
      if (seen.size <= MOST_SEEN) break;
      seen.delete(oldest);
    }
  };
  const sight: Sight = { allows, hasSeen, see, peers };
  /** Requests of the chat list, which is read whole and sorted out afterwards. */
  const whole = new WeakSet<object>();
  const restricted = (way: Call): Call => async (request, options) => {
    const asked = innermost(request);
    if (whole.has(asked)) return await way(request, options);
    assertSeen(asked, sight);
    return restrictAnswer(await way(request, options), asked.className, sight);
  };
  const unrestricted = (way: Call): Call => async (request, options) => {
    whole.add(request);
    return await way(request, options);
  };
  const dialogs: Dialogs = {
    load: async (way, options) => {
      const list = await account.dialogs.load(unrestricted(way), options);
      const own = list.dialogs.filter(({ peer }) => allows(peer.id));
      const self = peers.self()?.id;
      return {
        dialogs: own,
        // How many others there are is nobody's business here.
        complete: list.complete || [...chats].every((id) => own.some(({ peer }) => peer.id === id)),
        folders: list.folders.filter((folder) => own.some((dialog) => isInFolder(dialog, folder, self))),
      };
    },
  };
  const knownOnes = (): Peer[] => [...new Set([...chats, ...successors()])].flatMap((id) => peers.get(id) ?? []);
  return {
    call: restricted(call),
    withDc: (dcId) => restricted(withDc(dcId)),
    // Nothing passes there that names a chat, or whose answer does.
    takeout,
    peers: restrictPeers(peers, allows),
    dialogs,
    // What one view learns would be wrong for another.
    formers: new Map(),
    senders: restrictPeers(peers, (id) => allows(id) || hasSeen(id) || id === peers.self()?.id),
    own: async (way, options) => {
      // By what is missing here, not by what was asked for: whether Telegram is asked tells nothing about a name.
      if ([...chats].some((id) => peers.get(id) === undefined)) await dialogs.load(way, options);
      return knownOnes().filter(({ migratedTo }) => migratedTo === undefined);
    },
    allows,
  };
}
