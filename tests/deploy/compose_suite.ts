import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "../cli/command.ts";
import { CODE, PHONE } from "../telegram/signing_in.ts";
import { ACME_NEEDS, startAcme } from "./acme.ts";
import { denort } from "./base_images.ts";
import { imagesArchive, PRODUCT, SANDBOX } from "./built_images.ts";
import { type Container, deploymentOf } from "./deployment.ts";
import { CLIENT_ENVIRONMENT, DOCKER } from "./docker.ts";
import { assertHealthChecks, assertIsolated, assertNetworks, assertSecrets } from "./isolation.ts";
import { run, textOf } from "./machine.ts";
import { deployTest, program } from "./needs.ts";
import { CLIENT, MACHINE, PROJECT, type Stack, STACK_NEEDS, startStack } from "./stack.ts";
import { CERTBOT, importStandIn, NGINX } from "./stand_ins.ts";

const DOMAIN = "toolkit.example";
const API_HASH = "0".repeat(32);
const SESSION_KEY = "kept-for-the-tests-alone==";
const ORIGIN = `https://${DOMAIN}`;
const ACME_PORT = 14000;
/** What whoever deploys writes into .env, and the sandbox in Telegram's place. */
const ENV = `
DOMAIN=${DOMAIN}
EMAIL=owner@${DOMAIN}
TELEGRAM_API_ID=1
TELEGRAM_API_HASH=${API_HASH}
SESSION_KEY=${SESSION_KEY}
ACME_SERVER=https://${MACHINE}:${ACME_PORT}/dir
COMPOSE_PROFILES=demo
`;
const APP_ENV = `
TELEGRAM_TEST_DC=2@10.77.0.3:4430
TELEGRAM_TEST_KEY_FILE=/data/sandbox/key.pem
`;

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

/** What a client gets. */
interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

interface Asked {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: readonly string[];
  /** The certificate is checked when it is there. */
  readonly authority?: string;
}

async function ask(stack: Stack, path: string, { key, body, headers = [], authority }: Asked = {}): Promise<Answer> {
  const { code, out, err } = await run([
    ...[...stack.inClient, "curl", "--silent", "--show-error", "--max-time", "20", "--include", "--http1.1"],
    ...[
      "--resolve",
      `${DOMAIN}:443:${MACHINE}`,
      ...(authority === undefined ? ["--insecure"] : ["--cacert", authority]),
    ],
    ...(key === undefined ? [] : ["--header", `Authorization: Bearer ${key}`]),
    ...headers.flatMap((header) => ["--header", header]),
    ...(body === undefined ? [] : ["--json", JSON.stringify(body)]),
    ...["--header", "Accept: application/json, text/event-stream", `${ORIGIN}${path}`],
  ]);
  if (code !== 0) return { status: 0, headers: "", body: err };
  const end = out.indexOf("\r\n\r\n");
  const head = out.slice(0, end);
  return { status: Number(head.split(" ")[1]), headers: `${head.toLowerCase()}\r\n`, body: out.slice(end + 4) };
}

async function serial(stack: Stack): Promise<string> {
  const { out } = await run([
    ...[...stack.inClient, "sh", "-c"],
    `openssl s_client -connect ${MACHINE}:443 -servername ${DOMAIN} </dev/null 2>/dev/null | openssl x509 -noout -serial -issuer`,
  ]);
  return out.trim();
}

