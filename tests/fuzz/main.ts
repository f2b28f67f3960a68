/**
 * The fuzzer, `deno task test:fuzz`: inputs from a seed against the product in a process of its own, on the sandbox, for
 * `FUZZ_SECONDS` (30). It ends with 1 when something was wrong.
 *
 * `FUZZ_SEED` chooses the inputs, and is printed; `FUZZ_CASE` runs a single one of them, to see it again; `FUZZ_FAMILY` keeps
 * to one family, which counts its cases by itself.
 * @module
 */
import { openHouse } from "./house.ts";
import { FAMILIES } from "./families/mod.ts";
import { fuzz, type Plan } from "./run.ts";
import { watch } from "./watch.ts";

const PATIENCE = 30;

function numberOf(name: string, otherwise: number): number {
  const text = Deno.env.get(name) ?? "";
  if (text !== "" && !/^\d{1,15}$/.test(text)) throw new Error(`${name} must be a whole number`);
  return text === "" ? otherwise : Number(text);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function main(): Promise<number> {
  const seed = numberOf("FUZZ_SEED", Date.now() % 1_000_000_000);
  const seconds = numberOf("FUZZ_SECONDS", 30);
  const single = Deno.env.has("FUZZ_CASE") ? numberOf("FUZZ_CASE", 0) : undefined;
  const family = Deno.env.get("FUZZ_FAMILY");
  say(`FUZZ_SEED=${seed} FUZZ_SECONDS=${seconds}${single === undefined ? "" : ` FUZZ_CASE=${single}`}`);
  await using house = await openHouse();
  const watched = await watch(house);
  const deadline = Date.now() + seconds * 1000;
  const plan: Plan = {
    seed,
    first: single ?? 0,
    goesOn: (number) => single === undefined ? Date.now() < deadline : number === single,
    workers: 8,
    patience: PATIENCE,
  };
  const families = family === undefined ? FAMILIES : FAMILIES.filter(({ name }) => name === family);
  if (families.length === 0) throw new Error(`FUZZ_FAMILY is one of ${FAMILIES.map(({ name }) => name).join(", ")}`);
  const { cases, statuses, failures } = await fuzz({ ...house, tend: watched.tend }, families, plan);
  const complaints = await watched.complaints();
  const kept = family === undefined ? "" : ` FUZZ_FAMILY=${family}`;
  for (const { number, family, reader, what, drawn, smallest } of failures) {
    say(`\nCase ${number} (${family}, asked by ${reader}): ${what}`);
    say(`Again: FUZZ_SEED=${seed} FUZZ_CASE=${number}${kept} deno task test:fuzz`);
    say(`Sent:\n${JSON.stringify(drawn)}\nSmallest:\n${JSON.stringify(smallest)}`);
  }
  for (const complaint of complaints) say(`\n${complaint}`);
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status || "none"}: ${count}`);
  say(`\n${cases} cases, answers by status: ${counts.join(", ")}`);
  say(watched.told());
  const isSound = failures.length === 0 && complaints.length === 0 && cases > 0;
  say(isSound ? "nothing was wrong" : "something was wrong");
  return isSound ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
