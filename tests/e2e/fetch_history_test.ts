/**
 * Pages of fetch_history as a client sees them: both forms, ranges, waits and breaks.
 */
import assert from "node:assert/strict";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { events, type Message, post } from "../mcp/raw.ts";
import { moreOf, nameIn } from "./naive_more.ts";
import { classify } from "../../src/mtproto/guard.ts";
import { answer, compact, full, idsOf, type Shown, shown } from "./page.ts";
import { type FaultRule, startSandbox, type TestSandbox } from "./sandbox.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { startServer, type TestServer } from "./server.ts";

const NEWS = "-1002000000001";
const GROUP = "-1002000000003";
const CLOSED = "-1002000000004";
const ANN = "734201334";

interface Stage extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly server: TestServer;
}

async function stage(variables: Readonly<Record<string, string>> = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const server = stack.use(await startServer({ ...sandbox.environment, ...variables }));
  const resources = stack.move();
  return { sandbox, server, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const utc = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

const MORE_KEYS =
  "chat reply_to quote fwd album media poll service reactions views forwards replies edited pinned topic author via links preview buttons cut hit"
    .split(" ");

function assertRow(world: World, chat: string, row: Shown, message: WorldMessage | undefined): void {
  assert.ok(message !== undefined, `${row.id} exists`);
  assert.equal(row.date, utc(message.date));
  assert.equal(row.text, message.text);
  assert.deepEqual(row.more, moreOf(world, chat, message), `more of ${row.id}`);
  const keys = Object.keys(row.more);
  assert.deepEqual(keys, MORE_KEYS.filter((key) => keys.includes(key)), `the keys of more of ${row.id} are in order`);
}

async function rowsOf(server: TestServer, chat: string, pages: number): Promise<Shown[]> {
  const rows: Shown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page++) {
    const read = await compact(server, { chat, limit: 100, max_chars: 80_000, cursor });
    rows.push(...shown(read));
    if (!read.has_more) break;
    cursor = read.next_cursor;
  }
  return rows;
}

Deno.test("fetch_history: compact rows say what the world's messages say, absent things absent", async () => {
  const world = createWorld();
  await using on = await stage();
  const seen = new Set<string>();
  for (const chat of [NEWS, GROUP, CLOSED, ANN, "734201344", "1000", "-4001", "-1002000000140"]) {
    for (const row of await rowsOf(on.server, chat, 12)) {
      assertRow(world, chat, row, world.messages(chat).byId(row.id));
      for (const key of Object.keys(row.more)) seen.add(key);
    }
  }
  const sandboxed = "reply_to fwd album media poll service reactions views forwards edited author via links preview";
  for (const key of sandboxed.split(" ")) assert.ok(seen.has(key), `no message had ${key}`);
});

Deno.test("fetch_history: days group the rows, in the order of the messages", async () => {
  await using on = await stage();
  for (const direction of ["newest_first", "oldest_first"]) {
    const page = await compact(on.server, { chat: GROUP, limit: 100, direction, max_chars: 80_000 });
    const days = page.messages.map(({ day }) => day);
    assert.ok(days.length > 1);
    assert.deepEqual(days, [...new Set(days)], "a day stands once");
    assert.deepEqual(days, direction === "newest_first" ? days.toSorted().reverse() : days.toSorted());
  }
});

Deno.test("fetch_history: senders are labelled by name, me, and with the end of the id where names are equal", async () => {
  const world = createWorld();
  await using on = await stage();
  let [equal, mine, itself] = [0, 0, 0];
  let cursor: string | undefined;
  for (let turn = 0; turn < 10; turn++) {
    const page = await compact(on.server, { chat: GROUP, limit: 100, max_chars: 80_000, cursor });
    cursor = page.next_cursor;
    const rows = shown(page);
    const ids = new Set(rows.map(({ id }) => world.messages(GROUP).byId(id)?.from ?? ""));
    const others = [...ids].filter((id) => id !== GROUP);
    assert.equal(Object.keys(page.senders ?? {}).length, others.length, "one label a sender");
    for (const { id, from } of rows) {
      const sender = world.messages(GROUP).byId(id)?.from ?? "";
      const namesakes = others.filter((each) => nameIn(world, each) === nameIn(world, sender));
      if (sender === GROUP) itself++;
      else if (sender === "1000") mine++;
      else if (namesakes.length > 1) equal++;
      const wanted = sender === GROUP
        ? ""
        : sender === "1000"
        ? "me"
        : namesakes.length > 1
        ? `${nameIn(world, sender)}#${sender.slice(-4)}`
        : nameIn(world, sender);
      assert.equal(from, wanted, `${id} is by ${sender}`);
      if (sender === GROUP) continue;
      const username = world.users.get(sender)?.username ?? world.chats.get(sender)?.username;
      assert.equal(page.senders?.[wanted], username ? `${sender} @${username}` : sender);
    }
  }
  assert.ok(equal > 0 && mine > 0 && itself > 0, `${equal} of equal names, ${mine} of mine, ${itself} of the group`);
});

Deno.test("fetch_history: a channel's page has no from column, a private chat's has", async () => {
  await using on = await stage();
  const channel = await compact(on.server, { chat: NEWS, limit: 20 });
  assert.ok(!channel.columns.includes("from") && channel.senders === undefined);
  const person = await compact(on.server, { chat: ANN, limit: 100 });
  assert.deepEqual(person.senders, { "Ann Lee": `${ANN} @annlee`, me: "1000 @sandbox_owner" });
  const saved = await compact(on.server, { chat: "me", limit: 20 });
  assert.equal(saved.chat.kind, "saved");
  assert.deepEqual(saved.senders, { me: "1000 @sandbox_owner" });
});

Deno.test("fetch_history: max_chars 2000 cuts posts of 4,096 characters, and cut tells how much", async () => {
  const world = createWorld();
  await using on = await stage();
  const posts = [300, 3000, 6000, 9500].map((place) => world.messages(NEWS).at(place));
  for (const { id, text } of posts) {
    assert.equal(text.length, 4096);
    const around = { chat: NEWS, from: `#${id - 5}`, direction: "oldest_first", limit: 30, max_chars: 2000 };
    const ids: number[] = [];
    let cursor: string | undefined;
    for (let pages = 0; !ids.includes(id); pages++) {
      assert.ok(pages < 30);
      const page = await compact(on.server, { ...around, cursor });
      assert.ok(JSON.stringify(page).length <= 2000 || page.count === 1);
      ids.push(...idsOf(page));
      cursor = page.next_cursor;
      const row = shown(page).find((each) => each.id === id);
      if (row === undefined) continue;
      const cut = Number(row.more.cut);
      assert.ok(row.text.length <= 1000 && row.text.length > 900, `${row.text.length} characters are shown`);
      assert.equal(row.text.length + cut, 4096);
      assert.ok(text.startsWith(row.text));
    }
    const alone = await compact(on.server, { chat: NEWS, from: `#${id}`, to: `#${id + 1}`, max_chars: 80_000 });
    assert.equal(shown(alone)[0]?.text, text, "whole where it fits");
    assert.ok(!("cut" in (shown(alone)[0]?.more ?? {})));
  }
});

const HIDDEN = [
  { what: "a right-to-left override", text: "pay \u202Efdp.exe", seen: "pay ⟦U+202E⟧fdp.exe", count: 1 },
  { what: "isolates", text: "a\u2066b\u2069c", seen: "a⟦U+2066⟧b⟦U+2069⟧c", count: 2 },
  { what: "zero-width spaces", text: "ig\u200Bno\u200Bre", seen: "ig⟦U+200B⟧no⟦U+200B⟧re", count: 2 },
  { what: "tag characters", text: "hi\u{E0068}\u{E0069}", seen: "hi⟦U+E0068⟧⟦U+E0069⟧", count: 2 },
  { what: "a byte order mark and a control", text: "\uFEFFx\u0007y", seen: "⟦U+FEFF⟧x⟦U+0007⟧y", count: 2 },
  { what: "emoji of joiners, a flag of tags, marks", text: "👩🏽‍💻 🏴󠁧󠁢󠁳󠁣󠁴󠁿 می‌خواهم e\u0301\n\tx", count: 0 },
];

Deno.test("fetch_history: hidden characters become visible and are counted, in either form", async () => {
  await using on = await stage();
  for (const { what, text, seen = text, count } of HIDDEN) {
    const { id } = await on.sandbox.append(CLOSED, text);
    const page = await compact(on.server, { chat: CLOSED, from: `#${id}` });
    assert.equal(shown(page)[0]?.text, seen, what);
    assert.equal(page.neutralized ?? 0, count, what);
    const whole = await full(on.server, { chat: CLOSED, from: `#${id}` });
    assert.equal(whole.messages[0]?.text, seen, what);
    assert.equal(whole.neutralized ?? 0, count, what);
  }
});

Deno.test("fetch_history: full messages follow messageSchema and hold the compact ones", async () => {
  const world = createWorld();
  await using on = await stage();
  for (const chat of [NEWS, GROUP, ANN, "1000", "-4001"]) {
    const page = await full(on.server, { chat, limit: 60, max_chars: 80_000 });
    assert.ok(page.count > 0 && !("columns" in page) && !("senders" in page));
    for (const message of page.messages) {
      const source = world.messages(chat).byId(message.id);
      assert.equal(message.chat_id, chat);
      assert.equal(message.text, source?.text);
      assert.equal(message.date, utc(source?.date ?? 0));
      assert.equal(message.sender?.id, source?.from);
      assert.equal(message.outgoing ?? false, source?.out ?? false);
      assert.deepEqual(
        message.entities?.map(({ type, offset, length }) => ({ type, offset, length })),
        source?.entities?.map(({ type, offset, length }) => ({ type, offset, length })),
      );
    }
  }
});

const INSTANT = "2025-03-01T10:00:00Z";
const FORMS: readonly { readonly from: string; readonly tz?: string; readonly echo?: string }[] = [
  { from: "2025-03-01T10:00:00Z" },
  { from: "2025-03-01t10:00:00z" },
  { from: "2025-03-01 10:00:00Z" },
  { from: "2025-03-01T12:00:00+02:00" },
  { from: "2025-03-01T04:30:00-05:30" },
  { from: "2025-03-01T09:59:59.001Z" },
  { from: "2025-03-01T11:00:00", tz: "Europe/Berlin" },
  { from: "2025-03-01T11:00", tz: "Europe/Berlin" },
  { from: "2025-03-01 15:45", tz: "Asia/Kathmandu" },
  { from: "2025-03-01T12:00:00+02:00", tz: "Asia/Tokyo" },
  { from: "2025-03-01", tz: "UTC", echo: "2025-03-01T00:00:00Z" },
  { from: "2025-03-01", tz: "America/New_York", echo: "2025-03-01T05:00:00Z" },
  { from: "2025-03-30T01:59:59", tz: "Europe/Berlin", echo: "2025-03-30T00:59:59Z" },
  { from: "2025-03-30T03:00:00", tz: "Europe/Berlin", echo: "2025-03-30T01:00:00Z" },
  { from: "2024-10-27T01:59:59", tz: "Europe/Berlin", echo: "2024-10-26T23:59:59Z" },
  { from: "2024-10-27T03:00:00", tz: "Europe/Berlin", echo: "2024-10-27T02:00:00Z" },
  { from: "#5000", echo: "#5000" },
];

Deno.test("fetch_history: every form of a date means the same instant, and range echoes it in UTC", async () => {
  const world = createWorld();
  await using on = await stage();
  for (const { from, tz, echo = INSTANT } of FORMS) {
    const page = await compact(on.server, { chat: NEWS, from, tz, direction: "oldest_first", limit: 1 });
    assert.deepEqual(page.range, { from: echo }, from);
    const history = world.messages(NEWS);
    const place = echo.startsWith("#")
      ? history.countBelowId(Number(echo.slice(1)))
      : history.countBefore(Date.parse(echo) / 1000);
    assert.deepEqual(idsOf(page), [history.idAt(place)], from);
  }
  for (const [age, seconds] of [["24h", 86_400], ["7d", 604_800], ["2w", 1_209_600]] as const) {
    const before = Math.floor(Date.now() / 1000);
    const page = await compact(on.server, { chat: NEWS, from: age, limit: 1 });
    const from = Date.parse(page.range?.from ?? "") / 1000 + seconds;
    assert.ok(from >= before && from <= Date.now() / 1000, age);
  }
});

Deno.test("fetch_history: an age stays what it was on the first page", async () => {
  await using on = await stage();
  const age = `${Math.ceil((Date.now() - Date.parse("2025-03-01T00:00:00Z")) / 3_600_000)}h`;
  const first = await compact(on.server, { chat: NEWS, from: age, limit: 3 });
  const begun = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) === begun) await compact(on.server, { chat: NEWS, limit: 1 });
  const second = await compact(on.server, { chat: NEWS, from: age, limit: 3, cursor: first.next_cursor });
  assert.deepEqual(second.range, first.range);
});

