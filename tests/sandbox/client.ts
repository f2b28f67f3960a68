/** GramJS as it is, pointed at a sandbox. */
import bigInt from "big-integer";
import { Buffer } from "node:buffer";
import { createPublicKey } from "node:crypto";
import {
  ConnectionTCPAbridged,
  ConnectionTCPFull,
  ConnectionTCPObfuscated,
  Logger,
  LogLevel,
  PromisedNetSockets,
  StringSession,
  TelegramClient,
  trustedKeys,
} from "../../sandbox/tl.ts";
import { fingerprint, publicKeyPem } from "../../sandbox/wire/rsa.ts";

export const connections = { ConnectionTCPAbridged, ConnectionTCPFull, ConnectionTCPObfuscated };

/** Makes GramJS trust the sandbox's key. */
export function trustSandbox(): void {
  const { n } = createPublicKey(publicKeyPem).export({ format: "jwk" });
  const modulus = Buffer.from(n ?? "", "base64url").toString("hex");
  trustedKeys.set(BigInt.asIntN(64, fingerprint).toString(), { n: bigInt(modulus, 16), e: 65_537 });
}

class Quiet extends TelegramClient {
  // The client's own ping loop would outlive it by seconds.
  override _loopStarted = true;
}

export interface Client extends AsyncDisposable {
  readonly client: TelegramClient;
  readonly session: StringSession;
}

/** Where sessions say that their data centre is. */
const FICTIONAL = "10.77.0.2";

/** Connects a client to the data centre at `port`; when it goes on to another one by itself, that is at `nextPort`. */
export async function connectClient(
  port: number,
  options: {
    connection?: keyof typeof connections;
    session?: string;
    dc?: number;
    retries?: number;
    attempts?: number;
    nextPort?: number;
  } = {},
): Promise<Client> {
  trustSandbox();
  class Socket extends PromisedNetSockets {
    // GramJS believes that every data centre listens at port 80.
    override connect(_: number, host: string): Promise<unknown> {
      return super.connect(host === FICTIONAL ? port : options.nextPort ?? port, "127.0.0.1");
    }
  }
  const session = new StringSession(options.session ?? "");
  if (options.session === undefined) session.setDC(options.dc ?? 2, FICTIONAL, 443);
  const client = new Quiet(session, 1, "0".repeat(32), {
    connection: connections[options.connection ?? "ConnectionTCPAbridged"],
    networkSocket: Socket,
    // It drops the leading zeros of a shared key, so one exchange in 256 fails.
    connectionRetries: options.retries ?? 3,
    retryDelay: 0,
    floodSleepThreshold: 0,
    requestRetries: options.attempts ?? 1,
    securityChecks: true,
    baseLogger: new Logger(LogLevel.NONE),
    deviceModel: "test",
    systemVersion: "1",
  });
  if (!await client.connect()) throw new Error("no connection");
  return { client, session, [Symbol.asyncDispose]: () => client.destroy() };
}
