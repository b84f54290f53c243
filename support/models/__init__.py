from .drafts import Draft, DraftState
from .experience import (
    Aspect,
    AspectMention,
    ConversationScore,
    CustomerExperience,
    Polarity,
    TextReading,
)
from .knowledge import KnowledgeArticle
from .tickets import (
    Channel,
    Handoff,
    HandoffCause,
    Intent,
    IntentSource,
    Message,
    MessageKind,
    Ticket,
    TicketState,
    Urgency,
)

__all__ = [
    "Aspect",
    "AspectMention",
    "Channel",
    "ConversationScore",
    "CustomerExperience",
    "Draft",
    "DraftState",
    "Handoff",
    "HandoffCause",
    "Intent",
    "IntentSource",
    "KnowledgeArticle",
    "Message",
    "MessageKind",
    "Polarity",
    "TextReading",
    "Ticket",
    "TicketState",
    "Urgency",
]
