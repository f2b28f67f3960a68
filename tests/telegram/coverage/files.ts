import { DISPLAY, DOWNLOAD, type Ledger } from "./entry.ts";

/** Photos, documents and what is known of them. */
export const FILES: Ledger = {
  Photo: {
    kept: { id: "media.id", sizes: "media.width" },
    left: {
      "accessHash fileReference dcId": DOWNLOAD,
      date: "when it was uploaded, which may be long before",
      hasStickers: DISPLAY,
      videoSizes: "only profile pictures move",
    },
  },
  PhotoEmpty: { dropped: "the photo is gone" },
  PhotoSize: { kept: { w: "media.width", h: "media.height", size: "media.size" }, left: { type: DOWNLOAD } },
  PhotoSizeProgressive: {
    kept: { w: "media.width", h: "media.height", sizes: "media.size" },
    left: { type: DOWNLOAD },
  },
  PhotoCachedSize: { kept: { w: "media.width", h: "media.height", bytes: "media.size" }, left: { type: DOWNLOAD } },
  PhotoSizeEmpty: { dropped: "no picture of that size" },
  PhotoStrippedSize: { dropped: "a blur of some pixels to show while loading" },
  PhotoPathSize: { dropped: "an outline to show while loading" },
  Document: {
    kept: { id: "media.id", mimeType: "media.mime_type", size: "media.size", attributes: "media.kind" },
    left: {
      "accessHash fileReference dcId": DOWNLOAD,
      date: "when it was uploaded, which may be long before",
      "thumbs videoThumbs": "small versions to show while loading",
    },
  },
  DocumentEmpty: { dropped: "the document is gone" },
  DocumentAttributeImageSize: { kept: { w: "media.width", h: "media.height" } },
  DocumentAttributeAnimated: {},
  DocumentAttributeSticker: {
    kept: { alt: "media.emoji" },
    left: { stickerset: "an id that says nothing without one more request", "mask maskCoords": DISPLAY },
  },
  DocumentAttributeCustomEmoji: {
    kept: { alt: "media.emoji" },
    left: { stickerset: "an id that says nothing without one more request", "free textColor": DISPLAY },
  },
  DocumentAttributeVideo: {
    kept: { roundMessage: "media.kind", duration: "media.duration", w: "media.width", h: "media.height" },
    left: {
      nosound: "a video without sound is a video still",
      "supportsStreaming preloadPrefixSize videoStartTs videoCodec": "how it is played",
    },
  },
  DocumentAttributeAudio: {
    kept: {
      voice: "media.kind",
      duration: "media.duration",
      title: "media.title",
      performer: "media.performer",
    },
    left: { waveform: DISPLAY },
  },
  DocumentAttributeFilename: { kept: { fileName: "media.file_name" } },
  DocumentAttributeHasStickers: { dropped: "pictures glued on, which the file shows" },
};
