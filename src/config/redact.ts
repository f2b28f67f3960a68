/**
 * Takes secrets out of what is about to be logged: first by the names of fields, then by the looks of the text.
 * @module
 */

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
  "password",
  "phone",
  "phonecode",
  "phonecodehash",
  "phonenumber",
  "proxyauthorization",
  "refreshtoken",
  "secret",
  "session",
  "setcookie",
  "stringsession",
  "token",
  "xapikey",
]);

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[^\s"',;\\]+/gi, `$1 ${PLACEHOLDER}`],
  [/[1AB][A-Za-z0-9+/=_-]{300,}/g, PLACEHOLDER],
  [/(api_?hash\W{1,5})[0-9a-f]{32}\b/gi, `$1${PLACEHOLDER}`],
  [/(\bhttps?:\/\/[^\s"'?#\\]+)\?[^\s"'\\]+/gi, `$1?${PLACEHOLDER}`],
  [/(\b[a-z][a-z\d+.-]*:\/\/)[^\s"'/?#\\]+@/gi, `$1${PLACEHOLDER}@`],
  [/([?&](?:access_token|api_key|code|key|sig|signature|state|token)=)[^\s"'&\\]+/gi, `$1${PLACEHOLDER}`],
  // Shorter ones are folders of that name, in a stack for one.
  [/(\/media\/)[\w-]{40,}/g, `$1${PLACEHOLDER}`],
];

/** A text without bearer tokens, string sessions, API hashes, credentials and queries of addresses and media tokens. */
export function redactText(text: string): string {
  return PATTERNS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);
}

/**
 * A copy of plain objects, arrays, maps of headers and errors in which every field with a secret's name holds a
 * placeholder. Other instances are kept: they know how to print themselves.
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
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, isSecretField(name) ? PLACEHOLDER : copy(part, within)]),
  );
}

function isSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name.toLowerCase().replaceAll(/[_-]/g, ""));
}
