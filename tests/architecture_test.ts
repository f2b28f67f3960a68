/** Who may import whom: `docs/architecture.md` in a form that can fail. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { relative } from "node:path";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The levels of `src/`, lowest first: a folder imports its own level's same folder and lower levels. */
const LEVELS: readonly (readonly string[])[] = [
  ["model", "errors.ts", "version.ts"],
  ["config", "observability", "storage", "http"],
  ["mtproto"],
  ["telegram", "auth"],
  ["exports"],
  ["backup"],
  ["mcp"],
  ["app.ts", "limits.ts", "routes.ts", "sources.ts"],
  ["cli"],
];
/** Folders of one level that must not import each other. */
const STRANGERS: readonly (readonly [string, string])[] = [["telegram", "auth"]];
const GRAM_DOOR = "src/mtproto/gram.ts";

const dependencySchema = z.object({
  specifier: z.string(),
  code: z.object({ specifier: z.string().optional() }).optional(),
  type: z.object({ specifier: z.string().optional() }).optional(),
  isDynamic: z.boolean().default(false),
});
const infoSchema = z.object({
  modules: z.array(z.object({
    specifier: z.string(),
    dependencies: z.array(dependencySchema).optional(),
  })),
});

interface Edge {
  readonly from: string;
  readonly to: string;
  /** Whether reading the one reads the other: a type is not read, and what `import()` names only then. */
  readonly isRead?: boolean;
}

/** Every import, types included, of the modules reachable from the entries; paths relative to the root. */
async function imports(entries: readonly string[]): Promise<Edge[]> {
  const edges = await Promise.all(entries.map(async (entry) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry], cwd: ROOT }).output();
    const { modules } = infoSchema.parse(JSON.parse(new TextDecoder().decode(stdout)));
    return modules.flatMap(({ specifier, dependencies = [] }) =>
      dependencies.flatMap((dependency) => {
        const targets = [dependency.code?.specifier, dependency.type?.specifier].filter((each) => each !== undefined);
        return targets.map((target) => ({
          from: local(specifier),
          to: local(target),
          isRead: target === dependency.code?.specifier && !dependency.isDynamic,
        }));
      })
    );
  }));
  const unique = new Map(edges.flat().map((edge) => [`${edge.from} ${edge.to}`, edge]));
  return [...unique.values()];
}

/** The imports of every source file, those that no program reaches included. */
async function allImports(): Promise<Edge[]> {
  const edges = await imports(["main.ts", "sandbox/main.ts", "sandbox/dev.ts"]);
  const reached = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const files = [...await Array.fromAsync(sources("src")), ...await Array.fromAsync(sources("sandbox"))];
  return [...edges, ...await imports(files.filter((file) => !reached.has(file)))];
}

function local(specifier: string): string {
  return specifier.startsWith("file:") ? relative(ROOT, fileURLToPath(specifier)) : specifier;
}

/** The level of a path under `src/`; undefined elsewhere. */
function levelOf(path: string): number | undefined {
  const part = path.split("/")[1];
  if (!path.startsWith("src/") || part === undefined) return undefined;
  const level = LEVELS.findIndex((names) => names.includes(part));
  return level === -1 ? undefined : level;
}

/** The imports that break a rule, each with the rule; exported rules are tried on made-up imports below. */
function violations(edges: readonly Edge[]): string[] {
  const broken: string[] = [];
  for (const { from, to } of edges) {
    const [above, below] = [levelOf(from), levelOf(to)];
    const name = `${from} imports ${to}`;
    if (from.startsWith("src/") && above === undefined) broken.push(`${from} is in no level`);
    if (above !== undefined && below !== undefined && below > above) broken.push(`${name}: upwards`);
    if (from.startsWith("src/") && to.startsWith("sandbox/")) broken.push(`${name}: the product knows no sandbox`);
    if (from.startsWith("sandbox/") && to.startsWith("src/") && !to.startsWith("src/model/")) {
      broken.push(`${name}: the sandbox shares only the model`);
    }
    if (from.startsWith("src/") && /^npm:\/?(telegram|big-integer)@/.test(to) && from !== GRAM_DOOR) {
      broken.push(`${name}: npm telegram has one door`);
    }
    if (
      STRANGERS.some((pair) =>
        pair.includes(folderOf(from)) && pair.includes(folderOf(to)) && folderOf(from) !== folderOf(to)
      )
    ) {
      broken.push(`${name}: not each other`);
    }
  }
  return [...new Set(broken)];
}

