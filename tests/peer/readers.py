"""Reads a `result.json` with two programs of other people, and writes what they found as JSON: a line for the chat, then
one a message. tg-parser tells who wrote what, when and where, telegram-export-md how a text is formatted."""

import json
import sys
from pathlib import Path

from tg_export_md.converter import load_export, parse_message
from tg_parser.infrastructure.readers.telegram_json import TelegramJSONReader


def describe(message, formatted):
    """One message as both readers have it; `formatted` is None for a service message."""
    found = {
        "id": message.id,
        "date": message.timestamp.isoformat(),
        "service": message.is_service,
        "sender": {"id": message.author_id, "name": message.author_name},
        "text": message.text,
        "topic": message.topic_id,
        "reply": message.reply_to.message_id if message.reply_to else None,
        "forward": message.forward_from,
        "mentions": list(message.mentions),
        "reactions": message.reactions,
        "media": [
            {"type": each.type, "name": each.file_name, "mime": each.mime_type, "size": each.size_bytes}
            for each in message.attachments
        ],
    }
    if formatted is not None:
        found["edited"] = formatted.edited
        found["question"] = formatted.poll and formatted.poll["question"]
        found["parts"] = [[part.fmt, part.text, part.href] for part in formatted.segments]
    return {key: value for key, value in found.items() if value is not None}


path = Path(sys.argv[1])
chat = TelegramJSONReader().read(path)
topics = {topic.id: topic.title for topic in chat.topics.values()}
print(json.dumps({"id": chat.id, "name": chat.name, "kind": chat.chat_type.value, "topics": topics}))
_, raw = load_export(path)
for message, each in zip(chat.messages, raw["messages"], strict=True):
    # telegram-export-md takes those who were invited for objects; Telegram Desktop writes names.
    print(json.dumps(describe(message, None if message.is_service else parse_message(each))))
