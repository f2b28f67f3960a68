/**
 * Draws inputs, sends them, judges what comes back, and makes what fails smaller.
 * @module
 */
import { createRandom } from "../../sandbox/world/random.ts";
import type { Family } from "./family.ts";
import type { Material } from "./house.ts";
import { bytesOf, type Input, smaller } from "./input.ts";
import { type Hidden, type Reader, verdict } from "./oracle.ts";
import { exchange } from "./wire.ts";

/** A server under test. */
export interface Target {
  readonly port: number;
  readonly material: Material;
  readonly hidden: Hidden;
  readonly readers: readonly Reader[];
  /** Called every few hundred cases: what inputs use up is made anew. Throws when the server does not live. */
  readonly tend: () => Promise<void>;
}

/** Which cases are run. */
export interface Plan {
  readonly seed: number;
  /** The number of the first. */
  readonly first: number;
  /** Whether one more is to be begun, by its number. */
  readonly goesOn: (number: number) => boolean;
  /** Cases at once. */
  readonly workers: number;
  /** Seconds after which a server that has not answered hangs. */
  readonly patience: number;
}

/** An input that something is wrong with. */
export interface Failure {
  /** The number that its case has with its seed. */
  readonly number: number;
  readonly family: string;
  readonly reader: string;
  readonly what: string;
  /** As it was drawn, and as small as it could be made. */
  readonly drawn: string;
  readonly smallest: string;
}

/** What a run came to. */
export interface Outcome {
  readonly cases: number;
  /** How many answers had each status; 0 is none. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly failures: readonly Failure[];
}

/** So many failures are enough to look at. */
const ENOUGH = 5;
const TEND_EVERY = 300;

/** Runs cases. */
export async function fuzz(target: Target, families: readonly Family[], plan: Plan): Promise<Outcome> {
  const statuses = new Map<number, number>();
  const failures: Failure[] = [];
  let [next, cases] = [plan.first, 0];
  let tending: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    while (failures.length < ENOUGH && plan.goesOn(next)) {
      const number = next++;
      if (number % TEND_EVERY === TEND_EVERY - 1) tending = target.tend().finally(() => tending = undefined);
      await tending;
      const { status, failure } = await runCase(target, families, plan, number);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (failure !== undefined) failures.push(failure);
      cases++;
    }
  };
  await Promise.all(Array.from({ length: plan.workers }, work));
  await target.tend();
  return { cases, statuses, failures };
}

async function runCase(
  target: Target,
  families: readonly Family[],
  { seed, patience }: Plan,
  number: number,
): Promise<{ readonly status: number; readonly failure?: Failure }> {
  const random = createRandom(seed, number);
  const family = families[number % families.length];
  if (family === undefined) throw new Error("there are no families");
  const input = family.draw(random, target.material);
  const reader = random.pick(target.readers);
  const attempt = async (input: Input): Promise<{ readonly status: number; readonly what?: string | undefined }> => {
    const sent = bytesOf(input, target.port, reader.key);
    const method = input.kind === "request" ? input.method : undefined;
    const answer = await exchange(target.port, sent, { method, seconds: patience });
    const judged = { sent, isRequest: input.kind === "request", exchange: answer, reader };
    return { status: answer.status, what: verdict(judged, target.hidden) };
  };
  const { status, what } = await attempt(input);
  if (what === undefined) return { status };
  const isStill = async (less: Input): Promise<boolean> => kindOf((await attempt(less)).what) === kindOf(what);
  const smallest = await minimise(input, isStill, what.startsWith("neither") ? 5 : 60);
  const show = (input: Input): string => bytesOf(input, target.port, reader.key && "KEY").slice(0, 4000);
  return {
    status,
    failure: {
      number,
      family: family.name,
      reader: reader.name,
      what,
      drawn: show(input),
      smallest: show(smallest),
    },
  };
}

/** What numbers in a verdict do not change. */
function kindOf(what: string | undefined): string | undefined {
  return what?.replace(/ in [\d.]+ s$/, "");
}

/** Makes an input smaller as long as the same goes wrong with it, for so many tries: one that hangs takes its time. */
async function minimise(input: Input, isStill: (input: Input) => Promise<boolean>, most: number): Promise<Input> {
  let smallest = input;
  let tries = 0;
  for (let isBetter = true; isBetter;) {
    isBetter = false;
    for (const less of smaller(smallest)) {
      if (++tries > most) return smallest;
      if (!(await isStill(less))) continue;
      [smallest, isBetter] = [less, true];
      break;
    }
  }
  return smallest;
}
