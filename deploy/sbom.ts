/**
 * What the binary is made of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the packages of which a file is in it, and the
 * runtime. The same sources give the same bytes.
 * @module
 */
import { existsSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { z } from "zod";
import { NAME, VERSION } from "../src/version.ts";

const lockSchema = z.object({
  npm: z.record(z.string(), z.object({ integrity: z.string(), dependencies: z.array(z.string()).optional() })),
});
const licenseSchema = z.union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)]);
/** Older packages have an object, or a list of them. */
const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: licenseSchema.optional(),
  licenses: z.array(licenseSchema).optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

/** What {@link billOfMaterials} is made from. */
export interface Ingredients {
  /** Paths of all files that are in the binary. */
  readonly files: readonly string[];
  /** `deno.lock`, parsed from JSON. */
  readonly lock: unknown;
  readonly commit: string;
  /** The version of Deno that runs it. */
  readonly deno: string;
}

/**
 * Lists what the binary is made of.
 * @throws Error when a package is not in the lock file, ZodError when the lock file or a `package.json` is not as known
 */
export function billOfMaterials({ files, lock, commit, deno }: Ingredients): Record<string, unknown> {
  const { npm } = lockSchema.parse(lock);
  const parts = new Map(packagesOf(files).map((manifest) => [keyOf(manifest, Object.keys(npm)), manifest]));
  const keys = [...parts.keys()].sort();
  const neededBy = (key: string): string[] => {
    const needed = npm[key]?.dependencies?.map((named) => keys.find((each) => isNamed(each, named)));
    return (needed ?? []).filter((each) => each !== undefined).sort();
  };
  const libraries = [...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([ref, manifest]) => ({
    type: "library",
    "bom-ref": ref,
    name: manifest.name,
    version: manifest.version,
    hashes: [{ alg: "SHA-512", content: hexOf(npm[ref]?.integrity) }],
    licenses: licensesOf(manifest),
    purl: purlOf(manifest),
  }));
  const runtime = {
    type: "platform",
    "bom-ref": "deno",
    name: "deno",
    version: deno,
    licenses: [{ license: { id: "MIT" } }],
    purl: `pkg:github/denoland/deno@v${deno}`,
  };
  const bill = {
    metadata: {
      component: {
        type: "application",
        "bom-ref": NAME,
        name: NAME,
        version: VERSION,
        properties: [{ name: "commit", value: commit }],
      },
    },
    components: [runtime, ...libraries],
    dependencies: [
      { ref: NAME, dependsOn: ["deno", ...keys] },
      ...keys.map((ref) => ({ ref, dependsOn: neededBy(ref) })),
    ],
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(bill))}`,
    version: 1,
    ...bill,
  };
}

/** The packages that files are of: the nearest `package.json` above, of those that name one. */
function packagesOf(files: readonly string[]): Manifest[] {
  const found = new Map<string, Manifest | undefined>();
  const above = (folder: string): Manifest | undefined => {
    if (!found.has(folder)) {
      const own = readManifest(join(folder, "package.json"));
      found.set(folder, own ?? (dirname(folder) === folder ? undefined : above(dirname(folder))));
    }
    return found.get(folder);
  };
  return [...new Set(files.map((file) => above(dirname(file))))].filter((each) => each !== undefined);
}

function readManifest(path: string): Manifest | undefined {
  return existsSync(path) ? manifestSchema.safeParse(JSON.parse(Deno.readTextFileSync(path))).data : undefined;
}

/** A package's name in the lock file, where what it was resolved beside may follow. */
function keyOf({ name, version }: Manifest, keys: readonly string[]): string {
  const key = keys.find((key) => key === `${name}@${version}` || key.startsWith(`${name}@${version}_`));
  if (key === undefined) throw new Error(`${name}@${version} is in the bundle, and not in deno.lock`);
  return key;
}

/** The lock file names a dependency without its version where there is but one. */
function isNamed(key: string, named: string): boolean {
  return key === named || key.slice(0, key.indexOf("@", 1)) === named;
}

/** https://github.com/package-url/purl-spec: a scope's `@` is encoded. */
function purlOf({ name, version }: Manifest): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

/** https://spdx.org/licenses/; more than one is an expression. */
function licensesOf({ name, version, license, licenses = [] }: Manifest): Record<string, unknown>[] {
  const named = license === undefined ? licenses : [license];
  if (named.length === 0) throw new Error(`${name}@${version} names no licence`);
  const expression = named.join(" OR ");
  return [/[ ()]/.test(expression) ? { expression } : { license: { id: expression } }];
}

/** Of a checksum as npm writes it, https://www.w3.org/TR/SRI/. */
function hexOf(integrity = ""): string {
  const [, base64] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (base64 === undefined) throw new Error(`no SHA-512: ${integrity}`);
  return Uint8Array.fromBase64(base64).toHex();
}

/** Version 8 of https://www.rfc-editor.org/rfc/rfc9562, made of the content. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const [a, b, c, d, e] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16), hex.slice(17, 20), hex.slice(20, 32)];
  return `${a}-${b}-8${c}-8${d}-${e}`;
}
