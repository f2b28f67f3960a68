/**
 * Read-only as a promise: every method of the layer has a class, and what is of none that may be sent never leaves.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { MTProtoSender } from "telegram/network/index.js";
import { z } from "zod";
import { Api, type TlRequest } from "../../src/mtproto/gram.ts";
import { classify, LISTED } from "../../src/mtproto/guard.ts";
import { guarded } from "../../src/mtproto/invoke.ts";
import { pinUrl, readClasses } from "../pins/surface.ts";
import { LAYER_TEXT, PROTOCOL_TEXT, readMethods } from "../telegram/tl_schema.ts";
import { startRelay } from "./relay.ts";
import { assertSilence, connect, getFolders, rejection, startTelegram } from "./telegram.ts";

type RequestClass = new (args: Record<string, unknown>) => TlRequest<unknown>;

const isRequest = (value: unknown): value is RequestClass =>
  typeof value === "function" && Reflect.get(value, "classType") === "request";

/** The class that GramJS makes of a method. */
function classOf(method: string): RequestClass {
  const value = method.split(".").reduce<unknown>((space, name) => Reflect.get(Object(space), name), Api);
  assert.ok(isRequest(value), method);
  return value;
}

const layer = readMethods(LAYER_TEXT);
const methods = [...layer, ...readMethods(PROTOCOL_TEXT)];
/** Sent as if they were methods, and constructors in the schema. */
const CONSTRUCTORS = ["MsgsAck", "MsgsStateInfo"];

/** What a person at the other end, or Telegram's statistics, would notice. */
const NOTICED: Readonly<Record<string, readonly string[]>> = {
  "read receipts": [
    "channels.ReadHistory",
    "channels.ReadMessageContents",
    "messages.ReadDiscussion",
    "messages.ReadEncryptedHistory",
    "messages.ReadFeaturedStickers",
    "messages.ReadHistory",
    "messages.ReadMentions",
    "messages.ReadMessageContents",
    "messages.ReadReactions",
    "messages.ReceivedMessages",
    "messages.ReceivedQueue",
    "messages.GetUnreadMentions",
    "messages.GetUnreadReactions",
    "messages.MarkDialogUnread",
    "stories.ReadStories",
    "stories.IncrementStoryViews",
    "stories.ActivateStealthMode",
  ],
  "typing": ["messages.SetTyping", "messages.SetEncryptedTyping"],
  "online status": ["account.UpdateStatus", "account.UpdateDeviceLocked", "contacts.GetStatuses"],
  "updates": ["updates.GetState", "updates.GetDifference", "updates.GetChannelDifference"],
  "view counts": [
    "messages.GetMessagesViews",
    "messages.GetExtendedMedia",
    "messages.ViewSponsoredMessage",
    "messages.ClickSponsoredMessage",
    "messages.GetSponsoredMessages",
  ],
  "reports": [
    "account.ReportPeer",
    "account.ReportProfilePhoto",
    "auth.ReportMissingCode",
    "channels.ReportAntiSpamFalsePositive",
    "channels.ReportSpam",
    "messages.Report",
    "messages.ReportEncryptedSpam",
    "messages.ReportMessagesDelivery",
    "messages.ReportReaction",
    "messages.ReportSpam",
    "messages.ReportSponsoredMessage",
    "stories.Report",
  ],
  "joining and leaving": [
    "channels.JoinChannel",
    "channels.LeaveChannel",
    "messages.DeleteChatUser",
    "messages.ImportChatInvite",
  ],
  "writing": [
    "messages.DeleteHistory",
    "messages.DeleteMessages",
    "messages.EditMessage",
    "messages.ForwardMessages",
    "messages.SaveDraft",
    "messages.SendMedia",
    "messages.SendMessage",
    "messages.SendReaction",
    "messages.SendVote",
    "messages.UpdatePinnedMessage",
    "channels.DeleteMessages",
  ],
};

Deno.test.afterEach(assertSilence);

Deno.test("read-only: every method of the schema has the class that the pins say, and no other method has one", async () => {
  assert.equal(layer.length, 689, "layer 198");
  const text = await Deno.readTextFile(pinUrl("methods.json"));
  const pinned = z.record(z.string(), z.enum([...Object.keys(LISTED), "refused"])).parse(JSON.parse(text));
  assert.deepEqual(readClasses(), pinned, "`deno task pins` once the new ones have been looked at");
});

Deno.test("read-only: the schema's text and GramJS's classes know the same methods", () => {
  const found: string[] = [];
  const walk = (space: object): void => {
    for (const value of Object.values(space)) {
      if (isRequest(value)) found.push(String(Reflect.get(value, "className")));
      else if (typeof value === "object" && value !== null) walk(value);
    }
  };
  walk(Api);
  assert.deepEqual(found.sort(), methods.toSorted());
});

Deno.test("read-only: no list names what the schema does not know, and no method is on two", () => {
  const listed = Object.values(LISTED).flatMap((names) => [...names]);
  const known = new Set([...methods, ...CONSTRUCTORS]);
  assert.deepEqual(listed.filter((name) => !known.has(name)), []);
  assert.deepEqual(listed.filter((name, index) => listed.indexOf(name) !== index), []);
});

Deno.test("read-only: what others would notice is refused, each by its name", () => {
  for (const [what, names] of Object.entries(NOTICED)) {
    for (const name of names) {
      assert.ok(methods.includes(name), `${name} is in the schema`);
      assert.equal(classify(name), "refused", what);
    }
  }
});

Deno.test("read-only: whatever is called after marking, setting, sending or reporting is refused", () => {
  const verbs =
    "Read|Mark|Set|Send|Edit|Delete|Save|Toggle|Update|Report|Create|Upload|Join|Leave|Increment|View|Click";
  const written = methods.filter((name) => new RegExp(`\\.(${verbs})`).test(name));
  assert.ok(written.length > 200, String(written.length));
  assert.deepEqual(written.filter((name) => classify(name) !== "refused"), ["auth.SendCode"]);
});

Deno.test("read-only: nothing leaves of any refused method at the call, nor at the sender inside of the connection", async () => {
  await using telegram = await startTelegram();
  await using relay = startRelay(telegram.sandbox.port);
  const senders = new Set<MTProtoSender>();
  const { addStateToQueue } = MTProtoSender.prototype;
  MTProtoSender.prototype.addStateToQueue = function (this: MTProtoSender, state): void {
    senders.add(this);
    addStateToQueue.call(this, state);
  };
  try {
    await using connection = connect(relay.port, { session: telegram.session });
    await connection.until("ready");
    await connection.call(getFolders());
    const [sender, ...others] = senders;
    assert.ok(sender !== undefined && others.length === 0);
    await telegram.faults();
    const seam = guarded(connection.call);
    const before = relay.sent;
    const refused = methods.filter((name) => classify(name) === "refused");
    assert.ok(refused.length > 650);
    for (const name of refused) {
      // Whatever its arguments were: none of them matters to the guard.
      const request = Object.assign(new (classOf(name))({ id: [] }), { getBytes: () => Buffer.alloc(4) });
      await rejection(seam(request), "INTERNAL");
      // GramJS's own way to send, below everything of ours but the guard at its queue.
      assert.throws(() => sender.send(request as unknown as Api.AnyRequest), { code: "INTERNAL" }, name);
    }
    assert.equal(relay.sent, before);
    await seam(getFolders());
    assert.deepEqual(await telegram.received(), { "messages.GetDialogFilters": 1 });
  } finally {
    MTProtoSender.prototype.addStateToQueue = addStateToQueue;
  }
});
