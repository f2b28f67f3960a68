/**
 * A key of some chats, from the command that makes it to the answers that it gets.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { create, keys } from "./keys.ts";
import { bearer, startServed } from "./keys_server.ts";

const [NEWS, GROUP, FORMER, PRIVATE] = ["-1002000000001", "-1002000000013", "-4002", "-1002000000003"];

const listSchema = z.looseObject({ chats: z.array(z.looseObject({ id: z.string() })) });
const exportSchema = z.looseObject({ id: z.string(), state: z.string() });

Deno.test("keys create --chat: the key sees these chats and their former groups, by every name; others do not exist", async () => {
  await using served = await startServed();
  const { environment, url } = served;
  const all = await create(environment, "--name", "all");
  const some = await create(environment, "--name", "some", "--chat", `@sandbox_news,${GROUP}`);
  const ask = async (key: string, tool: string, args: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${url}/api/tools/${tool}`, {
      method: "POST",
      headers: { ...bearer(key), "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    return { status: response.status, body: await response.json() };
  };
  const listed = async (key: string): Promise<string[]> =>
    listSchema.parse((await ask(key, "list_chats", { limit: 100 })).body).chats.map(({ id }) => id);
  const whole = await listed(all.key);
  assert.ok(whole.includes(PRIVATE) && whole.length > 3);
  assert.deepEqual((await listed(some.key)).filter((id) => id !== FORMER).sort(), [NEWS, GROUP].sort());
  for (const chat of ["@sandbox_news", NEWS, GROUP, FORMER, "https://t.me/sandbox_news/3"]) {
    assert.equal((await ask(some.key, "fetch_history", { chat, limit: 1 })).status, 200, chat);
  }
  const { body: crossing } = await ask(some.key, "fetch_history", {
    chat: GROUP,
    to: "2014-06-01T00:00:00Z",
    limit: 5,
  });
  assert.match(JSON.stringify(crossing), new RegExp(`was ${FORMER}`), "older messages are those of the former group");
  const bodies = [];
  for (const chat of [PRIVATE, "-1009999999999"]) {
    const { status, body } = await ask(some.key, "fetch_history", { chat, limit: 1 });
    assert.equal(status, 404, chat);
    bodies.push(JSON.stringify(body).replaceAll(chat, "ID").replace(/"(request_id|instance)":"[^"]*"/g, ""));
  }
  assert.equal(bodies[0], bodies[1], "a chat of others' is as one that does not exist");
  assert.equal((await ask(all.key, "fetch_history", { chat: PRIVATE, limit: 1 })).status, 200);
});

Deno.test("keys revoke: an export of the key that is not over is cancelled", async () => {
  await using served = await startServed();
  const { environment, url, sandbox } = served;
  const { key } = await create(environment, "--name", "some", "--chat", "@sandbox_news");
  const ask = async (tool: string, args: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/api/tools/${tool}`, {
      method: "POST",
      headers: { ...bearer(key), "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    return await response.json();
  };
  const error = { code: 420, message: "FLOOD_WAIT_600" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", error }] });
  const { id, state } = exportSchema.parse(await ask("start_export", { chat: "@sandbox_news", wait_seconds: 0 }));
  assert.ok(["queued", "running", "waiting"].includes(state), state);
  await keys(environment, "revoke", "some");
  const log = served.server.err;
  const line = await log.line(new RegExp(`finished.*${id}`));
  assert.match(line, /cancelled/);
});
