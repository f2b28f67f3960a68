import assert from "node:assert/strict";
import { createFailures, type Failures } from "../../src/http/failures.ts";

interface Counted {
  readonly failures: Failures;
  /** Milliseconds of each wait that was asked for. */
  readonly waits: readonly number[];
  readonly pass: (ms: number) => void;
}

function counting(sleep: (ms: number) => Promise<void> = () => Promise.resolve()): Counted {
  let now = 0;
  const waits: number[] = [];
  const failures = createFailures({
    now: () => now,
    sleep: (ms) => {
      waits.push(ms);
      return sleep(ms);
    },
  });
  return { failures, waits, pass: (ms) => now += ms };
}

const SIGNAL = new AbortController().signal;

Deno.test("failures: a few are answered at once, then each later, then none for a while", async () => {
  const { failures, waits } = counting();
  const answers: (number | undefined)[] = [];
  for (let i = 0; i < 22; i++) answers.push(await failures.add("192.0.2.1", SIGNAL));
  assert.deepEqual(answers, [...Array.from({ length: 20 }, () => undefined), 10, 10]);
  assert.deepEqual(waits, [200, 400, 800, 1600, ...Array.from({ length: 11 }, () => 3000)]);
});

Deno.test("failures: another address is not slowed, another of the same IPv6 network is", async () => {
  const { failures, waits } = counting();
  for (let i = 0; i < 25; i++) await failures.add("2001:db8::1", SIGNAL);
  const before = waits.length;
  assert.equal(await failures.add("192.0.2.1", SIGNAL), undefined);
  assert.equal(waits.length, before);
  assert.equal(await failures.add("2001:db8::2", SIGNAL), 10);
});

Deno.test("failures: they are forgotten one by one, and the seconds that are told are enough", async () => {
  const { failures, waits, pass } = counting();
  let told: number | undefined;
  while (told === undefined) told = await failures.add("192.0.2.1", SIGNAL);
  pass(told * 1000);
  assert.equal(await failures.add("192.0.2.1", SIGNAL), undefined);
  assert.equal(typeof await failures.add("192.0.2.1", SIGNAL), "number");
  const [before, after] = [waits.length, 3_600_000];
  pass(after);
  assert.equal(await failures.add("192.0.2.1", SIGNAL), undefined);
  assert.equal(waits.length, before);
});

Deno.test("failures: more than a hundred do not wait at once", async () => {
  const release = Promise.withResolvers<void>();
  const { failures } = counting(() => release.promise);
  const add = async (address: string): Promise<number | undefined> => {
    for (let i = 0; i < 5; i++) await failures.add(address, SIGNAL);
    return await failures.add(address, SIGNAL);
  };
  const all = Array.from({ length: 101 }, (_, i) => add(`192.0.2.${i}`));
  assert.equal(await Promise.race(all), 10);
  release.resolve();
  assert.deepEqual((await Promise.all(all)).filter((one) => one !== undefined), [10]);
});
