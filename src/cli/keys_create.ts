/**
 * The command `keys create`.
 * @module
 */
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";
import { called, configure, inSeconds, printIssued, withKeys } from "./keys.ts";
import { resolveChats } from "./keys_chats.ts";
import { readCreateOptions } from "./keys_options.ts";

/**
 * Makes a key and prints it. Chats are looked up first; where one is not found no key is made.
 * @returns the exit code
 * @throws AppError
 */
export async function createKey(rawOptions: unknown): Promise<number> {
  const { name, scope: scopes, chat, expires, rate, json } = readCreateOptions(rawOptions);
  const config = configure();
  // Before Telegram is asked anything; and once more when the key is made.
  withKeys(config, (keys) => keys.assertFree(name));
  using interrupt = listenForInterrupt();
  try {
    const chats = chat && await resolveChats(config, chat, interrupt.signal);
    const until = expires && inSeconds(expires);
    const issued = withKeys(
      config,
      (keys) => keys.create({ name, scopes, chats, ...(rate && { rate }), ...(until && { expires: until }) }),
    );
    printIssued(issued, `${called(issued.key)} is created.`, json);
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return INTERRUPTED;
  }
}
