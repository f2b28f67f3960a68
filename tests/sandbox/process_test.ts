import assert from "node:assert/strict";
import { join } from "node:path";
import { Api } from "../../sandbox/tl.ts";
import { connectClient } from "./client.ts";
import { connectPeer } from "./peer.ts";
import { startSandbox } from "./unrecorded.ts";

const CHAT = "-1002000000001";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("main: a session file signs in as the world's owner, and still does after a restart", async () => {
  await withDirectory(async (directory) => {
    const sessionFile = join(directory, "session");
    const keyFile = join(directory, "key.pem");
    const flags = ["--state", directory, "--session-file", sessionFile, "--key-file", keyFile];
    const sessions: string[] = [];
    for (let i = 0; i < 2; i++) {
      await using sandbox = await startSandbox(flags);
      assert.equal(sandbox.dc, 2);
      assert.equal(await Deno.readTextFile(keyFile), sandbox.publicKey);
      assert.match(sandbox.publicKey, /^-----BEGIN RSA PUBLIC KEY-----\n/);
      sessions.push(await Deno.readTextFile(sessionFile));
      await using gram = await connectClient(sandbox.port, { session: sessions[i] ?? "" });
      const [owner] = await gram.client.invoke(new Api.users.GetUsers({ id: [new Api.InputUserSelf()] }));
      assert.equal(owner?.id.toString(), "1000");
      assert.equal(gram.session.serverAddress, "10.77.0.2");
    }
    assert.equal(sessions[0], sessions[1]);
  });
});

Deno.test("main: it ends at once on SIGTERM with code 0, and refuses what it does not know with code 2", async () => {
  await using sandbox = await startSandbox();
  sandbox.child.kill("SIGTERM");
  assert.equal((await sandbox.child.status).code, 0);
  const main = new URL("../../sandbox/main.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", main, "--bogus"] }).output();
  assert.equal(code, 2);
  assert.match(new TextDecoder().decode(stderr), /--bogus/);
});

Deno.test("control: faults, journal, connections, clock and world are changed from outside", async () => {
  await withDirectory(async (directory) => {
    const sessionFile = join(directory, "session");
    await using sandbox = await startSandbox(["--session-file", sessionFile, "--flood"]);
    const { control } = sandbox;
    await using gram = await connectClient(sandbox.port, { session: await Deno.readTextFile(sessionFile) });
    const state = new Api.updates.GetState();

    const error = { code: 420, message: "FLOOD_WAIT_7" };
    await control("POST", "/faults", { rules: [{ method: "updates.getState", times: 1, error }] });
    await assert.rejects(gram.client.invoke(state), { seconds: 7 });
    await gram.client.invoke(state);
    await assert.rejects(control("POST", "/faults", { rules: [{ method: "x", fuo: 1 }] }), /fuo/);
    await assert.rejects(control("POST", "/nowhere"), /no such route: POST \/nowhere/);
    const { rules } = Object(await control("DELETE", "/faults"));
    assert.equal(rules.length, 1, "the faults of the command line are back");

    const { counts, order, atOnce } = Object(await control("GET", "/methods"));
    assert.equal(counts["updates.GetState"], 2);
    assert.equal(atOnce["updates.GetState"], 1);
    assert.equal(order.at(-1).method, "updates.GetState");
    await control("DELETE", "/methods");
    assert.deepEqual(await control("GET", "/methods"), { counts: {}, order: [], atOnce: {} });

    assert.deepEqual(await control("GET", "/connections"), { total: 1, open: 1 });
    const before = Object(await control("POST", "/clock", {})).world;
    assert.equal(Object(await control("POST", "/clock", { advance: 60 })).world, before + 60_000);
    const { id, date } = Object(await control("POST", "/world/append", { chat: CHAT, text: "news" }));
    assert.equal(date, before / 1000 + 60);
    await control("POST", "/world/edit", { chat: CHAT, id, text: "corrected" });
    const { chats } = Object(await control("GET", "/describe"));
    assert.equal(chats.find((chat: { id: string }) => chat.id === CHAT).last.id, id);
    const live = chats.find((chat: { username: string }) => chat.username === "sandbox_live");
    assert.equal(
      live.last.date,
      new Date(before + 60_000).toISOString().replace(".000Z", "Z"),
      "the clock brought a post",
    );
    assert.deepEqual(await control("POST", "/world/remove", { chat: CHAT, ids: [id, 1e6] }), { removed: [id] });
    await assert.rejects(control("POST", "/world/append", { chat: "-5", text: "x" }), /-5/);
    const runs = [{ skip: 9, count: 2 }, { skip: 1000, count: 1 }];
    const fill = { chat: "-1002000000006", runs, date: before / 1000 };
    assert.deepEqual(await control("POST", "/world/fill", fill), { ids: [10, 11, 1012] });
    await assert.rejects(control("POST", "/world/fill", { ...fill, chat: "-4001" }), /are not its own/);
  });
});

