// The peer of the export measurement: GramJS as shipped, its own `iterMessages`, one JSON line a message.
import "../../sandbox/local_storage.ts";
import { TelegramClient } from "telegram";
import { PromisedNetSockets } from "telegram/extensions/index.js";
import { Logger, LogLevel } from "telegram/extensions/Logger.js";
import { StringSession } from "telegram/sessions/index.js";

const [chat = "", out = "", dc = "", sessionFile = ""] = Deno.args;
const port = Number(dc.split(":")[1]);

/** GramJS dials the address in the session; the sandbox listens elsewhere. */
class Socket extends PromisedNetSockets {
  override connect(): Promise<unknown> {
    return super.connect(port, "127.0.0.1");
  }
}

const client = new TelegramClient(new StringSession(Deno.readTextFileSync(sessionFile)), 1, "0".repeat(32), {
  networkSocket: Socket,
  deviceModel: "bench",
  systemVersion: "1",
  baseLogger: new Logger(LogLevel.NONE),
});
await client.connect();
using file = await Deno.open(out, { write: true, create: true, truncate: true });
let [count, lines] = [0, ""];
const flush = async (): Promise<void> => {
  const bytes = new TextEncoder().encode(lines);
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  lines = "";
};
for await (const message of client.iterMessages(chat, { reverse: true, waitTime: 0 })) {
  lines += `${JSON.stringify({ id: message.id, date: message.date, text: message.message })}\n`;
  if (++count % 100 === 0) await flush();
}
await flush();
Deno.stdout.writeSync(new TextEncoder().encode(`${count}\n`));
Deno.exit(0);
