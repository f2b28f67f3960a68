/**
 * One client's connection, without its socket: bytes in, bytes out.
 * @module
 */
import { Buffer } from "node:buffer";
import { bytes, int, long, longs, WireError } from "./bytes.ts";
import type { Centre, Exchange } from "./centre.ts";
import type { Outcome } from "./dispatch.ts";
import { type Envelope, type Message, message, openEnvelope, sealEnvelope } from "./envelope.ts";
import { createHandshake } from "./handshake.ts";
import { type AuthKey, AWAY_DC } from "./keys.ts";
import { pack } from "./pack.ts";
import { GZIP_PACKED, MSG_CONTAINER, RPC_RESULT } from "./request.ts";
import { isValidSalt, saltAt } from "./salts.ts";
import { receiveMessage } from "./service.ts";
import type { Session } from "./session.ts";
import { createTransport } from "./transport.ts";

const BAD_MSG_NOTIFICATION = 0xa7eff811;
const BAD_SERVER_SALT = 0xedab447b;
const NEW_SESSION_CREATED = 0x9ec20908;
const MSGS_ACK = 0x62d6b459;
/** How long answers wait for the others of their container, in milliseconds: so long, and for each of them. */
const [CONTAINER_PATIENCE, ANSWER_PATIENCE] = [50, 5];
/** Of no layer. */
const STRANGER = 0x5a5a5a5a;

/** The socket's side of a connection. */
export interface Socket {
  write(data: Uint8Array): void;
  /** Ends the connection once everything is written. */
  close(): void;
}

/** A connection. */
export interface Connection {
  /** Takes what has come; throws a {@link WireError} for what is not MTProto. */
  receive(chunk: Uint8Array): void;
  /** Sends a message nobody asked for, if the client last came with this key. */
  push(keyId: string, body: Buffer): void;
  /** Frees everything; the socket is gone. */
  closed(): void;
}

/** `upload.file`: Telegram does not pack what hardly shrinks. */
function isFile(body: Buffer): boolean {
  return body.readUInt32LE() === 0x096a18d5;
}

