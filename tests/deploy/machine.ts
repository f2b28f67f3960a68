/**
 * A bare machine, as whoever rents one has it: Debian with systemd as process 1, booted by systemd-nspawn in a network namespace of its
 * own. What is written in it is gone with it.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileOnce } from "../binary/compiled.ts";
import { type Ran, until } from "../cli/command.ts";
import { type Need, networkNamespaces, program, root, succeeds } from "./needs.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = "telegram-toolkit-mcp";
const ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"];

/** Where a machine has the files of a release. */
export const RELEASE = "/srv/release";

/** What is waited for in vain fails, whichever shell waits. */
const LIMIT = ["timeout", "300"];

/** The cgroups that systemd wants, which a mount namespace may have although its machine has others. */
const cgroups: Need = () =>
  succeeds("unshare", ["--mount", "sh", "-c", CGROUPS]) ? undefined : "no unified cgroup hierarchy can be mounted";
const CGROUPS =
  'test "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs || { umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; }';

/** What a folder with a system needs. */
export const ROOT_NEEDS: readonly Need[] = [root, program("mmdebstrap"), program("apt-ftparchive")];
/** What a booted one needs. */
export const MACHINE_NEEDS: readonly Need[] = [...ROOT_NEEDS, program("systemd-nspawn"), networkNamespaces, cgroups];

/** The systems that `install.sh` knows: Debian 12 and 13. */
export type System = "bookworm" | "trixie";