deployTest("compose: compose.yaml is right for all profiles and environments, and YAML as it should be", [
  ...STACK_NEEDS,
  program("yamllint"),
], async () => {
  const { code, out, err } = await run(["yamllint", "--strict", `${PROJECT}compose.yaml`]);
  assert.deepEqual([code, out, err], [0, "", ""]);
  const nothing = await Deno.makeTempFile();
  for (const file of [join(PROJECT, ".env.example"), join(PROJECT, "deploy/demo.env"), nothing]) {
    const checked = await run([
      DOCKER,
      ...["compose", "--project-directory", PROJECT],
      "--env-file",
      file,
      "--profile",
      "*",
      "config",
    ], { env: CLIENT_ENVIRONMENT });
    assert.deepEqual([checked.code, checked.err], [0, ""], file);
  }
  await Deno.remove(nothing);
  // Whatever compose.yaml has no place of its own for.
  const folder = await Deno.makeTempDir();
  await Deno.copyFile(join(PROJECT, "compose.yaml"), join(folder, "compose.yaml"));
  await Deno.writeTextFile(join(folder, "app.env"), "AUDIT_DAYS=7\nALLOWED_HOSTS=other.example\nMCP_AUTH=none\n");
  await Deno.writeTextFile(join(folder, ".env"), "REAL_IP_FROM=192.0.2.0/24 2001:db8::/32\n");
  const words = [DOCKER, "compose", "--project-directory", folder, "config"];
  const config = await textOf([...words, "--format", "json"], { env: CLIENT_ENVIRONMENT });
  for (const [name, value] of Object.entries({ AUDIT_DAYS: "7", ALLOWED_HOSTS: "other.example", MCP_AUTH: "none" })) {
    assert.ok(config.includes(`"${name}": "${value}"`), name);
  }
  assert.ok(config.includes('"REAL_IP_FROM": "192.0.2.0/24 2001:db8::/32"'));
  await Deno.remove(folder, { recursive: true });
});

