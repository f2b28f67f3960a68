/**
 * The one application that the data centre knows, as https://my.telegram.org would have registered it.
 * @module
 */
import { RpcError } from "./rpc.ts";

/** Its id and its secret. */
export const APPLICATION = { id: 1, hash: "0".repeat(32) };

/**
 * Refuses other applications; see https://core.telegram.org/api/obtaining_api_id.
 * @param hash what goes with the id, where a request carries it
 * @throws {RpcError} API_ID_INVALID
 */
export function checkApplication(id: number, hash: string = APPLICATION.hash): void {
  if (id !== APPLICATION.id || hash !== APPLICATION.hash) throw new RpcError(400, "API_ID_INVALID");
}
