/**
 * The log: one line a record on standard error, as text or JSON, with secrets taken out.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  configureSync,
  getConfig,
  getJsonLinesFormatter,
  getLogger as getLogTapeLogger,
  getTextFormatter,
  type Logger,
  type LogRecord,
  resetSync,
  type TextFormatter,
} from "@logtape/logtape";
import type { LogConfig } from "../config/config.ts";
import { redactField, redactFields, redactText } from "../config/redact.ts";
import { signOf, visible } from "../model/visible.ts";
import { writeToStderr } from "./output.ts";

export type { Logger };

/** The root of every logger's category. */
export const CATEGORY = "telegram-toolkit-mcp";

/** Where the log goes. */
export interface LogOptions {
  /** Writes one line, its line feed included. */
  readonly write?: (line: string) => void;
}

/**
 * Starts logging for the process; the log of an earlier call ends. Records carry the fields of `withContext` (the request
 * id for one) whatever asynchronous path they come from.
 *
 * @returns ends the logging when disposed
 */
export function configureLogging(
  { level, format }: LogConfig,
  { write = writeToStderr }: LogOptions = {},
): AsyncDisposable {
  const toLine = format === "json" ? getJsonLinesFormatter({ properties: "flatten", categorySeparator: "." }) : TEXT;
  const sink = (record: LogRecord): void => write(redactText(toLine(redactRecord(record))));
  configureSync({
    sinks: { stderr: sink },
    loggers: [
      { category: CATEGORY, sinks: ["stderr"], lowestLevel: level },
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "warning" },
    ],
    contextLocalStorage: new AsyncLocalStorage(),
    reset: true,
  });
  const ours = getConfig();
  return {
    [Symbol.asyncDispose](): Promise<void> {
      if (getConfig() === ours) resetSync();
      return Promise.resolve();
    },
  };
}

/** The logger of a part of the program, `getLogger("http")` for one. */
export function getLogger(...area: readonly string[]): Logger {
  return getLogTapeLogger([CATEGORY, ...area]);
}

/**
 * Text lines end with the record's fields, which LogTape's own text format leaves out. What controls a terminal is shown, and no text
 * begins a line of its own: those of stacks are indented. JSON has escapes for that.
 */
const TEXT: TextFormatter = getTextFormatter({
  timestamp: "rfc3339",
  level: "FULL",
  category: ".",
  format: ({ timestamp, level, category, message, record }) =>
    `${timestamp} ${level} ${category}: ${onOneLine(message)}${fieldsAsText(record.properties)}`,
});

function fieldsAsText(fields: Record<string, unknown>): string {
  return Object.entries(fields).map(([name, value]) => {
    if (isRecord(value) && "stack" in value) return errorAsText(value);
    return ` ${name}=${
      typeof value === "string" && /^[\w./:+-]+$/.test(value) ? value : onOneLine(JSON.stringify(value))
    }`;
  }).join("");
}

function onOneLine(text: string | undefined): string {
  return visible(String(text)).replaceAll("\n", signOf);
}

function errorAsText({ stack, cause }: Record<string, unknown>): string {
  return `\n  ${visible(String(stack)).replaceAll("\n", "\n  ")}${
    isRecord(cause) && "stack" in cause ? `\n  caused by:${errorAsText(cause)}` : ""
  }`;
}

function redactRecord(record: LogRecord): LogRecord {
  const properties = redactFields(record.properties);
  return { ...record, message: redactMessage(record), properties: isRecord(properties) ? properties : {} };
}

/** Literal texts alternate with interpolated values, which must not bring back what their fields have lost. */
function redactMessage({ message, rawMessage }: LogRecord): readonly unknown[] {
  const fields = typeof rawMessage === "string"
    ? Array.from(rawMessage.matchAll(/\{[^{}]*?(\w*)\W*\}/g), ([, name]) => name)
    : [];
  return message.map((part, index) => index % 2 === 0 ? part : redactField(fields[(index - 1) / 2] ?? "", part));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
