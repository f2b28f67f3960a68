/**
 * contacts.resolveUsername.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { Answers } from "./answers.ts";
import { encode } from "./encode.ts";
import { peer } from "./map_peer.ts";
import { method } from "./method.ts";

/** Usernames: a letter, then letters, digits and underscores, 4 to 32 in all. */
const USERNAME = /^[a-z][a-z0-9_]{3,31}$/;

/** https://core.telegram.org/method/contacts.resolveUsername: without the `@`, whatever the case. */
export function resolveUsername(answers: Answers): readonly [string, Method] {
  const { world } = answers;
  return method(Api.contacts.ResolveUsername, (request) => {
    const name = request.username.toLowerCase();
    if (!USERNAME.test(name)) throw new RpcError(400, "USERNAME_INVALID");
    const records = [...world.users.values(), ...world.chats.values()];
    const found = records.find(({ username, usernames = [] }) =>
      [username, ...usernames].some((each) => each?.toLowerCase() === name)
    );
    if (!found) throw new RpcError(400, "USERNAME_NOT_OCCUPIED");
    return encode({ _: "contacts.resolvedPeer", peer: peer(found.id), ...answers.people([found.id]) });
  });
}
