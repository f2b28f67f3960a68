/**
 * The images of the Dockerfile, built as it stands by a daemon that reaches what this machine reaches.
 * @module
 */
import { join } from "node:path";
import { compilerVersion, denoImage, distroless } from "./base_images.ts";
import { type Daemon, DOCKER, startDaemon } from "./docker.ts";
import { PROJECT } from "./stack.ts";
import { importStandIn } from "./stand_ins.ts";

/** A daemon that can build, with the images that builds start from. */
export interface Builder extends Daemon {
  /** Builds a target of the Dockerfile; what the build said. */
  build(tag: string, options?: { readonly target?: string; readonly context?: string }): Promise<string>;
}

/** Starts one. @param folder where it keeps everything */
export async function startBuilder(folder: string): Promise<Builder> {
  await using stack = new AsyncDisposableStack();
  // Nothing runs here but what a build runs, in the network of this machine.
  const daemon = stack.use(
    await startDaemon(folder, { args: ["--bridge=none", "--iptables=false", "--ip6tables=false"] }),
  );
  for (const image of [await denoImage(), await distroless()]) await importStandIn(image, daemon.docker);
  const version = await compilerVersion();
  const resources = stack.move();
  return {
    env: daemon.env,
    docker: daemon.docker,
    build: async (tag, { target, context = PROJECT } = {}) => {
      const output = join(folder, "build.log");
      const args = [
        "build",
        "--network",
        "host",
        "--progress",
        "plain",
        "--tag",
        tag,
        "--build-arg",
        `DENO_VERSION=${version}`,
      ];
      const named = [
        "--build-arg",
        "COMMIT=0123456789abcdef0123456789abcdef01234567",
        "--build-arg",
        "VERSION=0.0.0-test",
      ];
      const { code, stdout, stderr } = await new Deno.Command(DOCKER, {
        args: [...args, ...named, ...(target === undefined ? [] : ["--target", target]), context],
        env: { ...daemon.env },
      }).output();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      await Deno.writeTextFile(output, said);
      if (code !== 0) throw new Error(said);
      return said;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
