import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import project from "../../deno.json" with { type: "json" };
import { optionNames, optionOf } from "../../src/config/options.ts";
import { start, until } from "../cli/command.ts";
import { sizeOf } from "../cli/exports.ts";
import { compilerVersion, denort } from "./base_images.ts";
import { type Builder, SANDBOX, startBuilder } from "./built_images.ts";
import { type Site, startSite, statusLine, USER } from "./container.ts";
import { DOCKER, DOCKER_NEEDS } from "./docker.ts";
import { run, textOf } from "./machine.ts";
import { noteNotRun, say } from "../not_run.ts";
import { deployTest } from "./needs.ts";
import { PROJECT, STACK_NEEDS } from "./stack.ts";

/** What its last stage starts from. */
const BASE = "gcr.io/distroless/cc-debian12:nonroot";
const NAME = "telegram-toolkit-mcp";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
/** The goal. */
const LARGEST_IMAGE = 125_000_000;
/** Stands in all that must not be built in. */
const SECRET = "not-for-anybody-4711";

const imageSchema = z.tuple([z.object({
  Size: z.int(),
  Config: z.object({
    User: z.string(),
    WorkingDir: z.string(),
    Entrypoint: z.array(z.string()),
    Cmd: z.array(z.string()),
    Env: z.array(z.string()),
    Volumes: z.unknown().optional(),
    ExposedPorts: z.record(z.string(), z.unknown()),
    Labels: z.record(z.string(), z.string()),
    Healthcheck: z.object({ Test: z.array(z.string()) }),
  }),
})]);

