from .campaigns import (
    Campaign,
    CampaignItem,
    CampaignState,
    Channel,
    CopyState,
    CopyVariant,
    Goal,
    Tone,
)
from .customers import CustomerProfile, Stage
from .segments import Audience, AudienceMember, Segment
from .sends import Send, SendState, SkipReason, Suppression

__all__ = [
    "Audience",
    "AudienceMember",
    "Campaign",
    "CampaignItem",
    "CampaignState",
    "Channel",
    "CopyState",
    "CopyVariant",
    "CustomerProfile",
    "Goal",
    "Segment",
    "Send",
    "SendState",
    "SkipReason",
    "Stage",
    "Suppression",
    "Tone",
]
