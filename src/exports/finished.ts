/**
 * The finished exports of a server, as those see them who read their files.
 * @module
 */
import { join } from "node:path";
import {
  DamagedManifest,
  type ExportFolder,
  type ExportPlace,
  type FinishedExports,
  readExportFolder,
} from "./files.ts";
import { isFinished } from "./job.ts";
import type { ExportStore } from "./store.ts";

/** Jobs that are looked up at once. */
const BATCH = 20;

/**
 * Finds finished jobs whose files are there, and whose manifest is one.
 * @param directory where every job has a folder
 * @param onProblem told of manifests that are none
 */
export function createFinishedExports(
  store: ExportStore,
  directory: string,
  onProblem: (problem: unknown) => void = () => {},
): FinishedExports {
  const read = async (id: string): Promise<ExportFolder | undefined> => {
    try {
      return await readExportFolder(join(directory, id));
    } catch (error) {
      if (!(error instanceof DamagedManifest)) throw error;
      onProblem(error);
      return undefined;
    }
  };
  return {
    find: async (id, { id: owner, accountId }) => {
      const job = store.get(id);
      if (job === undefined || !isFinished(job) || job.owner !== owner || job.accountId !== accountId) return undefined;
      return await read(job.id);
    },
    newest: async function* (principal, from): AsyncGenerator<ExportPlace & ExportFolder> {
      let [place, skip] = [from, 0];
      for (;;) {
        const jobs = store.finished(principal, { from: place, limit: BATCH + skip }).slice(skip);
        for (const { id, finished = "" } of jobs) {
          const folder = await read(id);
          if (folder !== undefined) yield { id, finished, ...folder };
          [place, skip] = [{ id, finished }, 1];
        }
        if (jobs.length < BATCH) return;
      }
    },
  };
}
