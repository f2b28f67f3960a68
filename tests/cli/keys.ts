/**
 * The commands `keys` as tests use them.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { type Ran, run } from "./command.ts";
import type { Environment } from "./signed_in.ts";

const keySchema = z.strictObject({
  id: z.string().regex(/^k_[a-z2-7]{10}$/),
  name: z.string(),
  state: z.enum(["active", "expired", "revoked"]),
  scopes: z.array(z.string()),
  chats: z.array(z.strictObject({
    id: z.string(),
    title: z.string().optional(),
    username: z.string().optional(),
    former: z.string().optional(),
  })).optional(),
  rate: z.string().optional(),
  created: z.iso.datetime(),
  rotated: z.iso.datetime().optional(),
  former_until: z.iso.datetime().optional(),
  expires: z.iso.datetime().optional(),
  revoked: z.iso.datetime().optional(),
  last_used: z.iso.datetime().optional(),
  uses: z.int(),
});
const issuedSchema = keySchema.extend({ key: z.string().regex(/^tgk_[0-9A-Za-z]{49}$/) });

/** A key as `--json` shows it. */
export type ShownKey = z.infer<typeof keySchema>;

/** Runs `keys …`. */
export function keys(environment: Environment, ...args: readonly string[]): Promise<Ran> {
  return run(["keys", ...args], environment);
}

/** `keys create --json`. */
export async function create(
  environment: Environment,
  ...args: readonly string[]
): Promise<z.infer<typeof issuedSchema>> {
  return issuedSchema.parse(JSON.parse(await done(keys(environment, "create", ...args, "--json"))));
}

/** `keys rotate --json`. */
export async function rotate(
  environment: Environment,
  ...args: readonly string[]
): Promise<z.infer<typeof issuedSchema>> {
  return issuedSchema.parse(JSON.parse(await done(keys(environment, "rotate", ...args, "--json"))));
}

/** `keys show --json`. */
export async function show(environment: Environment, key: string): Promise<ShownKey> {
  return keySchema.parse(JSON.parse(await done(keys(environment, "show", key, "--json"))));
}

/** `keys list --json`. */
export async function list(environment: Environment): Promise<readonly ShownKey[]> {
  return z.array(keySchema).parse(JSON.parse(await done(keys(environment, "list", "--json"))));
}

/** What a command printed that went well. */
async function done(running: Promise<Ran>): Promise<string> {
  const { code, out, err } = await running;
  assert.equal(code, 0, err);
  return out;
}
