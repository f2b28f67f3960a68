/**
 * Backups of a data directory one after the other, and none while it is restored.
 * @module
 */
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import { FILE_MODE, giveToOwnerOf } from "../storage/private.ts";

const FILE = "backup.lock";
const PAUSE_MS = 100;

/**
 * Waits until nobody else makes a backup of a directory, or restores it. The end of the process, however it ends, is the end of its turn.
 * @param onWait told once when somebody else is at it
 * @throws the signal's reason; Deno.errors of the file system
 */
export async function takeTurn(directory: string, signal: AbortSignal, onWait: () => void): Promise<Disposable> {
  const path = join(directory, FILE);
  const file = await Deno.open(path, { create: true, read: true, write: true, mode: FILE_MODE });
  try {
    giveToOwnerOf(directory, path);
    for (let tries = 1; !file.tryLockSync(true); tries++) {
      if (tries === 1) onWait();
      await sleepMs(PAUSE_MS, undefined, { signal });
    }
    return { [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}
