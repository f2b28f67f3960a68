/**
 * What is in a backup, in words.
 * @module
 */
import { type BackupFile, isIndexName } from "../backup/format.ts";
import { DATABASE_FILE, SESSION_FILE } from "../storage/contents.ts";

/** To finish a sentence that begins with what has it. */
export function contentsText(files: readonly BackupFile[]): string {
  const has = (wanted: string): boolean => files.some(({ name }) => name === wanted);
  const indexes = files.filter(({ name }) => isIndexName(name)).length;
  const parts = [
    ...has(DATABASE_FILE) ? ["the database"] : [],
    ...has(SESSION_FILE) ? ["the session"] : [],
    ...indexes > 0 ? [indexes === 1 ? "the index of one export" : `the indexes of ${indexes} exports`] : [],
  ];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${parts.join(", ").replace(/, ([^,]*)$/, " and $1")}, ${bytes} bytes`;
}
