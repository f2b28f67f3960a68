/**
 * The sandbox for tests of the whole: signed in, with a data directory of its own, steered in words.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { startSandbox as startProcess } from "../sandbox/process.ts";

const describeSchema = z.object({
  chats: z.array(z.object({
    id: z.string(),
    kind: z.string(),
    title: z.string(),
    username: z.string().nullable(),
    messages: z.int(),
    service: z.int(),
    first: z.object({ id: z.int(), date: z.string() }).nullable(),
    last: z.object({ id: z.int(), date: z.string() }).nullable(),
  })),
});
const methodsSchema = z.object({
  counts: z.record(z.string(), z.int()),
  atOnce: z.record(z.string(), z.int()),
  order: z.array(z.object({
    method: z.string(),
    wrappers: z.array(z.string()),
    takeoutId: z.string().optional(),
    names: z.array(z.string()).optional(),
  })),
});
const takeoutsSchema = z.array(
  z.object({ id: z.string(), flags: z.array(z.string()), state: z.string(), success: z.boolean().optional() }),
);
const filledSchema = z.object({ ids: z.array(z.int()) });
const appendedSchema = z.object({ id: z.int(), date: z.int() });

/** A rule of the sandbox's faults; see `sandbox/faults.ts`. */
export interface FaultRule {
  readonly method: string | readonly string[];
  readonly after?: number;
  readonly every?: number;
  readonly times?: number;
  readonly error?: { readonly code: number; readonly message: string };
  readonly delayMs?: number;
  readonly drop?: boolean;
  readonly lose?: boolean;
  readonly close?: boolean;
  readonly garble?: boolean;
}

/** A file for a message: of any size, its bytes made of its id; see `sandbox/world/bytes.ts`. */
export interface NewFile {
  readonly kind?: "document" | "video" | "audio" | "voice" | "video_note" | "gif" | "sticker";
  /** A signed 64-bit number in decimal; it also says where the file lies, see `sandbox/methods/files.ts`. */
  readonly id: string;
  readonly mime: string;
  readonly size: number;
  readonly name?: string;
}

/** A photo of any size, made of its id. */
export interface NewPhoto {
  readonly kind: "photo";
  readonly id: string;
  readonly size: number;
  readonly width?: number;
  readonly height?: number;
}

/** Any medium, in the words of the TL schema. */
export interface NewOther {
  readonly kind: "other";
  readonly tl: { readonly _: string; readonly [name: string]: unknown };
}

/** What a message may have besides its text and file. */
export interface NewDetails {
  /** Marked id of its sender, where it is not the one expected; see `World.append`. */
  readonly from?: string;
  /** What it answers: the first message of a topic or a thread, or with `topId` another one in it. */
  readonly replyTo?: { readonly id: number; readonly topId?: number; readonly forumTopic?: boolean };
}

/** What changes of a message besides its text. */
export interface Alteration {
  /** The date of an edit, in unix seconds. */
  readonly edited?: number;
  /** The edit is not to be shown as one. */
  readonly editHidden?: boolean;
  readonly reactions?: readonly { readonly emoji: string; readonly count: number }[];
  readonly views?: number;
  readonly forwards?: number;
  readonly pinned?: boolean;
  /** In place of what it had. */
  readonly media?: NewFile;
  /** For the options of a poll, in their order. */
  readonly votes?: readonly number[];
}

