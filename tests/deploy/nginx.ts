/**
 * nginx itself, with the site that `deploy/nginx/render.sh` makes, within the `nginx.conf` that Debian 12 has.
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { z } from "zod";
import { start, until } from "../cli/command.ts";
import { freePort } from "../http/port.ts";
import { type Need, program } from "./needs.ts";

const RENDER = fileURLToPath(new URL("../../deploy/nginx/render.sh", import.meta.url));

/** The host name of the site. */
export const DOMAIN = "localhost";

/** An nginx that the site must be right on. */
export interface Version {
  readonly name: string;
  readonly program: string;
  readonly needs: readonly Need[];
}

/** Debian 12's, and the newest that `packages.sh` has found. */
export const VERSIONS: readonly Version[] = [
  { name: "nginx of Debian 12", program: "nginx" },
  { name: "newest nginx", program: "/opt/nginx-stable/nginx" },
].map((version) => ({ ...version, needs: [program(version.program), program("openssl"), program("curl")] }));

/** A line of the access log. */
export const lineSchema = z.strictObject({
  time: z.iso.datetime({ offset: true }),
  request_id: z.string(),
  client_ip: z.string(),
  method: z.string(),
  route: z.string(),
  protocol: z.string(),
  tls: z.string(),
  status: z.int(),
  bytes: z.int(),
  seconds: z.number(),
  upstream: z.string(),
  upstream_status: z.string(),
  upstream_seconds: z.string(),
  limit_req: z.string(),
  limit_conn: z.string(),
});

/** See {@link lineSchema}. */
export type Line = z.infer<typeof lineSchema>;

/** A running nginx. Disposing ends it. */
export interface Nginx extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly httpPort: number;
  /** `https://localhost:PORT`. */
  readonly url: string;
  /** The same without TLS. */
  readonly httpUrl: string;
  /** Its certificate, which is its own authority. */
  readonly certificate: string;
  readonly webroot: string;
  /** `fetch` as a client that believes the certificate; HTTP/2, as the client of the MCP SDK has it. */
  readonly fetch: (input: string | URL, init?: RequestInit) => Promise<Response>;
  /** The access log so far; a line comes when its answer has gone out. */
  lines(): Promise<Line[]>;
  /** The first line of the access log that is meant, once it is there. */
  line(isMeant: (line: Line) => boolean): Promise<Line | undefined>;
  /** Everything that it has written, whichever file. */
  written(): Promise<string>;
  /** Puts another site in place, and returns once new workers serve it. */
  reload(): Promise<void>;
}

/** What {@link startNginx} takes. */
export interface NginxOptions {
  /** Variables of `render.sh` besides those of the test's own places. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Pairs of a text of the site and what stands in its place: shorter times, for one. */
  readonly changes?: readonly (readonly [string, string])[];
  readonly ports?: Ports;
}

/** Where nginx listens. */
export interface Ports {
  readonly http: number;
  readonly https: number;
}

/** Ports that nobody listens on just now. */
export function freePorts(): Ports {
  return { http: freePort(), https: freePort() };
}

