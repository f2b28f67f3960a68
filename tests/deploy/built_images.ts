/**
 * The images of the Dockerfile, built as it stands by a daemon that reaches what this machine reaches.
 * @module
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compilerVersion, denoImage, distroless } from "./base_images.ts";
import { type Daemon, DOCKER, startDaemon } from "./docker.ts";
import { run, textOf } from "./machine.ts";
import { succeeds } from "./needs.ts";
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

/** What the last stage is called, and the stage of the sandbox. */
export const [PRODUCT, SANDBOX] = ["telegram-toolkit-mcp:latest", "telegram-toolkit-mcp-sandbox:latest"];

/** What a build may depend on: a change of it makes other images. */
const SOURCES = [
  ...["Dockerfile", ".dockerignore", "deno.json", "deno.lock", "main.ts", "src", "sandbox", "deploy"],
  ...["tests/deploy/base_images.ts", "tests/deploy/stand_ins.ts"],
];

/**
 * An archive with both images, for `docker load`. They are built once for all suites, and again when something that they are made of
 * has changed.
 */
export async function imagesArchive(): Promise<string> {
  const kept = join(tmpdir(), "telegram-toolkit-mcp-images");
  const archive = join(kept, `${await fingerprint()}.tar`);
  if (succeeds("test", ["-e", archive])) return archive;
  await Deno.mkdir(kept, { recursive: true, mode: 0o700 });
  for await (const old of Deno.readDir(kept)) await Deno.remove(join(kept, old.name));
  const folder = await Deno.makeTempDir();
  try {
    await using builder = await startBuilder(folder);
    await builder.build(PRODUCT);
    await builder.build(SANDBOX, { target: "sandbox" });
    await builder.docker(["save", "--output", `${archive}.new`, PRODUCT, SANDBOX]);
    await Deno.rename(`${archive}.new`, archive);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return archive;
}

async function fingerprint(): Promise<string> {
  const script = 'cd "$0" && find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum';
  const sum = await textOf(["sh", "-c", script, PROJECT, ...SOURCES]);
  return `${sum.slice(0, 32)}-${await compilerVersion()}`;
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
