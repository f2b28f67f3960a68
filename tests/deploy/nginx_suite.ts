/** nginx with our site: what it accepts, publishes, hides and adds, in front of the product. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { AUTHORIZATION, JSON_BODY, KEY, startStage } from "./behind_nginx.ts";
import { type Answer, curl, valuesOf } from "./curl.ts";
import { deployTest } from "./needs.ts";
import { makeFolder, type Nginx, output, render, startNginx, versionOf, VERSIONS } from "./nginx.ts";

/** What every answer has once. */
const ONCE: Readonly<Record<string, RegExp>> = {
  "strict-transport-security": /^max-age=63072000$/,
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "referrer-policy": /^no-referrer$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "content-security-policy": /^default-src 'none'.*frame-ancestors 'none'/,
  "cache-control": /^no-store|^private/,
  "x-request-id": /^[\w.:-]{8,128}$/,
  "content-type": /./,
  "server": /^nginx$/,
  "date": /./,
};

function assertHeaders(answer: Answer, what: string, isSecure = true): void {
  for (const [name, pattern] of Object.entries(ONCE)) {
    const values = valuesOf(answer, name);
    if (name === "strict-transport-security" && !isSecure) assert.deepEqual(values, [], what);
    else assert.ok(values.length === 1 && pattern.test(values[0] ?? ""), `${what}: ${name} is ${values.join(" and ")}`);
  }
}

const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "on a host": {},
  "in a container": { UPSTREAM: "127.0.0.1:8000", RESOLVER: "127.0.0.11" },
  "without IPv6, beside other sites": { IPV6: "0", DEFAULT_SERVER: "0", DEFAULT_TLS_SERVER: "0" },
  "beside Debian's own site": { DEFAULT_SERVER: "0" },
  "behind proxies": { REAL_IP_FROM: "10.0.0.0/8 2001:db8::/32 192.0.2.1" },
  "with a long name": { DOMAIN: `${"telegram-".repeat(6)}x.${"example".repeat(8)}.org` },
};

/** What would end a word of nginx's configuration, or is no such thing; the message names the variable. */
const REFUSED: readonly (readonly [name: string, value: string])[] = [
  ["DOMAIN", ""],
  ["DOMAIN", "a.example;"],
  ["DOMAIN", "a.example b.example"],
  ["DOMAIN", "*.example"],
  ["DOMAIN", "a.example\nb.example"],
  ["DOMAIN", `${"a.".repeat(126)}ab`],
  ["UPSTREAM", "127.0.0.1"],
  ["UPSTREAM", "127.0.0.1:8000;"],
  ["UPSTREAM", "unix:/run/socket"],
  ["RESOLVER", "name.example"],
  ["RESOLVER", "127.0.0.1 valid=1s"],
  ...["CERTIFICATE", "CERTIFICATE_KEY", "WEBROOT", "HEADERS", "BODIES", "ACCESS_LOG", "ERROR_LOG"].flatMap((name) =>
    ["relative", "/a b", "/a;", "/a\n", "/$a", "/a|"].map((value) => [name, value] as const)
  ),
  ...["HTTP_PORT", "HTTPS_PORT", "PUBLIC_PORT", "RATE", "BURST", "CONNECTIONS"].flatMap((name) =>
    ["0", "80;", "1 ssl", "http"].map((value) => [name, value] as const)
  ),
  ["CONNECTIONS", "65536"],
  ["DEFAULT_SERVER", "2"],
  ["DEFAULT_TLS_SERVER", "yes"],
  ["IPV6", "2"],
  ["REAL_IP_FROM", "10.0.0.0/8;"],
  ["REAL_IP_FROM", "10.0.0.0/8 proxy.example"],
  ["NGINX_VERSION", "1.22"],
];

