import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { configureLogging, getLogger } from "../../src/observability/log.ts";
import { ask, raw } from "../http/serving.ts";
import { type Added, ANN, openIn, stage } from "./finished_exports.ts";

const CSV = "id,text\r\n1,one\r\n2,two\r\n";

const tagOf = ({ files }: Added, index = 0): string => `"sha256-${files[index]?.sha256}"`;

async function problemOf(url: string, init?: RequestInit): Promise<{ status: number; problem: unknown }> {
  const { status, body } = await ask(url, init);
  const { request_id: _, ...problem } = z.looseObject({}).parse(JSON.parse(body));
  return { status, problem };
}

Deno.test("export download: GET has the file with everything that is known of it, HEAD the same without", async () => {
  await using on = stage();
  const made = on.exports.add({ "messages.csv": CSV });
  for (const method of ["GET", "HEAD"]) {
    const { status, headers, body } = await ask(`${on.url}/exports/${made.id}/messages.csv`, { method });
    assert.deepEqual({ status, body }, { status: 200, body: method === "GET" ? CSV : "" });
    const expected = {
      "accept-ranges": "bytes",
      "cache-control": "private, no-store, no-transform",
      "content-disposition": 'attachment; filename="messages.csv"',
      "content-length": String(CSV.length),
      "content-type": "text/csv; charset=utf-8",
      etag: tagOf(made),
      "x-content-type-options": "nosniff",
    };
    const told = Object.keys(expected).map((name) => [name, headers.get(name)]);
    assert.deepEqual(Object.fromEntries(told), expected, method);
    assert.deepEqual([...headers.keys()].filter((name) => name.startsWith("x-accel")), []);
  }
  assert.equal(openIn(made.dir), 0);
});

Deno.test("export download: files of a folder are there, under their own name and with no claim about their text", async () => {
  await using on = stage();
  const { id } = on.exports.add({ "media/12 é.txt": "naïve" });
  const { headers, body } = await ask(`${on.url}/exports/${id}/media/12%20%C3%A9.txt`);
  assert.equal(body, "naïve");
  assert.equal(headers.get("content-type"), "text/plain");
  assert.match(headers.get("content-disposition") ?? "", /^attachment; filename="12 _\.txt"; filename\*=UTF-8''12%20/);
});

Deno.test("export download: HTML cannot run where it is opened", async () => {
  await using on = stage();
  const { id } = on.exports.add({ "index.html": "<script>alert(1)</script>" });
  const { headers } = await ask(`${on.url}/exports/${id}/index.html`);
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(policy, /^sandbox; default-src 'none'; /);
  assert.doesNotMatch(policy, /allow-|script-src|\*/);
  assert.equal(headers.get("x-frame-options"), "DENY");
  assert.match(headers.get("content-disposition") ?? "", /^attachment/);
});