/** How a command is run. */
export interface RunOptions {
  /** Standard input, empty unless given. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A place with a shell, root's. */
export interface Machine extends AsyncDisposable {
  run(script: string, options?: RunOptions): Promise<Ran>;
  /** Its standard output; throws when it fails. */
  text(script: string, options?: RunOptions): Promise<string>;
}

/** A machine that runs. */
export interface Booted extends Machine {
  /** Arguments that run a program of the host in the machine's network. */
  readonly inNetwork: readonly string[];
  /** Off and on again, with the same disk. */
  reboot(): Promise<void>;
}

/** Runs a program to its end. */
export async function run([command = "", ...args]: readonly string[], { input, env }: RunOptions = {}): Promise<Ran> {
  const options = { args, env: { ...env }, stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(command, { ...options, stdin: input === undefined ? "null" : "piped" }).spawn();
  const ended = child.output();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    // Whoever ends early reads no more.
    await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  }
  const { code, stdout, stderr } = await ended;
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Its standard output; throws when it fails. */
export async function textOf(words: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, out, err } = await run(words, options);
  if (code !== 0) throw new Error(`${words.join(" ")}: code ${code}\n${out}${err}`);
  return out.trim();
}

/** Debian 12 in a folder, with a release beside it, that does not run. */
export async function openRoot(): Promise<Machine> {
  const { folder, mounts } = await prepare("bookworm");
  return shellOf(
    (env) => ["unshare", "--mount", "sh", "-c", `${mounts} && exec "$@"`, "sh", "chroot", `${folder}/root`, ...env],
    {
      [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
    },
  );
}

/** Boots one. */
export async function bootMachine(system: System): Promise<Booted> {
  await using stack = new AsyncDisposableStack();
  const { folder, mounts, packages } = await prepare(system);
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const namespace = `machine-${Deno.pid}`;
  const inNetwork = ["ip", "netns", "exec", namespace];
  await textOf(["ip", "netns", "add", namespace]);
  stack.defer(async () => void await textOf(["ip", "netns", "del", namespace]));
  await textOf([...inNetwork, "ip", "link", "set", "lo", "up"]);
  const flags = [
    ...[
      "--quiet",
      "--boot",
      `--directory=${folder}/root`,
      `--machine=${namespace}`,
      "--hostname=vps",
      "--console=pipe",
    ],
    ...["--register=no", "--keep-unit", `--network-namespace-path=/run/netns/${namespace}`, "--resolv-conf=off"],
    ...["--timezone=off", "--link-journal=no", `--bind-ro=${packages}:/srv/packages`],
  ];
  const console = `${folder}/console`;
  const script = `exec >>${console} 2>&1; ${CGROUPS} && ${mounts} && exec systemd-nspawn "$@"`;
  const command = ["unshare", "--mount", "sh", "-c", script, "sh", ...flags];
  let power = await turnOn(command, console);
  stack.defer(() => power[Symbol.asyncDispose]());
  const enter = (): string[] => [
    ...["nsenter", "--target", `${power.leader}`, ...["-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]],
  ];
  const machine = shellOf((env) => [...enter(), ...env], stack);
  const isUp = async (): Promise<boolean> => {
    const { out } = await machine.run("systemctl is-system-running");
    return /^(running|degraded)$/.test(out.trim());
  };
  await until(isUp, "the machine is up", 60);
  const reboot = async (): Promise<void> => {
    // Whether the command itself outlives it is not certain.
    await machine.run("systemctl reboot");
    await until(power.isOff, "the machine is off", 60);
    power = await turnOn(command, console);
    await until(isUp, "the machine is up again", 60);
  };
  const resources = stack.move();
  return { ...machine, inNetwork, reboot, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** One boot of a machine. */
interface Power extends AsyncDisposable {
  /** Process 1 of the machine, by the number that it has here. */
  readonly leader: number;
  isOff(): boolean;
}

async function turnOn([command = "", ...args]: readonly string[], console: string): Promise<Power> {
  await using stack = new AsyncDisposableStack();
  const child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  let code: number | undefined;
  const status = child.status.then((status) => code = status.code);
  const isOff = (): boolean => code !== undefined;
  stack.defer(async () => {
    // The first asks the machine to shut down.
    if (!isOff()) child.kill("SIGTERM");
    await until(isOff, "the machine is off", 60).catch(() => child.kill("SIGKILL"));
    await status;
  });
  const leader = await leaderOf(child.pid, isOff, console);
  const resources = stack.move();
  return { leader, isOff, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Process 1 of the machine, by the number that it has here. */
async function leaderOf(parent: number, hasEnded: () => boolean, console: string): Promise<number> {
  let leader: number | undefined;
  await until(
    async () => {
      if (hasEnded()) throw new Error(`the machine does not boot: ${await Deno.readTextFile(console)}`);
      const children = await Deno.readTextFile(`/proc/${parent}/task/${parent}/children`);
      leader = children.trim().split(" ").map(Number).find((pid) => nameOf(pid) === "systemd");
      return leader !== undefined;
    },
    "process 1 runs",
    30,
  );
  if (leader === undefined) throw new Error("unreachable");
  return leader;
}

function nameOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/comm`).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function shellOf(enter: (env: readonly string[]) => readonly string[], resource: AsyncDisposable): Machine {
  const words = (script: string, { env = {} }: RunOptions): string[] => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return [...enter(["env", "-i", ...ENVIRONMENT, ...variables]), ...LIMIT, "sh", "-c", script];
  };
  return {
    run: (script, options = {}) => run(words(script, options), { input: options.input }),
    text: (script, options = {}) => textOf(words(script, options), { input: options.input }),
    [Symbol.asyncDispose]: () => resource[Symbol.asyncDispose](),
  };
}

/** A folder, and the shell's commands that lay it over the system: `FOLDER/root` is both. */
async function prepare(
  name: System,
): Promise<{ readonly folder: string; readonly mounts: string; readonly packages: string }> {
  assert.equal(await compileOnce(), undefined);
  const system = await debian(name);
  const folder = await Deno.makeTempDir({ prefix: "machine-" });
  await Deno.chmod(folder, 0o755);
  for (const name of ["upper", "work", "root"]) await Deno.mkdir(join(folder, name));
  const release = `${folder}/upper${RELEASE}`;
  await Deno.mkdir(`${release}/dist`, { recursive: true });
  await textOf(["cp", "-r", `${PROJECT}deploy`, `${PROJECT}nginx.conf`, release]);
  await textOf(["cp", `${PROJECT}dist/${PROGRAM}`, `${release}/dist`]);
  await textOf(["sh", "-c", `cd ${release}/dist && sha256sum ${PROGRAM} >SHA256SUMS`]);
  const layers = `lowerdir=${system}/root,upperdir=${folder}/upper,workdir=${folder}/work`;
  return { folder, mounts: `mount -t overlay -o ${layers} overlay ${folder}/root`, packages: `${system}/packages` };
}

/** The system below all of them, which is made once. */
async function debian(system: System): Promise<string> {
  const script = fileURLToPath(new URL("./debian_root.sh", import.meta.url));
  const cache = join(Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/root", ".cache"), PROGRAM);
  const version = (await textOf(["sha256sum", script])).slice(0, 12);
  const folder = join(cache, `${system}-${version}`);
  try {
    await Deno.stat(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(cache, { recursive: true });
    await textOf([script, system, `${folder}.${Deno.pid}`]);
    await Deno.rename(`${folder}.${Deno.pid}`, folder);
  }
  return folder;
}
