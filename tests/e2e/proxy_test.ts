/**
 * The server behind TELEGRAM_PROXY.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { contentOf } from "../../sandbox/world/bytes.ts";
import { startSocks5Server } from "../mtproto/socks5_server.ts";
import { startTelegram } from "../mtproto/telegram.ts";
import { startServer } from "./server.ts";

const NEWS = "-1002000000001";
/** It lies in another data centre than the account. */
const FILE = { id: "5200000000000000005", size: 9000, mime: "application/octet-stream" };

Deno.test("TELEGRAM_PROXY: a history, and a file of another data centre, come through the proxy and no other way", async () => {
  await using telegram = await startTelegram();
  const { port, control } = telegram.sandbox;
  const appended = await control("POST", "/world/append", { chat: NEWS, text: "", media: FILE });
  const { id } = z.object({ id: z.int() }).parse(appended);
  await using proxy = startSocks5Server({ credentials: "own:er:p@ss/word" });
  await using server = await startServer({
    TELEGRAM_API_ID: "1",
    TELEGRAM_API_HASH: "0".repeat(32),
    TELEGRAM_TEST_DC: `2@127.0.0.1:${port}`,
    TELEGRAM_TEST_KEY_FILE: telegram.keyFile,
    TELEGRAM_STRING_SESSION_FILE: telegram.sessionFile,
    TELEGRAM_PROXY: `socks5://own%3Aer:p%40ss%2Fword@127.0.0.1:${proxy.port}`,
    DATA_DIR: join(telegram.directory, "data"),
  });
  const page = await server.call("fetch_history", { chat: NEWS, limit: 3 });
  assert.deepEqual([page.status, page.body.count], [200, 3]);
  const file = await server.call("get_media", { chat: NEWS, message: id, variant: "original" });
  const response = await fetch(z.string().parse(file.body.url));
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), contentOf({ ...FILE, part: "" }, 0, FILE.size));
  assert.equal(proxy.destinations[0], `127.0.0.1:${port}`);
  assert.equal(proxy.destinations.length, 2);
  const { total } = z.object({ total: z.int() }).parse(await control("GET", "/connections"));
  assert.equal(total, 2, "nothing came past the proxy");
});
