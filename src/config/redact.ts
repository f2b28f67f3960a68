/**
 * Takes secrets out of what is about to be logged: first by the names of fields, then those that the configuration holds, then by the
 * looks of the text.
 * @module
 */
import type { ErrorBody } from "../errors.ts";
import { Secret } from "./secret.ts";

const PLACEHOLDER = "[redacted]";

/** In lower case, without underscores and hyphens. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  "accesshash",
  "accesstoken",
  "apihash",
  "apikey",
  "authkey",
  "authorization",
  "cookie",
  "credentials",
  "logincode",
  "mcpapikey",
  "passphrase",
  "password",
  "phone",
  "phonecode",
  "phonecodehash",
  "phonenumber",
  "proxyauthorization",
  "refreshtoken",
  "secret",
  "session",
  "sessionkey",
  "setcookie",
  "signature",
  "stringsession",
  "telegramapihash",
  "telegramstringsession",
  "token",
  "xapikey",
]);

/** Shorter ones could be words of sentences. */
const SHORTEST_VALUE = 8;
/** The configured secrets as they may stand in a text, the longest first: one may be the beginning of another. */
let values: readonly string[] = [];

/** Instances that hold nothing which their text does not show; patterns look at that. */
const CAREFUL = [Secret, Date, URL] as const;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Also mistyped or cut: what is missing may be guessed.
  [/tgk[_-][\w-]{6,}/gi, PLACEHOLDER],
  // KEY and the shell's $KEY stand for one, in hints and examples.
  [
    /(\bauthorization["'\\]*\s*[:=]\s*["'\\]*(?:Bearer|Basic)\s+)(?!\$?KEY(?:[\s"',;\\]|$))[^\s"',;\\]+/gi,
    `$1${PLACEHOLDER}`,
  ],
  // Without the header's name they may be words of a sentence.
  [/\b(Bearer|Basic)\s+[^\s"',;\\]{16,}/gi, `$1 ${PLACEHOLDER}`],
  [/[1AB][A-Za-z0-9+/=_-]{300,}/g, PLACEHOLDER],
  [/(hash\b[^\n]{0,30}?)\b[0-9a-f]{32}\b/gi, `$1${PLACEHOLDER}`],
  // A variable with its value, examples excepted.
  [
    /(\b(?:SESSION_KEY|MCP_API_KEY|TELEGRAM_API_HASH|TELEGRAM_STRING_SESSION)(?:=|["'\\]+\s*:\s*)["'\\]*)(?!\S*…|the output of: )[^\s"'\\]+/gi,
    `$1${PLACEHOLDER}`,
  ],
  // A link to a message may say which in its query.
  [
    /(\bhttps?:\/\/(?!(?:(?:www\.)?(?:t\.me|telegram\.(?:me|dog))|[a-z][\w-]{3,31}\.t\.me)[/?])[^\s"'?#\\]+)\?[^\s"'\\]+/gi,
    `$1?${PLACEHOLDER}`,
  ],
  // The credentials of the example are none.
  [/(\b[a-z][a-z\d+.-]*:\/\/)(?!user:password@)[^\s"'/?#\\]+@/gi, `$1${PLACEHOLDER}@`],
  [
    /([?&](?:access_token|api_key|code|key|pass|password|secret|sig|signature|state|token)=)[^\s"'&\\]+/gi,
    `$1${PLACEHOLDER}`,
  ],
  // Shorter ones are folders of that name, in a stack for one.
  [/(\/media\/)[\w-]{40,}/g, `$1${PLACEHOLDER}`],
  [/(\bt(?:elegram)?\.me\/login\/)\w+/gi, `$1${PLACEHOLDER}`],
  // https://www.itu.int/rec/T-REC-E.164: fifteen digits at most. Ids of chats have a minus, dates a colon after two digits.
  [/(?<![\w+])(?:\+|%2B)\d(?:[ .()-]{0,2}\d){6,14}(?!\d)/gi, PLACEHOLDER],
  [/(phone(?:[_ ]?number)?\W{1,5})\d{7,15}\b/gi, `$1${PLACEHOLDER}`],
  // As Telegram's own message says it, and people, and as fields have it: a code may be a postal one, too, or an error's.
  [
    /((?:\b(?:login|phone)[_ ]?code["'\\]*(?:\s+is)?\s*[:=]?|\bcode\s+is:?|["'\\]code["'\\]+\s*:\s*(?=["'\\]))\s*["'\\]*)\d(?:[ -]?\d){4,6}\b/gi,
    `$1${PLACEHOLDER}`,
  ],
];

/**
 * Has {@link redactText} take out what the secrets of an option say, whatever they look like, as long as the process lives.
 * @param option a secret, or an object that holds some; those of less than {@link SHORTEST_VALUE} characters are left
 */
export function rememberSecrets(option: unknown): void {
  if (typeof option !== "object" || option === null) return;
  if (!(option instanceof Secret)) return Object.values(option).forEach(rememberSecrets);
  const value = option.reveal();
  if (value.length < SHORTEST_VALUE) return;
  const forms = [value, JSON.stringify(value).slice(1, -1)];
  values = [...new Set([...values, ...forms])].toSorted((a, b) => b.length - a.length);
}

/**
 * A text without the configured secrets, keys, bearer tokens, string sessions, API hashes, phone numbers, login codes, and what of an
 * address gives access: credentials, queries, tokens.
 */
export function redactText(text: string): string {
  const without = values.reduce((redacted, value) => redacted.replaceAll(value, PLACEHOLDER), text);
  return PATTERNS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), without);
}

/**
 * An error as a caller sees it, its sentences without secrets: they may repeat what somebody has sent. Candidates and suggestions are
 * answers and stay.
 */
export function redactError<T extends Pick<ErrorBody, "message" | "hint" | "field">>(body: T): T {
  const { message, hint, field } = body;
  return {
    ...body,
    message: redactText(message),
    hint: redactText(hint),
    ...(field === undefined ? {} : { field: redactText(field) }),
  };
}

/**
 * A copy of plain objects, arrays, maps of headers and errors in which every field with a secret's name holds a
 * placeholder. Of other instances, Telegram's objects for some, only the class is said, unless they print themselves with care.
 */
export function redactFields(value: unknown): unknown {
  return copy(value, []);
}

/** {@link redactFields} of the value of one field. */
export function redactField(name: string, value: unknown): unknown {
  return isSecretField(name) ? PLACEHOLDER : redactFields(value);
}

function copy(value: unknown, ancestors: readonly object[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.includes(value)) return "[circular]";
  const within = [...ancestors, value];
  if (Array.isArray(value)) return value.map((item) => copy(item, within));
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return {
      name,
      message,
      ...("code" in value ? { code: value.code } : {}),
      stack,
      ...(cause === undefined ? {} : { cause: copy(cause, within) }),
    };
  }
  if (value instanceof Headers || value instanceof Map) return copy(Object.fromEntries(value), ancestors);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return CAREFUL.some((type) => value instanceof type) ? value : `[${prototype.constructor?.name ?? "object"}]`;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, isSecretField(name) ? PLACEHOLDER : copy(part, within)]),
  );
}

function isSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name.toLowerCase().replaceAll(/[_-]/g, ""));
}
