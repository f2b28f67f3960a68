/**
 * Plain objects to TL bytes, https://core.telegram.org/mtproto/serialize.
 * @module
 */
import type { SchemaField, SchemaObject } from "../world/mod.ts";
import { SCHEMA } from "./schema.ts";
import { Sink } from "./sink.ts";

/** A value of a field. `Uint8Array` in the place of an object stands for one encoded before. */
export type TlField = SchemaField;

/** An object of TL: its constructor and its fields, named as in the schema; flags follow from the fields present. */
export type TlPlain = SchemaObject;

type Write = (sink: Sink, value: TlField) => void;

interface FieldOf {
  readonly name: string;
  /** For a `#` field: the optional fields by bit. */
  readonly bits?: readonly (readonly [name: string, bit: number, isTrue: boolean])[];
  readonly optional: boolean;
  readonly write: Write;
}

interface Constructor {
  readonly id: number;
  readonly fields: readonly FieldOf[];
  readonly names: ReadonlySet<string>;
}

const utf8 = new TextEncoder();

const VECTOR = 0x1cb5c415;
const TRUE = 0x997275b5;
const FALSE = 0xbc799737;

function mismatch(type: string, value: TlField): TypeError {
  return new TypeError(`TL ${type} cannot hold ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
}

const primitives: Readonly<Record<string, Write>> = {
  int: (sink, value) => {
    if (typeof value !== "number" || (value | 0) !== value) throw mismatch("int", value);
    sink.int(value);
  },
  long: (sink, value) => {
    if (typeof value !== "bigint" && typeof value !== "number" && typeof value !== "string") {
      throw mismatch("long", value);
    }
    sink.long(BigInt.asIntN(64, BigInt(value)));
  },
  double: (sink, value) => {
    if (typeof value !== "number") throw mismatch("double", value);
    sink.double(value);
  },
  string: (sink, value) => {
    if (typeof value !== "string") throw mismatch("string", value);
    sink.bytes(utf8.encode(value));
  },
  bytes: (sink, value) => {
    if (!(value instanceof Uint8Array)) throw mismatch("bytes", value);
    sink.bytes(value);
  },
  Bool: (sink, value) => {
    if (typeof value !== "boolean") throw mismatch("Bool", value);
    sink.int(value ? TRUE | 0 : FALSE | 0);
  },
};

function isPlain(value: TlField): value is TlPlain {
  return typeof value === "object" && "_" in value;
}

function writeObject(sink: Sink, value: TlField): void {
  if (value instanceof Uint8Array) return sink.raw(value);
  if (!isPlain(value)) throw mismatch("object", value);
  const constructor = constructors.get(value._);
  if (!constructor) throw new TypeError(`no constructor ${value._}`);
  for (const name in value) {
    if (!constructor.names.has(name)) throw new TypeError(`${value._} has no field ${name}`);
  }
  sink.int(constructor.id);
  for (const { name, bits, optional, write } of constructor.fields) {
    if (bits) {
      let flags = 0;
      for (const [field, bit, isTrue] of bits) {
        if (isTrue ? value[field] === true : value[field] !== undefined) flags |= 1 << bit;
      }
      sink.int(flags);
    } else if (!optional || value[name] !== undefined) write(sink, value[name]);
  }
}

function writerOf(type: string): Write {
  const inner = /^Vector<(.+)>$/.exec(type)?.[1];
  if (inner === undefined) return primitives[type] ?? writeObject;
  const write = writerOf(inner);
  return (sink, value) => {
    if (!Array.isArray(value)) throw mismatch(type, value);
    sink.int(VECTOR);
    sink.int(value.length);
    for (const item of value) write(sink, item);
  };
}

function parse(line: string): readonly [string, Constructor] {
  const [, name = "", id = "", body = ""] = /^([\w.]+)#([0-9a-f]+)(.*) = [\w.]+;$/.exec(line) ?? [];
  const all = [...body.matchAll(/(\w+):(?:(flags2?)\.(\d+)\?)?(\S+)/g)].map((
    [, field = "", flags, bit, type = ""],
  ) => ({
    field,
    flags,
    bit: Number(bit),
    type,
  }));
  const fields = all.filter(({ type }) => type !== "true").map(({ field, flags, type }): FieldOf => ({
    name: field,
    optional: flags !== undefined,
    write: writerOf(type),
    ...type === "#" &&
      { bits: all.filter((each) => each.flags === field).map((each) => [each.field, each.bit, each.type === "true"]) },
  }));
  return [name, { id: parseInt(id, 16), fields, names: new Set(["_", ...all.map(({ field }) => field)]) }];
}

const constructors: ReadonlyMap<string, Constructor> = new Map(SCHEMA.trim().split("\n").map(parse));

/**
 * The bytes of an object.
 * @throws {TypeError} an unknown constructor or field, or a value of the wrong kind
 */
export function encode(value: TlPlain): Uint8Array {
  const sink = new Sink();
  writeObject(sink, value);
  return sink.take();
}

/** The bytes of a boxed vector of objects, the answer of some methods. */
export function encodeVector(items: readonly (TlPlain | Uint8Array)[]): Uint8Array {
  const sink = new Sink();
  writerOf("Vector<Object>")(sink, items);
  return sink.take();
}
