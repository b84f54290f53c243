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
from .predictions import CustomerPrediction
from .segments import Audience, AudienceMember, Segment, SegmentChange, SegmentMember
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
    "CustomerPrediction",
    "CustomerProfile",
    "Enrolment",
    "EnrolmentState",
    "Goal",
    "Journey",
    "JourneyState",
    "JourneyVersion",
    "LeaveReason",
    "Segment",
    "SegmentChange",
    "SegmentMember",
    "Send",
    "SendState",
    "SkipReason",
    "Stage",
    "StepVisit",
    "Suppression",
    "Tone",
]
