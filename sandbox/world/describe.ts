/**
 * A summary of the world, for a person and for tests that must not read the world itself.
 * @module
 */
import type { ChatKind, World } from "./mod.ts";

/** One end of a history; `date` is RFC 3339 in UTC. */
interface End {
  readonly id: number;
  readonly date: string;
}

/** The world in a page. */
export interface Description {
  readonly chats: readonly {
    readonly id: string;
    readonly kind: ChatKind;
    readonly title: string;
    readonly username: string | null;
    /** How many messages there are, service messages among them. */
    readonly messages: number;
    /** How many of them are service messages. */
    readonly service: number;
    /** Of a forum: the topics, and how much was said in each. */
    readonly topics?: readonly { readonly id: number; readonly title: string; readonly messages: number }[];
    /** The discussion group of a channel, or the channel of such a group. */
    readonly linked?: string;
    /** The basic group that this one was. */
    readonly migrated_from?: string;
    readonly first: End | null;
    readonly last: End | null;
  }[];
}

/** Describes every chat of the world; it makes every message once, which takes a while. */
export function describe(world: World): Description {
  const chats = [...world.chats.values()].map(({ id, kind, title, username, topics, linked, migratedFrom }) => {
    const history = world.messages(id);
    let service = 0;
    for (const message of history) if (message.service) service++;
    const end = (index: number): End | null =>
      history.length === 0
        ? null
        : { id: history.idAt(index), date: new Date(history.dateAt(index) * 1000).toISOString().replace(".000Z", "Z") };
    const messages = history.length;
    return {
      id,
      kind,
      title,
      username,
      messages,
      service,
      ...topics && {
        topics: topics.map((topic) => ({
          id: topic.id,
          title: topic.title,
          messages: world.threads.of(id, topic.id).length,
        })),
      },
      ...linked && { linked },
      ...migratedFrom && { migrated_from: migratedFrom.id },
      first: end(0),
      last: end(messages - 1),
    };
  });
  return { chats };
}
