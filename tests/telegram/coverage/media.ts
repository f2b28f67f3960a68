import { ACCOUNT, DISPLAY, type Ledger, STYLE } from "./entry.ts";

/** Attachments. */
export const MEDIA: Ledger = {
  MessageMediaEmpty: { dropped: "no attachment" },
  MessageMediaUnsupported: { tl_type: "Telegram hides from this layer what it is" },
  MessageMediaPhoto: {
    kept: { photo: "media.id", spoiler: "media.spoiler", ttlSeconds: "media.ttl_seconds" },
  },
  MessageMediaDocument: {
    kept: {
      document: "media.id",
      spoiler: "media.spoiler",
      ttlSeconds: "media.ttl_seconds",
      video: "media.kind",
      round: "media.kind",
      voice: "media.kind",
    },
    left: {
      nopremium: "what the app may show without a subscription",
      "altDocuments videoCover": "the same video in other sizes, and its cover",
      videoTimestamp: DISPLAY,
    },
  },
  MessageMediaWebPage: {
    kept: { webpage: "preview" },
    left: { "forceLargeMedia forceSmallMedia manual safe": DISPLAY },
  },
  MessageMediaGeo: { kept: { geo: "media.location" } },
  MessageMediaGeoLive: {
    kept: { geo: "media.location", heading: "media.location.heading", period: "media.location.period" },
    left: { proximityNotificationRadius: "when the app is to alert" },
  },
  MessageMediaVenue: {
    kept: { geo: "media.location", title: "media.location.title", address: "media.location.address" },
    left: { "provider venueId venueType": "where the place is catalogued" },
  },
  MessageMediaContact: {
    kept: {
      phoneNumber: "media.contact.phone",
      firstName: "media.contact.first_name",
      lastName: "media.contact.last_name",
      userId: "media.contact.user_id",
      vcard: "media.contact.vcard",
    },
  },
  MessageMediaDice: { kept: { emoticon: "media.emoji", value: "media.value" } },
  MessageMediaGame: { kept: { game: "media.title" } },
  MessageMediaInvoice: {
    kept: {
      title: "media.title",
      description: "media.description",
      currency: "media.currency",
      totalAmount: "media.amount",
      receiptMsgId: "media.receipt_id",
      extendedMedia: "media_items",
    },
    left: {
      "shippingAddressRequested startParam": "needed to pay",
      test: "a shop's rehearsal, which reads the same",
      photo: "a picture on the seller's server",
    },
  },
  MessageMediaPoll: { kept: { poll: "media.poll", results: "media.poll.options.voters" } },
  MessageMediaStory: {
    kept: { peer: "media.chat_id", id: "media.id", story: "media.description" },
    left: { viaMention: "the story names the account, which its caption shows" },
  },
  MessageMediaGiveaway: {
    kept: {
      channels: "media.giveaway.chat_ids",
      quantity: "media.giveaway.quantity",
      months: "media.giveaway.months",
      stars: "media.giveaway.stars",
      prizeDescription: "media.giveaway.prize",
      countriesIso2: "media.giveaway.countries",
      untilDate: "media.giveaway.until",
      onlyNewSubscribers: "media.giveaway.new_subscribers_only",
    },
    left: { winnersAreVisible: "the results name the winners, or do not" },
  },
  MessageMediaGiveawayResults: {
    kept: {
      channelId: "media.giveaway.chat_ids",
      launchMsgId: "media.giveaway.message_id",
      winnersCount: "media.giveaway.winners_count",
      unclaimedCount: "media.giveaway.unclaimed_count",
      winners: "media.giveaway.winner_ids",
      months: "media.giveaway.months",
      stars: "media.giveaway.stars",
      prizeDescription: "media.giveaway.prize",
      untilDate: "media.giveaway.until",
      onlyNewSubscribers: "media.giveaway.new_subscribers_only",
      refunded: "media.giveaway.refunded",
    },
    left: { additionalPeersCount: "the announcement lists the channels" },
  },
  MessageMediaPaidMedia: { kept: { starsAmount: "media.amount", extendedMedia: "media_items" } },
  MessageExtendedMedia: { kept: { media: "media_items.id" } },
  MessageExtendedMediaPreview: {
    kept: { w: "media_items.width", h: "media_items.height", videoDuration: "media_items.duration" },
    left: { thumb: "a blur" },
  },
};

/** What other media are made of. */
export const PARTS: Ledger = {
  WebPage: {
    kept: { url: "preview.url", title: "preview.title", description: "preview.description" },
    left: {
      "hasLargeMedia displayUrl type": DISPLAY,
      "id hash": "needed to load the preview again",
      "siteName author": "the address shows the site",
      "photo document duration attributes": "the page's pictures, not the message's",
      "embedUrl embedType embedWidth embedHeight": "how a player is shown",
      cachedPage: "the page itself, which the address has",
    },
  },
  WebPagePending: { kept: { url: "preview.url" }, left: { "id date": "when to ask for the preview again" } },
  WebPageEmpty: { kept: { url: "preview.url" }, left: { id: "needed to load the preview again" } },
  WebPageNotModified: { dropped: "only answers a request for a preview that is known" },
  GeoPoint: {
    kept: {
      lat: "media.location.latitude",
      long: "media.location.longitude",
      accuracyRadius: "media.location.accuracy",
    },
    left: { accessHash: "needed to fetch a map" },
  },
  GeoPointEmpty: { dropped: "the place is held back" },
  Game: {
    kept: { title: "media.title", description: "media.description" },
    left: {
      "id accessHash shortName": "needed to play",
      "photo document": "the game's pictures, not the message's",
    },
  },
  Poll: {
    kept: {
      id: "media.poll.id",
      question: "media.poll.question",
      answers: "media.poll.options",
      closed: "media.poll.closed",
      publicVoters: "",
      multipleChoice: "media.poll.multiple",
      quiz: "media.poll.quiz",
      closeDate: "media.poll.closes",
    },
    left: { closePeriod: "closeDate says when" },
  },
  PollAnswer: { kept: { text: "media.poll.options.text", option: "media.poll.options.voters" } },
  PollResults: {
    kept: { results: "media.poll.options.voters", totalVoters: "media.poll.voters", solution: "media.poll.solution" },
    left: { min: ACCOUNT, recentVoters: "a few of many", solutionEntities: STYLE },
  },
  PollAnswerVoters: {
    kept: {
      option: "media.poll.options.voters",
      voters: "media.poll.options.voters",
      correct: "media.poll.options.correct",
    },
    left: { chosen: ACCOUNT },
  },
  StoryItem: {
    kept: { caption: "media.description" },
    left: {
      "pinned public closeFriends min noforwards edited contacts selectedContacts out id date fromId fwdFrom expireDate":
        "a story has a life of its own; the message only points to it",
      "entities media mediaAreas privacy views sentReaction":
        "a story has a life of its own; the message only points to it",
    },
  },
  StoryItemDeleted: { dropped: "the story is gone" },
  StoryItemSkipped: { dropped: "the story was not loaded" },
};