function folderOf(path: string): string {
  return path.startsWith("src/") ? path.split("/")[1] ?? "" : "";
}

/** A cycle among local modules, as the path that closes it. */
function findCycle(edges: readonly Edge[]): string[] | undefined {
  const next = Map.groupBy(edges.filter(({ to }) => !to.includes(":")), ({ from }) => from);
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const { to } of next.get(node) ?? []) {
      const cycle = visit(to, [...path, node]);
      if (cycle !== undefined) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of next.keys()) {
    const cycle = visit(node, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

Deno.test("architecture: every import goes to its own or a lower level", async () => {
  const edges = await allImports();
  assert.ok(edges.length > 100, "deno info saw the tree");
  assert.deepEqual(violations(edges), []);
});

Deno.test("architecture: there are no import cycles", async () => {
  assert.equal(findCycle(await allImports()), undefined);
});

Deno.test("architecture: each rule refuses what it is for", () => {
  const cases: readonly [Edge, string][] = [
    [{ from: "src/http/router.ts", to: "src/mcp/registry.ts" }, "upwards"],
    [{ from: "src/mtproto/invoke.ts", to: "src/telegram/peers.ts" }, "upwards"],
    [{ from: "src/model/chat.ts", to: "src/config/load.ts" }, "upwards"],
    [{ from: "src/telegram/peers.ts", to: "src/auth/keys.ts" }, "not each other"],
    [{ from: "src/cli/serve.ts", to: "sandbox/world/mod.ts" }, "knows no sandbox"],
    [{ from: "sandbox/main.ts", to: "src/telegram/ids.ts" }, "only the model"],
    [{ from: "src/telegram/peers.ts", to: "npm:/telegram@2.26.22/tl/index.js" }, "one door"],
    [{ from: "src/extra/thing.ts", to: "src/errors.ts" }, "no level"],
  ];
  for (const [edge, rule] of cases) {
    assert.match(violations([edge]).join(), new RegExp(rule), `${edge.from} → ${edge.to}`);
  }
});

Deno.test("architecture: a cycle is found", () => {
  const edges = [{ from: "src/a.ts", to: "src/b.ts" }, { from: "src/b.ts", to: "src/a.ts" }];
  assert.deepEqual(findCycle(edges), ["src/a.ts", "src/b.ts", "src/a.ts"]);
});

Deno.test("architecture: no file is called after nothing, and none grows beyond a reader's patience", async () => {
  for await (const path of sources("src")) {
    assert.doesNotMatch(path, /\b(utils?|helpers?|managers?|core|common)\b/);
    const lines = (await Deno.readTextFile(`${ROOT}/${path}`)).split("\n").length;
    assert.ok(lines <= 400, `${path} has ${lines} lines`);
  }
});

Deno.test("architecture: what listens first reads neither npm telegram nor what serves", async () => {
  const next = Map.groupBy((await allImports()).filter(({ isRead }) => isRead), ({ from }) => from);
  const read = new Set(["main.ts", "src/cli/serve.ts"]);
  for (const file of read) for (const { to } of next.get(file) ?? []) read.add(to);
  assert.ok(read.has("src/http/server.ts"));
  assert.deepEqual([...read].filter((file) => /^src\/(app\.ts|mtproto\/|mcp\/)|telegram@/.test(file)), []);
});

Deno.test("architecture: zod is imported as a namespace, of which the binary leaves out what is not used", async () => {
  for await (const path of sources("src")) {
    assert.doesNotMatch(await Deno.readTextFile(`${ROOT}/${path}`), /^import .*\{.* from "zod"/m, path);
  }
});

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(`${ROOT}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path);
    else if (path.endsWith(".ts")) yield path;
  }
}
