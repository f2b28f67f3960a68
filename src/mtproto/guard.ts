/**
 * Read-only by construction: the allow-list of TL methods. A method that is not named here never leaves the process.
 * @module
 */
import { AppError } from "../errors.ts";

/** Methods that read and leave no trace: nothing is marked as read, no view is counted, nobody is told. */
const READ: ReadonlySet<string> = new Set([
  "channels.GetForumTopics",
  "channels.GetForumTopicsByID",
  "channels.GetFullChannel",
  "channels.GetMessages",
  "channels.GetParticipants",
  "contacts.ResolveUsername",
  "messages.CheckChatInvite",
  "messages.GetChats",
  "messages.GetDialogFilters",
  "messages.GetDialogs",
  "messages.GetDiscussionMessage",
  "messages.GetFullChat",
  "messages.GetHistory",
  "messages.GetMessages",
  "messages.GetPeerDialogs",
  "messages.GetReplies",
  "messages.Search",
  "messages.SearchGlobal",
  "upload.GetFile",
  "users.GetFullUser",
  "users.GetUsers",
]);

/** Methods that keep the connection and the session: only the connection and GramJS itself send them. */
const SESSION: ReadonlySet<string> = new Set([
  // Constructors in the schema, sent as if they were methods (https://core.telegram.org/mtproto/service_messages).
  "MsgsAck",
  "MsgsStateInfo",
  "PingDelayDisconnect",
  // The key exchange (https://core.telegram.org/mtproto/auth_key).
  "ReqDHParams",
  "ReqPqMulti",
  "SetClientDHParams",
  "auth.ExportAuthorization",
  "auth.ImportAuthorization",
  "help.GetConfig",
]);

/** Methods that sign the owner in and out: only the commands that do so send them, on a wire of their own. */
const LOGIN: ReadonlySet<string> = new Set([
  "account.GetPassword",
  "auth.CancelCode",
  "auth.CheckPassword",
  "auth.ExportLoginToken",
  "auth.ImportLoginToken",
  "auth.LogOut",
  "auth.ResendCode",
  "auth.SendCode",
  "auth.SignIn",
]);

/** Methods that open and close a takeout: only `takeout.ts` makes them, on a way of their own. */
const TAKEOUT: ReadonlySet<string> = new Set(["account.FinishTakeoutSession", "account.InitTakeoutSession"]);

/** Envelopes: what counts is the request inside. */
const ENVELOPES: ReadonlySet<string> = new Set([
  "InitConnection",
  "InvokeWithLayer",
  "InvokeWithTakeout",
  "InvokeWithoutUpdates",
]);

/** Every list there is. What is on none of them is refused. */
export const LISTED = {
  read: READ,
  session: SESSION,
  takeout: TAKEOUT,
  login: LOGIN,
  envelope: ENVELOPES,
} as const satisfies Record<string, ReadonlySet<string>>;

/** What may become of a method; an envelope is what is in it. */
export type MethodClass = keyof typeof LISTED | "refused";

/** The class of a TL method, by its name as in the schema with a capital (`messages.GetHistory`). */
export function classify(method: string): MethodClass {
  if (READ.has(method)) return "read";
  if (SESSION.has(method)) return "session";
  if (TAKEOUT.has(method)) return "takeout";
  if (LOGIN.has(method)) return "login";
  return ENVELOPES.has(method) ? "envelope" : "refused";
}

/** The method that a request asks for, its envelopes taken off. */
export function methodOf(request: { readonly className: string; readonly query?: unknown }): string {
  if (!ENVELOPES.has(request.className)) return request.className;
  const { query } = request;
  const inner = typeof query === "object" && query !== null && "className" in query ? query : undefined;
  if (typeof inner?.className !== "string") return request.className;
  return methodOf({ ...inner, className: inner.className });
}

/**
 * Refuses what is not on the list.
 * @param allowed the classes that the caller may send; an envelope without a request is of none of them
 * @throws AppError INTERNAL, before a byte has left
 */
export function assertAllowed(request: { readonly className: string }, allowed: readonly MethodClass[]): void {
  const method = methodOf(request);
  if (!allowed.includes(classify(method))) {
    throw new AppError("INTERNAL", `${method} is not on the list of methods this read-only server may send.`);
  }
}
