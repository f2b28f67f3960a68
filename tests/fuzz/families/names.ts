/**
 * How people name a chat, in every form that `src/telegram/reference.ts` reads, and beside each of them.
 * @module
 */
import type { Random } from "../../../sandbox/world/random.ts";
import type { Family } from "../family.ts";
import { damaged, encoded, OBJECT_NAMES, text } from "../values.ts";

const USERNAMES = [
  "sandbox_news",
  "sandbox_group",
  "annlee",
  "sandbox_forum",
  "sandbox_moved",
  "no_such_name_x",
  ...OBJECT_NAMES,
];
const IDS = [
  "-1002000000001",
  "-1002000000008",
  "-4001",
  "734201334",
  "0",
  "-0",
  "-100",
  "-1000",
  "1",
  "-9".repeat(2),
  "9".repeat(19),
  `-${"9".repeat(19)}`,
  `-100${"9".repeat(13)}`,
  "-1001",
];
const NUMBERS = ["1", "812", "0", "-1", "2147483647", "2147483648", "99999999999999", "1.5", "1e3", "abc", "%31", ""];
const ACTIONS = ["resolve", "privatepost", "join", "msg", "proxy", "passport", "login", "", "RESOLVE", "constructor"];
const FIRSTS = [
  "s",
  "c",
  "joinchat",
  "addstickers",
  "share",
  "m",
  "boost",
  "+AbCdEfGhIjKl",
  "+1234567",
  "%2BAbCdEfGhIjKl",
  "@sandbox_news",
];
const HOSTS = [
  "t.me",
  "T.ME",
  "www.t.me",
  "telegram.me",
  "telegram.dog",
  "sandbox_news.t.me",
  "t.me:443",
  "t.me.evil.example",
  "evil.example",
  "user:pw@t.me",
  "[::1]",
  "xn--t-me",
  "t。me",
];

function link(random: Random): string {
  const segments = Array.from(
    { length: random.int(4) },
    () => random.pick([...USERNAMES, ...NUMBERS, ...FIRSTS, "2000000001"]),
  );
  const scheme = random.pick(["https://", "http://", "", "HTTPS://", "//", "tg://", "ftp://"]);
  const query = random.oneIn(2)
    ? ""
    : `?${random.pick(["thread", "comment", "single", "t", "__proto__"])}=${random.pick(NUMBERS)}`;
  return `${scheme}${random.pick(HOSTS)}/${segments.join("/")}${query}${
    random.oneIn(8) ? `#${text(random).slice(0, 20)}` : ""
  }`;
}

function deepLink(random: Random): string {
  const names = ["domain", "channel", "post", "invite", "phone", "thread", "comment", "story", "single"];
  const query = Array.from(
    { length: random.int(4) },
    () => `${random.pick(names)}=${random.pick([...USERNAMES, ...NUMBERS, "2000000001", "AbCdEfGhIjKl", "%", "+1"])}`,
  );
  return `tg:${random.pick(["//", "", "///"])}${random.pick(ACTIONS)}?${query.join("&")}`;
}

/** A name of a chat, more or less. */
export function chatName(random: Random): string {
  const name = ((): string => {
    switch (random.int(6)) {
      case 0:
        return `${random.pick(["@", "@", "", "@@", " @"])}${random.pick(USERNAMES)}`;
      case 1:
        return random.pick(IDS);
      case 2:
        return link(random);
      case 3:
        return deepLink(random);
      case 4:
        return random.pick(["me", "ME", "Saved Messages", "Sandbox News", "Old Town", "Chess 5", "Ann Lee", "Group"]);
      default:
        return text(random);
    }
  })();
  if (random.oneIn(5)) return damaged(random, name);
  return random.oneIn(8) ? encoded(random, name) : name;
}

/** A name of a message: an id, `#` and an id, or a link. */
export function messageName(random: Random): string {
  return random.oneIn(2) ? `${random.pick(["", "#", "##", " #"])}${random.pick(NUMBERS)}` : chatName(random);
}

/** Calls in which nothing but the name is doubtful. */
export const names: Family = {
  name: "names",
  draw: (random) => {
    const [tool, args] = random.pick(
      [
        ["resolve_chat", { chat: chatName(random) }],
        ["fetch_history", { chat: chatName(random), limit: 1 }],
        ["get_messages", { messages: [messageName(random), messageName(random)], chat: chatName(random) }],
        ["get_messages", { messages: [messageName(random)] }],
        ["get_media", { message: messageName(random), chat: chatName(random) }],
        ["list_topics", { chat: chatName(random), limit: 1 }],
        ["fetch_history", { chat: "@sandbox_group", sender: chatName(random), limit: 1 }],
        ["start_export", { chats: [chatName(random), chatName(random)], wait_seconds: 0, limit: 1 }],
      ] as const,
    );
    return {
      kind: "request",
      method: "POST",
      target: `/api/tools/${tool}`,
      headers: [["Content-Type", "application/json"]],
      body: { json: args },
    };
  },
};
