/** What deploy/ has for a server of its own, looked at without one: scripts, the unit, what install.sh refuses. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openRoot, RELEASE, ROOT_NEEDS, run } from "./machine.ts";
import { deployTest, program } from "./needs.ts";
import { DOMAIN, INSTALL, NAME, TREE } from "./vps.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const UNIT = `${PROJECT}deploy/telegram-toolkit-mcp.service`;

deployTest(
  "scripts: shellcheck has nothing to say of any of them",
  [program("shellcheck"), program("git")],
  async () => {
    const { out } = await run(["git", "-C", PROJECT, "ls-files", "*.sh", ".ci/run"]);
    const scripts = out.trim().split("\n");
    assert.ok(scripts.length >= 6, out);
    const checked = await run(["shellcheck", ...scripts.map((name) => `${PROJECT}${name}`)]);
    assert.equal(checked.code, 0, checked.out);
  },
);

deployTest("systemd unit: its exposure is 1.5 at most", [program("systemd-analyze")], async () => {
  const { code, out } = await run([
    "systemd-analyze",
    "security",
    "--no-pager",
    "--offline=yes",
    "--threshold=15",
    UNIT,
  ]);
  assert.equal(code, 0, out);
  assert.match(out, /Overall exposure level for telegram-toolkit-mcp\.service: [01]\.\d OK/);
});

deployTest(
  "systemd unit: systemd understands every line of it",
  [...ROOT_NEEDS, program("systemd-analyze")],
  async () => {
    await using machine = await openRoot();
    const { code, out, err } = await machine.run(`
    install -D ${RELEASE}/dist/${NAME} /usr/local/lib/${NAME}/${NAME}
    useradd --system ${NAME}
    cp ${RELEASE}/deploy/${NAME}.service /etc/systemd/system/
    systemd-analyze verify --man=no /etc/systemd/system/${NAME}.service`);
    assert.deepEqual([code, out, err], [0, "", ""]);
  },
);

/** Arguments, what was done before, and the reason of the refusal. */
const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  [
    `${DOMAIN} me@example.org`,
    "printf 'ID=fedora\\nVERSION_ID=40\\n' >/etc/os-release",
    /this system \(fedora 40\) is not known; Debian 12/,
  ],
  [
    `${DOMAIN} me@example.org`,
    "printf 'ID=ubuntu\\nVERSION_ID=24.04\\n' >/etc/os-release",
    /this system \(ubuntu 24\.04\) is not known/,
  ],
  [`${DOMAIN} me@example.org`, "sed -i s/12/11/ /etc/os-release", /this system \(debian 11\) is not known/],
  [`${DOMAIN} me@example.org`, "rm /etc/os-release", /this system \(no \/etc\/os-release\) is not known/],
  [`${DOMAIN} me@example.org`, "", /systemd does not run here/],
  ["telegram me@example.org", "", /telegram is no domain name/],
  ["'a.org;b' me@example.org", "", /is no domain name/],
  [`${DOMAIN} me`, "", /me is no e-mail address/],
  [DOMAIN, "", /install\.sh DOMAIN EMAIL/],
  [`--force ${DOMAIN} me@example.org`, "", /no option --force/],
  [`${DOMAIN} me@example.org --binary`, "", /--binary needs a value/],
];

deployTest(
  "install.sh: what it does not know is refused with a reason, and nothing is touched",
  ROOT_NEEDS,
  async () => {
    for (const [args, before, reason] of REFUSED) {
      await using machine = await openRoot();
      const { out, err } = await machine.run(`
      exec 3>&1 >&2
      ${before}
      ${TREE} >/tmp/before
      ${INSTALL} ${args}; echo "code $?"
      ${TREE} | cmp /tmp/before - && echo untouched >&3`);
      assert.match(err, reason);
      assert.match(err, /^code 1$/m);
      assert.equal(out, "untouched\n", err);
    }
  },
);

deployTest("install.sh: without root, and on another processor, it says so", ROOT_NEEDS, async () => {
  await using machine = await openRoot();
  const other = await machine.run(`setpriv --reuid 65534 ${INSTALL} ${DOMAIN} me@example.org`);
  assert.match(other.err, /needs root/);
  const old = await machine.run(`setarch i686 ${INSTALL} ${DOMAIN} me@example.org`);
  assert.match(old.err, /the program is for x86_64, and this is i686/);
  assert.deepEqual([other.code, old.code], [1, 1]);
});

deployTest("install.sh: --help says what it takes, and nothing of how it is made", ROOT_NEEDS, async () => {
  await using machine = await openRoot();
  const { code, out } = await machine.run(`setpriv --reuid 65534 ${INSTALL} --help`);
  assert.equal(code, 0);
  assert.match(out, /^install\.sh DOMAIN EMAIL: .*--binary FILE.*--rollback .*TELEGRAM_API_HASH\.\n$/s);
  assert.doesNotMatch(out, /^#|\bset -/m);
});

/** What stands within http { }, and the ports that are taken there. */
const LISTENING: readonly (readonly [string, string])[] = [
  ["server { listen 443 ssl; listen [::]:8443 ssl http2; server_name a; }", "443 8443"],
  ["server{listen 81;location /{return 200;}} server { listen\n*:82; } server { listen 0.0.0.0:83; }", "81 82 83"],
  ["server { listen *; } server { listen [::]; } server { listen [::]:83 default_server; }", "80 80 83"],
  ["server { listen 192.0.2.1; } server { listen [::1]:81; } server { listen localhost:82 default_server; }", ""],
  ['server { add_header X "a # b"; listen 81; }', "81"],
  ["server { server_name a; location / { return 200; } }", "80"],
  ["server { listen unix:/run/a.sock; }", ""],
  ["upstream a { server 192.0.2.1:81; } # server { listen 82;\n  #listen 83;\nmap $uri $a { default a#b; }", ""],
];

deployTest("ports.sh: it finds where other sites listen, said or not", [], async () => {
  for (const [input, ports] of LISTENING) {
    const { out } = await run([`${PROJECT}deploy/nginx/ports.sh`], { input: `http {\n${input}\n}\n` });
    assert.equal(out.trim().split("\n").join(" "), ports, input);
  }
});
