/**
 * Cursors: a query and a place in it, signed, bound to a tool and a principal, without an end of life.
 * @module
 */
import * as z from "zod";
import { AppError } from "../errors.ts";
import type { Principal } from "../model/principal.ts";
import { createSeal } from "./seal.ts";

/** Makes and reads cursors. */
export interface Cursors {
  seal(tool: string, principal: Principal, body: unknown): string;
  /** @throws AppError INVALID_CURSOR for one that is altered, or another tool's or principal's */
  open<S extends z.ZodType>(text: string, tool: string, principal: Principal, schema: S): z.output<S>;
}

const envelopeSchema = z.object({ tool: z.string(), principal: z.string(), account: z.string(), body: z.unknown() });

/**
 * Makes cursors of a key.
 * @param key 32 bytes that outlive the process
 */
export function createCursors(key: Uint8Array): Cursors {
  const { close, open } = createSeal(key, "cursor/1");
  return {
    seal: (tool, principal, body) => close({ tool, principal: principal.id, account: principal.accountId, body }),
    open: (text, tool, principal, schema) => {
      const opened = open(text);
      if (opened === undefined) throw invalid("The cursor is not one of this server's, or was altered.");
      const envelope = envelopeSchema.parse(opened);
      if (envelope.tool !== tool) throw invalid(`The cursor belongs to ${envelope.tool}, not to ${tool}.`);
      if (envelope.principal !== principal.id || envelope.account !== principal.accountId) {
        throw invalid("The cursor was given to somebody else.");
      }
      const body = schema.safeParse(envelope.body);
      if (!body.success) throw invalid("The cursor is of another version of this server.");
      return body.data;
    },
  };
}

/** The error for a cursor that does not go with an argument. */
export function disagrees(field: string): AppError {
  return new AppError("INVALID_CURSOR", `The cursor was made with another ${field}.`, {
    field,
    hint: field === "chat"
      ? "Send the same chat; for a new query leave cursor out."
      : `Leave ${field} out or send it unchanged; for a new query leave cursor out.`,
  });
}

function invalid(message: string): AppError {
  return new AppError("INVALID_CURSOR", message, { field: "cursor" });
}
