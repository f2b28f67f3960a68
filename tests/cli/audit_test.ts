/**
 * The command `audit tail`, beside a running server and without one.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tailAudit, type TailOptions } from "../../src/cli/audit_follow.ts";
import { createAuditLines } from "../../src/cli/audit_lines.ts";
import { createAudit } from "../../src/auth/audit.ts";
import type { AuditRecord } from "../../src/auth/audit_record.ts";
import { createKeyStore } from "../../src/auth/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory, readDataDirectory } from "../../src/storage/open.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, result, run, start, until } from "./command.ts";
import { OF_A_MODULE, ofSources, product } from "./product.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const DESK: AuditRecord = {
  accountId: "default",
  principal: "k1",
  name: "desk",
  tool: "fetch_history",
  chats: ["-1002000000001", "-4001"],
  messages: 50,
  outcome: "ok",
  ms: 12,
  requestId: "r1",
  clientIp: "203.0.113.7",
};
const LOCAL: AuditRecord = {
  accountId: "default",
  principal: "local",
  tool: "list_chats",
  chats: [],
  outcome: "FLOOD_WAIT",
  ms: 15_004,
};

interface Trail extends AsyncDisposable {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly append: (...records: readonly AuditRecord[]) => void;
}

/** A data directory with records one second apart. */
async function trailOf(...records: readonly AuditRecord[]): Promise<Trail> {
  const folder = await Deno.makeTempDir({ prefix: "audit-" });
  let now = NOW;
  const append = (...more: readonly AuditRecord[]): void => {
    using db = openDataDirectory(folder);
    using audit = createAudit(db, {
      days: 0,
      now: () => now += 1000,
      after: () => () => {},
      onProblem: (error) => {
        throw error;
      },
    });
    more.forEach(audit.append);
  };
  append(...records);
  return {
    folder,
    environment: { DATA_DIR: folder },
    append,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const tail = (
  { environment }: Pick<Trail, "environment">,
  ...args: readonly string[]
): ReturnType<typeof run> => run(["audit", "tail", ...args], environment);

Deno.test("audit tail: one line a record, its columns under each other, nothing else", async () => {
  await using trail = await trailOf(DESK, LOCAL, {
    ...DESK,
    tool: "get_messages",
    messages: 5,
    outcome: "INPUT_VALIDATION",
  });
  const { code, out, err } = await tail(trail);
  assert.equal(err, "");
  assert.equal(code, 0);
  assert.deepEqual(out.split("\n"), [
    "2026-03-01T12:00:01Z  desk (k1)     fetch_history    ok                  50     12ms  203.0.113.7      -1002000000001 -4001",
    "2026-03-01T12:00:02Z  local         list_chats       FLOOD_WAIT           -  15004ms  -                -",
    "2026-03-01T12:00:03Z  desk (k1)     get_messages     INPUT_VALIDATION     5     12ms  203.0.113.7      -1002000000001 -4001",
    "",
  ]);
});

Deno.test("audit tail: as JSON a record is what GET /api/audit says of it", async () => {
  await using trail = await trailOf(DESK, LOCAL);
  const { out } = await tail(trail, "--json");
  const { accountId: _, requestId: request_id, clientIp: client_ip, ...desk } = DESK;
  const { accountId: __, ...local } = LOCAL;
  assert.deepEqual(out.trim().split("\n").map((line): unknown => JSON.parse(line)), [
    { time: "2026-03-01T12:00:01.000Z", ...desk, request_id, client_ip },
    { time: "2026-03-01T12:00:02.000Z", ...local },
  ]);
});

Deno.test("audit tail: the latest so many, of one key by name or id, of one tool, from a time on", async () => {
  await using trail = await trailOf(...Array(12).fill(DESK), ...Array(12).fill(LOCAL), { ...DESK, tool: "download" });
  const lines = async (...args: readonly string[]): Promise<number> =>
    (await tail(trail, ...args)).out.split("\n").length - 1;
  assert.equal(await lines(), 20);
  assert.equal(await lines("-n", "3"), 3);
  assert.equal(await lines("-n", "0"), 0);
  assert.equal(await lines("--lines", "99"), 25);
  assert.equal(await lines("--key", "desk"), 13);
  assert.equal(await lines("--key", "k1", "--tool", "download"), 1);
  assert.equal(await lines("--since", "2026-03-01T12:00:24Z"), 2);
  assert.equal(await lines("--since", "1m"), 0);
});

Deno.test("audit tail: what is asked wrongly is refused by name; without a database there is nothing to print", async () => {
  await using trail = await trailOf();
  for (
    const [option, value] of [["--since", "soon"], ["--lines", "x"], ["--lines", "-1"], ["--nonsense", "1"]] as const
  ) {
    const { code, out, err } = await tail(trail, option, value);
    assert.equal(code, 2, option);
    assert.equal(out, "");
    assert.match(err, new RegExp(option));
  }
  const empty = join(trail.folder, "nothing");
  assert.deepEqual(await tail({ environment: { DATA_DIR: empty } }), { code: 0, out: "", err: "" });
  assert.equal(await Deno.stat(empty).catch(() => undefined), undefined, "reading creates nothing");
});

Deno.test("audit tail --key: a key that there never was is said to be none; one that has done nothing has no records", async () => {
  await using trail = await trailOf(DESK, LOCAL);
  {
    using db = openDataDirectory(trail.folder);
    createKeyStore(db, LOCAL_PRINCIPAL.accountId).create({ name: "research agent", scopes: ["read"] });
  }
  for (const known of ["research agent", "Research Agent", "configured"]) {
    assert.deepEqual(await tail(trail, "--key", known), { code: 0, out: "", err: "" }, known);
  }
  for (const known of ["local", "k1", "DESK"]) assert.match((await tail(trail, "--key", known)).out, /^.+\n$/, known);
  const { code, out, err } = await tail(trail, "--key", "reserch agent");
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /There is no key "reserch agent"\.\nDid you mean "research agent"\?/);
  const secret = await tail(trail, "--key", `tgk_${"a".repeat(49)}`);
  assert.deepEqual([secret.code, /That is a key/.test(secret.err), /aaaa/.test(secret.err)], [2, true, false]);
  const nothing = await tail({ environment: { DATA_DIR: join(trail.folder, "nothing") } }, "--key", "nope");
  assert.deepEqual([nothing.code, nothing.out], [1, ""]);
});

ofSources(OF_A_MODULE, "audit tail: what a key's name hides is shown, and a record stays one line", () => {
  const lines = createAuditLines();
  const [line = "", ...more] = lines([{ ...DESK, name: "a\u202Eb\nc\u001B[2J", id: 1, at: NOW }]).trimEnd().split("\n");
  assert.deepEqual(more, []);
  assert.ok(line.includes("a⟦U+202E⟧b c⟦U+001B⟧[2J (k1)"), line);
});

ofSources(OF_A_MODULE, "audit tail: columns stay where they are while records come, and grow with the longest", () => {
  const lines = createAuditLines();
  const entry = { ...LOCAL, id: 1, at: NOW };
  const columnOf = (text: string): number => text.indexOf("list_chats");
  const first = columnOf(lines([entry]));
  assert.equal(columnOf(lines([entry])), first);
  const grown = columnOf(lines([{ ...entry, name: "a name of some length" }]));
  assert.ok(grown > first);
  assert.equal(columnOf(lines([entry])), grown);
});

/** Follows with a wait that does things instead, and then ends. */
async function follow(
  { folder }: Trail,
  options: Partial<TailOptions>,
  ...meanwhile: readonly (() => void)[]
): Promise<string[]> {
  const [printed, steps]: [string[], (() => void)[]] = [[], [...meanwhile]];
  const ended = new Error("ended");
  await assert.rejects(
    tailAudit({
      lines: 20,
      follow: true,
      open: () => readDataDirectory(folder),
      print: (entries) => Promise.resolve(void printed.push(entries.map(({ tool }) => tool).join())),
      wait: () => {
        const step = steps.shift();
        if (step === undefined) return Promise.reject(ended);
        step();
        return Promise.resolve();
      },
      ...options,
    }),
    (error) => error === ended,
  );
  return printed;
}

ofSources(
  OF_A_MODULE,
  "audit tail --follow: what comes is printed once, in its order, as it was asked for",
  async () => {
    await using trail = await trailOf(DESK, LOCAL);
    const add = (...records: readonly AuditRecord[]) => (): void => trail.append(...records);
    assert.deepEqual(
      await follow(trail, {}, add(LOCAL), add(), add(DESK, LOCAL)),
      ["fetch_history,list_chats", "list_chats", "fetch_history,list_chats"],
    );
    assert.deepEqual(await follow(trail, { lines: 0 }, add(DESK)), ["fetch_history"]);
    assert.deepEqual(
      await follow(trail, { lines: 1, principal: "local" }, add(DESK), add(LOCAL, DESK)),
      ["list_chats", "list_chats"],
    );
    const many = Array<AuditRecord>(2500).fill(DESK);
    const batches = await follow(trail, { lines: 0 }, add(...many));
    assert.deepEqual(batches.map((batch) => batch.split(",").length), [1000, 1000, 500]);
  },
);

ofSources(OF_A_MODULE, "audit tail --follow: a database that comes later is waited for, its tables too", async () => {
  await using trail = await trailOf();
  const later = join(trail.folder, "later");
  const printed = await follow(
    { ...trail, folder: later },
    {},
    () => void openDataDirectory(later).close(),
    () => {
      using db = openDataDirectory(later);
      using audit = createAudit(db, { days: 0, after: () => () => {}, onProblem: () => {} });
      audit.append(LOCAL);
    },
  );
  assert.deepEqual(printed, ["list_chats"]);
});

Deno.test("audit tail --follow: Ctrl-C ends it with 130, a reader that has gone with 141, both without a word", async () => {
  await using trail = await trailOf(DESK);
  await using following = command(["audit", "tail", "--follow"], trail.environment);
  await following.out.line(/fetch_history/);
  trail.append(LOCAL);
  await following.out.line(/list_chats/);
  following.signal("SIGINT");
  const { code, err } = await result(following);
  assert.deepEqual([code, err], [130, ""]);

  const script = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"';
  const words = product(["audit", "tail", "--follow"], trail.environment);
  await using piped = start("bash", ["-c", script, "bash", ...words], trail.environment);
  await piped.out.line(/fetch_history/);
  await until(() => {
    trail.append(LOCAL);
    return /^\d+$/m.test(piped.out.text());
  }, "it notices that its reader has gone");
  const ended = await result(piped);
  assert.match(ended.out, /\n141\n$/);
  assert.equal(ended.err, "");
});

Deno.test("audit tail: beside a running server, whose calls it shows as they end; and after it", async () => {
  await using sandbox = await startSandbox();
  const { environment } = sandbox;
  await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: "0" });
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await server.err.line(/http:\/\/127\.0\.0\.1:\d+/))?.[0];
  await using following = command(["audit", "tail", "--follow", "--json"], environment);
  const ask = async (tool: string): Promise<void> => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    await (await fetch(`${url}/api/tools/${tool}`, init)).text();
  };
  await ask("list_exports");
  await following.out.line(/"principal":"local","tool":"list_exports","chats":\[\],"outcome":"ok"/);
  await ask("fetch_history");
  await following.out.line(/"tool":"fetch_history","chats":\[\],"outcome":"INPUT_VALIDATION"/);
  await ask("list_exports");
  server.signal("SIGTERM");
  assert.equal((await result(server)).code, 0);
  // What had not been written when it was told to stop.
  const { out } = await tail({ environment });
  assert.deepEqual(out.trim().split("\n").map((line) => line.split(/ +/)[2]), [
    "list_exports",
    "fetch_history",
    "list_exports",
  ]);
});

Deno.test("audit: an export by the command alone is a record of this machine", async () => {
  await using sandbox = await startSandbox();
  const { environment, directory } = sandbox;
  const { code, err } = await run(["export", "@sandbox_journal", "--out", join(directory, "f.ndjson")], environment);
  assert.equal(code, 0, err);
  const { out } = await tail({ environment });
  assert.match(out, /^\S+Z +local +export +ok +\d+ +\d+ms +- +-1002000000011\n$/);
});
