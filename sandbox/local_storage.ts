// GramJS caches its parsed schema in localStorage, unversioned, so that a stale entry outlives an upgrade. Taking the
// global away makes it parse its own schema each time; without `alert` it does not stop for Enter at a terminal when it
// reads a type that is not in the schema. Imported before `telegram`, hence a module of its own.
for (const name of ["localStorage", "alert"]) {
  Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
}
