import assert from "node:assert/strict";
import { join } from "node:path";
import { createWorld } from "../../sandbox/world/mod.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { command, type Ran, result, run, start, until } from "./command.ts";
import { ofSources, product } from "./product.ts";
import { idsOf, messagesOf, readExport, sizeOf, sizeOfPart } from "./exports.ts";

const NEWS = "-1002000000001";
const PUBLIC = "-1002000000007";

interface Place {
  readonly sandbox: TestSandbox;
  /** A path in a folder that is removed with the sandbox. */
  at(name: string): string;
  /** Runs `export` to its end, with a database of its own. */
  export(...args: string[]): Promise<Ran>;
}

async function withSandbox(test: (place: Place) => Promise<void>): Promise<void> {
  await using sandbox = await startSandbox();
  await test({
    sandbox,
    at: (name) => join(sandbox.directory, name),
    export: (...args) => {
      const data = join(sandbox.directory, crypto.randomUUID());
      return run(["export", ...args], { ...sandbox.environment, DATA_DIR: data });
    },
  });
}

function idsInWorld(chat: string): number[] {
  return Array.from(createWorld().messages(chat), ({ id }) => id);
}

function assertFails({ code, out, err }: Ran, expected: { code: number; says: RegExp }): void {
  assert.match(err, expected.says);
  assert.doesNotMatch(err, /^ +at /m, "no stack trace");
  assert.deepEqual([code, out], [expected.code, ""]);
}

Deno.test("export: a chat is written whole, oldest first, each message once", () =>
  withSandbox(async (place) => {
    const file = place.at("news");
    const { code, out, err } = await place.export("@sandbox_news", "--out", file);
    assert.deepEqual([code, out], [0, ""], err);
    assert.match(err, /^10000 messages in .*news, \d+\/s$/m);
    assert.deepEqual(await idsOf(file), idsInWorld(NEWS));

    const again = await place.export("@sandbox_news", "--out", file, "--limit", "5");
    assertFails(again, { code: 2, says: /exists already\.\nChoose another file, or add --force/ });
    assert.equal((await idsOf(file)).length, 10_000);
    assert.equal((await place.export("@sandbox_news", "--out", file, "--limit", "5", "--force")).code, 0);
    assert.deepEqual(await idsOf(file), idsInWorld(NEWS).slice(0, 5));
  }));

Deno.test("export: to standard output come the same lines as to a file", () =>
  withSandbox(async (place) => {
    const piped = await place.export("@sandbox_public", "--out", "-");
    assert.equal(piped.code, 0, piped.err);
    assert.equal((await place.export("t.me/sandbox_public", "--out", place.at("file"))).code, 0);
    assert.deepEqual(messagesOf(piped.out), await readExport(place.at("file")));
    assert.deepEqual(messagesOf(piped.out).map(({ id }) => id), idsInWorld(PUBLIC));
  }));

Deno.test("export: ranges and limits take what the naive model takes", () =>
  withSandbox(async (place) => {
    const all = Array.from(createWorld().messages(PUBLIC), ({ id, date }) => ({ id, date }));
    const { id: from = 0 } = all[20] ?? {};
    const { date: to = 0 } = all[60] ?? {};
    const day = new Date(to * 1000).toISOString().slice(0, 10);
    const cases: [string[], (message: { id: number; date: number }, index: number) => boolean][] = [
      [["--limit", "7"], (_, index) => index < 7],
      [["--limit", "99999"], () => true],
      [["--from", `#${from}`, "--to", new Date(to * 1000).toISOString()], ({ id, date }) => id >= from && date < to],
      [["--from", day, "--tz", "Asia/Tokyo"], ({ date }) => date >= Date.parse(`${day}T00:00:00+09:00`) / 1000],
      [["--from", "#999999"], () => false],
    ];
    await Promise.all(cases.map(async ([args, isWanted], index) => {
      const { code, err } = await place.export("@sandbox_public", "--out", place.at(`${index}`), ...args);
      assert.equal(code, 0, err);
      const wanted = all.filter(isWanted).map(({ id }) => id);
      assert.deepEqual(await idsOf(place.at(`${index}`)), wanted, args.join(" "));
    }));
  }));

Deno.test("export: an empty chat makes an empty file", () =>
  withSandbox(async (place) => {
    const { code, err } = await place.export("Empty Hall", "--out", place.at("empty"));
    assert.deepEqual([code, await Deno.readTextFile(place.at("empty"))], [0, ""], err);
  }));

