import assert from "node:assert/strict";
import { join } from "node:path";
import { NASTY } from "../exports/render/nasty.ts";
import { command, result, run, until } from "./command.ts";

async function inFolder(test: (at: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test((name) => join(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const NDJSON = NASTY.map((message) => `${JSON.stringify(message)}\n`).join("");
const DELETION = `${JSON.stringify({ schema: "deletion/1", chat_id: "7", id: 1 })}\n`;
/** A configuration that no command could start with. */
const BROKEN = { TELEGRAM_API_ID: "none", DATA_DIR: "/nowhere" };

Deno.test("render: every format by the command, without a configuration, and the same a second time", () =>
  inFolder(async (at) => {
    await Deno.writeTextFile(at("f"), NDJSON + DELETION);
    for (
      const [format, files] of [
        ["json", ["result.json"]],
        ["csv", ["messages.csv"]],
        ["markdown", ["messages.md"]],
        ["html", ["index.html", "page-0001.html"]],
      ] as const
    ) {
      const [one, two] = [at(`${format}1`), at(`${format}2`)];
      const { code, out, err } = await run(["render", at("f"), "--format", format, "--out", one], BROKEN);
      assert.equal(code, 0, err);
      assert.equal(out, "");
      assert.equal(
        err,
        `deletions passed over, for which ${format} has no place: 1\n37 messages in ${join(one, files[0])}\n`,
      );
      assert.deepEqual(names(one), files);
      await run(["render", at("f"), "--format", format, "--out", two], { TZ: "Pacific/Apia", LANG: "ar_EG" });
      for (const name of files) {
        assert.deepEqual(await Deno.readFile(join(one, name)), await Deno.readFile(join(two, name)));
      }
    }
  }));

Deno.test("render: --tz is the zone that dates are shown in", () =>
  inFolder(async (at) => {
    await Deno.writeTextFile(at("f"), NDJSON);
    await run(["render", at("f"), "--format", "csv", "--out", at("out"), "--tz", "Europe/Berlin"]);
    assert.match(await Deno.readTextFile(join(at("out"), "messages.csv")), /2025-03-01T09:00:01\+01:00/);
  }));

Deno.test("render: a second run is refused until --force", () =>
  inFolder(async (at) => {
    await Deno.writeTextFile(at("f"), NDJSON);
    const args = ["render", at("f"), "--format", "json", "--out", at("out")];
    assert.equal((await run(args)).code, 0);
    const again = await run(args);
    assert.equal(again.code, 2);
    assert.match(again.err, /result\.json exists already\.\n.*--force/);
    assert.equal((await run([...args, "--force"])).code, 0);
  }));

const WRONG: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  "another format": [["--format", "pdf", "--out", "o"], /--format: expected one of json, csv, markdown, html\./],
  "no folder": [["--format", "csv"], /--out <folder>/],
  "another zone": [["--format", "csv", "--out", "o", "--tz", "Mars/Base"], /tz is not a time zone/],
};
for (const [what, [args, pattern]] of Object.entries(WRONG)) {
  Deno.test(`render: ${what} is a sentence`, () =>
    inFolder(async (at) => {
      await Deno.writeTextFile(at("f"), NDJSON);
      const { code, err } = await run(["render", at("f"), ...args]);
      assert.equal(code, 2);
      assert.match(err, pattern);
      assert.doesNotMatch(err, /\n {4}at /);
    }));
}

Deno.test("render: a bad line is named by its number, a part that was cut off as such, and nothing is written", () =>
  inFolder(async (at) => {
    for (
      const [content, pattern] of [
        [`${NDJSON}{}\n`, /Line 38 of .* is no message\/1: schema is not what it must be\./],
        [NDJSON.slice(0, -20), /ends within line 37: it is not complete\.\n.*continues its part/],
      ] as const
    ) {
      await Deno.writeTextFile(at("f.part"), content);
      const { code, err } = await run(["render", at("f.part"), "--format", "html", "--out", at("out")]);
      assert.equal(code, 2);
      assert.match(err, pattern);
      assert.throws(() => names(at("out")), Deno.errors.NotFound);
    }
  }));

Deno.test("render: an interrupt leaves nothing behind", () =>
  inFolder(async (at) => {
    const line = NDJSON.slice(0, NDJSON.indexOf("\n") + 1);
    // A pipe that brings no end keeps the command reading.
    assert.ok((await new Deno.Command("mkfifo", { args: [at("f")] }).output()).success);
    await using running = command(["render", at("f"), "--format", "csv", "--out", at("out")]);
    using pipe = await Deno.open(at("f"), { write: true });
    await pipe.write(new TextEncoder().encode(line));
    running.signal("SIGINT");
    let ended = false;
    const over = result(running).finally(() => ended = true);
    await until(async () => {
      if (!ended) await pipe.write(new TextEncoder().encode(line)).catch(goneReader);
      return ended;
    }, "it ends");
    const { code, err } = await over;
    assert.deepEqual([code, err], [130, "interrupted; nothing was written\n"]);
  }));

function goneReader(error: unknown): void {
  if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
}
