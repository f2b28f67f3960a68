/** What commands may do of what Deno lets them do, and that it is enough: the tests beside this one start them with it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { permissionFlags } from "../../sandbox/permissions.ts";
import { NEEDS, type Permission } from "../../src/cli/permissions.ts";
import { result, start } from "./command.ts";
import { listedCommands } from "./listed.ts";

const MODULE = new URL("../../src/cli/permissions.ts", import.meta.url).href;
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const ALL: readonly Permission[] = ["run", "ffi", "import", "net", "read", "write", "env", "sys"];

/** What is left of all permissions in a process that has given up what a command does not need. */
async function leftOf(command: string): Promise<string[]> {
  const code = `
    import { giveUp } from ${JSON.stringify(MODULE)};
    giveUp(${JSON.stringify(command)});
    const left = ${JSON.stringify(ALL)}.filter((name) => Deno.permissions.querySync({ name }).state === "granted");
    let ran = "no program";
    try { new Deno.Command(Deno.execPath(), { args: ["--version"] }).outputSync(); ran = "a program"; } catch {}
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify([...left, ran])));`;
  const script = `data:application/typescript,${encodeURIComponent(code)}`;
  await using running = start(Deno.execPath(), ["run", "-A", "--no-check", "--no-lock", "--config", CONFIG, script]);
  const { code: exit, out, err } = await result(running);
  assert.equal(exit, 0, err);
  return JSON.parse(out);
}

Deno.test("permissions: a command that was given all keeps what it needs, and starts no program, whatever it is", async () => {
  const kept = {
    serve: ["net", "read", "write", "env"],
    export: ["net", "read", "write", "env"],
    doctor: ["net", "read", "write", "env", "sys"],
    healthcheck: ["net", "read", "env"],
    render: ["read", "write"],
    backup: ["read", "write", "env"],
    restore: ["read", "write", "env"],
    verify: ["read"],
    "no such command": [],
    __proto__: [],
  };
  await Promise.all(
    Object.entries(kept).map(async ([command, left]) => {
      assert.deepEqual(await leftOf(command), [...left, "no program"], command);
    }),
  );
});

Deno.test("permissions: no command runs programs, calls foreign code or loads modules from elsewhere", () => {
  for (const [command, needs] of Object.entries(NEEDS)) {
    for (const never of ["run", "ffi", "import"] as const) assert.ok(!needs.includes(never), `${command}: ${never}`);
  }
});

Deno.test("permissions: every command there is is in the table", async () => {
  const listed = await listedCommands();
  assert.deepEqual(listed.filter((name) => name !== "help").filter((name) => !(name in NEEDS)), []);
});

Deno.test("permissions: main.ts itself gives them up before a command does anything", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const main = new URL("../../src/cli/main.ts", import.meta.url).href;
    const script = join(folder, "script.ts");
    await Deno.writeTextFile(
      script,
      `import { main } from ${JSON.stringify(main)};
      await main(["verify", ${JSON.stringify(folder)}]);
      const names = ${JSON.stringify(ALL)};
      const left = names.filter((name) => Deno.permissions.querySync({ name }).state === "granted");
      Deno.stdout.writeSync(new TextEncoder().encode("left: " + left.join()));`,
    );
    const args = ["run", "-A", "--no-check", "--config", CONFIG, script];
    await using running = start(Deno.execPath(), args);
    const { out, err } = await result(running);
    assert.match(out, /left: read$/, err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("permissions: the flags name the data directory, files of secrets and where files go, and nothing wider", () => {
  const environment = { DATA_DIR: "/data", SESSION_KEY_FILE: "/run/key", HOME: "/home/me", EMPTY_FILE: "" };
  const flags = (...args: string[]): string => permissionFlags({ args, environment, cwd: "/here" }).join(" ");
  const net = "--no-prompt --allow-env --allow-net";
  for (const args of [[], ["serve"], ["whoami", "--json"], ["login", "--phone", "+1"]]) {
    assert.equal(flags(...args), `${net} --allow-read=/data,/run/key --allow-write=/data`);
  }
  assert.equal(
    flags("export", "@a", "--out", "b/c.ndjson"),
    `${net} --allow-read=/data,/run/key,/here/b --allow-write=/data,/here/b`,
  );
  assert.equal(
    flags("export", "@a", "--out=/x,y/"),
    `${net} --allow-read=/data,/run/key,/x,,y --allow-write=/data,/x,,y`,
  );
  assert.equal(flags("export", "@a", "--out", "-"), `${net} --allow-read=/data,/run/key --allow-write=/data`);
  assert.equal(
    flags("render", "a/b.ndjson", "--format", "csv", "--out", "c"),
    "--no-prompt --allow-read=/here/a,/here/c --allow-write=/here/c",
  );
  assert.equal(
    flags("audit", "tail", "--key", "k"),
    "--no-prompt --allow-env --allow-read=/data,/run/key --allow-write=/data",
  );
  for (const args of [["backup", "b/c.tar", "--force"], ["backup", "--force", "b/c.tar"]]) {
    assert.equal(flags(...args), "--no-prompt --allow-env --allow-read=/data,/here/b --allow-write=/data,/here/b");
  }
  assert.equal(
    flags("restore", "b/c.tar"),
    "--no-prompt --allow-env --allow-read=/data,/here/b/c.tar --allow-write=/data",
  );
  for (const command of ["backup", "restore"]) {
    assert.equal(flags(command, "-"), "--no-prompt --allow-env --allow-read=/data --allow-write=/data");
  }
  assert.equal(flags("verify", "/a"), "--no-prompt --allow-read=/a");
  assert.match(flags("doctor"), /--allow-sys=uid,statfs$/);
  for (const flag of ["--allow-run", "--allow-ffi", "--allow-import", "-A"]) {
    for (const command of Object.keys(NEEDS)) assert.ok(!flags(command).includes(flag), command);
  }
});