const TWICE = [
  { from: "2025-03-30T02:30:00", tz: "Europe/Berlin", what: /skip/, offsets: ["+01:00", "+02:00"] },
  { from: "2024-10-27T02:30:00", tz: "Europe/Berlin", what: /twice/, offsets: ["+01:00", "+02:00"] },
  { from: "2025-03-09T02:00", tz: "America/New_York", what: /skip/, offsets: ["-05:00", "-04:00"] },
  { from: "2024-11-03T01:00", tz: "America/New_York", what: /twice/, offsets: ["-05:00", "-04:00"] },
  { from: "2024-04-26", tz: "Africa/Cairo", what: /skip/, offsets: ["+02:00", "+03:00"] },
  { from: "2024-10-06T02:15", tz: "Australia/Lord_Howe", what: /skip/, offsets: ["+10:30", "+11:00"] },
];

Deno.test("fetch_history: a local time that clocks skip or show twice is refused with both offsets", async () => {
  await using on = await stage();
  for (const { from, tz, what, offsets } of TWICE) {
    const { status, body } = await on.server.call("fetch_history", { chat: NEWS, from, tz });
    assert.equal(status, 400, from);
    assert.equal(body.code, "INPUT_VALIDATION");
    assert.equal(body.field, "from");
    assert.match(String(body.detail), what);
    for (const offset of offsets) assert.ok(String(body.hint).includes(offset), `${body.hint} names ${offset}`);
    for (const proposal of String(body.hint).match(/\d{4}-\S+(?<![.])/g) ?? []) {
      const { status } = await on.server.call("fetch_history", {
        chat: NEWS,
        from: proposal.replace(/\.$/, ""),
        limit: 1,
      });
      assert.equal(status, 200, `the proposal ${proposal} is accepted`);
    }
  }
});

