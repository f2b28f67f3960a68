import assert from "node:assert/strict";
// @ts-types="@modelcontextprotocol/sdk/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { z } from "zod";
import { createLeases } from "../../src/exports/leases.ts";
import { type CallRecord, createCallRecorder } from "../../src/mcp/call_record.ts";
import { createCursors } from "../../src/mcp/cursor.ts";
import { exportLink, exportUri, readExportUri } from "../../src/mcp/resources/export_uri.ts";
import { createExportResources } from "../../src/mcp/resources/exports.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../../src/model/principal.ts";
import { ANN, createExports, openIn, type TestExports } from "./finished_exports.ts";
import { createFixture, serveMcp } from "./fixture.ts";
import { type Message, message, post } from "./raw.ts";

interface Stage extends AsyncDisposable {
  readonly exports: TestExports;
  readonly client: Client;
  readonly url: string;
  readonly errors: readonly Error[];
}

async function stage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const exports = stack.use(createExports());
  const resources = createExportResources(exports, createCursors(new Uint8Array(32)), createLeases());
  const served = stack.use(serveMcp(createFixture().registry, { resources }));
  const client = new Client({ name: "test", version: "0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${served.url}/mcp`));
  await client.connect(transport);
  stack.defer(async () => {
    await transport.terminateSession();
    await client.close();
  });
  const held = stack.move();
  return { exports, client, url: served.url, errors: served.errors, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

const textSchema = z.object({
  uri: z.string(),
  mimeType: z.string(),
  text: z.string(),
  _meta: z.record(z.string(), z.int()).optional(),
});

async function read({ client }: Stage, uri: string): Promise<z.infer<typeof textSchema>[]> {
  return z.array(textSchema).parse((await client.readResource({ uri })).contents);
}

async function refusal(on: Stage, method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await message(
    await post(on.url, { jsonrpc: "2.0", id: 1, method, params }, { accept: "application/json" }),
  );
  assert.equal(answer.result, undefined, JSON.stringify(answer));
  const error = z.looseObject({ code: z.number(), data: z.looseObject({ code: z.string(), hint: z.string() }) })
    .parse(answer.error);
  return { code: error.code, is: error.data.code, field: error.data.field, message: error.message };
}

Deno.test("resources: they are announced, with the form of their addresses", async () => {
  await using on = await stage();
  assert.deepEqual(on.client.getServerCapabilities(), { tools: { listChanged: false }, resources: {}, logging: {} });
  const { resourceTemplates } = await on.client.listResourceTemplates();
  assert.deepEqual(resourceTemplates.map(({ uriTemplate }) => uriTemplate), ["export://{id}/{file}{?offset,limit}"]);
});

Deno.test("resources/list: without exports it is empty, with them it has my files, the newest export's first", async () => {
  await using on = await stage();
  assert.deepEqual(await on.client.listResources(), { resources: [] });
  const old = on.exports.add({ "messages.ndjson": "{}\n", "media/1.bin": "x" });
  on.exports.add({ "messages.csv": "foreign" }, ANN);
  const young = on.exports.add({ "messages.csv": "id\n" });
  const { resources, nextCursor } = await on.client.listResources();
  assert.equal(nextCursor, undefined);
  assert.deepEqual(resources[0], {
    uri: `export://${young.id}/messages.csv`,
    name: "messages.csv",
    description: `Of export ${young.id}, finished ${young.finished}.`,
    mimeType: "text/csv",
    size: 3,
  });
  assert.deepEqual(resources.slice(1).map(({ uri, mimeType, size }) => [uri, mimeType, size]), [
    [`export://${old.id}/messages.ndjson`, "application/x-ndjson", 3],
    [`export://${old.id}/media%2F1.bin`, "application/octet-stream", 1],
  ]);
});

Deno.test("resources/list: pages have every file once, whatever is finished meanwhile", async () => {
  await using on = await stage();
  const files = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`page-${index}.html`, ""]));
  const expected = [70, 30, 1, 120].map((count) => on.exports.add(files(count))).toReversed()
    .flatMap(({ id, files }) => files.map(({ name }) => `export://${id}/${name}`));
  const uris: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await on.client.listResources(cursor === undefined ? {} : { cursor });
    assert.ok(page.resources.length <= 50);
    uris.push(...page.resources.map(({ uri }) => uri));
    assert.ok(uris.length <= expected.length, "it comes to an end");
    cursor = page.nextCursor;
    on.exports.add({ "messages.csv": "" });
  } while (cursor !== undefined);
  assert.deepEqual(uris, expected);
});

