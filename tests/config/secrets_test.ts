/** Secrets by their looks and by the names of their fields, wherever something is said about an error. */
import assert from "node:assert/strict";
import { redactError, redactFields, redactText } from "../../src/config/redact.ts";
import { loadConfig } from "../../src/config/load.ts";
import { explain } from "../../src/cli/explain.ts";
import { AppError } from "../../src/errors.ts";
import { problemResponse } from "../../src/http/problem.ts";
import { ProtocolError } from "../../src/mcp/protocol_error.ts";
import { refusal } from "../../src/mcp/refusal.ts";
import { toolResult } from "../../src/mcp/result.ts";
import { configureLogging, getLogger } from "../../src/observability/log.ts";

const KEY = `tgk_${"aB3".repeat(16)}x`;
const SESSION = `1${"Ab+/=_-9".repeat(44)}`;
const HASH = "0123456789abcdef0123456789abcdef";
const TOKEN = "aB3_-".repeat(15);

/** A text with a secret in it, and the secret. */
const SECRETS: readonly (readonly [string, string])[] = [
  [`the key ${KEY} is not known`, KEY],
  [`the key ${KEY.toUpperCase()} is not known`, KEY.toUpperCase()],
  [`the key ${KEY.replace("tgk_", "TGK-")} is not known`, KEY.slice(4)],
  [`the key ${KEY.slice(0, 20)} is cut`, KEY.slice(4, 20)],
  [`X-Key: ${KEY}`, KEY],
  ["Authorization: Bearer abc.def-123", "abc.def-123"],
  ["Authorization: Bearer KEY-hunter2", "hunter2"],
  [`session ${SESSION} failed`, SESSION],
  [`api_hash=${HASH}`, HASH],
  [`TELEGRAM_API_HASH=${HASH}`, HASH],
  [`{"apiHash":"${HASH}"}`, HASH],
  [`the api hash of the application is ${HASH}`, HASH],
  ["call +15551234567 now", "5551234567"],
  ["call +1 555 123-45-67 now", "123-45"],
  ["GET /x?phone=%2B15551234567", "5551234567"],
  ["phone 9996621000 is banned", "9996621000"],
  ['{"phone_number":"9996621000"}', "9996621000"],
  ["login --phone 9996621000", "9996621000"],
  ["Login code: 22222. Do not give it to anyone", "22222"],
  ["phone_code=22222", "22222"],
  ['{"code":"22222"}', "22222"],
  ["the code is 22222", "22222"],
  ["Your code is 123-45", "123-45"],
  ["Login code: 1 2 3 4 5", "1 2 3"],
  ["curl -H 'Authorization: Basic bWU6cHc=' failed", "bWU6cHc="],
  [`sent Bearer ${"aB3".repeat(6)}`, "aB3aB3"],
  [`api_id 123 hash ${HASH}`, HASH],
  ["SESSION_KEY=hunter2 is too short", "hunter2"],
  ['{"SESSION_KEY":"hunter2"}', "hunter2"],
  ["MCP_API_KEY=hunter2 is too short", "hunter2"],
  ["TELEGRAM_API_HASH=hunter2 is no hash", "hunter2"],
  ["https://t.me/proxy?server=a.example&port=443&secret=ee0011", "ee0011"],
  ["https://t.me/login/22222", "22222"],
  ["tg://login?token=abcDEF123", "abcDEF123"],
  [`GET https://a.example/media/${TOKEN}`, TOKEN],
  [`GET /media/${TOKEN} failed`, TOKEN],
  ["https://a.example/exports/01J/f.json?expires=1&principal=local&signature=c2lnbmF0dXJl", "c2lnbmF0dXJl"],
  ["GET /exports/01J/f.json?expires=1&principal=local&signature=c2lnbmF0dXJl", "c2lnbmF0dXJl"],
  ["socks5://me:p%40ss@proxy.example:1080 is down", "p%40ss"],
];

/** What looks a little like one. */
const HARMLESS = [
  "-1001234567890",
  "chat -1002000000001, message 1234567",
  "2025-06-01T00:00:00+02:00",
  "2025-06-01T00:00:00.123456+00:00",
  "1748736000123",
  "trace 0123456789abcdef0123456789abcdef",
  "01JWXYZ0123456789ABCDEFGHJ",
  "code -32602",
  '{"code":420,"message":"FLOOD_WAIT_30"}',
  "exit code 130",
  "keys begin with tgk_",
  "https://t.me/sandbox_news/12?comment=1234567",
  "5 +1 of 12",
  "port 54321, process 123456",
  "socks5://user:password@host:port",
  '"Basic plumbing" was not found',
  "Bearer of news, basic income",
  "Send the header Authorization: Bearer KEY; the owner makes one",
  'curl -H "Authorization: Bearer $KEY"',
  'nobody answers to "Code 12345"',
  "zip code 10115 Berlin, error code: 40001",
  "pass https://telegram.dog/a/5?comment=7654321",
  "https://www.t.me/news/5?single",
  "https://news.t.me/5?single",
  "TELEGRAM_API_HASH: is missing although TELEGRAM_API_ID is set",
  "MCP_API_KEY: expected 32 characters; for example MCP_API_KEY=7rkq0Vn2…",
  "SESSION_KEY: is empty; for example SESSION_KEY=the output of: openssl rand -base64 32",
  "SESSION_KEY_FILE=/run/secrets/session-key",
];

