/**
 * Known messages against the naive model: each rule of get_messages by name, then random calls, page by page.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createRandom, type Random } from "../../sandbox/world/random.ts";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { type Args, compact, full, places, walk } from "./named.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const NEWS = "-1002000000001";
const GROUP = "-1002000000003";
const CLOSED = "-1002000000004";
const TEA_ROOM = "-4001";
const ANN = "734201334";

const SEED = Number(Deno.env.get("SEED") ?? 1);
const CALLS = Number(Deno.env.get("CALLS") ?? 150);

/** The messages before and after one in the whole history of its chat, itself included. */
function around(world: World, chat: string, id: number, count: number): number[] {
  const history = world.messages(chat);
  const index = history.countBelowId(id);
  const [first, last] = [Math.max(0, index - count), Math.min(history.length - 1, index + count)];
  return Array.from({ length: last - first + 1 }, (_, step) => history.idAt(first + step));
}

/** What a message answers, what that answers, and so on upwards, as far as it still exists, 20 steps at most. */
function upwards(world: World, chat: string, message: WorldMessage, steps = 20): number[] {
  const above = message.replyTo && world.messages(chat).byId(message.replyTo.id);
  return above === undefined || steps === 0 ? [] : [above.id, ...upwards(world, chat, above, steps - 1)];
}

const inOrder = (ids: Iterable<number>): number[] => [...new Set(ids)].sort((a, b) => a - b);

/** An id above the first for which there is no message. */
function gapIn(world: World, chat: string): number {
  const history = world.messages(chat);
  for (let id = 2;; id++) if (history.byId(id) === undefined) return id;
}

Deno.test("get_messages: an id or a link of any form gets its message, as it is in the world", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const cases: readonly (readonly [string, Args])[] = [
    [NEWS, { messages: [812], chat: "@sandbox_news" }],
    [NEWS, { messages: ["812"], chat: NEWS }],
    [NEWS, { messages: [" #812 "], chat: "Sandbox News" }],
    [NEWS, { messages: ["https://t.me/sandbox_news/812"] }],
    [NEWS, { messages: ["t.me/s/sandbox_news/812"] }],
    [NEWS, { messages: ["https://sandbox_news.t.me/812"] }],
    [NEWS, { messages: ["telegram.dog/sandbox_news/812?single"] }],
    [NEWS, { messages: ["tg://resolve?domain=sandbox_news&post=812"] }],
    [NEWS, { messages: ["https://t.me/c/2000000001/812"] }],
    [NEWS, { messages: ["tg://privatepost?channel=2000000001&post=812"] }],
    [GROUP, { messages: ["https://t.me/sandbox_group/12/812"] }],
    [GROUP, { messages: ["https://t.me/c/2000000003/812?thread=12"] }],
    [GROUP, { messages: ["https://t.me/sandbox_group/812", "812", 812], chat: GROUP }],
  ];
  for (const [chat, args] of cases) {
    const page = await full(server, args);
    const wanted = world.messages(chat).byId(812);
    const [message] = page.messages;
    assert.deepEqual(places(page), [`${chat}/812`], JSON.stringify(args));
    assert.equal(page.chat?.id, chat);
    assert.equal(message?.text, wanted?.text);
    assert.equal(Date.parse(message?.date ?? "") / 1000, wanted?.date);
    assert.equal(page.missing, undefined);
    assert.equal(page.has_more, false);
  }
  for (const chat of [TEA_ROOM, ANN, "1000"]) {
    const history = world.messages(chat);
    const ids = [history.idAt(3), history.idAt(10)];
    const page = await full(server, { chat, messages: ids });
    assert.deepEqual(places(page), ids.map((id) => `${chat}/${id}`));
    assert.deepEqual(page.messages.map(({ text }) => text), ids.map((id) => history.byId(id)?.text));
  }
});