Deno.test("control: every connection is cut on demand", async () => {
  await using sandbox = await startSandbox();
  using peer = await connectPeer(sandbox.port);
  assert.deepEqual(await sandbox.control("POST", "/connections/close"), { closed: 1 });
  await assert.rejects(peer.until(() => undefined), /the connection has ended/);
});

/** What a stand-in for the product prints: its arguments and what it was told of the sandbox. */
const STAND_IN = `
const names = ["TELEGRAM_API_ID", "TELEGRAM_API_HASH", "TELEGRAM_TEST_DC", "TELEGRAM_TEST_KEY_FILE",
  "TELEGRAM_STRING_SESSION_FILE", "DATA_DIR"];
const waits = Deno.args[0] === "wait";
if (waits) Deno.addSignalListener("SIGTERM", () => Deno.exit(9));
console.log(JSON.stringify({ args: Deno.args, env: Object.fromEntries(names.map((name) => [name, Deno.env.get(name)])) }));
if (waits) setInterval(() => {}, 1000);
else Deno.exit(7);
`;

async function startDev(directory: string, args: string[], env: Record<string, string>): Promise<Deno.ChildProcess> {
  const dev = new URL("../../sandbox/dev.ts", import.meta.url).href;
  const [script, product] = [join(directory, "dev.ts"), join(directory, "product.ts")];
  await Deno.writeTextFile(product, STAND_IN);
  await Deno.writeTextFile(
    script,
    `import { develop } from "${dev}"; Deno.exit(await develop(Deno.args, ${JSON.stringify(product)}));`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, script, ...args],
    env: { DATA_DIR: directory, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("dev: without an application id the product is pointed at a sandbox, and its exit code is passed on", async () => {
  await withDirectory(async (directory) => {
    const child = await startDev(directory, ["export", "--chat", "x y"], { TELEGRAM_API_ID: "" });
    const { code, stdout, stderr } = await child.output();
    assert.equal(code, 7);
    const { args, env } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(args, ["export", "--chat", "x y"]);
    assert.match(env.TELEGRAM_TEST_DC, /^2@127\.0\.0\.1:\d+$/);
    assert.equal(env.TELEGRAM_API_ID, "1");
    assert.match(env.TELEGRAM_API_HASH, /^[0-9a-f]{32}$/);
    assert.equal(env.DATA_DIR, join(directory, "sandbox", "data"));
    assert.match(await Deno.readTextFile(env.TELEGRAM_TEST_KEY_FILE), /BEGIN RSA PUBLIC KEY/);
    assert.match(await Deno.readTextFile(env.TELEGRAM_STRING_SESSION_FILE), /^1[A-Za-z0-9+/=]{352,}$/);
    assert.equal(new TextDecoder().decode(stderr).trim().split("\n").length, 1);
    await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: Number(env.TELEGRAM_TEST_DC.split(":")[1]) }));
  });
});

Deno.test("dev: with an application id there is no sandbox, and signals reach the product", async () => {
  await withDirectory(async (directory) => {
    const child = await startDev(directory, ["wait"], { TELEGRAM_API_ID: "12345" });
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const { env } = JSON.parse(new TextDecoder().decode(value));
    assert.equal(env.TELEGRAM_API_ID, "12345");
    assert.equal(env.TELEGRAM_TEST_DC, undefined);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 9);
    await reader.cancel();
    await child.stderr.cancel();
  });
});
