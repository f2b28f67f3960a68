/**
 * What others rely on, read off the running product: the literals beside this file are compared with it, and
 * `update.ts` writes them anew.
 * @module
 */
import { optionsMarkdown } from "../../src/config/reference.ts";
import { z } from "zod";
import { optionNames, optionOf } from "../../src/config/options.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { manifestSchema } from "../../src/model/manifest.ts";
import { mediaRecordSchema } from "../../src/model/media_record.ts";
import { messageSchema } from "../../src/model/message.ts";
import { classify } from "../../src/mtproto/guard.ts";
import { createHealth } from "../../src/observability/health.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Route } from "../../src/http/router.ts";
import { routesOf } from "../../src/routes.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { startServer } from "../e2e/server.ts";
import { events, post } from "../mcp/raw.ts";
import { LAYER_TEXT, PROTOCOL_TEXT, readMethods } from "../telegram/tl_schema.ts";

/** A tool as `tools/list` has it. */
const toolSchema = z.looseObject({
  name: z.string(),
  inputSchema: z.unknown(),
  outputSchema: z.unknown().optional(),
  annotations: z.unknown(),
});
export type AdvertisedTool = z.infer<typeof toolSchema>;

/** The surface: each key is a file, its value the JSON that belongs in it. */
export type Surface = Readonly<Record<string, unknown>>;

/** Where a file of {@link Surface} lies. */
export function pinUrl(name: string): URL {
  return name.startsWith("docs/") ? new URL(`../../${name}`, import.meta.url) : new URL(name, import.meta.url);
}

/** Reads the surface; the product runs against a sandbox of its own meanwhile. */
export async function readSurface(): Promise<Surface> {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const tools = await advertisedTools(server.url);
  return {
    "tools.json": Object.fromEntries(
      tools.map((
        { name, inputSchema, outputSchema, annotations },
      ) => [name, { annotations, inputSchema, outputSchema }]),
    ),
    "tools_size.json": sizes(tools),
    "errors.json": Object.fromEntries(Object.entries(ERROR_CODES).map(([code, { status }]) => [code, status])),
    "metrics.json": await readMetrics(),
    "routes.json": await readRoutes(server.url),
    "options.json": readOptions(),
    "methods.json": readClasses(),
    "docs/message-1.schema.json": z.toJSONSchema(messageSchema),
    "docs/media-1.schema.json": z.toJSONSchema(mediaRecordSchema),
    "docs/manifest-1.schema.json": z.toJSONSchema(manifestSchema),
  };
}

/** What an MCP client gets for `tools/list`. */
export async function advertisedTools(url: string): Promise<readonly AdvertisedTool[]> {
  const [answer] = await events(await post(url, { jsonrpc: "2.0", id: 1, method: "tools/list" }));
  return z.array(toolSchema).parse(answer?.message?.result?.tools);
}

/** Characters of each tool and of the list: every conversation of every client pays for them. */
function sizes(tools: readonly AdvertisedTool[]): Readonly<Record<string, number>> {
  const each = tools.map((tool) => [tool.name, JSON.stringify(tool).length] as const);
  return { ...Object.fromEntries(each), "tools/list": JSON.stringify(tools).length };
}

/** prom-client's instruments as far as they are looked at here. */
const instrumentSchema = z.object({ name: z.string(), labelNames: z.array(z.string()) });

/** Names with their type and labels. What the program sets itself shows its labels in the text, the rest has them declared. */
async function readMetrics(): Promise<Surface> {
  const metrics = createMetrics({ version: "0" });
  metrics.telegramState("ready");
  const declared = new Map(
    Object.values(metrics).flatMap((each) => {
      const { success, data } = instrumentSchema.safeParse(each);
      return success ? [[data.name, data.labelNames] as const] : [];
    }),
  );
  const text = await metrics.render();
  return Object.fromEntries([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type]) => {
    const sample = new RegExp(`^${name}\\{([^}]*)\\}`, "m").exec(text)?.[1] ?? "";
    const shown = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label);
    return [name, { type, labels: (declared.get(name) ?? shown).toSorted() }];
  }));
}

/** Each route with what its `Allow` says, and what it asks of its caller. */
async function readRoutes(url: string): Promise<Surface> {
  const entries = await Promise.all(
    routeTable().map(async ({ path, access }) => {
      const response = await fetch(`${url}${path.replaceAll(/:\w+\+?/g, "x")}`, { method: "OPTIONS" });
      await response.body?.cancel();
      return [path, { allow: response.headers.get("allow"), access }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** The route table, with handlers that do nothing. */
export function routeTable(): readonly Route[] {
  const nothing = (): Response => new Response(null, { status: 204 });
  const config = loadConfig((name) => name === "DATA_DIR" ? "data" : undefined, undefined, { names: [] });
  const [health, metrics] = [createHealth({ version: "0" }), createMetrics({ version: "0" })];
  const catalogue = { list: nothing, call: nothing };
  return routesOf({
    config,
    health,
    metrics,
    mcp: nothing,
    catalogue,
    media: nothing,
    exports: nothing,
    audit: nothing,
  });
}

function readOptions(): Surface {
  return Object.fromEntries(
    optionNames().map((name) => {
      const { default: preset, defaultText, secret } = optionOf(name);
      const fallback = defaultText ?? (typeof preset === "string" ? preset : undefined);
      return [name, {
        ...(fallback === undefined ? {} : { default: fallback }),
        ...(secret ? { file_twin: true } : {}),
      }];
    }),
  );
}

/** What may become of each TL method of the layer and of the protocol beneath: whoever adds one looks at it here. */
export function readClasses(): Surface {
  const methods = [...readMethods(LAYER_TEXT), ...readMethods(PROTOCOL_TEXT)].toSorted();
  return Object.fromEntries(methods.map((method) => [method, classify(method)]));
}

/** The reference of the variables. */
export const configurationUrl = new URL("../../docs/configuration.md", import.meta.url);

/** What {@link configurationUrl} holds. */
export function configurationPage(): string {
  return [
    "# Configuration",
    "",
    "Everything is set by environment variables; an empty one counts as unset. A secret may come from a file instead, named by its",
    "`_FILE` variable. All that is wrong is reported at once, before anything starts.",
    "",
    optionsMarkdown().trimEnd(),
    "",
  ].join("\n");
}
