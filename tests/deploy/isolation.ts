/**
 * What each container of compose.yaml may do, reach and use, who reads the secrets, and what health checks find.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import type { Deployment } from "./deployment.ts";
import { DOCKER } from "./docker.ts";
import { run } from "./machine.ts";
import type { Stack } from "./stack.ts";
import { NGINX } from "./stand_ins.ts";

const PROJECT_NAME = "telegram-toolkit-mcp";
const MIB = 2 ** 20;

/** What a service is given. */
interface Given {
  readonly networks: readonly string[];
  readonly mib: number;
  readonly pids: number;
  readonly cpus: number;
  /** What it may do as root besides what all may. */
  readonly capabilities?: string;
  readonly restart?: string;
  readonly writable?: boolean;
  readonly ports?: readonly string[];
}

const GIVEN: Readonly<Record<string, Given>> = {
  app: { networks: ["back", "out"], mib: 512, pids: 128, cpus: 1 },
  nginx: {
    ...{ networks: ["back", "front"], mib: 256, pids: 64, cpus: 1, ports: ["443/tcp", "80/tcp"] },
    capabilities: "CHOWN KILL NET_BIND_SERVICE SETGID SETUID",
  },
  certbot: { networks: ["front"], mib: 256, pids: 32, cpus: 0.5 },
  secrets: {
    ...{ networks: ["none"], mib: 32, pids: 16, cpus: 0.5, capabilities: "CHOWN" },
    ...{ restart: "no", writable: true },
  },
  sandbox: { networks: ["back"], mib: 512, pids: 64, cpus: 1 },
};

/** What all are given that are given nothing else. */
const ALL = {
  capabilities: "",
  restart: "unless-stopped",
  writable: false,
  ports: [],
  dropped: ["ALL"],
  security: ["no-new-privileges:true"],
  log: { Type: "json-file", Config: { "max-file": "3", "max-size": "10m" } },
};

/** Each has what it is given and nothing more. */
export async function assertIsolated({ container }: Deployment): Promise<void> {
  const [found, expected]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const [service, given] of Object.entries(GIVEN)) {
    const { HostConfig: host, NetworkSettings: { Ports, Networks } } = await container(service);
    found[service] = {
      networks: Object.keys(Networks).map((name) => name.replace(`${PROJECT_NAME}_`, "")).sort(),
      mib: host.Memory / MIB,
      pids: host.PidsLimit,
      cpus: host.NanoCpus / 1e9,
      capabilities: (host.CapAdd ?? []).map((name) => name.replace(/^CAP_/, "")).sort().join(" "),
      restart: host.RestartPolicy.Name,
      writable: !host.ReadonlyRootfs,
      ports: Object.keys(Ports).filter((port) => Ports[port] !== null).sort(),
      dropped: host.CapDrop,
      security: host.SecurityOpt,
      log: host.LogConfig,
    };
    expected[service] = { ...ALL, ...given };
  }
  assert.deepEqual(found, expected);
}

/** One network leads nowhere else; whoever is not in it does not find the app. */
export async function assertNetworks({ docker }: Stack, { compose }: Deployment): Promise<void> {
  const of = ["--filter", `label=com.docker.compose.project=${PROJECT_NAME}`];
  const ids = (await docker(["network", "ls", "--quiet", ...of])).split("\n");
  const all = z.array(z.object({ Name: z.string(), Internal: z.boolean() }))
    .parse(JSON.parse(await docker(["network", "inspect", ...ids])));
  assert.deepEqual(
    all.map(({ Name, Internal }) => [Name.replace(`${PROJECT_NAME}_`, ""), Internal]).sort(),
    [["back", true], ["front", false], ["out", false]],
  );
  // Could not resolve host.
  const script = "curl --silent --max-time 5 http://app:8000/; test $? -eq 6";
  await compose(["exec", "-T", "certbot", "sh", "-c", script]);
}

/** The app's user alone reads them. */
export async function assertSecrets({ docker }: Stack): Promise<void> {
  const volume = ["--volume", `${PROJECT_NAME}_secrets:/kept:ro`, "--network", "none"];
  const script = "cd /kept && stat -c '%n %a %u:%g' $(ls -A)";
  const said = await docker([
    "run",
    "--rm",
    ...volume,
    "--entrypoint",
    "sh",
    NGINX.name,
    "-c",
    script,
  ]);
  assert.deepEqual(said.trim().split("\n").sort(), [
    "session_key 400 65532:65532",
    "telegram_api_hash 400 65532:65532",
  ]);
}

/** Each check's command finds what runs to be well, and ends with 1 where nothing does. */
export async function assertHealthChecks(stack: Stack, { container }: Deployment): Promise<void> {
  const checked = async (words: readonly string[]): Promise<number> =>
    (await run([DOCKER, ...words], { env: stack.env })).code;
  const found: Record<string, readonly number[]> = {};
  for (const service of ["app", "nginx", "sandbox"]) {
    const { Id, Config: { Healthcheck, Image } } = await container(service);
    const [program = "", ...args] = commandOf(Healthcheck?.Test);
    const alone = ["run", "--rm", "--network", "none", "--entrypoint", program, Image, ...args];
    found[service] = [await checked(["exec", Id, program, ...args]), await checked(alone)];
  }
  const { Id, Config: { Healthcheck } } = await container("certbot");
  // Of another name, so that the container's own check does not meet it.
  const folder = "/etc/letsencrypt/live/ending.example";
  const request =
    `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout /dev/null -out ${folder}/fullchain.pem`;
  const certbot = [];
  for (const make of ["true", `${request} -days 11`, `${request} -days 9`]) {
    await stack.docker(["exec", Id, "sh", "-c", `mkdir -p ${folder} && ${make} 2>/dev/null`]);
    certbot.push(await checked(["exec", "--env", "DOMAIN=ending.example", Id, ...commandOf(Healthcheck?.Test)]));
  }
  await stack.docker(["exec", Id, "rm", "-r", folder]);
  assert.deepEqual({ ...found, certbot }, { app: [0, 1], nginx: [0, 1], sandbox: [0, 1], certbot: [0, 0, 1] });
}

function commandOf([kind, ...words]: readonly string[] = []): readonly string[] {
  return kind === "CMD-SHELL" ? ["sh", "-c", ...words] : words;
}
