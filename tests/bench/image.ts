/**
 * What the image weighs, and how soon its container is healthy.
 * @module
 */
import { denort } from "../deploy/base_images.ts";
import { PRODUCT } from "../deploy/built_images.ts";
import { startSite } from "../deploy/container.ts";
import { lacking } from "../deploy/needs.ts";
import { STACK_NEEDS } from "../deploy/stack.ts";
import { middle, notMeasured } from "./binary.ts";
import type { Row } from "./jobs.ts";

/** Starts of which the one in the middle counts. */
const STARTS = 7;

/** Builds it, if it is not there, and measures; no rows of what this machine lacks. */
export async function image(): Promise<Row[]> {
  const reason = lacking([...STACK_NEEDS, denort]);
  if (reason !== undefined) {
    notMeasured("the image", reason);
    return [];
  }
  await using site = await startSite();
  const { code, text } = await site.command(["keys", "create", "--name", "bench"]);
  if (code !== 0) throw new Error(text);
  const times: number[] = [];
  for (let run = 0; run < STARTS; run++) {
    const begun = performance.now();
    await site.serve({ session: true });
    await site.healthy();
    times.push(performance.now() - begun);
    await site.stack.docker(["rm", "--force", "server"]);
  }
  const size = Number(await site.stack.docker(["inspect", "--format", "{{.Size}}", PRODUCT]));
  return [
    { name: "image, size", value: size / 1e6, unit: "MB" },
    { name: "container, docker run to healthy", value: middle(times), unit: "ms" },
  ];
}