Deno.test("get_messages: texts come whole, a message that is longer than max_chars by itself", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const history = world.messages(NEWS);
  const long = [history.idAt(300), history.idAt(3000), history.idAt(6000)];
  let cursor: string | undefined;
  for (const [index, id] of long.entries()) {
    const page = await compact(server, { chat: NEWS, messages: long, max_chars: 2000, cursor });
    assert.deepEqual(page.rows.map((row) => [row.id, row.text]), [[id, history.byId(id)?.text]]);
    assert.equal(page.has_more, index < long.length - 1);
    cursor = page.next_cursor;
  }
  const together = await compact(server, { chat: NEWS, messages: long });
  assert.deepEqual(together.rows.map(({ text }) => text), long.map((id) => history.byId(id)?.text));
  assert.ok(!JSON.stringify(together).includes('"cut"'));
});

Deno.test("get_messages: chats come in the order in which they were asked for, messages by id within, each once", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const messages = ["t.me/sandbox_group/90", "t.me/sandbox_news/15", 40, "t.me/c/2000000003/12", "t.me/sandbox_news/3"];
  const page = await full(server, { chat: CLOSED, messages: [...messages, 20, "t.me/sandbox_news/15?single"] });
  assert.deepEqual(places(page), [
    `${GROUP}/12`,
    `${GROUP}/90`,
    `${NEWS}/3`,
    `${NEWS}/15`,
    `${CLOSED}/20`,
    `${CLOSED}/40`,
  ]);
  assert.equal(page.chat, undefined);
  const rows = await compact(server, { chat: CLOSED, messages });
  assert.ok(rows.columns.includes("chat"));
  assert.deepEqual(rows.rows.map(({ chat }) => chat), [
    "Group",
    "Group",
    "Sandbox News",
    "Sandbox News",
    "Closed Circle",
  ]);
  assert.ok(rows.rows.every(({ hit }) => !hit), "what stands among its like is not marked");
});

Deno.test("get_messages: what does not exist is missing, by the name it was asked for; only if nothing does it is an error", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const gap = gapIn(world, NEWS);
  const link = `https://t.me/sandbox_news/${gap}`;
  const page = await full(server, { chat: NEWS, messages: [gap, 812, `#${gap}`, link, 2_000_000_000] });
  assert.deepEqual(page.missing, [gap, link, 2_000_000_000]);
  assert.deepEqual(places(page), [`${NEWS}/812`]);
  assert.ok(Object.keys(page).indexOf("missing") < Object.keys(page).indexOf("messages"));
  for (const messages of [[gap], [gap, link]]) {
    const { status, body } = await server.call("get_messages", { chat: NEWS, messages });
    assert.deepEqual([status, body.code], [404, "MESSAGE_NOT_FOUND"]);
  }
  await sandbox.remove(NEWS, [812]);
  const after = await full(server, { chat: NEWS, messages: [812, 813] });
  assert.deepEqual(after.missing, [812]);
});

Deno.test("get_messages: an id of another private chat or basic group is missing, though they share one sequence", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const [ann, tea] = [world.messages(ANN).idAt(2), world.messages(TEA_ROOM).idAt(2)];
  const inAnn = await full(server, { chat: ANN, messages: [ann, tea] });
  assert.deepEqual([places(inAnn), inAnn.missing], [[`${ANN}/${ann}`], [tea]]);
  const inTea = await full(server, { chat: TEA_ROOM, messages: [ann, tea] });
  assert.deepEqual([places(inTea), inTea.missing], [[`${TEA_ROOM}/${tea}`], [ann]]);
});

