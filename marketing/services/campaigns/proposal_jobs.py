"""Ask for approval without making the marketer's browser wait: a large list is written by a job."""

from __future__ import annotations

from typing import Any

from decisions.jobs import GiveUpError, Progress
from decisions.models import Decision, Job
from decisions.models.jobs import JobQuerySet
from decisions.services import jobs
from marketing.models import Campaign
from marketing.services.campaigns.campaigns import propose_campaign
from marketing.services.campaigns.copy_facts import CampaignError
from shop.models import Customer

KIND = "propose_campaign"
AT_ONCE = 2_000  # customers of the shop, or of the kept list: their list is written in a moment


def ask_proposed(campaign: Campaign, by: Any = None) -> Decision | None:
    """The decision that waits now; None: a job writes the list, and asks when it has.

    Two clicks are one job. Raises CampaignError with what is missing, as far as that is known now.
    """
    if _is_small(campaign):
        return propose_campaign(campaign, by=by)
    known = _jobs(campaign)
    if not known.unfinished().exists():
        payload = {"campaign_id": campaign.pk}
        last = known.order_by("-pk").values_list("pk", flat=True).first() or 0
        jobs.enqueue(KIND, payload, key=f"{KIND}:{campaign.pk}:{last}", requested_by=by)
    return None


def _is_small(campaign: Campaign) -> bool:
    if campaign.frozen_audience:
        return campaign.frozen_audience.customer_count <= AT_ONCE
    return len(Customer.objects.order_by("pk").values_list("pk")[: AT_ONCE + 1]) <= AT_ONCE


def _jobs(campaign: Campaign) -> JobQuerySet:
    return Job.objects.filter(kind=KIND, key__startswith=f"{KIND}:{campaign.pk}:")


def job_of(campaign: Campaign) -> Job | None:
    """What writes the campaign's list, or failed at it last, while the campaign is a draft."""
    return _jobs(campaign).order_by("-pk").first() if campaign.is_editable else None


def problem_of(job: Job | None) -> str:
    """Why it could not be written: what the job said last."""
    return job.error.strip().rpartition("\n")[2][:300] if job and job.is_finished else ""


def run(progress: Progress, campaign_id: int) -> dict[str, Any]:
    """The handler of the job. A campaign that was proposed or cancelled meanwhile is left as it is;
    a list that was half written when the worker died belongs to nobody, and the night deletes it."""
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    if campaign is None or not campaign.is_editable:
        return {"proposed": campaign is not None and campaign.decision_id is not None}
    try:
        decision = propose_campaign(campaign, by=_asker(progress), progress=progress)
    except CampaignError as error:
        raise GiveUpError(str(error)) from error
    return {"proposed": True, "decision": str(decision.pk)}


def _asker(progress: Progress) -> Any:
    """Who asked: under four eyes somebody else must decide."""
    job = Job.objects.filter(pk=progress.job_id).select_related("requested_by").first()
    return job.requested_by if job else None
