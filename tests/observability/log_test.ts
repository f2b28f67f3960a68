import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { withContext } from "@logtape/logtape";
import { Secret } from "../../src/config/secret.ts";
import { configureLogging, getLogger } from "../../src/observability/log.ts";
import type { LogConfig } from "../../src/config/config.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** The lines that a piece of work logs. */
async function lines(config: LogConfig, work: () => void): Promise<readonly string[]> {
  const written: string[] = [];
  await using _logging = configureLogging(config, { write: (line) => void written.push(line) });
  work();
  return written;
}

Deno.test("log: a JSON line has time, level, category, message and the fields", async () => {
  const [line = ""] = await lines(
    { level: "info", format: "json" },
    () => getLogger("part").info("hello", { count: 2 }),
  );
  const record = JSON.parse(line);
  assert.match(record["@timestamp"], /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual({ ...record, "@timestamp": "" }, {
    "@timestamp": "",
    level: "INFO",
    logger: "telegram-toolkit-mcp.part",
    message: "hello",
    count: 2,
  });
  assert.ok(line.endsWith("\n") && line.indexOf("\n") === line.length - 1);
});

Deno.test("log: a text line ends with the fields", async () => {
  const [line = ""] = await lines(
    { level: "info", format: "text" },
    () => getLogger("part").warning("hello", { route: "/a", title: "two words" }),
  );
  assert.match(line, /^\S+ WARNING telegram-toolkit-mcp\.part: hello route=\/a title="two words"\n$/);
});

Deno.test("log: an error's stack is in both formats", async () => {
  for (const format of ["text", "json"] as const) {
    const [line = ""] = await lines(
      { level: "info", format },
      () => getLogger().error("failed", { error: new TypeError("why") }),
    );
    assert.match(line, /TypeError: why/);
    assert.match(line, /log_test\.ts/);
  }
});

Deno.test("log: no text controls a terminal or begins a line of its own, whatever is in it", async () => {
  const hostile = "a\u001B[2J\rb\n2026-01-01T00:00:00.000Z INFO forged\u0007";
  for (const format of ["text", "json"] as const) {
    const [line = "", ...more] = await lines({ level: "info", format }, () => {
      const error = new Error(hostile, { cause: new TypeError(hostile) });
      getLogger().error(`${hostile} {inside}`, { inside: hostile, field: hostile, deep: { field: hostile }, error });
    });
    assert.deepEqual(more, []);
    assert.match(line, /^[^\p{Cc}]+(?:\n {2}[^\p{Cc}]+)*\n$/u, format);
    assert.match(line, /log_test\.ts/);
    if (format === "json") assert.equal(JSON.parse(line).field, hostile);
    else assert.match(line, /: a\S+\[2J⟦U\+000D⟧b⟦U\+000A⟧2026.*\n {2}Error: a⟦U\+001B⟧\[2J.*\n {2}2026.*\n {2,}at /);
  }
});

Deno.test("log: records below the level are dropped", async () => {
  const written = await lines({ level: "warning", format: "json" }, () => {
    getLogger().info("no");
    getLogger().warning("yes");
  });
  assert.deepEqual(written.map((line) => JSON.parse(line).message), ["yes"]);
});

Deno.test("log: secrets leave neither by field, text, interpolation nor error", async () => {
  const session = `1${"Ab-_".repeat(88)}`;
  for (const format of ["text", "json"] as const) {
    const written = await lines({ level: "debug", format }, () => {
      const logger = getLogger();
      logger.info("by field", { phone: "hunter2", deep: { api_hash: "hunter2" } });
      logger.info(`by text Authorization: Bearer hunter2 and ${session}`);
      logger.info("interpolated {account} and {secret}", {
        account: { phone: "hunter2" },
        secret: new Secret("hunter2"),
      });
      logger.info("named {phone}", { phone: "hunter2" });
      logger.info`tagged ${{ password: "hunter2" }} ${new Secret("hunter2")}`;
      logger.error("error", {
        error: new Error("at https://a.example/x?sig=hunter2", { cause: { token: "hunter2" } }),
      });
    });
    assert.equal(written.length, 6);
    assert.doesNotMatch(written.join(""), /hunter2|Ab-_/);
  }
});

Deno.test("log: context reaches records across asynchronous calls", async () => {
  const written: string[] = [];
  await using _logging = configureLogging({ level: "info", format: "json" }, {
    write: (line) => void written.push(line),
  });
  await withContext({ request_id: "r-1" }, async () => {
    await Promise.resolve();
    getLogger().info("inside");
  });
  getLogger().info("outside");
  assert.deepEqual(written.map((line) => JSON.parse(line).request_id), ["r-1", undefined]);
});

Deno.test("log: ending an earlier log leaves the later one", async () => {
  const written: string[] = [];
  const earlier = configureLogging({ level: "info", format: "json" }, { write: () => {} });
  await using _later = configureLogging({ level: "info", format: "json" }, {
    write: (line) => void written.push(line),
  });
  await earlier[Symbol.asyncDispose]();
  getLogger().info("still");
  assert.equal(written.length, 1);
});

Deno.test("log: lines go to standard error and nothing to standard output", async () => {
  const module = new URL("../../src/observability/log.ts", import.meta.url).href;
  const program = `
    import { configureLogging, getLogger } from "${module}";
    await using log = configureLogging({ level: "info", format: "json" });
    getLogger().info("x".repeat(300_000));`;
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--no-lock",
      "--config",
      CONFIG,
      `data:application/typescript,${encodeURIComponent(program)}`,
    ],
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert.ok(success, text.slice(0, 500));
  assert.equal(stdout.length, 0);
  assert.equal(JSON.parse(text).message.length, 300_000);
});
