/** Certificates as they come and go: certbot, an authority and nginx, with the hook that install.sh puts in place. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ran, start, until } from "../cli/command.ts";
import { ACME_NEEDS, startAcme } from "./acme.ts";
import { run, textOf } from "./machine.ts";
import { deployTest, networkNamespaces, program, root } from "./needs.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy/", import.meta.url));
const DOMAIN = "telegram.example.org";
const NAMES_MANAGEMENT = 8055;

/** nginx and certbot in a network of their own, before there is a certificate. */
interface Site extends AsyncDisposable {
  /** The serial number of what nginx serves, `serial=…`. */
  served(): Promise<string>;
  /** That of the certificate that certbot has. */
  stored(): Promise<string>;
  /** Renders nginx's part with certbot's certificate, in place of one of its own. */
  useStored(): Promise<void>;
  certbot(args: readonly string[]): Promise<Ran>;
  /** Where the authority finds the domain from now on. */
  leadTo(address: string): Promise<void>;
  /** Adds a line to nginx's configuration. */
  configure(line: string): Promise<void>;
  /** Whether the authority has signed what nginx serves. */
  isTrusted(): Promise<boolean>;
}

async function startSite(): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "site-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  const at = (name: string): string => join(folder, name);
  const namespace = `acme-${Deno.pid}`;
  const within = ["ip", "netns", "exec", namespace];
  await textOf(["ip", "netns", "add", namespace]);
  stack.defer(async () => void await textOf(["ip", "netns", "del", namespace]));
  await textOf([...within, "ip", "link", "set", "lo", "up"]);
  const acme = stack.use(await startAcme({ within, ports: [14000, 15000, 8053, NAMES_MANAGEMENT] }));

  const live = at(`letsencrypt/live/${DOMAIN}`);
  const render = (certificate: string, key: string): Promise<string> =>
    textOf([`${DEPLOY}nginx/render.sh`, at("site.conf")], {
      env: {
        DOMAIN,
        CERTIFICATE: certificate,
        CERTIFICATE_KEY: key,
        WEBROOT: at("webroot"),
        ACCESS_LOG: at("access.log"),
        ERROR_LOG: at("error.log"),
      },
    });
  await Deno.mkdir(at("webroot"));
  await textOf([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${DOMAIN}`, "-keyout", at("key.pem"), "-out", at("own.pem")],
  ]);
  await render(at("own.pem"), at("key.pem"));
  const main = `pid ${folder}/pid; error_log ${folder}/main.log; events {}\nhttp {\ninclude ${folder}/site.conf;\n}\n`;
  await Deno.writeTextFile(at("nginx.conf"), main);

  // The hook as it is, where there is neither a systemd nor nginx's configuration in its usual place.
  const nginx = (await textOf(["sh", "-c", "command -v nginx"])).trim();
  await Deno.mkdir(at("bin"));
  await script(at("bin/nginx"), `exec ${nginx} -c ${folder}/nginx.conf "$@"`);
  await script(at("bin/systemctl"), `test "$*" = "reload nginx" && exec nginx -s reload`);
  await Deno.mkdir(at("letsencrypt/renewal-hooks/deploy"), { recursive: true });
  await Deno.copyFile(`${DEPLOY}certbot-deploy-hook.sh`, at("letsencrypt/renewal-hooks/deploy/telegram-toolkit-mcp"));

  const [command = "", ...args] = [...within, nginx, "-c", at("nginx.conf"), "-g", "daemon off;"];
  const running = stack.use(start(command, args));
  stack.defer(async () => {
    running.signal("SIGTERM");
    await running.ended();
  });
  const show = `openssl s_client -connect 127.0.0.1:443 -servername ${DOMAIN} </dev/null 2>/dev/null`;
  const served = async (): Promise<string> =>
    (await run([...within, "sh", "-c", `${show} | openssl x509 -noout -serial`])).out.trim();
  await until(async () => (await served()) !== "", `nginx serves: ${running.err.text()}`);
  const resources = stack.move();
  return {
    served,
    stored: () => textOf(["openssl", "x509", "-noout", "-serial", "-in", `${live}/fullchain.pem`]),
    useStored: async () => {
      await render(`${live}/fullchain.pem`, `${live}/privkey.pem`);
      running.signal("SIGHUP");
    },
    certbot: (args) => {
      const folders = ["config", "work", "logs"].map((name) =>
        `--${name}-dir=${at(name === "config" ? "letsencrypt" : name)}`
      );
      const env = { PATH: `${folder}/bin:${Deno.env.get("PATH")}`, REQUESTS_CA_BUNDLE: acme.itsOwn };
      const [first = "", ...rest] = args;
      const server = first === "certonly" ? ["--server", acme.directory, "--webroot-path", at("webroot")] : [];
      return run([...within, "certbot", first, "--non-interactive", ...folders, ...server, ...rest], { env });
    },
    leadTo: async (address) => {
      const tell = (path: string, body: unknown): Promise<string> =>
        textOf([...within, "curl", "-sSf", "-d", JSON.stringify(body), `http://127.0.0.1:${NAMES_MANAGEMENT}${path}`]);
      await tell("/clear-a", { host: DOMAIN });
      await tell("/add-a", { host: DOMAIN, addresses: [address] });
    },
    configure: (line) => Deno.writeTextFile(at("nginx.conf"), `${main}${line}\n`),
    isTrusted: async () =>
      /Verify return code: 0 /.test(
        (await run([...within, "sh", "-c", `${show.replace("</dev", `-CAfile ${acme.root} </dev`)}`])).out,
      ),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function script(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${text}\n`);
  await Deno.chmod(path, 0o755);
}

/** What install.sh says to certbot. */
const ISSUE = [
  "certonly",
  "--webroot",
  "--domain",
  DOMAIN,
  "--cert-name",
  DOMAIN,
  "--email",
  "me@example.org",
  "--agree-tos",
  "--no-eff-email",
];
const RENEW = ["renew", "--force-renewal", "--no-random-sleep-on-renew"];

const NEEDS = [root, networkNamespaces, ...["certbot", "nginx"].map(program), ...ACME_NEEDS];

deployTest(
  "certificate: issued through a site that has one of its own, renewed, and served without a restart",
  NEEDS,
  async () => {
    await using site = await startSite();
    const bootstrap = await site.served();
    assert.equal(await site.isTrusted(), false);
    const issued = await site.certbot(ISSUE);
    assert.equal(issued.code, 0, issued.err);
    await site.useStored();
    const first = await site.stored();
    assert.notEqual(first, bootstrap);
    await until(async () => await site.served() === first, "the issued one is served");
    // A worker of before the reload may answer once more.
    await until(site.isTrusted, "it is trusted");

    const renewed = await site.certbot(RENEW);
    assert.equal(renewed.code, 0, renewed.err);
    const second = await site.stored();
    assert.notEqual(second, first);
    await until(async () => await site.served() === second, "the renewed one is served");
    // A worker of before the reload may answer once more.
    await until(site.isTrusted, "it is trusted");

    const early = await site.certbot(["renew", "--no-random-sleep-on-renew"]);
    assert.equal(early.code, 0, early.err);
    assert.equal(await site.stored(), second, "one that is good for weeks is left");
  },
);

deployTest("certificate: where a renewal fails, the one before stays and is served", NEEDS, async () => {
  await using site = await startSite();
  assert.equal((await site.certbot(ISSUE)).code, 0);
  await site.useStored();
  const first = await site.stored();
  await until(async () => await site.served() === first, "it is served");
  await site.leadTo("192.0.2.1");
  const failed = await site.certbot(RENEW);
  assert.equal(failed.code, 1, failed.err);
  assert.match(failed.err, /Failed to renew certificate/);
  assert.deepEqual([await site.stored(), await site.served()], [first, first]);

  await site.leadTo("127.0.0.1");
  const renewed = await site.certbot(RENEW);
  assert.equal(renewed.code, 0, renewed.err);
  const second = await site.stored();
  assert.notEqual(second, first);
  await until(async () => await site.served() === second, "once the name leads here again, the new one is served");
});

deployTest(
  "certificate: nginx with a configuration that it would refuse is left as it runs, and certbot is told",
  NEEDS,
  async () => {
    await using site = await startSite();
    assert.equal((await site.certbot(ISSUE)).code, 0);
    await site.useStored();
    const first = await site.stored();
    await until(async () => await site.served() === first, "it is served");
    await site.configure("nonsense;");
    const renewed = await site.certbot(RENEW);
    assert.match(`${renewed.out}${renewed.err}`, /unknown directive "nonsense"/);
    assert.notEqual(await site.stored(), first);
    assert.equal(await site.served(), first);
  },
);