/** Runs a program to its end. */
export async function output(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], env: { ...env } }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A folder with a certificate, a webroot and a configuration around `site.conf`, as Debian 12's `nginx.conf` has it. */
export async function makeFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "nginx-" });
  await Deno.chmod(folder, 0o755);
  await Deno.mkdir(join(folder, "webroot/.well-known/acme-challenge"), { recursive: true });
  const { code, stderr } = await output("openssl", [
    ...["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-subj", `/CN=${DOMAIN}`, "-addext", `subjectAltName=DNS:${DOMAIN}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")],
  ]);
  if (code !== 0) throw new Error(stderr);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
  await Deno.writeTextFile(
    join(folder, "nginx.conf"),
    `worker_processes 2; pid ${folder}/pid; error_log ${folder}/main.log info; events { worker_connections 768; }
http {
  ${temporary}
  sendfile on; tcp_nopush on; types_hash_max_size 2048; include /etc/nginx/mime.types;
  default_type application/octet-stream; ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;
  access_log ${folder}/others.log; gzip on; gzip_types *;
  include ${folder}/site.conf;
}
`,
  );
  return folder;
}

/** Writes `site.conf` into a folder; returns what `render.sh` says when it refuses. */
export async function render(folder: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const { code, stderr } = await output(RENDER, [join(folder, "site.conf")], {
    DOMAIN,
    CERTIFICATE: join(folder, "certificate.pem"),
    CERTIFICATE_KEY: join(folder, "key.pem"),
    WEBROOT: join(folder, "webroot"),
    BODIES: join(folder, "bodies"),
    ACCESS_LOG: join(folder, "access.log"),
    ERROR_LOG: join(folder, "error.log"),
    ...variables,
  });
  return code === 0 ? "" : stderr || `code ${code}`;
}

/** What `render.sh` has to know of one that is not in its PATH. */
export async function versionOf({ program }: Version): Promise<{ readonly NGINX_VERSION: string }> {
  const { stderr } = await output(program, ["-v"]);
  return { NGINX_VERSION: /nginx\/([\d.]+)/.exec(stderr)?.[1] ?? "" };
}

/** Process ids of the workers of a running one. */
function workersOf(pid: number): string[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter((each) => each !== "");
}

/** What the workers of a running one have open; ` (deleted)` is behind the names of files that have none any more. */
export function openFiles({ pid }: Pick<Nginx, "pid">): string[] {
  return workersOf(pid).flatMap((worker) =>
    [...Deno.readDirSync(`/proc/${worker}/fd`)].flatMap(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/${worker}/fd/${name}`);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    })
  );
}

/** Starts one; returns when it accepts connections. */
export async function startNginx(version: Version, options: NginxOptions = {}): Promise<Nginx> {
  const { http, https } = options.ports ?? freePorts();
  await using stack = new AsyncDisposableStack();
  const folder = await makeFolder();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const variables = { HTTP_PORT: `${http}`, HTTPS_PORT: `${https}`, PUBLIC_PORT: `${https}`, ...options.variables };
  const refused = await render(folder, { ...await versionOf(version), ...variables });
  if (refused !== "") throw new Error(refused);
  const site = join(folder, "site.conf");
  let text = await Deno.readTextFile(site);
  for (const [from, to] of options.changes ?? []) {
    if (!text.includes(from)) throw new Error(`the site has no ${from}`);
    text = text.replaceAll(from, to);
  }
  await Deno.writeTextFile(site, text);

  const running = stack.use(start(version.program, ["-c", join(folder, "nginx.conf"), "-g", "daemon off;"]));
  stack.defer(async () => {
    running.signal("SIGTERM");
    await running.ended();
  });
  await until(() => accepts(https), `nginx listens: ${running.err.text()}`);
  const certificate = await Deno.readTextFile(join(folder, "certificate.pem"));
  const client = stack.use(Deno.createHttpClient({ caCerts: [certificate] }));
  const read = (name: string): Promise<string> => Deno.readTextFile(join(folder, name));
  const lines = async (): Promise<Line[]> =>
    (await read("access.log")).split("\n").filter((line) => line !== "").map((line) =>
      lineSchema.parse(JSON.parse(line))
    );
  const resources = stack.move();
  return {
    pid: running.pid,
    port: https,
    httpPort: http,
    url: `https://${DOMAIN}:${https}`,
    httpUrl: `http://${DOMAIN}:${http}`,
    certificate,
    webroot: join(folder, "webroot"),
    fetch: (input, init) => fetch(input, { ...init, client }),
    lines,
    line: async (isMeant) => {
      const found: Line[] = [];
      await until(async () => found.push(...(await lines()).filter(isMeant)) > 0, "the access log has the line");
      return found[0];
    },
    written: async () => {
      const logs = await Promise.all(["access.log", "error.log", "main.log", "others.log"].map(read));
      return [...logs, running.out.text(), running.err.text()].join("\n");
    },
    reload: async () => {
      const before = workersOf(running.pid);
      running.signal("SIGHUP");
      await until(
        () => workersOf(running.pid).filter((pid) => !before.includes(pid)).length >= 2,
        "new workers serve",
      );
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
