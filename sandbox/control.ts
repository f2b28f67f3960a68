/**
 * The control endpoint, for tests only: faults, the clock, the world's messages, signing in and out, takeouts, and what was
 * received. JSON over HTTP on the loopback.
 * @module
 */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { FaultSettings } from "./faults.ts";
import type { Files } from "./methods/files.ts";
import type { Login } from "./methods/login/mod.ts";
import type { Server } from "./server.ts";
import { Refusal } from "./wire/keys.ts";
import { describe } from "./world/describe.ts";
import type { SchemaField, SchemaObject, World, WorldMedia, WorldMessage } from "./world/mod.ts";

/** The clocks that tests may move, in seconds; the world stands still otherwise. */
export interface Clocks {
  /** Moves the world: dates of new messages, and what happens by itself until then. */
  advanceWorld(seconds: number): void;
  /** Moves the wire: message ids and salts, as when a client's clock is wrong. */
  advanceWire(seconds: number): void;
}

/** What the endpoint controls. */
export interface ControlOptions {
  readonly server: Server;
  readonly world: World;
  readonly files: Files;
  readonly login: Login;
  readonly clocks: Clocks;
  /** 0 is any free port. */
  readonly port?: number;
}

/** A control endpoint that is listening. */
export interface Control extends AsyncDisposable {
  readonly port: number;
}

const ChatId = z.string().regex(/^-?\d+$/);
const MessageId = z.int().min(1);
const FileId = z.string().regex(/^-?\d{1,19}$/);
/** A file of any kind that takes no more to describe than this; its id says where it lies, see `methods/files.ts`. */
const File = z.strictObject({
  kind: z.enum(["document", "video", "audio", "voice", "video_note", "gif", "sticker"]).default("document"),
  id: FileId,
  mime: z.string(),
  size: z.int().min(0).max(0xffffffff),
  name: z.string().optional(),
});
const Pixels = z.int().min(1).max(5000);
const Photo = z.strictObject({
  kind: z.literal("photo"),
  id: FileId,
  width: Pixels.default(640),
  height: Pixels.default(640),
  size: z.int().min(10_000).max(0xffffff),
});
const Tl: z.ZodType<SchemaObject> = z.lazy(() => z.object({ _: z.string() }).catchall(TlField));
const TlField: z.ZodType<SchemaField> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), Tl, z.array(TlField)])
);
/** Any medium, in the words of the TL schema. */
const Other = z.strictObject({ kind: z.literal("other"), tl: Tl });
const Media = z.union([File, Photo, Other]);
const Resize = z.strictObject({ id: FileId, size: z.int().min(0).max(0xffffffff) });
/** What a message answers, and by that the thread or the topic that it is in. */
const ReplyTo = z.strictObject({ id: MessageId, topId: MessageId.optional(), forumTopic: z.boolean().optional() });
const Append = z.strictObject({
  chat: ChatId,
  text: z.string().max(4096),
  from: ChatId.optional(),
  media: Media.optional(),
  replyTo: ReplyTo.optional(),
});
/** Messages of a channel or supergroup, in runs: ids that are missing, and then ids that are there. */
const Fill = z.strictObject({
  chat: ChatId,
  runs: z.array(z.strictObject({ skip: z.int().min(0), count: z.int().min(0).max(100_000) })),
  /** Unix seconds of the first message; each one comes a second after the one before it. */
  date: z.int(),
  /** A message is a service message when its date can be divided by this. */
  serviceEvery: z.int().min(1).optional(),
});
const Edit = z.strictObject({ chat: ChatId, id: MessageId, text: z.string().max(4096) });
/** What changes besides an edit; `votes` are those for a poll's options, in their order. */
const Alter = z.strictObject({
  chat: ChatId,
  id: MessageId,
  edited: z.int().min(1).optional(),
  editHidden: z.boolean().optional(),
  reactions: z.array(z.strictObject({ emoji: z.string(), count: z.int().min(1) })).optional(),
  views: z.int().min(0).optional(),
  forwards: z.int().min(0).optional(),
  pinned: z.boolean().optional(),
  media: Media.optional(),
  votes: z.array(z.int().min(0)).optional(),
});
const Remove = z.strictObject({ chat: ChatId, ids: z.array(MessageId).min(1) });
/** What is not given is the newest token that waits. */
const Accept = z.strictObject({ token: z.base64url().optional() });
const Password = z.strictObject({ password: z.string().min(1).nullable(), hint: z.string().optional() });
const Revoke = z.strictObject({
  reason: Refusal,
  /** Also the keys on which nobody is signed in. */
  all: z.boolean().default(false),
});
const Delay = z.strictObject({ seconds: z.int().min(0) });
const Clock = z.strictObject({ advance: z.number().default(0), wire: z.number().default(0) });

