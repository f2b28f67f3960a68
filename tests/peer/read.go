package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gotd/td/telegram/message/peer"
	"github.com/gotd/td/telegram/query"
	"github.com/gotd/td/telegram/query/messages"
	"github.com/gotd/td/tg"
)

// Job is one thing to read.
type Job struct {
	// Do is history, search, replies, topics or dialogs.
	Do string `json:"do"`
	// Chat is a marked id, an @name or me.
	Chat        string `json:"chat"`
	OldestFirst bool   `json:"oldest_first"`
	// From (inclusive) and To (exclusive) in Unix seconds; 0 is none.
	From   int    `json:"from"`
	To     int    `json:"to"`
	Words  string `json:"words"`
	Filter string `json:"filter"`
	// Sender is a marked id.
	Sender string `json:"sender"`
	// Topic is the message that began the topic, or the post whose comments are wanted.
	Topic int `json:"topic"`
}

const batch = 100

type reader struct {
	api  *tg.Client
	self string
	// known holds the input peers of whole (not min) users and chats by marked id.
	known map[string]tg.InputPeerClass
}

// newReader knows every chat of the dialog list.
func newReader(ctx context.Context, api *tg.Client) (*reader, error) {
	users, err := api.UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUserSelf{}})
	if err != nil {
		return nil, err
	}
	if len(users) != 1 {
		return nil, fmt.Errorf("%d users are oneself", len(users))
	}
	r := &reader{api: api, self: userID(users[0].GetID()), known: map[string]tg.InputPeerClass{}}
	r.known["me"] = &tg.InputPeerSelf{}
	dialogs := query.GetDialogs(api).BatchSize(batch).Iter()
	for dialogs.Next(ctx) {
		r.remember(dialogs.Value().Entities)
	}
	return r, dialogs.Err()
}

func (r *reader) remember(entities peer.Entities) {
	for id, user := range entities.Users() {
		if !user.Min {
			r.known[userID(id)] = user.AsInputPeer()
		}
	}
	for id, chat := range entities.Chats() {
		r.known[chatID(id)] = chat.AsInputPeer()
	}
	for id, channel := range entities.Channels() {
		if !channel.Min {
			r.known[channelID(id)] = channel.AsInputPeer()
		}
	}
}

func (r *reader) resolve(ctx context.Context, name string) (tg.InputPeerClass, error) {
	if !strings.HasPrefix(name, "@") {
		if found, ok := r.known[name]; ok {
			return found, nil
		}
		return nil, fmt.Errorf("nothing is known of %s", name)
	}
	found, err := r.api.ContactsResolveUsername(ctx, &tg.ContactsResolveUsernameRequest{Username: name[1:]})
	if err != nil {
		return nil, err
	}
	entities := peer.EntitiesFromResult(found)
	r.remember(entities)
	return entities.ExtractPeer(found.Peer)
}

func (r *reader) do(ctx context.Context, job Job, write func(any) error) error {
	if job.Do == "dialogs" {
		return r.dialogs(ctx, write)
	}
	chat, err := r.resolve(ctx, job.Chat)
	if err != nil {
		return err
	}
	show := func(message tg.NotEmptyMessage) error {
		return write(map[string]any{"message": describe(message, r.self)})
	}
	switch job.Do {
	case "history":
		if job.OldestFirst {
			return r.upwards(ctx, chat, job, show)
		}
		return r.downwards(ctx, query.Messages(r.api).GetHistory(chat).OffsetDate(job.To).BatchSize(batch).Iter(), job, show)
	case "replies":
		return r.downwards(ctx, query.Messages(r.api).GetReplies(chat).MsgID(job.Topic).BatchSize(batch).Iter(), job, show)
	case "search":
		filter, err := filterOf(job.Filter)
		if err != nil {
			return err
		}
		search := query.Messages(r.api).Search(chat).Q(job.Words).Filter(filter).TopMsgID(job.Topic).BatchSize(batch)
		if job.Sender != "" {
			sender, err := r.resolve(ctx, job.Sender)
			if err != nil {
				return err
			}
			search = search.FromID(sender)
		}
		return r.downwards(ctx, search.Iter(), job, show)
	case "topics":
		return r.topics(ctx, chat, write)
	default:
		return fmt.Errorf("no such job: %s", job.Do)
	}
}

// downwards reads the newest messages first.
func (r *reader) downwards(
	ctx context.Context, found *messages.Iterator, job Job, show func(tg.NotEmptyMessage) error,
) error {
	for found.Next(ctx) {
		value := found.Value()
		r.remember(value.Entities)
		date := value.Msg.GetDate()
		if job.To != 0 && date >= job.To {
			continue
		}
		if date < job.From {
			return nil
		}
		if err := show(value.Msg); err != nil {
			return err
		}
	}
	return found.Err()
}

