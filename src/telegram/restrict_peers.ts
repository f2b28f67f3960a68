/**
 * Some of an account's peers.
 * @module
 */
import type { Peer } from "./map/peer.ts";
import type { Peers } from "./peers.ts";

/**
 * The peers that are known here, and no others: to names it is as if Telegram had told of nobody else.
 * @param knows by marked id
 */
export function restrictPeers(all: Peers, knows: (id: string) => boolean): Peers {
  const isKnown = ({ id }: Peer): boolean => knows(id);
  const known = (peer: Peer | undefined): Peer | undefined => peer !== undefined && isKnown(peer) ? peer : undefined;
  return {
    learn: all.learn,
    get: (id) => knows(id) ? all.get(id) : undefined,
    byUsername: (name) => known(all.byUsername(name)),
    byTitle: (title) => all.byTitle(title).filter(isKnown),
    byBareId: (digits) => all.byBareId(digits).filter(isKnown),
    glimpsed: () => [...all.glimpsed()].filter(isKnown),
    self: all.self,
    // Nobody is looked up from here, so nothing is learnt of who has a name, and nothing must be told to others.
    miss: () => {},
    isMissing: () => true,
  };
}
