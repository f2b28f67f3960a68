/**
 * `doctor`: room for what the server writes.
 * @module
 */
import { statfs } from "node:fs/promises";
import type { Config } from "../../config/config.ts";
import { nearestFolder } from "./data_directory.ts";
import { fail, ok, type Outcome, warn } from "./outcome.ts";

/** What of a file system's figures matters, as statvfs(3) has them. */
export interface FileSystem {
  readonly bsize: number;
  /** Blocks for those who are not root. */
  readonly bavail: number;
  /** Inodes; 0 where there is no limit to them. */
  readonly files: number;
  readonly ffree: number;
}

const MIB = 1024 * 1024;
const LITTLE = { bytes: 1024 * MIB, files: 10_000 };
const TOO_LITTLE = { bytes: 100 * MIB, files: 100 };

/** How much room is left where the data directory is, in bytes and in files. */
export async function checkDisk(
  { dataDir }: Pick<Config, "dataDir">,
  look: (path: string) => Promise<FileSystem> = statfs,
): Promise<Outcome[]> {
  const { bsize, bavail, files, ffree } = await look(await nearestFolder(dataDir));
  const outcomes = [
    judge(bsize * bavail, "bytes", `${inWords(bsize * bavail)} are free for ${dataDir}`),
    ...(files === 0 ? [] : [judge(ffree, "files", `room for ${ffree} more files (inodes) is left for ${dataDir}`)]),
  ];
  return outcomes.filter(({ status }, index) => index === 0 || status !== "ok");
}

function judge(left: number, of: "bytes" | "files", message: string): Outcome {
  const fix = "Make room, or set DATA_DIR to a folder on another disk.";
  if (left < TOO_LITTLE[of]) return fail(message, fix);
  return left < LITTLE[of] ? warn(message, fix) : ok(message);
}

function inWords(bytes: number): string {
  return bytes < 1024 * MIB ? `${Math.floor(bytes / MIB)} MiB` : `${(bytes / MIB / 1024).toFixed(1)} GiB`;
}
