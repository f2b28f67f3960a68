// A module of its own, so that it is evaluated before `telegram` is. What GramJS takes for a browser's is taken away.
// `localStorage`: its parsed schema is cached there, unversioned: a stale entry outlives an upgrade, and inside a compiled
// binary the access throws. `alert`: it is called for a type that is not in the schema, and at a terminal Deno's waits for
// Enter with everything else standing still.
for (const name of ["localStorage", "alert"]) {
  Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
}

// GramJS brings two libraries that would load foreign code if they were let, and have the same in JavaScript. This program
// gives that permission up, and at a terminal Deno would ask for it: they are told to look where nothing is.
for (const name of ["BUFFERUTIL_PREBUILD", "UTF_8_VALIDATE_PREBUILD"]) Deno.env.set(name, "/nowhere");
