/**
 * Text of other people, made safe to show to a model: characters that hide or reorder text become visible.
 * @module
 */

/**
 * Controls except tab and newline, bidirectional overrides and isolates (https://www.unicode.org/reports/tr9/), invisible
 * fillers, and tag characters outside a flag (https://www.unicode.org/reports/tr51/#def_emoji_tag_sequence). Joiners and
 * left-to-right marks stay: Persian, Arabic and emoji need them.
 */
const HIDDEN =
  /\u{1F3F4}\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F}|(?![\t\n])[\p{Cc}\u{AD}\u{61C}\u{115F}\u{1160}\u{180E}\u{200B}\u{202A}-\u{202E}\u{2060}-\u{2064}\u{2066}-\u{206F}\u{3164}\u{FEFF}\u{FFA0}\u{FFF9}-\u{FFFB}\u{E0000}-\u{E007F}\u{E0100}-\u{E01EF}]/gu;

/** Makes hidden characters visible as `⟦U+202E⟧` and counts them. */
export interface Revealer {
  (text: string): string;
  /** How many characters were made visible so far. */
  readonly count: () => number;
}

/** A revealer with a count of its own. */
export function createRevealer(): Revealer {
  let count = 0;
  const reveal = (text: string): string =>
    text.replace(HIDDEN, (found) => {
      if (found.length > 2) return found;
      count++;
      return `⟦U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟧`;
    });
  return Object.assign(reveal, { count: () => count });
}
