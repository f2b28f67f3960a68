import assert from "node:assert/strict";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { createWorld, type WorldMessage } from "../../sandbox/world/mod.ts";
import { MANIFEST_FILE, manifestText } from "../../src/exports/manifest.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { type Manifest, MANIFEST_JSON_SCHEMA, type ManifestChat, manifestSchema } from "../../src/model/manifest.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { exportTo, type Wanted, withAccount } from "./folder.ts";

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
formats.default(ajv);
/** What `/api/schemas/manifest-1` serves, as another program reads it. */
const validate = ajv.compile(JSON.parse(JSON.stringify(MANIFEST_JSON_SCHEMA)));

/** The gaps of some messages, counted id by id. */
function naiveGaps(
  messages: readonly WorldMessage[],
  { from, to, keeps = () => true }: {
    readonly from: number;
    readonly to: number;
    readonly keeps?: (message: WorldMessage) => boolean;
  },
): Record<string, number> {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const gaps = { from, to, deleted: 0, service: 0, filtered: 0, unknown: 0 };
  for (let id = from; id <= to; id++) {
    const message = byId.get(id);
    if (message === undefined) gaps.deleted++;
    else if (!keeps(message)) gaps[message.service ? "service" : "filtered"]++;
  }
  return gaps;
}

function gapCounts({ gaps }: ManifestChat): Record<string, number> | undefined {
  if (gaps === undefined) return undefined;
  const { ranges: _, truncated: __, ...counts } = gaps;
  return counts;
}

/** Exports, has everything verified and the manifest read back. */
async function withExport(
  wanted: readonly Wanted[],
  test: (manifest: Manifest) => Promise<void> | void,
): Promise<void> {
  await using sandbox = await startSandbox();
  await withAccount(sandbox, async (account) => {
    const folder = await Deno.makeTempDir({ dir: sandbox.directory });
    const manifest = await exportTo(folder, account, wanted);
    const text = await Deno.readTextFile(join(folder, MANIFEST_FILE));
    assert.equal(text, manifestText(manifest));
    assert.ok(validate(JSON.parse(text)), ajv.errorsText(validate.errors));
    assert.deepEqual(JSON.stringify(manifestSchema.parse(JSON.parse(text))), JSON.stringify(manifest));
    const findings = await Array.fromAsync(verifyExport(folder));
    assert.deepEqual(findings.filter(({ status }) => status === "fail"), []);
    assert.equal(findings.at(-1)?.check, "complete");
    await test(manifest);
  });
}

function chatOf({ chats }: Manifest, id: string): ManifestChat {
  const chat = chats.find((each) => each.id === id);
  assert.ok(chat);
  return chat;
}

const ARCHIVE = "-1002000000002";
const [LIVE_DESK, GROUP, EMPTY, ANN] = ["-1002000000017", "-1002000000003", "-1002000000006", "734201334"];

Deno.test("manifest: a large channel's counts, ends and gaps are the world's", () =>
  withExport([{ chat: "@sandbox_archive" }], (manifest) => {
    const messages = Array.from(createWorld().messages(ARCHIVE));
    const chat = chatOf(manifest, ARCHIVE);
    const [first, last] = [messages[0], messages.at(-1)];
    assert.ok(first && last);
    assert.deepEqual([chat.messages, chat.first?.id, chat.last?.id], [messages.length, first.id, last.id]);
    assert.deepEqual(
      [chat.first?.date, chat.last?.date],
      [first, last].map(({ date }) => new Date(date * 1000).toISOString().replace(".000", "")),
    );
    const gaps = naiveGaps(messages, { from: 1, to: last.id });
    assert.ok((gaps["deleted"] ?? 0) > 1000);
    assert.deepEqual(gapCounts(chat), gaps);
    assert.deepEqual([chat.gaps?.truncated, chat.complete, manifest.complete], [true, true, true]);
  }));

