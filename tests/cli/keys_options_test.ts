import assert from "node:assert/strict";
import { readCreateOptions, readRotateOptions } from "../../src/cli/keys_options.ts";
import { AppError } from "../../src/errors.ts";

Deno.test("keys create, options: what may be said several times or with commas is one list, each once", () => {
  assert.deepEqual(
    readCreateOptions({
      name: "  Agent 7 ",
      scope: ["read, metrics", "read"],
      chat: ["@a,-100123", "@b , @a", "t.me/c/1/2"],
      expires: "90d",
      rate: "60/min",
    }),
    {
      name: "Agent 7",
      scope: ["read", "metrics"],
      chat: ["@a", "-100123", "@b", "t.me/c/1/2"],
      expires: 90 * 86_400,
      rate: { count: 60, seconds: 60 },
    },
  );
  assert.deepEqual(readCreateOptions({ name: "a" }), { name: "a", scope: ["read", "export"] });
});

Deno.test("keys, options: durations and rates are as they are written", () => {
  const seconds = (expires: string): unknown => readCreateOptions({ name: "a", expires }).expires;
  assert.deepEqual(["45s", "30m", "12h", "90d", "2w", "36500d"].map(seconds), [
    45,
    1800,
    43_200,
    7_776_000,
    1_209_600,
    3_153_600_000,
  ]);
  const rate = (text: string): unknown => Object.values(readCreateOptions({ name: "a", rate: text }).rate ?? {});
  assert.deepEqual(["10/s", "60/min", "1000/h"].map(rate), [[10, 1], [60, 60], [1000, 3600]]);
  assert.deepEqual(readRotateOptions({ grace: "24h", expires: "1d" }), { grace: 86_400, expires: 86_400 });
});

const REFUSED: readonly (readonly [options: Readonly<Record<string, unknown>>, says: RegExp])[] = [
  [{ name: "" }, /^--name: expected 1 to 64 letters/],
  [{ name: " \t" }, /^--name: expected 1 to 64 letters/],
  [{ name: "a\u202eb" }, /^--name: expected 1 to 64 letters/],
  [{ name: "a\nb" }, /^--name: expected 1 to 64 letters/],
  [{ name: "a\x1b[2J" }, /^--name: expected 1 to 64 letters/],
  [{ name: "-a" }, /^--name: expected 1 to 64 letters/],
  [{ name: "x".repeat(65) }, /^--name: expected 1 to 64 letters/],
  [{ name: "k_abcdefghij" }, /^--name: expected a name that does not look like an id or a key/],
  [{ name: "tgk_abc" }, /^--name: expected a name that does not look like an id or a key/],
  [{ scope: ["write"] }, /^--scope: expected read, export, admin or metrics/],
  [{ scope: ["read", "Export"] }, /^--scope: expected read, export, admin or metrics/],
  [{ scope: [","] }, /^--scope: expected read, export, admin or metrics/],
  [{ expires: "tomorrow" }, /^--expires: expected a duration such as 90d, 12h or 30m/],
  [{ expires: "0d" }, /^--expires: expected a duration/],
  [{ expires: "-1d" }, /^--expires: expected a duration/],
  [{ expires: "1.5h" }, /^--expires: expected a duration/],
  [{ expires: "36501d" }, /^--expires: expected 36500d at most/],
  [{ rate: "60" }, /^--rate: expected a rate such as 60\/min/],
  [{ rate: "0/min" }, /^--rate: expected a rate/],
  [{ rate: "60/week" }, /^--rate: expected a rate/],
  [{ chat: [" , "] }, /^--chat: expected a chat/],
  [{ chat: ["@a"], scope: ["read,admin"] }, /^--chat: a key of scope admin cannot be restricted/],
];

Deno.test("keys create, options: what is wrong is refused by name, with what is right", () => {
  for (const [options, says] of REFUSED) {
    assert.throws(
      () => readCreateOptions({ name: "a", ...options }),
      (error) => error instanceof AppError && error.code === "INPUT_VALIDATION" && says.test(error.message),
      JSON.stringify(options),
    );
  }
});
