/**
 * Text of other people, made safe to show: characters that hide or reorder text become visible. Everything that can be
 * seen stays as it is.
 *
 * Hidden are controls but tab and newline, line and paragraph separators, bidirectional controls
 * (https://www.unicode.org/reports/tr9/), default ignorable code points, to which zero-width characters, fillers, variation
 * selectors and tags belong (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point), interlinear annotations,
 * noncharacters, and halves of surrogate pairs, with which a JSON text would not be well-formed. Private use stays: it shows
 * a box or a font's own sign. So do blanks of any width.
 *
 * Where writing needs them, these stay (https://www.unicode.org/reports/tr31/#Layout_and_Format_Control_Characters):
 * - joiners next to a letter of a script that joins letters: Persian, Hindi, Malayalam; zero-width joiners between emoji
 * - left-to-right, right-to-left and Arabic letter marks, but not inside a word that runs from left to right, nor in rows
 * - zero-width spaces between letters of scripts that write no blanks between words: Thai, Khmer, Lao, Burmese
 * - a soft hyphen inside a word, at least two letters from what stands before and behind it
 * - an isolate and its end in one line, around text from right to left: with nothing else in it that is hidden, and with no
 *   letters from left to right unless it is a left-to-right isolate, since those would change their order
 * - the variation selectors for text and emoji behind an emoji, Mongolian ones behind a Mongolian letter
 * - the tags of the flags of England, Scotland and Wales, the only ones in use
 *   (https://www.unicode.org/reports/tr51/#def_emoji_tag_sequence)
 *
 * Ideographic variation selectors have a use too, yet any bytes can be written in them (https://www.unicode.org/reports/tr37/),
 * so they are shown.
 * @module
 */

/** Letters of scripts in which joiners change how a word is written; the others are named. */
const JOINING = String
  .raw`[[\p{L}\p{M}]--[\p{DI}\p{sc=Zyyy}\p{sc=Zinh}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Armn}\p{sc=Geor}\p{sc=Hebr}\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Hang}]]`;
/** What words that run from left to right are made of. */
const LTR = String
  .raw`[[\p{L}\p{M}\p{N}]--[\p{DI}\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Adlm}\p{sc=Rohg}\p{sc=Samr}\p{sc=Mand}]]`;
/** Letters of scripts in which blanks separate sentences, not words. */
const UNSPACED = String.raw`[[\p{sc=Thai}\p{sc=Khmr}\p{sc=Laoo}\p{sc=Mymr}]&&[[\p{L}\p{M}]--\p{DI}]]`;
const LETTER = String.raw`[\p{L}--\p{DI}](?:[\p{M}--\p{DI}])*`;

const RTL = String
  .raw`[[\p{L}&&[\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Adlm}\p{sc=Rohg}\p{sc=Samr}\p{sc=Mand}]]--\p{DI}]`;
/** What may stand in an isolate, besides joiners. Nothing of it is ever replaced, so an isolate stays what it is. */
const SEEN = String.raw`[^\p{Cc}\p{Cs}\p{DI}\p{Bidi_C}\p{Zl}\p{Zp}\p{NChar}\uFFF9-\uFFFB]`;
const NO_LTR = String.raw`[${SEEN}--[\p{L}--${RTL}]]`;
const JOINER = String.raw`(?<=${JOINING})[\u200C\u200D](?=${JOINING})`;
const MARK = String.raw`[\u061C\u200E\u200F]`;

const NEEDED = [
  String
    .raw`\u{1F3F4}\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F}`,
  String.raw`(?<=\p{ExtPict}\uFE0F?|\p{EMod})\u200D(?=\p{ExtPict})`,
  String.raw`(?<=${JOINING})[\u200C\u200D]|[\u200C\u200D](?=${JOINING})`,
  String.raw`(?<!\p{DI})(?:(?<!${LTR})${MARK}|${MARK}(?!${LTR}))`,
  String.raw`(?<=${UNSPACED})\u200B(?=${UNSPACED})`,
  String.raw`(?<=${LETTER}${LETTER})\u00AD(?=${LETTER}${LETTER})`,
  ...isolates(String.raw`\u2066`, SEEN),
  ...isolates(String.raw`[\u2067\u2068]`, NO_LTR),
  String.raw`(?<=[\p{Emoji}\p{ExtPict}])[\uFE0E\uFE0F]`,
  String.raw`(?<=[\p{sc=Mong}--\p{DI}])[\u180B-\u180D\u180F]`,
];

/** The beginning of an isolate that holds such characters and a letter from right to left; and its end. */
function isolates(begin: string, held: string): string[] {
  const before = `(?:[${held}--${RTL}]|${JOINER})*`;
  const inside = `${before}${RTL}(?:${held}|${JOINER})*`;
  return [String.raw`${begin}(?=${inside}\u2069)`, String.raw`(?<=${begin}${inside})\u2069`];
}

const HIDDEN = String.raw`[[\p{Cc}\p{Cs}\p{DI}\p{Bidi_C}\p{Zl}\p{Zp}\p{NChar}\uFFF9-\uFFFB]--[\t\n]]`;

const SIGN = /⟦U\+([0-9A-F]{4,5}|10[0-9A-F]{4})⟧/g;

/** Making these takes several milliseconds, and most texts need neither. */
const made: { alone?: RegExp; finder?: RegExp } = {};

/** A hidden character and nothing else. */
function alone(): RegExp {
  return made.alone ??= new RegExp(`^${HIDDEN}$`, "v");
}

/** What is needed, or in its only group a hidden character. */
function finder(): RegExp {
  return made.finder ??= new RegExp(`${NEEDED.join("|")}|(${HIDDEN})`, "gv");
}

/** A hidden character in a text. */
export interface Hidden {
  /** In UTF-16 units. */
  readonly index: number;
  readonly character: string;
}

/** The hidden characters of a text, in order. */
export function hiddenIn(text: string): Hidden[] {
  return Array.from(text.matchAll(finder())).flatMap(({ index, 1: character }) =>
    character === undefined ? [] : [{ index, character }]
  );
}

/** How a hidden character is shown: `⟦U+202E⟧`. */
export function signOf(character: string): string {
  return `⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟧`;
}

/** What most texts and all names of keys are made of: nothing to look for. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;

/** A text with its hidden characters shown. Done twice, it changes nothing more. */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(finder(), (found, hidden?: string) => hidden === undefined ? found : signOf(hidden));
}

/** A name as it was sent, from one that a caller may have copied from where {@link visible} showed it. */
export function asSent(text: string): string {
  return text.replace(SIGN, (sign, code: string) => {
    const character = String.fromCodePoint(parseInt(code, 16));
    return alone().test(character) ? character : sign;
  });
}
