/** deploy/install.sh and what it puts on a bare machine, on one that has been booted. */
import assert from "node:assert/strict";
import { z } from "zod";
import { APPLICATION } from "../../sandbox/application.ts";
import { type Ran, until } from "../cli/command.ts";
import { RELEASE } from "./machine.ts";
import { deployTest } from "./needs.ts";
import { changed, DOMAIN, INSTALL, NAME, openVps, SITE, TREE, VPS_NEEDS } from "./vps.ts";

/** What the unit promises of a machine of 1 GB, as systemd has understood it. */
const LIMITS: Readonly<Record<string, string>> = {
  MemoryHigh: `${384 * 2 ** 20}`,
  MemoryMax: `${512 * 2 ** 20}`,
  TasksMax: "64",
  LimitNOFILE: "8192",
  OOMPolicy: "stop",
  StartLimitIntervalUSec: "5min",
  StartLimitBurst: "20",
};

deployTest("a bare machine", VPS_NEEDS, async (t) => {
  await using vps = await openVps("bookworm");
  const { machine, install, ask, env } = vps;
  const mainPid = (): Promise<string> => machine.text(`systemctl show -P MainPID ${NAME}`);
  let apiKey = "";
  const fetched = (): Promise<void> => vps.fetched(apiKey);
  const step = async (name: string, fn: () => Promise<void>): Promise<void> => {
    if (!await t.step(name, fn)) throw new Error("what comes after it needs it");
  };

  await step("install.sh --dry-run: it names every change and makes none", async () => {
    const before = await machine.text(TREE);
    const { code, out, err } = await install(`--dry-run ${DOMAIN} me@example.org`);
    assert.equal(code, 0, err);
    for (
      const word of [
        "packages nginx certbot",
        "user",
        NAME,
        "api_hash",
        "start",
        SITE,
        "certificate",
        "certbot.timer",
      ]
    ) {
      assert.match(out, new RegExp(`^would .*${word}`, "m"));
    }
    assert.equal(await machine.text(TREE), before);
  });

  await step("install.sh: a program that is not what SHA256SUMS says is refused", async () => {
    await machine.text(`mkdir /srv/altered; cp ${RELEASE}/dist/* /srv/altered; echo >>/srv/altered/${NAME}`);
    const { code, err } = await install(`--binary /srv/altered/${NAME} ${DOMAIN} me@example.org`);
    assert.equal(code, 1);
    assert.match(err, /is not what \/srv\/altered\/SHA256SUMS says/);
    await machine.text("rm -r /srv/altered");
  });

  await step("install.sh: where another program has the port of nginx, it is named", async () => {
    await machine.text(
      "systemd-run --quiet --unit=holder systemd-socket-activate --listen 80 true; until ss -Hltn | grep -q ':80 '; do sleep 0.1; done",
    );
    const { code, err } = await install();
    assert.equal(code, 1);
    assert.match(err, /systemd-socket\S* listens on port 80/);
    await machine.text("systemctl stop holder");
  });

  await step("install.sh: while another one runs it does not", async () => {
    const { code, err } = await machine.run(`flock /run/${NAME}-install.lock ${INSTALL} ${DOMAIN} me@example.org`);
    assert.equal(code, 1);
    assert.match(err, /another install\.sh is running/);
  });

  await step("install.sh: without api_id and api_hash it says where they come from", async () => {
    const { code, err } = await machine.run(`${INSTALL} ${DOMAIN} me@example.org </dev/null`, {
      env: { ...env, TELEGRAM_API_ID: "" },
    });
    assert.equal(code, 1);
    assert.match(err, /TELEGRAM_API_ID is needed \(api_id\), from https:\/\/my\.telegram\.org/);
  });

  await step(
    "install.sh: it serves over HTTPS with a trusted certificate, and the checks of the public address pass",
    async () => {
      await machine.text(
        `printf '#!/bin/sh\\necho foreign\\n' >/usr/local/bin/${NAME}; chmod 755 /usr/local/bin/${NAME}`,
      );
      const { code, out, err } = await install();
      assert.equal(code, 0, `${out}${err}`);
      assert.deepEqual(out.match(/^ok .*$/gm)?.length, 4, out);
      assert.doesNotMatch(out, /^(fail|warning)/m);
      assert.match(out, new RegExp(`${NAME} login .*\\n.*keys create`));
      assert.match(await ask("/health/ready", "-o /dev/null -w '%{http_code}'"), /^503$/);
    },
  );

  await step("nginx: the machine's address and foreign names are refused, with TLS and without", async () => {
    const other = "--resolve other.example.org:443:127.0.0.1 --connect-timeout 5";
    for (const url of ["https://127.0.0.1/", "https://other.example.org/"]) {
      const { code, err } = await machine.run(`curl -sSk ${other} ${url}`);
      assert.deepEqual([code, /unrecognized name/.test(err)], [35, true], `${url}: ${err}`);
    }
    // Debian's own site is there.
    assert.match(await machine.text("curl -s http://127.0.0.1/health"), /<title>404 Not Found/);
  });

  await step("install.sh: a second run changes nothing, and says so", async () => {
    const [before, pid] = [await machine.text(TREE), await mainPid()];
    const dry = await install(`--dry-run ${DOMAIN} me@example.org`);
    assert.match(dry.out, /^nothing would be changed$/m);
    const { code, out, err } = await install();
    assert.equal(code, 0, err);
    assert.match(out, /^nothing had to be changed$/m);
    assert.deepEqual(changed(before, await machine.text(TREE)), []);
    assert.equal(await mainPid(), pid);
  });

  await step("install.sh: an nginx that was stopped and switched off serves again, also after a reboot", async () => {
    await machine.text("systemctl disable --quiet --now nginx");
    const { code, out, err } = await install();
    assert.equal(code, 0, `${out}${err}`);
    assert.match(out, /^enable nginx\.service\nstart nginx\.service$/m);
    assert.equal(await machine.text("systemctl is-enabled nginx"), "enabled");
  });

  await step("install.sh: an nginx that a run before has not told of its site is told", async () => {
    await machine.text(`
      cp ${SITE} /root/site; sed -i 's/listen \\(.*\\)443 ssl/listen \\1444 ssl/' ${SITE}; systemctl reload nginx
      until ss -Hltn | grep -q ':444 '; do sleep 0.1; done; cat /root/site >${SITE}`);
    const { code, out, err } = await install();
    assert.equal(code, 0, `${out}${err}`);
    assert.match(out, /^reload nginx\.service$/m);
  });

  await step("install.sh: where the public address is not as it should be, it says what it found there", async () => {
    const { code, out, err } = await machine.run(`${INSTALL} ${DOMAIN} me@example.org`, {
      env: { ...env, CURL_CA_BUNDLE: "/srv/authority.pem" },
    });
    assert.equal(code, 1);
    assert.match(out, /^fail {2}the server answers .*\n +https:\S+ answered 000 instead of 200 .*certificate/m);
    assert.match(err, /3 of 4 checks failed/);
  });

  await step("secrets: only root reads them, and the service has the api_hash as a credential", async () => {
    const modes = await machine.text(`stat -c '%a %U %n' /etc/${NAME} /etc/${NAME}/* /var/lib/${NAME}`);
    assert.equal(
      modes,
      `700 root /etc/${NAME}\n600 root /etc/${NAME}/api_hash\n600 root /etc/${NAME}/env\n700 ${NAME} /var/lib/${NAME}`,
    );
    const environ = await machine.text(`tr '\\0' '\\n' </proc/$(systemctl show -P MainPID ${NAME})/environ`);
    assert.match(environ, /^TELEGRAM_API_HASH_FILE=\/run\/credentials\//m);
    assert.ok(!environ.includes(APPLICATION.hash));
  });

  await step(
    "commands: login, keys and doctor work on what the service has, and a tool is called over HTTPS",
    async () => {
      apiKey = await vps.signIn();
      await fetched();
      assert.match((await machine.run(`${NAME} doctor`)).out, /^ok +session: /m);
      assert.equal((await machine.run(`${NAME} nonsense`)).code, 2);
      assert.match((await machine.run(`cd /root && chmod 700 . && ${NAME} whoami`)).out, /@sandbox_owner/);
      assert.match((await machine.run(`setpriv --reuid 65534 ${NAME} doctor`)).err, /needs root/);
      const odd = await machine.run(`${NAME} keys show '$HOME'`);
      assert.match(odd.err, /\$HOME/);
    },
  );

  await step("install.sh: a lost api_hash is written again, and what else was set stays", async () => {
    await machine.text(`cp -a /etc/${NAME}/env /root/env; rm /etc/${NAME}/api_hash`);
    const { code, out, err } = await install();
    assert.equal(code, 0, `${out}${err}`);
    await machine.text(`cmp /root/env /etc/${NAME}/env`);
    assert.equal(await machine.text(`cat /etc/${NAME}/api_hash`), APPLICATION.hash);
    assert.equal(await machine.text(`stat -c %a /etc/${NAME}/api_hash`), "600");
    await vps.ready();
    await fetched();
  });

  await step("commands: exports go to where the service's user may write, or through root's shell", async () => {
    const line = /^\{"schema":"message\/1"/;
    const folder = `/var/backups/${NAME}/news/`;
    await machine.text(`${NAME} export @sandbox_news --out ${folder} && ${NAME} verify ${folder}`);
    assert.match(
      await machine.text(`stat -c '%a %U' ${folder}; head -n 1 ${folder}messages.ndjson`),
      /^700 telegram-toolkit-mcp\n/,
    );
    assert.match(
      await machine.text(`${NAME} export @sandbox_group --out - >/root/group.ndjson; head -n 1 /root/group.ndjson`),
      line,
    );
  });

  await step("commands: Ctrl-C ends one, at a terminal and in a pipe, and nothing of it is left running", async () => {
    const shown = (text: string): string => `until grep -q '${text}' /root/shown; do sleep 0.1; done`;
    const { out } = await machine.run(`
      touch /root/shown
      (${shown("fetch_history")}; printf '\\003'; ${shown("code [0-9]")}) |
        script -qefc '${NAME} audit tail -n 1000 --follow; echo code $?' /root/shown`);
    assert.match(out, /code 130/);
    await machine.run(`timeout --signal INT 5 ${NAME} audit tail --follow`);
    assert.equal(await machine.text(`systemctl list-units --no-legend '${NAME}-command-*'`), "");
  });

  await step("confinement: the service is nobody's superuser, and writes in its data directory alone", async () => {
    const pid = await mainPid();
    const status = await machine.text(`cat /proc/${pid}/status`);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, /^Seccomp:\t2$/m);
    for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) assert.match(status, new RegExp(`^Cap${set}:\t0{16}$`, "m"));
    assert.doesNotMatch(status, /^Uid:.*\t0\b/m);
    const inside = `/proc/${pid}/root`;
    for (const place of ["/", "/etc", "/usr/local/lib", `/etc/${NAME}`, "/var/backups", "/srv", "/opt"]) {
      const { err } = await machine.run(`touch ${inside}${place}/x`);
      assert.match(err, /Read-only file system/, place);
    }
    const mine = `${inside}/var/lib/${NAME}/x ${inside}/tmp/x`;
    await machine.text(`touch ${mine} && test ! -e /tmp/x && rm ${mine}`);
    assert.equal(await machine.text(`ls ${inside}/root ${inside}/home | grep -v ':$' || :`), "");
    const { err } = await machine.run(`nsenter --target ${pid} --mount /usr/bin/id`);
    assert.match(err, /failed to execute .*Permission denied/);
    const listening = await machine.text("ss -Hltn | awk '{ print $4 }' | grep ':8000$'");
    assert.equal(listening, "127.0.0.1:8000");
  });

  await step("clients: their own address counts, whatever they say it is", async () => {
    await machine.text("ip address add 203.0.113.7/32 dev lo");
    const headers = "-H 'X-Forwarded-For: 198.51.100.9' -H 'X-Request-Id: spoofed-address'";
    await ask("/api/tools", `--interface 203.0.113.7 ${headers} -H 'Authorization: Bearer ${apiKey}'`);
    const logged = `journalctl --unit ${NAME} --output cat --no-pager | grep spoofed-address`;
    await until(async () => (await machine.run(logged)).code === 0, "the request is in the log");
    const lines = (await machine.text(logged)).split("\n");
    assert.deepEqual(lines.map((line) => z.object({ client_ip: z.string() }).parse(JSON.parse(line)).client_ip), [
      "203.0.113.7",
    ]);
  });

  await step("service: killed, it is started again with everything that it had", async () => {
    const pid = await mainPid();
    await machine.text(`systemctl kill -s KILL ${NAME}
      until [ "$(systemctl show -P MainPID ${NAME})" != ${pid} ] && curl -sf --cacert /srv/root.pem https://${DOMAIN}/health/ready; do sleep 0.2; done`);
    assert.equal(await machine.text(`systemctl show -P NRestarts ${NAME}`), "1");
    await fetched();
  });

  await step("service: a wrong configuration is told once, not over and over", async () => {
    await machine.text(
      `cp -a /etc/${NAME}/env /root/env; echo MCP_SERVER_PORT=many >>/etc/${NAME}/env; systemctl restart ${NAME} || :
      until systemctl is-failed --quiet ${NAME}; do sleep 0.1; done`,
    );
    assert.equal(
      await machine.text(`systemctl show -p ExecMainStatus -p NRestarts ${NAME}`),
      "NRestarts=0\nExecMainStatus=2",
    );
    await machine.text(`mv /root/env /etc/${NAME}/env; systemctl restart ${NAME}`);
  });

  await step("service: told to stop, it ends by itself and in order", async () => {
    await machine.text(`until ${NAME} healthcheck; do sleep 0.2; done; systemctl stop ${NAME}`);
    assert.equal(
      await machine.text(`systemctl show -p Result -p ExecMainStatus ${NAME}`),
      "Result=success\nExecMainStatus=0",
    );
    await machine.text(`systemctl start ${NAME}; until ${NAME} healthcheck; do sleep 0.2; done`);
  });

  await step(
    "renewal: certbot gets a new certificate, and nginx serves it without being told by anybody else",
    async () => {
      const serve =
        `openssl s_client -connect 127.0.0.1:443 -servername ${DOMAIN} </dev/null 2>/dev/null | openssl x509 -noout -serial`;
      const before = await machine.text(serve);
      assert.match(before, /^serial=/);
      const renewed = await machine.run("certbot renew --force-renewal --no-random-sleep-on-renew", { env });
      assert.equal(renewed.code, 0, renewed.err);
      const file = await machine.text(`openssl x509 -noout -serial -in /etc/letsencrypt/live/${DOMAIN}/fullchain.pem`);
      assert.notEqual(file, before);
      await machine.text(`until [ "$(${serve})" = '${file}' ]; do sleep 0.1; done`);
      assert.equal(await machine.text("systemctl is-enabled certbot.timer"), "enabled");
    },
  );

  await step(
    "reboot: the service, nginx and the renewal are there by themselves, with the keys of before",
    async () => {
      // What systemd would do by itself is no proof of what the unit says.
      await machine.text(
        "mkdir -p /etc/systemd/system.conf.d; printf '[Manager]\\nDefaultOOMPolicy=continue\\n' >/etc/systemd/system.conf.d/oom.conf",
      );
      const boot = "cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1";
      const before = await machine.text(boot);
      await machine.reboot();
      assert.notEqual(await machine.text(boot), before);
      for (const unit of [NAME, "nginx", "certbot.timer"]) {
        assert.equal((await machine.run(`systemctl is-active ${unit}`)).out, "active\n", unit);
      }
      await vps.ready();
      await fetched();
    },
  );

  await step("service: it has the limits that its unit promises", async () => {
    const shown = await machine.text(
      `for name in ${Object.keys(LIMITS).join(" ")}; do echo "$name=$(systemctl show -P $name ${NAME})"; done`,
    );
    assert.deepEqual(shown.split("\n"), Object.entries(LIMITS).map((pair) => pair.join("=")));
  });

  const version = await machine.text(`${NAME} --version`);
  await step("backup and restore: beside the service and in its place, with its keys and its session", async () => {
    const file = `/var/backups/${NAME}/now.tar`;
    await machine.text(`${NAME} backup ${file} && ${NAME} keys create --name late`);
    assert.equal(await machine.text(`stat -c '%a %U' ${file}`), `600 ${NAME}`);
    assert.match((await machine.run(`${NAME} restore --force ${file}`)).err, /in use by "serve"/);
    const restored = await machine.run(`
      systemctl stop ${NAME} && ${NAME} restore --force ${file} && systemctl start ${NAME}`);
    assert.equal(restored.code, 0, restored.err);
    await vps.ready();
    await fetched();
    assert.doesNotMatch(await machine.text(`${NAME} keys list`), /late/);
  });

  const other = `/srv/other/${NAME}`;
  const previous = `/usr/local/lib/${NAME}/${NAME}.previous`;

  await step("upgrade: another program takes the place of the one that runs, which is kept", async () => {
    const commit = /\((\w+)/.exec(version)?.[1] ?? "";
    const another = [...commit].reverse().join("");
    await machine.text(
      `mkdir /srv/other; perl -0777 -pe 's/${commit}/${another}/g' ${RELEASE}/dist/${NAME} >${other}; chmod 755 ${other}`,
    );
    const pid = await mainPid();
    const dry = await install(`--dry-run --binary ${other} ${DOMAIN} me@example.org`);
    assert.match(dry.out, new RegExp(`^would restart ${NAME}\\.service$`, "m"));
    assert.equal(await mainPid(), pid);
    const { code, out, err } = await install(`--binary ${other} ${DOMAIN} me@example.org`);
    assert.equal(code, 0, `${out}${err}`);
    assert.match(out, /keep the one before/);
    assert.equal(await machine.text(`${NAME} --version`), version.replace(commit, another));
    assert.notEqual(await mainPid(), pid);
    await vps.ready();
    await fetched();
  });

  await step("install.sh --rollback: the program before is back, and serves", async () => {
    const { code, err } = await install("--rollback");
    assert.equal(code, 0, err);
    assert.equal(await machine.text(`${NAME} --version`), version);
    assert.equal(
      await machine.text(`readlink -f /proc/$(systemctl show -P MainPID ${NAME})/exe`),
      `/usr/local/lib/${NAME}/${NAME}`,
    );
    await machine.text(`cmp ${RELEASE}/dist/${NAME} /proc/$(systemctl show -P MainPID ${NAME})/exe`);
  });

  const refused = async (run: Promise<Ran>): Promise<void> => {
    const { code, err } = await run;
    assert.equal(code, 1);
    assert.match(err, /the new program does not serve; the one before it does again/);
    assert.equal(await machine.text(`${NAME} --version`), version);
    assert.equal(await ask("/health/live", "-o /dev/null -w '%{http_code}'"), "200");
    assert.equal(await machine.text(`ls /usr/local/lib/${NAME}`), `${NAME}\n${NAME}.previous`);
  };

  await step(
    "upgrade: where the new program does not serve, the one before serves again, and what that had replaced is kept",
    async () => {
      const kept = await machine.text(`${previous} --version`);
      assert.notEqual(kept, version);
      await machine.text(`printf '#!/bin/sh\\n[ "$1" = --version ]\\n' >${other}; chmod 755 ${other}`);
      await refused(install(`--binary ${other} ${DOMAIN} me@example.org`));
      assert.equal(await machine.text(`${previous} --version`), kept);
    },
  );

  await step(
    "upgrade: one that was interrupted is noticed by the next run, which puts back what does serve",
    async () => {
      const kept = await machine.text(`${previous} --version`);
      const cut = await machine.run(
        `
      ${INSTALL} --binary ${other} ${DOMAIN} me@example.org & pid=$!
      until [ -e /usr/local/lib/${NAME}/${NAME}.replaced ]; do sleep 0.01; done
      kill -9 $pid; wait $pid; echo code $?
      flock /run/${NAME}-install.lock true`,
        { env },
      );
      assert.match(cut.out, /^code 137$/m);
      await refused(install(`--binary ${other} ${DOMAIN} me@example.org`));
      assert.equal(await machine.text(`${previous} --version`), kept);
    },
  );

  await step("install.sh: what was changed by hand is mended, and kept aside", async () => {
    await machine.text(`echo '# by hand' >>${SITE}`);
    const { code, out } = await install();
    assert.equal(code, 0, out);
    const kept = /^ {2}what was there is in (\S+)$/m.exec(out)?.[1] ?? "";
    assert.match(await machine.text(`tail -n 1 ${kept}; tail -n 1 ${SITE}`), /^# by hand\n(?!# by hand)/);
  });

  await step("uninstall.sh --dry-run: it makes no change", async () => {
    const before = await machine.text(TREE);
    assert.match(await machine.text(`${RELEASE}/deploy/uninstall.sh --dry-run`), /^would stop and disable/m);
    assert.deepEqual(changed(before, await machine.text(TREE)), []);
  });

  await step(
    "uninstall.sh: interrupted when it has put something back, it leaves that alone the next time",
    async () => {
      const cut = await machine.run(`
      mkdir /srv/interrupting; cat >/srv/interrupting/sed <<'SH'
#!/bin/sh
case "$*" in */usr/local/bin/${NAME}*) kill -9 $PPID; exit ;; esac
exec /usr/bin/sed "$@"
SH
      chmod 755 /srv/interrupting/sed
      PATH=/srv/interrupting:$PATH ${RELEASE}/deploy/uninstall.sh`);
      assert.equal(cut.code, 137);
      assert.equal(await machine.text(NAME), "foreign");
    },
  );

  await step(
    "uninstall.sh: the service is gone, what was there before is back, and data, configuration and certificates stay",
    async () => {
      const data =
        `cd / && find var/lib/${NAME} etc/${NAME} etc/letsencrypt/live -type f | grep -v -e holder.lock -e sqlite- | sort`;
      const kept = await machine.text(data);
      const out = await machine.text(`${RELEASE}/deploy/uninstall.sh`);
      assert.match(out, new RegExp(`/var/lib/${NAME} .*data`));
      assert.equal(await machine.text(data), kept);
      assert.equal(
        await machine.text(
          `ls -d /usr/local/lib/${NAME} /etc/nginx/*${NAME}* /etc/nginx/*/*${NAME}* /etc/systemd/system/${NAME}* /etc/letsencrypt/renewal-hooks/deploy/* 2>/dev/null || :`,
        ),
        "",
      );
      assert.equal((await machine.run(`systemctl status ${NAME}`)).code, 4);
      assert.equal(await machine.text(NAME), "foreign");
      assert.equal(await machine.text(`curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/`), "200");
      assert.match(await machine.text(`${RELEASE}/deploy/uninstall.sh`), /^nothing had to be changed$/m);
    },
  );

  await step(
    "install.sh: after uninstall.sh it finds data and certificate, and the keys of before are good",
    async () => {
      const { code, out, err } = await machine.run(`${INSTALL} ${DOMAIN} me@example.org`, {
        env: { ...env, TELEGRAM_API_ID: "", TELEGRAM_API_HASH: "" },
      });
      assert.equal(code, 0, `${out}${err}`);
      assert.doesNotMatch(out, /get a certificate/);
      await vps.ready();
      await fetched();
    },
  );
});