Deno.test("resources/read: a small file is one text and nothing else", async () => {
  await using on = await stage();
  const { id, dir } = on.exports.add({ "messages.csv": "\uFEFFid,text\r\n1,é😀\r\n", "media/a.txt": "x" });
  const uri = `export://${id}/messages.csv`;
  assert.deepEqual(await read(on, uri), [{ uri, mimeType: "text/csv", text: "\uFEFFid,text\r\n1,é😀\r\n" }]);
  for (const uri of [`export://${id}/media%2Fa.txt`, `export://${id}/media/a.txt`]) {
    assert.deepEqual(await read(on, uri), [{ uri, mimeType: "text/plain", text: "x" }]);
  }
  assert.equal(openIn(dir), 0);
});

Deno.test("resources/read: a file with hidden characters stays as it is, and how many there are stands beside it", async () => {
  await using on = await stage();
  const { id } = on.exports.add({ "messages.csv": "\uFEFF1,\u202e\uFEFF\r\n" });
  const uri = `export://${id}/messages.csv`;
  const [part, beside, ...more] = await read(on, uri);
  assert.deepEqual([part?.text, more], ["\uFEFF1,\u202e\uFEFF\r\n", []]);
  assert.match(beside?.text ?? "", /^The part above is the file as it is\. 2 of its characters hide or reorder text\./);
});

Deno.test("resources/read: a large file comes in parts of whole lines, each telling where the next begins", async () => {
  await using on = await stage();
  const text = Array.from({ length: 9000 }, (_, id) => `{"id":${id},"text":"ж😀"}\n`).join("");
  const { id, files } = on.exports.add({ "messages.ndjson": text });
  const size = files[0]?.bytes ?? 0;
  for (const limit of ["", "limit=5000", "limit=99999999"]) {
    let uri = `export://${id}/messages.ndjson${limit && `?${limit}`}`;
    let [whole, offset] = ["", 0];
    for (;;) {
      const [part, more, ...none] = await read(on, uri);
      assert.ok(part !== undefined && none.length === 0);
      assert.ok(part.text.length <= 100_000 && part.text.endsWith("}\n"));
      whole += part.text;
      const end = offset + new TextEncoder().encode(part.text).length;
      const next = end < size ? { next_offset: end } : {};
      assert.deepEqual(part._meta, { offset, end, size, ...next });
      if (more === undefined) break;
      offset = end;
      assert.equal(more.uri, `export://${id}/messages.ndjson?offset=${end}${limit && `&${limit}`}`);
      assert.ok(more.text.includes(`offset=${end}`) && more.text.endsWith(more.uri), more.text);
      uri = more.uri;
    }
    assert.equal(whole, text);
  }
});

Deno.test("resources/read: what is not there, foreign or outside is refused in the same words", async () => {
  await using on = await stage();
  const mine = on.exports.add({ "messages.csv": "id\n" });
  const foreign = on.exports.add({ "messages.csv": "id\n" }, ANN);
  Deno.writeTextFileSync(`${mine.dir}/../outside`, "x");
  const uris = [
    `export://${foreign.id}/messages.csv`,
    "export://unknown/messages.csv",
    `export://${mine.id}/nothing`,
    `export://${mine.id}/../outside`,
    `export://${mine.id}/..%2Foutside`,
    `export://${mine.id}/%2Fetc%2Fhostname`,
    `export://${mine.id}//etc/hostname`,
    `export://${mine.id}/messages.csv%00`,
    `export://${mine.id}/%zz`,
    `export://${mine.id}/`,
    `export://${mine.id}`,
    `file://${mine.dir}/messages.csv`,
    `https://example.org/`,
    "",
  ];
  for (const uri of uris) {
    const error = await refusal(on, "resources/read", { uri });
    assert.deepEqual(
      error,
      { code: -32002, is: "NOT_FOUND", field: "uri", message: "There is no such resource." },
      uri,
    );
  }
  assert.deepEqual(on.errors, []);
});

