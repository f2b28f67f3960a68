/**
 * The binary as it is handed on: what is beside it, and that it needs nothing else.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv/dist/ajv.js";
import formats from "ajv-formats";
import { z } from "zod";
import { NAME, VERSION } from "../../src/version.ts";
import { binary } from "../bench/binary.ts";
import { compileOnce, compileProblem } from "../binary/compiled.ts";
import { type Ran, result, start, until } from "../cli/command.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { say } from "../not_run.ts";
import { compiler } from "./base_images.ts";
import { deployTest, program } from "./needs.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DIST = join(ROOT, "dist");

const lockSchema = z.object({ npm: z.record(z.string(), z.unknown()) });
const billSchema = z.object({
  metadata: z.object({
    component: z.object({
      version: z.string(),
      properties: z.array(z.object({ name: z.string(), value: z.string() })),
    }),
  }),
  components: z.array(z.object({
    type: z.string(),
    name: z.string(),
    version: z.string(),
    purl: z.string(),
    hashes: z.array(z.object({ alg: z.literal("SHA-512"), content: z.hex() })).optional(),
  })),
});

/** That it cannot be is a failure. */
async function compile(): Promise<void> {
  assert.equal(await compileOnce(), undefined);
}

async function ran(command: string, args: readonly string[]): Promise<Ran> {
  await using running = start(command, args);
  return await result(running);
}

async function commit(): Promise<string> {
  return Deno.env.get("COMMIT") || (await ran("git", ["-C", ROOT, "rev-parse", "HEAD"])).out.trim();
}