Deno.test("get_messages: a chat that the account cannot read does not hide the others", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const [removed, unknown] = ["https://t.me/c/2000000004/3", "https://t.me/no_such_chat_here/5"];
  const putOut = { method: "channels.GetMessages", times: 1, error: { code: 400, message: "CHANNEL_PRIVATE" } };
  await sandbox.faults({ rules: [putOut] });
  const page = await full(server, { messages: [removed, "t.me/sandbox_news/812", unknown, "t.me/sandbox_group/90"] });
  assert.deepEqual(places(page), [`${NEWS}/812`, `${GROUP}/90`]);
  assert.deepEqual(page.missing, [unknown, removed]);
  const notes = page.notes?.join("\n") ?? "";
  assert.match(notes, /1 of missing: CHANNEL_PRIVATE[^\n]*not retry/);
  assert.match(notes, /1 of missing: CHAT_NOT_FOUND[^\n]*list_chats/);
  assert.ok(!notes.includes("no_such_chat_here"), "notes do not repeat what was sent");
  await sandbox.faults({ rules: [putOut] });
  for (const [messages, code] of [[[removed], "CHANNEL_PRIVATE"], [[unknown], "CHAT_NOT_FOUND"]] as const) {
    assert.equal((await server.call("get_messages", { messages })).body.code, code);
  }
  const invite = { chat: "https://t.me/+LoCkEdRoOm01", messages: ["t.me/sandbox_news/812", 3] };
  const { body } = await server.call("get_messages", invite);
  assert.deepEqual([body.code, body.field], ["CHANNEL_PRIVATE", "chat"]);
});

Deno.test("get_messages: a link to an item of an album means the album; with ?single, and by id, the item", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const albums = Map.groupBy([...world.messages(NEWS)], ({ albumId }) => albumId);
  albums.delete(undefined);
  const sizes = new Set<number>();
  for (const items of albums.values()) {
    if (sizes.has(items.length)) continue;
    sizes.add(items.length);
    const ids = items.map(({ id }) => id);
    for (const id of [ids[0], ids.at(-1)]) {
      const album = await compact(server, { messages: [`https://t.me/sandbox_news/${id}`] });
      assert.deepEqual(album.rows.map((row) => row.id), ids);
      assert.ok(album.rows.every(({ hit }) => !hit));
      for (const messages of [[`https://t.me/sandbox_news/${id}?single`], [id]]) {
        const single = await full(server, { chat: NEWS, messages });
        assert.deepEqual(single.messages.map((message) => message.id), [id]);
      }
    }
    const context = await compact(server, { messages: [`https://t.me/sandbox_news/${ids[0]}`], context: 2 });
    assert.deepEqual(
      context.rows.map((row) => row.id),
      inOrder(ids.flatMap((id) => around(world, NEWS, id, 2))),
    );
    assert.deepEqual(context.rows.filter(({ hit }) => hit).map((row) => row.id), ids);
  }
  assert.ok(sizes.size >= 8, "albums of many sizes were seen");
});

Deno.test("get_messages: context is that many neighbours on either side, and what was asked for is marked", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const chat of [NEWS, GROUP, TEA_ROOM, ANN]) {
    const history = world.messages(chat);
    const last = history.length - 1;
    for (const [index, context] of [[0, 3], [1, 20], [25, 1], [25, 20], [last - 1, 5], [last, 2]] as const) {
      const id = history.idAt(index);
      const page = await compact(server, { chat, messages: [id], context });
      assert.deepEqual(page.rows.map((row) => row.id), around(world, chat, id, context), `${chat}/${id} ±${context}`);
      assert.deepEqual(page.rows.filter(({ hit }) => hit).map((row) => row.id), [id]);
    }
  }
});

Deno.test("get_messages: messages near each other are walked past in one go", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const history = world.messages(GROUP);
  const ids = Array.from({ length: 50 }, (_, index) => history.idAt(1000 + index));
  await full(server, { chat: GROUP, messages: [1] });
  await sandbox.forgetMethods();
  const page = await full(server, { chat: GROUP, messages: ids, context: 5, limit: 100 });
  assert.deepEqual(
    page.messages.map(({ id }) => id),
    Array.from({ length: 60 }, (_, index) => history.idAt(995 + index)),
  );
  const { "channels.GetMessages": byId, "messages.GetHistory": walked } = await sandbox.methods();
  assert.deepEqual({ byId, walked }, { byId: 1, walked: 2 });
});

