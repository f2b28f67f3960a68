/**
 * Renders in tests.
 * @module
 */
import assert from "node:assert/strict";
import type { Message } from "../../../src/model/message.ts";
import { type Format, type RenderContext, RENDERS } from "../../../src/exports/render/mod.ts";
import { CONTEXT } from "./nasty.ts";

/** Messages as a file brings them. */
export async function* stream(messages: Iterable<Message>): AsyncGenerator<Message> {
  await Promise.resolve();
  yield* messages;
}

/** The files of a render; one that was left must not come back. */
export async function render(
  format: Format,
  messages: Iterable<Message>,
  context: RenderContext = CONTEXT,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  let current: string | undefined;
  for await (const { file, text } of RENDERS[format](context, stream(messages))) {
    assert.ok(file === current || !files.has(file), `${file} was left`);
    assert.match(file, /^[a-z]+(-\d{4})?\.[a-z]+$/);
    files.set(file, (files.get(file) ?? "") + text);
    current = file;
  }
  return files;
}

/** The bytes of a file as they are read back: what UTF-8 cannot hold is lost here and nowhere else. */
export function reread(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

/** The only file of a render, or the named one. */
export async function renderFile(
  format: Format,
  messages: Iterable<Message>,
  { context, file }: { readonly context?: RenderContext; readonly file?: string } = {},
): Promise<string> {
  const files = await render(format, messages, context);
  const text = file === undefined ? [...files.values()][0] : files.get(file);
  assert.ok(text !== undefined);
  return reread(text);
}
