/** Finished exports for tests: folders and lists that the tests make. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { ExportFile, ExportFolder, ExportPlace, FinishedExports } from "../../src/exports/files.ts";
import { createLeases, type Leases } from "../../src/exports/leases.ts";
import { createExportDownload } from "../../src/mcp/export_download.ts";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import type { InFlight } from "../../src/mcp/in_flight.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../../src/model/principal.ts";
import { route, serving } from "../http/serving.ts";
import { holders } from "../http/principals.ts";

/** Somebody else. */
export const ANN: Principal = { ...LOCAL_PRINCIPAL, id: "ann" };
/** And another one. */
export const BEN: Principal = { ...LOCAL_PRINCIPAL, id: "ben" };
const KEY = new Uint8Array(32).fill(3);

/** Exports that can be added to, in a folder that is removed with them. */
export interface TestExports extends FinishedExports, Disposable {
  /**
   * Writes the files of one that was finished after those before.
   * @param files contents by name; a number is so many zeros, which take no room on the disk
   */
  add(files: Readonly<Record<string, string | Uint8Array | number>>, owner?: Principal): Added;
}

export interface Added extends ExportPlace, ExportFolder {}

const TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  html: "text/html",
  ndjson: "application/x-ndjson",
  txt: "text/plain",
};

export function createExports(): TestExports {
  const root = Deno.makeTempDirSync({ prefix: "exports-" });
  const all: (Added & { readonly owner: Principal })[] = [];
  const of = ({ id }: Principal): readonly Added[] => all.filter(({ owner }) => owner.id === id).toReversed();
  return {
    add: (contents, owner = LOCAL_PRINCIPAL) => {
      const id = `export${String(all.length).padStart(20, "a")}`;
      const dir = join(root, id);
      const files = Object.entries(contents).map(([name, content]): ExportFile => {
        const path = join(dir, name);
        Deno.mkdirSync(dirname(path), { recursive: true });
        const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
        Deno.writeFileSync(path, typeof data === "number" ? new Uint8Array() : data);
        if (typeof data === "number") Deno.truncateSync(path, data);
        const sha256 = createHash("sha256").update(typeof data === "number" ? "zeros" : data).digest("hex");
        const { size: bytes } = Deno.statSync(path);
        const mime = TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";
        return { name, bytes, sha256, mime };
      });
      const added = { id, finished: new Date(Date.UTC(2026, 0, 1, 0, all.length)).toISOString(), dir, files };
      all.push({ ...added, owner });
      return added;
    },
    find: (id, principal) => of(principal).find((each) => each.id === id),
    newest: (principal, from) =>
      of(principal).filter(({ finished, id }) =>
        from === undefined || finished < from.finished || finished === from.finished && id <= from.id
      ),
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

/**
 * How far the files under a folder are read that this process has open, in bytes. While one is read, it may be there twice for a
 * moment.
 */
export function positionsIn(dir: string): number[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      if (!Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(dir)) return [];
      return [Number(/^pos:\s*(\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${name}`))?.[1])];
    } catch (error) {
      // It was closed meanwhile.
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

/** How many there are. */
export function openIn(dir: string): number {
  return positionsIn(dir).length;
}

/** The route of downloads behind a real listener. */
export interface Stage extends AsyncDisposable {
  readonly exports: TestExports;
  /** Of those who download. */
  readonly leases: Leases;
  readonly url: string;
  readonly port: number;
  /** Why downloads broke off. */
  readonly problems: readonly unknown[];
  /** Moves the links' clock. */
  readonly pass: (ms: number) => void;
  readonly link: (whom: Principal, id: string, file: string) => string;
  /** Cuts whatever runs. */
  readonly cut: () => Promise<void>;
}

export function stage(given?: TestExports, port = 0, inFlight?: InFlight): Stage {
  const exports = given ?? createExports();
  let now = Date.UTC(2026, 0, 1);
  const problems: unknown[] = [];
  const leases = createLeases();
  const links = createExportLinks({ key: KEY, now: () => now });
  const handler = createExportDownload({
    exports,
    leases,
    links,
    principals: holders([LOCAL_PRINCIPAL, ANN, BEN]),
    ...(inFlight && { inFlight }),
    onProblem: (problem) => void problems.push(problem),
  });
  const { server } = serving([{ ...route("/exports/:id/:file+", handler), name: "export" }], {}, port);
  return {
    exports,
    leases,
    url: server.url,
    port: server.port,
    problems,
    pass: (ms) => void (now += ms),
    link: (whom, id, file) => links.make(whom, { id, file }, server.url).url,
    cut: () => server.shutdown(0),
    [Symbol.asyncDispose]: async () => {
      await server.shutdown(0);
      if (given === undefined) exports[Symbol.dispose]();
    },
  };
}
