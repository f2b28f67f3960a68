/**
 * What a view of some chats shows of an answer.
 * @module
 */
import { Api } from "../mtproto/gram.ts";
import { markedId } from "./ids.ts";
import { copyWith, withoutReferences } from "./restrict_references.ts";
import type { Sight } from "./restrict_sight.ts";
import { isTl } from "./tl.ts";

/**
 * The answer without other chats: their messages, what refers to them, and those users who are in it on their account only. The
 * answer itself, which others may hold, stays as it is.
 * @param method what was asked
 */
export function restrictAnswer<R>(answer: R, method: string, sight: Sight): R {
  if (typeof answer !== "object" || answer === null || answer instanceof Api.upload.File) return answer;
  const changed: Record<string, unknown> = {};
  const { users, chats, ...rest } = parts(answer);
  const shown = new Set<string>();
  for (const [field, value] of Object.entries(rest)) {
    const cleaned = field === "messages" ? cleanMessages(value, method, sight) : withoutReferences(value, sight);
    if (cleaned !== value) changed[field] = cleaned;
    collectIds(cleaned, shown);
  }
  if (chats !== undefined) changed["chats"] = withoutReferences(chats, sight);
  if (users !== undefined) changed["users"] = people(users, shown, sight);
  if (lostMessages(rest["messages"], changed["messages"])) {
    Object.assign(changed, recounted(answer, changed["messages"]));
  }
  if (Array.isArray(answer)) return Object.assign([], people(answer, shown, sight)) as R;
  return copyWith(answer, changed);
}

/** Fields of an answer; of a bare vector none. */
function parts(answer: object): Record<string, unknown> {
  if (Array.isArray(answer)) return {};
  const { originalArgs: _, ...fields } = Object.fromEntries(Object.entries(answer));
  return fields;
}

/** Messages that were asked for by their ids alone, and stand elsewhere, are answered as if there were none. */
function cleanMessages(messages: unknown, method: string, sight: Sight): unknown {
  if (method !== "messages.GetMessages" || !Array.isArray(messages)) return withoutReferences(messages, sight);
  return messages.map((message: Api.TypeMessage) =>
    withoutReferences(message, sight) ?? new Api.MessageEmpty({ id: message.id })
  );
}

/** Users whom what is left of the answer names, and chats of the view; they have been seen then. */
function people(users: unknown, named: ReadonlySet<string>, sight: Sight): unknown[] {
  if (!Array.isArray(users)) return [];
  return users.filter((user: Api.TypeUser) => {
    const id = markedId("user", user.id);
    const isSelf = user.className === "User" && user.self;
    if (!isSelf && !named.has(id) && !sight.allows(id)) return false;
    sight.see(id);
    return true;
  });
}

/** All numbers of 64 bits: those that name users are among them, and no other is equal to one by chance. */
function collectIds(value: unknown, ids: Set<string>): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) {
    for (const each of value) collectIds(each, ids);
  } else if (!isTl(value)) ids.add(String(value));
  else for (const [field, inner] of Object.entries(value)) if (field !== "originalArgs") collectIds(inner, ids);
}

function lostMessages(before: unknown, after: unknown): boolean {
  return Array.isArray(before) && Array.isArray(after) && after.length < before.length;
}

/** Where messages of other chats were among those counted, the count is of them, too. */
function recounted(answer: object, messages: unknown): Record<string, unknown> {
  const left = Array.isArray(messages) ? messages.length : 0;
  if (answer instanceof Api.messages.DiscussionMessage) {
    return { maxId: undefined, readInboxMaxId: undefined, readOutboxMaxId: undefined, unreadCount: 0 };
  }
  return "count" in answer ? { count: left, offsetIdOffset: undefined, nextRate: undefined } : {};
}
