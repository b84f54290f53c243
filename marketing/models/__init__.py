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
from .guests import GuestNotice
from .journeys import (
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyState,
    JourneyVersion,
    LeaveReason,
    StepVisit,
)
from .plans import CampaignPlan
from .segments import Audience, AudienceMember, Segment
from .sends import Send, SendState, SkipReason, Suppression

__all__ = [
    "Audience",
    "AudienceMember",
    "Campaign",
    "CampaignItem",
    "CampaignPlan",
    "CampaignState",
    "Channel",
    "CopyState",
    "CopyVariant",
    "CustomerProfile",
    "Enrolment",
    "EnrolmentState",
    "Goal",
    "GuestNotice",
    "Journey",
    "JourneyState",
    "JourneyVersion",
    "LeaveReason",
    "Segment",
    "Send",
    "SendState",
    "SkipReason",
    "Stage",
    "StepVisit",
    "Suppression",
    "Tone",
]
