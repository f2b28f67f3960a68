// What the command `export` does with a chat, as often as asked, in one process and over one connection.
import { loadConfig } from "../../src/config/load.ts";
import { exportLines } from "../../src/exports/ndjson.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { historyEnds } from "../../src/telegram/chats.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { findSelf, resolveChat } from "../../src/telegram/resolve.ts";
import { answerLines } from "./probe.ts";

const config = loadConfig();
using db = openDataDirectory(config.dataDir);
await using open = openAccount(config, { db, accountId: "local", appVersion: "test" });
const { signal } = new AbortController();
const directory = { ...open.account, options: { signal } };
const self = await findSelf(directory);
const { peer } = await resolveChat(directory, "@sandbox_archive");
const { last } = await historyEnds(directory.call, peer, { signal });
await answerLines(async () => {
  let count = 0;
  const query = { chat: peer, self: self.id, upTo: last?.id ?? 0 };
  for await (const lines of exportLines(directory.call, query, { callOptions: { signal } })) {
    count += lines.text.split("\n").length - 1;
  }
  if (count < 100_000) throw new Error(`only ${count} messages`);
});
