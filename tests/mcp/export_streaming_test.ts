/** Downloads of exports over time: large ones, those that break off, and those that go on after a restart. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { eventually } from "../mtproto/telegram.ts";
import { createExports, openIn, positionsIn, stage } from "./finished_exports.ts";

const MB = 1024 * 1024;

Deno.test("export streaming: 200 MB pass through constant memory", async () => {
  await using on = stage();
  const { id, dir } = on.exports.add({ "a.bin": 200 * MB });
  const url = `${on.url}/exports/${id}/a.bin`;
  const pass = async (): Promise<{ bytes: number; peak: number }> => {
    let [bytes, peak] = [0, 0];
    for await (const chunk of (await fetch(url)).body ?? []) {
      bytes += chunk.length;
      peak = Math.max(peak, Deno.memoryUsage().rss);
    }
    return { bytes, peak };
  };
  // Both ends are in this process: what the first pass takes, the second has already.
  const first = await pass();
  const before = Deno.memoryUsage().rss;
  const second = await pass();
  assert.deepEqual([first.bytes, second.bytes], [200 * MB, 200 * MB]);
  const grown = Math.round((second.peak - before) / MB);
  assert.ok(grown < 40, `${grown} MB more`);
  await eventually(() => openIn(dir) === 0 || undefined, "the file to be closed");
});

Deno.test("export streaming: of a file no more is read than its client takes", async () => {
  await using on = stage();
  const { id, dir } = on.exports.add({ "a.bin": 200 * MB });
  const response = await fetch(`${on.url}/exports/${id}/a.bin`);
  let [before, same] = [-1, 0];
  const read = await eventually(() => {
    const now = Math.max(...positionsIn(dir));
    same = now === before ? same + 1 : 0;
    before = now;
    return same >= 100 ? now : undefined;
  }, "reading to stand still");
  // The sockets between hold some megabytes.
  assert.ok(read < 40 * MB, `${Math.round(read / MB)} MB`);
  await response.body?.cancel();
  await eventually(() => openIn(dir) === 0 || undefined, "the file to be closed");
});

Deno.test("export streaming: when clients go in the middle, their files are closed and nothing is told as a problem", async () => {
  await using on = stage();
  const { id, dir } = on.exports.add({ "a.bin": 200 * MB });
  const leave = new AbortController();
  const readers = await Promise.all(Array.from({ length: 8 }, async () => {
    const response = await fetch(`${on.url}/exports/${id}/a.bin`, { signal: leave.signal });
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    await reader.read();
    return reader;
  }));
  await eventually(() => openIn(dir) === 8 || undefined, "eight open files");
  leave.abort();
  for (const reader of readers) await reader.closed.catch(() => {});
  // One that is gone before it has read anything.
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: on.port });
  const head = `GET /exports/${id}/a.bin HTTP/1.1\r\nHost: 127.0.0.1:${on.port}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  connection.close();
  await eventually(() => openIn(dir) === 0 || undefined, "the files to be closed");
  assert.deepEqual(on.problems, []);
});

Deno.test("export streaming: a file that becomes shorter breaks the download off, and the owner hears of it", async () => {
  await using on = stage();
  const { id, dir } = on.exports.add({ "a.bin": 100 * MB });
  const response = await fetch(`${on.url}/exports/${id}/a.bin`);
  await Deno.truncate(join(dir, "a.bin"), 50 * MB);
  await assert.rejects(response.bytes());
  assert.equal(on.problems.length, 1);
  assert.ok(on.problems[0] instanceof Deno.errors.UnexpectedEof);
  assert.equal(openIn(dir), 0);
});

Deno.test("export streaming: curl -C - goes on with a link after the server was cut off and came back", async () => {
  using exports = createExports();
  const bytes = randomBytes(20 * MB);
  const { id, dir } = exports.add({ "messages.ndjson": bytes });
  const target = join(await Deno.makeTempDir({ prefix: "curl-" }), "messages.ndjson");
  let port = 0;
  let url = "";
  {
    await using first = stage(exports);
    port = first.port;
    url = first.link(LOCAL_PRINCIPAL, id, "messages.ndjson");
    const curl = new Deno.Command("curl", {
      args: ["-sS", "--limit-rate", "8M", "-C", "-", "-o", target, url],
      stderr: "piped",
    }).spawn();
    await eventually(() => sizeOf(target) > MB || undefined, "the first megabyte");
    await first.cut();
    const { code } = await curl.output();
    assert.notEqual(code, 0);
  }
  const got = sizeOf(target);
  assert.ok(got > MB && got < bytes.length, String(got));
  await using second = stage(exports, port);
  const args = ["-sS", "-C", "-", "-o", target, "-w", "%{http_code} %{size_download}", url];
  const { code, stdout, stderr } = await new Deno.Command("curl", { args }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stdout), `206 ${bytes.length - got}`);
  assert.ok(bytes.equals(await Deno.readFile(target)));
  assert.equal(openIn(dir), 0);
  assert.deepEqual(second.problems, []);
  await Deno.remove(join(target, ".."), { recursive: true });
});

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
