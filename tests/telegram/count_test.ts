import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import { loadConfig } from "../../src/config/load.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { countMessages } from "../../src/telegram/count.ts";
import { readRange } from "../../src/telegram/dates.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";
import { startSandbox } from "../e2e/sandbox.ts";

const NEWS = "-1002000000001";

Deno.test("countMessages: it is what the world holds between the ends", async () => {
  await using sandbox = await startSandbox();
  const environment: Readonly<Record<string, string>> = sandbox.environment;
  const config = loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
  using db = openDatabase(":memory:");
  await using open = openAccount(config, { db, accountId: "default", appVersion: "0" });
  const { call } = open.account;
  const { peer } = await resolveChat(open.account, "@sandbox_news");
  const messages = Array.from(createWorld().messages(NEWS));
  const seconds = (text: string): number => Date.parse(text) / 1000;
  const [march, april] = ["2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z"];
  const cases = [
    {
      range: { from: march, to: april },
      inside: messages.filter(({ date }) => date >= seconds(march) && date < seconds(april)),
    },
    { range: { from: march }, inside: messages.filter(({ date }) => date >= seconds(march)) },
    { range: { to: march }, inside: messages.filter(({ date }) => date < seconds(march)) },
    { range: { from: "#100", to: "#200" }, inside: messages.filter(({ id }) => id >= 100 && id < 200) },
    { range: { from: "2001-01-01T00:00:00Z" }, inside: messages },
  ];
  for (const { range, inside } of cases) {
    assert.equal(
      await countMessages(call, { chat: peer, direction: "newest_first", range: readRange(range, 0) }),
      inside.length,
      JSON.stringify(range),
    );
  }
});
