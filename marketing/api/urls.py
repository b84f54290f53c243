"""Marketing's addresses below /api/merchant/v1/."""

from django.urls import path

from marketing.api import audiences as a
from marketing.api import briefs as b
from marketing.api import cohorts as c
from marketing.api import evidence as e
from marketing.api import explorer as x
from marketing.api import journeys as j
from marketing.api import merchant as m
from marketing.api import personas as p
from marketing.api import segments as g
from marketing.api import tiers as t
from marketing.api import variants as v
from marketing.api import wordings as w

storefront = [path("tiers/<str:customer>/", t.OwnTiers.as_view(), name="own-tiers")]

merchant = [
    path("audiences/", a.Audiences.as_view(), name="audiences"),
    path("audiences/<int:pk>/", a.AudienceDetail.as_view(), name="audience"),
    path("audiences/<int:pk>/steps/", a.AudienceSteps.as_view(), name="audience-steps"),
    path("audiences/<int:pk>/members/", a.AudienceMembers.as_view(), name="audience-members"),
    path(
        "audiences/<int:pk>/members/<str:code>/",
        a.AudienceMembership.as_view(),
        name="audience-membership",
    ),
    path("audiences/<int:pk>/campaigns/", a.AudienceCampaigns.as_view(), name="audience-campaigns"),
    path("cohorts/", c.Cohorts.as_view(), name="cohorts"),
    path("segment-figures/", x.SegmentFigures.as_view(), name="segment-figures"),
    path("segment-comparisons/", x.SegmentComparison.as_view(), name="segment-comparisons"),
    path("segment-counts/", g.SegmentCounts.as_view(), name="segment-counts"),
    path("segments/", g.Segments.as_view(), name="segments"),
    path("segments/<slug:code>/", g.SegmentDetail.as_view(), name="segment"),
    path("personas/", p.Personas.as_view(), name="personas"),
    path("personas/<slug:code>/", p.PersonaDetail.as_view(), name="persona"),
    path("tiers/", t.Programmes.as_view(), name="tiers"),
    path("tiers/preview/", t.ProgrammePreview.as_view(), name="tiers-preview"),
    path("tiers/<slug:code>/", t.ProgrammeDetail.as_view(), name="tier-programme"),
    path("tiers/<slug:code>/decision/", t.ProgrammeDecision.as_view(), name="tier-decision"),
    path("tiers/<slug:code>/members/", t.ProgrammeMembers.as_view(), name="tier-members"),
    path("tiers/<slug:code>/moves/", t.ProgrammeMoves.as_view(), name="tier-moves"),
    path("tiers/<slug:code>/payback/", t.ProgrammePayback.as_view(), name="tier-payback"),
    path("customers/<str:code>/tiers/", t.CustomerTiers.as_view(), name="customer-tiers"),
    path("campaigns/", m.Campaigns.as_view(), name="campaigns"),
    path("campaigns/<int:pk>/", m.CampaignDetail.as_view(), name="campaign"),
    path("campaigns/<int:pk>/effects/", m.CampaignEffects.as_view(), name="campaign-effects"),
    path("journeys/<int:pk>/effects/", m.JourneyEffects.as_view(), name="journey-effects"),
    path("campaigns/<int:pk>/approve/", m.CampaignApproval.as_view(), name="campaign-approve"),
    path("campaigns/<int:pk>/variants/", v.CampaignVariants.as_view(), name="campaign-variants"),
    path(
        "campaigns/<int:pk>/variants/steps/",
        v.CampaignVariantSteps.as_view(),
        name="campaign-variant-steps",
    ),
    path("briefs/", b.Briefs.as_view(), name="briefs"),
    path("briefs/<int:pk>/", b.BriefDetail.as_view(), name="brief"),
    path("candidates/<int:pk>/choice/", b.CandidateChoice.as_view(), name="candidate-choice"),
    path("evidence/", e.Documents.as_view(), name="evidence"),
    path("evidence/<int:pk>/", e.DocumentDetail.as_view(), name="document"),
    path("evidence/<int:pk>/revisions/", e.DocumentRevisions.as_view(), name="document-revisions"),
    path("evidence/<int:pk>/decision/", e.DocumentDecision.as_view(), name="document-decision"),
    path("evidence/<int:pk>/uses/", e.DocumentUses.as_view(), name="document-uses"),
    path("rulings/", w.Rulings.as_view(), name="rulings"),
    path("rulings/<int:pk>/", w.RulingDetail.as_view(), name="ruling"),
    path("rulings/<int:pk>/decision/", w.RulingDecision.as_view(), name="ruling-decision"),
    path("journeys/", j.Journeys.as_view(), name="journeys"),
    path("journeys/<slug:code>/", j.JourneyDetail.as_view(), name="journey"),
    path("journeys/<slug:code>/versions/", j.JourneyVersions.as_view(), name="journey-versions"),
    path("journeys/<slug:code>/steps/", j.JourneySteps.as_view(), name="journey-steps"),
]