deployTest("image: from the Dockerfile as it stands comes the binary alone, from its dependencies without a network", [
  ...DOCKER_NEEDS,
  denort,
], async (t) => {
  await using disposables = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  disposables.defer(() => Deno.remove(folder, { recursive: true }));
  const builder = disposables.use(await startBuilder(folder));
  const { docker } = builder;
  const image = `${NAME}:first`;

  await t.step("docker build --check: it has nothing to say", async () => {
    const check = await docker(["build", "--check", "--build-arg", `DENO_VERSION=${await compilerVersion()}`, PROJECT]);
    assert.match(check, /Check complete, no warnings found/);
  });

  await t.step("it builds", async () => {
    await builder.build(image, { args: { COMMIT, VERSION: "1.2.3" } });
    assert.equal(await versionOf(builder, image), `${project.version} (${COMMIT.slice(0, 12)})`);
  });

  await t.step("what it says of itself", async () => {
    const [{ Size, Config }] = imageSchema.parse(JSON.parse(await docker(["inspect", image])));
    say(`image: ${(Size / 1e6).toFixed(1)} MB`);
    assert.ok(Size <= LARGEST_IMAGE, `${Size} bytes`);
    assert.deepEqual(
      [Config.User, Config.WorkingDir, Config.Entrypoint, Config.Cmd, Object.keys(Config.ExposedPorts)],
      [`${USER}:${USER}`, "/data", [`/usr/bin/${NAME}`], ["serve"], ["8000/tcp"]],
    );
    assert.deepEqual(Config.Healthcheck.Test, ["CMD", `/usr/bin/${NAME}`, "healthcheck"]);
    for (
      const set of [
        ...["DATA_DIR=/data", "MCP_SERVER_HOST=0.0.0.0", "MCP_SERVER_PORT=8000"],
        ...["MALLOC_ARENA_MAX=1", "MALLOC_TRIM_THRESHOLD_=131072"],
      ]
    ) assert.ok(Config.Env.includes(set), set);
    assert.equal(Config.Volumes ?? undefined, undefined);
    assert.deepEqual(Config.Labels, labels("1.2.3", COMMIT));
    const [, named = ""] = /^ARG DENO_VERSION=(.+)$/m.exec(await Deno.readTextFile(join(PROJECT, "Dockerfile"))) ?? [];
    assert.equal(named, "2.9.6");
    const tried = await compilerVersion();
    if (tried !== named) noteNotRun(`image: built by Deno ${named}, as the Dockerfile has it: here by ${tried}`);
  });

  await t.step("what it says of itself when nothing is given, and what compose gives", async () => {
    const override = join(folder, "build.yaml");
    const base = { network: "host", args: { DENO_VERSION: await compilerVersion() } };
    await Deno.writeTextFile(override, JSON.stringify({ services: { app: { build: base } } }));
    const files = ["-f", join(PROJECT, "compose.yaml"), "-f", override];
    for (
      const [given, said] of [
        ["", labels(project.version, "unknown")],
        [`COMMIT=${COMMIT}\nVERSION=1.2.3\n`, labels("1.2.3", COMMIT)],
        ["COMMIT=\nVERSION=\n", labels(project.version, "unknown")],
      ] as const
    ) {
      const env = join(folder, "build.env");
      await Deno.writeTextFile(env, given);
      await docker(["compose", "--project-directory", PROJECT, "--env-file", env, ...files, "build", "app"]);
      const tag = given.includes("1.2.3") ? "1.2.3" : "latest";
      assert.deepEqual(await labelsOf(builder, `${NAME}:${tag}`), said, given);
      await docker(["rmi", `${NAME}:${tag}`]);
    }
    await builder.build(`${NAME}:plain`);
    assert.deepEqual(await labelsOf(builder, `${NAME}:plain`), labels(project.version, "unknown"));
  });

  await t.step("what is in it: the binary, its bill of materials and a folder that is the server's own", async () => {
    const files = await addedFiles(builder, image, folder);
    assert.deepEqual(
      files.toSorted(),
      [
        `drwx------ ${USER}/${USER} data/`,
        "drwxr-xr-x 0/0 usr/",
        "drwxr-xr-x 0/0 usr/bin/",
        "drwxr-xr-x 0/0 usr/share/",
        "drwxr-xr-x 0/0 usr/share/doc/",
        `drwxr-xr-x 0/0 usr/share/doc/${NAME}/`,
        `-rw-r--r-- 0/0 usr/share/doc/${NAME}/${NAME}.cdx.json`,
        `-rwxr-xr-x 0/0 usr/bin/${NAME}`,
      ].toSorted(),
    );
  });

  await t.step("what was set for it: no variable that holds a secret", async () => {
    const said = await docker(["history", "--no-trunc", "--format", "{{.CreatedBy}}", image]) +
      await docker(["inspect", image]);
    const secrets = optionNames().filter((name) => optionOf(name).secret);
    assert.ok(secrets.length > 3);
    for (const name of secrets) assert.ok(!said.includes(name), name);
  });

  await t.step(
    "a source has changed, and secrets lie about: nothing is downloaded, and no layer has them",
    async () => {
      const context = join(folder, "context");
      await copyOfProject(context);
      await plant(context);
      const source = join(context, "src/version.ts");
      await Deno.writeTextFile(source, `${await Deno.readTextFile(source)}// Changed.\n`);
      // Without a commit, too: there is no repository in a build.
      for (const [tag, target] of [[`${NAME}:second`, undefined], [SANDBOX, "sandbox"]] as const) {
        const said = await builder.build(tag, { context, ...(target === undefined ? {} : { target }) });
        const steps = stepsOf(said);
        assert.deepEqual(steps.filter(({ stage, isCached }) => stage === "dependencies" && !isCached), [], said);
        assert.ok(steps.some(({ stage, isCached }) => stage === (target ?? "build") && !isCached), said);
        assert.doesNotMatch(said, /\bDownload\b/);
      }
      assert.equal(await versionOf(builder, `${NAME}:second`), project.version);
      const { code, out } = await run(["grep", "-rlF", SECRET, join(folder, "data")]);
      assert.deepEqual([code, out], [1, ""]);
    },
  );
});

