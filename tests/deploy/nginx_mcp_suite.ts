/** MCP and downloads through nginx: sessions, streams, event by event, and what goes on over a reload. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
// @ts-types="@modelcontextprotocol/sdk/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { join } from "node:path";
import { z } from "zod";
import { contentOf } from "../../sandbox/world/bytes.ts";
import { middle } from "../bench/binary.ts";
import { start, until } from "../cli/command.ts";
import { call } from "../mcp/raw.ts";
import { BEARER, KEY, openSession, type Stage, startStage } from "./behind_nginx.ts";
import { curl, valuesOf } from "./curl.ts";
import { deployTest } from "./needs.ts";
import { VERSIONS } from "./nginx.ts";

const STATS = { chat: "@sandbox_archive", from: "#90000", group_by: "month" };
const SHORT = ["-H", `Authorization: Bearer ${KEY}`, "-H", "Content-Type: application/json"];
/** A client of the official SDK in a session of its own. */
async function connect({ nginx }: Stage): Promise<Client & AsyncDisposable> {
  const client = new Client({ name: "test", version: "0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${nginx.url}/mcp`), {
    fetch: nginx.fetch,
    requestInit: { headers: BEARER },
  });
  await client.connect(transport);
  return Object.assign(client, {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await transport.terminateSession();
      await client.close();
    },
  });
}

/** A file that is larger than all that lies on the way takes. */
const FILE = { id: "1", size: 30 * 1024 * 1024, mime: "application/pdf" };
const HALL = "-1002000000006";

/** The SHA-256 of {@link FILE}. */
function hashOfFile(): string {
  const hash = createHash("sha256");
  for (let at = 0; at < FILE.size; at += 1 << 20) hash.update(contentOf({ ...FILE, part: "" }, at, 1 << 20));
  return hash.digest("hex");
}

/** Puts {@link FILE} into a message, and that into a finished export: the link to the one, the address in the other. */
async function offerFile({ nginx, sandbox }: Stage): Promise<{ readonly media: string; readonly inExport: string }> {
  const { id: message } = await sandbox.append(HALL, "", FILE);
  const ask = async (tool: string, args: unknown): Promise<z.infer<typeof toldSchema>> => {
    const response = await nginx.fetch(`${nginx.url}/api/tools/${tool}`, {
      method: "POST",
      headers: { ...BEARER, "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    return toldSchema.parse(await response.json());
  };
  const { url = "" } = await ask("get_media", { chat: HALL, message, variant: "original" });
  const { id } = await ask("start_export", { chat: HALL, from: `#${message}`, download_media: true, wait_seconds: 0 });
  await until(
    async () => (await ask("get_export", { id, wait_seconds: 45 })).state === "completed",
    "the export is finished",
    120,
  );
  return { media: url, inExport: `${nginx.url}/exports/${id}/media/${hashOfFile().slice(0, 32)}.pdf` };
}
const toldSchema = z.object({ url: z.string().optional(), id: z.string().optional(), state: z.string().optional() });

/** Milliseconds that each progress event of a call takes from the product to a client, and how many came before the result. */
async function eventLatency(
  stage: Stage,
  url: string,
  get: (url: string, init: RequestInit) => Promise<Response>,
): Promise<readonly number[]> {
  const passed = stage.tap.answers.length;
  const body = call(1, "chat_stats", STATS);
  const response = await get(`${url}/mcp`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ ...body, params: { ...Object(body.params), _meta: { progressToken: 1 } } }),
  });
  const arrivals: { readonly at: number; readonly text: string }[] = [];
  for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    arrivals.push({ at: performance.now(), text });
  }
  const events = (chunks: typeof arrivals): Map<string, number> =>
    new Map(
      chunks.flatMap(({ at, text }) =>
        [...text.matchAll(/Looked at (\d+) messages/g)].map(([event]): [string, number] => [event, at])
      ),
    );
  const [sent, came] = [events(stage.tap.answers.slice(passed)), events(arrivals)];
  assert.ok(sent.size >= 5, `${sent.size} events`);
  const times = [...sent.values()];
  [...sent.keys()].forEach((event, i) => {
    const next = times[i + 1];
    // Held back is what comes only after the product has sent something later.
    assert.ok(came.has(event), `${event} was lost`);
    if (next !== undefined && next - (times[i] ?? 0) > 50) {
      assert.ok((came.get(event) ?? Infinity) < next, `${event} was held back`);
    }
  });
  return [...sent].map(([event, at]) => (came.get(event) ?? NaN) - at);
}

