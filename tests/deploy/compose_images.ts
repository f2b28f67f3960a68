/**
 * The images of compose.yaml: what the Dockerfile makes, as it stands, and stand-ins for the public ones.
 * @module
 */
import { join } from "node:path";
import { startBuilder } from "./built_images.ts";
import type { Stack } from "./stack.ts";
import { CERTBOT, importStandIn, NGINX } from "./stand_ins.ts";

const APP = "telegram-toolkit-mcp:latest";
const SANDBOX = "telegram-toolkit-mcp-sandbox:latest";

/** Brings them into a stack's daemon, which itself reaches no registry to build from. */
export async function provideImages(stack: Stack): Promise<void> {
  const folder = join(stack.folder, "builder");
  const archive = join(stack.folder, "images.tar");
  await Deno.mkdir(folder);
  try { await stack.docker(["load", "--input", "/tmp/cx/all.tar"]); return; } catch { /* build */ }
  {
    await using builder = await startBuilder(folder);
    await builder.build(APP);
    await builder.build(SANDBOX, { target: "sandbox" });
    await builder.docker(["save", "--output", archive, APP, SANDBOX]);
  }
  await stack.docker(["load", "--input", archive]);
  await Deno.remove(archive);
  for (const one of [NGINX, CERTBOT]) await importStandIn(one, stack.docker);
  await stack.docker(["save", "--output", "/tmp/cx/all.tar", APP, SANDBOX, "nginx:1.30", "certbot/certbot:v5.7.0"]);
}