/** A connection that has just been accepted. */
export function createConnection(socket: Socket, centre: Centre): Connection {
  const transport = createTransport();
  const handshake = createHandshake({
    now: centre.now,
    isTaken: (id) => centre.keys.get(id) !== undefined,
    dcId: centre.dcId,
    agreed: centre.keys.put,
  });
  const waits = new Set<() => void>();
  let held: { key: AuthKey; session: Session; messages: Message[] }[] = [];
  let disconnect: ReturnType<typeof setTimeout> | undefined;
  let latest: { key: AuthKey; session: Session } | undefined;
  let isOpen = true;

  function write(packet: Uint8Array): void {
    if (isOpen) socket.write(transport.encode(packet));
  }
  function close(): void {
    if (isOpen) socket.close();
  }
  function seal(key: AuthKey, sessionId: bigint, sent: Message): void {
    write(sealEnvelope({ salt: saltAt(key, centre.saltTime()), sessionId, ...sent }, key));
  }
  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        waits.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      waits.add(done);
    });
  }

  function hold(key: AuthKey, session: Session, answer: Message): void {
    const group = held.find((group) => group.session === session) ?? { key, session, messages: [] };
    if (group.messages.push(answer) === 1) {
      held.push(group);
      void wait(CONTAINER_PATIENCE + ANSWER_PATIENCE * centre.containers()).then(() => release(group));
    }
    if (group.messages.length >= centre.containers()) release(group);
  }
  function release(group: typeof held[number]): void {
    if (!held.includes(group)) return;
    held = held.filter((other) => other !== group);
    const stranger = (): Message => group.session.number(centre.messageId(false), int(STRANGER), false);
    const messages = centre.strangers() ? [stranger(), ...group.messages] : group.messages;
    const body = Buffer.concat([int(MSG_CONTAINER), int(messages.length), ...messages.map(message)]);
    seal(group.key, group.session.id, group.session.number(centre.messageId(true), body, false));
  }

  function exchange(key: AuthKey, session: Session): Exchange {
    const self: Exchange = {
      centre,
      key,
      session,
      reply: (body) => seal(key, session.id, session.number(centre.messageId(true), body, false)),
      resend: (answer) => seal(key, session.id, answer),
      request(id, body): void {
        const acknowledge = (ms: number): Promise<void> => {
          // Otherwise clients such as gotd take a slow answer for a lost request and send it again.
          self.reply(Buffer.concat([int(MSGS_ACK), longs([id])]));
          return wait(ms);
        };
        void centre.dispatch(body, key, acknowledge).then((outcome) => conclude(self, id, outcome));
      },
      result(requestId, body): void {
        const answer = numberAnswer(self, requestId, body);
        if (centre.containers() > 1) hold(key, session, answer);
        else seal(key, session.id, answer);
      },
      disconnectAfter(seconds): void {
        clearTimeout(disconnect);
        disconnect = setTimeout(close, seconds * 1000);
      },
    };
    return self;
  }

  function numberAnswer({ session }: Exchange, requestId: bigint, body: Buffer): Message {
    const packed = body.length > centre.gzipAbove && !isFile(body)
      ? Buffer.concat([int(GZIP_PACKED), bytes(pack(body))])
      : body;
    const smaller = packed.length < body.length ? packed : body;
    const content = Buffer.concat([int(RPC_RESULT), long(requestId), smaller]);
    const answer = session.number(centre.messageId(true), content, true);
    session.answered(requestId, answer);
    return answer;
  }

  function conclude(exchange: Exchange, id: bigint, outcome: Outcome): void {
    if (outcome.kind === "dropped") exchange.session.forget(id);
    // An answer nobody wants any more: rpc_drop_answer came while it was made.
    else if (exchange.session.fate(id) !== "done") {
      if (outcome.kind === "answer" && !outcome.close) exchange.result(id, outcome.body);
      else numberAnswer(exchange, id, outcome.body);
    }
    if (outcome.close) close();
  }

  /** What must be told the client before its message can be taken; see "notification of errors" in the specification. */
  function objection({ id, seqNo, salt }: Envelope, key: AuthKey): Buffer | undefined {
    const bad = (code: number): Buffer => Buffer.concat([int(BAD_MSG_NOTIFICATION), long(id), int(seqNo), int(code)]);
    const age = centre.now() - Number(id >> 32n);
    if (id % 4n !== 0n) return bad(18);
    if (age > 300) return bad(16);
    if (age < -30) return bad(17);
    if (isValidSalt(salt, key, centre.saltTime())) return undefined;
    return Buffer.concat([int(BAD_SERVER_SALT), long(id), int(seqNo), int(48), long(saltAt(key, centre.saltTime()))]);
  }

  function receiveEncrypted(packet: Buffer, key: AuthKey): void {
    const envelope = openEnvelope(packet, key);
    const refusal = objection(envelope, key);
    if (refusal !== undefined) {
      return seal(key, envelope.sessionId, { id: centre.messageId(true), seqNo: 0, body: refusal });
    }
    const { session, isNew } = centre.session(key, envelope.sessionId);
    latest = { key, session };
    if (isNew) {
      const salt = saltAt(key, centre.saltTime());
      const body = Buffer.concat([int(NEW_SESSION_CREATED), long(envelope.id), long(session.id), long(salt)]);
      seal(key, session.id, session.number(centre.messageId(false), body, true));
    }
    receiveMessage(envelope, exchange(key, session));
  }

  function receivePacket(packet: Buffer): void {
    if (packet.length < 20) throw new WireError("a packet too short");
    const keyId = packet.toString("hex", 0, 8);
    if (/^0+$/.test(keyId)) {
      const answer = handshake(packet.subarray(20, 20 + packet.readInt32LE(16)));
      return write(Buffer.concat([long(0n), long(centre.messageId(true)), int(answer.length), answer]));
    }
    const key = centre.keys.get(keyId);
    const isHere = (key?.dcId === AWAY_DC) === (centre.dcId === AWAY_DC);
    if (key !== undefined && isHere) return receiveEncrypted(packet, key);
    // Telegram's transport error for a key it does not know.
    write(int(-404));
    close();
  }

  return {
    receive(chunk): void {
      if (isOpen) { for (const packet of transport.push(chunk)) receivePacket(packet); }
    },
    push(keyId, body): void {
      if (latest?.key.id !== keyId) return;
      const { key, session } = latest;
      seal(key, session.id, session.number(centre.messageId(false), body, true));
    },
    closed(): void {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(disconnect);
      transport.close();
      held = [];
      for (const done of [...waits]) done();
    },
  };
}
