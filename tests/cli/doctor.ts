/**
 * Running `doctor` with a fault and looking at what it says.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { run } from "./command.ts";

const findingSchema = z.strictObject({
  check: z.string(),
  status: z.enum(["ok", "warn", "fail"]),
  message: z.string().min(1).regex(/[^.\n]$/),
  fix: z.string().min(1).optional(),
});
const answerSchema = z.strictObject({
  status: z.enum(["ok", "warn", "fail"]),
  findings: z.array(findingSchema).min(1),
});

/** A line of the answer. */
export type Finding = z.infer<typeof findingSchema>;

/** What no output may hold. */
export const API_HASH = "f00dfacef00dfacef00dfacef00dface";
/** What no output may hold. */
export const SESSION_KEY = "correct horse battery staple";
/** What no output may hold. */
export const PROXY_PASSWORD = "swordfish-of-the-proxy";

/** A sandbox and variables of a program that nothing is wrong with. */
export interface Patient extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly environment: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** The string session that `environment` names a file of. */
  readonly session: string;
  /** What is not ok with some variables set anew, less that there is a sandbox; an empty one is unset. */
  faults(changes?: Readonly<Record<string, string>>): Promise<Finding[]>;
  /** All that is said with some variables set anew. */
  findings(changes?: Readonly<Record<string, string>>): Promise<Finding[]>;
}

/** Starts a sandbox with a data directory that exists. */
export async function admit(): Promise<Patient> {
  const sandbox = await startSandbox();
  const { DATA_DIR: dataDir = "", TELEGRAM_STRING_SESSION_FILE: sessionFile = "" } = sandbox.environment;
  await Deno.mkdir(dataDir, { mode: 0o700 });
  const session = (await Deno.readTextFile(sessionFile)).trim();
  const environment = { ...sandbox.environment, TELEGRAM_API_HASH: API_HASH, MCP_SERVER_PORT: "0", MCP_AUTH: "keys" };
  const findings: Patient["findings"] = async (changes) => {
    const { code, out, err } = await run(["doctor", "--json"], { ...environment, ...changes });
    assert.equal(err, "");
    for (
      const secret of [
        API_HASH,
        SESSION_KEY,
        PROXY_PASSWORD,
        session,
        session.slice(20, 40),
        ...Object.values(secretsOf(changes)),
      ]
    ) {
      assert.ok(!out.includes(secret), `a secret is shown: ${out}`);
    }
    const { status, findings } = answerSchema.parse(JSON.parse(out));
    const worst = (["fail", "warn", "ok"] as const).find((each) => findings.some(({ status }) => status === each));
    assert.deepEqual([code, status], [worst === "fail" ? 1 : 0, worst]);
    return findings;
  };
  return {
    sandbox,
    environment,
    dataDir,
    session,
    findings,
    faults: async (changes) =>
      (await findings(changes)).filter(({ status, message }) => status !== "ok" && !message.startsWith("A test data")),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

function secretsOf(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const names = ["TELEGRAM_API_HASH", "TELEGRAM_STRING_SESSION", "SESSION_KEY"];
  return Object.fromEntries(Object.entries(changes).filter(([name, value]) => names.includes(name) && value !== ""));
}

/** How a finding begins, and what its sentence and its fix are like. */
export type Expected = readonly [check: string, status: Finding["status"], message: RegExp, fix?: RegExp];

/** Expects these findings, in this order, and no other. */
export function assertFindings(findings: readonly Finding[], expected: readonly Expected[], what?: string): void {
  const seen = JSON.stringify(findings, null, 1);
  assert.deepEqual(
    findings.map(({ check, status }) => [check, status]),
    expected.map(([check, status]) => [check, status]),
    `${what ?? ""} ${seen}`,
  );
  expected.forEach(([, , message, fix], index) => {
    assert.match(findings[index]?.message ?? "", message, seen);
    if (fix !== undefined) assert.match(findings[index]?.fix ?? "", fix, seen);
  });
}
