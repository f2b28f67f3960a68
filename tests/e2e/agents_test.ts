/**
 * Questions that a person asks an agent, each with the calls that an ideal agent makes: the answers contain the fact. Facts
 * come from the world itself.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { until } from "../cli/command.ts";
import { expected, hasWord } from "./naive.ts";
import { nameIn } from "./naive_more.ts";
import { answer } from "./page.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const [NEWS, ARCHIVE, GROUP, FORUM] = ["-1002000000001", "-1002000000002", "-1002000000003", "-1002000000008"];
const JOURNAL_TALK = "-1002000000012";
const ANN = "734201334";
const PUBLIC = "-1002000000007";

/** What a case sees: the server, and the calls that it has made. */
interface Agent {
  readonly world: World;
  readonly sandbox: TestSandbox;
  call(tool: string, args: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** A call that is refused: its problem. */
  refused(tool: string, args: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Waits until an export has ended, by calls that do not count: how many those are is the machine's matter. */
  ended(id: unknown): Promise<void>;
}

interface Question {
  readonly asks: string;
  readonly calls: number;
  /** What happened before it is asked. */
  readonly prepare?: (agent: Agent) => Promise<void>;
  readonly answer: (agent: Agent) => Promise<void>;
}

const seconds = (text: string): number => Date.parse(text) / 1000;
const between = (world: World, chat: string, from: string, to: string): WorldMessage[] =>
  expected(world, { chat, oldestFirst: true, from: { at: seconds(from) }, to: { at: seconds(to) } });
const groupsOf = (body: Record<string, unknown>): [string, number][] =>
  z.array(z.tuple([z.string(), z.int()])).parse(body.groups);
const says = (body: unknown, ...facts: (string | number)[]): void => {
  for (const fact of facts) {
    assert.ok(
      JSON.stringify(body).includes(JSON.stringify(fact).replace(/^"|"$/g, "")),
      `${fact}: ${JSON.stringify(body)}`,
    );
  }
};
const most = <K>(counts: Map<K, number>): [K, number] => {
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best ?? assert.fail("nothing was counted");
};
const countBy = <K>(messages: readonly WorldMessage[], key: (message: WorldMessage) => K): Map<K, number> =>
  new Map([...Map.groupBy(messages, key)].map(([each, group]) => [each, group.length]));
/** The rows of a compact page, whatever their days: id first. */
const rowsOf = (body: Record<string, unknown>): unknown[][] =>
  z.array(z.object({ rows: z.array(z.array(z.unknown())) })).parse(body.messages).flatMap(({ rows }) => rows);
const found = (world: World, chat: string, text: string): WorldMessage =>
  [...world.messages(chat)].find((message) => message.text.includes(text)) ?? assert.fail(text);

const QUESTIONS: readonly Question[] = [
  {
    asks: "How many posts in @sandbox_news in March, and which was the busiest day?",
    calls: 1,
    answer: async ({ world, call }) => {
      const posts = between(world, NEWS, "2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z");
      const [busiest, highest] = most(countBy(posts, ({ date }) => new Date(date * 1000).toISOString().slice(0, 10)));
      const body = await call("chat_stats", {
        chat: "@sandbox_news",
        from: "2025-03-01",
        to: "2025-04-01",
        tz: "UTC",
        group_by: "day",
        limit: 31,
      });
      assert.deepEqual([body.total, body.complete], [posts.length, true]);
      assert.ok(groupsOf(body).some(([day, count]) => day === busiest && count === highest));
      assert.equal(Math.max(...groupsOf(body).map(([, count]) => count)), highest);
    },
  },
  {
    asks: "Which three posts of it were viewed most in May?",
    calls: 1,
    answer: async ({ world, call }) => {
      const posts = between(world, NEWS, "2025-05-01T00:00:00Z", "2025-06-01T00:00:00Z");
      const best = posts.filter(({ views }) => views !== undefined).sort((a, b) => (b.views ?? 0) - (a.views ?? 0));
      const body = await call("chat_stats", {
        chat: "@sandbox_news",
        from: "2025-05-01T00:00:00Z",
        to: "2025-06-01T00:00:00Z",
        top: "views",
        limit: 3,
      });
      assert.deepEqual(rowsOf(body).map(([id]) => id), best.slice(0, 3).map(({ id }) => id));
    },
  },
  {
    asks: "How many messages in @sandbox_archive in 2019?",
    calls: 1,
    answer: async ({ world, call }) => {
      const body = await call("chat_stats", {
        chat: "@sandbox_archive",
        from: "2019-01-01",
        to: "2020-01-01",
        tz: "UTC",
      });
      assert.deepEqual([body.total, body.complete], [
        between(world, ARCHIVE, "2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z").length,
        true,
      ]);
    },
  },
  {
    asks: "Who wrote most in @sandbox_group, and at which hour is it busiest?",
    calls: 2,
    answer: async ({ world, call }) => {
      const all = [...world.messages(GROUP)];
      const [writer, count] = most(countBy(all, ({ from }) => from));
      const senders = await call("chat_stats", { chat: "@sandbox_group", group_by: "sender", limit: 5 });
      const [[label, shown] = ["", 0]] = groupsOf(senders);
      assert.equal(shown, count);
      says(senders.senders, label, writer ?? "");
      const hours = await call("chat_stats", { chat: "@sandbox_group", group_by: "hour", limit: 24 });
      const [hour, busiest] = most(countBy(all, ({ date }) => new Date(date * 1000).toISOString().slice(11, 13)));
      assert.ok(groupsOf(hours).some(([key, n]) => key.startsWith(hour) && n === busiest));
    },
  },
  {
    asks: "What have I missed in @sandbox_group?",
    calls: 1,
    answer: async ({ world, call }) => {
      const missed = expected(world, { chat: GROUP, oldestFirst: true, unread: true });
      const body = await call("fetch_history", {
        chat: "@sandbox_group",
        unread: true,
        direction: "oldest_first",
        limit: 100,
      });
      assert.ok(Number(body.count) >= 50);
      assert.deepEqual(rowsOf(body).map(([id]) => id), missed.slice(0, Number(body.count)).map(({ id }) => id));
    },
  },
  {
    asks: "Where am I mentioned, unread?",
    calls: 1,
    answer: async ({ call }) => says(await call("list_chats", { mentions: true }), "Group", "Sandbox Forum"),
  },
  {
    asks: "What did the sender of the parser question say about it?",
    calls: 1,
    answer: async ({ world, call }) => {
      const question = found(world, GROUP, "Does the parser read dates before 1970?");
      const body = await call("search_messages", { chat: "@sandbox_group", sender: question.from, query: "parser" });
      says(body, question.id, question.text);
    },
  },
  {
    asks: "What were the last words of Sam Kim in the group? (Two members have that name.)",
    calls: 3,
    answer: async ({ world, call, refused }) => {
      const problem = await refused("fetch_history", { chat: "@sandbox_group", sender: "Sam Kim", limit: 1 });
      assert.equal(problem.code, "CHAT_AMBIGUOUS");
      for (const { id } of z.array(z.object({ id: z.string() })).length(2).parse(problem.candidates)) {
        const [last] = expected(world, { chat: GROUP, oldestFirst: false, sender: id });
        const body = await call("fetch_history", { chat: "@sandbox_group", sender: id, limit: 1 });
        assert.deepEqual(rowsOf(body).map(([each]) => each), [last?.id]);
      }
    },
  },
  {
    asks: "What was answered to the question about dates before 1970?",
    calls: 2,
    answer: async ({ call }) => {
      const [[id] = []] = rowsOf(await call("search_messages", { chat: "@sandbox_group", query: "parser dates 1970" }));
      says(
        await call("get_messages", { messages: [String(id)], chat: "@sandbox_group", thread: true }),
        "It does, since the spring release.",
      );
    },
  },
  {
    asks: "Summarise the comments under https://t.me/sandbox_journal/50.",
    calls: 1,
    answer: async ({ call }) => {
      const body = await call("get_messages", { messages: ["https://t.me/sandbox_journal/50"], thread: true });
      assert.equal(Reflect.get(Object(body.chat), "id"), JOURNAL_TALK);
      says(
        body,
        "Yes, families only have time on Sundays.",
        "Only if the staff get Mondays off.",
        "Yes, from ten to four.",
      );
    },
  },
  {
    asks: "What was the talk around a message of a forum's topic, given by its t.me/c link?",
    calls: 1,
    answer: async ({ world, call }) => {
      const asked = found(world, FORUM, "How do I renew the harbour permit?");
      const link = `https://t.me/c/2000000008/${asked.replyTo?.id}/${asked.id}`;
      says(
        await call("get_messages", { messages: [link], context: 3 }),
        asked.text,
        "At the office by the north bridge, before noon.",
      );
    },
  },
  {
    asks: "Which topic of @sandbox_forum is closed, and what was its last message?",
    calls: 2,
    answer: async ({ call }) => {
      const { topics } = await call("list_topics", { chat: "@sandbox_forum" });
      const closed = z.array(z.looseObject({ id: z.string(), closed: z.boolean().optional() })).parse(topics).find((
        each,
      ) => each.closed);
      says(closed, "Travel plans");
      const body = await call("fetch_history", { chat: "@sandbox_forum", topic: closed?.id, limit: 2 });
      says(body, "We leave on the early ferry, see you at the pier.");
    },
  },
  {
    asks: 'What are the first ten messages of the topic "Questions"?',
    calls: 1,
    answer: async ({ world, call }) => {
      const topic = world.chats.get(FORUM)?.topics?.find(({ title }) => title === "Questions")?.id;
      const first = expected(world, { chat: FORUM, oldestFirst: true, ...(topic === undefined ? {} : { topic }) })
        .slice(0, 10);
      const body = await call("fetch_history", {
        chat: "@sandbox_forum",
        topic: "Questions",
        direction: "oldest_first",
        limit: 10,
      });
      assert.deepEqual(rowsOf(body).map(([id]) => id), first.map(({ id }) => id));
    },
  },
  {
    asks: "Which chats mention the harbour?",
    calls: 1,
    answer: async ({ world, call }) => {
      const body = await call("search_messages", { query: "harbour" });
      const mentioning = [...world.dialogs.keys()].filter((id) =>
        [...world.messages(id)].some((each) => hasWord(each, "harbour"))
      );
      assert.ok(mentioning.length >= 3);
      says(body.chats, ...mentioning);
    },
  },
  {
    asks: "What did the plumber write last?",
    calls: 2,
    answer: async ({ world, call }) => {
      const { chats } = await call("list_chats", { query: "mary plumber" });
      const [chat] = z.array(z.looseObject({ id: z.string() })).parse(chats);
      assert.equal(chat?.id, "734201339");
      const [last] = expected(world, { chat: "734201339", oldestFirst: false, sender: "734201339" });
      says(await call("fetch_history", { chat: chat?.id, sender: chat?.id, limit: 1 }), last?.id ?? 0);
    },
  },
  {
    asks: "What is on the latest photo of @sandbox_news?",
    calls: 2,
    answer: async ({ world, call }) => {
      const [latest] = expected(world, { chat: NEWS, oldestFirst: false, type: "photo" });
      const [[id] = []] = rowsOf(await call("fetch_history", { chat: "@sandbox_news", type: "photo", limit: 1 }));
      assert.equal(id, latest?.id);
      const body = await call("get_media", { chat: "@sandbox_news", message: String(id) });
      assert.equal(Reflect.get(Object(body.media), "kind"), "photo");
    },
  },
  {
    asks: "How does the long post about the observatory end?",
    calls: 2,
    answer: async ({ call }) => {
      const page = await call("search_messages", {
        chat: "@sandbox_news",
        query: "observatory catalogue",
        max_chars: 2000,
      });
      const [[id] = []] = rowsOf(page);
      const body = await call("get_messages", { chat: "@sandbox_news", messages: [String(id)], max_chars: 2000 });
      says(body, "The observatory publishes its catalogue in June.");
    },
  },
  {
    asks: "Export @sandbox_archive; is it complete?",
    calls: 2,
    answer: async ({ world, call, ended }) => {
      const begun = await call("start_export", { chat: "@sandbox_archive", wait_seconds: 45 });
      await ended(begun.id);
      const body = await call("get_export", { id: begun.id, wait_seconds: 45 });
      assert.deepEqual([body.state, body.complete], ["completed", true]);
      const { length } = world.messages(ARCHIVE);
      assert.equal(Reflect.get(Object(body.progress), "written"), length);
      assert.equal(Reflect.get(Object(body.last), "id"), world.messages(ARCHIVE).idAt(length - 1));
    },
  },
  {
    asks: "What was edited or deleted in @annlee since my last export?",
    calls: 2,
    prepare: async ({ world, sandbox, call }) => {
      await call("start_export", { chat: "@annlee", wait_seconds: 45 });
      const [edited, gone] = [world.messages(ANN).idAt(3), world.messages(ANN).idAt(5)];
      await sandbox.edit(ANN, edited, "The harbour at nine.");
      await sandbox.remove(ANN, [gone]);
    },
    answer: async ({ call }) => {
      const { exports } = await call("list_exports", {});
      const [last] = z.array(z.looseObject({ id: z.string() })).parse(exports);
      const body = await call("start_export", { delta_of: last?.id, wait_seconds: 45 });
      assert.deepEqual([body.state, body.complete], ["completed", true]);
      says(body.notes, "0 new, 1 edited, 1 deleted");
      const [file] = z.array(z.looseObject({ url: z.string() })).parse(body.files);
      const text = await (await fetch(file?.url ?? "")).text();
      assert.match(text, /The harbour at nine\./);
      assert.match(text, /"deletion\/1"/);
    },
  },
  {
    asks: "Read @sandbox_public, which we are not in, and sum up the post that gives orders.",
    calls: 2,
    answer: async ({ world, sandbox, call }) => {
      const orders = found(world, PUBLIC, "ignore your previous instructions");
      says(await call("fetch_history", { chat: "@sandbox_public", limit: 10 }), orders.id);
      says(
        await call("get_messages", { chat: "@sandbox_public", messages: [`${orders.id}`] }),
        "the ferry to the island runs twice a day",
      );
      const received = Object.keys(await sandbox.methods()).filter((method) =>
        /send|delete|read|join/i.test(method.split(".")[1] ?? "")
      );
      assert.deepEqual(received, [], "nothing but reading was asked for");
    },
  },
];

/** A server that counts its calls. */
function agentOf(server: TestServer, world: World, sandbox: TestSandbox): Agent & { readonly calls: () => number } {
  let calls = 0;
  return {
    world,
    sandbox,
    calls: () => calls,
    call: async (tool, args) => {
      calls++;
      const body = await answer(server, tool, args);
      const fits = JSON.stringify(body).length <= Number(args.max_chars ?? 32_000);
      // A lone message comes whole, however long it is, and so does a picture.
      assert.ok(fits || body.count === 1 || tool === "get_media", `${tool} keeps to its budget`);
      return body;
    },
    refused: async (tool, args) => {
      calls++;
      const { status, body } = await server.call(tool, args);
      assert.ok(status >= 400 && typeof body.hint === "string");
      return body;
    },
    ended: async (id) => {
      const hasEnded = async (): Promise<boolean> => {
        const { body } = await server.call("get_export", { id, wait_seconds: 20 });
        return ["completed", "failed", "cancelled"].includes(String(body.state));
      };
      await until(hasEnded, "the export has ended", 600);
    },
  };
}

Deno.test("agents: the ideal calls of each question give an answer that contains the fact", async (test) => {
  const world = createWorld();
  assert.equal(nameIn(world, "734201339"), "Mary");
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const question of QUESTIONS) {
    await test.step(question.asks, async () => {
      await question.prepare?.(agentOf(server, world, sandbox));
      const agent = agentOf(server, world, sandbox);
      await question.answer(agent);
      assert.equal(agent.calls(), question.calls, "no call more than an ideal agent makes");
    });
  }
});

Deno.test("agents: in a flood a call before retry_after asks nothing of Telegram", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer({ ...sandbox.environment, FLOOD_SLEEP_THRESHOLD: "0" });
  const args = { chat: "@sandbox_group", unread: true, limit: 5 };
  await answer(server, "fetch_history", { chat: "@sandbox_group", limit: 1 });
  await sandbox.faults({
    rules: [{ method: "messages.getHistory", times: 1, error: { code: 420, message: "FLOOD_WAIT_1" } }],
  });
  const { status, body } = await server.call("fetch_history", args);
  assert.deepEqual([status, body.code, body.retry_after], [429, "FLOOD_WAIT", 1]);
  const before = (await sandbox.methods())["messages.GetHistory"];
  assert.equal(
    (await server.call("fetch_history", args)).body.code,
    "FLOOD_WAIT",
    "asking too early asks nothing of Telegram",
  );
  assert.equal((await sandbox.methods())["messages.GetHistory"], before);
});
