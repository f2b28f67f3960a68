/** A restore that is killed before any of its steps: what is there then is all as it was, or all as it was to be. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../src/errors.ts";
import { holdDirectory } from "../../src/storage/lock.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { backupOf, contentsIn, furnish, furnished, withFolder } from "../backup/house.ts";
import { canMount, withMounted } from "../exports/small_disk.ts";
import { command, start, until } from "./command.ts";
import { ofSources } from "./product.ts";

const STANDSTILL = fileURLToPath(new URL("standstill.ts", import.meta.url));
const STOPPED = "only sources can be made to stand still before each of their changes";
/** Enough for `doctor` to look at the session, and nobody listens there. */
const SIGNED_IN = {
  TELEGRAM_API_ID: "1",
  TELEGRAM_API_HASH: "0".repeat(32),
  TELEGRAM_STRING_SESSION: `1${"A".repeat(352)}`,
  TELEGRAM_PROXY: "socks5://127.0.0.1:9",
};
const OLD = furnished("o");
/** What exports have stays where it is. */
const NEW = { ...furnished("n"), exports: OLD.exports };
const KEPT = { ...OLD, exports: [] };

/** Runs the product up to its n-th change and kills it there; what it was about to do, undefined when it came to its end. */
async function killedAt(n: number, args: readonly string[], directory: string): Promise<string | undefined> {
  const words = ["run", "-A", "--no-check", STANDSTILL, String(n), ...args];
  await using running = start(Deno.execPath(), words, { DATA_DIR: directory });
  let isOver = false;
  const over = running.ended().then(() => isOver = true);
  await until(() => isOver || running.err.text().includes("before "), "it stands still or ends", 60);
  const next = /^before (\w+)$/m.exec(running.err.text())?.[1];
  if (next === undefined) {
    await over;
    return undefined;
  }
  running.signal("SIGKILL");
  await over;
  return next;
}

/** Whether the database may be opened. */
function isSettled(directory: string): boolean {
  try {
    openDataDirectory(directory)[Symbol.dispose]();
    return true;
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "UNSUPPORTED", String(error));
    assert.match(error.message, /^A restore of .* is under way, or was interrupted\.$/);
    return false;
  }
}

function foldersBefore(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).filter((name) => name.startsWith("before-"));
}

/** What is there once somebody has held the directory: one state or the other, and nothing half. */
async function stateOf(directory: string): Promise<"old" | "new"> {
  const wasSettled = isSettled(directory);
  const seen = wasSettled ? await contentsIn(directory) : undefined;
  const lock = await holdDirectory(directory, "test");
  lock[Symbol.dispose]();
  const found = await contentsIn(directory);
  if (seen !== undefined) assert.deepEqual(found, seen, "whoever could open it has seen what stays");
  const hidden = Array.from(Deno.readDirSync(directory), ({ name }) => name).filter((name) => name.startsWith("."));
  assert.deepEqual(hidden, []);
  const [before] = foldersBefore(directory);
  if (before === undefined) {
    assert.deepEqual(found, OLD);
    return "old";
  }
  assert.deepEqual(found, NEW);
  assert.deepEqual(await contentsIn(join(directory, before)), KEPT);
  return "new";
}

/** A directory that is furnished, and a backup of another one. */
async function withBoth(use: (file: string, fresh: () => Promise<string>) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await furnish(join(folder, "new"), "n");
    const file = join(folder, "b.tar");
    await Deno.writeFile(file, await backupOf(join(folder, "new")));
    let count = 0;
    await use(file, async () => {
      const directory = join(folder, `old-${++count}`);
      await furnish(directory, "o");
      return directory;
    });
  });
}

/** Does something before each step, a few at once, up to the first that there is not; the steps. */
async function eachStep(work: (n: number) => Promise<string | undefined>): Promise<string[]> {
  const steps: string[] = [];
  for (;;) {
    const batch = await Promise.all(Array.from({ length: 4 }, (_, index) => work(steps.length + index + 1)));
    const known = batch.filter((step) => step !== undefined);
    steps.push(...known);
    if (known.length < batch.length) return steps;
  }
}

let turn: number | undefined;

/** The first change before which the directory is not settled. */
async function findTurn(file: string, fresh: () => Promise<string>): Promise<number> {
  for (let n = 1; turn === undefined; n++) {
    const directory = await fresh();
    assert.notEqual(await killedAt(n, ["restore", "--force", file], directory), undefined);
    if (!isSettled(directory)) turn = n;
  }
  return turn;
}

