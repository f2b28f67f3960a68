/**
 * What is sent: requests with nothing in them that need be right, and bytes that need not be a request.
 * @module
 */
import { Buffer } from "node:buffer";

/** A JSON value; texts made by {@link raw} stand in it for what JSON.stringify never writes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A request that is HTTP, whatever it says: it must be answered. */
export interface Request {
  readonly kind: "request";
  readonly method: string;
  readonly target: string;
  /** Host and Content-Length are added where they are missing. */
  readonly headers: readonly (readonly [string, string])[];
  /** Text is bytes: each character is one. */
  readonly body?: { readonly json: Json } | { readonly text: string };
}

/** Bytes that need not be HTTP: the connection must end. Each character is one. */
export interface Bytes {
  readonly kind: "bytes";
  readonly pieces: readonly string[];
}

/** Anything that can be sent. */
export type Input = Request | Bytes;

const RAW = "@raw:";

/** A number, or any token, that JSON.stringify never writes: `1e400`. It must hold no quotation mark. */
export function raw(token: string): string {
  return `${RAW}${token}`;
}

/** A value as JSON; `@raw:` tokens as they are, and names that end in `@2` without it, so that a name can come twice. */
export function jsonText(value: Json): string {
  return JSON.stringify(value).replaceAll(/"@raw:([^"\\]*)"/g, "$1").replaceAll(/@2":/g, '":');
}

/**
 * The bytes of an input.
 * @param key of the one who sends it, if any
 */
export function bytesOf(input: Input, port: number, key?: string): string {
  const host = `Host: 127.0.0.1:${port}\r\n`;
  const authorization = key === undefined ? "" : `Authorization: Bearer ${key}\r\n`;
  if (input.kind === "bytes") {
    return input.pieces.join("").replaceAll("PORT", String(port)).replaceAll(host, () => host + authorization);
  }
  const body = bodyOf(input);
  const given = new Set(input.headers.map(([name]) => name.toLowerCase()));
  const isCounted = body === undefined || given.has("content-length") || given.has("transfer-encoding");
  const lines = [
    ...(given.has("host") ? [] : [host]),
    ...(isCounted ? [] : [`Content-Length: ${body.length}\r\n`]),
    ...(given.has("authorization") ? [] : [authorization]),
    ...input.headers.map(([name, value]) => `${name}: ${value}\r\n`),
  ];
  return `${input.method} ${input.target} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

function bodyOf({ body }: Request): string | undefined {
  if (body === undefined) return undefined;
  return "text" in body ? body.text : Buffer.from(jsonText(body.json)).toString("latin1");
}

/** Inputs like this one that are a little smaller. */
export function smaller(input: Input): Input[] {
  if (input.kind === "bytes") {
    const { pieces } = input;
    const without = pieces.map((_, at) => ({ ...input, pieces: pieces.toSpliced(at, 1) }));
    const shorter = pieces.flatMap((piece, at) =>
      piece.length > 1 ? [{ ...input, pieces: pieces.with(at, piece.slice(0, piece.length >> 1)) }] : []
    );
    return [...without, ...shorter];
  }
  const { headers, body, target } = input;
  return [
    ...headers.map((_, at) => ({ ...input, headers: headers.toSpliced(at, 1) })),
    ...(body !== undefined && "json" in body
      ? smallerJson(body.json).map((json) => ({ ...input, body: { json } }))
      : []),
    ...(body !== undefined && "text" in body && body.text !== ""
      ? [{ ...input, body: { text: body.text.slice(0, body.text.length >> 1) } }]
      : []),
    ...(target.length > 40 ? [{ ...input, target: target.slice(0, target.length >> 1) }] : []),
  ];
}

function smallerJson(value: Json): Json[] {
  if (typeof value === "string") return value.length > 1 ? [value.slice(0, value.length >> 1)] : [];
  if (isList(value)) {
    return [
      ...value.map((_, at) => value.toSpliced(at, 1)),
      ...value.flatMap((item, at) => smallerJson(item).map((less) => value.with(at, less))),
    ];
  }
  if (typeof value !== "object" || value === null) return [];
  const entries = Object.entries(value);
  return [
    ...entries.map((_, at) => Object.fromEntries(entries.toSpliced(at, 1))),
    ...entries.flatMap(([name, item], at) =>
      smallerJson(item).map((less) => Object.fromEntries(entries.with(at, [name, less])))
    ),
  ];
}

/** A guard that knows read-only arrays. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
