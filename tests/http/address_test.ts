import assert from "node:assert/strict";
import { addressBlock, isFromHere, localUrl } from "../../src/http/address.ts";

Deno.test("addressBlock: an IPv4 address stands for itself, an IPv6 one for the 64 bits it begins with", () => {
  const cases: Readonly<Record<string, string>> = {
    "192.0.2.7": "192.0.2.7",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
    "2001:DB8:0001:2::9": "2001:db8:1:2::/64",
    "2001:db8::9": "2001:db8:0:0::/64",
    "::1": "0:0:0:0::/64",
    "::": "0:0:0:0::/64",
    "fe80::1%eth0": "fe80:0:0:0::/64",
    "1:2:3::": "1:2:3:0::/64",
    unknown: "unknown",
  };
  for (const [address, block] of Object.entries(cases)) assert.equal(addressBlock(address), block, address);
});

Deno.test("localUrl: who listens on all addresses is reached at the loopback one", () => {
  const cases: Readonly<Record<string, string>> = {
    "0.0.0.0": "http://127.0.0.1:8000",
    "::": "http://[::1]:8000",
    "0:0:0:0:0:0:0:0": "http://[::1]:8000",
    "::1": "http://[::1]:8000",
    "127.0.0.1": "http://127.0.0.1:8000",
    localhost: "http://localhost:8000",
    "2001:db8::1": "http://[2001:db8::1]:8000",
  };
  for (const [host, url] of Object.entries(cases)) assert.equal(localUrl(host, 8000), url, host);
});

Deno.test("isFromHere: a loopback address, and no header that a proxy adds", () => {
  const asked = (headers: Record<string, string>, ip = "127.0.0.1"): boolean =>
    isFromHere(new Request("http://localhost/", { headers }), ip);
  assert.ok(asked({}));
  assert.ok(asked({}, "127.9.9.9"));
  assert.ok(asked({}, "::1"));
  assert.ok(!asked({}, "192.0.2.7"));
  assert.ok(!asked({}, "1270.0.0.1"));
  for (const name of ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"]) {
    assert.ok(!asked({ [name]: "127.0.0.1" }), name);
  }
});