Deno.test("export download: ranges are answered as RFC 9110 has them", async () => {
  await using on = stage();
  const bytes = randomBytes(300_000);
  const made = on.exports.add({ "a.bin": bytes });
  const url = `${on.url}/exports/${made.id}/a.bin`;
  const size = bytes.length;
  const whole = [200, 0, size] as const;
  const cases: readonly [Record<string, string>, readonly [number, number, number]][] = [
    [{ range: "bytes=0-0" }, [206, 0, 1]],
    [{ range: "bytes=5-9" }, [206, 5, 10]],
    [{ range: "bytes=65535-65536" }, [206, 65_535, 65_537]],
    [{ range: "bytes=65536-" }, [206, 65_536, size]],
    [{ range: `bytes=0-${size - 1}` }, [206, 0, size]],
    [{ range: `bytes=${size - 1}-${size + 5}` }, [206, size - 1, size]],
    [{ range: "bytes=-7" }, [206, size - 7, size]],
    [{ range: "bytes=-99999999" }, [206, 0, size]],
    [{ range: "bytes=9-5" }, whole],
    [{ range: "bytes=0-1,5-6" }, whole],
    [{ range: "bytes=x" }, whole],
    [{ range: "lines=1-2" }, whole],
    [{ range: "bytes=5-9", "if-range": tagOf(made) }, [206, 5, 10]],
    [{ range: "bytes=5-9", "if-range": `W/${tagOf(made)}` }, whole],
    [{ range: "bytes=5-9", "if-range": '"sha256-0"' }, whole],
    [{ range: "bytes=5-9", "if-range": new Date().toUTCString() }, whole],
    [{ range: "bytes=5-9", "if-none-match": '"other"' }, [206, 5, 10]],
  ];
  for (const [headers, [status, start, end]] of cases) {
    const response = await fetch(url, { headers });
    assert.equal(response.status, status, JSON.stringify(headers));
    const told = response.headers.get("content-range");
    assert.equal(told, status === 206 ? `bytes ${start}-${end - 1}/${size}` : null, JSON.stringify(headers));
    assert.equal(response.headers.get("content-length"), String(end - start));
    assert.equal(response.headers.get("etag"), tagOf(made));
    assert.ok(bytes.subarray(start, end).equals(await response.bytes()), JSON.stringify(headers));
  }
  for (const range of [`bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, "bytes=-0"]) {
    const { status, headers, body } = await ask(url, { headers: { range } });
    assert.deepEqual([status, headers.get("content-range"), body], [416, `bytes */${size}`, ""], range);
  }
  const head = await ask(url, { method: "HEAD", headers: { range: "bytes=0-9" } });
  assert.deepEqual([head.status, head.headers.get("content-length")], [200, String(size)]);
  assert.equal(openIn(made.dir), 0);
});

Deno.test("export download: an empty file is an empty answer, and no range of it can be had", async () => {
  await using on = stage();
  const made = on.exports.add({ "empty.csv": "" });
  const url = `${on.url}/exports/${made.id}/empty.csv`;
  const { status, headers, body } = await ask(url);
  assert.deepEqual([status, headers.get("content-length"), body], [200, "0", ""]);
  assert.equal((await ask(url, { headers: { range: "bytes=0-" } })).status, 416);
  assert.equal(openIn(made.dir), 0);
});

Deno.test("export download: a client that has the file is told so", async () => {
  await using on = stage();
  const made = on.exports.add({ "messages.csv": CSV });
  const url = `${on.url}/exports/${made.id}/messages.csv`;
  for (const tag of [tagOf(made), `W/${tagOf(made)}`, `"a", ${tagOf(made)}`, "*"]) {
    for (const method of ["GET", "HEAD"]) {
      const range = "bytes=0-1";
      const { status, headers, body } = await ask(url, { method, headers: { "if-none-match": tag, range } });
      assert.deepEqual([status, headers.get("etag"), body], [304, tagOf(made), ""], tag);
      assert.match(headers.get("cache-control") ?? "", /^private/);
    }
  }
  assert.equal((await ask(url, { headers: { "if-none-match": '"sha256-0"' } })).status, 200);
  assert.equal(openIn(made.dir), 0);
});

Deno.test("export download: bytes, length and tag stay those of the file for a client that takes compressed ones", async () => {
  await using on = stage();
  const text = CSV.repeat(1000);
  const made = on.exports.add({ "messages.csv": text });
  const { headers, body } = await raw(on.port, [
    `GET /exports/${made.id}/messages.csv HTTP/1.1`,
    `Host: 127.0.0.1:${on.port}`,
    "Accept-Encoding: gzip, br, zstd",
  ]);
  assert.deepEqual(
    [headers.get("content-encoding"), headers.get("etag"), headers.get("content-length")],
    [null, tagOf(made), String(text.length)],
  );
  assert.equal(body, text);
});

Deno.test("export download: what is unknown, foreign, not listed or outside is answered like no path at all", async () => {
  await using on = stage();
  const mine = on.exports.add({ "messages.csv": CSV, "media/1.bin": "x" });
  const foreign = on.exports.add({ "messages.csv": CSV }, ANN);
  await Deno.writeTextFile(join(mine.dir, "messages.ndjson.part"), "{}");
  await Deno.writeTextFile(join(mine.dir, "../outside"), "hidden");
  const nothing = await problemOf(`${on.url}/nowhere`);
  assert.equal(nothing.status, 404);
  const paths = [
    `${foreign.id}/messages.csv`,
    "unknown/messages.csv",
    `${mine.id.toUpperCase()}/messages.csv`,
    `${mine.id}/nothing`,
    `${mine.id}/messages.ndjson.part`,
    `${mine.id}/media`,
    `${mine.id}/media/`,
    `${mine.id}/`,
    mine.id,
    "",
    `${mine.id}/..%2Foutside`,
    `${mine.id}/%2e%2e%2foutside`,
    `${mine.id}/media/..%2F..%2Foutside`,
    `${mine.id}/media%2F..%2Fmessages.csv`,
    `${mine.id}/%2Fetc%2Fhostname`,
    `${mine.id}//etc/hostname`,
    `${mine.id}/..%5Coutside`,
    `${mine.id}/media%5C1.bin`,
    `${mine.id}/messages.csv%00`,
    `${mine.id}/%00`,
    `..%2F${mine.id}/messages.csv`,
    `./..%2F/outside`,
  ];
  for (const path of paths) {
    assert.deepEqual(await problemOf(`${on.url}/exports/${path}`), nothing, path);
    assert.equal((await ask(`${on.url}/exports/${path}`, { method: "HEAD" })).status, 404, path);
  }
  // As no client of ours would send them.
  for (const path of [`${mine.id}/../outside`, `${mine.id}/..\\outside`, `${mine.id}/media/../../outside`]) {
    const { status, body } = await raw(on.port, [`GET /exports/${path} HTTP/1.1`, `Host: 127.0.0.1:${on.port}`]);
    assert.deepEqual([status, body.includes("hidden")], [404, false], path);
  }
  await Deno.remove(join(mine.dir, "messages.csv"));
  assert.deepEqual(await problemOf(`${on.url}/exports/${mine.id}/messages.csv`), nothing, "gone since");
});

Deno.test("export download: a link is good for its file and hour, whoever comes with it", async () => {
  await using on = stage();
  const made = on.exports.add({ "messages.csv": CSV, "media/1 é.bin": "x" }, ANN);
  assert.equal((await ask(on.link(ANN, made.id, "messages.csv"))).body, CSV);
  assert.equal((await ask(on.link(ANN, made.id, "media/1 é.bin"))).body, "x");
  const head = await ask(on.link(ANN, made.id, "messages.csv"), { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), String(CSV.length));
  const nothing = await problemOf(`${on.url}/nowhere`);
  assert.deepEqual(await problemOf(on.link(LOCAL_PRINCIPAL, made.id, "messages.csv")), nothing, "not the owner's");
  assert.deepEqual(await problemOf(on.link(ANN, made.id, "nothing")), nothing, "no such file");
});

Deno.test("export download: a link that was altered or is over is refused in the same words, whatever it names", async () => {
  await using on = stage();
  const made = on.exports.add({ "messages.csv": CSV });
  const url = on.link(LOCAL_PRINCIPAL, made.id, "messages.csv");
  const signature = new URL(url).searchParams.get("signature") ?? "";
  const swapped = signature.startsWith("A") ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  const path = `${on.url}/exports/${made.id}/messages.csv`;
  const bad = [
    url.replace(signature, swapped),
    url.replace(signature, ""),
    url.replace(/&signature=.*/, ""),
    url.replace("principal=local", "principal=ann"),
    url.replace("principal=local", "principal=nobody"),
    url.replace(/expires=\d+/, "expires=99999999999"),
    url.replace("messages.csv", "nothing"),
    url.replace(made.id, "unknown"),
    `${path}?signature=x`,
    `${path}?expires=1`,
    `${path}?principal=local`,
  ];
  const refused = await problemOf(`${path}?signature=`);
  assert.equal(refused.status, 403);
  for (const each of bad) assert.deepEqual(await problemOf(each), refused, each);
  assert.equal((await ask(url)).status, 200);
  on.pass(3_600_000);
  assert.deepEqual(await problemOf(url), refused);
  assert.ok(!JSON.stringify(refused).includes(made.id));
});

Deno.test("export download: neither ids, names, signatures nor queries reach the log", async () => {
  const lines: string[] = [];
  await using _logging = configureLogging({ level: "debug", format: "json" }, {
    write: (line) => void lines.push(line),
  });
  await using on = stage();
  const made = on.exports.add({ "secret-name.csv": CSV });
  const url = on.link(LOCAL_PRINCIPAL, made.id, "secret-name.csv");
  for (const each of [url, `${url}x`, url.replace("secret-name", "other"), url.replace("?", "/?")]) await ask(each);
  for (const method of ["HEAD", "DELETE", "OPTIONS"]) await ask(url, { method });
  getLogger("test").warning("GET {url}", { url });
  const log = lines.join("\n");
  assert.equal(lines.filter((line) => line.includes('"target":"export"')).length, 6, log);
  const { searchParams } = new URL(url);
  for (const secret of [searchParams.get("signature") ?? "", "expires=", "principal="]) {
    assert.ok(!log.includes(secret), log);
  }
  const requests = lines.filter((line) => line.includes('"target":"export"')).join("\n");
  assert.ok(!requests.includes(made.id) && !requests.includes("secret-name"), requests);
});
