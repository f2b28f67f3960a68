/**
 * The methods that belong to the data centre and not to its world: configuration, keys and takeout sessions.
 * @module
 */
import { randomBytes } from "node:crypto";
import bigInt from "big-integer";
import { type Answer, type Caller, RpcError, type TlObject } from "../rpc.ts";
import { Api } from "../tl.ts";
import { int } from "./bytes.ts";
import { type AuthKey, AWAY_DC, HOME_DC, type KeyStore } from "./keys.ts";
import type { TakeoutFlag, Takeouts } from "./takeouts.ts";

const BOOL_TRUE = 0x997275b5;

/** A method that needs the key it was called on. */
export type KeyMethod = (request: TlObject, caller: Caller, key: AuthKey) => Answer;

/** Where a listener is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What these methods know of the data centre. */
export interface CentreOptions {
  readonly keys: KeyStore;
  /** Where clients find it. */
  readonly address: Address;
  /** Where clients find {@link AWAY_DC}. */
  readonly away: Address;
  /** Unix seconds, whole. */
  readonly now: () => number;
  readonly takeouts: Takeouts;
}

/** The data centres that the configuration lists; one listener serves all of them but {@link AWAY_DC}. */
export const DATA_CENTRES = [1, HOME_DC, 3, 4, AWAY_DC];

/** The flags of `account.initTakeoutSession`. */
const TAKEOUT_FLAGS: readonly TakeoutFlag[] = [
  "contacts",
  "messageUsers",
  "messageChats",
  "messageMegagroups",
  "messageChannels",
  "files",
];

/** Builds them. Sources: https://core.telegram.org/method/help.getConfig and the pages of the others. */
export function createCentreMethods(
  { keys, address, away, now, takeouts }: CentreOptions,
): ReadonlyMap<string, KeyMethod> {
  const exported = new Map<string, { userId: bigint; dcId: number }>();

  return new Map<string, KeyMethod>([
    ["help.GetConfig", (): Answer => config(address, away, now())],
    ["help.GetNearestDc", (): Answer => new Api.NearestDc({ country: "DE", thisDc: HOME_DC, nearestDc: HOME_DC })],
    ["updates.GetState", (): Answer => new Api.updates.State({ pts: 1, qts: 0, date: now(), seq: 1, unreadCount: 0 })],
    ["auth.ExportAuthorization", (request, caller): Answer => {
      if (!(request instanceof Api.auth.ExportAuthorization)) throw new RpcError(400, "INPUT_METHOD_INVALID");
      if (!DATA_CENTRES.includes(request.dcId)) throw new RpcError(400, "DC_ID_INVALID");
      const bytes = randomBytes(32);
      const id = bigInt(randomBytes(6).readUIntBE(0, 6));
      exported.set(`${id} ${bytes.toString("hex")}`, { userId: user(caller), dcId: request.dcId });
      return new Api.auth.ExportedAuthorization({ id, bytes });
    }],
    ["auth.ImportAuthorization", (request, _, key): Answer => {
      if (!(request instanceof Api.auth.ImportAuthorization)) throw new RpcError(400, "INPUT_METHOD_INVALID");
      const name = `${request.id} ${request.bytes.toString("hex")}`;
      const authorization = exported.get(name);
      const isHere = (authorization?.dcId === AWAY_DC) === (key.dcId === AWAY_DC);
      if (authorization === undefined || !isHere) throw new RpcError(400, "AUTH_BYTES_INVALID");
      exported.delete(name);
      keys.signIn({ ...key, dcId: authorization.dcId }, authorization.userId);
      const id = bigInt(authorization.userId.toString());
      return new Api.auth.Authorization({ user: new Api.User({ id, self: true, accessHash: id }) });
    }],
    ["auth.LogOut", (_, caller, key): Answer => {
      user(caller);
      keys.put({ ...key, userId: undefined, owner: undefined });
      return new Api.auth.LoggedOut({});
    }],
    ["account.InitTakeoutSession", (request, caller): Answer => {
      if (!(request instanceof Api.account.InitTakeoutSession)) throw new RpcError(400, "INPUT_METHOD_INVALID");
      const id = takeouts.open(user(caller), TAKEOUT_FLAGS.filter((flag) => request[flag]));
      return new Api.account.Takeout({ id: bigInt(id.toString()) });
    }],
    ["account.FinishTakeoutSession", (request, { takeoutId }): Answer => {
      if (!(request instanceof Api.account.FinishTakeoutSession)) throw new RpcError(400, "INPUT_METHOD_INVALID");
      if (takeoutId === undefined) throw new RpcError(403, "TAKEOUT_REQUIRED");
      takeouts.finish(takeoutId, request.success === true);
      return int(BOOL_TRUE);
    }],
  ]);
}

function user({ userId }: Caller): bigint {
  if (userId === undefined) throw new RpcError(401, "AUTH_KEY_UNREGISTERED");
  return userId;
}

function config(address: Address, away: Address, now: number): TlObject {
  const addressOf = (id: number): Address => id === AWAY_DC ? away : address;
  return new Api.Config({
    date: now,
    expires: now + 3600,
    testMode: false,
    thisDc: HOME_DC,
    dcOptions: DATA_CENTRES.map((id) =>
      new Api.DcOption({ id, ipAddress: addressOf(id).host, port: addressOf(id).port })
    ),
    dcTxtDomainName: "",
    chatSizeMax: 200,
    megagroupSizeMax: 200_000,
    forwardedCountMax: 100,
    onlineUpdatePeriodMs: 210_000,
    offlineBlurTimeoutMs: 5000,
    offlineIdleTimeoutMs: 30_000,
    onlineCloudTimeoutMs: 300_000,
    notifyCloudDelayMs: 30_000,
    notifyDefaultDelayMs: 1500,
    pushChatPeriodMs: 60_000,
    pushChatLimit: 2,
    editTimeLimit: 172_800,
    revokeTimeLimit: 2_147_483_647,
    revokePmTimeLimit: 2_147_483_647,
    ratingEDecay: 2_419_200,
    stickersRecentLimit: 200,
    channelsReadMediaPeriod: 604_800,
    callReceiveTimeoutMs: 20_000,
    callRingTimeoutMs: 90_000,
    callConnectTimeoutMs: 30_000,
    callPacketTimeoutMs: 10_000,
    meUrlPrefix: "https://t.me/",
    captionLengthMax: 1024,
    messageLengthMax: 4096,
    webfileDcId: HOME_DC,
  });
}
