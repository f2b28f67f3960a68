/**
 * What clients can read by an address, in words that no protocol owns: the adapters for MCP stand on this.
 * @module
 */
import type { JsonObject } from "../../model/json.ts";
import type { Principal } from "../../model/principal.ts";

/** A resource as it is listed. */
export interface Resource {
  readonly uri: string;
  readonly name: string;
  readonly description: string;
  readonly mimeType: string;
  /** Bytes. */
  readonly size: number;
}

/** Addresses of a form, https://www.rfc-editor.org/rfc/rfc6570. */
export interface ResourceTemplate {
  readonly uriTemplate: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

/** What was read. */
export interface ResourceText {
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
  readonly _meta?: JsonObject;
}

/** The resources of one server. */
export interface Resources {
  readonly templates: readonly ResourceTemplate[];
  /**
   * A page of what a principal may read.
   * @throws AppError INVALID_CURSOR
   */
  list(
    principal: Principal,
    cursor?: string,
  ): Promise<{ readonly resources: readonly Resource[]; readonly nextCursor?: string }>;
  /**
   * @param onChats is told whose messages were read, by marked ids
   * @throws AppError NOT_FOUND, also for what is somebody else's; INPUT_VALIDATION; UNSUPPORTED
   */
  read(
    uri: string,
    principal: Principal,
    onChats?: (ids: readonly string[]) => void,
  ): Promise<readonly ResourceText[]>;
}
