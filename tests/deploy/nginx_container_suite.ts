/** deploy/nginx/start.sh as it runs in nginx's container: its certificates, and what its workers may do. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { start, until } from "../cli/command.ts";
import { run, textOf } from "./machine.ts";
import { deployTest, networkNamespaces, program, root } from "./needs.ts";
import { type Version, VERSIONS } from "./nginx.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const DOMAIN = "toolkit.example";
const LIVE = `/etc/letsencrypt/live/${DOMAIN}`;
/** As compose.yaml gives them. */
const CAPABILITIES = "-all,+chown,+kill,+net_bind_service,+setgid,+setuid";
/** certbot's package brings /etc/letsencrypt. */
const NEEDS = [root, networkNamespaces, program("setpriv"), program("certbot")];

/** The places that the container has, in namespaces of its own. */
const SETUP = `
mount --bind "$1" /srv
mount --bind /srv/passwd /etc/passwd
mount --bind /srv/group /etc/group
mount --bind /srv/letsencrypt /etc/letsencrypt
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
ip link set lo up
export PATH=/srv/bin:$PATH
exec setpriv --bounding-set ${CAPABILITIES} --inh-caps -all sh /srv/deploy/nginx/start.sh`;

interface Container extends AsyncDisposable {
  /** Runs a script in it, with all that root may; its standard output. */
  text(script: string): Promise<string>;
  /** What it has said. */
  said(): string;
  /** The subject of the certificate that clients get. */
  subject(): Promise<string>;
  workers(): Promise<string[]>;
}

/** A certificate and its key as files of a folder. */
async function certify(folder: string, name: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await textOf([
    ...["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-subj", `/CN=${name}`, "-keyout", join(folder, "privkey.pem"), "-out", join(folder, "fullchain.pem")],
  ]);
}

