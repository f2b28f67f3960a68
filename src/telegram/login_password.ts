/**
 * The second step: the password of two-step verification (https://core.telegram.org/api/srp).
 * @module
 */
import { Api, provePassword } from "../mtproto/gram.ts";
import { type Login, nameOf } from "./login.ts";

const TRIES = 3;
/** A wrong password, an answer that came when the question was over, and a password that was changed meanwhile. */
const AGAIN: ReadonlySet<string> = new Set(["PASSWORD_HASH_INVALID", "SRP_ID_INVALID", "SRP_PASSWORD_CHANGED"]);

/** The answer, or what the password brings when Telegram asks for that as well. */
export async function withPassword<R>(
  login: Login,
  ask: () => Promise<R>,
): Promise<R | Api.auth.TypeAuthorization> {
  try {
    return await ask();
  } catch (error) {
    if (nameOf(error) !== "SESSION_PASSWORD_NEEDED") throw error;
    return await checkPassword(login);
  }
}

/**
 * TL methods account.getPassword and auth.checkPassword.
 * @throws RpcError PASSWORD_HASH_INVALID after three wrong ones, or what asking the person fails with
 */
async function checkPassword({ centre: { call }, person }: Login): Promise<Api.auth.TypeAuthorization> {
  const { hint } = await call(new Api.account.GetPassword());
  person.show("The account has two-step verification.");
  // Whoever set it chose the words: one line, whatever is in them.
  if (hint) person.show(`Hint: ${JSON.stringify(hint)}`);
  for (let tries = 1;; tries++) {
    const text = await person.ask("Password (not shown): ", { hidden: true });
    // A question is good for one answer, and not for long.
    const question = await call(new Api.account.GetPassword());
    try {
      return await call(new Api.auth.CheckPassword({ password: await provePassword(question, text) }));
    } catch (error) {
      const name = nameOf(error) ?? "";
      if (!AGAIN.has(name) || tries === TRIES) throw error;
      person.show(name === "PASSWORD_HASH_INVALID" ? "That is not the password." : "Telegram wants to be told again.");
    }
  }
}
