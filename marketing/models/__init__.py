from .acquisition import AcquisitionCost
from .audiences import Audience, AudienceMember
from .briefs import Brief, BriefChannel, BriefItem, Candidate, CandidateState
from .campaigns import (
    Campaign,
    CampaignItem,
    CampaignState,
    Channel,
    CopyState,
    CopyVariant,
    Goal,
    Tone,
    WaveMetric,
)
from .channel_health import ChannelHealth
from .copy_arms import CopyArm, CopyWave
from .customers import CustomerProfile, Stage
from .evidence import (
    ClaimKind,
    ClaimRecord,
    Evidence,
    EvidenceState,
    EvidenceUse,
    LedgerState,
)
from .guests import GuestNotice
from .journey_clock import FaultAt, JourneyFault, JourneySearch, RefillRhythm
from .journeys import (
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyState,
    JourneyVersion,
    LeaveReason,
    PulledStep,
    PullState,
    StepVisit,
)
from .personas import Persona, PersonaMember, PersonaSnapshot
from .plans import CampaignPlan
from .policy import (
    BrandVoice,
    GlossaryTerm,
    Market,
    PolicyCheck,
    PolicyRule,
    Severity,
    TermKind,
)
from .predictions import CustomerPrediction
from .segments import Segment, SegmentChange, SegmentMember
from .sends import GIVEN, WITHHELD, Discount, Refusal, Send, SendState, SkipReason, Suppression
from .tiers import (
    ProgrammeState,
    Tier,
    TierFigure,
    TierGift,
    TierMembership,
    TierMove,
    TierProgramme,
)
from .wordings import RulingState, WordingRuling

__all__ = [
    "GIVEN",
    "WITHHELD",
    "AcquisitionCost",
    "Audience",
    "AudienceMember",
    "BrandVoice",
    "Brief",
    "BriefChannel",
    "BriefItem",
    "Campaign",
    "CampaignItem",
    "CampaignPlan",
    "CampaignState",
    "Candidate",
    "CandidateState",
    "Channel",
    "ChannelHealth",
    "ClaimKind",
    "ClaimRecord",
    "CopyArm",
    "CopyState",
    "CopyVariant",
    "CopyWave",
    "CustomerPrediction",
    "CustomerProfile",
    "Discount",
    "Enrolment",
    "EnrolmentState",
    "Evidence",
    "EvidenceState",
    "EvidenceUse",
    "FaultAt",
    "GlossaryTerm",
    "Goal",
    "GuestNotice",
    "Journey",
    "JourneyFault",
    "JourneySearch",
    "JourneyState",
    "JourneyVersion",
    "LeaveReason",
    "LedgerState",
    "Market",
    "Persona",
    "PersonaMember",
    "PersonaSnapshot",
    "PolicyCheck",
    "PolicyRule",
    "ProgrammeState",
    "PullState",
    "PulledStep",
    "RefillRhythm",
    "Refusal",
    "RulingState",
    "Segment",
    "SegmentChange",
    "SegmentMember",
    "Send",
    "SendState",
    "Severity",
    "SkipReason",
    "Stage",
    "StepVisit",
    "Suppression",
    "TermKind",
    "Tier",
    "TierFigure",
    "TierGift",
    "TierMembership",
    "TierMove",
    "TierProgramme",
    "Tone",
    "WaveMetric",
    "WordingRuling",
]
