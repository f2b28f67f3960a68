/**
 * compose.yaml as it will run: a dockerd and a client's place in network namespaces of their own, joined by a cable.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Ran } from "../cli/command.ts";
import { DOCKER, DOCKER_NEEDS, startDaemon } from "./docker.ts";
import { run, type RunOptions, textOf } from "./machine.ts";
import { type Need, networkNamespaces } from "./needs.ts";

/** The checkout. */
export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** What a stack needs. */
export const STACK_NEEDS: readonly Need[] = [...DOCKER_NEEDS, networkNamespaces];

/** The daemon's machine and a client, on a network made for documentation. */
export const [MACHINE, CLIENT] = ["198.51.100.1", "198.51.100.2"];

/** A daemon, and who uses it. */
export interface Stack extends AsyncDisposable {
  /** Runs `docker` with arguments; throws when it fails. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Variables for its client. */
  readonly env: Readonly<Record<string, string>>;
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
  const daemon = stack.use(await startDaemon(folder, { within: enter(machine) }));
  const resources = stack.move();
  return {
    docker: daemon.docker,
    env: daemon.env,
    compose: (args, options) =>
      run([DOCKER, "compose", "--project-directory", PROJECT, ...args], {
        ...options,
        env: { ...daemon.env, ...options?.env },
      }),
    inMachine: enter(machine),
    inClient: enter(client),
    folder,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