const flood = (seconds: number): Pick<FaultRule, "error"> => ({
  error: { code: 420, message: `FLOOD_WAIT_${seconds}` },
});

Deno.test("fetch_history: a short flood is waited for and told as progress", async () => {
  await using on = await stage();
  await on.sandbox.faults({ rules: [{ method: "messages.getHistory", times: 1, ...flood(1) }] });
  const response = await post(on.server.url, {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "fetch_history", arguments: { chat: "@sandbox_news", limit: 2 }, _meta: { progressToken: "p" } },
  });
  const sent = (await events(response)).flatMap(({ message }): Message[] => message === undefined ? [] : [message]);
  const told = sent.filter(({ method }) => method === "notifications/progress");
  assert.ok(told.some(({ params }) => params?.progressToken === "p" && /1 s/.test(String(params.message))));
  assert.equal(sent.at(-1)?.result?.isError ?? false, false);
  assert.equal((await on.sandbox.methods())["messages.GetHistory"], 2);
});

Deno.test("fetch_history: a long flood is answered at once, and nothing is sent before its time", async () => {
  await using on = await stage();
  await compact(on.server, { chat: "@sandbox_news", limit: 1 });
  await on.sandbox.faults({ rules: [{ method: "messages.getHistory", times: 1, ...flood(60) }] });
  await on.sandbox.forgetMethods();
  for (let turn = 0; turn < 3; turn++) {
    const { status, body } = await on.server.call("fetch_history", { chat: "@sandbox_news" });
    assert.equal(status, 429);
    assert.equal(body.code, "FLOOD_WAIT");
    assert.ok(Number(body.retry_after) > 55 && Number(body.retry_after) <= 60);
    assert.match(String(body.hint), /retry_after/);
  }
  assert.equal((await on.sandbox.methods())["messages.GetHistory"], 1);
});