Deno.test("get_messages: chain is what is answered, upwards, 20 steps at most", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const answers = [...world.messages(GROUP)].filter(({ replyTo }) => replyTo !== undefined).reverse();
  const deepest = answers.slice(0, 1500)
    .map((message) => ({ message, above: upwards(world, GROUP, message) }))
    .sort((a, b) => b.above.length - a.above.length);
  assert.ok((deepest[0]?.above.length ?? 0) >= 3, "there are answers to answers");
  for (const { message, above } of [...deepest.slice(0, 5), ...deepest.slice(200, 205)]) {
    const page = await compact(server, { chat: GROUP, messages: [message.id], chain: true });
    assert.deepEqual(page.rows.map((row) => row.id), inOrder([message.id, ...above]));
    assert.deepEqual(page.rows.filter(({ hit }) => hit).map((row) => row.id), above.length > 0 ? [message.id] : []);
  }
  const orphan = answers.find(({ replyTo }) => world.messages(GROUP).byId(replyTo?.id ?? 0) === undefined);
  if (orphan !== undefined) {
    const page = await full(server, { chat: GROUP, messages: [orphan.id], chain: true });
    assert.match(page.notes?.join() ?? "", /1 answered message\(s\) no longer exist/);
  }
  const [first] = deepest;
  await sandbox.remove(GROUP, first?.above.slice(0, 1) ?? []);
  const cut = await full(server, { chat: GROUP, messages: [first?.message.id], chain: true });
  assert.deepEqual(cut.messages.map(({ id }) => id), [first?.message.id]);
  assert.match(cut.notes?.join() ?? "", /no longer exist/);
});

Deno.test("get_messages: a hundred messages of one chat are one request, however they are named", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const ids = Array.from({ length: 100 }, (_, index) => world.messages(NEWS).idAt(50 * index));
  await full(server, { messages: [`t.me/sandbox_news/${ids[0]}?single`] });
  await sandbox.forgetMethods();
  const page = await full(server, {
    messages: ids.map((id) => `t.me/sandbox_news/${id}?single`),
    limit: 100,
    max_chars: 80_000,
  });
  assert.deepEqual(page.messages.map(({ id }) => id), ids);
  assert.deepEqual(await sandbox.methods(), { "channels.GetMessages": 1 });
});

Deno.test("get_messages: when Telegram asks to wait too long for the context, the messages come without it and say so", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const args = { chat: NEWS, messages: [812, 5000], context: 3, limit: 5 };
  const page = await full(server, args);
  await sandbox.faults({
    rules: [{ method: "messages.GetHistory", error: { code: 420, message: "FLOOD_WAIT_600" } }],
  });
  const short = await full(server, args);
  assert.deepEqual(places(short), [`${NEWS}/812`, `${NEWS}/5000`]);
  assert.match(short.notes?.join() ?? "", /context is left out; call again after 600 s/);
  const { body } = await server.call("get_messages", { ...args, cursor: page.next_cursor });
  assert.deepEqual([body.code, body.retry_after], ["FLOOD_WAIT", 600]);
});

/** A random call, and the places that it means, in order. */
function draw(random: Random, world: World): { readonly args: Args; readonly wanted: string[] } {
  const chats = [NEWS, GROUP, TEA_ROOM, ANN, CLOSED, "1000"];
  const home = random.pick(chats);
  const linked = [NEWS, GROUP, CLOSED].filter(() => random.oneIn(3));
  const context = random.oneIn(2) ? random.int(21) : 0;
  const chain = random.oneIn(2);
  const messages: unknown[] = [];
  const asked = new Map<string, Set<number>>();
  const ask = (chat: string, id: number, name: unknown): void => {
    messages.push(name);
    asked.set(chat, (asked.get(chat) ?? new Set()).add(id));
  };
  const near = random.int(world.messages(home).length);
  for (let count = 1 + random.int(random.oneIn(4) ? 40 : 6); count > 0; count--) {
    const chat = random.pick([home, home, ...linked]);
    const history = world.messages(chat);
    const index = chat === home && random.oneIn(2)
      ? Math.min(history.length - 1, near + random.int(40))
      : random.int(history.length);
    const id = history.idAt(index);
    if (chat === home) ask(chat, id, random.pick([id, String(id), `#${id}`]));
    else ask(chat, id, `https://t.me/c/${-1e12 - Number(chat)}/${id}?single`);
  }
  const wanted = [...asked].flatMap(([chat, ids]) => {
    const whole = [...ids].flatMap((id) => {
      const message = world.messages(chat).byId(id);
      return [
        ...around(world, chat, id, context),
        ...(chain && message ? upwards(world, chat, message) : []),
      ];
    });
    return inOrder(whole).map((id) => `${chat}/${id}`);
  });
  const paging = { limit: 1 + random.int(100), max_chars: random.pick([2000, 5000, 32_000, 80_000]) };
  return {
    args: { chat: home, messages, ...(context > 0 || random.oneIn(2) ? { context } : {}), chain, ...paging },
    wanted,
  };
}