// upwards reads the oldest messages first: each page ends where the one before began.
func (r *reader) upwards(ctx context.Context, chat tg.InputPeerClass, job Job, show func(tg.NotEmptyMessage) error) error {
	request := tg.MessagesGetHistoryRequest{Peer: chat, OffsetID: 1, AddOffset: -batch, Limit: batch}
	if job.From != 0 {
		request.OffsetID, request.OffsetDate = 0, job.From
	}
	for {
		answer, err := r.api.MessagesGetHistory(ctx, &request)
		if err != nil {
			return err
		}
		page, ok := answer.AsModified()
		if !ok {
			return fmt.Errorf("unexpected %s", answer.TypeName())
		}
		if named, ok := answer.(peer.EntitySearchResult); ok {
			r.remember(peer.EntitiesFromResult(named))
		}
		list := page.GetMessages()
		if len(list) == 0 {
			return nil
		}
		for i := len(list) - 1; i >= 0; i-- {
			message, ok := list[i].AsNotEmpty()
			if !ok {
				continue
			}
			if job.To != 0 && message.GetDate() >= job.To {
				return nil
			}
			if err := show(message); err != nil {
				return err
			}
			request.OffsetID, request.OffsetDate = message.GetID()+1, 0
		}
	}
}

// topics reads until nothing more comes: the server may send fewer than it was asked for.
func (r *reader) topics(ctx context.Context, chat tg.InputPeerClass, write func(any) error) error {
	channel, ok := chat.(*tg.InputPeerChannel)
	if !ok {
		return fmt.Errorf("%s has no topics", chat.TypeName())
	}
	request := tg.ChannelsGetForumTopicsRequest{
		Channel: &tg.InputChannel{ChannelID: channel.ChannelID, AccessHash: channel.AccessHash},
		Limit:   batch,
	}
	for {
		page, err := r.api.ChannelsGetForumTopics(ctx, &request)
		if err != nil {
			return err
		}
		dates := map[int]int{}
		for _, each := range page.Messages {
			if message, ok := each.AsNotEmpty(); ok {
				dates[message.GetID()] = message.GetDate()
			}
		}
		if len(page.Topics) == 0 {
			return nil
		}
		for _, each := range page.Topics {
			topic, ok := each.(*tg.ForumTopic)
			if !ok {
				continue
			}
			request.OffsetTopic, request.OffsetID = topic.ID, topic.TopMessage
			request.OffsetDate = dates[topic.TopMessage]
			if err := write(map[string]any{"topic": Topic{
				ID: topic.ID, Title: topic.Title, Closed: topic.Closed, Pinned: topic.Pinned, Hidden: topic.Hidden,
				Unread: topic.UnreadCount, Last: dates[topic.TopMessage],
			}}); err != nil {
				return err
			}
		}
	}
}

func (r *reader) dialogs(ctx context.Context, write func(any) error) error {
	found := query.GetDialogs(r.api).BatchSize(batch).Iter()
	for found.Next(ctx) {
		dialog, ok := found.Value().Dialog.(*tg.Dialog)
		if !ok {
			continue
		}
		// A basic group that became a supergroup has an entry of its own still; apps show the supergroup alone.
		if group, ok := dialog.Peer.(*tg.PeerChat); ok {
			if chat, ok := found.Value().Entities.Chat(group.ChatID); ok && chat.MigratedTo != nil {
				continue
			}
		}
		folder, _ := dialog.GetFolderID()
		if err := write(map[string]any{"dialog": Dialog{
			ID: peerID(dialog.Peer), Unread: dialog.UnreadCount, Mentions: dialog.UnreadMentionsCount,
			Pinned: dialog.Pinned, Archived: folder == 1,
		}}); err != nil {
			return err
		}
	}
	return found.Err()
}

func filterOf(name string) (tg.MessagesFilterClass, error) {
	switch name {
	case "":
		return &tg.InputMessagesFilterEmpty{}, nil
	case "photo":
		return &tg.InputMessagesFilterPhotos{}, nil
	case "video":
		return &tg.InputMessagesFilterVideo{}, nil
	case "document":
		return &tg.InputMessagesFilterDocument{}, nil
	case "audio":
		return &tg.InputMessagesFilterMusic{}, nil
	case "voice":
		return &tg.InputMessagesFilterVoice{}, nil
	case "video_note":
		return &tg.InputMessagesFilterRoundVideo{}, nil
	case "gif":
		return &tg.InputMessagesFilterGif{}, nil
	case "link":
		return &tg.InputMessagesFilterURL{}, nil
	case "location":
		return &tg.InputMessagesFilterGeo{}, nil
	case "contact":
		return &tg.InputMessagesFilterContacts{}, nil
	case "pinned":
		return &tg.InputMessagesFilterPinned{}, nil
	case "mention":
		return &tg.InputMessagesFilterMyMentions{}, nil
	default:
		return nil, fmt.Errorf("no such filter: %s", name)
	}
}
