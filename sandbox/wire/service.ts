/**
 * The messages of MTProto itself: https://core.telegram.org/mtproto/service_messages. Everything else is a request.
 * @module
 */
import { Buffer } from "node:buffer";
import { ByteReader, bytes, int, long, WireError } from "./bytes.ts";
import type { Exchange } from "./centre.ts";
import type { Message } from "./envelope.ts";
import { unpack } from "./pack.ts";
import { GZIP_PACKED, MSG_CONTAINER } from "./request.ts";
import { futureSalts } from "./salts.ts";
import type { Fate } from "./session.ts";

const PONG = 0x347773c5;
const MSGS_STATE_INFO = 0x04deb57d;
const DESTROY_SESSION_OK = 0xe22045fc;
const DESTROY_SESSION_NONE = 0x62d350c9;
const DESTROY_AUTH_KEY_OK = 0xf660e1d4;
const RPC_ANSWER_UNKNOWN = 0x5e2ad36e;
const RPC_ANSWER_DROPPED_RUNNING = 0xcd78e586;
const RPC_ANSWER_DROPPED = 0xa43ad8b7;
const MAX_CONTAINER = 1020;

/** Message states of `msgs_state_info`; 32 is "being processed", 64 "an answer was made". */
const STATES: Readonly<Record<Fate, number>> = { unknown: 1, running: 4 | 32, answered: 4 | 64, done: 4 };

type Handler = (reader: ByteReader, exchange: Exchange, message: Message) => void;

/** Handlers by constructor; the names are those in the journal. */
const handlers = new Map<number, { name?: string; handle: Handler }>([
  [MSG_CONTAINER, { handle: container }],
  [GZIP_PACKED, {
    handle: (reader, exchange, message): void => handle({ ...message, body: unpack(reader.bytes()) }, exchange),
  }],
  [0x62d6b459, { handle: (reader, { session }): void => session.acknowledge(reader.longs()) }],
  [0x8cc0d131, { name: "MsgsAllInfo", handle: (): void => {} }],
  [0x04deb57d, { name: "MsgsStateInfo", handle: (): void => {} }],
  // Only HTTP transports wait.
  [0x9299359f, { name: "HttpWait", handle: (): void => {} }],
  [0x7abe77ec, { name: "Ping", handle: ping }],
  [0xf3427b8c, {
    name: "PingDelayDisconnect",
    handle(reader, exchange, message): void {
      ping(reader, exchange, message);
      exchange.disconnectAfter(Math.max(0, reader.int()));
    },
  }],
  [0xb921bd04, {
    name: "GetFutureSalts",
    handle: (reader, { centre, key, reply }, { id }): void =>
      reply(futureSalts(id, reader.int(), key, Math.floor(centre.saltTime()))),
  }],
  [0xe7512126, {
    name: "DestroySession",
    handle(reader, { centre, key, reply }): void {
      const id = reader.long();
      reply(Buffer.concat([int(centre.endSession(key, id) ? DESTROY_SESSION_OK : DESTROY_SESSION_NONE), long(id)]));
    },
  }],
  [0xd1435160, {
    name: "DestroyAuthKey",
    handle(_, { centre, key, result }, { id }): void {
      centre.keys.remove(key.id);
      result(id, int(DESTROY_AUTH_KEY_OK));
    },
  }],
  [0xda69fb52, {
    name: "MsgsStateReq",
    handle(reader, { session, reply }, { id }): void {
      const states = Buffer.from(reader.longs().map((asked) => STATES[session.fate(asked)]));
      reply(Buffer.concat([int(MSGS_STATE_INFO), long(id), bytes(states)]));
    },
  }],
  [0x7d861a08, {
    name: "MsgResendReq",
    handle(reader, { session, resend }): void {
      const wanted = new Set(reader.longs());
      for (const answer of session.answers()) if (wanted.has(answer.id)) resend(answer);
    },
  }],
  [0x58e4a740, { name: "RpcDropAnswer", handle: dropAnswer }],
]);

/** Takes a message of a client: a service message, a container, or a request, which is executed once. */
export function receiveMessage(message: Message, exchange: Exchange): void {
  const { session } = exchange;
  if (session.arrived(message.id)) return handle(message, exchange);
  const answer = session.answerTo(message.id);
  if (answer !== undefined) exchange.resend(answer);
}

function handle(message: Message, exchange: Exchange): void {
  const reader = new ByteReader(message.body);
  const found = handlers.get(reader.id());
  if (found === undefined) return exchange.request(message.id, message.body);
  if (found.name !== undefined) exchange.centre.record(found.name, exchange.key);
  found.handle(reader, exchange, message);
}

function container(reader: ByteReader, exchange: Exchange): void {
  const count = reader.int();
  if (count < 0 || count > MAX_CONTAINER) throw new WireError("a container too long");
  for (let i = 0; i < count; i++) {
    const message = { id: reader.long(), seqNo: reader.int(), body: reader.raw(reader.int()) };
    if (new ByteReader(message.body).id() === MSG_CONTAINER) throw new WireError("a container inside a container");
    receiveMessage(message, exchange);
  }
}

function ping(reader: ByteReader, { reply }: Exchange, { id }: Message): void {
  reply(Buffer.concat([int(PONG), long(id), long(reader.long())]));
}

function dropAnswer(reader: ByteReader, { session, result }: Exchange, { id }: Message): void {
  const requestId = reader.long();
  const answer = session.answerTo(requestId);
  const wasRunning = session.dropAnswer(requestId);
  if (answer !== undefined) {
    const size = int(answer.body.length);
    result(id, Buffer.concat([int(RPC_ANSWER_DROPPED), long(answer.id), int(answer.seqNo), size]));
  } else result(id, int(wasRunning ? RPC_ANSWER_DROPPED_RUNNING : RPC_ANSWER_UNKNOWN));
}