Deno.test("export: what cannot be done is said in a sentence", () =>
  withSandbox(async (place) => {
    const out = ["--out", place.at("out")];
    const news = "@sandbox_news";
    const cases: [string[], { code: number; says: RegExp }][] = [
      [["Sandbx News", ...out], {
        code: 1,
        says: /No chat "Sandbx News"[^]*Did you mean:\n {2}-1002000000001 channel/,
      }],
      [[news], { code: 2, says: /required option '--out <file>'/ }],
      [[news, "--out", ""], { code: 2, says: /--out: expected a file/ }],
      [[news, "--out", place.sandbox.directory], { code: 2, says: /is not a regular file/ }],
      [[news, "--out", "/dev/null", "--force"], { code: 2, says: /is not a regular file/ }],
      [[news, "--out", place.at("no/such/folder")], { code: 2, says: /no\/such is no folder\.$/m }],
      [[news, "--out", place.at("x".repeat(300))], { code: 2, says: /cannot be opened: file name too long\.$/m }],
      [[news, ...out, "--format", "html"], { code: 2, says: /html is several files\.\nName a folder.*out\/$/m }],
      [[news, "--out", "-", "--format", "csv"], { code: 2, says: /--format: standard output takes ndjson only/ }],
      [[news, ...out, "--format", "parquet"], { code: 2, says: /--format/ }],
      [[news, ...out, "--topic", "General"], { code: 1, says: /forum/ }],
      [[news, ...out, "--limit", "0"], { code: 2, says: /--limit: expected a whole number above 0\.$/m }],
      [[news, ...out, "--limit", "-1"], { code: 2, says: /--limit/ }],
      [[news, ...out, "--limit", "1e3"], { code: 2, says: /--limit/ }],
      [[news, ...out, "--from", "2025-01-01"], { code: 2, says: /no time zone/ }],
      [[news, ...out, "--from", "#9", "--to", "#9"], { code: 2, says: /from must lie before to/ }],
      [[news, ...out, "--form", "#9"], { code: 2, says: /unknown option '--form'/ }],
    ];
    const runs = await Promise.all(cases.map(async ([args]) => ({ args, ran: await place.export(...args) })));
    runs.forEach(({ ran }, index) => assertFails(ran, cases[index]?.[1] ?? { code: -1, says: /^$/ }));
    assert.equal(await sizeOf(place.at("out")), 0);
  }));

