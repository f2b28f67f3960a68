/** What browsers and proxies may keep of what the product answers: nothing. */
import assert from "node:assert/strict";
import { z } from "zod";
import { call } from "../mcp/raw.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const NEWS = "-1002000000001";
const PICTURE = { kind: "document", id: "5200000000000000001", mime: "text/plain", size: 1000 } as const;

const exportSchema = z.object({ files: z.array(z.object({ url: z.url() })) });

Deno.test("caching: no answer may be kept, be it of a tool, a stream, an export's file, a message's file or a refusal", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { id: message } = await sandbox.append(NEWS, "with a file", PICTURE);
  const media = await server.call("get_media", { chat: NEWS, message, variant: "original" });
  const made = await server.call("start_export", { chat: "@annlee", wait_seconds: 45 });
  const links = [...exportSchema.parse(made.body).files.map(({ url }) => url), z.url().parse(media.body.url)];
  assert.ok(links.length > 2);
  const post = (accept: string): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify(call(1, "fetch_history", { chat: NEWS, limit: 1 })),
  });
  const asked: readonly (readonly [string, number, RequestInit?])[] = [
    ...links.map((url) => [url, 200] as const),
    ...links.map((url) => [url, 206, { headers: { range: "bytes=0-9" } }] as const),
    ...links.map((url) => [`${url}x`, url.includes("/exports/") ? 403 : 404] as const),
    [`${server.url}/mcp`, 200, post("application/json, text/event-stream")],
    [`${server.url}/mcp`, 200, post("application/json")],
    [`${server.url}/api/tools`, 200],
    [`${server.url}/api/audit`, 200],
    [`${server.url}/`, 200],
    [`${server.url}/nowhere`, 404],
  ];
  for (const [url, status, init] of asked) {
    const response = await fetch(url, init);
    await response.body?.cancel();
    assert.equal(response.status, status, url);
    assert.match(response.headers.get("cache-control") ?? "", /^(?:private, )?no-store\b/, url);
  }
});
