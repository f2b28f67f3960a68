/**
 * The data centre's RSA key. It is a **test key**, published here and fixed, because making one takes a third of a second and
 * clients must know it: whoever trusts it has no secret to lose.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey } from "node:crypto";
import { bytes, WireError } from "./bytes.ts";
import { powerModulo, toBigInt, toBuffer } from "./modular.ts";

const MODULUS = Buffer.from(
  "vkltH_dFxLg18vt4e1IVK9j0xLe4PN210WVRqCSc1qbLFaKZr5Ne7uJm_WgbJhxIHCUnQSZ4x5XL3jEOlLLy_Etm3vDKy6Y-38Zg" +
    "m_bZfq-ET1oyeY8XpiWDGFQ7XxqZTQZHLqDfHBgYObnQ1D7wSgSjijtOKfQfXpb6ZnrZ1FnEDwJQeDINnHTkbln0FJkBk_A18xbS" +
    "0TDifakFJe1CO6jWRljKc6rCYl2C48W64XP_3-Obnk7r9ov8eKF7YcSOnPEyX39YjKu0WVDE4huMlqJvIoqvD1j1tmGOc8XJhlF-" +
    "t7s9rCIoNMbZJSkAt622CgVMeHPV9YIfnD-aLnBHQQ",
  "base64url",
);
const EXPONENT = Buffer.from("AQAB", "base64url");
const SECRET_EXPONENT = Buffer.from(
  "J1VwPDpV7qsRY8-9gOhfvfeT6RH9AH_n9IfYEES5Mtm5gxhgYl25MvITze_2JLOV6FN5wMreDouVX7GOTQiMl8BSXGUz1lLgDkuo" +
    "brThEoHffLOtWVlNzydT6PSIbUlHRRe2IRpZ5CnK4Cvb0fPModBBqfJGXv-6eEgHLKXaXz1vvRKsBn_drdL8GvV4Ykx58PcRcnEc" +
    "IJsh07KkpnHsJETK3oeTVE2PL03vdvQqtFpzNwL58NJaI-Qju9TlMj3d9feKpEkfLij6_NmWb31olW_IFKE5MSFoTU9sFaqEOUu-" +
    "0Tb0cXt6Z1AOTMlAQjy3PijPGX_u8T5o5KvlvMxzQQ",
  "base64url",
);

const publicKey = createPublicKey({
  key: { kty: "RSA", n: MODULUS.toString("base64url"), e: EXPONENT.toString("base64url") },
  format: "jwk",
});

/** The public key as Telethon and gotd read it (PKCS #1, `RSA PUBLIC KEY`). */
export const publicKeyPem = publicKey.export({ type: "pkcs1", format: "pem" }).toString();

/** The key's fingerprint: the last 8 bytes of the SHA-1 over its modulus and exponent in TL. */
export const fingerprint: bigint = createHash("sha1").update(bytes(MODULUS)).update(bytes(EXPONENT)).digest()
  .readBigUInt64LE(12);

/**
 * `encrypted ^ d mod n`, 256 bytes: without a padding scheme, which MTProto brings itself and node:crypto cannot leave out on
 * every Deno. Throws a {@link WireError} for a number beyond the modulus.
 */
export function decryptRsa(encrypted: Uint8Array): Buffer {
  const [value, modulus] = [toBigInt(encrypted), toBigInt(MODULUS)];
  if (value >= modulus) throw new WireError("RSA data beyond the modulus");
  return toBuffer(powerModulo(value, toBigInt(SECRET_EXPONENT), modulus), MODULUS.length);
}
