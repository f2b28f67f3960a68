// GramJS caches its parsed schema in localStorage, unversioned, so that a stale entry outlives an upgrade. Taking the
// global away makes it parse its own schema each time. Imported before `telegram`, hence a module of its own.
Object.defineProperty(globalThis, "localStorage", { value: undefined, configurable: true });