deployTest("compose: from nothing to a certificate, an account and a key, with the app replaced meanwhile", [
  ...STACK_NEEDS,
  ...ACME_NEEDS,
  denort,
], async (t) => {
  await using stack = await startStack();
  await stack.docker(["load", "--input", await imagesArchive()]);
  for (const image of [NGINX, CERTBOT]) await importStandIn(image, stack.docker);
  const [env, override, ca] = ["env", "override.yaml", "acme.pem"].map((name) => join(stack.folder, name));
  assert.ok(env && override && ca);
  const appEnv = join(stack.folder, "app.env");
  await Deno.writeTextFile(env, `${ENV}APP_ENV_FILE=${appEnv}\n`, { mode: 0o600 });
  await Deno.writeTextFile(appEnv, APP_ENV);
  await Deno.writeTextFile(ca, "");
  // Nothing but what makes certbot trust the authority of the test.
  const certbot = { environment: { REQUESTS_CA_BUNDLE: "/acme.pem" }, volumes: [`${ca}:/acme.pem:ro`] };
  await Deno.writeTextFile(override, JSON.stringify({ services: { certbot } }));
  const files = ["--env-file", env, "-f", join(PROJECT, "compose.yaml"), "-f", override];
  const stackOf = deploymentOf(stack, files);
  const { compose, container, logs, inspected } = stackOf;

  const create = async (...more: readonly string[]): Promise<string> =>
    (await compose(["run", "--rm", "-T", "app", "keys", "create", ...more])).out.trim();

  let key = "";
  await t.step(
    "up without a key: the app says what to do, tries again, and is up by itself once there is one",
    async () => {
      await compose(["up", "--detach", "--no-build"]);
      await until(async () => (await container("app")).RestartCount > 1, "the app has tried again", 60);
      assert.match(await logs("app"), /There is no API key.*\nMake one with the command `keys create --name NAME`/);
      await assertUnavailable(stack, "x".repeat(40));
      key = await create("--name", "laptop");
      await until(async () => (await ask(stack, "/health")).status === 200, "the app is up", 90);
    },
  );

  await t.step("up: healthy with no certificate and no session, and each says so", async () => {
    await compose(["up", "--detach", "--no-build", "--wait", "--wait-timeout", "90"]);
    for (const service of ["app", "nginx", "certbot", "sandbox"]) {
      const { State, RestartCount } = await container(service);
      assert.equal(State.Health?.Status, "healthy", service);
      assert.ok(service === "app" || RestartCount === 0, service);
    }
    assert.match(await logs("nginx"), /no certificate for toolkit\.example yet: a self-signed one is used/);
    assert.match(await logs("app"), /"state":"needs_login"/);
    await until(
      async () => /Next try in 10 minutes/.test(await logs("certbot")),
      "certbot says when it tries again",
      60,
    );
    assert.equal((await container("certbot")).RestartCount, 0);
    assert.match(await serial(stack), /CN ?= ?self-signed/);
    assert.deepEqual(await statusOf(stack, "/health"), [200, { status: "down" }]);
    assert.equal((await ask(stack, "/api/tools")).status, 401);
    assert.equal((await ask(stack, "/health/ready")).status, 503);
  });

  await t.step("containers: read-only, without privileges, limited, each in its networks", async () => {
    await assertIsolated(stackOf);
  });

  await t.step("secrets: files that the app's user alone reads, and nothing that can be inspected", async () => {
    await assertSecrets(stack);
    const all = await inspected();
    for (const secret of [API_HASH, SESSION_KEY]) assert.ok(!all.includes(secret), "a secret can be inspected");
  });

  await t.step("networks: nobody reaches the app but nginx and what is beside it", async () => {
    await assertNetworks(stack, stackOf);
    for (const port of [8000, 9090]) {
      const { code } = await run([
        ...stack.inClient,
        "curl",
        "--silent",
        "--max-time",
        "3",
        `http://${MACHINE}:${port}/`,
      ]);
      assert.equal(code, 7, `port ${port} is published`);
    }
    const metrics = ["curl", "--silent", "--max-time", "5", "http://app:9090/metrics"];
    assert.match((await compose(["exec", "-T", "nginx", ...metrics])).out, /^telegram_connection_state/m);
    assert.equal((await ask(stack, "/metrics")).status, 404);
  });

  await t.step("health checks: each finds what is well, and what is not", async () => {
    await assertHealthChecks(stack, stackOf);
  });

  await t.step("login: beside the app, which goes on with it by itself, as commands do that ask it", async () => {
    const { err } = await compose(["run", "--rm", "-T", "app", "login", "--phone", PHONE], `${CODE}\n`);
    assert.match(err, /The session is stored in \/data\/session, encrypted with SESSION_KEY/);
    assert.match(err, /The server at http:\/\/app:8000 goes on with it by itself/);
    await until(async () => (await ask(stack, "/health/ready")).status === 200, "the app is ready", 30);
    assert.deepEqual(await fetched(stack, key), [200, 1]);
    const whoami = await compose(["run", "--rm", "-T", "app", "whoami"]);
    assert.match(whoami.out, /sandbox_owner/);
    await create("--name", "some", "--chat", "@sandbox_news");
  });

  await t.step("clients: their own address counts, whatever they say it is", async () => {
    await ask(stack, "/api/tools", { key, headers: ["X-Forwarded-For: 203.0.113.9", "X-Request-Id: spoofed-address"] });
    const lines = (await logs("app")).split("\n").filter((line) => line.includes("spoofed-address"));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", new RegExp(`"client_ip":"${CLIENT.replaceAll(".", "\\.")}"`));
  });

  await t.step(
    "the app replaced: 503 meanwhile, and right within five seconds of healthy, at a new address",
    async () => {
      const before = await container("app");
      const nginx = await container("nginx");
      const addressOf = ({ NetworkSettings: { Networks } }: Container): string | undefined =>
        Object.entries(Networks).find(([name]) => name.endsWith("_back"))?.[1].IPAddress;
      await compose(["rm", "--stop", "--force", "app"]);
      await assertUnavailable(stack, key);
      const second = await create("--name", "second");
      // Somebody else has the address from now on, at which nobody answers.
      const squatter = [
        "--entrypoint",
        "sleep",
        "--network",
        "telegram-toolkit-mcp_back",
        "--ip",
        `${addressOf(before)}`,
      ];
      const id = await stack.docker(["run", "--detach", ...squatter, "nginx:1.30", "600"]);
      await assertUnavailable(stack, key);
      await compose(["up", "--detach", "--no-build", "--wait", "app"]);
      const healthy = performance.now();
      await until(async () => (await fetched(stack, second))[0] === 200, "the new one is reached", 5);
      assert.ok(performance.now() - healthy < 5000);
      assert.deepEqual(await fetched(stack, key), [200, 1]);
      assert.notEqual(addressOf(await container("app")), addressOf(before));
      assert.equal((await container("nginx")).State.StartedAt, nginx.State.StartedAt);
      assert.doesNotMatch(await logs("nginx"), /reconfiguring/);
      await stack.docker(["rm", "--force", id]);
    },
  );

  await t.step("certificates: certbot's take the place of the self-signed one, each new one by itself", async () => {
    const started = (await container("nginx")).State.StartedAt;
    const ports = [ACME_PORT, 15000, 8053, 8055] as const;
    await using acme = await startAcme({ within: stack.inMachine, host: MACHINE, ports });
    await Deno.writeTextFile(ca, await Deno.readTextFile(acme.itsOwn));
    await compose(["restart", "certbot"]);
    await until(
      async () => (await ask(stack, "/health", { authority: acme.root })).status === 200,
      "it is trusted",
      60,
    );
    // A worker of before the reload may answer once more.
    let first = "";
    await until(async () => /Pebble/i.test(first = await serial(stack)), "the authority's is used");
    await compose(["exec", "-T", "certbot", "certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew"]);
    let second = "";
    await until(async () => ![first, ""].includes(second = await serial(stack)), "the next one is used", 60);
    // What runs of itself between two looks.
    const processes = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
    assert.match((await compose(["exec", "-T", "certbot", "sh", "-c", processes])).out, /\bsleep 43200 /);
    await assertRenewsByItself(stack, files, second);
    assert.equal((await ask(stack, "/health", { authority: acme.root })).status, 200);
    assert.equal((await container("nginx")).State.StartedAt, started);
    assert.deepEqual(await fetched(stack, key), [200, 1]);
  });

  await t.step("upgrade: a version takes the place of another one, and goes back", async () => {
    const [name, old] = PRODUCT.split(":");
    for (const image of [PRODUCT, SANDBOX]) await stack.docker(["tag", image, image.replace(`:${old}`, ":0.2.0")]);
    for (const [version, ...more] of [["0.2.0", "--force-recreate"], ["latest"]] as const) {
      const up = [...files, "up", "--detach", "--no-build", "--wait", ...more];
      const { code, err } = await stack.compose(up, version === old ? {} : { env: { VERSION: version } });
      assert.equal(code, 0, err);
      assert.equal((await container("app")).Config.Image, `${name}:${version}`);
      await until(async () => (await fetched(stack, key))[0] === 200, "it answers", 30);
    }
  });

  await t.step("backup and restore: by standard output and input, beside the app and in its place", async () => {
    const words = [DOCKER, "compose", "--project-directory", PROJECT, ...files];
    const shell = (script: string): Promise<string> =>
      textOf(["sh", "-euc", script, join(stack.folder, "backup.tar"), ...words], { env: stack.env });
    await shell('"$@" exec -T app telegram-toolkit-mcp backup - >"$0"');
    const late = await create("--name", "late");
    assert.equal((await fetched(stack, late))[0], 200);
    await compose(["stop", "app"]);
    await shell('"$@" run --rm -T app restore --force - <"$0"');
    await compose(["up", "--detach", "--no-build"]);
    await until(async () => (await fetched(stack, key))[0] === 200, "it answers with what was restored", 30);
    assert.equal((await fetched(stack, late))[0], 401);
    assert.doesNotMatch((await compose(["exec", "-T", "app", "telegram-toolkit-mcp", "keys", "list"])).out, /late/);
    const data = [
      "run",
      "--rm",
      "--volume",
      "telegram-toolkit-mcp_data:/data",
      "--entrypoint",
      "sh",
      "nginx:1.30",
      "-c",
    ];
    assert.match(await stack.docker([...data, "ls /data"]), /before-restore-/);
    await stack.docker([...data, "rm -r /data/before-restore-*"]);
    assert.doesNotMatch(await stack.docker([...data, "ls /data"]), /before-restore-/);
  });

  await t.step("secrets: one that is changed in .env reaches the app when all is made anew", async () => {
    const text = await Deno.readTextFile(env);
    await Deno.writeTextFile(env, text.replace(SESSION_KEY, `another-${SESSION_KEY}`));
    await compose(["up", "--detach", "--no-build", "--force-recreate"]);
    await until(async () => /SESSION_KEY is not the key/.test(await logs("app")), "the app has the new key", 30);
    assert.equal((await ask(stack, "/health/ready")).status, 503);
    const { err } = await compose(["run", "--rm", "-T", "app", "login", "--again", "--phone", PHONE], `${CODE}\n`);
    assert.match(err, /goes on with it by itself/);
    await until(async () => (await fetched(stack, key))[0] === 200, "it answers with the new session", 30);
  });

  await t.step("stop: each ends in time and well", async () => {
    await compose(["stop"]);
    for (const service of ["app", "nginx", "certbot", "sandbox"]) {
      assert.equal((await container(service)).State.ExitCode, 0, service);
    }
    // Beside nothing that runs it works as well.
    const again = await compose(["run", "--rm", "-T", "app", "login", "--again", "--phone", PHONE], `${CODE}\n`);
    assert.match(again.err, /Next: start the server/);
    await compose(["down", "--volumes"]);
  });

  await t.step("demo: without credentials, domain and key it is up and answers", async () => {
    const demo = deploymentOf(stack, ["--env-file", join(PROJECT, "deploy/demo.env")]);
    await demo.compose(["up", "--detach", "--no-build", "--wait", "--wait-timeout", "90"]);
    const body = JSON.stringify({ chat: "@sandbox_news", limit: 1 });
    const url = "https://localhost:8443/api/tools/fetch_history";
    const asking = [...stack.inMachine, "curl", "--silent", "--insecure", "--json", body, url];
    await until(async () => Object(JSON.parse(await textOf(asking))).count === 1, "messages come", 30);
    await demo.compose(["down", "--volumes"]);
  });
});