Deno.test("export: without a session it says what to do", async () => {
  const directory = await Deno.makeTempDir();
  const ran = await run(["export", "@sandbox_news", "--out", "-"], { DATA_DIR: directory });
  assertFails(ran, {
    code: 1,
    says: /No Telegram account is signed in\.\nRun the command `login`\./,
  });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("export: a reader that has gone ends it without a word", () =>
  withSandbox(async ({ sandbox }) => {
    const script = `"$0" "$@"; echo "code $?" >&2`;
    const words = product(["export", "@sandbox_news", "--out", "-"], sandbox.environment);
    await using shell = start("/bin/sh", ["-c", `(${script}) | head -n 3`, ...words], sandbox.environment);
    const { out, err } = await result(shell);
    assert.deepEqual(messagesOf(out).length, 3);
    assert.match(err, /^A test data centre on port \d+ stands in for Telegram\.\ncode 141\n$/);
  }));

Deno.test("export: a reader of the progress that has gone takes nothing from the file", () =>
  withSandbox(async ({ sandbox, at }) => {
    const words = product(["export", "@sandbox_public", "--out", at("f")], sandbox.environment);
    const script = `("$0" "$@" 2>&1; echo "code $?" >"${at("code")}") | true`;
    await using shell = start("/bin/sh", ["-c", script, ...words], sandbox.environment);
    await shell.ended();
    assert.equal(await Deno.readTextFile(at("code")), "code 0\n");
    assert.equal((await idsOf(at("f"))).length, 200);
  }));

Deno.test(
  "export: a full device behind standard output is said",
  { ignore: Deno.build.os !== "linux" },
  () =>
    withSandbox(async ({ sandbox }) => {
      const words = product(["export", "@sandbox_news", "--out", "-"], sandbox.environment);
      await using shell = start("/bin/sh", ["-c", `exec "$0" "$@" >/dev/full`, ...words], sandbox.environment);
      assertFails(await result(shell), {
        code: 1,
        says: /standard output cannot be written: no space left on device\./,
      });
    }),
);

Deno.test("export: a reader that does not read cannot hold up Ctrl-C", () =>
  withSandbox(async ({ sandbox }) => {
    const [program, ...args] = product(["export", "@sandbox_news", "--out", "-"], sandbox.environment);
    const child = new Deno.Command(program, {
      args,
      env: sandbox.environment,
      stdout: "piped",
      stderr: "null",
    }).spawn();
    // The pipe takes 64 KiB, the buffer of this process a little more: with five times as much fetched it is full.
    await until(async () => ((await sandbox.methods())["messages.GetHistory"] ?? 0) >= 4, "it fetches");
    child.kill("SIGINT");
    const { code } = await child.status;
    await child.stdout.cancel();
    assert.equal(code, 130);
  }));

Deno.test(
  "export: on a terminal a bar shows count, rate and remaining",
  { ignore: Deno.build.os !== "linux" },
  () =>
    withSandbox(async ({ sandbox, at }) => {
      await sandbox.faults({
        rules: [{ method: "messages.getHistory", after: 20, times: 1, error: { code: 420, message: "FLOOD_WAIT_1" } }],
      });
      const words = product(["export", "@sandbox_news", "--out", at("f")], sandbox.environment);
      const line = words.map((word) => `'${word}'`).join(" ");
      await using terminal = start("script", ["-qec", line, "/dev/null"], sandbox.environment);
      const { code, out } = await result(terminal);
      assert.equal(code, 0, out);
      assert.match(out, /=+-+ \d+ of 10000 messages, \d+\/s, \d+ s left/);
      const shown = out.replaceAll("\x1b", "ESC");
      // The note stands above the bar, which is drawn anew below it and gone at the end.
      assert.match(shown, /ESC\[2KTelegram asks to wait 1 s\r\nESC7.*=+-+ /);
      assert.match(shown, /ESC\[2K10000 messages in .*, \d+\/s\r\n$/);
    }),
);

Deno.test("export: beside another one it names that and what to do, and so does serve", () =>
  withSandbox(async ({ sandbox, at }) => {
    const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
    await sandbox.faults({ latencyMs: 400 });
    await using first = command(["export", "@sandbox_news", "--out", at("f"), "--limit", "3000"], environment);
    await until(async () => await sizeOfPart(sandbox.environment) > 0, "the first writes");
    const others = [["export", "@sandbox_group", "--out", at("g")], ["serve"]];
    for (const ran of await Promise.all(others.map((args) => run(args, environment)))) {
      assertFails(ran, { code: 1, says: /in use by "export", process \d+.*\nWait until it has ended/ });
    }
    await sandbox.faults({});
    assert.equal(await first.ended(), 0, first.err.text());
    assert.deepEqual(await idsOf(at("f")), idsInWorld(NEWS).slice(0, 3000));
  }));

Deno.test("export: beside a server it asks that, which goes on when it is interrupted", () =>
  withSandbox(async ({ sandbox, at }) => {
    const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
    await using server = command(["serve"], environment);
    const url = /http:\/\/[\w.:]+/.exec(await server.out.line(/^MCP endpoint: /))?.[0];
    assertFails(await run(["export", "@sandbox_news", "--out", at("f"), "--limit", "3"], environment), {
      code: 1,
      says: /--limit: the server at .* writes whole exports only\.\nLeave it out, or stop the server/,
    });
    assertFails(await run(["export", "Sandbx News", "--out", at("f")], environment), {
      code: 1,
      says: /No chat "Sandbx News"[^]*Did you mean:\n {2}-1002000000001 channel/,
    });
    const args = ["export", "@sandbox_news", "--format", "csv", "--out", `${at("folder")}/`];
    {
      await sandbox.faults({ latencyMs: 400 });
      await using first = command(args, environment);
      await until(async () => await sizeOfPart(sandbox.environment) > 0, "the server writes");
      first.signal("SIGINT");
      assert.equal(await first.ended(), 130);
      assert.match(first.err.text(), new RegExp(`^the server at ${url} makes export \\w{26}$`, "m"));
      assert.match(
        first.err.text(),
        /^the server goes on with export \w{26}; until it is over the same command takes it up$/m,
      );
      await sandbox.faults({});
    }
    const { code, err } = await run(args, environment);
    assert.equal(code, 0, err);
    assert.match(err, /^An equal export was unfinished already: this is it\.$/m);
    assert.deepEqual(await idsOf(join(at("folder"), "messages.ndjson")), idsInWorld(NEWS));
    assert.equal((await run(["verify", at("folder")])).code, 0);
    const piped = await run(["export", "@sandbox_public", "--out", "-"], environment);
    assert.deepEqual(messagesOf(piped.out).map(({ id }) => id), idsInWorld(PUBLIC));
    server.signal("SIGTERM");
    assert.equal(await server.ended(), 0);
  }));

Deno.test("export: what it had is not kept twice, and what a gone reader left is not kept at all", () =>
  withSandbox(async ({ sandbox, at }) => {
    const left = async (): Promise<number> =>
      (await Array.fromAsync(Deno.readDir(join(sandbox.environment.DATA_DIR ?? "", "exports")))).length;
    assert.equal((await run(["export", "@sandbox_public", "--out", at("f")], sandbox.environment)).code, 0);
    assert.equal(await left(), 0);
    const words = product(["export", "@sandbox_news", "--out", "-"], sandbox.environment);
    await using shell = start("/bin/sh", ["-c", `"$0" "$@" | head -n 3`, ...words], sandbox.environment);
    await result(shell);
    assert.equal(await left(), 0);
  }));

Deno.test("export: a server that restarts while it makes the export is asked until it answers again", () =>
  withSandbox(async ({ sandbox, at }) => {
    const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
    await sandbox.faults({ latencyMs: 400 });
    await using first = command(["serve"], environment);
    const { port } = new URL(/http:\/\/[\w.:]+/.exec(await first.out.line(/^MCP endpoint: /))?.[0] ?? "");
    await using exporting = command(["export", "@sandbox_news", "--out", at("f")], environment);
    await until(async () => await sizeOfPart(sandbox.environment) > 0, "the server writes");
    first.signal("SIGKILL");
    await first.ended();
    await exporting.err.line(/^the server does not answer, trying again$/);
    await sandbox.faults({});
    await using second = command(["serve"], { ...environment, MCP_SERVER_PORT: port });
    await second.out.line(/^MCP endpoint: /);
    assert.equal(await exporting.ended(), 0, exporting.err.text());
    assert.deepEqual(await idsOf(at("f")), idsInWorld(NEWS));
  }));

Deno.test("export: the messages' files, a takeout and a delta are asked for as of the tool", () =>
  withSandbox(async ({ sandbox, at }) => {
    const whole = await run(
      ["export", "@annlee", "--download-media", "--takeout", "--out", `${at("whole")}/`],
      { ...sandbox.environment, EXPORT_MAX_FILES: "2" },
    );
    assert.equal(whole.code, 0, whole.err);
    assert.ok([...Deno.readDirSync(join(at("whole"), "media"))].length > 0);
    assert.equal((await run(["verify", at("whole")])).code, 0);
    assert.equal((await sandbox.methods())["account.FinishTakeoutSession"], 1);
    const id = /^export (\w{26})$/m.exec(whole.err)?.[1] ?? "";
    await sandbox.edit("734201334", (await idsOf(join(at("whole"), "messages.ndjson")))[0] ?? 0, "Otherwise.");
    const delta = await run(["export", "@annlee", "--delta-of", id, "--out", `${at("delta")}/`], sandbox.environment);
    assert.equal(delta.code, 0, delta.err);
    assert.equal((await idsOf(join(at("delta"), "messages.ndjson"))).length, 1);
    assert.equal((await run(["verify", at("delta")])).code, 0);
    assertFails(await run(["export", "@annlee", "--download-media", "--out", at("f")], sandbox.environment), {
      code: 2,
      says: /--out: with the messages' files it is several files\.\nName a folder.*f\/$/m,
    });
  }));

Deno.test("export: a format makes one file or a folder", () =>
  withSandbox(async (place) => {
    for (const format of ["json", "csv", "markdown"]) {
      const { code, err } = await place.export("@annlee", "--format", format, "--out", place.at(format));
      assert.equal(code, 0, err);
    }
    assert.match(await Deno.readTextFile(place.at("json")), /^\{/);
    assert.match((await Deno.readTextFile(place.at("csv"))).split("\n")[0] ?? "", /chat_id,/);
    assert.match(await Deno.readTextFile(place.at("markdown")), /^## 20/m);
    assert.equal((await place.export("@annlee", "--format", "html", "--out", `${place.at("html")}/`)).code, 0);
    const names = [...Deno.readDirSync(place.at("html"))].map(({ name }) => name).sort();
    assert.deepEqual(names, ["index.html", "manifest.json", "messages.ndjson", "page-0001.html"]);
  }));

ofSources(
  "the flags of V8 are compiled in",
  "export: 100,001 messages are written within a heap of 96 MiB",
  () =>
    withSandbox(async ({ sandbox, at }) => {
      const args = ["export", "@sandbox_archive", "--out", at("f")];
      const flags = ["-A", "--no-check", "--v8-flags=--max-old-space-size=96"];
      const [program, ...words] = product(args, sandbox.environment, { flags });
      await using running = start(program, words, sandbox.environment);
      assert.equal(await running.ended(), 0, running.err.text());
      assert.equal((await idsOf(at("f"))).length, 100_001);
    }),
);
