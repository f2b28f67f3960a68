/**
 * Files to be saved: names that other people chose, made safe.
 * @module
 */

/** Characters that hide or reorder others, end lines, or are halves of surrogate pairs. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{DI}\p{Zl}\p{Zp}\p{NChar}]/gu;
const LONGEST = 120;

/**
 * A file name that means nothing to any file system: no folders, no hidden file, no device, no control characters, 120
 * characters at most with its ending kept.
 * @param fallback stands in when nothing is left
 */
export function safeFileName(name: string, fallback: string): string {
  const plain = name.replace(HIDDEN, "").replace(/[/\\:*?"<>|]/g, "_").replace(/^[\s.]+|[\s.]+$/g, "");
  if (plain === "") return fallback;
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(plain)?.[0] ?? "";
  const stem = [...plain.slice(0, plain.length - ending.length)].slice(0, LONGEST - ending.length).join("");
  // Names that Windows keeps for devices, whatever their ending.
  return /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])$/i.test((stem.split(".")[0] ?? "").trim())
    ? `_${stem}${ending}`
    : stem + ending;
}

/**
 * `Content-Disposition: attachment` with a name, in ASCII for old clients and in UTF-8
 * (https://www.rfc-editor.org/rfc/rfc6266, https://www.rfc-editor.org/rfc/rfc8187).
 */
export function attachment(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"${ascii === name ? "" : `; filename*=UTF-8''${encoded}`}`;
}