deployTest("image: its container serves as nobody in particular, outlives kill -9 and ends in order", [
  ...STACK_NEEDS,
  denort,
], async (t) => {
  await using site = await startSite({ latencyMs: 100 });
  const { stack, ask } = site;
  let key = "";

  await t.step("before there is a key: serve says how to make one, and keys create makes it", async () => {
    const refused = await site.command(["serve"]);
    assert.equal(refused.code, 1, refused.text);
    assert.match(refused.text, /There is no API key[^]*keys create --name NAME/);
    const { code, text } = await site.command(["keys", "create", "--name", "first"]);
    assert.equal(code, 0, text);
    key = /^\S{32,}$/m.exec(text)?.[0] ?? "";
    assert.ok(key, text);
  });

  await t.step("before there is a session: healthy, and it says so", async () => {
    const begun = performance.now();
    await site.serve();
    await site.healthy();
    say(`start to healthy: ${Math.round(performance.now() - begun)} ms`);
    assert.match(await site.logs(), /needs_login/);
    assert.equal((await ask("/health/live")).status, 200);
    assert.equal((await ask("/health/ready")).status, 503);
    const { status, body } = await ask("/api/tools/fetch_history", { key, body: { chat: "@sandbox_news" } });
    assert.deepEqual([status, body["code"]], [503, "SESSION_INVALID"], JSON.stringify(body));
  });

  await t.step("with one: messages come", async () => {
    await site.serve({ session: true });
    await site.healthy();
    await ready(site);
    const { status, body } = await ask("/api/tools/fetch_history", { key, body: { chat: "@sandbox_news", limit: 1 } });
    assert.deepEqual([status, body["count"]], [200, 1], JSON.stringify(body));
    assert.equal((await ask("/api/tools/fetch_history", { body: { chat: "@sandbox_news" } })).status, 401);
  });

  await t.step("it is nobody in particular: no root, capabilities, shell, or place to write but its own", async () => {
    const { State: { Pid } } = await site.inspect();
    const of = (name: string): Promise<string> => statusLine(Pid, name);
    assert.equal(await of("Uid"), Array(4).fill(USER).join("\t"));
    assert.deepEqual(await Promise.all(["CapEff", "CapBnd", "NoNewPrivs", "Seccomp"].map(of)), [
      ...["0000000000000000", "0000000000000000"],
      ...["1", "2"],
    ]);
    const mounts = await Deno.readTextFile(`/proc/${Pid}/mounts`);
    assert.match(mounts, /^overlay \/ overlay ro,/m);
    for (const shell of ["sh", "/bin/sh", "bash", "busybox"]) {
      const { code, err, out } = await run([DOCKER, "exec", "server", shell, "-c", "true"], { env: stack.env });
      assert.notEqual(code, 0);
      assert.match(out + err, /executable file not found|no such file or directory/);
    }
    const { mode, uid } = await Deno.stat(site.data);
    assert.deepEqual([(mode ?? 0) & 0o777, uid], [0o700, USER]);
    assert.match(await stack.docker(["exec", "server", NAME, "keys", "list"]), /first/);
  });

  await t.step("kill -9 amid an export: it is up again by itself, and the export becomes whole", async () => {
    const started = await ask("/api/tools/start_export", { key, body: { chat: "@sandbox_archive", wait_seconds: 0 } });
    assert.equal(started.status, 200, JSON.stringify(started.body));
    const id = String(started.body["id"]);
    const part = join(site.data, "exports", id, "messages.ndjson.part");
    await until(async () => await sizeOf(part) > 0, "it writes", 60);
    const { State: { Pid } } = await site.inspect();
    Deno.kill(Pid, "SIGKILL");
    await until(async () => (await site.inspect()).RestartCount === 1, "it is started again", 30);
    assert.equal(await sizeOf(join(site.data, "exports", id, "messages.ndjson")), 0, "the export was not over");
    await site.healthy();
    await ready(site);
    let shown: Record<string, unknown> = {};
    await until(
      async () => {
        shown = (await ask("/api/tools/get_export", { key, body: { id, wait_seconds: 45 } })).body;
        return shown["state"] === "completed";
      },
      "the export is there",
      120,
    );
    assert.equal(shown["complete"], true, JSON.stringify(shown));
    const verified = await site.command(["verify", `/data/exports/${id}`]);
    assert.equal(verified.code, 0, verified.text);
  });

  await t.step("SIGTERM: streams end, what runs is kept, exit code 0, nothing is left open", async () => {
    await using stream = await openStream(site, key);
    await ask("/api/tools/start_export", {
      key,
      body: { chat: "@sandbox_archive", format: "csv", wait_seconds: 0 },
    });
    await stack.docker(["stop", "--time", "15", "server"]);
    const { State } = await site.inspect();
    assert.deepEqual([State.Status, State.ExitCode, State.OOMKilled], ["exited", 0, false], await site.logs());
    // Cut off it would be 18.
    assert.equal(await stream.ended(), 0, stream.err.text());
    const left = (await textOf(["ls", "-A", site.data])).split("\n");
    assert.deepEqual(left.filter((name) => /-wal$|-shm$/.test(name)), [], left.join());
    await site.serve({ session: true });
    await ready(site);
    const { body } = await ask("/api/tools/list_exports", { key, body: {} });
    assert.match(JSON.stringify(body), /"state":"(running|waiting)"/);
    await stack.docker(["stop", "--time", "15", "server"]);
    assert.equal((await site.inspect()).State.ExitCode, 0);
  });
});

