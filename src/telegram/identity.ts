/**
 * Who the account is.
 * @module
 */
import { AppError } from "../errors.ts";
import { Api } from "../mtproto/gram.ts";
import type { Call } from "../mtproto/invoke.ts";

/** An account as its owner knows it. */
export interface Identity {
  readonly id: string;
  /** As Telegram has it: made of whatever its owner typed. */
  readonly name: string;
  /** Without an @. */
  readonly username?: string;
  /** The middle hidden: `+4917•••••42`. */
  readonly phone?: string;
  readonly bot: boolean;
}

/**
 * TL method users.getUsers, of oneself.
 * @throws AppError SESSION_INVALID when nobody is signed in
 */
export async function identify(call: Call): Promise<Identity> {
  const [user] = await call(new Api.users.GetUsers({ id: [new Api.InputUserSelf()] }));
  if (user instanceof Api.User) return identityOf(user);
  throw new AppError("SESSION_INVALID", "Telegram does not say whose session this is.");
}

/** A user as an identity. */
export function identityOf({ id, firstName, lastName, username, usernames, phone, bot }: Api.User): Identity {
  const name = [firstName, lastName].filter(Boolean).join(" ");
  const handle = username ?? usernames?.find(({ active }) => active)?.username;
  return {
    id: id.toString(),
    name,
    ...(handle && { username: handle }),
    ...(phone && { phone: hideMiddle(phone) }),
    bot: bot === true,
  };
}

function hideMiddle(phone: string): string {
  const digits = phone.replace(/\D/g, "");
  if (digits.length < 8) return "+•••";
  return `+${digits.slice(0, 4)}${"•".repeat(digits.length - 6)}${digits.slice(-2)}`;
}
