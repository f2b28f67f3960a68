package main

import (
	"strconv"
	"strings"

	"github.com/gotd/td/tg"
)

// mediaOf tells what a message carries; the preview of a link is nothing carried.
func mediaOf(media tg.MessageMediaClass) *Media {
	switch media := media.(type) {
	case *tg.MessageMediaEmpty, *tg.MessageMediaWebPage:
		return nil
	case *tg.MessageMediaPhoto:
		described := &Media{Kind: "photo"}
		if photo, ok := media.Photo.(*tg.Photo); ok {
			described.ID = strconv.FormatInt(photo.ID, 10)
			described.Size = largest(photo.Sizes)
		}
		return described
	case *tg.MessageMediaDocument:
		if document, ok := media.Document.(*tg.Document); ok {
			return documentOf(document)
		}
		switch {
		case media.Voice:
			return &Media{Kind: "voice"}
		case media.Round:
			return &Media{Kind: "video_note"}
		case media.Video:
			return &Media{Kind: "video"}
		}
		return &Media{Kind: "document"}
	case *tg.MessageMediaGeo, *tg.MessageMediaGeoLive, *tg.MessageMediaVenue:
		return &Media{Kind: "location"}
	default:
		return &Media{Kind: strings.ToLower(strings.TrimPrefix(media.TypeName(), "messageMedia"))}
	}
}

// documentOf tells the kind of a file by its attributes, as apps do.
func documentOf(document *tg.Document) *Media {
	described := &Media{
		Kind: "document", ID: strconv.FormatInt(document.ID, 10), Mime: document.MimeType, Size: document.Size,
	}
	var audio *tg.DocumentAttributeAudio
	var video *tg.DocumentAttributeVideo
	animated, sticker := false, false
	for _, attribute := range document.Attributes {
		switch attribute := attribute.(type) {
		case *tg.DocumentAttributeFilename:
			described.Name = attribute.FileName
		case *tg.DocumentAttributeAudio:
			audio = attribute
		case *tg.DocumentAttributeVideo:
			video = attribute
		case *tg.DocumentAttributeAnimated:
			animated = true
		case *tg.DocumentAttributeSticker, *tg.DocumentAttributeCustomEmoji:
			sticker = true
		}
	}
	switch {
	case sticker:
		described.Kind = "sticker"
	case audio != nil && audio.Voice:
		described.Kind = "voice"
	case audio != nil:
		described.Kind = "audio"
	case video != nil && video.RoundMessage:
		described.Kind = "video_note"
	case animated:
		described.Kind = "gif"
	case video != nil:
		described.Kind = "video"
	}
	return described
}

// largest is the size in bytes of the widest picture.
func largest(sizes []tg.PhotoSizeClass) int64 {
	width, bytes := 0, 0
	for _, each := range sizes {
		switch size := each.(type) {
		case *tg.PhotoSize:
			if size.W > width {
				width, bytes = size.W, size.Size
			}
		case *tg.PhotoSizeProgressive:
			if size.W > width {
				width, bytes = size.W, 0
				for _, step := range size.Sizes {
					bytes = max(bytes, step)
				}
			}
		}
	}
	return int64(bytes)
}