function ready({ ask }: Site): Promise<void> {
  return until(async () => (await ask("/health/ready")).status === 200, "it is ready", 60);
}

/** An event stream of an MCP session. */
async function openStream({ curl, url }: Site, key: string): Promise<ReturnType<typeof start>> {
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } };
  const headers = ["--header", `Authorization: Bearer ${key}`];
  const opening = await textOf([
    ...[...curl, ...headers, "--dump-header", "-", "--output", "/dev/null"],
    ...["--json", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })],
    ...["--header", "Accept: application/json, text/event-stream", `${url}/mcp`],
  ]);
  const session = /^mcp-session-id: (\S+)/im.exec(opening)?.[1] ?? "";
  assert.ok(session, opening);
  const [program = "", ...words] = [...curl, ...headers, "--no-buffer", "--verbose"];
  const asking = ["--header", `Mcp-Session-Id: ${session}`, "--header", "Accept: text/event-stream", `${url}/mcp`];
  const stream = start(program, [...words, ...asking]);
  await stream.err.until(/^< content-type: text\/event-stream/im);
  return stream;
}

/** All that an image says of itself. */
function labels(version: string, revision: string): Record<string, string> {
  const said = {
    title: NAME,
    description: "A read-only MCP server for the Telegram history its owner can see",
    version,
    revision,
    "base.name": BASE,
  };
  return Object.fromEntries(Object.entries(said).map(([name, value]) => [`org.opencontainers.image.${name}`, value]));
}

/** Those that the Open Container Initiative has named; compose puts its own beside them. */
async function labelsOf({ docker }: Builder, image: string): Promise<Record<string, string>> {
  const [{ Config }] = imageSchema.parse(JSON.parse(await docker(["inspect", image])));
  return Object.fromEntries(
    Object.entries(Config.Labels).filter(([name]) => !name.startsWith("com.docker.compose.")),
  );
}

async function versionOf({ docker }: Builder, image: string): Promise<string> {
  return await docker(["run", "--rm", "--network", "none", image, "--version"]);
}

/** What the layers above the base have, as `tar` lists it: mode, owner and path. */
async function addedFiles({ docker }: Builder, image: string, folder: string): Promise<string[]> {
  const [saved, layers] = [join(folder, "saved"), await layersOf(docker, image)];
  await Deno.mkdir(saved);
  await docker(["save", "--output", join(folder, "saved.tar"), image]);
  await textOf(["tar", "-C", saved, "-xf", join(folder, "saved.tar")]);
  const base = await layersOf(docker, BASE);
  assert.deepEqual(layers.slice(0, base.length), base);
  const files = new Set<string>();
  for (const layer of layers.slice(base.length)) {
    const list = await textOf(["tar", "--numeric-owner", "-tvf", join(saved, "blobs", layer.replace(":", "/"))]);
    for (const line of list.split("\n")) {
      const [mode, owner, , , , ...path] = line.split(/\s+/);
      if (mode) files.add(`${mode} ${owner} ${path.join(" ")}`);
    }
  }
  return [...files];
}

async function layersOf(docker: Builder["docker"], image: string): Promise<string[]> {
  return z.array(z.string()).parse(JSON.parse(await docker(["inspect", "--format", "{{json .RootFS.Layers}}", image])));
}

/** What a clone would have. */
async function copyOfProject(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const script =
    'git ls-files -z --cached --others --exclude-standard | tar --null -T - --ignore-failed-read -cf - | tar -C "$0" -xf -';
  await textOf(["sh", "-c", `cd "$1" && ${script}`, folder, PROJECT]);
}

async function plant(folder: string): Promise<void> {
  const paths = [
    ...[".env", ".git/config", "data/session", "secrets/api_hash", "dist/x", "node_modules/x/x.js", "tests/x.ts"],
    ...["src/.env", "src/auth/local.key", "sandbox/session.pem", "deploy/production.env", "deploy/secrets.sh"],
  ];
  for (const path of paths) {
    await Deno.mkdir(join(folder, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, path), `${SECRET}\n`);
  }
}

/** The steps of a build's stages, less what they start from. */
function stepsOf(said: string): { readonly stage: string; readonly isCached: boolean }[] {
  return [...said.matchAll(/^#(\d+) \[(\S+) +\d+\/\d+\] (?!FROM)/gm)].map(([, number, stage = ""]) => ({
    stage,
    isCached: new RegExp(`^#${number} CACHED`, "m").test(said),
  }));
}
