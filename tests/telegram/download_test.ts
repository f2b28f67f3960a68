/** Reading a file's parts over the real wire, with answers spoilt on the way where no data centre would. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { contentOf } from "../../sandbox/world/bytes.ts";
import { Api } from "../../src/mtproto/gram.ts";
import type { Call } from "../../src/mtproto/invoke.ts";
import { readFile } from "../../src/telegram/download.ts";
import { fileOf, type StoredFile } from "../../src/telegram/media.ts";
import { connect, rejection, startTelegram } from "../mtproto/telegram.ts";

const TEA_ROOM = "-4001";
const MB = 1024 * 1024;
const FILE = { id: "5200000000000000001", size: 2 * MB + 77, part: "" };

interface Stage extends AsyncDisposable {
  readonly call: Call;
  readonly file: StoredFile;
}

async function stage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const telegram = stack.use(await startTelegram());
  const { call, until } = stack.use(connect(telegram.sandbox.port, { session: telegram.session }));
  await until("ready");
  const media = { id: FILE.id, size: FILE.size, mime: "application/pdf" };
  const sent = await telegram.sandbox.control("POST", "/world/append", { chat: TEA_ROOM, text: "", media });
  const id = [new Api.InputMessageID({ id: Number(Object(sent).id) })];
  const answer = await call(new Api.messages.GetMessages({ id }));
  const [message] = answer.className === "messages.Messages" ? answer.messages : [];
  const file = message?.className === "Message" ? fileOf(message)?.original : undefined;
  assert.ok(file !== undefined);
  const resources = stack.move();
  return { call, file, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const never = (): Promise<undefined> => Promise.reject(new Error("nothing has expired"));

Deno.test("readFile: any stretch is exactly those bytes", async () => {
  await using on = await stage();
  const stretches = [[0, FILE.size], [1, 2], [4095, 4097], [MB - 1, MB + 1], [2 * MB, FILE.size], [777_777, 1_888_888]];
  for (const [start = 0, end = 0] of stretches) {
    const parts = await Array.fromAsync(readFile(on.file, { callTo: () => on.call, renew: never }, { start, end }));
    const aligned = start - start % 4;
    const expected = contentOf(FILE, aligned, end - aligned).subarray(start - aligned);
    assert.ok(Buffer.concat(parts).equals(expected), `${start} to ${end}`);
  }
});

Deno.test("readFile: a part that is shorter than the file's size allows is an error, not a shorter file", async () => {
  await using on = await stage();
  const cut: Call = async (request, options) => {
    const answer = await on.call(request, options);
    return answer instanceof Api.upload.File ? Object.assign(answer, { bytes: answer.bytes.subarray(0, -1) }) : answer;
  };
  const read = (end: number): Promise<Uint8Array[]> =>
    Array.fromAsync(readFile(on.file, { callTo: () => cut, renew: never }, { start: 0, end }));
  await rejection(read(FILE.size), "CONNECTION");
  // A byte that nobody asked for may be missing.
  assert.equal((await read(4095)).length, 1);
});
