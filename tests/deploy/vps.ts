/**
 * A bare machine with all that `install.sh` finds around one: a certificate authority, and Telegram.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { APPLICATION } from "../../sandbox/application.ts";
import type { Ran } from "../cli/command.ts";
import { startSandbox } from "../sandbox/process.ts";
import { CODE, PHONE } from "../telegram/signing_in.ts";
import { ACME_NEEDS, startAcme } from "./acme.ts";
import { type Booted, bootMachine, type Machine, MACHINE_NEEDS, RELEASE, type System } from "./machine.ts";

const SANDBOX_PORT = 4430;

/** The program, its service and its user. */
export const NAME = "telegram-toolkit-mcp";
/** The name that leads to the machine. */
export const DOMAIN = "telegram.example.org";
/** Where the machine has `install.sh`. */
export const INSTALL = `${RELEASE}/deploy/install.sh`;
/** What it writes of nginx's sites. */
export const SITE = `/etc/nginx/sites-enabled/zz-${NAME}.conf`;
/** What one needs. */
export const VPS_NEEDS = [...MACHINE_NEEDS, ...ACME_NEEDS];

/** Prints every file of a machine with what would show that it was touched; what a machine writes by itself is left out. */
export const TREE = `find / -xdev \\( ${
  ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log", "/var/lib/systemd", `/var/lib/${NAME}`, "/root"]
    .map((path) => `-path ${path}`).join(" -o ")
} \\) -prune -o -printf '%p %y %m %u %s %T@ %l\\n' | sort`;

/** Lines that only one of two trees has. */
export function changed(before: string, after: string): string[] {
  const [one, two] = [new Set(before.split("\n")), new Set(after.split("\n"))];
  return [...one.symmetricDifference(two)];
}

/** The machine, and what is asked of it again and again. */
export interface Vps extends AsyncDisposable {
  readonly machine: Booted;
  /** What `install.sh` and certbot find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `install.sh`; `more` comes into its environment. */
  install(args?: string, more?: Readonly<Record<string, string>>): Promise<Ran>;
  /** The body of an answer at the public address; `more` are curl's options. */
  ask(path: string, more?: string): Promise<string>;
  /** Waits until Telegram can be asked. */
  ready(): Promise<void>;
  /** Leads the server to the sandbox, signs in there and makes a key. */
  signIn(): Promise<string>;
  /** Calls a tool with a key, and fails unless it answers as it should. */
  fetched(apiKey: string): Promise<void>;
}

/** Boots one, on which nothing is installed. */
export async function openVps(system: System): Promise<Vps> {
  await using stack = new AsyncDisposableStack();
  const machine = stack.use(await bootMachine(system));
  const acme = stack.use(await startAcme({ within: machine.inNetwork, ports: [14000, 15000, 8053, 8055] }));
  const folder = stack.adopt(await Deno.makeTempDir(), (path) => Deno.remove(path, { recursive: true }));
  const keyFile = `${folder}/sandbox.pem`;
  stack.use(
    await startSandbox(["--port", `${SANDBOX_PORT}`, "--key-file", keyFile], { within: machine.inNetwork }),
  );
  const [own, root, key] = await Promise.all(
    [acme.itsOwn, acme.root, keyFile].map((path) => Deno.readTextFile(path)),
  );
  await give(machine, "/srv/authority.pem", own ?? "");
  await give(machine, "/srv/root.pem", root ?? "");
  await give(machine, "/srv/sandbox.pem", key ?? "");
  await machine.text(`echo '127.0.0.1 ${DOMAIN}' >>/etc/hosts`);
  const env = {
    ACME_SERVER: acme.directory,
    CURL_CA_BUNDLE: "/srv/root.pem",
    REQUESTS_CA_BUNDLE: "/srv/authority.pem",
    TELEGRAM_API_ID: String(APPLICATION.id),
    TELEGRAM_API_HASH: APPLICATION.hash,
  };
  const ask: Vps["ask"] = (path, more = "") =>
    machine.text(`curl -sS --cacert /srv/root.pem ${more} https://${DOMAIN}${path}`);
  const ready = async (): Promise<void> => {
    await machine.text(`until curl -sf --cacert /srv/root.pem https://${DOMAIN}/health/ready; do sleep 0.2; done`);
  };
  const resources = stack.move();
  return {
    machine,
    env,
    ask,
    ready,
    install: (args = `${DOMAIN} me@example.org`, more = {}) =>
      machine.run(`${INSTALL} ${args}`, { env: { ...env, ...more } }),
    signIn: async () => {
      await machine.text(`
      printf 'TELEGRAM_TEST_DC=2@127.0.0.1:${SANDBOX_PORT}\\nTELEGRAM_TEST_KEY_FILE=/srv/sandbox.pem\\n' >>/etc/${NAME}/env
      systemctl restart ${NAME}; until ${NAME} healthcheck; do sleep 0.2; done`);
      const login = await machine.run(`${NAME} login --phone`, { input: `+${PHONE}\n${CODE}\n` });
      assert.match(login.err, /Signed in as Olga Owner/);
      const apiKey = (await machine.text(`${NAME} keys create --name laptop`)).match(/\S{32,}/)?.[0] ?? "";
      await ready();
      return apiKey;
    },
    fetched: async (apiKey) => {
      const answer = await ask(
        "/api/tools/fetch_history",
        `-H 'Authorization: Bearer ${apiKey}' -H 'content-type: application/json' -d '{"chat":"@sandbox_news","limit":3}'`,
      );
      assert.equal(z.object({ count: z.int() }).parse(JSON.parse(answer)).count, 3, answer);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function give(machine: Machine, path: string, text: string): Promise<void> {
  await machine.text(`cat >${path}`, { input: text });
}
