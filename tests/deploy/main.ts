/**
 * `deno task test:deploy [SUITE…]`: the deployment as it will run, by real daemons; all suites unless some are named (`nginx`). Tells at
 * its end which tests this machine could not run.
 * @module
 */
import { fileURLToPath } from "node:url";
import { runTests, say } from "../not_run.ts";

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
  return await runTests(suites);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
