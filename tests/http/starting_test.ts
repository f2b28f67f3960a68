import assert from "node:assert/strict";
import { serve } from "../../src/http/server.ts";
import { createStarting } from "../../src/http/starting.ts";
import { ask } from "./serving.ts";

Deno.test("starting: whether it lives is answered at once, all else by the program, in full, when it is there", async () => {
  const starting = createStarting();
  await using server = serve({ handler: starting.handler, host: "127.0.0.1", port: 0 });
  const early = ask(`${server.url}/early`, { method: "POST", body: "whole" });
  const alive = await ask(`${server.url}/health/live`);
  assert.deepEqual([alive.status, alive.body], [200, '{"status":"ok"}']);
  assert.equal(alive.headers.get("x-content-type-options"), "nosniff");
  assert.ok(alive.headers.has("x-request-id"));
  await starting.answered(60_000);
  starting.hand(async (request) => new Response(`${new URL(request.url).pathname} ${await request.text()}`));
  assert.equal((await early).body, "/early whole");
  assert.equal((await ask(`${server.url}/health/live`)).body, "/health/live ");
});

Deno.test("starting: where nobody asks it goes on after the time given", async () => {
  await createStarting().answered(1);
});
