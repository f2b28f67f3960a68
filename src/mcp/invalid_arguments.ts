/**
 * What is wrong with the arguments of a call, in words that a model can act on.
 * @module
 */
import * as z from "zod";
import { AppError } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import { nearest } from "../telegram/candidates.ts";

/**
 * The error for arguments that a schema refuses: it names the first one at fault and what it should be.
 * @param args as they were given
 * @param explain may say more, from the issue and the arguments that are valid
 */
export function invalidArguments(
  error: z.ZodError,
  args: unknown,
  input: z.ZodObject,
  explain?: (args: JsonObject, issue: z.core.$ZodIssue) => AppError | undefined,
): AppError {
  const issue = error.issues[0];
  if (issue === undefined) return new AppError("INPUT_VALIDATION", "The arguments are not valid.");
  const explained = explain?.(validIn(args, input), issue);
  if (explained !== undefined) return explained;
  if (issue.code === "unrecognized_keys") {
    const field = (issue.keys[0] ?? "").slice(0, 80);
    return new AppError("INPUT_VALIDATION", `There is no argument ${JSON.stringify(field)}.`, {
      field,
      hint: `The arguments are: ${Object.keys(input.shape).join(", ")}.`,
    });
  }
  const field = issue.path.map(String).join(".");
  if (field === "") return new AppError("INPUT_VALIDATION", `The arguments: ${issue.message}.`);
  const name = String(issue.path[0]);
  const isMissing = !(name in Object(args));
  const about = name in input.shape ? z.globalRegistry.get(input.shape[name])?.description : undefined;
  return new AppError("INPUT_VALIDATION", isMissing ? `${field} is required.` : `${field}: ${sentenceOf(issue)}`, {
    field,
    ...(about === undefined ? {} : { hint: `Send ${name}: ${about}.` }),
  });
}

/** What is wrong with an argument, in words: a schema's own where it has any, else these in place of the library's. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  if (!/^(Too|Invalid) /.test(issue.message)) return issue.message;
  const unit = "origin" in issue ? UNITS[issue.origin] : undefined;
  switch (issue.code) {
    case "too_big":
      return `it may ${unit === undefined ? "be" : "have"} at most ${issue.maximum}${unit ?? ""}.`;
    case "too_small":
      return `it must ${unit === undefined ? "be" : "have"} at least ${issue.minimum}${unit ?? ""}.`;
    case "invalid_type":
      return `it must be of type ${issue.expected}.`;
    case "invalid_value": {
      const values = issue.values.map(String);
      const [meant] = nearest(String(issue.input), values, (value) => [value]);
      return `it must be one of ${values.join(", ")}.${meant === undefined ? "" : ` Did you mean ${meant}?`}`;
    }
    default:
      return issue.message;
  }
}

const UNITS: Readonly<Record<string, string>> = { string: " characters", array: " items" };

/** The arguments that are as they should be: what a better call can be made of. */
function validIn(args: unknown, input: z.ZodObject): JsonObject {
  if (typeof args !== "object" || args === null) return {};
  const given = new Map(Object.entries(args));
  return Object.fromEntries(
    Object.entries(input.shape).flatMap(([name, schema]) =>
      given.has(name) && z.safeParse(schema, given.get(name)).success ? [[name, given.get(name)]] : []
    ),
  );
}
