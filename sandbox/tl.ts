/**
 * The sandbox's only door to npm `telegram`: its generated TL classes (layer 198), unpatched, and for the clients that try the
 * sandbox the client itself.
 * @module
 */
import "./local_storage.ts";
export { Api, TelegramClient } from "telegram";
export { AuthKey } from "telegram/crypto/AuthKey.js";
export { _serverKeys as trustedKeys } from "telegram/crypto/RSA.js";
export { computeCheck } from "telegram/Password.js";
export { BinaryReader, PromisedNetSockets } from "telegram/extensions/index.js";
export { Logger, LogLevel } from "telegram/extensions/Logger.js";
export { doAuthentication } from "telegram/network/Authenticator.js";
export {
  ConnectionTCPAbridged,
  ConnectionTCPFull,
  ConnectionTCPObfuscated,
} from "telegram/network/connection/index.js";
export { MTProtoPlainSender } from "telegram/network/MTProtoPlainSender.js";
export { MTProtoState } from "telegram/network/MTProtoState.js";
export { StringSession } from "telegram/sessions/index.js";
export { GZIPPacked } from "telegram/tl/core/index.js";
export { LAYER } from "telegram/tl/AllTLObjects.js";
