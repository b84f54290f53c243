"""What a campaign is expected to sell, told to purchasing; and what it brought, once it is over."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from access.figures import points, significant
from decisions.services import experiments as comparison
from decisions.text import sentence
from inventory.models import PlannedDemand, PlannedUnits
from inventory.services import planned_demand
from inventory.services.planned_demand import Extra, HoldoutEffect, Source, Window
from marketing.frames.orders import units_per_member
from marketing.models import Campaign, CampaignPlan, CampaignState

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketing.ml.expected_rate import ExpectedRate, Measured

KIND = "campaign"
MOST_CAMPAIGNS = 200
SIMILAR = gettext_noop(
    "From %(similar)s measured campaigns of this goal, %(campaigns)s in all: "
    "+%(mean)s %% of what sells anyway (80 %%: +%(low)s to +%(high)s %%)."
)
GUESSED = gettext_noop("Entered by hand: %(mean)s units in all (%(low)s to %(high)s).")
FROM_PRICE = gettext_noop(
    "From how demand answers the reduced price: %(mean)s units in all (%(low)s to %(high)s)."
)
NOTHING_KNOWN = gettext_noop(
    "No campaign has been measured yet, so nothing is planned for: it could bring nothing or "
    "+%(high)s %% of what sells anyway (80 %%). Enter what you expect, or wait for the first result."
)
NO_FORECAST = gettext_noop("None of its SKUs has a demand forecast yet, so nothing is planned for.")


def publish_expected(campaign: Campaign) -> PlannedDemand | None:
    """Tell purchasing what this campaign is expected to sell; without days or SKUs, nothing.

    Called after every change: telling the same twice changes nothing.
    """
    plan = CampaignPlan.objects.filter(campaign=campaign).first()
    variants = list(campaign.items.order_by("variant_id").values_list("variant_id", flat=True))
    if plan is None or not variants or campaign.state == CampaignState.CANCELLED:
        withdraw_expected(campaign)
        return None
    known = PlannedDemand.objects.filter(kind=KIND, source_id=str(campaign.pk)).first()
    if known is not None and known.measured_at is not None:
        return known
    source = Source(KIND, str(campaign.pk), campaign.name, campaign.name_zh)
    return planned_demand.tell_planned_demand(source, *_expected(campaign, plan, variants))


def withdraw_expected(campaign: Campaign) -> None:
    """A campaign that was called off: not begun, it never was; begun, it ended yesterday."""
    if campaign.started_at is None:
        planned_demand.forget_planned_demand(KIND, str(campaign.pk))
    else:
        planned_demand.end_planned_demand(KIND, str(campaign.pk), timezone.localdate())


def refresh_expected(progress: Callable[..., None], as_of: datetime) -> dict[str, int]:
    """The night: measure what is over, expect anew what is to come, drop what is gone."""
    found = planned_demand.measure_ended(as_of, _holdouts(as_of))
    open_ones = _open_campaigns(as_of)
    for number, campaign in enumerate(open_ones):
        progress(number, len(open_ones), str(campaign))
        publish_expected(campaign)
    gone = 0
    alive = {
        str(pk)
        for pk in Campaign.objects.exclude(state=CampaignState.CANCELLED).values_list(
            "pk", flat=True
        )
    }
    told = PlannedDemand.objects.filter(kind=KIND, measured_at__isnull=True)
    for source_id in set(told.values_list("source_id", flat=True)) - alive:
        gone += planned_demand.forget_planned_demand(KIND, source_id)
    return found | {"expected": len(open_ones), "dropped": gone}


def measured_campaigns(exclude: Campaign | None = None) -> dict[str, list[Measured]]:
    """Goal → measured effects, one per campaign over all its SKUs; the newest 200."""
    from marketing.ml.expected_rate import LEVEL_Z, Measured

    rows = PlannedUnits.objects.filter(
        source__kind=KIND, source__measured_at__isnull=False, effect_units__isnull=False
    ).order_by("-source__ends_on", "source_id")
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in rows.select_related("source")[: MOST_CAMPAIGNS * 3]:
        low, high = row.effect_low_units, row.effect_high_units
        if row.effect_units is None or row.base_units is None or low is None or high is None:
            continue  # the four are written together
        total = sums[row.source.source_id]
        total[0] += row.effect_units
        total[1] += row.base_units
        total[2] += ((high - low) / (2 * LEVEL_Z)) ** 2
    goals = dict(
        Campaign.objects.filter(pk__in=[pk for pk in sums if pk.isdigit()]).values_list(
            "pk", "goal"
        )
    )
    found: dict[str, list[Measured]] = defaultdict(list)
    for source_id, (effect, base, variance) in sums.items():
        goal = goals.get(int(source_id)) if source_id.isdigit() else None
        if goal and base > 0 and variance > 0 and source_id != str(exclude and exclude.pk):
            found[goal].append(Measured(effect / base, variance**0.5 / base))
    return found


def _expected(
    campaign: Campaign, plan: CampaignPlan, variants: list[int]
) -> tuple[Window, list[Extra]]:
    from marketing.ml.expected_rate import expected_rate

    base = planned_demand.base_units(variants, plan.starts_on, plan.days)
    if plan.guess_units is not None:
        msgid = FROM_PRICE if (campaign.key or "").startswith("clearance:") else GUESSED
        return _guessed(plan, variants, base, msgid)
    measured = measured_campaigns(exclude=campaign)
    similar = measured.pop(campaign.goal, [])
    rate = expected_rate(similar, [one for ones in measured.values() for one in ones])
    extras = [_share_of(variant, base[variant], rate) for variant in variants if variant in base]
    counted = rate.campaigns > 0 and bool(extras)
    return Window(plan.starts_on, plan.ends_on, counted, _basis(rate, bool(extras))), extras


def _share_of(variant: int, base: list[float], rate: ExpectedRate) -> Extra:
    def times(share: float) -> list[float]:
        return [round(units * share, 3) for units in base]

    return Extra(variant, times(rate.mean), times(rate.low), times(rate.high))


def _basis(rate: ExpectedRate, has_forecast: bool) -> dict:
    if not has_forecast:
        return sentence(NO_FORECAST)
    percent = {
        name: points(value)
        for name, value in (("mean", rate.mean), ("low", rate.low), ("high", rate.high))
    }
    if not rate.campaigns:
        return sentence(NOTHING_KNOWN, high=percent["high"])
    return sentence(SIMILAR, similar=rate.similar, campaigns=rate.campaigns, **percent)


def _guessed(
    plan: CampaignPlan, variants: list[int], base: dict[int, list[float]], msgid: str
) -> tuple[Window, list[Extra]]:
    """A total that somebody stands for, spread over SKUs and days as the forecast is; evenly where there is none."""
    total = sum(map(sum, base.values()))
    days = plan.days

    def share(variant: int) -> list[float]:
        if total > 0:
            return [units / total for units in base.get(variant, [0.0] * days)]
        return [1 / (days * len(variants))] * days

    bounds = (plan.guess_units or 0, plan.guess_low_units or 0, plan.guess_high_units or 0)
    extras = []
    for variant in variants:
        parts = share(variant)
        series = [[round(part * bound, 3) for part in parts] for bound in bounds]
        extras.append(Extra(variant, *series))
    named = zip(("mean", "low", "high"), map(significant, bounds), strict=True)
    return Window(plan.starts_on, plan.ends_on, True, sentence(msgid, **dict(named))), extras


def _open_campaigns(as_of: datetime) -> list[Campaign]:
    """What has not begun to sell by then: a guess is not changed under way."""
    today = timezone.localtime(as_of).date()
    found: QuerySet[Campaign] = Campaign.objects.filter(plan__starts_on__gte=today)
    return list(found.exclude(state=CampaignState.CANCELLED).order_by("pk")[:MOST_CAMPAIGNS])


def _holdouts(as_of: datetime) -> dict[tuple[str, str], dict[int, HoldoutEffect]]:
    """Extra units of the featured SKUs against the holdout, where enough customers were held out."""
    today = timezone.localtime(as_of).date()
    over = PlannedDemand.objects.filter(kind=KIND, measured_at__isnull=True, ends_on__lt=today)
    found = {}
    for row in over.prefetch_related("items")[:MOST_CAMPAIGNS]:
        campaign = Campaign.objects.filter(pk=row.source_id, audience__isnull=False).first()
        if campaign is None or campaign.started_at is None:
            continue
        effects = {}
        for item in row.items.all():
            effect = _holdout_effect(campaign, item.variant_id, row)
            if effect is not None:
                effects[item.variant_id] = effect
        found[KIND, row.source_id] = effects
    return found


def _holdout_effect(
    campaign: Campaign, variant_id: int, row: PlannedDemand
) -> HoldoutEffect | None:
    treated, held_out = units_per_member(campaign, variant_id, row.starts_on, row.ends_on)
    try:
        found = comparison.compare_means(treated, held_out, level=0.8)
    except comparison.TooFewUnitsError:
        return None
    people = len(treated)
    return HoldoutEffect(found.difference * people, found.low * people, found.high * people)
