// What GramJS takes for a browser's is taken away; a module of its own, so that it is evaluated before `telegram` is.
// `localStorage`: its parsed schema is cached there, unversioned: a stale entry outlives an upgrade, and inside a compiled
// binary the access throws. `alert`: it is called for a type that is not in the schema, and at a terminal Deno's waits for
// Enter with everything else standing still.
for (const name of ["localStorage", "alert"]) {
  Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
}
