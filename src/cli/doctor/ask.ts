/**
 * `doctor`: asking a server of this program on this machine.
 * @module
 */
import { get } from "node:http";
import { within } from "./outcome.ts";

const TIMEOUT_MS = 5000;

/**
 * The status and the body of what `GET` answers. Not by `fetch`, which would ask the proxy that `HTTP_PROXY` names.
 * @throws when there is no answer within five seconds
 */
export async function askServer(
  url: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  return await within(TIMEOUT_MS, async (end) => {
    const answer = Promise.withResolvers<{ status: number; body: string }>();
    const request = get(url, { signal: end }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => body += part);
      response.on("end", () => answer.resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", answer.reject);
    });
    request.on("error", answer.reject);
    return await answer.promise;
  }, signal);
}
