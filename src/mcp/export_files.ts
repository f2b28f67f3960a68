/**
 * Files of an export as the results of tools have them.
 * @module
 */
import type { ExportFile } from "../exports/files.ts";
import { rfc3339 } from "../telegram/map/message.ts";
import type { ExportLinks } from "./export_links.ts";
import type { ToolContext } from "./registry.ts";
import { exportLink, exportUri } from "./resources/export_uri.ts";

/** A file and the two ways to it. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Downloads it, until `expires`. */
  readonly url: string;
  /** Reads it in parts, as a resource. */
  readonly uri: string;
  /** RFC 3339 in UTC. */
  readonly expires: string;
}

/** Describes files to the caller of a tool, and puts a `resource_link` for each beside the result. */
export function giveFiles(
  links: ExportLinks,
  id: string,
  files: readonly ExportFile[],
  { principal, origin, attach }: Pick<ToolContext, "principal" | "origin" | "attach">,
): GivenFile[] {
  return files.map((file) => {
    attach(exportLink(id, file));
    const { name, bytes, sha256 } = file;
    const { url, expires } = links.make(principal, { id, file: name }, origin);
    return { name, bytes, sha256, url, uri: exportUri({ id, file: name }), expires: rfc3339(expires) };
  });
}