Deno.test("fetch_history: waits of one call stay under its patience in all", async () => {
  await using on = await stage({ FLOOD_SLEEP_THRESHOLD: "1" });
  await on.sandbox.faults({ rules: [{ method: "messages.getHistory", times: 2, ...flood(1) }] });
  const { status, body } = await on.server.call("fetch_history", { chat: "@sandbox_news" });
  assert.equal(status, 429);
  assert.equal(body.retry_after, 1);
  assert.equal((await on.sandbox.methods())["messages.GetHistory"], 2);
});

Deno.test("fetch_history: a flood in the middle of a page ends it short, with a note, and the cursor goes on", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  const { environment } = sandbox;
  const wanted = [...world.messages(GROUP)].filter(({ service }) => service).map(({ id }) => id).reverse();
  const args = { chat: "@sandbox_group", type: "service", limit: 100 };
  const page = await (async () => {
    await using server = await startServer(environment);
    await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 5, times: 1, ...flood(60) }] });
    const page = await compact(server, args);
    assert.ok(page.has_more && page.count > 0);
    assert.ok(page.notes?.some((note) => /wait/.test(note) && /60 s/.test(note)), String(page.notes));
    assert.deepEqual(idsOf(page), wanted.slice(0, page.count));
    const again = await server.call("fetch_history", { ...args, cursor: page.next_cursor });
    assert.equal(again.body.code, "FLOOD_WAIT", "the next page has nothing to show yet");
    assert.equal((await sandbox.methods())["messages.GetHistory"], 6);
    return page;
  })();
  {
    await using restarted = await startServer(environment);
    const still = await restarted.call("fetch_history", args);
    assert.equal(still.body.code, "FLOOD_WAIT", "a restart does not make it end");
    assert.deepEqual(Object(still.body.telegram).state, "flood_waiting");
  }
  {
    using db = openDataDirectory(environment.DATA_DIR ?? "");
    db.exec("UPDATE floods SET until_ms = 0");
  }
  await using later = await startServer(environment);
  const rest = await compact(later, { ...args, cursor: page.next_cursor });
  assert.deepEqual([...idsOf(page), ...idsOf(rest)], wanted.slice(0, page.count + rest.count));
  assert.ok(rest.count > 0);
});

