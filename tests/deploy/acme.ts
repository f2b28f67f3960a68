/**
 * A certificate authority that speaks ACME (RFC 8555), pebble, with a name server that leads every name to this machine.
 * @module
 */
import { join } from "node:path";
import { start, until } from "../cli/command.ts";
import { run, textOf } from "./machine.ts";
import { type Need, program } from "./needs.ts";

/** What it needs. */
export const ACME_NEEDS: readonly Need[] = ["pebble", "pebble-challtestsrv", "openssl", "curl"].map(program);

/** A running authority. */
export interface Acme extends AsyncDisposable {
  /** Where clients begin, for `certbot --server`. */
  readonly directory: string;
  /** The certificate with which the authority itself answers, as a file. */
  readonly itsOwn: string;
  /** The root of what it issues, as a file. */
  readonly root: string;
}

/** How one is started. */
export interface AcmeOptions {
  /** Words before each command, which bring it into a network. */
  readonly within?: readonly string[];
  /** The address at which it listens, and to which its name server leads every name. */
  readonly host?: string;
  /** Where it asks for challenges. */
  readonly httpPort?: number;
  /** Its ports: the directory, the management, the names and their management. */
  readonly ports: readonly [number, number, number, number];
}

/** Starts one; it looks at every challenge, and forgets that a name was proven before. */
export async function startAcme({ within = [], host = "127.0.0.1", httpPort = 80, ports }: AcmeOptions): Promise<Acme> {
  const [port, management, names, namesManagement] = ports;
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(
    await Deno.makeTempDir({ prefix: "acme-" }),
    (path) => Deno.remove(path, { recursive: true }),
  );
  const at = (name: string): string => join(folder, name);
  await textOf([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=acme", "-addext", `subjectAltName=IP:${host}`, "-keyout", at("key.pem"), "-out", at("own.pem")],
  ]);
  const pebble = {
    listenAddress: `${host}:${port}`,
    managementListenAddress: `${host}:${management}`,
    certificate: at("own.pem"),
    privateKey: at("key.pem"),
    httpPort,
    tlsPort: 443,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
  };
  await Deno.writeTextFile(at("config.json"), JSON.stringify({ pebble }));
  const daemon = (words: readonly string[], environment: Readonly<Record<string, string>> = {}): void => {
    const [command = "", ...args] = [...within, ...words];
    stack.use(start(command, args, environment));
  };
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", ""];
  daemon([
    ...["pebble-challtestsrv", "-dns01", `${host}:${names}`, "-management", `${host}:${namesManagement}`],
    ...["-defaultIPv4", host, "-defaultIPv6", "", ...off],
  ]);
  daemon(["pebble", "-config", at("config.json"), "-dnsserver", `${host}:${names}`], {
    PEBBLE_VA_NOSLEEP: "1",
    PEBBLE_WFE_NONCEREJECT: "0",
    PEBBLE_AUTHZREUSE: "0",
  });
  const ask = ["curl", "--silent", "--fail", "--cacert", at("own.pem"), "--output", at("root.pem")];
  const url = `https://${host}:${management}/roots/0`;
  await until(async () => (await run([...within, ...ask, url])).code === 0, "the authority answers");
  const resources = stack.move();
  return {
    directory: `https://${host}:${port}/dir`,
    itsOwn: at("own.pem"),
    root: at("root.pem"),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