for (const version of VERSIONS) {
  deployTest(
    `${version.name}: a session of the official client lists, calls, is told of progress as it goes, and ends`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      await stage.sandbox.faults({ latencyMs: 20 });
      {
        await using client = await connect(stage);
        const { tools } = await client.listTools();
        assert.ok(tools.some(({ name }) => name === "fetch_history"));
        const progress: number[] = [];
        let isOver = false;
        const result = await client.callTool({ name: "chat_stats", arguments: STATS }, undefined, {
          onprogress: ({ progress: scanned }) => void (!isOver && progress.push(scanned)),
          timeout: 60_000,
        });
        isOver = true;
        assert.ok(!result.isError && progress.length >= 5, JSON.stringify(result).slice(0, 300));
        assert.deepEqual(progress, progress.toSorted((a, b) => a - b));
        // The stream on which the client listens is open meanwhile.
        await until(() => stage.server().err.text().includes('"target":"mcp"'), "the product logs the calls");
      }
      assert.equal((await stage.nginx.line(({ method }) => method === "DELETE"))?.status, 200);
      // The stream of the session is over, too.
      await stage.nginx.line(({ method }) => method === "GET");
      for (const { route, protocol } of await stage.nginx.lines()) {
        assert.deepEqual([route, protocol], ["mcp", "HTTP/2.0"]);
      }
    },
  );

  deployTest(
    `${version.name}: by HTTP/2 and by HTTP/1.1, with and without events, a call is answered alike`,
    version.needs,
    async () => {
      await using stage = await startStage(version, { isTapped: true });
      const body = JSON.stringify(call(1, "list_chats", { limit: 1 }));
      const answers = new Set<string>();
      for (const protocol of ["--http2", "--http1.1"]) {
        for (const accept of ["application/json", "application/json, text/event-stream"]) {
          const args = [...SHORT, "-H", `Accept: ${accept}`, protocol, "-d", body];
          const answer = await curl(stage.nginx, "/mcp", args);
          const isStream = accept.includes("event-stream");
          assert.deepEqual(
            [answer.status, answer.version, valuesOf(answer, "content-type")],
            [200, protocol.slice(6), [isStream ? "text/event-stream" : "application/json"]],
            answer.body,
          );
          answers.add(isStream ? /^data: (\{.*)$/m.exec(answer.body)?.[1] ?? "" : answer.body);
          assert.match(stage.tap.requests().join(""), new RegExp(`\\r\\naccept: ${RegExp.escape(accept)}\\r\\n`, "i"));
        }
      }
      assert.equal(answers.size, 1);
      const [text, html] = [
        await curl(stage.nginx, "/", ["-H", "Accept: text/plain"]),
        await curl(stage.nginx, "/", [
          "-H",
          "Accept: text/html",
        ]),
      ];
      assert.deepEqual([text, html].map(({ body }) => body.startsWith("<!doctype")), [false, true]);
      const wire = stage.tap.requests();
      assert.ok(wire.length <= 2, "each of two workers uses one connection to the product again and again");
      assert.match(wire[0] ?? "", /^POST \/mcp HTTP\/1\.1\r\n/);
      assert.doesNotMatch(wire[0] ?? "", /\r\nconnection:/i);
    },
  );

  deployTest(`${version.name}: events reach the client one by one, as they are sent`, version.needs, async () => {
    await using stage = await startStage(version, { isTapped: true });
    await stage.sandbox.faults({ latencyMs: 10 });
    const direct = await eventLatency(stage, `http://127.0.0.1:${stage.tap.port}`, fetch);
    const behind = await eventLatency(stage, stage.nginx.url, stage.nginx.fetch);
    const show = (times: readonly number[]): string => `${middle(times).toFixed(2)} ms`;
    const line = `${version.name}: an event takes ${show(behind)} through nginx and TLS, ${
      show(direct)
    } without (p50)\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  });

  deployTest(
    `${version.name}: a download that broke off is resumed, and whole; a slow one is not cut`,
    version.needs,
    async () => {
      await using stage = await startStage(version, { changes: [["send_timeout 60s", "send_timeout 1s"]] });
      const { media, inExport } = await offerFile(stage);
      assert.ok(media.startsWith(`${stage.nginx.url}/media/`), media);
      const authority = join(stage.sandbox.directory, "authority.pem");
      await Deno.writeTextFile(authority, stage.nginx.certificate);
      for (const [route, url] of Object.entries({ media, export: inExport })) {
        const file = join(stage.sandbox.directory, route);
        const key = route === "media" ? [] : ["-H", `Authorization: Bearer ${KEY}`];
        const base = ["-sS", "--fail", "--cacert", authority, ...key, "-o", file, url];
        const size = async (): Promise<number> => (await Deno.stat(file).catch(() => ({ size: 0 }))).size;
        {
          await using curl = start("curl", [...base, "--limit-rate", "1M"]);
          await until(async () => await size() > 200_000, "some of it has come", 60);
          stage.server().signal("SIGKILL");
          assert.notEqual(await curl.ended(), 0);
          assert.ok(await size() < FILE.size);
        }
        await stage.restart();
        // Some seconds long: what is slow is not idle.
        await using curl = start("curl", [...base, "--limit-rate", "10M", "-C", "-"]);
        assert.equal(await curl.ended(), 0, curl.err.text());
        const whole = await Deno.readFile(file);
        assert.equal(createHash("sha256").update(whole).digest("hex"), hashOfFile());
        const headers = { ...(route === "export" && BEARER), range: "bytes=1000-1999" };
        const part = await stage.nginx.fetch(url, { headers });
        assert.deepEqual([part.status, await part.bytes()], [206, whole.subarray(1000, 2000)]);
        const statuses = async (): Promise<string> =>
          (await stage.nginx.lines()).filter((line) => line.route === route).map(({ status }) => status).join(" ");
        await until(async () => await statuses() === "200 206 206", "the log has all three");
      }
      for (const name of ["proxy", "client_body"]) {
        const folder = join(stage.nginx.webroot, "..", name);
        assert.deepEqual([...Deno.readDirSync(folder)].filter(({ isFile }) => isFile), [], "nothing is written beside");
      }
    },
  );

  deployTest(
    `${version.name}: a stream of events and a download go on over a reload, and new requests are served meanwhile`,
    version.needs,
    async () => {
      await using stage = await startStage(version);
      const { nginx } = stage;
      const { inExport } = await offerFile(stage);
      const headers = await openSession(stage);
      const ended = new AbortController();
      const asked = performance.now();
      const listening = await nginx.fetch(`${nginx.url}/mcp`, {
        headers,
        signal: ended.signal,
      });
      assert.equal(listening.status, 200);
      assert.ok(performance.now() - asked < 5000, "a stream's headers do not wait for its keep-alive, of 15 seconds");
      const heard = listening.body?.getReader();
      await heard?.read();
      const download = (await nginx.fetch(inExport, { headers: BEARER })).body?.getReader();
      const hash = createHash("sha256");
      let length = 0;
      const take = async (): Promise<boolean> => {
        const { done, value } = await download?.read() ?? { done: true };
        if (value !== undefined) hash.update(value);
        length += value?.length ?? 0;
        return !done;
      };
      await take();
      await stage.sandbox.faults({ latencyMs: 20 });
      await using client = await connect(stage);
      let told = 0;
      const calling = client.callTool({ name: "chat_stats", arguments: STATS }, undefined, {
        onprogress: () => void told++,
        timeout: 60_000,
      });
      // Whatever fails first is what is told.
      calling.catch(() => {});
      await until(() => told > 0, "the call is under way", 60);

      await nginx.reload();
      assert.equal((await curl(nginx, "/health/live")).status, 200);
      const before = told;
      assert.equal((await calling).isError, undefined);
      assert.ok(told > before, "progress went on");
      while (await take());
      assert.deepEqual([length, hash.digest("hex")], [FILE.size, hashOfFile()]);
      assert.equal((await heard?.read())?.done, false, "the stream on which the client listens still speaks");
      ended.abort();
    },
  );
}
