/**
 * Every way to sign in as the world's owner: a code by phone, a QR code, and the password after either.
 * @module
 */
import type { Method } from "../../rpc.ts";
import type { World } from "../../world/mod.ts";
import { createPassword, type Password } from "./password.ts";
import { phoneMethods } from "./phone.ts";
import { createQr, type Qr } from "./qr.ts";

/** The ways in, and what happens on the owner's side of them. */
export interface Login {
  readonly methods: readonly (readonly [string, Method])[];
  readonly setPassword: Password["set"];
  readonly acceptToken: Qr["accept"];
  /** Tells a listener the key whose token was accepted. */
  onAccepted(listener: (keyId: string) => void): void;
}

/** No password is set and nobody is signing in. @param now the clock of the wire, in Unix seconds */
export function createLogin(world: World, now: () => number = () => Date.now() / 1000): Login {
  const listeners: ((keyId: string) => void)[] = [];
  const password = createPassword(world, now);
  const qr = createQr({
    password,
    now,
    onAccepted(keyId): void {
      for (const listener of listeners) listener(keyId);
    },
  });
  return {
    methods: [...phoneMethods({ world, password, now }), ...qr.methods, ...password.methods],
    setPassword: password.set,
    acceptToken: qr.accept,
    onAccepted: (listener) => void listeners.push(listener),
  };
}
