/** MCP spoken by hand, for what the SDK's client never does. */
import { z } from "zod";

const LATEST = "2025-11-25";

/** One server-sent event, its data parsed. */
export interface Sent {
  readonly id?: string;
  readonly message?: Message;
}

const Message = z.looseObject({
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.looseObject({ code: z.number(), message: z.string() }).optional(),
});
export type Message = z.output<typeof Message>;

export const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: LATEST, capabilities: {}, clientInfo: { name: "raw", version: "0" } },
};

/** A `tools/call` request. */
export function call(id: string | number, name: string, args: Record<string, unknown> = {}): Record<string, unknown> {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

/** POSTs to the endpoint with the headers of a good client, which `headers` overrides; an empty value leaves one out. */
export function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/mcp`, {
    method: "POST",
    signal,
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
  });
}

/** Opens an event stream. */
export function listen(url: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/mcp`, { signal, headers: { accept: "text/event-stream", ...headers } });
}

/** Opens a session and returns the headers of its requests. */
export async function open(url: string, version = LATEST): Promise<Record<string, string>> {
  const response = await post(url, INITIALIZE);
  await response.text();
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "", "mcp-protocol-version": version };
}

/** The JSON-RPC message of a response that is JSON. */
export async function message(response: Response): Promise<Message> {
  return Message.parse(await response.json());
}

/** The events of a response, to its end. */
export async function events(response: Response): Promise<Sent[]> {
  return parse(await response.text());
}

/** Reads events until one satisfies the condition, and leaves the stream open. */
export async function eventsUntil(response: Response, enough: (sent: readonly Sent[]) => boolean): Promise<Sent[]> {
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The stream ended after: ${text}`);
    text += value;
    const sent = parse(text);
    if (enough(sent)) {
      reader.releaseLock();
      return sent;
    }
  }
}

function parse(text: string): Sent[] {
  return text.split("\n\n").filter((block) => /^(event|id|data):/m.test(block)).map((block) => {
    const id = /^id: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.+)$/m.exec(block)?.[1];
    return {
      ...(id === undefined ? {} : { id }),
      ...(data === undefined ? {} : { message: Message.parse(JSON.parse(data)) }),
    };
  });
}