/** @param prepare what is done before the start to the folder that is /srv in it */
async function startContainer(version: Version, prepare: (folder: string) => Promise<void>): Promise<Container> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  for (const name of ["bin", "letsencrypt"]) await Deno.mkdir(join(folder, name));
  await textOf(["cp", "-r", `${PROJECT}deploy`, `${PROJECT}nginx.conf`, folder]);
  for (const name of ["passwd", "group"]) {
    const line = name === "passwd" ? "nginx:x:65531:65531:nginx:/nonexistent:/bin/false" : "nginx:x:65531:";
    await Deno.writeTextFile(join(folder, name), `${await Deno.readTextFile(`/etc/${name}`)}${line}\n`);
  }
  const real = await textOf(["sh", "-c", 'command -v "$0"', version.program]);
  await Deno.writeTextFile(join(folder, "bin/nginx"), `#!/bin/sh\nexec ${real} "$@"\n`, { mode: 0o755 });
  await prepare(folder);
  const flags = ["--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"];
  const running = stack.use(start("unshare", [...flags, "sh", "-euc", SETUP, "sh", folder], { DOMAIN, IPV6: "0" }));
  const first = (): Promise<string> => Deno.readTextFile(`/proc/${running.pid}/task/${running.pid}/children`);
  await until(async () => await first() !== "", "it is in its namespaces");
  const enter = ["nsenter", "--target", (await first()).trim(), "--mount", "--net", "--pid", "sh", "-c"];
  const text = (script: string): Promise<string> => textOf([...enter, script]);
  const subject = async (): Promise<string> => {
    const client = `openssl s_client -connect 127.0.0.1:443 -servername ${DOMAIN} </dev/null 2>/dev/null`;
    return (await run([...enter, `${client} | openssl x509 -noout -subject`])).out.trim();
  };
  await until(async () => await subject() !== "", "nginx serves", 20)
    .catch((error) => assert.fail(`${error}: ${running.err.text()}`));
  const resources = stack.move();
  return {
    text,
    said: () => running.err.text(),
    subject,
    workers: async () => {
      const children = await text("pid=$(cat /run/nginx/nginx.pid); cat /proc/$pid/task/$pid/children");
      return children.split(" ").filter((pid) => pid !== "");
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Pairs that are none. */
const BROKEN: Readonly<Record<string, string>> = {
  "empty": `: >${LIVE}/fullchain.pem; : >${LIVE}/privkey.pem`,
  "no certificate": `echo no >${LIVE}/fullchain.pem; echo no >${LIVE}/privkey.pem`,
  "of two kinds": `openssl genpkey -algorithm ed25519 -out ${LIVE}/privkey.pem`,
  "not to be read": `chown 1:1 ${LIVE}/*.pem; chmod 0000 ${LIVE}/*.pem`,
};

for (const version of VERSIONS) {
  deployTest(
    `${version.name}, start.sh: a pair that is none is not taken but told, and one that is comes after it by itself`,
    [...NEEDS, ...version.needs],
    async () => {
      await using container = await startContainer(version, async (folder) => {
        const live = join(folder, "letsencrypt/live", DOMAIN);
        await Deno.mkdir(live, { recursive: true });
        for (const name of ["fullchain.pem", "privkey.pem"]) await Deno.writeTextFile(join(live, name), "");
        await certify(join(folder, "good"), "good");
      });
      const told = (): number => container.said().split("cannot be read or do not belong together").length - 1;
      assert.match(await container.subject(), /CN ?= ?self-signed/);
      assert.equal(told(), 1, container.said());
      await container.text(`cp /srv/good/*.pem ${LIVE}`);
      const isGood = async (): Promise<boolean> => /CN ?= ?good/.test(await container.subject());
      await until(isGood, "the good one is taken", 30);
      for (const [kind, script] of Object.entries(BROKEN)) {
        const before = told();
        await container.text(script);
        await until(() => told() > before, `${kind}: it is told`, 30);
        assert.ok(await isGood(), `${kind}: the one in use stays`);
      }
      assert.equal(container.said().split("signal 1 (SIGHUP) received").length - 1, 1, container.said());
      await container.text(
        `rm -f ${LIVE}/*; cp /srv/good/*.pem ${LIVE}; cat /srv/good/fullchain.pem >>${LIVE}/fullchain.pem`,
      );
      await until(() => container.said().split("the certificate is that of").length === 3, "the next good one", 30);
    },
  );

  deployTest(
    `${version.name}, start.sh: workers hold a long body where no disk is, and an old one does not stay for ever`,
    [...NEEDS, ...version.needs],
    async () => {
      await using container = await startContainer(version, async (folder) => {
        const file = join(folder, "deploy/nginx/container.conf");
        const text = await Deno.readTextFile(file);
        assert.match(text, /worker_shutdown_timeout 1h;/);
        await Deno.writeTextFile(file, text.replace("worker_shutdown_timeout 1h", "worker_shutdown_timeout 1s"));
        await certify(join(folder, "good"), "good");
        await Deno.writeTextFile(join(folder, "body"), "x".repeat(900_000));
      });
      const ask = `curl -sk --max-time 60 --resolve ${DOMAIN}:443:127.0.0.1 -H Expect:`;
      for (const more of ["", "-H 'Transfer-Encoding: chunked'"]) {
        const sent = `${more} --http1.1 --data-binary @/srv/body -o /dev/null -w '%{http_code}'`;
        // Nobody is behind nginx: that is what it says when it has the body.
        assert.equal(await container.text(`${ask} ${sent} https://${DOMAIN}/mcp`), "503", container.said());
      }
      assert.equal(await container.text("stat -f -c %T /tmp/body"), "tmpfs");
      const before = await container.workers();
      assert.equal(before.length, 2);

      // Somebody who takes requests and answers none.
      const silent = "Deno.listen({ port: 8000 }); setInterval(() => {}, 1000)";
      await container.text(`${Deno.execPath()} eval '${silent}' >/dev/null 2>&1 &
        until ss -Hltn | grep -q :8000; do sleep 0.1; done`);
      const stream = container.text(`${ask} https://${DOMAIN}/mcp; echo ended`);
      await until(
        async () => await container.text("ss -Htn state established '( dport = :8000 )'") !== "",
        "it is open",
      );
      await container.text(`mkdir -p ${LIVE}; cp /srv/good/*.pem ${LIVE}`);
      await until(
        async () => (await container.workers()).every((pid) => !before.includes(pid)),
        "the workers of before the reload are gone",
        40,
      );
      assert.equal(await stream, "ended");
    },
  );
}
