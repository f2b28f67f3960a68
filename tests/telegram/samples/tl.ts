/** TL objects that several samples are built from. */
import { Buffer } from "node:buffer";
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { DATE, LONG } from "../golden.ts";

export const bytes = Buffer.from([1, 2, 3]);

/** The fields that download a file. */
const stored = { id: bigInt(LONG), accessHash: bigInt(1), fileReference: bytes, date: DATE, dcId: 2 };

export function photo(...sizes: Api.TypePhotoSize[]): Api.Photo {
  return new Api.Photo({ ...stored, sizes });
}

/** A document of 6,000,000,000 bytes: more than 32 bits hold. */
export function document(mimeType: string, ...attributes: Api.TypeDocumentAttribute[]): Api.Document {
  return new Api.Document({ ...stored, mimeType, size: bigInt("6000000000"), attributes });
}

export function file(mimeType: string, ...attributes: Api.TypeDocumentAttribute[]): Api.MessageMediaDocument {
  return new Api.MessageMediaDocument({ document: document(mimeType, ...attributes) });
}

export function words(text: string): Api.TextWithEntities {
  return new Api.TextWithEntities({ text, entities: [] });
}
