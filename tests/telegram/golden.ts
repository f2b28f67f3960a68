/**
 * Golden samples: a TL message as it comes off the wire, and the `message/1` that it must become.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { MESSAGE_JSON_SCHEMA, messageSchema } from "../../src/model/message.ts";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { mapMessage, type MessageContext, type TlMessage } from "../../src/telegram/map/message.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";
import { BinaryReader } from "telegram/extensions/index.js";

/** JSON, whatever its shape. */
export type Json = { readonly [key: string]: unknown };

const peer = (fields: Pick<Peer, "id" | "kind" | "title"> & Partial<Peer>): Peer => ({
  usernames: fields.username === undefined ? [] : [fields.username],
  ...fields,
});

/** Chats and people of the samples. */
export const PEERS = {
  self: peer({ id: "1000", kind: "saved", title: "Sam Self", username: "sam" }),
  ann: peer({ id: "734201334", kind: "user", title: "Ann Lee", username: "annlee" }),
  bot: peer({ id: "5001", kind: "bot", title: "Weather", username: "weather_bot" }),
  group: peer({ id: "-42", kind: "group", title: "Small group" }),
  supergroup: peer({ id: "-1002000000003", kind: "supergroup", title: "Group", username: "sandbox_group" }),
  forum: peer({ id: "-1002000000005", kind: "forum", title: "Forum" }),
  channel: peer({ id: "-1002000000001", kind: "channel", title: "News", username: "sandbox_news" }),
} as const satisfies Record<string, Peer>;

export const user = (id: number): Api.PeerUser => new Api.PeerUser({ userId: bigInt(id) });
export const channel = (id: number): Api.PeerChannel => new Api.PeerChannel({ channelId: bigInt(id) });
export const ANN = user(734201334);
/** 2025-03-01T08:12:33Z */
export const DATE = 1740816753;
/** 64 bits in full, more than a JSON number holds. */
export const LONG = "5400000000000000001";

/** An object as it is after a journey over the wire: absent flags are null or false, bytes are buffers of their own. */
export function received<T extends { readonly className: string; getBytes(): Uint8Array }>(sent: T): T {
  const reader = new BinaryReader(Buffer.from(sent.getBytes()));
  const object: T = reader.tgReadObject();
  assert.equal(object.className, sent.className);
  assert.equal(reader.read().length, 0, "bytes are left over");
  return object;
}

/** One sample. */
export interface Sample {
  readonly title: string;
  /** Fields of `message`, or of `messageService` when there is an action, on top of an id, a date and Ann as the sender. */
  readonly sent: { readonly [key: string]: unknown };
  /** {@link PEERS.supergroup} unless given. */
  readonly chat?: Peer;
  /** Every key of the result; those of {@link expectedBase} may be left out, and are taken away by undefined. */
  readonly expected: Json;
}

/** Maps a sample and holds it against all that a `message/1` must be. */
export function assertGolden({ title, sent, chat = PEERS.supergroup, expected }: Sample): void {
  const mapped = mapSample(sent, chat);
  assert.deepEqual(mapped, withoutUndefined({ ...expectedBase(chat), ...expected }), title);
  assertCanonical(mapped, title);
}

/** Maps a message as it comes off the wire, to JSON. */
export function mapSample(sent: Sample["sent"], chat: Peer): Json {
  return mapToJson(receiveSample(sent, chat), chat);
}

/** The message of a sample, off the wire. */
export function receiveSample(sent: Sample["sent"], chat: Peer): TlMessage {
  const fields = { id: 4201, date: DATE, message: "", peerId: tlPeer(chat), fromId: ANN, ...sent };
  return received("action" in sent ? new Api.MessageService(fields) : new Api.Message(fields));
}

/** The canonical form of a message as a line of an export has it. */
export function mapToJson(message: TlMessage, chat: Peer): Json {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(mapMessage(message, context(chat)))));
}

const context = (chat: Peer): MessageContext => ({
  chat,
  self: PEERS.self.id,
  peers: new Map(Object.values(PEERS).map((each) => [each.id, each])),
  observedAt: "2025-03-02T00:00:00.000Z",
});

function tlPeer(chat: Peer): Api.TypePeer {
  const id = BigInt(chat.id);
  if (id > 0n) return user(Number(id));
  return id > -1_000_000_000_000n
    ? new Api.PeerChat({ chatId: bigInt(-id) })
    : channel(Number(-1_000_000_000_000n - id));
}

function expectedBase(chat: Peer): Json {
  const link = chat.username === undefined ? `c/${chat.id.slice(4)}` : chat.username;
  return {
    schema: "message/1",
    id: 4201,
    chat_id: chat.id,
    date: "2025-03-01T08:12:33Z",
    observed_at: "2025-03-02T00:00:00.000Z",
    sender: { id: "734201334", kind: "user", name: "Ann Lee", username: "annlee" },
    text: "",
    link: chat.id.startsWith("-100") ? `https://t.me/${link}/4201` : undefined,
  };
}

function withoutUndefined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

const ajv = new Ajv2020({ strict: true, allErrors: true });
formats.default(ajv);
/** What `/api/schemas/message-1` serves, as another program reads it. */
const validate = ajv.compile(JSON.parse(JSON.stringify(MESSAGE_JSON_SCHEMA)));

/** Valid by the zod schema and by its JSON Schema, keys in the schema's order, nothing null and nothing empty. */
export function assertCanonical(message: Json, title: string): void {
  assert.deepEqual(messageSchema.parse(message), message, `${title}: the zod schema knows every key`);
  assert.ok(validate(message), `${title}: ${ajv.errorsText(validate.errors)}`);
  const order = Object.keys(messageSchema.shape).filter((key) => key in message);
  assert.deepEqual(Object.keys(message), order, `${title}: keys in the order of the schema`);
  assertNothingEmpty(message, title);
}

function assertNothingEmpty(value: unknown, path: string): void {
  assert.notEqual(value, null, `${path} is null`);
  if (typeof value !== "object" || value === null) return;
  assert.ok(Object.keys(value).length > 0, `${path} is empty`);
  for (const [key, inner] of Object.entries(value)) assertNothingEmpty(inner, `${path}.${key}`);
}
