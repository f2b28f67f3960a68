/**
 * compose.yaml as it will run: a dockerd and a client's place in network namespaces of their own, joined by a cable.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ran, until } from "../cli/command.ts";
import { run, type RunOptions, textOf } from "./machine.ts";
import { type Need, networkNamespaces, program, root, succeeds } from "./needs.ts";

/** The checkout. */
export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** Debian's client. */
const DOCKER = "/usr/bin/docker";
/** Where `packages.sh` puts compose v2. */
const COMPOSE = "/opt/docker-compose";
const compose: Need = () =>
  succeeds(DOCKER, ["--config", COMPOSE, "compose", "version"]) ? undefined : "docker compose v2 is not installed";

/** What a stack needs. */
export const STACK_NEEDS: readonly Need[] = [
  root,
  program("dockerd"),
  program(DOCKER),
  program("nsenter"),
  compose,
  networkNamespaces,
];

/** The daemon's machine and a client, on a network made for documentation. */
export const [MACHINE, CLIENT] = ["198.51.100.1", "198.51.100.2"];

/** A daemon, and who uses it. */
export interface Stack extends AsyncDisposable {
  /** Runs `docker` with arguments; throws when it fails. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Runs `docker compose` in the checkout. */
  compose(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Words that bring a program into the machine's network, and into the client's. */
  readonly inMachine: readonly string[];
  readonly inClient: readonly string[];
  /** A folder for files of the test. */
  readonly folder: string;
}

/** Starts a daemon without images. */
export async function startStack(): Promise<Stack> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "stack-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const [machine, client] = [`machine-${Deno.pid}`, `client-${Deno.pid}`];
  const enter = (name: string): string[] => ["nsenter", `--net=/run/netns/${name}`];
  for (const name of [machine, client]) {
    await textOf(["ip", "netns", "add", name]);
    stack.defer(async () => void await textOf(["ip", "netns", "del", name]));
    await textOf([...enter(name), "ip", "link", "set", "lo", "up"]);
  }
  await textOf(["ip", "link", "add", "cable", "netns", machine, "type", "veth", "peer", "cable", "netns", client]);
  for (const [name, address] of [[machine, MACHINE], [client, CLIENT]] as const) {
    await textOf([...enter(name), "ip", "address", "add", `${address}/24`, "dev", "cable"]);
    await textOf([...enter(name), "ip", "link", "set", "cable", "up"]);
  }
  const socket = `unix://${join(folder, "socket")}`;
  const log = await Deno.create(join(folder, "dockerd.log"));
  log.close();
  const daemon = new Deno.Command("sh", {
    args: ["-c", 'exec "$@" >"$0" 2>&1', join(folder, "dockerd.log"), ...enter(machine), "dockerd"].concat([
      ...["--host", socket, "--pidfile", join(folder, "pid"), "--storage-driver", "overlay2"],
      ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "run")],
    ]),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isOver = false;
  const status = daemon.status.then(() => isOver = true);
  stack.defer(async () => {
    if (!isOver) daemon.kill("SIGTERM");
    await status;
  });
  const env = { DOCKER_HOST: socket, DOCKER_CONFIG: COMPOSE };
  await until(
    async () => {
      if (isOver) throw new Error(await Deno.readTextFile(join(folder, "dockerd.log")));
      return (await run([DOCKER, "info"], { env })).code === 0;
    },
    "dockerd answers",
    60,
  );
  const resources = stack.move();
  return {
    docker: (args, options) => textOf([DOCKER, ...args], { ...options, env: { ...env, ...options?.env } }),
    compose: (args, options) =>
      run([DOCKER, "compose", "--project-directory", PROJECT, ...args], {
        ...options,
        env: { ...env, ...options?.env },
      }),
    inMachine: enter(machine),
    inClient: enter(client),
    folder,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
