/**
 * A family of inputs.
 * @module
 */
import type { Random } from "../../sandbox/world/random.ts";
import type { Material } from "./house.ts";
import type { Input } from "./input.ts";

/** Inputs of one kind, all of them from a seeded generator. */
export interface Family {
  readonly name: string;
  readonly draw: (random: Random, material: Material) => Input;
}
