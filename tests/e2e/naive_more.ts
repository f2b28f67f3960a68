/**
 * The naive model of a compact row's `more`, for every kind of message that the world has.
 * @module
 */
import type { World, WorldMessage } from "../../sandbox/world/mod.ts";

const utc = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/** The name of a user or the title of a chat. */
export function nameIn(world: World, id: string): string {
  const user = world.users.get(id);
  return [user?.firstName, user?.lastName].filter(Boolean).join(" ") || (world.chats.get(id)?.title ?? "");
}

/** How many messages of a group answer each one, or answer one that answers it. */
function answersIn(world: World, chat: string): ReadonlyMap<number | undefined, number> {
  const known = counted.get(chat);
  if (known) return known;
  const isGroup = world.chats.get(chat)?.kind === "supergroup";
  const answers = Map.groupBy(
    isGroup ? world.messages(chat) : [],
    ({ replyTo }: WorldMessage) => replyTo?.topId ?? replyTo?.id,
  );
  const counts = new Map([...answers].map(([id, each]) => [id, each.length]));
  counted.set(chat, counts);
  return counts;
}

/** Worlds that nobody changed are all alike. */
const counted = new Map<string, ReadonlyMap<number | undefined, number>>();

/** What `more` should hold, said over the world's plain data. */
export function moreOf(world: World, chat: string, message: WorldMessage): Record<string, unknown> {
  const { media, forward, service, reactions, entities = [] } = message;
  const links = [...new Set(entities.flatMap(({ url }) => url ?? []))];
  return {
    ...(message.replyTo && { reply_to: message.replyTo.id }),
    ...(message.replyTo?.quote && { quote: message.replyTo.quote }),
    ...(forward && {
      fwd: {
        from: forward.name ?? nameIn(world, forward.from ?? ""),
        ...(forward.from && { id: forward.from }),
        ...(forward.postId && { msg: forward.postId }),
        date: utc(forward.date),
      },
    }),
    ...(message.albumId && { album: message.albumId }),
    ...(media && media.kind !== "webpage" && media.kind !== "poll" && { media: mediaOf(media) }),
    ...(media?.kind === "poll" && {
      poll: {
        question: media.question,
        options: media.options.map(({ text, votes }) => [text, votes]),
        ...(media.closed && { closed: true }),
      },
    }),
    ...(service && { service: serviceOf(service) }),
    ...(reactions && { reactions: Object.fromEntries(reactions.map(({ emoji, count }) => [emoji, count])) }),
    ...(message.views !== undefined && { views: message.views }),
    ...(message.forwards && { forwards: message.forwards }),
    ...(!service && answersIn(world, chat).has(message.id) && { replies: answersIn(world, chat).get(message.id) }),
    ...(message.edited && { edited: utc(message.edited) }),
    ...(message.pinned && { pinned: true }),
    ...(message.author && { author: message.author }),
    ...(message.viaBot && { via: message.viaBot }),
    ...(links.length > 0 && { links }),
    ...(media?.kind === "webpage" && { preview: { url: media.url, title: media.title } }),
  };
}

function mediaOf(media: NonNullable<WorldMessage["media"]>): Record<string, unknown> {
  switch (media.kind) {
    case "photo":
      return { kind: "photo", size: media.size };
    case "geo":
      return { kind: "location", name: `${media.latitude},${media.longitude}` };
    case "contact":
      return { kind: "contact", name: `${media.firstName} ${media.lastName}` };
    case "webpage":
    case "poll":
      return {};
    case "venue":
    case "geo_live":
    case "dice":
    case "story":
    case "expired":
    case "other":
      throw new TypeError(`the chats compared here have no ${media.kind}`);
    default:
      return {
        kind: media.kind,
        ...((media.name ?? media.title) && { name: media.name ?? media.title }),
        mime: media.mime,
        size: media.size,
        ...(media.duration && { seconds: media.duration }),
        ...(media.emoji && { emoji: media.emoji }),
      };
  }
}

function serviceOf(service: NonNullable<WorldMessage["service"]>): Record<string, unknown> {
  switch (service.action) {
    case "channel_create":
      return { action: "channel_create", title: service.title };
    case "edit_title":
      return { action: "chat_edit_title", title: service.title };
    case "chat_create":
      return { action: "chat_create", title: service.title, user_ids: service.users };
    case "edit_photo":
      return { action: "chat_edit_photo" };
    case "pin":
      return { action: "pin_message" };
    case "add_user":
      return { action: "chat_add_user", user_ids: service.users };
    case "joined_by_link":
      return { action: "chat_joined_by_link", inviter_id: service.inviter };
    case "remove_user":
      return { action: "chat_delete_user", user_ids: [service.user] };
    case "phone_call":
      return {
        action: "phone_call",
        reason: service.missed ? "missed" : "hangup",
        ...(service.duration && { duration: service.duration }),
      };
    case "contact_sign_up":
      return { action: "contact_sign_up" };
    case "other":
      throw new TypeError(`the chats compared here have no ${service.tl._}`);
    case "topic_create":
      return { action: "topic_create", title: service.title };
    case "topic_edit":
      return {
        action: "topic_edit",
        ...(service.title && { title: service.title }),
        ...(service.closed !== undefined && { closed: service.closed }),
        ...(service.hidden !== undefined && { hidden: service.hidden }),
      };
    case "migrate_to":
      return { action: "chat_migrate_to", chat_id: service.chat };
    case "migrate_from":
      return { action: "channel_migrate_from", title: service.title, chat_id: service.chat };
  }
}
