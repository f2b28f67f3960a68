/**
 * How long a stop may take.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, until } from "./command.ts";
import { ofSources } from "./product.ts";
import { urlOf } from "./signed_in.ts";

const started = z.object({ id: z.string(), state: z.string() });

ofSources(
  "a pipe that nobody reads stops all of Deno 2.7, of which a binary may be made",
  "serve: a stop takes less than ten seconds, whatever an export, a request and a download hang on",
  async () => {
    await using sandbox = await startSandbox();
    await using server = command(["serve"], { ...sandbox.environment, MCP_SERVER_PORT: "0" });
    const url = await urlOf(server);
    const call = (tool: string, body: unknown): Promise<Response> =>
      fetch(`${url}/api/tools/${tool}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await sandbox.faults({ latencyMs: 50 });
    const asked = { chat: "-1002000000003", format: "csv", wait_seconds: 0 };
    const { id } = started.parse(await (await call("start_export", asked)).json());
    const folder = join(String(sandbox.environment["DATA_DIR"]), "exports", id);
    await until(() => Deno.stat(folder).then(() => true, () => false), "it has a folder");
    // Whoever opens it waits for a reader, and there is none.
    const pipe = join(folder, "messages.csv.part");
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    await until(() => Deno.stat(join(folder, "messages.ndjson")).then(() => true, () => false), "it is rendered", 60);
    await sandbox.faults({ rules: [{ method: "messages.getHistory", delayMs: 30_000 }] });
    await sandbox.forgetMethods();
    const request = assert.rejects(call("fetch_history", { chat: "@sandbox_news", limit: 1 }).then((r) => r.text()));
    await until(async () => (await sandbox.methods())["messages.GetHistory"] !== undefined, "Telegram is asked");
    const begun = performance.now();
    server.signal("SIGTERM");
    assert.equal(await server.ended(), 1, server.err.text());
    assert.ok(performance.now() - begun < 10_000);
    assert.match(server.err.text(), /cut off/);
    await request;
  },
  { ignore: Deno.build.os === "windows" },
);
