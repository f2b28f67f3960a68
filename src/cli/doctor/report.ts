/**
 * `doctor`: what it has found, for people and for programs.
 * @module
 */
import type { Outcome, Verdict } from "./outcome.ts";

/** What a check has found, with the check's name. */
export interface Finding extends Outcome {
  readonly check: string;
}

/** The worst of all verdicts. */
export function worst(findings: readonly Finding[]): Verdict {
  const verdicts = findings.map(({ status }) => status);
  return verdicts.includes("fail") ? "fail" : verdicts.includes("warn") ? "warn" : "ok";
}

/** `{ status, findings: [{ check, status, message, fix? }] }`. */
export function reportJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ status: worst(findings), findings }, null, 2)}\n`;
}

/** SGR: https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
const COLOURS: Readonly<Record<Verdict, number>> = { ok: 32, warn: 33, fail: 31 };

/** A line for each finding, and under it what to do. */
export function reportText(findings: readonly Finding[], { colours }: { readonly colours: boolean }): string {
  return findings.map(({ check, status, message, fix }) => {
    const word = colours ? `\x1b[${COLOURS[status]}m${status}\x1b[0m` : status;
    const line = `${word}${" ".repeat(6 - status.length)}${check}: ${message}\n`;
    return fix === undefined ? line : `${line}      ${fix}\n`;
  }).join("");
}