/** CycloneDX's own schema, which another project hands on. */
function cycloneDx(name: string): Record<string, unknown> {
  const manifest = import.meta.resolve("@cyclonedx/cyclonedx-library/package.json");
  const text = Deno.readTextFileSync(new URL(`res/schema/${name}.SNAPSHOT.schema.json`, manifest));
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

deployTest(
  "binary: sha256sum finds the sums beside it right, and wrong for another byte",
  [program("sha256sum")],
  async () => {
    await compile();
    const check = async (folder: string): Promise<number> => {
      const script = 'cd "$0" && sha256sum --check --strict --quiet SHA256SUMS';
      return (await ran("sh", ["-c", script, folder])).code;
    };
    assert.equal(await check(DIST), 0);
    const directory = await Deno.makeTempDir();
    try {
      for (const name of ["SHA256SUMS", NAME, `${NAME}.cdx.json`]) {
        await Deno.copyFile(join(DIST, name), join(directory, name));
      }
      assert.equal(await check(directory), 0);
      await Deno.writeTextFile(join(directory, NAME), "x", { append: true });
      assert.notEqual(await check(directory), 0);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

/** The packages of which the bundler takes something, as it says beside each module before comments are taken out. */
async function bundledPackages(): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const options = ["--quiet", "--platform", "deno", "--code-splitting", "--outdir", folder];
    const { code, err } = await ran(compiler(), ["bundle", ...options, join(ROOT, "main.ts")]);
    assert.equal(code, 0, err);
    const texts = [...Deno.readDirSync(folder)].map(({ name }) => Deno.readTextFileSync(join(folder, name))).join("\n");
    const modules = texts.matchAll(/^\/\/ \S*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/@]+)\/(\d[^/]*)\/\S+$/gm);
    return [...new Set(Array.from(modules, ([, name, version]) => `${name}@${version}`))].toSorted();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

deployTest(
  "binary: its bill of materials is CycloneDX 1.6, and lists every package that is in it, and the runtime",
  [],
  async () => {
    await compile();
    const text = await Deno.readTextFile(join(DIST, `${NAME}.cdx.json`));
    const ajv = new Ajv({ strict: false, allErrors: true });
    formats.default(ajv);
    for (const format of ["iri-reference", "idn-email"]) ajv.addFormat(format, true);
    for (const name of ["spdx", "jsf-0.82"]) {
      ajv.addSchema(cycloneDx(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
    }
    const validate = ajv.compile(cycloneDx("bom-1.6"));
    assert.ok(validate(JSON.parse(text)), ajv.errorsText(validate.errors));
    const { metadata: { component }, components } = billSchema.parse(JSON.parse(text));
    assert.equal(component.version, VERSION);
    assert.deepEqual(component.properties, [{ name: "commit", value: await commit() }]);
    assert.equal(components.filter(({ type, name }) => type === "platform" && name === "deno").length, 1);
    const { npm } = lockSchema.parse(JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock"))));
    const libraries = components.filter(({ type }) => type === "library");
    for (const { name, version, purl, hashes } of libraries) {
      const key = `${name}@${version}`;
      assert.ok(Object.keys(npm).some((each) => each === key || each.startsWith(`${key}_`)), key);
      assert.equal(purl, `pkg:npm/${key.replace(/^@/, "%40")}`);
      assert.equal(hashes?.[0]?.content.length, 128);
    }
    const names = libraries.map(({ name }) => name);
    assert.deepEqual(libraries.map(({ name, version }) => `${name}@${version}`).toSorted(), await bundledPackages());
    // Only tests have them.
    for (const name of ["csv-parse", "telegram-chat-parser", "@cyclonedx/cyclonedx-library"]) {
      assert.ok(!names.includes(name), name);
    }
  },
);

deployTest("binary: compiled again, it has the same bytes and the same bill", [], async () => {
  await compile();
  const sums = await Deno.readTextFile(join(DIST, "SHA256SUMS"));
  assert.equal(await compileProblem(), undefined);
  assert.equal(await Deno.readTextFile(join(DIST, "SHA256SUMS")), sums);
});

deployTest("compile: a target that there is not, and what is no option, end it with 2 and a usage", [], async () => {
  for (const args of [["--target", "sparc-sun-solaris"], ["--tarket"], ["x"]]) {
    const { code, out, err } = await ran(Deno.execPath(), ["run", "-A", join(ROOT, "deploy/compile.ts"), ...args]);
    assert.equal(code, 2);
    assert.match(out + err, /^usage: deno task compile \[--target TRIPLE\], of x86_64-unknown-linux-gnu, /);
  }
});

deployTest("binary: --version has the version and the commit", [], async () => {
  await compile();
  const { code, out } = await ran(join(DIST, NAME), ["--version"]);
  assert.deepEqual([code, out], [0, `${VERSION} (${(await commit()).slice(0, 12)})\n`]);
});

deployTest("binary: it may start no program, load no foreign code and import nothing from elsewhere", [], async () => {
  await compile();
  // What `deno compile` has written into it is what it runs with: nothing at its start can add to that.
  const text = new TextDecoder("latin1").decode(await Deno.readFile(join(DIST, NAME)));
  const [, permissions] =
    /"permissions":(\{"allow_env":.*?\})/s.exec(text.slice(text.lastIndexOf('"permissions":{'))) ?? [];
  const allowed = z.record(z.string(), z.unknown()).parse(JSON.parse(permissions ?? "null"));
  const { allow_run, allow_ffi, deny_import, prompt, allow_sys } = allowed;
  assert.deepEqual({ allow_run, allow_ffi, deny_import, prompt, allow_sys }, {
    allow_run: null,
    allow_ffi: null,
    deny_import: [],
    prompt: false,
    allow_sys: ["uid", "statfs"],
  });
});

deployTest("binary: alone in an empty folder it serves its page, its schemas and its tools", [], async () => {
  await compile();
  await using sandbox = await startSandbox();
  const directory = await Deno.makeTempDir();
  try {
    await Deno.copyFile(join(DIST, NAME), join(directory, NAME));
    const variables = {
      ...sandbox.environment,
      MCP_SERVER_PORT: "0",
      LOG_FORMAT: "json",
      DENO_DIR: "",
      HOME: directory,
    };
    await using running = start("sh", ["-c", `cd "$0" && exec ./${NAME} serve`, directory], variables);
    const { url, version } = z.object({ url: z.string(), version: z.string() })
      .parse(JSON.parse(await running.err.line(/"message":"listening"/)));
    assert.equal(version, `${VERSION} (${(await commit()).slice(0, 12)})`);
    await until(async () => (await answer(`${url}/health/ready`)).status === 200, "it is ready");
    assert.match((await answer(`${url}/`)).text, /^telegram-toolkit-mcp: /);
    for (const name of ["message-1", "media-1", "manifest-1"]) {
      assert.match((await answer(`${url}/api/schemas/${name}`)).text, /"\$schema"/);
    }
    assert.match((await answer(`${url}/metrics`)).text, new RegExp(`build_info\\{.*${await commit()}`));
    const history = await fetch(`${url}/api/tools/fetch_history`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ chat: "@sandbox_news", limit: 3 }),
    });
    assert.equal(history.status, 200);
    assert.match(await history.text(), /"messages"/);
    running.signal("SIGTERM");
    assert.equal(await running.ended(), 0, running.err.text());
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), [NAME]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

deployTest("binary: how long it takes to the first answer, and what it holds when idle", [], async () => {
  await compile();
  await using sandbox = await startSandbox();
  const rows = await binary(sandbox);
  const valueOf = (name: string): number => rows.find((row) => row.name === `binary, ${name}`)?.value ?? NaN;
  const [version, first] = [valueOf("--version"), valueOf("start to the first /health/live 200")];
  const [size, held] = [valueOf("size"), valueOf("idle RSS")];
  say(
    `binary: ${size.toFixed(1)} MB; first 200 after ${first.toFixed(0)} ms of exec (goal: 150); idle ${
      held.toFixed(0)
    } MiB resident (goal: 100 MB, 95 MiB)`,
  );
  // Wide, for machines that are busy: reading everything before the first answer takes longer, and so does a wait.
  assert.ok(first < 4 * version, `--version takes ${version} ms`);
  assert.ok(held < 115, "idle memory is far from its goal");
});
/** Status 0 while nobody listens. */
async function answer(url: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (error instanceof TypeError) return { status: 0, text: "" };
    throw error;
  }
}
