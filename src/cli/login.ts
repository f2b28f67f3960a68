/**
 * The command `login`.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { loadConfig, warningsOf } from "../config/load.ts";
import { Secret } from "../config/secret.ts";
import { AppError } from "../errors.ts";
import { patient } from "../mtproto/flood.ts";
import { formatSession, type Session } from "../mtproto/session.ts";
import { writeAll } from "../observability/output.ts";
import { findHolder, heldBy, holdDirectory, isServing } from "../storage/lock.ts";
import { assertStorable, readStored, sessionPath, storeSession } from "../storage/session_file.ts";
import { identify, type Identity, identityOf } from "../telegram/identity.ts";
import { type Login, toLoginError } from "../telegram/login.ts";
import { openLoginCentre } from "../telegram/login_centre.ts";
import { signInByPhone } from "../telegram/login_phone.ts";
import { signInByQr } from "../telegram/login_qr.ts";
import { readImport } from "../telegram/login_import.ts";
import { noApplication, storedSession } from "../telegram/session_source.ts";
import { VERSION } from "../version.ts";
import { servedAccount, telegramState } from "./ask.ts";
import { type Interrupt, INTERRUPTED, listenForInterrupt } from "./interrupt.ts";
import { createPrompt, type Prompt } from "./prompt.ts";

const optionsSchema = z.object({
  /** A number, or true to be asked for it. */
  phone: z.union([z.string(), z.literal(true)]).optional(),
  import: z.literal(true).optional(),
  print: z.literal(true).optional(),
  again: z.literal(true).optional(),
});
type Options = z.infer<typeof optionsSchema>;

/** How long in all Telegram's passing troubles are waited out. */
const PATIENCE_S = 30;

/** Who has signed in, and with what. */
interface SignedIn {
  readonly session: Session;
  readonly self: Identity;
}

/**
 * Signs a person's account in and stores the session, or prints it.
 * @returns the exit code
 * @throws AppError
 */
export async function login(rawOptions: unknown): Promise<number> {
  const options = optionsSchema.parse(rawOptions);
  if (options.phone !== undefined && options.import) {
    throw new AppError("INPUT_VALIDATION", "--phone and --import are two ways to log in: choose one.");
  }
  const config = loadConfig();
  using interrupt = listenForInterrupt();
  using prompt = createPrompt(interrupt);
  try {
    await run(config, options, prompt, interrupt);
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw toLoginError(error);
    prompt.show("Interrupted; nothing was stored.");
    return INTERRUPTED;
  }
}

async function run(config: Config, options: Options, prompt: Prompt, interrupt: Interrupt): Promise<void> {
  for (const warning of warningsOf(config)) prompt.show(warning);
  if (config.telegram.apiId === undefined) throw noApplication();
  if (!options.print) {
    await assertStorable(config.dataDir);
    if (!options.again) await assertSignedOut(config, prompt, interrupt.signal);
  }
  const { session, self } = options.import
    ? await importSession(config, prompt, interrupt.signal)
    : await signIn(config, options, prompt, interrupt.signal);
  prompt.show(`Signed in as ${describe(self)}.`);
  const text = new Secret(formatSession(session));
  if (options.print) {
    prompt.show("Whoever has the session on standard output is this account.");
    writeAll(Deno.stdout, `${text.reveal()}\n`);
    return;
  }
  await storeSession(config.dataDir, text, config.telegram.sessionKey);
  await tellWhatIsNext(config, options, prompt, interrupt.signal);
}

/** By QR code or by phone. */
async function signIn(config: Config, { phone }: Options, person: Prompt, signal: AbortSignal): Promise<SignedIn> {
  const { apiId, apiHash } = config.telegram;
  if (apiId === undefined || apiHash === undefined) throw noApplication();
  const allowed = ["read", "session", "login"] as const;
  await using centre = openLoginCentre(config, { allowed, appVersion: VERSION, signal });
  const sleep = (ms: number): Promise<unknown> => sleepMs(ms, undefined, { signal });
  // What passes by itself must not cost the person a code: Telegram sends few of them.
  const call = patient(centre.call, {
    seconds: PATIENCE_S,
    sleep: async (seconds) => void await sleep(seconds * 1000),
    onWait: ({ seconds }) => person.show(`Telegram cannot answer now; asking again in ${Math.ceil(seconds)} s.`),
  });
  const way: Login = {
    centre: { ...centre, call },
    application: { apiId, apiHash },
    person,
    now: Date.now,
    sleep,
  };
  const user = phone === undefined
    ? await signInByQr(way)
    : await signInByPhone(way, phone === true ? undefined : phone);
  const session = centre.session();
  if (session === undefined) throw new AppError("INTERNAL", "Signed in without a key.");
  return { session, self: identityOf(user) };
}

