/**
 * The product in a process that stands still before the n-th change of a file system, for a test to kill it there.
 * `standstill.ts N COMMAND…`; it prints what it would have done next, and ends as usual when there are fewer changes.
 */
import { main } from "../../src/cli/main.ts";

const [at, ...args] = Deno.args;
let changes = 0;

function count(change: string): void {
  if (++changes !== Number(at)) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`before ${change}\n`));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Puts a function in a method's place that counts first. */
function watch(owner: object, name: string): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") throw new TypeError(name);
  Reflect.set(owner, name, function (this: unknown, ...given: unknown[]): unknown {
    count(name);
    return Reflect.apply(original, this, given);
  });
}

for (const name of ["mkdir", "mkdirSync", "rename", "renameSync", "remove", "removeSync"]) watch(Deno, name);
for (const name of ["sync", "syncSync", "write"]) watch(Deno.FsFile.prototype, name);

Deno.exit(await main(args));
