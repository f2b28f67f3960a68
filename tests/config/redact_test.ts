import assert from "node:assert/strict";
import { redactFields, redactText } from "../../src/config/redact.ts";

const SESSION = `1${"Ab+/=_-9".repeat(44)}`;

Deno.test("redactText: secrets are recognised by their looks", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]"],
    [`session ${SESSION} failed`, "session [redacted] failed"],
    [`session B${SESSION.slice(1)} failed`, "session [redacted] failed"],
    ["api_hash=0123456789abcdef0123456789abcdef", "api_hash=[redacted]"],
    ['{"apiHash":"0123456789abcdef0123456789abcdef"}', '{"apiHash":"[redacted]"}'],
    ["GET https://a.example/exports/1/f.json?sig=abc&exp=1 ok", "GET https://a.example/exports/1/f.json?[redacted] ok"],
    ["GET /exports/1/f.json?exp=1&sig=abc", "GET /exports/1/f.json?exp=1&sig=[redacted]"],
    [`GET /media/${"aB3_-".repeat(15)}`, "GET /media/[redacted]"],
    ["socks5://me:p%40ss@proxy.example:1080 is down", "socks5://[redacted]@proxy.example:1080 is down"],
    ["at file:///media/disk/src/app.ts:1:2", "at file:///media/disk/src/app.ts:1:2"],
  ];
  for (const [text, expected] of cases) assert.equal(redactText(text), expected);
});

Deno.test("redactText: what is no secret stays", () => {
  for (
    const text of ["trace 0123456789abcdef0123456789abcdef", "1234567890", "https://a.example/path", "a bearer of news"]
  ) {
    assert.equal(redactText(text), text);
  }
});

Deno.test("redactText: a JSON line stays JSON", () => {
  const line = JSON.stringify({ header: "Bearer a\\b", url: "https://a.example/?x=1", session: SESSION, quote: '"' });
  assert.deepEqual(Object.keys(JSON.parse(redactText(line))), ["header", "url", "session", "quote"]);
});

Deno.test("redactFields: fields are recognised by name, in any depth and spelling", () => {
  const input = {
    phone: "+1555",
    phone_number: 1,
    nested: [{ apiHash: "x", API_HASH: "y" }],
    Cookie: "c",
    "set-cookie": "c",
    kept: "k",
  };
  const hidden = "[redacted]";
  assert.deepEqual(redactFields(input), {
    phone: hidden,
    phone_number: hidden,
    nested: [{ apiHash: hidden, API_HASH: hidden }],
    Cookie: hidden,
    "set-cookie": hidden,
    kept: "k",
  });
  assert.equal(input.phone, "+1555");
});

Deno.test("redactFields: headers, maps and errors are looked into, cycles end", () => {
  assert.deepEqual(redactFields(new Headers({ authorization: "x", accept: "y" })), {
    authorization: "[redacted]",
    accept: "y",
  });
  const cycle: Record<string, unknown> = { token: "x" };
  cycle.self = cycle;
  assert.deepEqual(redactFields(cycle), { token: "[redacted]", self: "[circular]" });
  const error = JSON.stringify(redactFields(new Error("outer", { cause: { password: "x", kept: "y" } })));
  assert.match(
    error,
    /^\{"name":"Error","message":"outer","stack":".*","cause":\{"password":"\[redacted\]","kept":"y"\}\}$/,
  );
});
