import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { result, start } from "../cli/command.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

for (const name of ["DENORT_BIN", "DENO_COMPILE"]) {
  Deno.test(`test:binary: a file of ${name} that is not there ends it with 1, and it says that nothing was tested`, async () => {
    const missing = `${MAIN}.missing`;
    await using running = start(Deno.execPath(), ["run", "-A", MAIN, "tests/e2e"], { [name]: missing });
    assert.deepEqual(await result(running), {
      code: 1,
      out: "",
      err: `test:binary: ${name} names ${missing}, which does not exist; nothing was tested\n`,
    });
  });
}