Deno.test("resources: malformed parameters, places, cursors and files that are no text are refused by name", async () => {
  await using on = await stage();
  const { id } = on.exports.add({ "messages.csv": "id\n", "media/1.bin": "x" });
  const file = `export://${id}/messages.csv`;
  const cases: readonly [string, Record<string, unknown>, string, string][] = [
    ["resources/read", {}, "INPUT_VALIDATION", "uri"],
    ["resources/read", { uri: 5 }, "INPUT_VALIDATION", "uri"],
    ["resources/read", { uri: `${file}?offset=-1` }, "INPUT_VALIDATION", "offset"],
    ["resources/read", { uri: `${file}?offset=1&offset=2` }, "INPUT_VALIDATION", "offset"],
    ["resources/read", { uri: `${file}?offset=4` }, "INPUT_VALIDATION", "offset"],
    ["resources/read", { uri: `${file}?limit=0` }, "INPUT_VALIDATION", "limit"],
    ["resources/read", { uri: `${file}?lines=1` }, "INPUT_VALIDATION", "uri"],
    ["resources/read", { uri: `export://${id}/media/1.bin` }, "UNSUPPORTED", "uri"],
    ["resources/list", { cursor: 5 }, "INPUT_VALIDATION", "cursor"],
    ["resources/list", { cursor: "nonsense" }, "INVALID_CURSOR", "cursor"],
  ];
  for (const [method, params, is, field] of cases) {
    const { message: _, ...error } = await refusal(on, method, params);
    assert.deepEqual(error, { code: -32602, is, field }, JSON.stringify(params));
  }
  assert.equal((await refusal(on, "resources/subscribe", { uri: file })).code, -32601);
});

Deno.test("resources: a server without them has no such methods", async () => {
  await using served = serveMcp(createFixture().registry);
  const body = { jsonrpc: "2.0", id: 1, method: "resources/list" };
  const { error } = await message(await post(served.url, body, { accept: "application/json" }));
  assert.equal(error?.code, -32601);
});

Deno.test("resources: without the scope of exports they are neither listed nor read, and that is recorded", async () => {
  using exports = createExports();
  const { id } = exports.add({ "a.csv": "1" });
  const resources = createExportResources(exports, createCursors(new Uint8Array(32)), createLeases());
  const records: CallRecord[] = [];
  let scopes: Principal["scopes"] = ["read", "metrics", "admin"];
  await using served = serveMcp(createFixture().registry, {
    resources,
    who: () => ({ ...LOCAL_PRINCIPAL, scopes }),
    begin: createCallRecorder((record) => records.push(record)),
  });
  const ask = async (method: string, params: Record<string, unknown>): Promise<Message> =>
    await message(await post(served.url, { jsonrpc: "2.0", id: 1, method, params }, { accept: "application/json" }));
  const uri = exportUri({ id, file: "a.csv" });
  for (const [method, params] of [["resources/list", {}], ["resources/read", { uri }]] as const) {
    const { error, result } = await ask(method, params);
    assert.deepEqual([error?.code, z.looseObject({ code: z.string() }).parse(error?.data).code, result], [
      -32000,
      "ACCESS_DENIED",
      undefined,
    ]);
  }
  assert.deepEqual(records.map(({ tool, status }) => [tool, status]), [
    ["resources/list", "ACCESS_DENIED"],
    ["resources/read", "ACCESS_DENIED"],
  ]);
  scopes = ["export"];
  assert.ok((await ask("resources/read", { uri })).result);
});

Deno.test("resources: a cursor is its principal's", async () => {
  using exports = createExports();
  for (let count = 0; count < 51; count++) exports.add({ "a.csv": "" }, ANN);
  const resources = createExportResources(exports, createCursors(new Uint8Array(32)), createLeases());
  const { nextCursor } = await resources.list(ANN);
  assert.equal((await resources.list(ANN, nextCursor)).resources.length, 1);
  await assert.rejects(resources.list({ ...ANN, id: "bob" }, nextCursor), { code: "INVALID_CURSOR" });
});

Deno.test("export address: what is made is read back, and a file's block leads to it", () => {
  for (const file of ["messages.csv", "media/1.jpg", "a b?c#d%.txt", "é"]) {
    for (const window of [{}, { offset: 5 }, { offset: 0, limit: 9 }]) {
      const address = { id: "abc", file, ...window };
      assert.deepEqual(readExportUri(exportUri(address)), address);
    }
    assert.equal(new URL(exportUri({ id: "abc", file })).protocol, "export:");
  }
  const file = { name: "media/1.jpg", mime: "image/jpeg", bytes: 5, sha256: "" };
  assert.deepEqual(exportLink("abc", file), {
    type: "resource_link",
    uri: "export://abc/media%2F1.jpg",
    name: "media/1.jpg",
    mimeType: "image/jpeg",
    size: 5,
  });
});
