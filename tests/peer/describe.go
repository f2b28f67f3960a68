package main

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/gotd/td/tg"
)

// Message is what both clients must agree on. Dates are Unix seconds, chats and users marked ids; what a message does not
// have is left out.
type Message struct {
	ID        int        `json:"id"`
	Chat      string     `json:"chat"`
	Topic     int        `json:"topic,omitempty"`
	Date      int        `json:"date"`
	Edited    int        `json:"edited,omitempty"`
	Out       bool       `json:"out,omitempty"`
	Sender    string     `json:"sender,omitempty"`
	Text      string     `json:"text"`
	Entities  []Entity   `json:"entities,omitempty"`
	Reply     *Reply     `json:"reply,omitempty"`
	Forward   *Forward   `json:"forward,omitempty"`
	Media     *Media     `json:"media,omitempty"`
	Preview   string     `json:"preview,omitempty"`
	Album     string     `json:"album,omitempty"`
	Views     *int       `json:"views,omitempty"`
	Forwards  *int       `json:"forwards,omitempty"`
	Replies   *int       `json:"replies,omitempty"`
	Reactions []Reaction `json:"reactions,omitempty"`
	Pinned    bool       `json:"pinned,omitempty"`
	Silent    bool       `json:"silent,omitempty"`
	Post      bool       `json:"post,omitempty"`
	Protected bool       `json:"protected,omitempty"`
	Author    string     `json:"author,omitempty"`
	Via       string     `json:"via,omitempty"`
	// Service is the action's constructor without its prefix, in snake case.
	Service string     `json:"service,omitempty"`
	Buttons [][]string `json:"buttons,omitempty"`
}

// Entity is a stretch of text; offset and length in UTF-16 units.
type Entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	// Value is its address, user, language or document.
	Value string `json:"value,omitempty"`
}

// Reply is what a message answers.
type Reply struct {
	ID    int    `json:"id,omitempty"`
	Chat  string `json:"chat,omitempty"`
	Top   int    `json:"top,omitempty"`
	Quote string `json:"quote,omitempty"`
	Story int    `json:"story,omitempty"`
}

// Forward is where a message came from.
type Forward struct {
	From string `json:"from,omitempty"`
	Date int    `json:"date"`
	ID   int    `json:"id,omitempty"`
}

// Media is what a message carries.
type Media struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	Mime string `json:"mime,omitempty"`
	Size int64  `json:"size,omitempty"`
}

// Reaction is a reaction and how often it was given.
type Reaction struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Topic is a forum's topic; Last is the date of its last message.
type Topic struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Closed bool   `json:"closed,omitempty"`
	Pinned bool   `json:"pinned,omitempty"`
	Hidden bool   `json:"hidden,omitempty"`
	Unread int    `json:"unread,omitempty"`
	Last   int    `json:"last"`
}

// Dialog is an entry of the chat list.
type Dialog struct {
	ID       string `json:"id"`
	Unread   int    `json:"unread,omitempty"`
	Mentions int    `json:"mentions,omitempty"`
	Pinned   bool   `json:"pinned,omitempty"`
	Archived bool   `json:"archived,omitempty"`
}

func userID(id int64) string    { return strconv.FormatInt(id, 10) }
func chatID(id int64) string    { return strconv.FormatInt(-id, 10) }
func channelID(id int64) string { return strconv.FormatInt(-1_000_000_000_000-id, 10) }

func peerID(peer tg.PeerClass) string {
	switch peer := peer.(type) {
	case *tg.PeerUser:
		return userID(peer.UserID)
	case *tg.PeerChat:
		return chatID(peer.ChatID)
	case *tg.PeerChannel:
		return channelID(peer.ChannelID)
	default:
		return ""
	}
}

func describe(message tg.NotEmptyMessage, self string) Message {
	described := Message{
		ID: message.GetID(), Chat: peerID(message.GetPeerID()), Date: message.GetDate(), Out: message.GetOut(),
		Silent: message.GetSilent(), Post: message.GetPost(),
	}
	if from, ok := message.GetFromID(); ok {
		described.Sender = peerID(from)
	} else if _, private := message.GetPeerID().(*tg.PeerUser); private {
		// Private chats name no sender: it is oneself, or whoever the chat is with.
		described.Sender = described.Chat
		if message.GetOut() {
			described.Sender = self
		}
	}
	if reply, ok := message.GetReplyTo(); ok {
		described.Topic, described.Reply = replyOf(reply)
	}
	if reactions, ok := message.GetReactions(); ok {
		for _, each := range reactions.Results {
			described.Reactions = append(described.Reactions, Reaction{reactionOf(each.Reaction), each.Count})
		}
	}
	switch message := message.(type) {
	case *tg.MessageService:
		described.Service = snakeCase(strings.TrimPrefix(message.Action.TypeName(), "messageAction"))
		if _, begins := message.Action.(*tg.MessageActionTopicCreate); begins {
			described.Topic = message.ID
		}
	case *tg.Message:
		describeContent(message, &described)
	}
	return described
}

