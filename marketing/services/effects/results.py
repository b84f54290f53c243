"""What a campaign brought: counts from rows, an effect only against the holdout."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from access.figures import points
from decisions.services import experiments as comparison
from decisions.services import snapshots
from decisions.text import sentence
from inventory.profit_frames import ArmSums
from marketing.frames.effects import HOLDOUT, TREATED, campaign_sums
from marketing.models import Campaign, CampaignState, SendState
from shop.money import format_money

HISTORY = 5
NO_HOLDOUT = gettext_noop(
    "Nobody was held out, so what these orders owe to the campaign is unknown."
)
TOO_FEW = gettext_noop(
    "Too few customers in one of the groups (%(fewest)s, at least %(least)s needed)."
)
NOT_OVER = gettext_noop("Too early: orders count until %(until)s.")
WIN = gettext_noop(
    "It worked: %(difference)s points more customers ordered than in the holdout "
    "(95 %% interval %(low)s to %(high)s)."
)
LOSE = gettext_noop(
    "It did harm: %(difference)s points fewer customers ordered than in the holdout "
    "(95 %% interval %(low)s to %(high)s)."
)
CANNOT_TELL = gettext_noop(
    "Cannot tell: the difference is %(difference)s points (95 %% interval %(low)s to %(high)s); "
    "the smallest effect this many customers would show is ±%(smallest)s points."
)


@dataclass(frozen=True)
class Results:
    """Counts of rows, both arms as of `as_of`, and the verdict as a stored sentence. is_stored: the
    arms were counted earlier, by a job or the first reader."""

    counts: dict[str, int]
    treated: ArmSums | None
    holdout: ArmSums | None
    window_until: datetime | None
    orders: comparison.Comparison | None
    revenue: comparison.Comparison | None
    verdict: dict
    as_of: datetime
    is_stored: bool = False


def campaign_results(campaign: Campaign, at: datetime | None = None) -> Results:
    """Everything the results page shows. Sends are counted now; sums of orders that are slow to make
    are read as they were made last, but never across the end of the window."""
    at = at or timezone.now()
    counts, until = send_counts(campaign), _window_until(campaign)
    if until is None:
        return Results(counts, None, None, None, None, None, {}, at)
    after = until if at >= until else None
    shown = snapshots.shown(subject_of(campaign), _count(campaign), at, not_before=after)
    arms = {arm: ArmSums.decoded(sums) for arm, sums in shown.payload.items()}
    treated, holdout = arms.get(TREATED), arms.get(HOLDOUT)
    if treated is None:
        return Results(counts, None, None, None, None, None, {}, shown.as_of)
    orders, revenue, verdict = _compare(treated, holdout)
    if at < until and holdout:
        verdict = sentence(NOT_OVER, until=f"{timezone.localtime(until):%Y-%m-%d %H:%M}")
    return Results(
        counts, treated, holdout, until, orders, revenue, verdict, shown.as_of, shown.is_stored
    )


def subject_of(campaign: Campaign) -> str:
    return f"results:campaign:{campaign.pk}"


def refresh_results(campaign: Campaign, at: datetime) -> None:
    """Count anew and keep: the night's, and the job's that counts its effects."""
    snapshots.take(subject_of(campaign), _count(campaign), at)


def _count(campaign: Campaign) -> snapshots.Count:
    return lambda at: {arm: asdict(sums) for arm, sums in campaign_sums(campaign, at).items()}


def send_counts(campaign: Campaign) -> dict[str, int]:
    """Sends by state and reason, opens, clicks and unsubscribes, in one query."""
    states = {state: Count("pk", filter=Q(state=state)) for state in SendState.values}
    return campaign.sends.aggregate(
        **states,
        opened=Count("pk", filter=Q(opened_at__isnull=False)),
        clicked=Count("pk", filter=Q(clicked_at__isnull=False)),
        unsubscribed=Count("pk", filter=Q(unsubscribed_at__isnull=False)),
    )


def measured_effects(goal: str, at: datetime | None = None) -> list[dict]:
    """Revenue per recipient over holdout of the last finished campaigns of a goal, with error."""
    at = at or timezone.now()
    finished = Campaign.objects.filter(goal=goal, state=CampaignState.SENT).order_by("-pk")
    rows = []
    for campaign in finished[:HISTORY]:
        until = _window_until(campaign)
        found = campaign_results(campaign, at).revenue if until and until <= at else None
        if found:
            error = (found.high - found.low) / (2 * 1.96)
            rows.append(
                {
                    "campaign": campaign.pk,
                    "difference_minor": round(found.difference, 4),
                    "error_minor": round(error, 4),
                }
            )
    return rows


def incremental_minor(results: Results) -> tuple[int, int, int] | None:
    """Revenue of all recipients over what the holdout suggests: estimate, low, high."""
    if results.revenue is None or results.treated is None:
        return None
    found, units = results.revenue, results.treated.customers
    return round(found.difference * units), round(found.low * units), round(found.high * units)


def money_line(results: Results) -> dict[str, str]:
    found = incremental_minor(results)
    if found is None:
        return {}
    return dict(zip(("value", "low", "high"), map(format_money, found), strict=True))


def _compare(
    treated: ArmSums, holdout: ArmSums | None
) -> tuple[comparison.Comparison | None, comparison.Comparison | None, dict]:
    if holdout is None:
        return None, None, sentence(NO_HOLDOUT)
    try:
        orders = comparison.compare_proportions(
            (treated.buyers, treated.customers), (holdout.buyers, holdout.customers)
        )
        revenue = comparison.compare_moments(
            treated.money(is_revenue=True), holdout.money(is_revenue=True)
        )
    except comparison.TooFewUnitsError:
        fewest = min(treated.customers, holdout.customers)
        return None, None, sentence(TOO_FEW, fewest=fewest, least=comparison.MIN_UNITS)
    return orders, revenue, _verdict(orders)


def _verdict(found: comparison.Comparison) -> dict:
    msgid = {comparison.WIN: WIN, comparison.LOSE: LOSE}.get(found.verdict, CANNOT_TELL)
    params = {
        "difference": points(abs(found.difference) if msgid == LOSE else found.difference, 1),
        "low": points(found.low, 1, signed=True),
        "high": points(found.high, 1, signed=True),
    }
    if msgid == CANNOT_TELL:
        params["smallest"] = points(found.smallest_detectable, 1)
    return sentence(msgid, **params)


def _window_until(campaign: Campaign) -> datetime | None:
    return campaign.window_until
