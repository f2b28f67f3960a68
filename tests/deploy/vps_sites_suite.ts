/** deploy/install.sh and uninstall.sh on a machine whose nginx has other sites, and with settings of its own. */
import assert from "node:assert/strict";
import { RELEASE } from "./machine.ts";
import { deployTest } from "./needs.ts";
import { changed, DOMAIN, NAME, openVps, SITE, TREE, VPS_NEEDS } from "./vps.ts";

const HEADERS = `/etc/nginx/${NAME}-headers.conf`;
/** With which nginx refuses ours. */
const CLASH = "echo 'upstream telegram_toolkit_mcp { server 192.0.2.1; }' >/etc/nginx/conf.d/clash.conf";
/** What nginx reads. */
const SUMS = "find -L /etc/nginx -type f -exec sha256sum {} + | sort";

deployTest("a machine of Debian 13 with other sites", VPS_NEEDS, async (t) => {
  await using vps = await openVps("trixie");
  const { machine, install, env } = vps;
  const step = async (name: string, fn: () => Promise<void>): Promise<void> => {
    if (!await t.step(name, fn)) throw new Error("what comes after it needs it");
  };
  /** What clients of other names see: one site has them because it is the first, the other by its word. */
  const others = async (): Promise<void> => {
    const resolve = "--resolve other.example.net:443:127.0.0.1";
    assert.equal(
      await machine.text(
        `curl -s http://127.0.0.1/ http://[::1]/; curl -sk https://127.0.0.1/ https://[::1]/ ${resolve} https://other.example.net/`,
      ),
      "wiki\nwiki\nshop\nshop\nshop",
    );
  };

  await step("install.sh: where nginx refuses the site, all that nginx reads is as it was", async () => {
    assert.match(await machine.text("cat /etc/os-release"), /^VERSION_ID="13"$/m);
    await machine.text(`
      (apt-get update; apt-get install -y --no-install-recommends nginx openssl curl) >/dev/null 2>&1
      cd /etc/nginx; rm sites-enabled/default; mkdir shops; mv sites-enabled /srv/sites; ln -s /srv/sites sites-enabled
      echo 'server { listen 80; listen [::]:80; server_name _; return 200 "wiki\\n"; }' >sites-enabled/wiki
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=shop -keyout shop.key -out shop.pem 2>/dev/null
      echo 'server { listen 443 ssl default_server; listen [::]:443 ssl default_server; server_name shop.example.net;
        ssl_certificate shop.pem; ssl_certificate_key shop.key; return 200 "shop\\n"; }' >shops/shop.conf
      sed -i 's|^.*include /etc/nginx/conf.d/.*|&\\ninclude /etc/nginx/shops/*.conf;|' nginx.conf
      echo '# mine' >${HEADERS}; ${CLASH}; systemctl restart nginx`);
    await others();
    const before = await machine.text(SUMS);
    const { code, err } = await install();
    assert.equal(code, 1);
    assert.match(err, /duplicate upstream.*nginx refuses the site: see above; its configuration is as it was/s);
    await machine.text("rm -r /etc/nginx/telegram-toolkit-mcp-bootstrap");
    assert.equal(await machine.text(SUMS), before);
    await machine.text("echo nonsense >/etc/nginx/conf.d/clash.conf");
    const foreign = await install();
    assert.match(foreign.err, /clash\.conf.*nginx refuses its configuration even without ours/s);
    await machine.text(
      "rm /etc/nginx/conf.d/clash.conf; sed -i 's|sites-enabled/\\*;|sites-enabled/*.vhost;|' /etc/nginx/nginx.conf",
    );
    assert.match(
      (await install()).err,
      /nginx would not read \S+: have \S+nginx\.conf include \S+sites-enabled\/\*\.conf/,
    );
    await machine.text("sed -i 's|sites-enabled/\\*.vhost;|sites-enabled/*;|' /etc/nginx/nginx.conf");
  });

  await step("install.sh: it serves over HTTPS beside other sites, which have the requests that they had", async () => {
    const { code, out, err } = await install();
    assert.equal(code, 0, `${out}${err}`);
    assert.deepEqual(out.match(/^ok .*$/gm)?.length, 4, out);
    await others();
    await vps.fetched(await vps.signIn());
  });

  await step("install.sh: a second run changes nothing, and says so", async () => {
    const before = await machine.text(TREE);
    const { code, out, err } = await install();
    assert.equal(code, 0, err);
    assert.match(out, /^nothing had to be changed$/m);
    assert.deepEqual(changed(before, await machine.text(TREE)), []);
  });

  await step("install.sh: where nginx refuses a change of the site, the one before stays", async () => {
    await machine.text(`printf 'MCP_SERVER_PORT="8001"\\n' >>/etc/${NAME}/env; ${CLASH}`);
    const before = await machine.text(SUMS);
    const { code, err } = await install();
    assert.equal(code, 1);
    assert.match(err, /nginx refuses the site/);
    assert.equal(await machine.text(SUMS), before);
    await machine.text("rm /etc/nginx/conf.d/clash.conf");
  });

  await step(
    "install.sh: the site has what is set in env and nginx.env, and nothing of root's own variables",
    async () => {
      await machine.text(`echo BODIES=/tmp >/etc/${NAME}/nginx.env`);
      assert.match((await install()).err, /only REAL_IP_FROM, RATE, BURST and CONNECTIONS are set in/);
      await machine.text(
        `printf "REAL_IP_FROM='203.0.113.0/24 2001:db8::/32'\\n# wider\\nRATE=50\\n" >/etc/${NAME}/nginx.env`,
      );
      const foreign = { HTTP_PORT: "81", TEMPLATE: "/dev/null", BURST: "1", NGINX_VERSION: "1.0.0" };
      const { code, out, err } = await install(undefined, foreign);
      assert.equal(code, 0, `${out}${err}`);
      assert.equal(
        await machine.text(
          `grep -oE 'server 127[^ ]*|set_real_ip_from [^;]*|rate=[^;]*|burst=[0-9]*' ${SITE} | sort -u`,
        ),
        "burst=1200\nrate=50r/s\nserver 127.0.0.1:8001\nset_real_ip_from 2001:db8::/32\nset_real_ip_from 203.0.113.0/24",
      );
      await others();
    },
  );

  await step("install.sh: another domain takes the place of the first, as a dry run has said", async () => {
    await machine.text("echo '127.0.0.1 other.example.org' >>/etc/hosts");
    await machine.text(`mv /etc/${NAME}/env /srv/env; ln -s /srv/env /etc/${NAME}/env`);
    const args = "other.example.org me@example.org";
    const before = await machine.text(TREE);
    const dry = await install(`--dry-run ${args}`);
    assert.deepEqual(dry.out.match(/(?<=^would )\w+ .*/gm), [
      `set PUBLIC_URL=https://other.example.org in /etc/${NAME}/env`,
      `restart ${NAME}.service`,
      `make a certificate of our own in /etc/nginx/${NAME}-bootstrap until there is another`,
      `write ${SITE}`,
      "reload nginx.service",
      `get a certificate for other.example.org from ${env["ACME_SERVER"]}`,
    ]);
    assert.deepEqual(changed(before, await machine.text(TREE)), []);
    const { code, out, err } = await install(args);
    assert.equal(code, 0, `${out}${err}`);
    assert.equal(await machine.text("grep PUBLIC_URL /srv/env"), "PUBLIC_URL=https://other.example.org");
    await others();
  });

  await step(
    "uninstall.sh: where nginx refuses what is left it says so, and all that stays; nginx is told later",
    async () => {
      const serves =
        `curl -sk -o /dev/null -w '%{http_code}' --resolve ${DOMAIN}:443:127.0.0.1 https://other.example.org/metrics`;
      assert.equal(await machine.text(serves), "404");
      await machine.text("echo nonsense >/etc/nginx/conf.d/broken.conf");
      const { code, out, err } = await machine.run(`${RELEASE}/deploy/uninstall.sh`);
      assert.equal(code, 1);
      assert.match(err, /broken\.conf.*nginx still serves what it served/s);
      for (
        const kept of [
          `/var/lib/${NAME}`,
          `/etc/systemd/system/${NAME}.service.d`,
          "/var/www/letsencrypt",
          "certbot.timer",
        ]
      ) {
        assert.ok(out.includes(`  ${kept}`), out);
      }
      assert.equal((await machine.run(`systemctl status ${NAME}`)).code, 4);
      await machine.text(
        `test -e /var/lib/${NAME}/session && ! test -e /usr/local/lib/${NAME} && grep -qx '# mine' ${HEADERS}`,
      );
      await machine.text("rm /etc/nginx/conf.d/broken.conf");
      await machine.text(`${RELEASE}/deploy/uninstall.sh; until [ "$(${serves})" = 200 ]; do sleep 0.1; done`);
      await others();
    },
  );
});
