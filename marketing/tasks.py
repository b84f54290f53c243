"""Jobs of marketing. Each may run twice or die at any line."""

from datetime import datetime

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from decisions.jobs import Progress, job
from marketing.models import Campaign
from marketing.services.audiences import (
    audience_figures,
    frozen,
    frozen_standing,
    memberships,
    segment_comparisons,
    segments,
)
from marketing.services.campaigns import proposal_jobs, text_rules
from marketing.services.content import briefs, copies, evidence, wordings
from marketing.services.customers import cohort_snapshots
from marketing.services.effects import effect_snapshots
from marketing.services.journeys import journey_review, walking
from marketing.services.sending import sends
from marketing.services.tiers import looks


@job("send_campaign", label=_("Send a campaign"), max_attempts=20)
def send_campaign(progress: Progress, campaign_id: int) -> dict:
    return sends.send_campaign(progress, campaign_id)


@job("refresh_segments", label=_("Refresh customer segments"), queue="ml")
def refresh_segments(progress: Progress, as_of: str) -> dict:
    return segments.refresh_segments(progress, datetime.fromisoformat(as_of))


@job("propose_campaign", label=_("Write a campaign's list and ask for approval"), queue="ml")
def propose_campaign(progress: Progress, campaign_id: int) -> dict:
    return proposal_jobs.run(progress, campaign_id)


@job("follow_segment", label=_("See who entered a segment and left"))
def follow_segment(progress: Progress, segment: int) -> dict:
    return memberships.follow(segment)


@job("look_at_tiers", label=_("See who enters a tier and leaves"), queue="ml")
def look_at_tiers(progress: Progress, programme: int) -> dict:
    return looks.look_now(progress, programme)


@job("draft_copies", label=_("Draft copy"))
def draft_copies(progress: Progress, campaign_id: int, seed: int) -> dict:
    campaign = Campaign.objects.get(pk=campaign_id)
    written = copies.draft_copies(campaign, seed=seed)
    return {"copies": [copy.pk for copy in written]}


@job("count_effects", label=_("Count what a campaign or journey caused"), queue="ml")
def count_effects(progress: Progress, subject: str) -> dict:
    return effect_snapshots.refresh(subject)


@job("count_cohorts", label=_("Count cohorts of customers"), queue="ml")
def count_cohorts(progress: Progress, subject: str, unit: str, who: dict[str, str]) -> dict:
    return cohort_snapshots.refresh(unit, who)


@job("freeze_audience", label=_("Freeze a list of customers"))
def freeze_audience(progress: Progress, audience: int) -> dict:
    done = frozen.write_members(progress, audience)
    frozen_standing.refresh(audience)  # so that its page opens at once
    return done


@job("count_frozen", label=_("Count how a frozen list stands"))
def count_frozen(progress: Progress, subject: str, audience: int) -> dict:
    return frozen_standing.refresh(audience)


@job("count_audience", label=_("Count a segment in figures"), queue="ml")
def count_audience(progress: Progress, subject: str) -> dict:
    return audience_figures.refresh(subject)


@job("count_overlap", label=_("Count whom segments share"), queue="ml")
def count_overlap(progress: Progress, subject: str, segments: list[int]) -> dict:
    return segment_comparisons.refresh_overlap(segments)


@job("count_curve", label=_("Follow the members of a segment"), queue="ml")
def count_curve(progress: Progress, subject: str, segment: int, weeks: int) -> dict:
    return segment_comparisons.refresh_curve(segment, weeks)


@job("write_candidates", label=_("Write candidates"), max_attempts=3)
def write_candidates(progress: Progress, brief_id: int, round: int) -> dict:
    return briefs.write_candidates(progress, brief_id, round)


@shared_task(name="marketing.pull_expired", ignore_result=True)
def pull_expired() -> int:
    """What ended by the clock; and whatever a file, an update or a setting forbids."""
    forbidden = journey_review.pull_forbidden() + text_rules.pull_forbidden()
    return evidence.pull_expired() + wordings.pull_withdrawn() + forbidden


@shared_task(name="marketing.continue_campaigns", ignore_result=True)
def continue_campaigns() -> int:
    return sends.continue_campaigns()


@shared_task(name="marketing.walk_journeys", ignore_result=True)
def walk_journeys() -> dict:
    return walking.walk()
