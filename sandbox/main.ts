/**
 * The sandbox, alone: `deno task sandbox`.
 * @module
 */
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { createControl } from "./control.ts";
import { createFaults, FaultSettings, floodRule } from "./faults.ts";
import { createFiles } from "./methods/files.ts";
import { encode } from "./methods/encode.ts";
import { createLogin } from "./methods/login/mod.ts";
import { createMethods } from "./methods/mod.ts";
import { createJournal } from "./journal.ts";
import { recorded, RECORDS_VARIABLE } from "./record.ts";
import { createServer } from "./server.ts";
import { AWAY_DC, createKeyStore, HOME_DC, stringSession } from "./wire/keys.ts";
import { publicKeyPem } from "./wire/rsa.ts";
import { describe } from "./world/describe.ts";
import { createWorld, WORLD_NOW } from "./world/mod.ts";

const HELP =
  `The sandbox: a Telegram data centre of its own, with a generated world. It listens on 127.0.0.1, or on --host.

  --host ADDRESS     where it listens: an IP address that clients reach it by, of a container of its own for one
  --port N           where clients connect; 0, the default, is any free port
  --control-port N   where tests control it, over HTTP; 0 is any free port; off by default
  --state DIR        keeps the clients' keys in DIR, so that they stay signed in across restarts
  --session-file F   writes a string session that is signed in as the world's owner
  --key-file F       writes the RSA public key (PEM, PKCS #1) that clients must trust
  --latency MS       waits so long before every answer
  --flood            answers every 20th messages.getHistory or messages.search with FLOOD_WAIT_3
  --hostile          with chats full of texts and names that want to lead a reader astray
  --describe         prints what the world contains as JSON, and ends
  --json             says where it listens in one line of JSON
  --with-parent      ends when its standard input is closed, and leaves Ctrl-C to the parent
  --help             prints this`;

/** Where string sessions say that the data centre is; clients of the sandbox map it to the real listener. */
const FICTIONAL = { host: "10.77.0.2", port: 443 };

const port = z.coerce.number().int().min(0).max(65_535);

const Flags = z.object({
  host: z.union([z.ipv4(), z.ipv6()]).default("127.0.0.1"),
  port: port.default(0),
  "control-port": port.optional(),
  state: z.string().optional(),
  "session-file": z.string().optional(),
  "key-file": z.string().optional(),
  latency: z.coerce.number().int().min(0).max(60_000).default(0),
  flood: z.boolean().default(false),
  hostile: z.boolean().default(false),
  describe: z.boolean().default(false),
  json: z.boolean().default(false),
  "with-parent": z.boolean().default(false),
  help: z.boolean().default(false),
});
type Flags = z.infer<typeof Flags>;

/** Reads the command line; throws for what it does not know. */
function readFlags(args: string[]): Flags {
  const { values } = parseArgs({
    args,
    options: {
      host: { type: "string" },
      port: { type: "string" },
      "control-port": { type: "string" },
      state: { type: "string" },
      "session-file": { type: "string" },
      "key-file": { type: "string" },
      latency: { type: "string" },
      flood: { type: "boolean" },
      hostile: { type: "boolean" },
      describe: { type: "boolean" },
      json: { type: "boolean" },
      "with-parent": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const flags = Flags.safeParse(values);
  if (!flags.success) throw new TypeError(z.prettifyError(flags.error));
  return flags.data;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Writes a file that only its owner may read, never half of it. */
function writePrivate(path: string, text: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${Deno.pid}`;
  Deno.writeTextFileSync(temporary, text, { mode: 0o600 });
  Deno.renameSync(temporary, path);
}

/** Serves until the process is told to end. */
function serve(flags: Flags): void {
  const offsets = { world: 0, wire: 0 };
  const world = createWorld({ now: () => WORLD_NOW + offsets.world, hostile: flags.hostile });
  const { state: directory, "session-file": sessionFile, "key-file": keyFile } = flags;
  const now = (): number => Date.now() / 1000 + offsets.wire;
  const keys = createKeyStore({ directory, now: () => Math.floor(now()) });
  const rules = flags.flood ? [floodRule] : [];
  const faults = createFaults(FaultSettings.parse({ rules, latencyMs: flags.latency }));
  const files = createFiles();
  const login = createLogin(world, now);
  const records = Deno.env.get(RECORDS_VARIABLE);
  const journal = records ? recorded(createJournal(), records) : createJournal();
  const methods = createMethods(world, files, login);
  const server = createServer({ methods, host: flags.host, port: flags.port, keys, faults, journal, now });
  login.onAccepted((keyId) => {
    const update = { _: "updateLoginToken" };
    server.push(keyId, encode({ _: "updateShort", update, date: Math.floor(now()) }));
  });
  const controlPort = flags["control-port"];
  const clocks = {
    advanceWorld: (seconds: number): void => {
      offsets.world += 1000 * seconds;
      world.catchUp();
    },
    advanceWire: (seconds: number): void => void (offsets.wire += seconds),
  };
  const control = controlPort === undefined
    ? undefined
    : createControl({ server, world, files, login, clocks, port: controlPort });
  if (keyFile !== undefined) writePrivate(keyFile, publicKeyPem);
  if (sessionFile !== undefined) {
    writePrivate(sessionFile, stringSession(keys.owner(world.ownerId), FICTIONAL.host, FICTIONAL.port));
  }

  const ready = {
    dc: HOME_DC,
    host: flags.host,
    port: server.port,
    awayDc: AWAY_DC,
    awayPort: server.awayPort,
    controlPort: control?.port,
    publicKey: publicKeyPem,
    sessionFile,
    keyFile,
  };
  if (flags.json) return print(JSON.stringify(ready));
  print(`Data centre ${ready.dc} at ${ready.host}:${ready.port}, layer 198`);
  print(`Data centre ${ready.awayDc} at ${ready.host}:${ready.awayPort}`);
  if (control !== undefined) print(`Control endpoint at http://127.0.0.1:${control.port}`);
  if (sessionFile !== undefined) print(`Session of ${world.ownerId} in ${sessionFile}`);
  print(publicKeyPem);
}

/** Ends the process when standard input is closed: the parent has gone. */
async function followParent(): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (await Deno.stdin.read(buffer) !== null);
  Deno.exit(0);
}

function fail(reason: string, code: number): never {
  Deno.stderr.writeSync(new TextEncoder().encode(`sandbox: ${reason}\n`));
  Deno.exit(code);
}

function main(): void {
  let flags: Flags;
  try {
    flags = readFlags(Deno.args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    fail(error.message, 2);
  }
  if (flags.help) return print(HELP);
  if (flags.describe) return print(JSON.stringify(describe(createWorld({ hostile: flags.hostile })), null, 2));
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  Deno.addSignalListener("SIGINT", () => {
    // On a terminal Ctrl-C reaches the parent too, which still needs its data centre to end in good order.
    if (!flags["with-parent"]) Deno.exit(0);
  });
  try {
    serve(flags);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    fail("the port is taken by another program; choose another one", 1);
  }
  if (flags["with-parent"]) void followParent();
}

main();
