/**
 * A server that listens on all addresses and asks for keys, as in a container.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, result, start } from "./command.ts";

const KEY = "a key that the configuration names".replaceAll(" ", "-");
const findingsSchema = z.object({
  findings: z.array(z.object({ check: z.string(), status: z.string(), message: z.string() })),
});

for (const [host, reached] of [["0.0.0.0", "127.0.0.1"], ["::", "[::1]"]] as const) {
  Deno.test(`serve at ${host}: the commands of this machine reach it, and what it prints works with a key`, async () => {
    await using sandbox = await startSandbox();
    const environment = { ...sandbox.environment, MCP_AUTH: "keys", MCP_API_KEY: KEY, MCP_SERVER_HOST: host };
    await using server = command([], { ...environment, MCP_SERVER_PORT: "0" });
    const curl = await server.out.line(/^ {2}curl /);
    const port = new RegExp(`^MCP endpoint: http://${RegExp.escape(reached)}:(\\d+)/mcp$`, "m").exec(server.out.text())
      ?.[1];
    assert.ok(port !== undefined, server.out.text());
    await using shell = start("/bin/sh", ["-c", curl], { KEY });
    assert.equal(await shell.ended(), 0, shell.err.text());
    assert.match(shell.out.text(), /"count":3/, curl);
    assert.match(server.out.text(), /claude mcp add .* --header "Authorization: Bearer \$KEY"$/m);

    const there = { ...environment, MCP_SERVER_PORT: port };
    for (
      const args of [["healthcheck"], ["whoami"], ["keys", "create", "--name", "desk", "--chat", "@sandbox_news"]]
    ) {
      const { code, err } = await result(command(args, there));
      assert.equal(code, 0, `${args.join(" ")}: ${err}`);
    }
    const doctor = await result(command(["doctor", "--json"], there));
    const { findings } = findingsSchema.parse(JSON.parse(doctor.out));
    const listener = findings.filter(({ check }) => check === "listener");
    assert.deepEqual(listener.map(({ status }) => status), ["ok"], doctor.out);
  });
}
