/**
 * `GET /api/audit`: the audit trail as NDJSON, oldest record first.
 * @module
 */
import * as z from "zod";
import { auditLine } from "../auth/audit_record.ts";
import { type AuditReader, sinceSchema } from "../auth/audit_tail.ts";
import { AppError } from "../errors.ts";
import { type Handler, principalOf } from "../http/chain.ts";
import { type BeginCall, recorded, UNRECORDED } from "./call_record.ts";

const DEFAULT_LIMIT = 100;
const MOST = 1000;

/**
 * Makes the handler. It takes `limit` (1 to 1,000, the latest ones), `since` (an age or RFC 3339), `principal` (id or name)
 * and `tool`, and throws {@link AppError} INPUT_VALIDATION for anything else. Who has read the trail stands in it, too.
 * @param options.now milliseconds since the epoch
 */
export function auditHandler(
  audit: Pick<AuditReader, "search">,
  { now = Date.now, begin = UNRECORDED }: { readonly now?: () => number; readonly begin?: BeginCall } = {},
): Handler {
  const querySchema = z.strictObject({
    limit: z.string().regex(/^\d{1,5}$/, "expected a whole number").transform(Number)
      .pipe(z.number().min(1, `expected 1 to ${MOST}`).max(MOST, `expected 1 to ${MOST}`)).default(DEFAULT_LIMIT),
    since: sinceSchema(now).optional(),
    principal: z.string().optional(),
    tool: z.string().optional(),
  });
  return recorded(begin, "audit", async (request, context) => {
    const { chats } = principalOf(context);
    const given = [...new URL(request.url).searchParams];
    const repeated = given.find(([name], index) => given.findIndex(([other]) => other === name) < index);
    if (repeated !== undefined) throw invalid(repeated[0], "expected once");
    const { data, error } = querySchema.safeParse(Object.fromEntries(given));
    if (error !== undefined) {
      const [issue] = error.issues;
      if (issue?.code === "unrecognized_keys") throw invalid(issue.keys[0] ?? "", "there is no such parameter");
      throw invalid(String(issue?.path[0]), issue?.message ?? "");
    }
    // A key of some chats learns of no others that they exist.
    const records = (await audit.search(data)).map((entry) =>
      chats === undefined ? entry : { ...entry, chats: entry.chats.filter((id) => chats.has(id)) }
    );
    const lines = records.map(auditLine).join("");
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });
}

function invalid(field: string, problem: string): AppError {
  const name = field.slice(0, 40);
  return new AppError("INPUT_VALIDATION", `${name}: ${problem}.`, {
    field: name,
    hint: "The parameters are limit, since, principal and tool: /api/audit?since=2h&limit=20",
  });
}
