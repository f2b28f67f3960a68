/**
 * A deployment by compose.yaml: its commands and its containers.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import type { Ran } from "../cli/command.ts";
import type { Stack } from "./stack.ts";

const containersSchema = z.array(z.object({
  Id: z.string(),
  RestartCount: z.int(),
  State: z.object({
    Status: z.string(),
    ExitCode: z.int(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string() }).optional(),
  }),
  Config: z.object({
    Image: z.string(),
    Labels: z.record(z.string(), z.string()),
    Healthcheck: z.object({ Test: z.array(z.string()) }).optional(),
  }),
  HostConfig: z.object({
    ReadonlyRootfs: z.boolean(),
    CapAdd: z.array(z.string()).nullable(),
    CapDrop: z.array(z.string()).nullable(),
    SecurityOpt: z.array(z.string()).nullable(),
    Memory: z.int(),
    PidsLimit: z.int().nullable(),
    NanoCpus: z.int(),
    RestartPolicy: z.object({ Name: z.string() }),
    LogConfig: z.object({ Type: z.string(), Config: z.record(z.string(), z.string()) }),
  }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.unknown()).nullable()),
    Networks: z.record(z.string(), z.object({ IPAddress: z.string() })),
  }),
}));
/** What Docker says of a container. */
export type Container = z.infer<typeof containersSchema>[number];

/** One deployment, as its owner sees it. */
export interface Deployment {
  /** Runs `docker compose`; its output, also of standard error. Throws when it fails. */
  compose(args: readonly string[], input?: string): Promise<Ran>;
  /** The container of a service. */
  container(service: string): Promise<Container>;
  /** What Docker says of all of them, as text. */
  inspected(): Promise<string>;
  logs(service: string): Promise<string>;
}

/** That of the checkout. @param files flags that name compose's files and environment */
export function deploymentOf(stack: Stack, files: readonly string[]): Deployment {
  const raw = (args: readonly string[], input?: string): Promise<Ran> =>
    stack.compose([...files, ...args], input === undefined ? {} : { input });
  const compose = async (args: readonly string[], input?: string): Promise<Ran> => {
    const ran = await raw(args, input);
    if (ran.code !== 0) throw new Error(`compose ${args.join(" ")}: ${ran.code}\n${ran.out}${ran.err}`);
    return ran;
  };
  const inspected = async (): Promise<string> => {
    const { out } = await compose(["ps", "--all", "--quiet"]);
    return await stack.docker(["inspect", ...out.trim().split("\n")]);
  };
  return {
    compose,
    inspected,
    container: async (service) => {
      const all = containersSchema.parse(JSON.parse(await inspected()));
      return all.find(({ Config: { Labels } }) => Labels["com.docker.compose.service"] === service) ??
        assert.fail(`${service} has no container`);
    },
    logs: async (service) => {
      const { out, err } = await compose(["logs", "--no-color", "--no-log-prefix", service]);
      return out + err;
    },
  };
}
