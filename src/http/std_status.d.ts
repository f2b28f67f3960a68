// The parts in use of `@std/http/status.js`, which ships without types.

/** The reason phrase of a status code, https://www.rfc-editor.org/rfc/rfc9110#section-15 */
export declare const STATUS_TEXT: Readonly<Record<number, string>>;