/** Everything by which an error with that sentence is told, by its name. */
async function tellings(sentence: string): Promise<Readonly<Record<string, string>>> {
  const error = new AppError("CONNECTION", sentence, { hint: sentence, field: sentence });
  const protocol = new ProtocolError(-32602, error);
  const logged: string[] = [];
  for (const format of ["json", "text"] as const) {
    await using _logging = configureLogging({ level: "debug", format }, { write: (line) => void logged.push(line) });
    getLogger().debug(sentence, { sentence, error, inside: [{ deep: sentence }] });
    getLogger().error("failed", { error: new Error("outside", { cause: new Error(sentence) }) });
  }
  return {
    log: logged.join(""),
    problem: await problemResponse(error).text(),
    "refusal of the endpoint": await refusal(error).text(),
    "protocol error": `${protocol.message} ${JSON.stringify(protocol.data)}`,
    "tool error": JSON.stringify(toolResult({}, { ok: false, error })),
    "command, expected": explain(error),
    "command, unexpected": explain(new TypeError(sentence)),
  };
}

Deno.test("secrets: by their looks they are in no log, problem, tool error, protocol error and no command's words", async () => {
  for (const [sentence, secret] of SECRETS) {
    for (const [where, text] of Object.entries(await tellings(sentence))) {
      assert.ok(!text.includes(secret), `${where}: ${sentence}`);
      assert.match(text, /\[redacted\]/, where);
    }
  }
});

Deno.test("secrets: those of the configuration are in none of these, though they look like anything", async () => {
  const variables: Readonly<Record<string, string>> = {
    HOME: "/home/me",
    MCP_API_KEY: "correct-horse-battery-staple-1234",
    SESSION_KEY: 'four words, "quoted" and \\ more',
    TELEGRAM_PROXY: "socks5://me:a%20pass%20phrase@127.0.0.1:1080",
    TELEGRAM_API_ID: "1",
    TELEGRAM_API_HASH_FILE: "hash",
  };
  const file = "fedcba9876543210fedcba9876543210";
  loadConfig((name) => variables[name], () => file, { names: [], terminal: false });
  const [apiKey = "", sessionKey = ""] = [variables.MCP_API_KEY, variables.SESSION_KEY];
  for (const secret of [apiKey, sessionKey, "a pass phrase", file]) {
    for (const [where, text] of Object.entries(await tellings(`it was ${secret}, they said`))) {
      assert.ok(!text.includes(secret) && !text.includes(JSON.stringify(secret).slice(1, -1)), `${where}: ${text}`);
      assert.match(text, /it was \[redacted\], they said/, where);
    }
  }
});

Deno.test("secrets: what is none stays as it is, in all of them", () => {
  for (const text of HARMLESS) assert.equal(redactText(text), text);
});

Deno.test("secrets: by the names of their fields they are in no log, whatever they look like", () => {
  const names = ["api_hash", "apiKey", "Authorization", "cookie", "login_code", "MCP_API_KEY", "password", "phone"];
  const more = ["phone_code", "phoneCodeHash", "phone_number", "SESSION_KEY", "session", "signature", "token"];
  for (const name of [...names, ...more, "TELEGRAM_API_HASH", "TELEGRAM_STRING_SESSION", "accessHash"]) {
    assert.deepEqual(redactFields({ [name]: "x", deep: [{ [name]: 1 }] }), {
      [name]: "[redacted]",
      deep: [{ [name]: "[redacted]" }],
    });
  }
});

Deno.test("secrets: of an object that is not plain a log says the class alone", () => {
  class Message {
    readonly text = "a message";
  }
  const fields = { message: new Message(), at: new Date(0), bytes: new Uint8Array(9), set: new Set(["a message"]) };
  const logged = JSON.stringify(redactFields({ fields, error: new Error("x", { cause: new Message() }) }));
  assert.doesNotMatch(logged, /a message/);
  assert.match(logged, /"\[Message\]".*1970-01-01.*"\[Uint8Array\]".*"\[Set\]".*"cause":"\[Message\]"/);
});

Deno.test("secrets: answers of an error, its candidates and its suggestion, stay", () => {
  const error = new AppError("CHAT_AMBIGUOUS", "two", {
    candidates: [{ id: "-1001234567890", title: "+1 555 123 4567" }],
  });
  assert.deepEqual(redactError(error.toJSON()), error.toJSON());
});