/** A running sandbox. */
export interface TestSandbox extends AsyncDisposable {
  /** A folder that is removed with the sandbox. */
  readonly directory: string;
  readonly port: number;
  /** The product's variables: a session that is signed in, a data directory of its own. */
  readonly environment: Readonly<Record<string, string>>;
  describe(): Promise<z.infer<typeof describeSchema>["chats"]>;
  /** How often each TL method was received. */
  methods(): Promise<Record<string, number>>;
  /** Each request in the order they came, and the takeout that it came in. */
  requests(): Promise<z.infer<typeof methodsSchema>["order"]>;
  /** The most requests of each TL method that were there at once, unanswered. */
  atOnce(): Promise<Record<string, number>>;
  /** The TL methods in the order in which they were received. */
  order(): Promise<readonly string[]>;
  forgetMethods(): Promise<void>;
  faults(
    settings: {
      rules?: readonly FaultRule[];
      containers?: number;
      strangers?: boolean;
      latencyMs?: number;
    },
  ): Promise<void>;
  clearFaults(): Promise<void>;
  closeConnections(): Promise<void>;
  /** Every takeout that was granted. */
  takeouts(): Promise<z.infer<typeof takeoutsSchema>>;
  /** Grants takeouts only so many seconds after they were first asked for. */
  delayTakeouts(seconds: number): Promise<void>;
  /** The owner allows what was asked for. */
  confirmTakeout(): Promise<void>;
  /** Ends every open takeout. */
  invalidateTakeouts(): Promise<void>;
  /** Moves Telegram's clock by so many seconds. */
  moveClock(seconds: number): Promise<void>;
  append(
    chat: string,
    text: string,
    media?: NewFile | NewPhoto | NewOther,
    details?: NewDetails,
  ): Promise<{ readonly id: number; readonly date: number }>;
  /**
   * Fills a channel or supergroup: ids that are missing, ids that are there, and so on.
   * @param details.date unix seconds of the first message, from which they come one a second
   * @returns the ids that are there
   */
  fill(
    chat: string,
    runs: readonly { readonly skip: number; readonly count: number }[],
    details: { readonly date: number; readonly serviceEvery?: number },
  ): Promise<readonly number[]>;
  /** Lets every file reference expire that was given out so far. */
  rotateReferences(): Promise<void>;
  /** Makes a file as long as that, whatever messages say. */
  resizeFile(id: string, size: number): Promise<void>;
  remove(chat: string, ids: readonly number[]): Promise<void>;
  edit(chat: string, id: number, text: string): Promise<void>;
  /** Changes a message otherwise than by an edit. */
  alter(chat: string, id: number, change: Alteration): Promise<void>;
}

/** Starts one, ready to be dialled. */
export async function startSandbox(args: readonly string[] = []): Promise<TestSandbox> {
  const directory = await Deno.makeTempDir({ prefix: "sandbox-" });
  const [keyFile, sessionFile] = [join(directory, "key.pem"), join(directory, "session")];
  const files = ["--state", directory, "--key-file", keyFile, "--session-file", sessionFile];
  const { dc, host, port, control, ...running } = await startProcess([...files, ...args]);
  return {
    directory,
    port,
    environment: {
      TELEGRAM_API_ID: "1",
      TELEGRAM_API_HASH: "0".repeat(32),
      TELEGRAM_TEST_DC: `${dc}@${host}:${port}`,
      TELEGRAM_TEST_KEY_FILE: keyFile,
      TELEGRAM_STRING_SESSION_FILE: sessionFile,
      DATA_DIR: join(directory, "data"),
    },
    describe: async () => describeSchema.parse(await control("GET", "/describe")).chats,
    methods: async () => methodsSchema.parse(await control("GET", "/methods")).counts,
    requests: async () => methodsSchema.parse(await control("GET", "/methods")).order,
    atOnce: async () => methodsSchema.parse(await control("GET", "/methods")).atOnce,
    order: async () => methodsSchema.parse(await control("GET", "/methods")).order.map(({ method }) => method),
    forgetMethods: async () => void await control("DELETE", "/methods"),
    faults: async (settings) => void await control("POST", "/faults", settings),
    clearFaults: async () => void await control("DELETE", "/faults"),
    closeConnections: async () => void await control("POST", "/connections/close"),
    takeouts: async () => takeoutsSchema.parse(await control("GET", "/takeouts")),
    delayTakeouts: async (seconds) => void await control("POST", "/takeouts/delay", { seconds }),
    confirmTakeout: async () => void await control("POST", "/takeouts/confirm"),
    invalidateTakeouts: async () => void await control("POST", "/takeouts/invalidate"),
    moveClock: async (seconds) => void await control("POST", "/clock", { wire: seconds }),
    append: async (chat, text, media, details) =>
      appendedSchema.parse(await control("POST", "/world/append", { chat, text, media, ...details })),
    fill: async (chat, runs, details) =>
      filledSchema.parse(await control("POST", "/world/fill", { chat, runs, ...details })).ids,
    rotateReferences: async () => void await control("POST", "/files/rotate"),
    resizeFile: async (id, size) => void await control("POST", "/files/resize", { id, size }),
    remove: async (chat, ids) => void await control("POST", "/world/remove", { chat, ids }),
    edit: async (chat, id, text) => void await control("POST", "/world/edit", { chat, id, text }),
    alter: async (chat, id, change) => void await control("POST", "/world/alter", { chat, id, ...change }),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}
