/**
 * Texts with formatting, composed of words.
 * @module
 */
import type { WorldEntity } from "./message.ts";
import type { Random } from "./random.ts";
import { EMOJI, HOSTS, type Script, SCRIPTS, TAGS } from "./words.ts";

/** A text and its formatting. */
export interface Text {
  readonly text: string;
  readonly entities?: readonly WorldEntity[];
}

type Formatting = Omit<WorldEntity, "offset" | "length">;

/** Collects parts; an entity's offset is the length so far, which JavaScript counts as Telegram does, in UTF-16 units. */
class TextBuilder {
  #text = "";
  readonly #entities: WorldEntity[] = [];

  add(part: string, formatting?: Formatting): this {
    if (formatting) this.#entities.push({ ...formatting, offset: this.#text.length, length: part.length });
    this.#text += part;
    return this;
  }

  build(): Text {
    return this.#entities.length > 0 ? { text: this.#text, entities: this.#entities } : { text: this.#text };
  }
}

/** A sentence of one script. */
export function sentence(random: Random, script: Script, words = 3 + random.int(10)): string {
  let text = "";
  for (let index = 0; index < words; index++) text += (index > 0 ? script.space : "") + random.pick(script.words);
  return text.charAt(0).toUpperCase() + text.slice(1) + script.stop;
}

const STYLES = ["bold", "italic", "underline", "strike", "spoiler", "code"] as const;

function decorate(builder: TextBuilder, random: Random, script: Script): void {
  const word = random.pick(script.words);
  const host = random.pick(HOSTS);
  const page = `https://${host}/${random.int(1000)}`;
  switch (random.int(12)) {
    case 0:
      builder.add(page, { type: "url" });
      break;
    case 1:
      builder.add(word, { type: "text_link", url: `${page}?q=${random.int(100)}` });
      break;
    case 2:
    case 3:
      builder.add(`#${random.pick(TAGS)}`, { type: "hashtag" });
      break;
    case 4:
      builder.add("@annlee", { type: "mention" });
      break;
    case 5:
      builder.add(`info@${host}`, { type: "email" });
      break;
    case 6:
      builder.add("let x = 1;\nrun(x);", { type: "pre", language: "js" });
      break;
    case 7:
      builder.add(sentence(random, script, 4), { type: "blockquote" });
      break;
    case 8:
      builder.add("⭐️", {
        type: "custom_emoji",
        documentId: String(5_368_324_170_671_202_286n + BigInt(random.int(50))),
      });
      break;
    default:
      builder.add(`${word}${script.space}${random.pick(script.words)}`, { type: random.pick(STYLES) });
  }
}

/** Options of {@link compose}. */
export interface ComposeOptions {
  /** At most so many sentences. */
  readonly sentences?: number;
  /** One text in so many carries formatting; 0: none. */
  readonly formatEvery?: number;
}

/** A text of a few sentences in one script, at times with emoji and formatting. */
export function compose(random: Random, options: ComposeOptions = {}): Text {
  const { sentences = 4, formatEvery = 3 } = options;
  const script = random.pick(SCRIPTS);
  const builder = new TextBuilder();
  if (random.oneIn(6)) builder.add(`${random.pick(EMOJI)} `);
  const count = 1 + random.int(sentences);
  for (let index = 0; index < count; index++) {
    if (index > 0) builder.add(random.oneIn(5) ? "\n\n" : script.space);
    builder.add(sentence(random, script));
  }
  if (formatEvery > 0 && random.oneIn(formatEvery)) {
    builder.add(" ");
    decorate(builder, random, script);
  }
  if (random.oneIn(8)) builder.add(` ${random.pick(EMOJI)}${random.pick(EMOJI)}`);
  return builder.build();
}

/** The greatest length of a message, https://core.telegram.org/constructor/config (message_length_max). */
export const LONGEST = 4_096;

/** A post of exactly {@link LONGEST} characters, code units and code points alike, that ends with a given sentence. */
export function composeLongest(random: Random, script: Script, last: string): Text {
  let text = "";
  while (text.length < LONGEST - last.length - 1) text += `${sentence(random, script)} `;
  return { text: `${text.slice(0, LONGEST - last.length - 1)} ${last}` };
}
