// GramJS caches its parsed schema in localStorage, unversioned: a stale entry outlives an upgrade, and inside a compiled
// binary the access throws. Taking the global away makes it parse its own schema. A module of its own, so that it is
// evaluated before `telegram` is.
Object.defineProperty(globalThis, "localStorage", { value: undefined, configurable: true });
