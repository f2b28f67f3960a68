/**
 * Holds a ledger against a schema, and against what the mapping did with the samples.
 * @module
 */
import { z } from "zod";
import { type Json, mapToJson, PEERS, receiveSample, type Sample } from "../golden.ts";
import type { Constructor } from "../tl_schema.ts";
import type { Entry, Ledger } from "./entry.ts";

/**
 * What the ledger does not know of the schema, and what it says too much: every constructor that a message can hold, through
 * fields that are kept, must have an entry with all of its fields.
 */
export function compareWithSchema(ledger: Ledger, constructors: readonly Constructor[]): string[] {
  const problems: string[] = [];
  const reached = new Set<string>();
  const types = new Set(["Message"]);
  for (const type of types) {
    for (const { name, fields } of constructors.filter((each) => each.type === type)) {
      reached.add(name);
      const entry = ledger[name];
      if (entry === undefined) problems.push(`${name} has no entry`);
      else problems.push(...compareFields(name, entry, [...fields.keys()]));
      for (const field of Object.keys(entry?.kept ?? {})) {
        const inner = fields.get(field);
        if (inner !== undefined && /^[A-Z]/.test(inner) && inner !== "Bool") types.add(inner);
      }
    }
  }
  return [
    ...problems,
    ...Object.keys(ledger).filter((name) => !reached.has(name)).map((name) => `${name} is not held`),
  ];
}

function compareFields(name: string, entry: Entry, fields: readonly string[]): string[] {
  const listed = [...Object.keys(entry.kept ?? {}), ...leftOf(entry)];
  if (entry.dropped || entry.tl_type) {
    return listed.map((field) => `${name}.${field} is listed of what is not looked at`);
  }
  return [
    ...fields.filter((field) => !listed.includes(field)).map((field) => `${name}.${field} is neither kept nor left`),
    ...listed.filter((field) => !fields.includes(field)).map((field) => `${name}.${field} is no field of the layer`),
    ...listed.filter((field, at) => listed.indexOf(field) !== at).map((field) => `${name}.${field} is listed twice`),
  ];
}

function leftOf({ left = {} }: Entry): string[] {
  return Object.keys(left).flatMap((names) => names.split(" "));
}

/** What the mapping did with one sample. */
interface Observation {
  /** Constructors that were looked at, and their fields that were read and held something: `Photo`, `Photo.id`. */
  readonly read: ReadonlySet<string>;
  /** The places of the result that hold something: `media`, `media.id`. */
  readonly filled: ReadonlySet<string>;
  readonly tlTypes: ReadonlySet<string>;
}

/** What the ledger claims and the samples do not show, and what they show and it does not claim. */
export function compareWithSamples(ledger: Ledger, samples: readonly Sample[]): string[] {
  const observed = samples.map(observe);
  const everRead = new Set(observed.flatMap(({ read }) => [...read]));
  const everNamed = new Set(observed.flatMap(({ tlTypes }) => [...tlTypes]));
  return Object.entries(ledger).flatMap(([name, entry]) => [
    ...everRead.has(name) || name === "MessageEmpty" ? [] : [`${name} has no sample`],
    ...everNamed.has(name) === (entry.tl_type !== undefined) ? [] : [`${name} and tl_type do not agree`],
    ...leftOf(entry).filter((field) => everRead.has(`${name}.${field}`)).map((field) => `${name}.${field} is read`),
    ...Object.entries(entry.kept ?? {}).filter(([field, place]) =>
      !observed.some(({ read, filled }) => read.has(`${name}.${field}`) && (place === "" || filled.has(place)))
    ).map(([field, place]) => `${name}.${field} never fills ${place}`),
  ]);
}

/** The places of `message/1` that no sample fills. */
export function placesUnfilled(schema: JsonSchema, samples: readonly Sample[]): string[] {
  const filled = new Set(samples.flatMap((sample) => [...observe(sample).filled]));
  return placesOf(schema, "").filter((place) => !filled.has(place));
}

/** As much of JSON Schema as places are made of. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

function placesOf({ properties = {}, items }: JsonSchema, place: string): string[] {
  const inner = items === undefined ? [] : placesOf(items, place);
  return inner.concat(
    Object.entries(properties).flatMap(([key, schema]) => {
      const at = place === "" ? key : `${place}.${key}`;
      return [at, ...placesOf(schema, at)];
    }),
  );
}

function observe({ sent, chat = PEERS.supergroup }: Sample): Observation {
  const read = new Set<string>();
  const result = mapToJson(watch(receiveSample(sent, chat), read), chat);
  const filled = new Set<string>();
  const tlTypes = new Set<string>();
  walk(result, "", (place, value) => {
    filled.add(place);
    if (place.endsWith("tl_type")) tlTypes.add(z.string().parse(value));
  });
  return { read, filled, tlTypes };
}

const tlObject = z.object({ className: z.string() });

/** A TL object that writes down what is read of it, and of all that it holds. */
function watch<T>(value: T, read: Set<string>): T {
  if (typeof value !== "object" || value === null) return value;
  const wrap = <V>(inner: V): V => watch(inner, read);
  if (Array.isArray(value)) return new Proxy(value, { get: (target, key) => wrap(Reflect.get(target, key)) });
  const name = tlObject.safeParse(value).data?.className;
  if (name === undefined) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const inner: unknown = Reflect.get(target, key);
      read.add(name);
      if (inner !== null && inner !== undefined && inner !== false) read.add(`${name}.${String(key)}`);
      return wrap(inner);
    },
  });
}

function walk(value: unknown, place: string, visit: (place: string, value: unknown) => void): void {
  if (place !== "") visit(place, value);
  if (Array.isArray(value)) return value.forEach((each) => walk(each, place, visit));
  if (typeof value !== "object" || value === null) return;
  const entries: Json = Object.fromEntries(Object.entries(value));
  for (const [key, inner] of Object.entries(entries)) walk(inner, place === "" ? key : `${place}.${key}`, visit);
}
