/**
 * What the binary is made of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the packages that the program imports, with
 * what they import, and the runtime. The same sources give the same bytes.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { NAME, VERSION } from "../src/version.ts";

/** Older versions of Deno do not say where a package is. */
const infoSchema = z.object({
  npmPackages: z.record(
    z.string(),
    z.object({
      name: z.string(),
      version: z.string(),
      dependencies: z.array(z.string()),
      localPath: z.string().optional(),
    }),
  ),
});
const lockSchema = z.object({ npm: z.record(z.string(), z.object({ integrity: z.string() })) });
/** Older packages have an object, or a list of them. */
const manifestSchema = z.object({ license: z.union([z.string(), z.object({ type: z.string() })]).optional() });

/** What {@link billOfMaterials} is made from. */
export interface Ingredients {
  /** `deno info --json` of the program, parsed from JSON. */
  readonly info: unknown;
  /** `deno.lock`, parsed from JSON. */
  readonly lock: unknown;
  /** The commit that is compiled. */
  readonly commit: string;
  /** Reads a package's `package.json` in a folder of the cache. */
  readonly readManifest?: (folder: string) => unknown;
}

/**
 * Lists what the binary is made of.
 * @throws ZodError when Deno's answer or its lock file is not as known
 */
export function billOfMaterials({ info, lock, commit, readManifest = readFrom }: Ingredients): Record<string, unknown> {
  const { npmPackages } = infoSchema.parse(info);
  const { npm } = lockSchema.parse(lock);
  const names = Object.keys(npmPackages).sort();
  const runtime = { type: "platform", "bom-ref": "deno", name: "deno", version: Deno.version.deno };
  const components = names.flatMap((ref) => {
    const one = npmPackages[ref];
    if (one === undefined) return [];
    const { license } = one.localPath === undefined ? {} : manifestSchema.parse(readManifest(one.localPath));
    const named = typeof license === "object" ? license.type : license;
    const integrity = npm[ref]?.integrity;
    return {
      type: "library",
      "bom-ref": ref,
      name: one.name,
      version: one.version,
      purl: purlOf(one),
      ...(named !== undefined && { licenses: [licenseOf(named)] }),
      ...(integrity?.startsWith("sha512-") && { hashes: [{ alg: "SHA-512", content: hexOf(integrity.slice(7)) }] }),
    };
  });
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": NAME,
        name: NAME,
        version: VERSION,
        properties: [{ name: "commit", value: commit }],
      },
    },
    components: [runtime, ...components],
    dependencies: [
      { ref: NAME, dependsOn: ["deno", ...names] },
      ...names.map((ref) => ({ ref, dependsOn: [...new Set(npmPackages[ref]?.dependencies)].sort() })),
    ],
  };
}

function readFrom(folder: string): unknown {
  return JSON.parse(Deno.readTextFileSync(join(folder, "package.json")));
}

/** https://github.com/package-url/purl-spec: a scope's `@` is encoded. */
function purlOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

function licenseOf(named: string): Record<string, unknown> {
  return /[ ()]/.test(named) ? { expression: named } : { license: { name: named } };
}

function hexOf(base64: string): string {
  return Uint8Array.fromBase64(base64).toHex();
}
