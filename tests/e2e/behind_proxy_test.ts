/**
 * A server that a proxy on its own machine stands in front of.
 */
import assert from "node:assert/strict";
import { accessWarningsOf, loadConfig } from "../../src/config/load.ts";
import { OF_A_MODULE, ofSources } from "../cli/product.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const PUBLIC_URL = "https://telegram.example.org";

Deno.test("RATE_LIMIT_IP: behind a proxy loopback is limited, too; alone on a machine it is not", async () => {
  await using sandbox = await startSandbox();
  const statuses = async (variables: Readonly<Record<string, string>>): Promise<number[]> => {
    await using server = await startServer({ ...sandbox.environment, RATE_LIMIT_IP: "2/h", ...variables });
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${server.url}/api/tools`);
      await response.body?.cancel();
      seen.push(response.status);
    }
    return seen;
  };
  assert.deepEqual(await statuses({}), [200, 200, 200]);
  assert.deepEqual(await statuses({ PUBLIC_URL }), [200, 200, 429]);
  assert.deepEqual(await statuses({ TRUSTED_PROXIES: "127.0.0.1" }), [200, 200, 429]);
});

ofSources(OF_A_MODULE, "accessWarningsOf: PUBLIC_URL without TRUSTED_PROXIES", () => {
  const warnings = (variables: Readonly<Record<string, string>>): string[] =>
    accessWarningsOf(
      loadConfig((name) => ({ DATA_DIR: "data", ...variables })[name], undefined, { names: [], terminal: false }),
    );
  assert.deepEqual(warnings({}), []);
  assert.deepEqual(warnings({ PUBLIC_URL, TRUSTED_PROXIES: "127.0.0.1" }), []);
  assert.match(warnings({ PUBLIC_URL }).join(), /^PUBLIC_URL is set and TRUSTED_PROXIES is not: .* one address\.$/);
});