Deno.test("fetch_history: a connection closed in the middle of a request is made again", async () => {
  const world = createWorld();
  await using on = await stage();
  await on.sandbox.faults({ rules: [{ method: "messages.getHistory", times: 1, close: true }] });
  const page = await compact(on.server, { chat: "@sandbox_news", limit: 3 });
  assert.equal(idsOf(page)[0], world.messages(NEWS).at(world.messages(NEWS).length - 1).id);
  await on.sandbox.closeConnections();
  assert.equal((await compact(on.server, { chat: "@sandbox_news", limit: 3 })).count, 3);
});

Deno.test("fetch_history: several messages of a container survive one error in it", async () => {
  await using on = await stage();
  await on.sandbox.faults({ containers: 2 });
  const [page, problem] = await Promise.all([
    on.server.call("fetch_history", { chat: "@sandbox_news", limit: 3 }),
    on.server.call("fetch_history", { chat: "@nobody_is_here", limit: 3 }),
  ]);
  assert.equal(page.status, 200);
  assert.equal(problem.body.code, "CHAT_NOT_FOUND");
});

Deno.test("fetch_history: a protected chat is readable and flagged", async () => {
  await using on = await stage();
  const page = await compact(on.server, { chat: "@sandbox_protected" });
  assert.equal(page.chat.protected, true);
  assert.equal(page.count, 25);
  const whole = await full(on.server, { chat: "@sandbox_protected", limit: 5 });
  assert.ok(whole.messages.every(({ noforwards }) => noforwards));
});

