from .drafts import Draft, DraftState
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
    "Channel",
    "Draft",
    "DraftState",
    "Handoff",
    "HandoffCause",
    "Intent",
    "IntentSource",
    "KnowledgeArticle",
    "Message",
    "MessageKind",
    "Ticket",
    "TicketState",
    "Urgency",
]
