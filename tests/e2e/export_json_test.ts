import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const [GROUP, FORMER] = ["-1002000000013", "-4002"];

Deno.test("start_export: as json, a supergroup and the basic group that it was are one chat", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { body } = await server.call("start_export", { chat: GROUP, format: "json", wait_seconds: 45 });
  const { id } = z.object({ id: z.string(), state: z.literal("completed") }).parse(body);
  const path = join(String(sandbox.environment["DATA_DIR"]), "exports", id, "result.json");
  const chat = z.object({ id: z.int(), messages: z.array(z.object({ id: z.int() })) }).parse(
    JSON.parse(await Deno.readTextFile(path)),
  );
  const world = createWorld();
  const ids = (chat: string): number[] => Array.from(world.messages(chat), ({ id }) => id);
  assert.equal(chat.id, 2000000013);
  // Telegram Desktop moves the former group's ids out of the way.
  const expected = [...ids(FORMER).map((id) => id - 1_000_000_000), ...ids(GROUP)];
  assert.deepEqual(chat.messages.map(({ id }) => id), expected);
});