async function importSession(config: Config, person: Prompt, signal: AbortSignal): Promise<SignedIn> {
  const { form, session } = readImport(await person.ask("String session (not shown): ", { hidden: true }));
  person.show(`A string session of ${form}, data centre ${session.dcId}; asking Telegram whose it is.`);
  const self = await ownerOf(config, session, signal).catch((error) => {
    if (!isRefused(error)) throw error;
    throw new AppError("SESSION_INVALID", error.message, {
      hint: "Nothing was stored. Make a new string session, or log in here: `login` without --import.",
      cause: error,
    });
  });
  if (self.bot) {
    throw new AppError("UNSUPPORTED", "The session is a bot's, and bots cannot read the history of a chat.", {
      hint: "Import the session of a person's account.",
    });
  }
  person.show("No other program may use this session any more: two at once from two addresses lose it.");
  return { session, self };
}

async function ownerOf(config: Config, session: Session, signal: AbortSignal): Promise<Identity> {
  await using centre = openLoginCentre(config, { session, allowed: ["read", "session"], appVersion: VERSION, signal });
  return await identify(centre.call);
}

/**
 * A session that Telegram still accepts is not replaced by mistake.
 * @throws AppError UNSUPPORTED when there is one
 */
async function assertSignedOut(config: Config, person: Prompt, signal: AbortSignal): Promise<void> {
  if (readStored(config.dataDir) === undefined) return;
  const holder = findHolder(config.dataDir);
  if (holder !== undefined) {
    if (!isServing(holder)) throw heldBy(holder);
    if (await telegramState(holder, signal) === "needs_login") return;
    const { id, username } = await servedAccount(holder, signal);
    throw signedIn(
      `${username === undefined ? "" : `@${username}, `}id ${id}, in use by the server at ${holder.url}`,
      "Stop that server and run",
    );
  }
  using _lock = await holdDirectory(config.dataDir, "login");
  // One that cannot be read may be good all the same: its key may only be missing here.
  const session = await storedSession(config);
  if (session === undefined) return;
  let self: Identity;
  try {
    self = await ownerOf(config, session, signal);
  } catch (error) {
    if (!isRefused(error)) throw error;
    person.show(`${error.message} The new login takes the place of that session.`);
    return;
  }
  throw signedIn(describe(self));
}

function isRefused(error: unknown): error is AppError {
  return error instanceof AppError && error.code === "SESSION_INVALID";
}

function signedIn(as: string, first = "Run"): AppError {
  return new AppError("UNSUPPORTED", `Signed in already as ${as}.`, {
    hint: `${first} \`logout\` first, or \`login --again\` to replace the stored session without ending it.`,
  });
}

async function tellWhatIsNext(
  { dataDir, telegram }: Config,
  { again }: Options,
  person: Prompt,
  signal: AbortSignal,
): Promise<void> {
  const how = telegram.sessionKey === undefined ? "readable by this user alone" : "encrypted with SESSION_KEY";
  person.show(`The session is stored in ${sessionPath(dataDir)}, ${how}.`);
  if (again) {
    person.show("The session before it is still signed in; end it in a Telegram app under Settings > Devices.");
  }
  if (telegram.stringSession !== undefined) {
    person.show("TELEGRAM_STRING_SESSION is set and goes before the stored session: unset it to use this one.");
    return;
  }
  const holder = findHolder(dataDir);
  if (!isServing(holder)) return person.show("Next: start the server, or see the account by `whoami`.");
  if (holder.configured) {
    person.show(
      `The server at ${holder.url} uses TELEGRAM_STRING_SESSION, which goes before the stored session: unset it there, ` +
        "and start that server again.",
    );
    return;
  }
  const isWaiting = await telegramState(holder, signal).then((state) => state === "needs_login", () => false);
  person.show(
    isWaiting
      ? `The server at ${holder.url} goes on with it by itself, within seconds.`
      : `The server at ${holder.url} uses the session it has until it is restarted.`,
  );
}

/** An account in one line. */
export function describe({ id, name, username, phone }: Identity): string {
  const parts = [username === undefined ? undefined : `@${username}`, `id ${id}`, phone];
  return `${name || "no name"} (${parts.filter((part) => part !== undefined).join(", ")})`;
}
