/**
 * JSON as a type.
 * @module
 */

/** A JSON object: what a tool answers, what it is given, and what a schema is. */
export type JsonObject = { readonly [key: string]: unknown };
