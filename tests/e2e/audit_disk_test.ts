/**
 * The audit trail on a disk that is full: the call is answered, the loss is told.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../cli/command.ts";
import { canMount, withSmallDisk } from "../exports/small_disk.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const lossSchema = z.looseObject({ level: z.literal("ERROR"), logger: z.string(), lost: z.int().min(1) });

/** Takes all of a disk that is left. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) await file.write(new Uint8Array(size));
    } catch (error) {
      assert.match(String(error), /No space left/);
    }
  }
}

Deno.test({
  // Only root may mount; elsewhere tests/auth/audit_test.ts shows what a failed write does.
  ignore: !canMount,
  name:
    "audit: on a full disk calls are answered, and what is lost is an error in the log; then records are written again",
  fn: async () => {
    await using sandbox = await startSandbox();
    await withSmallDisk(sandbox, 8, async (directory) => {
      const environment = { ...sandbox.environment, DATA_DIR: join(directory, "data") };
      await using server = await startServer(environment, { isLogged: true });
      const losses = (): number[] =>
        server.log().split("\n").slice(0, -1)
          .flatMap((line) => lossSchema.safeParse(JSON.parse(line)).data ?? [])
          .filter(({ logger }) => logger.endsWith(".audit")).map(({ lost }) => lost);
      const ask = async (): Promise<void> => assert.equal((await server.call("list_exports", {})).status, 200);
      const written = async (): Promise<number> =>
        (await (await fetch(`${server.url}/api/audit?limit=1000`)).text()).split("\n").length - 1;
      await ask();
      assert.equal(await written(), 1);
      await fill(join(directory, "filler"));
      let asked = 0;
      await until(async () => {
        await ask();
        asked++;
        return losses().length > 0;
      }, "a record is lost");
      await Deno.remove(join(directory, "filler"));
      await ask();
      const lost = losses().reduce((sum, count) => sum + count, 0);
      // The first reading of the trail has its record, too.
      assert.equal(await written(), 1 + 1 + asked + 1 - lost);
    });
  },
});
