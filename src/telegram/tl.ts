/**
 * Objects of TL, whatever their kind.
 * @module
 */

/** A TL object. */
export type Tl = { readonly className: string };

/** Whether a value is a TL object, as against a number of 64 bits. */
export function isTl(value: unknown): value is Tl {
  return typeof value === "object" && value !== null && "className" in value && typeof value.className === "string";
}

/** The fields of an object; what a library was given to make it is left out. */
export function fieldsOf(value: object): [name: string, value: unknown][] {
  return Object.entries(value).filter(([name]) => name !== "originalArgs");
}
