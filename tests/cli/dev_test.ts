import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAlive, type Running, start, until } from "./command.ts";
import { idsOf } from "./exports.ts";
import { freePort } from "../http/port.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A folder inside the project, so that scripts in it find `deno.json`. */
async function withFolder(test: (directory: string) => Promise<void>): Promise<void> {
  await Deno.mkdir(join(ROOT, "data"), { recursive: true });
  const directory = await Deno.makeTempDir({ dir: join(ROOT, "data"), prefix: "test-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function deno(args: readonly string[], directory: string, environment: Record<string, string> = {}): Running {
  return start(Deno.execPath(), args, { DATA_DIR: directory, LOG_FORMAT: "text", ...environment });
}

/** The process ids of all descendants. */
async function descendants(pid: number): Promise<number[]> {
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  const pids = children.split(" ").filter((each) => each.trim() !== "").map(Number);
  return [...pids, ...(await Promise.all(pids.map(descendants))).flat()];
}

async function pasted(line: string): Promise<string> {
  await using shell = start("/bin/sh", ["-c", line]);
  assert.equal(await shell.ended(), 0, shell.err.text());
  return shell.out.text();
}

/** Ends it and sees that nothing is left. */
async function assertEnds(dev: Running, signal: Deno.Signal): Promise<void> {
  const family = await descendants(dev.pid);
  assert.ok(family.length >= 2, "the sandbox and the server at least");
  try {
    dev.signal(signal);
    await until(() => ![dev.pid, ...family].some(isAlive), "all its processes have ended");
    assert.equal(await dev.ended(), 0, dev.err.text());
  } finally {
    for (const pid of family.filter(isAlive)) Deno.kill(pid, "SIGKILL");
  }
}

Deno.test("deno task dev: what it prints works when pasted, SIGTERM leaves no process", () =>
  withFolder(async (directory) => {
    const port = freePort();
    await using dev = deno(["task", "dev"], directory, { MCP_SERVER_PORT: `${port}` });
    const curl = await dev.out.line(/^ {2}curl /);
    const url = `http://127.0.0.1:${port}/mcp`;
    assert.match(
      dev.out.text(),
      new RegExp(`^MCP endpoint: ${url}\n {2}claude mcp add --transport http telegram ${url}\n`),
    );
    assert.match(dev.err.text(), /TELEGRAM_API_ID is not set, using the built-in stand-in/);
    assert.match(await pasted(curl), /^\{"chat":\{"id":"-1002000000001",.*"count":3/);
    await assertEnds(dev, "SIGTERM");
  }));

Deno.test("deno task export: without credentials it uses the sandbox, beside deno task dev and without it", () =>
  withFolder(async (directory) => {
    const task = (file: string): Running => deno(["task", "export", "@sandbox_public", "--out", file], directory);
    {
      await using dev = deno(["task", "dev"], directory, { MCP_SERVER_PORT: "0" });
      assert.match(await pasted(await dev.out.line(/^ {2}curl /)), /"count":3/);
      await using beside = task(join(directory, "beside"));
      assert.equal(await beside.ended(), 0, beside.err.text());
      assert.match(beside.err.text(), /^the server at http.* makes export \w+$/m);
      await assertEnds(dev, "SIGINT");
    }
    await using alone = task(join(directory, "alone"));
    assert.equal(await alone.ended(), 0, alone.err.text());
    for (const name of ["beside", "alone"]) assert.equal((await idsOf(join(directory, name))).length, 200);
    await using refused = task(join(directory, "alone"));
    assert.equal(await refused.ended(), 2);
  }));

Deno.test("deno task login: in the sandbox, beside what is stored for Telegram; dev, whoami and logout then use that", () =>
  withFolder(async (directory) => {
    await Deno.writeTextFile(join(directory, "session"), "of Telegram\n");
    const task = async (args: readonly string[], input = ""): Promise<Running> => {
      const running = start(Deno.execPath(), ["task", ...args], { DATA_DIR: directory }, { stdin: "piped" });
      await running.type(input);
      await running.endInput();
      assert.equal(await running.ended(), 0, running.err.text());
      return running;
    };
    const source = async (): Promise<string> => JSON.parse((await task(["whoami", "--json"])).out.text()).source;
    assert.equal(await source(), "TELEGRAM_STRING_SESSION");
    await task(["login", "--phone", "9996621000"], "22222\n");
    assert.equal(await source(), join(directory, "sandbox", "data", "session"));
    await using dev = deno(["task", "dev"], directory, { MCP_SERVER_PORT: "0" });
    assert.match(await pasted(await dev.out.line(/^ {2}curl /)), /"count":3/);
    await assertEnds(dev, "SIGTERM");
    await task(["logout"]);
    assert.equal(await source(), "TELEGRAM_STRING_SESSION");
    assert.equal(await Deno.readTextFile(join(directory, "session")), "of Telegram\n");
  }));

Deno.test("deno task dev: a changed file restarts the server at its port, before the same sandbox", () =>
  withFolder(async (directory) => {
    const [product, script] = [join(directory, "product.ts"), join(directory, "dev.ts")];
    await Deno.writeTextFile(
      product,
      `import { main } from "${ROOT}/src/cli/main.ts";\nDeno.exit(await main(Deno.args));\n`,
    );
    await Deno.writeTextFile(
      script,
      `import { develop } from "${ROOT}/sandbox/dev.ts";\nDeno.exit(await develop(Deno.args, "${product}"));\n`,
    );
    const port = freePort();
    await using dev = deno(["run", "-A", script, "serve"], directory, { MCP_SERVER_PORT: `${port}` });
    const curl = await dev.out.line(/^ {2}curl /);
    assert.match(await pasted(curl), /"count":3/);
    const before = await descendants(dev.pid);
    await Deno.writeTextFile(product, "// changed\n", { append: true });
    await until(() => dev.out.text().split("MCP endpoint").length === 3, "it greets again");
    assert.match(await pasted(curl), /"count":3/);
    assert.deepEqual(await descendants(dev.pid), before, "the sandbox and the watcher are the same processes");
    const places = dev.err.text().match(/centre on port \d+ stands in for Telegram/g) ?? [];
    assert.deepEqual([places.length, new Set(places).size], [2, 1]);
    await assertEnds(dev, "SIGTERM");
  }));