func describeContent(message *tg.Message, described *Message) {
	described.Text = message.Message
	described.Pinned, described.Protected, described.Author = message.Pinned, message.Noforwards, message.PostAuthor
	for _, entity := range message.Entities {
		described.Entities = append(described.Entities, entityOf(entity))
	}
	if date, ok := message.GetEditDate(); ok && !message.EditHide {
		described.Edited = date
	}
	if forward, ok := message.GetFwdFrom(); ok {
		described.Forward = &Forward{Date: forward.Date, ID: forward.ChannelPost}
		if from, ok := forward.GetFromID(); ok {
			described.Forward.From = peerID(from)
		}
	}
	if media, ok := message.GetMedia(); ok {
		described.Media = mediaOf(media)
		if page, ok := media.(*tg.MessageMediaWebPage); ok {
			if page, ok := page.Webpage.(*tg.WebPage); ok {
				described.Preview = page.URL
			}
		}
	}
	if views, ok := message.GetViews(); ok {
		described.Views = &views
	}
	if forwards, ok := message.GetForwards(); ok {
		described.Forwards = &forwards
	}
	if replies, ok := message.GetReplies(); ok {
		described.Replies = &replies.Replies
	}
	if album, ok := message.GetGroupedID(); ok {
		described.Album = strconv.FormatInt(album, 10)
	}
	if bot, ok := message.GetViaBotID(); ok {
		described.Via = userID(bot)
	}
	if markup, ok := message.GetReplyMarkup(); ok {
		described.Buttons = buttonsOf(markup)
	}
}

// replyOf tells a header's topic from what it answers: in a forum a header with nothing but an id only names the topic.
func replyOf(header tg.MessageReplyHeaderClass) (int, *Reply) {
	switch header := header.(type) {
	case *tg.MessageReplyStoryHeader:
		return 0, &Reply{Chat: peerID(header.Peer), Story: header.StoryID}
	case *tg.MessageReplyHeader:
		reply := &Reply{ID: header.ReplyToMsgID, Top: header.ReplyToTopID, Quote: header.QuoteText}
		if other, ok := header.GetReplyToPeerID(); ok {
			reply.Chat = peerID(other)
		}
		topic := 0
		if header.ForumTopic {
			topic = header.ReplyToTopID
			if topic == 0 && reply.Chat == "" {
				topic = header.ReplyToMsgID
			}
			if reply.Top == 0 && reply.Chat == "" && reply.Quote == "" {
				return topic, nil
			}
		}
		return topic, reply
	default:
		return 0, nil
	}
}

func reactionOf(reaction tg.ReactionClass) string {
	switch reaction := reaction.(type) {
	case *tg.ReactionEmoji:
		return reaction.Emoticon
	case *tg.ReactionCustomEmoji:
		return strconv.FormatInt(reaction.DocumentID, 10)
	default:
		return snakeCase(strings.TrimPrefix(reaction.TypeName(), "reaction"))
	}
}

func entityOf(entity tg.MessageEntityClass) Entity {
	described := Entity{
		Type:   snakeCase(strings.TrimPrefix(entity.TypeName(), "messageEntity")),
		Offset: entity.GetOffset(), Length: entity.GetLength(),
	}
	switch entity := entity.(type) {
	case *tg.MessageEntityTextURL:
		described.Value = entity.URL
	case *tg.MessageEntityMentionName:
		described.Value = userID(entity.UserID)
	case *tg.MessageEntityPre:
		described.Value = entity.Language
	case *tg.MessageEntityCustomEmoji:
		described.Value = strconv.FormatInt(entity.DocumentID, 10)
	}
	return described
}

func buttonsOf(markup tg.ReplyMarkupClass) [][]string {
	var rows []tg.KeyboardButtonRow
	switch markup := markup.(type) {
	case *tg.ReplyInlineMarkup:
		rows = markup.Rows
	case *tg.ReplyKeyboardMarkup:
		rows = markup.Rows
	}
	var described [][]string
	for _, row := range rows {
		texts := []string{}
		for _, button := range row.Buttons {
			texts = append(texts, button.GetText())
		}
		described = append(described, texts)
	}
	return described
}

// snakeCase turns SetMessagesTTL into set_messages_ttl.
func snakeCase(name string) string {
	var out strings.Builder
	previous := ' '
	for _, letter := range name {
		if unicode.IsUpper(letter) && (unicode.IsLower(previous) || unicode.IsDigit(previous)) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(letter))
		previous = letter
	}
	return out.String()
}