Deno.test("get_messages: random calls, page by page, find every message once and in order", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  let severalPages = 0;
  for (let call = 0; call < CALLS; call++) {
    const { args, wanted } = draw(createRandom(SEED, call), world);
    const { places, pages } = await walk(server, args);
    assert.deepEqual(places, wanted, `SEED=${SEED}, call ${call}: ${JSON.stringify(args)}`);
    if (pages > 1) severalPages++;
  }
  assert.ok(severalPages > CALLS / 10, "many calls took several pages");
});

Deno.test("get_messages: a cursor keeps the arguments that are left out and refuses others", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const args = { chat: NEWS, messages: [812, 5000], context: 2, limit: 4 };
  const whole = await walk(server, args);
  assert.equal(whole.pages, 3);
  const first = await full(server, args);
  const { messages, limit } = args;
  const second = await full(server, { messages, limit, cursor: first.next_cursor });
  assert.deepEqual([...places(first), ...places(second)], whole.places.slice(0, 8));
  const others: readonly (readonly [string, Args])[] = [
    ["messages", { messages: [812] }],
    ["messages", { messages: [5000, 812] }],
    ["chat", { chat: GROUP }],
    ["context", { context: 3 }],
    ["chain", { chain: true }],
    ["thread", { thread: true }],
  ];
  for (const [field, other] of others) {
    const { body } = await server.call("get_messages", { messages, ...other, cursor: first.next_cursor });
    assert.deepEqual([body.code, body.field], ["INVALID_CURSOR", field], JSON.stringify(other));
  }
});

Deno.test("get_messages: an @name that has moved to another chat since it was learnt gets that chat's message", async () => {
  await using sandbox = await startSandbox();
  {
    await using server = await startServer(sandbox.environment);
    await full(server, { messages: ["t.me/sandbox_news/20?single", "t.me/c/2000000004/20"] });
  }
  // What was learnt says that the name was another chat's, as it is after the name has moved.
  using db = new DatabaseSync(join(sandbox.directory, "data", "telegram-toolkit.sqlite"));
  const moved = (column: string): string => `json_set(${column}, '$.usernames', json('["sandbox_news"]'))`;
  for (const args of [{ messages: ["t.me/sandbox_news/20?single"] }, { chat: "@sandbox_news", messages: [20] }]) {
    db.exec(`UPDATE peers SET record = ${moved("record")} WHERE id = '${CLOSED}'`);
    db.exec(`UPDATE usernames SET peer_id = '${CLOSED}' WHERE username = 'sandbox_news'`);
    await using server = await startServer(sandbox.environment);
    assert.deepEqual(places(await full(server, args)), [`${NEWS}/20`]);
  }
});

Deno.test("get_messages: a link in chat is not applied, which a note says", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const page = await full(server, { chat: "https://t.me/sandbox_news/5", messages: [812] });
  assert.deepEqual(places(page), [`${NEWS}/812`]);
  assert.match(page.notes?.join() ?? "", /link in chat is not applied/);
});

Deno.test("get_messages: in private chats and basic groups there are no threads, and the way out is named", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const chat of [TEA_ROOM, ANN, "1000"]) {
    const id = world.messages(chat).idAt(4);
    const { body } = await server.call("get_messages", { chat, messages: [id], thread: true });
    assert.equal(body.code, "UNSUPPORTED");
    assert.deepEqual(body.suggest, {
      tool: "fetch_history",
      arguments: { chat, from: `#${id}`, direction: "oldest_first" },
    });
  }
});