Deno.test("manifest: chats with their own ids have gaps, by the query's bounds and filters, others have none", () =>
  withExport([
    { chat: "@sandbox_group", from: "#100", to: "#1000", keeps: ({ media }) => media?.kind === "photo" },
    { chat: "@annlee" },
    { chat: "Empty Hall" },
    { chat: "@sandbox_public", from: "2001-01-01T00:00:00Z", reasons: ["It was made private meanwhile."] },
  ], (manifest) => {
    const world = createWorld();
    const all = Array.from(world.messages(GROUP));
    const keeps = ({ media, service }: WorldMessage): boolean => !service && media?.kind === "photo";
    const group = chatOf(manifest, GROUP);
    assert.deepEqual(gapCounts(group), naiveGaps(all, { from: 100, to: 999, keeps }));
    assert.ok(group.gaps !== undefined && group.gaps.service > 0 && group.gaps.filtered > 0 && group.gaps.deleted > 0);
    const photos = all.filter((message) => message.id >= 100 && message.id < 1000 && keeps(message)).length;
    assert.deepEqual([group.messages, group.by_kind, group.bounds.from], [photos, { photo: photos }, "#100"]);

    const ann = chatOf(manifest, ANN);
    assert.deepEqual([ann.messages, ann.gaps], [world.messages(ANN).length, undefined]);
    assert.deepEqual([chatOf(manifest, EMPTY).gaps, chatOf(manifest, EMPTY).bounds.up_to], [undefined, 0]);

    const dated = manifest.chats.at(-1);
    assert.ok(dated);
    assert.deepEqual([dated.bounds.from, dated.gaps?.from], ["2001-01-01T00:00:00Z", dated.first?.id]);
    assert.deepEqual([dated.complete, manifest.complete, manifest.reasons], [false, false, []]);
    assert.equal(manifest.totals.messages, manifest.chats.reduce((sum, { messages }) => sum + messages, 0));
    assert.equal(manifest.files[0]?.messages, manifest.totals.messages);
  }));

Deno.test("manifest: counts are what the sandbox describes, and messages deleted since leave gaps", async () => {
  await using sandbox = await startSandbox();
  await sandbox.remove(LIVE_DESK, [7, 8, 10]);
  await withAccount(sandbox, async (account) => {
    const folder = await Deno.makeTempDir({ dir: sandbox.directory });
    const chat = chatOf(await exportTo(folder, account, [{ chat: "@sandbox_live" }]), LIVE_DESK);
    const described = (await sandbox.describe()).find(({ id }) => id === LIVE_DESK);
    assert.deepEqual([chat.messages, chat.first, chat.last], [described?.messages, described?.first, described?.last]);
    const service = Object.entries(chat.by_kind).filter(([kind]) => kind.startsWith("service:"));
    assert.equal(service.reduce((sum, [, count]) => sum + count, 0), described?.service);
    assert.deepEqual(chat.gaps?.ranges, [
      { from: 7, to: 8, verdict: "deleted" },
      { from: 10, to: 10, verdict: "deleted" },
    ]);
  });
});

Deno.test("manifest: the same export is the same bytes", async () => {
  await using sandbox = await startSandbox();
  await withAccount(sandbox, async (account) => {
    const texts: string[] = [];
    for (const files of [["messages.ndjson", "a.csv", "page-1.html"], ["page-1.html", "messages.ndjson", "a.csv"]]) {
      const folder = await Deno.makeTempDir({ dir: sandbox.directory });
      await Deno.writeTextFile(join(folder, "a.csv"), "id\n1\n");
      await Deno.writeTextFile(join(folder, "page-1.html"), "<p>");
      await exportTo(folder, account, [{ chat: "@sandbox_live" }], { files });
      texts.push(await Deno.readTextFile(join(folder, MANIFEST_FILE)));
      const { mode } = await Deno.stat(join(folder, MANIFEST_FILE));
      assert.equal(mode === null ? 0o600 : mode & 0o777, 0o600);
    }
    assert.equal(texts[0], texts[1]);
  });
});

Deno.test("manifest: when the file has other lines than were counted, none is written", async () => {
  await using sandbox = await startSandbox();
  await withAccount(sandbox, async (account) => {
    const folder = await Deno.makeTempDir({ dir: sandbox.directory });
    const counts = [{ messages: 3, by_kind: { text: 3 } }];
    await assert.rejects(
      exportTo(folder, account, [{ chat: "@sandbox_live" }], { counts }),
      /messages\.ndjson has 12 lines where 3 were counted/,
    );
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["messages.ndjson"]);
  });
});
