/** The command `restore` where parts of a data directory are mounted, and where the system does not let go of one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { backupOf, contentsIn, furnish, furnished, idOf, put, withFolder } from "../backup/house.ts";
import { canMount, withMounted } from "../exports/small_disk.ts";
import { command, type Ran, run } from "./command.ts";

const OLD = furnished("o");
const OVER = { ...furnished("n"), exports: OLD.exports };
const restore = (file: string, directory: string): Promise<Ran> =>
  run(["restore", "--force", file], { DATA_DIR: directory });

/** Names that nobody has in a directory in which nothing is under way. */
function leftIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).filter((name) => /^\.restore|^before/.test(name));
}

/** Calls back with a backup and, for each kind of mount, with a directory of which a folder is one. */
async function withEachMount(
  name: string,
  use: (file: string, directory: string, mounted: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    await furnish(join(folder, "new"), "n");
    const file = join(folder, "b.tar");
    await Deno.writeFile(file, await backupOf(join(folder, "new")));
    for (const [kind, from] of [["tmpfs", "tmpfs"], ["bind", { folder: join(folder, "disk") }]] as const) {
      const directory = join(folder, kind);
      await Deno.mkdir(directory, { mode: 0o700 });
      const mounted = join(directory, name);
      await withMounted(mounted, from, async () => {
        await furnish(directory, "o");
        await use(file, directory, mounted);
      });
    }
  });
}

Deno.test({
  ignore: !canMount,
  name: "restore: over a directory whose exports are on another disk, or mounted from the same one, they stay there",
  fn: async () => {
    await withEachMount("exports", async (file, directory, mounted) => {
      const { code, err } = await restore(file, directory);
      assert.equal(code, 0, err);
      assert.deepEqual(await contentsIn(directory), OVER);
      assert.equal(await Deno.readTextFile(join(mounted, idOf("o"), "messages.ndjson")), "export of o\n");
      assert.equal((await run(["keys", "list"], { DATA_DIR: directory })).code, 0);
    });
  },
});

Deno.test({
  ignore: !canMount,
  name:
    "restore: where something else of it is mounted it is refused, naming what, and all is as it was and can be used",
  fn: async () => {
    await withEachMount("exports-index", async (file, directory, mounted) => {
      for (let n = 1; n <= 2; n++) {
        const { code, err } = await restore(file, directory);
        assert.equal(code, 1);
        assert.match(
          err,
          /cannot be restored: .*(busy|cross-device).*\n.*Everything is as it was\. Nothing may be mounted/i,
        );
        assert.ok(err.includes(mounted), err);
        assert.doesNotMatch(err, /free space/);
        assert.deepEqual(await contentsIn(directory), OLD);
        assert.deepEqual(leftIn(directory), []);
      }
      const listed = await run(["keys", "list"], { DATA_DIR: directory });
      assert.match(listed.out, /\bo\b/, listed.err);
    });
  },
});

Deno.test({
  ignore: !canMount,
  name:
    "restore: an interrupted one that a later start cannot do is undone by it, says why, and the next start is as before",
  fn: async () => {
    await withEachMount("exports-index", async (_, directory) => {
      const stamp = "2030-01-01T000000Z";
      // It was killed when the database was away.
      await put(join(directory, `.restore-whole-${stamp}`, "session"), "session of n\n");
      await Deno.mkdir(join(directory, `before-restore-${stamp}`), { mode: 0o700 });
      for (const name of ["telegram-toolkit.sqlite", "session"]) {
        await Deno.rename(join(directory, name), join(directory, `before-restore-${stamp}`, name));
      }
      const environment = { DATA_DIR: directory, MCP_SERVER_PORT: "0" };
      const refused = await run(["serve"], environment);
      assert.equal(refused.code, 1);
      assert.match(refused.err, /cannot be restored: .*exports-index.*\n.*Everything is as it was/);
      assert.deepEqual(await contentsIn(directory), OLD);
      assert.deepEqual(leftIn(directory), []);
      await using server = command(["serve"], environment);
      await server.out.line(/^MCP endpoint: /);
      server.signal("SIGTERM");
      await server.ended();
    });
  },
});

Deno.test("restore: one that cannot be completed names what could not be moved and why, and is completed when it can", async () => {
  await withFolder(async (folder) => {
    const directory = join(folder, "data");
    await put(join(directory, ".restore-placing-2030-01-01T000000Z", "session"), "session of n\n");
    await Deno.chmod(directory, 0o700);
    // A folder that is not empty is in the place of a file.
    await put(join(directory, "session", "in the way"), "");
    const refused = await run(["keys", "list"], { DATA_DIR: directory });
    assert.equal(refused.code, 1);
    const stuck = await run(["serve"], { DATA_DIR: directory, MCP_SERVER_PORT: "0" });
    assert.equal(stuck.code, 1);
    assert.match(
      stuck.err,
      /A restore of .* cannot be completed: .*\/session.*\n.*Nothing is lost\. Correct that, and/,
    );
    assert.doesNotMatch(stuck.err, /free space/);
    await Deno.remove(join(directory, "session"), { recursive: true });
    const file = join(folder, "none.tar");
    await Deno.writeTextFile(file, "");
    assert.match((await run(["restore", file], { DATA_DIR: directory })).err, /interrupted has been completed/);
    assert.deepEqual(await contentsIn(directory), { session: "session of n", indexes: [], exports: [] });
  });
});
