/**
 * The layer's schema as GramJS reads it, to hold the mapping against (https://core.telegram.org/mtproto/TL-formal).
 * @module
 */
import apiTl from "telegram/tl/apiTl.js";
import schemaTl from "telegram/tl/schemaTl.js";

/** One constructor: its name in TypeScript, its type, and the types of its fields. */
export interface Constructor {
  readonly name: string;
  readonly type: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Those of its fields that hold several. */
  readonly vectors: ReadonlySet<string>;
}

/** The text that GramJS generates its classes from. */
export const LAYER_TEXT: string = apiTl;

/** The same of the protocol beneath (https://core.telegram.org/mtproto). */
export const PROTOCOL_TEXT: string = schemaTl;

/** The methods of a schema's text, named as GramJS names their classes: `messages.GetHistory`, `ReqDHParams`. */
export function readMethods(text: string): readonly string[] {
  const methods: string[] = [];
  let isOfMethods = false;
  for (const line of text.split("\n").map((line) => line.trim())) {
    if (line.startsWith("---")) isOfMethods = line === "---functions---";
    const [, space = "", name] = /^(?:(\w+)\.)?(\w+)#[0-9a-f]+ /.exec(line) ?? [];
    if (isOfMethods && name !== undefined) {
      methods.push(`${space}${space && "."}${name.split("_").map(capitalise).join("")}`);
    }
  }
  return methods;
}

/** The constructors of a schema's text, functions left out. */
export function readConstructors(text: string): readonly Constructor[] {
  const [types = ""] = text.split("---functions---");
  return readLines(types);
}

/** The methods of a schema's text with their fields, named as {@link readMethods} does. */
export function readRequests(text: string): readonly Constructor[] {
  const [, functions = ""] = text.split("---functions---");
  return readLines(functions).map((each) => ({
    ...each,
    name: each.name.replace(/^\w/, (letter) => letter.toLowerCase()),
  }))
    .map((each) => ({ ...each, name: each.name.replace(/\.(\w)/, (_, letter: string) => `.${letter.toUpperCase()}`) }));
}

function readLines(text: string): readonly Constructor[] {
  return text.split("\n").flatMap((line) => {
    const [, name, fields = "", type] = /^([\w.]+)#[0-9a-f]+ (.*?)= ([\w.]+);/.exec(line.trim()) ?? [];
    if (name === undefined || type === undefined) return [];
    return [{ name: capitalise(name), type, fields: readFields(fields), vectors: readVectors(fields) }];
  });
}

function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, name = "", type = ""] of text.matchAll(/(\w+):(\S+)/g)) {
    if (type !== "#") fields.set(camelCase(name), /(?:[^?<]*[?<])*([\w.]+)>?$/.exec(type)?.[1] ?? type);
  }
  return fields;
}

function readVectors(text: string): Set<string> {
  return new Set([...text.matchAll(/(\w+):(?:[\w.]+\?)?[Vv]ector</g)].map(([, name = ""]) => camelCase(name)));
}

const capitalise = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
