import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { createBuckets } from "../../src/http/buckets.ts";
import type { Rate } from "../../src/model/principal.ts";

/**
 * One bucket, counted in whole numbers: a token is `seconds * 1000` parts, `count` of which come each millisecond. It is full at
 * first.
 */
class Naive {
  #parts: number;
  constructor(readonly rate: Rate) {
    this.#parts = this.#most;
  }
  get #most(): number {
    return this.rate.count * this.#token;
  }
  get #token(): number {
    return this.rate.seconds * 1000;
  }
  get remaining(): number {
    return Math.floor(this.#parts / this.#token);
  }
  pass(milliseconds: number): void {
    this.#parts = Math.min(this.#most, this.#parts + milliseconds * this.rate.count);
  }
  take(cost: number): boolean {
    if (this.#parts < cost * this.#token) return false;
    this.#parts -= cost * this.#token;
    return true;
  }
  /** The least number of whole seconds after which so many tokens are there. */
  secondsUntil(tokens: number): number {
    if (tokens > this.rate.count) return Infinity;
    return Math.max(0, Math.ceil((tokens * this.#token - this.#parts) / this.rate.count / 1000));
  }
}

Deno.test("buckets: any run of takes and waits ends as in a bucket of whole numbers, for each name by itself", () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = createRandom(seed);
    // The clock of a server that has run for months.
    let now = random.int(2) * 9_876_543_210;
    const buckets = createBuckets({ clock: () => now });
    const rates: readonly Rate[] = Array.from({ length: 4 }, () => ({
      count: 1 + random.int(random.pick([3, 60, 1200])),
      seconds: random.pick([1, 60, 3600]),
    }));
    const models = rates.map((rate) => new Naive(rate));
    for (let step = 0; step < 400; step++) {
      const which = random.int(models.length);
      const [model, rate] = [models[which], rates[which]];
      assert(model !== undefined && rate !== undefined);
      const cost = random.pick([1, 1, 1, 1 + random.int(4), 1 + random.int(rate.count + 2)]);
      const ok = model.take(cost);
      assert.deepEqual(buckets.take(`bucket ${which}`, rate, cost), {
        ok,
        remaining: model.remaining,
        resetSeconds: model.remaining === rate.count ? 0 : model.secondsUntil(model.remaining + 1),
        retryAfter: ok ? 0 : model.secondsUntil(cost),
      }, `seed ${seed}, step ${step}: ${cost} of ${JSON.stringify(rate)}`);
      const passing = random.pick([0, 0, random.int(50), random.int(2000), random.int(rate.seconds * 1500)]);
      now += passing;
      for (const each of models) each.pass(passing);
    }
  }
});

Deno.test("buckets: what is refused is granted after the seconds that it was told, and not a second earlier", () => {
  const random = createRandom(7);
  for (let round = 0; round < 500; round++) {
    let now = random.int(1_000_000);
    const rate = { count: 1 + random.int(700), seconds: random.pick([1, 60, 3600]) };
    const cost = 1 + random.int(rate.count);
    const tried = (early: number): boolean => {
      const buckets = createBuckets({ clock: () => now });
      buckets.take("a", rate, rate.count);
      now += random.int(100);
      const { ok, retryAfter } = buckets.take("a", rate, cost);
      if (ok) return early === 0;
      now += (retryAfter - early) * 1000;
      return buckets.take("a", rate, cost).ok;
    };
    assert(tried(0), JSON.stringify({ rate, cost }));
    assert(!tried(1), JSON.stringify({ rate, cost }));
  }
});

Deno.test("buckets: a bucket never gives more than its rate within any of its windows, but for what it held at first", () => {
  const rate = { count: 10, seconds: 1 };
  let now = 0;
  const buckets = createBuckets({ clock: () => now });
  const random = createRandom(3);
  let taken = 0;
  while (now < 60_000) {
    if (buckets.take("a", rate).ok) taken++;
    now += random.int(40);
  }
  assert(taken <= 10 + 600, String(taken));
  assert(taken >= 590, String(taken));
});

Deno.test("buckets: a rate that is lowered meanwhile counts at once, and leaves nothing to wait for beyond its window", () => {
  let now = 0;
  const buckets = createBuckets({ clock: () => now });
  buckets.take("a", { count: 100, seconds: 3600 }, 100);
  assert.equal(buckets.take("a", { count: 2, seconds: 1 }).retryAfter, 1);
  now = 1000;
  assert.equal(buckets.take("a", { count: 2, seconds: 1 }).ok, true);
});

Deno.test("buckets: there are never more than may be kept; full ones go first, then those that are nearly full", () => {
  let now = 0;
  const rate = { count: 10, seconds: 10 };
  const buckets = createBuckets({ max: 16, clock: () => now });
  buckets.take("empty", rate, 10);
  for (let i = 0; i < 15; i++) buckets.take(`touched ${i}`, rate);
  assert.equal(buckets.size, 16);
  now = 1000;
  buckets.take("newcomer", rate);
  // The fifteen were full again, and nobody can tell that they are gone.
  assert.equal(buckets.size, 2);
  assert.equal(buckets.take("empty", rate, 2).ok, false);
  for (let i = 0; i < 1000; i++) {
    buckets.take(`stranger ${i}`, rate, 2);
    assert(buckets.size <= 16, String(buckets.size));
  }
  assert.equal(buckets.take("empty", rate, 2).ok, false);
});
