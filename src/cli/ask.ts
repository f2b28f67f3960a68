/**
 * What commands ask of a server on this machine. Not by `fetch`, which would ask the proxy that `HTTP_PROXY` names.
 * @module
 */
import { request } from "node:http";
import * as z from "zod";
import { AppError, ERROR_CODES, type ErrorCode } from "../errors.ts";

const TIMEOUT_MS = 5000;
/** Telegram is asked for it. */
const TOOL_TIMEOUT_MS = 30_000;

/** An answer. */
export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** A server that runs on this machine, as its lock tells of it. */
export interface LocalServer {
  readonly url: string;
  /** What it takes for the owner's key. */
  readonly key?: string | undefined;
}

/**
 * Asks by GET, or with a body, which is sent as JSON, by POST.
 * @param url of the route
 * @throws whatever keeps the answer from coming in time
 */
export async function askServer(
  url: string,
  { key, body, signal }: { readonly key?: string | undefined; readonly body?: unknown; readonly signal?: AbortSignal } =
    {},
): Promise<Answered> {
  const timeout = AbortSignal.timeout(body === undefined ? TIMEOUT_MS : TOOL_TIMEOUT_MS);
  const end = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const answered = Promise.withResolvers<Answered>();
  const method = body === undefined ? "GET" : "POST";
  const headers = { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }) };
  const asking = request(url, { method, signal: end, headers }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => text += part);
    response.on("end", () => answered.resolve({ status: response.statusCode ?? 0, body: text }));
    response.on("error", answered.reject);
  });
  asking.on("error", answered.reject);
  asking.end(body === undefined ? undefined : JSON.stringify(body));
  return await answered.promise;
}

const healthSchema = z.object({ components: z.object({ telegram: z.object({ state: z.string() }) }) });

/**
 * How a running server stands with Telegram: one of `TelegramState`.
 * @throws AppError CONNECTION when it does not say
 */
export async function telegramState({ url, key }: LocalServer, signal: AbortSignal): Promise<string> {
  const { body } = await heard(url, () => askServer(`${url}/health`, { key, signal }));
  return readJson(healthSchema, url, body).components.telegram.state;
}

const selfSchema = z.object({
  chat: z.object({ id: z.string(), username: z.string().optional() }),
});
const candidateSchema = z.object({
  id: z.string(),
  kind: z.string().exactOptional(),
  title: z.string().exactOptional(),
  username: z.string().exactOptional(),
});
const problemSchema = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === "string" && code in ERROR_CODES),
  detail: z.string(),
  hint: z.string(),
  retry_after: z.number().optional(),
  candidates: z.array(candidateSchema).optional(),
});

/**
 * Calls a tool of a running server.
 * @returns what it answers
 * @throws AppError what the server says, CONNECTION when it says nothing
 */
export async function callTool(
  { url, key }: LocalServer,
  tool: string,
  args: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const { status, body } = await heard(url, () => askServer(`${url}/api/tools/${tool}`, { key, body: args, signal }));
  if (status === 200) return readJson(z.unknown(), url, body);
  const { code, detail, hint, retry_after: retryAfter, candidates } = readJson(problemSchema, url, body);
  throw new AppError(code, detail, { hint, ...(retryAfter && { retryAfter }), ...(candidates && { candidates }) });
}

/** Whose messages a running server reads. */
export interface ServedAccount {
  readonly id: string;
  readonly username?: string;
}

/**
 * The account of a running server: its tool resolve_chat, of `me`.
 * @throws AppError CONNECTION when it does not answer, SESSION_INVALID with what it says in place of an account
 */
export async function servedAccount(server: LocalServer, signal: AbortSignal): Promise<ServedAccount> {
  try {
    return selfSchema.parse(await callTool(server, "resolve_chat", { chat: "me" }, signal)).chat;
  } catch (error) {
    if (!(error instanceof AppError) || error.cause !== undefined) throw error;
    throw new AppError("SESSION_INVALID", `The server at ${server.url} has no account to show: ${error.message}`, {
      hint: error.hint,
    });
  }
}

async function heard(url: string, ask: () => Promise<Answered>): Promise<Answered> {
  try {
    return await ask();
  } catch (cause) {
    throw unheard(url, cause);
  }
}

function readJson<T>(schema: z.ZodType<T>, url: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw unheard(url, cause);
  }
}

function unheard(url: string, cause: unknown): AppError {
  return new AppError("CONNECTION", `The server at ${url} does not answer as one of this program does.`, {
    hint: "See its log, or stop it and try again.",
    cause,
  });
}
