/**
 * users.getUsers and contacts.getContacts.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { World } from "../world/mod.ts";
import { userFrom } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode, encodeVector, type TlPlain } from "./encode.ts";
import { user as mapUser } from "./map_peer.ts";
import { method } from "./method.ts";

function userOrEmpty(world: World, input: unknown): TlPlain {
  try {
    return mapUser(world, userFrom(world, input), false);
  } catch (error) {
    if (!(error instanceof RpcError && input instanceof Api.InputUser)) throw error;
    return { _: "userEmpty", id: input.userId.toString() };
  }
}

/** https://core.telegram.org/method/users.getUsers: `userEmpty` for those there are not, or whose access hash is wrong. */
export function getUsers({ world }: Answers): readonly [string, Method] {
  return method(Api.users.GetUsers, (request) => encodeVector(request.id.map((input) => userOrEmpty(world, input))));
}

/** https://core.telegram.org/method/contacts.getContacts. */
export function getContacts(answers: Answers): readonly [string, Method] {
  return method(Api.contacts.GetContacts, () => {
    const ids = [...answers.world.users.values()].filter(({ contact }) => contact).map(({ id }) => id);
    return encode({
      _: "contacts.contacts",
      contacts: ids.map((user_id): TlPlain => ({ _: "contact", user_id, mutual: true })),
      saved_count: 0,
      users: answers.people(ids).users,
    });
  });
}