/**
 * certbot's container looks again and again, leaves what is not due as it is, and renews what has become due.
 * @param files those of the deployment
 * @param kept the certificate in use
 */
async function assertRenewsByItself(stack: Stack, files: readonly string[], kept: string): Promise<void> {
  const often = join(stack.folder, "often.json");
  await Deno.writeTextFile(often, JSON.stringify({ services: { certbot: { environment: { RENEW_SECONDS: "1" } } } }));
  const { compose, container, logs } = deploymentOf(stack, [...files, "-f", often]);
  const up = ["up", "--detach", "--no-build", "--no-deps", "certbot"];
  await compose(up);
  await until(
    async () => [...(await logs("certbot")).matchAll(/not yet due for renewal; no action taken/g)].length > 1,
    "it looks",
    60,
  );
  assert.equal(await serial(stack), kept);
  // The authority's are good for five years.
  const edit = ["exec", "-T", "certbot", "sed", "--in-place"];
  const file = `/etc/letsencrypt/renewal/${DOMAIN}.conf`;
  await compose([...edit, "1i renew_before_expiry = 9999 days", file]);
  await until(async () => ![kept, ""].includes(await serial(stack)), "the renewed one is used", 60);
  const { RestartCount, State: { Status } } = await container("certbot");
  assert.deepEqual([RestartCount, Status], [0, "running"]);
  await compose([...edit, "/^renew_before_expiry/d", file]);
  await deploymentOf(stack, files).compose(up);
}

async function statusOf(stack: Stack, path: string): Promise<unknown[]> {
  const { status, body } = await ask(stack, path);
  return [status, JSON.parse(body)];
}

/** The status and the number of messages of a tool's answer. */
async function fetched(stack: Stack, key: string): Promise<unknown[]> {
  const { status, body } = await ask(stack, "/api/tools/fetch_history", {
    key,
    body: { chat: "@sandbox_news", limit: 1 },
  });
  return [status, status === 200 ? Object(JSON.parse(body)).count : body];
}

/** Clients are told to come back, in the words of their protocol. */
async function assertUnavailable(stack: Stack, key: string): Promise<void> {
  const { status, headers, body } = await ask(stack, "/mcp", { key, body: INITIALIZE });
  assert.equal(status, 503, body);
  assert.match(headers, /\r\nretry-after: \d+\r\n/);
  const { jsonrpc, error, id } = JSON.parse(body);
  assert.deepEqual([jsonrpc, id, error.data.code], ["2.0", null, "OVERLOADED"]);
}
