/**
 * `deno task test:deploy [SUITE…]`: the deployment as it will run, by real daemons; all suites unless some are named (`nginx`). Tells at
 * its end which tests this machine could not run.
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { NOT_RUN } from "./needs.ts";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));
const SUITE = /^(\w+)_suite\.ts$/;

async function main(named: readonly string[]): Promise<number> {
  const all = [...Deno.readDirSync(FOLDER)].flatMap(({ name }) => SUITE.exec(name)?.[1] ?? []).sort();
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    say(`there is no suite ${unknown.join(", ")}; there are ${all.join(", ")}`);
    return 2;
  }
  const suites = (named.length > 0 ? named : all).map((name) => `${FOLDER}${name}_suite.ts`);
  const directory = await Deno.makeTempDir();
  try {
    const notRun = join(directory, "not-run");
    await Deno.writeTextFile(notRun, "");
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", ...suites],
      env: { [NOT_RUN]: notRun },
    }).spawn().status;
    const lines = (await Deno.readTextFile(notRun)).split("\n").filter((line) => line !== "");
    say(lines.length === 0 ? "every test was run" : lines.map((line) => `not run: ${line}`).join("\n"));
    return code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
