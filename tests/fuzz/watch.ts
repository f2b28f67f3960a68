/**
 * The process while it is fuzzed: it lives, answers, and holds no more and more; its log tells no texts; Telegram was only read.
 * @module
 */
import { isAlive, until } from "../cli/command.ts";
import type { House } from "./house.ts";

/** Somebody who watches. */
export interface Watch {
  /** Sees that it lives, and renews what clients hold. Throws when it does not. */
  readonly tend: () => Promise<void>;
  /** What was wrong besides answers, each a sentence. */
  readonly complaints: () => Promise<string[]>;
  /** The figures, for whoever reads them. */
  readonly told: () => string;
}

/** In MiB: caches fill up, and pages are given back late. */
const GROWTH = 80;
/** A connection of each worker, files of exports, the data centres'. */
const HANDLES = 40;

/** Requests that read, and those that keep the connection. Written down here, not taken from the product's own list. */
const HARMLESS =
  /^(\w+\.)?(Get|Search|Resolve|Check)\w*$|^(Ping\w*|MsgsAck|MsgsStateInfo|InitConnection|InvokeWith\w+|auth\.(Export|Import)Authorization)$/;

/** Begins to watch. */
export async function watch({ sandbox, server, url, hidden, renew, held }: House): Promise<Watch> {
  const samples = [await held()];
  return {
    tend: async () => {
      if (!isAlive(server.pid)) throw new Error(`the server has ended: ${server.err.text().slice(-4000)}`);
      const live = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(30_000) });
      if (!live.ok) throw new Error(`/health/live answers ${live.status}`);
      await live.body?.cancel();
      await renew();
      samples.push(await held());
    },
    complaints: async () => {
      const complaints: string[] = [];
      const first = samples[Math.min(samples.length - 1, Math.ceil(samples.length / 4))];
      if (first === undefined) return complaints;
      // V8 keeps pages that are free for some seconds after the last request; what leaks does not go.
      const isAsBefore = ({ rss, handles }: typeof first): boolean =>
        handles <= first.handles + HANDLES && rss <= first.rss + GROWTH;
      await until(async () => isAsBefore(await held()), "", 40).catch(() => {});
      const last = await held();
      samples.push(last);
      if (last.handles > first.handles + HANDLES) {
        complaints.push(`Open handles grew from ${first.handles} to ${last.handles}.`);
      }
      if (last.rss > first.rss + GROWTH) {
        complaints.push(`Memory grew from ${first.rss.toFixed(0)} to ${last.rss.toFixed(0)} MiB.`);
      }
      const log = server.err.text();
      const errors = log.split("\n").filter((line) => /"level":\s*"error"/i.test(line));
      for (const line of new Set(errors.map((line) => line.replace(/"(time|request_id|@timestamp)":"[^"]*",?/g, "")))) {
        if (complaints.length < 10) complaints.push(`Logged: ${line.slice(0, 1500)}`);
      }
      const text = hidden.messages(log);
      if (text !== undefined) complaints.push(`The log holds a message's text: ${text}`);
      if (hidden.secrets.some((each) => log.includes(each))) complaints.push("The log holds a secret.");
      for (const method of Object.keys(await sandbox.methods())) {
        if (!HARMLESS.test(method)) complaints.push(`Telegram was asked ${method}.`);
      }
      return complaints;
    },
    told: () => {
      const [first, last] = [samples[0], samples.at(-1)];
      const range = (key: "rss" | "handles"): string =>
        `${first?.[key].toFixed(0)}, at most ${Math.max(...samples.map((each) => each[key])).toFixed(0)}, ${
          last?.[key].toFixed(0)
        } at the end`;
      return `memory in MiB: ${range("rss")}; open handles: ${range("handles")}`;
    },
  };
}
