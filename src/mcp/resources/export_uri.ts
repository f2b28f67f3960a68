/**
 * Addresses of exports' files: `export://ID/FILE?offset=0&limit=32000`.
 * @module
 */
import { AppError } from "../../errors.ts";
import type { ExportFile } from "../../exports/files.ts";
import type { Attachment } from "../registry.ts";

/** A place in a file. */
export interface ExportAddress {
  readonly id: string;
  readonly file: string;
  /** Bytes. */
  readonly offset?: number;
  readonly limit?: number;
}

/** The form of all of them. */
export const EXPORT_TEMPLATE = "export://{id}/{file}{?offset,limit}";

/** The address of a file, or of a place in it. */
export function exportUri({ id, file, ...window }: ExportAddress): string {
  const query = Object.entries(window).map(([name, value]) => `${name}=${value}`).join("&");
  return `export://${encodeURIComponent(id)}/${encodeURIComponent(file)}${query && `?${query}`}`;
}

/**
 * What an address means; undefined for one of another form. A folder's slash may stand as it is.
 * @throws AppError INPUT_VALIDATION for a place that is no number of bytes
 */
export function readExportUri(uri: string): ExportAddress | undefined {
  const [, id, file, query] = /^export:\/\/([^/?#]+)\/([^?#]+)(?:\?([^#]*))?$/.exec(uri) ?? [];
  if (id === undefined || file === undefined) return undefined;
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((name) => name !== "offset" && name !== "limit");
  if (unknown !== undefined) throw misplaced("Only offset and limit can follow a file's address.", "uri");
  try {
    const place = { id: decodeURIComponent(id), file: decodeURIComponent(file) };
    return { ...place, ...numberOf(parameters, "offset", 0), ...numberOf(parameters, "limit", 1) };
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The block that leads a client to a file. */
export function exportLink(id: string, { name, mime, bytes }: ExportFile): Attachment {
  return { type: "resource_link", uri: exportUri({ id, file: name }), name, mimeType: mime, size: bytes };
}

function numberOf<N extends "offset" | "limit">(
  parameters: URLSearchParams,
  name: N,
  least: number,
): { readonly [key in N]?: number } | Record<never, never> {
  const values = parameters.getAll(name);
  const [text] = values;
  if (text === undefined) return {};
  if (values.length === 1 && /^\d{1,15}$/.test(text) && Number(text) >= least) return { [name]: Number(text) };
  throw misplaced(`${name} must be given once, as a number of bytes from ${least} on.`, name);
}

function misplaced(message: string, field: string): AppError {
  return new AppError("INPUT_VALIDATION", message, { field, hint: `Addresses have the form ${EXPORT_TEMPLATE}.` });
}