type Route = (body: unknown) => unknown;

/** Starts it on 127.0.0.1. */
export function createControl({ server, world, files, login, clocks, port = 0 }: ControlOptions): Control {
  const routes: Readonly<Record<string, Route>> = {
    "GET /": (): unknown => ({ routes: Object.keys(routes) }),
    "GET /faults": () => server.faults.settings,
    "POST /faults"(body): unknown {
      server.faults.set(FaultSettings.parse(body));
      return server.faults.settings;
    },
    "DELETE /faults"(): unknown {
      server.faults.clear();
      return server.faults.settings;
    },
    "GET /methods": () => {
      const { counts, entries: order, atOnce } = server.journal;
      return { counts, order, atOnce };
    },
    "DELETE /methods"(): unknown {
      server.journal.clear();
      return {};
    },
    "GET /connections": () => server.connections,
    "POST /connections/close": () => ({ closed: server.closeConnections() }),
    "POST /salts/rotate"(): unknown {
      server.rotateSalts();
      return {};
    },
    "POST /world/append"(body): unknown {
      const { chat, ...message } = Append.parse(body);
      const { id, date } = world.append(chat, message);
      return { id, date };
    },
    "POST /world/fill"(body): unknown {
      const { chat, runs, serviceEvery, ...fill } = Fill.parse(body);
      let { date } = fill;
      const ids: number[] = [];
      for (const { skip, count } of runs) {
        world.skip(chat, skip);
        for (let index = 0; index < count; index++) {
          const isService = serviceEvery !== undefined && date % serviceEvery === 0;
          const draft = isService ? { text: "", service: { action: "pin" } as const } : { text: `Sent at ${date}.` };
          ids.push(world.append(chat, { ...draft, date: date++ }).id);
        }
      }
      return { ids };
    },
    "POST /world/edit"(body): unknown {
      const { chat, id, text } = Edit.parse(body);
      world.edit(chat, id, text);
      return { id };
    },
    "POST /world/alter"(body): unknown {
      const { chat, id, votes, ...change } = Alter.parse(body);
      world.alter(chat, id, { ...change, ...votes && { media: voted(world.messages(chat).byId(id), votes) } });
      return { id };
    },
    "POST /world/remove"(body): unknown {
      const { chat, ids } = Remove.parse(body);
      return { removed: ids.filter((id) => world.remove(chat, id)) };
    },
    "POST /files/rotate"(): unknown {
      files.rotate();
      return { generation: files.generation };
    },
    "POST /files/resize"(body): unknown {
      const { id, size } = Resize.parse(body);
      files.resize(id, size);
      return {};
    },
    "POST /login/accept"(body): unknown {
      const { token } = Accept.parse(body);
      login.acceptToken(token === undefined ? undefined : Buffer.from(token, "base64url"));
      return {};
    },
    "POST /login/password"(body): unknown {
      const { password, hint } = Password.parse(body);
      login.setPassword(password, hint);
      return {};
    },
    "POST /session/revoke"(body): unknown {
      const { reason, all } = Revoke.parse(body);
      return { revoked: server.keys.revoke(reason, all ? undefined : world.ownerId) };
    },
    "GET /takeouts": () => server.takeouts.all,
    "POST /takeouts/delay"(body): unknown {
      server.takeouts.delay(Delay.parse(body).seconds);
      return {};
    },
    "POST /takeouts/confirm"(): unknown {
      server.takeouts.confirm();
      return {};
    },
    "POST /takeouts/invalidate": () => ({ invalidated: server.takeouts.invalidate() }),
    "POST /clock"(body): unknown {
      const { advance, wire } = Clock.parse(body);
      clocks.advanceWorld(advance);
      clocks.advanceWire(wire);
      return { world: world.now() };
    },
    "GET /describe": () => describe(world),
  };
  const http = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => answer(request, routes));
  return { port: http.addr.port, [Symbol.asyncDispose]: () => http.shutdown() };
}

function voted(message: WorldMessage | undefined, votes: readonly number[]): WorldMedia {
  if (message?.media?.kind !== "poll") throw new RangeError("there is no such poll");
  const options = message.media.options.map((option, index) => ({ ...option, votes: votes[index] ?? option.votes }));
  return { ...message.media, options };
}

async function answer(request: Request, routes: Readonly<Record<string, Route>>): Promise<Response> {
  const name = `${request.method} ${new URL(request.url).pathname}`;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (route === undefined) return Response.json({ error: `no such route: ${name}` }, { status: 404 });
  try {
    const text = await request.text();
    return Response.json(route(text === "" ? {} : JSON.parse(text)));
  } catch (error) {
    return Response.json({ error: explain(error) }, { status: 400 });
  }
}

function explain(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
