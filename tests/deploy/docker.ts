/**
 * A Docker daemon of a test's own, with its client: the newest that Debian has, which `packages.sh` has put apart.
 * @module
 */
import { join } from "node:path";
import { until } from "../cli/command.ts";
import { run, type RunOptions, textOf } from "./machine.ts";
import { type Need, program, root, succeeds } from "./needs.ts";

const ROOT = "/opt/docker/root/usr";
const CONFIG = "/opt/docker/config";
/** The client. */
export const DOCKER = `${ROOT}/bin/docker`;
const PATH = `${ROOT}/sbin:${ROOT}/bin:${Deno.env.get("PATH")}`;

/** Variables for the client without a daemon. */
export const CLIENT_ENVIRONMENT = { PATH, DOCKER_CONFIG: CONFIG };

const plugins: Need = () => succeeds("ls", [`${CONFIG}/cli-plugins/docker-compose`]) ? undefined : "no docker compose";

/** What a daemon needs. */
export const DOCKER_NEEDS: readonly Need[] = [root, program(DOCKER), program("runc"), program("nsenter"), plugins];

/** A daemon. Disposing ends it and all its containers. */
export interface Daemon extends AsyncDisposable {
  /** Variables for its client. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `docker` with arguments; throws when it fails. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>;
}

/**
 * Starts one without images.
 * @param folder where it keeps everything; must exist
 * @param options.within words that bring a program into a network
 * @param options.args more of its own
 */
export async function startDaemon(
  folder: string,
  { within = [], args = [] }: { readonly within?: readonly string[]; readonly args?: readonly string[] } = {},
): Promise<Daemon> {
  const socket = `unix://${join(folder, "socket")}`;
  const log = join(folder, "dockerd.log");
  const daemon = new Deno.Command("sh", {
    args: ["-c", 'exec "$@" >"$0" 2>&1', log, ...within, `${ROOT}/sbin/dockerd`].concat([
      ...["--host", socket, "--pidfile", join(folder, "pid"), "--storage-driver", "overlay2"],
      ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "run")],
      ...["--userland-proxy-path", `${ROOT}/sbin/docker-proxy`, ...args],
    ]),
    env: { PATH },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isOver = false;
  const status = daemon.status.then(() => isOver = true);
  const end = async (): Promise<void> => {
    if (!isOver) daemon.kill("SIGTERM");
    await status;
  };
  const env = { ...CLIENT_ENVIRONMENT, DOCKER_HOST: socket };
  try {
    await until(
      async () => {
        if (isOver) throw new Error(await Deno.readTextFile(log));
        return (await run([DOCKER, "info"], { env })).code === 0;
      },
      "dockerd answers",
      60,
    );
  } catch (error) {
    await end();
    throw error;
  }
  return {
    env,
    docker: (args, options) => textOf([DOCKER, ...args], { ...options, env: { ...env, ...options?.env } }),
    [Symbol.asyncDispose]: end,
  };
}