deployTest(
  "render.sh: a value that is not as it should be is refused by its name, and the site before it stays",
  [],
  async () => {
    const folder = await makeFolder();
    try {
      const site = join(folder, "site.conf");
      const good = { NGINX_VERSION: "1.30.0" };
      assert.equal(await render(folder, good), "");
      const before = await Deno.readTextFile(site);
      for (const [name, value] of REFUSED) {
        const refusal = await render(folder, { ...good, [name]: value });
        assert.ok(refusal.startsWith(`render.sh: ${name} `), `${name}=${value}: ${refusal}`);
      }
      assert.equal(await Deno.readTextFile(site), before);
      assert.equal(await render(folder, { ...good, PUBLIC_PORT: "8443", IPV6: "1" }), "");
      const other = await Deno.readTextFile(site);
      assert.match(other, /return 301 https:\/\/localhost:8443\$request_uri;/);
      assert.match(other, /^ {4}listen \[::\]:80;$/m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

for (const version of VERSIONS) {
  deployTest(`${version.name}: it accepts the site of every setting without a warning`, version.needs, async () => {
    const folder = await makeFolder();
    try {
      for (const [setting, variables] of Object.entries(SETTINGS)) {
        assert.equal(await render(folder, { ...await versionOf(version), ...variables }), "", setting);
        const { code, stderr } = await output(version.program, ["-t", "-c", join(folder, "nginx.conf")]);
        assert.ok(code === 0 && !/\[(warn|emerg)\]/.test(stderr), `${setting}: ${stderr}`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  deployTest(
    `${version.name}: every route is answered by the product over TLS, with each header once`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      const { nginx } = stage;
      const routes: readonly (readonly [string, string, readonly string[], number])[] = [
        ["landing", "/", [], 200],
        ["health", "/health", [], 200],
        ["health", "/health/live", [], 200],
        ["health", "/health/ready", [], 200],
        ["api", "/api/tools", AUTHORIZATION, 200],
        ["api", "/api/tools", [], 401],
        ["api", "/api/audit", AUTHORIZATION, 403],
        ["api", "/api/schemas/message-1", AUTHORIZATION, 200],
        ["api", "/api/tools/list_chats", [...AUTHORIZATION, ...JSON_BODY, "-d", "{}"], 200],
        ["mcp", "/mcp", [
          ...AUTHORIZATION,
          ...JSON_BODY,
          "-d",
          '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_chats"}}',
        ], 200],
        ["mcp", "/mcp", ["-d", "{}"], 401],
        ["media", "/media/none", [], 404],
        ["export", "/exports/none/messages.csv", AUTHORIZATION, 404],
        ["well-known", "/.well-known/oauth-protected-resource", [], 404],
      ];
      for (const [route, path, args, status] of routes) {
        const answer = await curl(nginx, path, args);
        assert.equal(answer.status, status, `${path}: ${answer.body}`);
        assert.equal(answer.version, "2");
        assertHeaders(answer, path);
        const [id] = valuesOf(answer, "x-request-id");
        const line = await nginx.line(({ request_id }) => request_id === id);
        assert.deepEqual([line?.route, line?.status, line?.upstream_status], [route, status, `${status}`]);
        await stage.server().err.until(new RegExp(`"request_id":"${id}"`));
      }
      const named = await curl(nginx, "/health", ["-H", "X-Request-Id: from-the-client.1"]);
      assert.deepEqual(valuesOf(named, "x-request-id"), ["from-the-client.1"]);
      const odd = await curl(nginx, "/health", ["-H", 'X-Request-Id: ","a":"b']);
      assert.match(valuesOf(odd, "x-request-id")[0] ?? "", /^[0-9a-f]{32}$/);
      assert.equal((await curl(nginx, "/health", ["--http1.1"])).version, "1.1");
    },
  );

  deployTest(
    `${version.name}: what has no place here is answered by nginx itself, in the product's words, with each header once`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      const { nginx } = stage;
      const product = await fetch(`${stage.direct}/nowhere`);
      const { request_id: _, ...problem } = await product.json();
      for (const path of ["/nowhere", "/.env", "/mcp/", "/health/../nowhere", "/telegram-toolkit-error"]) {
        const answer = await curl(nginx, path);
        assertHeaders(answer, path);
        const { request_id, ...rest } = JSON.parse(answer.body);
        assert.deepEqual([answer.status, rest, [request_id]], [404, problem, valuesOf(answer, "x-request-id")], path);
        assert.deepEqual(valuesOf(answer, "content-type"), ["application/problem+json"]);
      }
      const malformed: readonly (readonly [number, string, readonly string[]])[] = [
        [400, "/health", ["--http1.1", "-H", "Host: a b"]],
        [405, "/health", ["-X", "TRACE"]],
        [414, `/health?${"a".repeat(40_000)}`, ["--http1.1"]],
        [431, "/health", ["--http1.1", "-H", `X-Long: ${"a".repeat(40_000)}`]],
        [421, "/health", ["-H", "Host: other.example.org"]],
      ];
      for (const [status, path, args] of malformed) {
        const answer = await curl(nginx, path, args);
        const what = `${status}: ${answer.body}`;
        assertHeaders(answer, what);
        const { status: told, code } = JSON.parse(answer.body);
        assert.deepEqual([answer.status, told, typeof code], [status, status, "string"], what);
      }
      for (const line of await nginx.lines()) assert.equal(line.upstream, "", JSON.stringify(line));
    },
  );

  deployTest(
    `${version.name}: the measurements are not to be had, however they are spelled`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      const measurements = await fetch(`${stage.direct}/metrics`, { headers: { authorization: `Bearer ${KEY}` } });
      assert.match(await measurements.text(), /^# HELP/);
      const spellings = [
        ...["/metrics", "/metrics?", "/metrics?a=b", "/metrics#a", "/metrics/", "/metrics/.", "/Metrics", "/METRICS"],
        ...["//metrics", "///metrics", "/./metrics", "/%2e/metrics", "/a/../metrics", "/a/%2E%2e/metrics"],
        ...["/%6detrics", "/%6D%65trics", "/metric%73", "/metrics%00", "/metrics%20", "/metrics;a", "/\\metrics"],
        // To nginx these are in a folder that is published, to the product they are not.
        ...["/api/..\\metrics", "/api/x\\..\\..\\metrics", "/api%2fb/../metrics", "/media%2Fb/../metrics"],
        ...["/exports/%2e%2e\\metrics", "/health/..%5cmetrics", "/.well-known/..\\metrics", "/health/../metrics"],
        ...["/api/../metrics", "/api//../../metrics", "/mcp/../metrics", "/mcp/..\\metrics", "/api/%2e%2e/metrics"],
      ];
      for (const protocol of ["--http1.1", "--http2"]) {
        for (const path of spellings) {
          const answer = await curl(stage.nginx, path, [...AUTHORIZATION, protocol]);
          assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
          assert.doesNotMatch(answer.body, /HELP|TYPE/, path);
          assert.match(valuesOf(answer, "content-type")[0] ?? "", /^application\/problem\+json$/);
        }
        const absolute = await curl(stage.nginx, "/", [
          ...[...AUTHORIZATION, "--http1.1", "--request-target", `${stage.nginx.url}/metrics`],
        ]);
        assert.equal(absolute.status, 404);
      }
    },
  );

  deployTest(
    `${version.name}: TLS 1.2 and 1.3 are spoken, with HTTP/2 for who asks, and nothing older and no other name`,
    version.needs,
    async () => {
      await using nginx = await startNginx(version);
      const handshake = async (...args: readonly string[]): Promise<string> => {
        const name = args.some((arg) => arg.endsWith("servername")) ? [] : ["-servername", "localhost"];
        const target = ["-connect", `127.0.0.1:${nginx.port}`, ...name];
        const { stdout, stderr } = await output("sh", [
          "-c",
          'openssl s_client "$@" </dev/null',
          "sh",
          ...target,
          ...args,
        ]);
        return stdout + stderr;
      };
      for (const protocol of ["-tls1_2", "-tls1_3"]) {
        const spoken = await handshake(protocol, "-alpn", "h2,http/1.1");
        assert.match(
          spoken,
          protocol === "-tls1_2" ? /New, TLSv1\.2, Cipher is ECDHE-/ : /New, TLSv1\.3, Cipher is TLS_/,
        );
        assert.match(spoken, /ALPN protocol: h2/);
      }
      assert.match(await handshake("-alpn", "http/1.1"), /ALPN protocol: http\/1\.1/);
      for (const protocol of ["-tls1", "-tls1_1"]) {
        const old = await handshake(protocol, "-cipher", "ALL:@SECLEVEL=0");
        assert.match(old, /Cipher is \(NONE\)/, protocol);
        assert.match(old, /alert protocol version/, protocol);
      }
      assert.match(await handshake("-tls1_2", "-cipher", "AES128-SHA:AES256-SHA"), /alert handshake failure/);
      // Where another site is the default at port 80, too.
      await using beside = await startNginx(version, { variables: { DEFAULT_SERVER: "0" } });
      assert.match(await handshake("-connect", `127.0.0.1:${beside.port}`, "-noservername"), /unrecognized name/);
      assert.match(await handshake("-servername", "other.example.org"), /unrecognized name/);
      assert.match(await handshake("-noservername"), /unrecognized name/);
    },
  );

  deployTest(
    `${version.name}: plain HTTP leads to HTTPS, answers Let's Encrypt, and takes no key`,
    version.needs,
    async () => {
      await using nginx = await startNginx(version, { variables: { PUBLIC_PORT: "443" } });
      const plain: Pick<Nginx, "url" | "certificate"> = { url: nginx.httpUrl, certificate: nginx.certificate };
      const moved = await curl(plain, "/exports/a/b?c=d");
      assert.deepEqual([moved.status, valuesOf(moved, "location")], [301, ["https://localhost/exports/a/b?c=d"]]);
      assertHeaders(moved, "301", false);
      await Deno.writeTextFile(join(nginx.webroot, ".well-known/acme-challenge/token"), "proof");
      for (const site of [plain, nginx]) {
        const challenge = await curl(site, "/.well-known/acme-challenge/token");
        assert.deepEqual([challenge.status, challenge.body], [200, "proof"]);
        assert.equal((await curl(site, "/.well-known/acme-challenge/none")).status, 404);
      }
      for (
        const [path, args, type] of [
          ["/mcp", ["-d", "{}"], "application/json"],
          ["/api/tools", [], "application/problem+json"],
          ["/", AUTHORIZATION, "application/problem+json"],
        ] as const
      ) {
        const refused = await curl(plain, path, args);
        assertHeaders(refused, path, false);
        assert.deepEqual([refused.status, valuesOf(refused, "content-type")], [403, [type]], path);
        assert.match(refused.body, /"ACCESS_DENIED"/);
      }
      await assert.rejects(curl(plain, "/", ["-H", "Host: other.example.org"]), /curl 52/);
      const wrong = await curl({ ...plain, url: `http://localhost:${nginx.port}` }, "/", ["--http1.1"]);
      assert.deepEqual([wrong.status, JSON.parse(wrong.body).code], [400, "INPUT_VALIDATION"]);
    },
  );

  deployTest(
    `${version.name}: beside Debian's own site and another with TLS, ours is one of them`,
    version.needs,
    async () => {
      const folder = await makeFolder();
      try {
        const variables = { DEFAULT_SERVER: "0", DEFAULT_TLS_SERVER: "0", HTTP_PORT: "8081", HTTPS_PORT: "8444" };
        assert.equal(await render(folder, { ...await versionOf(version), ...variables }), "");
        const site = join(folder, "site.conf");
        await Deno.writeTextFile(
          site,
          `${await Deno.readTextFile(site)}
server { listen 8081 default_server; listen [::]:8081 default_server; server_name _; root /var/www/html; }
server { listen 8444 ssl default_server; listen [::]:8444 ssl default_server; server_name _;
  ssl_certificate ${folder}/certificate.pem; ssl_certificate_key ${folder}/key.pem; root /var/www/html; }
`,
        );
        const { code, stderr } = await output(version.program, ["-t", "-c", join(folder, "nginx.conf")]);
        assert.ok(code === 0 && !/emerg/.test(stderr), stderr);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}
