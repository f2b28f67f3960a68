import assert from "node:assert/strict";
import { createWorld, type WorldMessage } from "../../sandbox/world/mod.ts";
import { loadConfig } from "../../src/config/load.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { countMessages } from "../../src/telegram/count.ts";
import { readRange } from "../../src/telegram/dates.ts";
import { openAccount } from "../../src/telegram/open.ts";
import type { HistoryQuery } from "../../src/telegram/query.ts";
import { findSelf, resolveChat } from "../../src/telegram/resolve.ts";
import { startSandbox } from "../e2e/sandbox.ts";

const utc = (seconds: number): string => new Date(seconds * 1000).toISOString();
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

Deno.test("countMessages: Telegram counts what it sorts out itself, in few requests, and nothing else", async () => {
  await using sandbox = await startSandbox();
  const environment: Readonly<Record<string, string>> = sandbox.environment;
  const config = loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
  using db = openDatabase(":memory:");
  await using open = openAccount(config, { db, accountId: "default", appVersion: "0" });
  const { call } = open.account;
  const { peer: chat } = await resolveChat(open.account, "@sandbox_group");
  const sender = await findSelf(open.account);
  const { peer: ann } = await resolveChat(open.account, "@annlee");
  const messages = Array.from(createWorld().messages(chat.id));
  const range = readRange({ from: "2024-01-01T00:00:00Z", to: "2025-01-01T00:00:00Z" }, 0);
  const inYear = messages.filter(({ date }) => utc(date).startsWith("2024"));
  const mine = ({ from }: WorldMessage): boolean => from === sender.id;
  const isPhoto = ({ media }: WorldMessage): boolean => media?.kind === "photo";
  const cases: readonly (readonly [Partial<HistoryQuery>, number | undefined])[] = [
    [{}, messages.length],
    [{ range }, inYear.length],
    [{ type: "photo" }, messages.filter(isPhoto).length],
    [{ type: "photo", range }, inYear.filter(isPhoto).length],
    [{ sender }, messages.filter(mine).length],
    [{ sender, type: "photo", range }, inYear.filter((each) => mine(each) && isPhoto(each)).length],
    [{ type: "text" }, undefined],
    [{ minViews: 1 }, undefined],
    [{ unreadAfter: 1 }, undefined],
    [{ chat: ann, sender: ann }, undefined],
  ];
  for (const [query, expected] of cases) {
    await sandbox.forgetMethods();
    assert.equal(
      await countMessages(call, { chat, direction: "newest_first", ...query }),
      expected,
      Object.keys(query).join(),
    );
    const requests = Object.values(await sandbox.methods()).reduce((sum, count) => sum + count, 0);
    assert.ok(requests <= (expected === undefined ? 0 : 6), `${requests} requests`);
  }
});
