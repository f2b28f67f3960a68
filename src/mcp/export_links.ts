/**
 * Links to files of exports: whoever has one may read that file for a while.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Principal } from "../model/principal.ts";
import { createSigner } from "./seal.ts";

/** A file of an export. */
export interface ExportFilePlace {
  readonly id: string;
  /** Its name in the export, `media/12.jpg` for one. */
  readonly file: string;
}

/** Makes links and checks them. */
export interface ExportLinks {
  /**
   * @param origin where the caller reached the server, `http://127.0.0.1:8000`
   * @returns the address, and from when on it is worth nothing, in Unix seconds
   */
  make(
    principal: Principal,
    place: ExportFilePlace,
    origin: string,
  ): { readonly url: string; readonly expires: number };
  /**
   * Whom a link to the place was made for; undefined for a query that was altered, is not ours, or has expired.
   * @param find the principal of an id, if it may act
   */
  readerOf(
    query: URLSearchParams,
    place: ExportFilePlace,
    find: (id: string) => Principal | undefined,
  ): Principal | undefined;
}

/** Those to whom links were given. */
export interface LinkHolders {
  /** The principal of an id, as long as it may act. */
  find(id: string): Principal | undefined;
  /** Aborted when the principal of an id may act no longer. */
  revoked(id: string): AbortSignal;
}

const LIFETIME_SECONDS = 3600;
const PARAMETERS = ["expires", "principal", "signature"] as const;

/** Whether a query is a link's, good or not. */
export function isLink(query: URLSearchParams): boolean {
  return PARAMETERS.some((name) => query.has(name));
}

/**
 * Links under a key.
 * @param options.key 32 bytes that outlive the process
 * @param options.publicUrl the server's address, when it is another than the one that callers reach
 * @param options.now milliseconds since the epoch
 */
export function createExportLinks(
  options: { readonly key: Uint8Array; readonly publicUrl?: string; readonly now: () => number },
): ExportLinks {
  const { key, publicUrl, now } = options;
  const { sign, isSigned } = createSigner(key, "export/1");
  return {
    make: (principal, place, origin) => {
      const expires = Math.floor(now() / 1000) + LIFETIME_SECONDS;
      const query = new URLSearchParams({
        expires: String(expires),
        principal: principal.id,
        signature: sign(granted(principal, place, String(expires))).toString("base64url"),
      });
      const path = [place.id, ...place.file.split("/")].map(encodeURIComponent).join("/");
      return { url: `${publicUrl ?? origin}/exports/${path}?${query}`, expires };
    },
    readerOf: (query, place, find) => {
      const [expires, id = "", signature] = PARAMETERS.map((name) => query.get(name) ?? "");
      const principal = find(id);
      if (principal === undefined || expires === undefined || signature === undefined) return undefined;
      const bytes = Buffer.from(signature, "base64url");
      const isOurs = bytes.toString("base64url") === signature && isSigned(granted(principal, place, expires), bytes);
      return isOurs && now() / 1000 < Number(expires) ? principal : undefined;
    },
  };
}

/** What is signed: everything that a link says, the account, and which of its secrets the principal has. */
function granted({ id, accountId, generation = "" }: Principal, place: ExportFilePlace, expires: string): string {
  return JSON.stringify([id, accountId, place.id, place.file, expires, generation]);
}
