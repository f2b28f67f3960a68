/**
 * The jobs that a command made for itself and whose files it has not delivered yet: nobody else knows of them, and no sweep
 * looks after them while no server runs.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST_FILE } from "./manifest.ts";
import type { ExportStore, Owner } from "./store.ts";
import { removeTree } from "./tree.ts";

/** Which are meant, and where their files are. */
export interface Equal {
  readonly store: Pick<ExportStore, "undelivered" | "setDelivered">;
  readonly owner: Owner;
  readonly fingerprint: string;
  /** The folder that a job's files are in. */
  readonly folder: (id: string) => string;
}

/** The id of the last one that was completed and has its files still. */
export function findUndelivered({ store, owner, fingerprint, folder }: Equal): string | undefined {
  return store.undelivered(owner, fingerprint).find(({ id, state }) =>
    state === "completed" && existsSync(join(folder(id), MANIFEST_FILE))
  )?.id;
}

/**
 * Removes the files of all that are over, also of those that failed: a newer one has been delivered.
 * @throws AppError RESOURCE_EXHAUSTED, the signal's reason, or Deno.errors of the file system
 */
export async function discardUndelivered(
  { store, owner, fingerprint, folder }: Equal,
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of store.undelivered(owner, fingerprint)) {
    await removeTree(folder(id), signal);
    store.setDelivered(id);
  }
}
