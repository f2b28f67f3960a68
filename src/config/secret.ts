/**
 * Values that must not be printed.
 * @module
 */

const PLACEHOLDER = "[redacted]";

/** A value that shows itself only to who asks for it by {@link Secret.reveal}: printed, logged or serialised it is a placeholder. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself: never put it into a message, a log record or an answer. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return PLACEHOLDER;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return PLACEHOLDER;
  }
}
