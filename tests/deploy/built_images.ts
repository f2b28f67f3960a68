/**
 * The images of the Dockerfile, built as it stands by a daemon that reaches what this machine reaches.
 * @module
 */
import { join } from "node:path";
import { compilerVersion, denoImage, distroless } from "./base_images.ts";
import { type Daemon, DOCKER, startDaemon } from "./docker.ts";
import { run } from "./machine.ts";
import { PROJECT } from "./stack.ts";
import { importStandIn } from "./stand_ins.ts";

/** How a build is asked for. */
export interface BuildOptions {
  /** A stage; the last one unless given. */
  readonly target?: string;
  /** The checkout unless given. */
  readonly context?: string;
  readonly args?: Readonly<Record<string, string>>;
  /** More of the client's flags. */
  readonly flags?: readonly string[];
}

/** A daemon that can build, with the images that builds start from. */
export interface Builder extends Daemon {
  /** Builds a target of the Dockerfile; what the build said. */
  build(tag: string, options?: BuildOptions): Promise<string>;
}

/** Starts one. @param folder where it keeps everything */
export async function startBuilder(folder: string): Promise<Builder> {
  await using stack = new AsyncDisposableStack();
  // Nothing runs here but what a build runs, in the network of this machine.
  const args = ["--bridge=none", "--iptables=false", "--ip6tables=false"];
  const daemon = stack.use(await startDaemon(folder, { args }));
  for (const image of [await denoImage(), await distroless()]) await importStandIn(image, daemon.docker);
  const version = await compilerVersion();
  const resources = stack.move();
  return {
    env: daemon.env,
    docker: daemon.docker,
    build: async (tag, { target, context = PROJECT, args, flags = [] } = {}) => {
      const named = Object.entries({ DENO_VERSION: version, ...args }).flatMap((
        [name, value],
      ) => ["--build-arg", `${name}=${value}`]);
      const stage = target === undefined ? [] : ["--target", target];
      const words = ["build", "--network", "host", "--progress", "plain", "--tag", tag, ...named, ...stage, ...flags];
      const { code, out, err } = await run([DOCKER, ...words, context], { env: daemon.env });
      await Deno.writeTextFile(join(folder, "build.log"), out + err);
      if (code !== 0) throw new Error(out + err);
      return out + err;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