Deno.test("fetch_history: a public channel is readable without joining, a private one is not", async () => {
  await using on = await stage();
  const open = await compact(on.server, { chat: "@sandbox_public", limit: 100 });
  assert.equal(open.count, 100);
  assert.equal(open.total, 200);
  const cases = [
    { chat: "https://t.me/+LoCkEdRoOm01", code: "CHANNEL_PRIVATE", status: 403 },
    { chat: "https://t.me/joinchat/LoCkEdRoOm01", code: "CHANNEL_PRIVATE", status: 403 },
    { chat: "-1002000000005", code: "CHAT_NOT_FOUND", status: 404 },
    { chat: "https://t.me/c/2000000005/3", code: "CHAT_NOT_FOUND", status: 404 },
  ];
  for (const { chat, code, status } of cases) {
    const problem = await on.server.call("fetch_history", { chat });
    assert.equal(problem.status, status, chat);
    assert.equal(problem.body.code, code, chat);
    assert.equal(problem.body.field, "chat", chat);
  }
});

Deno.test("fetch_history: nothing is marked as read, and nothing but reading methods is received", async () => {
  await using on = await stage();
  const unread = async (): Promise<unknown> => (await answer(on.server, "list_chats", { query: "sandbox news" })).chats;
  const before = await unread();
  await compact(on.server, { chat: NEWS, unread: true, limit: 100 });
  await compact(on.server, { chat: GROUP, unread: true, type: "mention" });
  await compact(on.server, { chat: GROUP, sender: "me", from: "2025-01-01T00:00:00Z" });
  await compact(on.server, { chat: "-4001", sender: "Ann Lee" });
  await answer(on.server, "resolve_chat", { chat: "-4001" });
  await answer(on.server, "resolve_chat", { chat: "annlee" });
  const received = Object.keys(await on.sandbox.methods());
  assert.deepEqual(received.filter((method) => classify(method) === "refused"), []);
  assert.deepEqual(await unread(), before);
});

Deno.test("fetch_history: unread gives what has come in since, and explains an empty page", async () => {
  await using on = await stage();
  const first = await compact(on.server, { chat: NEWS, unread: true, limit: 100 });
  assert.equal(first.count, 37);
  const none = await compact(on.server, { chat: "me", unread: true });
  assert.equal(none.count, 0);
  assert.match(none.notes?.join() ?? "", /unread/);
  const { id } = await on.sandbox.append("734201338", "hello");
  assert.deepEqual(idsOf(await compact(on.server, { chat: "734201338", unread: true })), [id]);
});

Deno.test("fetch_history: an empty page names the conditions, never what Telegram wrote", async () => {
  await using on = await stage();
  const cases = [
    { args: { chat: "-1002000000006" }, note: /no \(further\) messages/ },
    { args: { chat: NEWS, from: "2025-06-01T00:00:00Z" }, note: /from and to/ },
    { args: { chat: NEWS, sender: "@annlee" }, note: /sender/ },
    { args: { chat: "-4001", type: "pinned", from: "2025-05-01T00:00:00Z" }, note: /from and to, type/ },
    { args: { chat: ANN, min_views: 1 }, note: /min_views/ },
  ];
  for (const { args, note } of cases) {
    const page = await compact(on.server, args);
    assert.equal(page.count, 0, JSON.stringify(args));
    assert.equal(page.has_more, false);
    assert.match(page.notes?.join(" ") ?? "", note, JSON.stringify(args));
  }
});

Deno.test("fetch_history: filters of our own look at 2,000 messages a call and say how far they got", async () => {
  await using on = await stage();
  const page = await compact(on.server, { chat: NEWS, min_views: 1_000_000 });
  assert.equal(page.count, 0);
  assert.ok(page.has_more);
  assert.match(page.notes?.join(" ") ?? "", /2000 messages, as far as #\d+ of \d{4}-\d\d-\d\dT/);
  assert.equal((await on.sandbox.methods())["messages.GetHistory"], 20);
});