ofSources(
  STOPPED,
  "restore: killed before any of its changes, the directory is as it was or as it was to be, and so is what was kept",
  async () => {
    await withBoth(async (file, fresh) => {
      const states: string[] = [];
      const steps = await eachStep(async (n) => {
        const directory = await fresh();
        const next = await killedAt(n, ["restore", "--force", file], directory);
        states[n - 1] = await stateOf(directory);
        await Deno.remove(directory, { recursive: true });
        return next;
      });
      states.length = steps.length + 1;
      assert.equal(states.at(-1), "new", "undisturbed it restores");
      const first = states.indexOf("new");
      assert.ok(first > 10 && first < states.length - 8, `${first} of ${states.length}: ${steps.join(" ")}`);
      assert.deepEqual(states, states.map((_, index) => index < first ? "old" : "new"), "it turns once");
      turn = first + 1;
    });
  },
);

ofSources(
  STOPPED,
  "restore: killed after its turn, and whoever completes it killed before any change again, it ends as it was to be",
  async () => {
    await withBoth(async (file, fresh) => {
      const turn = await findTurn(file, fresh);
      const steps = await eachStep(async (n) => {
        const directory = await fresh();
        await killedAt(turn, ["restore", "--force", file], directory);
        const next = await killedAt(n, ["restore", file], directory);
        assert.equal(await stateOf(directory), "new");
        await Deno.remove(directory, { recursive: true });
        return next;
      });
      assert.ok(steps.length > 8, steps.join(" "));
    });
  },
);

if (canMount) {
  ofSources(
    STOPPED,
    "restore: killed before any of its changes where a mount point is in its way, the directory is as it was",
    async () => {
      await withBoth(async (file) => {
        const folder = await Deno.makeTempDir({ prefix: "mounted-" });
        const undone: boolean[] = [];
        const steps = await eachStep(async (n) => {
          const directory = join(folder, String(n));
          await Deno.mkdir(directory, { mode: 0o700 });
          return await withMounted(join(directory, "exports-index"), "tmpfs", async () => {
            await furnish(directory, "o");
            const next = await killedAt(n, ["restore", "--force", file], directory);
            undone[n - 1] = !isSettled(directory);
            const held = holdDirectory(directory, "test").then((lock) => lock[Symbol.dispose]());
            if (undone[n - 1]) await assert.rejects(held, /cannot be restored: .*exports-index/);
            else await held;
            assert.equal(await stateOf(directory), "old");
            return next;
          });
        });
        await Deno.remove(folder, { recursive: true });
        assert.ok(undone.filter(Boolean).length > 6, steps.join(" "));
      });
    },
  );
}

Deno.test("restore: one that was interrupted is completed by the server's start, and by another restore, which says so; until then no command opens the database", async () => {
  await withBoth(async (file, fresh) => {
    const turn = await findTurn(file, fresh);
    const [first, second] = [await fresh(), await fresh()];
    for (const directory of [first, second]) await killedAt(turn, ["restore", "--force", file], directory);
    for (const args of [["keys", "list"], ["audit", "tail"], ["backup", `${file}2`]]) {
      await using running = command(args, { DATA_DIR: first });
      assert.equal(await running.ended(), 1);
      assert.match(
        running.err.text(),
        /is under way, or was interrupted\.\nWhen no other command is at it, start the server/,
      );
    }
    {
      await using doctor = command(["doctor"], { ...SIGNED_IN, DATA_DIR: first });
      await doctor.ended();
      assert.match(doctor.out.text(), /session: not checked, since a restore was interrupted/);
      assert.match(doctor.out.text(), /fail {2}data directory: .*was interrupted/);
    }
    assert.ok(!isSettled(first), "doctor changes nothing");
    {
      await using server = command(["serve"], { DATA_DIR: first, MCP_SERVER_PORT: "0", LOG_FORMAT: "text" });
      await server.out.line(/^MCP endpoint: /);
      assert.match(server.err.text(), /interrupted restore was completed .*before-restore-/);
      server.signal("SIGTERM");
      await server.ended();
    }
    assert.deepEqual(await contentsIn(first), NEW);
    await using again = command(["restore", file], { DATA_DIR: second });
    assert.equal(await again.ended(), 2);
    assert.match(
      again.err.text(),
      /^A restore that was interrupted has been completed\.\nWhat was there is in .*before-restore-/,
    );
    assert.match(again.err.text(), /is in use already/);
    assert.equal(await stateOf(second), "new");
  });
});
