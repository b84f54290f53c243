"""Reads for the variants of a journey's step: who was drawn for which, and what came of it.

Versions with the same shares and the same words are one wave: within it everybody was drawn with the
same chances. A version that drops a variant, or changes shares, begins another; what was measured
before stays and is pooled with it, as the waves of a campaign are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Min, QuerySet

from inventory.profit_frames import ArmSums, Members, Window, arm_sums
from marketing.definitions.journey_plan import PlanError, read_plan
from marketing.frames.copy_arms import JOINT, LEFT, Wave
from marketing.frames.effects import BEFORE, HOLDOUT, step_chance
from marketing.models import (
    WITHHELD,
    Discount,
    Journey,
    PulledStep,
    PullState,
    Send,
    SkipReason,
)

MOST_VERSIONS = 50  # the newest with a message of the step are read
NOT_GIVEN, PAYS_HELD_OUT, OTHERS_HELD_OUT = "withheld", "pays_held_out", "others_held_out"
# By the words of a live model; without one nobody was judged.
JUDGED = sorted(
    one.value
    for one in (
        Discount.PAYS, Discount.EXPLORED, Discount.NO_EFFECT, Discount.BUYS_ANYWAY, Discount.TOO_DEAR,
    )
)  # fmt: skip
Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Stratum:
    """Versions that drew alike. shares: of every variant of them. counted: of those the ones whose
    words are still those that are shown."""

    shares: Mapping[str, float]
    versions: tuple[int, ...]
    counted: tuple[str, ...]


@dataclass(frozen=True)
class StepArms:
    """The variants of a step, the live version's first, then those that it dropped: name → texts.
    chance: of not being held out, None where nobody is."""

    journey: Journey
    step: str
    texts: Mapping[str, Texts]
    strata: Sequence[Stratum]
    chance: float | None

    @property
    def names(self) -> list[str]:
        return list(self.texts)

    @property
    def sends(self) -> QuerySet[Send]:
        """Messages of these very variants."""
        found = Send.objects.none()
        for one in self.strata:
            of_it = Send.objects.filter(
                enrolment__version__in=one.versions, step=self.step, arm__in=one.counted
            )
            found = found | of_it
        return found


def arms_of_step(journey: Journey, step: str, until: datetime) -> StepArms | None:
    """None where no version has variants of that step."""
    texts: dict[str, Texts] = {}
    alike: dict[tuple[tuple[tuple[str, float], ...], tuple[str, ...]], list[int]] = {}
    rates: list[float] = []
    for version, data in _versions(journey, step):
        rates.append(data["holdout_rate"])
        shares, copies = data["shares"], data["copies"]
        for name in shares:
            texts.setdefault(name, copies[name])
        if same := tuple(name for name in shares if copies[name] == texts[name]):
            alike.setdefault((tuple(shares.items()), same), []).append(version)
    if not texts:
        return None
    strata = [
        Stratum(dict(shares), tuple(versions), same) for (shares, same), versions in alike.items()
    ]
    chance = step_chance(journey, step, until) if rates[0] else None
    return StepArms(journey, step, texts, strata, chance)


def _versions(journey: Journey, step: str) -> list[tuple[int, Mapping[str, Any]]]:
    """The live version first, then whichever has a message of the step, the newest first."""
    used = Send.objects.filter(enrolment__journey=journey, step=step).order_by()
    keys = set(used.values_list("enrolment__version", flat=True).distinct())
    if journey.live_version_id:
        keys.add(journey.live_version_id)
    rows = journey.versions.filter(pk__in=keys).order_by("-number")[:MOST_VERSIONS]
    found = []
    for version in sorted(rows, key=lambda one: one.pk != journey.live_version_id):
        try:
            sends = read_plan(version.definition).sends
        except PlanError:
            continue  # the journey's page says so; nothing of it can leave
        found += [(version.pk, one.data) for one in sends if one.step == step]
    return found


def step_waves(arms: StepArms, until: datetime, languages: Mapping[str, str]) -> list[Wave]:
    """Each stratum from its first message on. languages: those that have a text, and the one that all
    others get, under the empty name; empty: variants are not split."""
    found = []
    for number, stratum in enumerate(arms.strata, start=1):
        rows = _rows(arms, stratum).filter(claimed_at__lt=until)
        since = rows.aggregate(first=Min("claimed_at"))["first"]
        if since is None:
            continue
        members = _members(arms, stratum, until, languages)
        sums = arm_sums(members, Window(until, (since - BEFORE, since)))
        shares = {name: stratum.shares[name] for name in stratum.counted}
        found.append(Wave(number, shares, sums, _written_to(rows)))
    return found


def pulled_arms(arms: StepArms) -> set[str]:
    """Those that were not sent to everybody drawn for them, because their text was pulled."""
    versions = [pk for one in arms.strata for pk in one.versions]
    rows = PulledStep.objects.filter(version__in=versions, step=arms.step)
    return set(rows.exclude(state=PullState.RELEASED).values_list("arm", flat=True))


def judged_sums(journey: Journey, step: str, until: datetime) -> dict[str, ArmSums]:
    """What came of whom the model judged, as each customer was first judged: `pays` and `pays_held_out`,
    whom it says the discount pays with; `explored` and `withheld`, with whom not, who got it all the
    same by a random draw or did not. Empty before anybody was judged."""
    judged = Send.objects.filter(
        enrolment__journey=journey, step=step, claimed_at__lt=until, discount__in=JUDGED
    )
    since = judged.aggregate(first=Min("claimed_at"))["first"]
    if since is None:
        return {}
    return arm_sums(_judged_members(journey, step, until), Window(until, (since - BEFORE, since)))


def _judged_members(journey: Journey, step: str, until: datetime) -> Members:
    sql = (
        "SELECT send.customer_id, CASE WHEN send.reason <> %s THEN "
        "CASE WHEN send.discount IN (%s, %s) THEN send.discount ELSE %s END "
        "WHEN send.discount = %s THEN %s ELSE %s END AS arm, send.claimed_at AS since "
        "FROM marketing_send send JOIN marketing_enrolment road ON road.id = send.enrolment_id "
        "WHERE road.journey_id = %s AND send.step = %s AND send.claimed_at < %s "
        f"AND send.discount IN ({_marks(JUDGED)}) AND NOT EXISTS (SELECT 1 FROM marketing_send earlier "
        "JOIN marketing_enrolment way ON way.id = earlier.enrolment_id WHERE way.journey_id = %s "
        "AND earlier.step = %s AND earlier.customer_id = send.customer_id AND earlier.id < send.id "
        f"AND earlier.discount IN ({_marks(JUDGED)}))"
    )
    pays, explored = Discount.PAYS.value, Discount.EXPLORED.value
    params = [
        SkipReason.HELD_OUT.value, pays, explored, NOT_GIVEN, pays, PAYS_HELD_OUT, OTHERS_HELD_OUT,
        journey.pk, step, _moment(until), *JUDGED, journey.pk, step, *JUDGED,
    ]  # fmt: skip
    return Members(sql, params)


def _rows(arms: StepArms, stratum: Stratum) -> QuerySet[Send]:
    rows = Send.objects.filter(enrolment__version__in=stratum.versions, step=arms.step)
    return rows.filter(propensity=arms.chance) if arms.chance else rows


def _written_to(rows: QuerySet[Send]) -> dict[str, int]:
    """Variant → customers to whom a message of it left."""
    left = rows.filter(state__in=LEFT).exclude(arm="").order_by().values_list("arm")
    return dict(left.annotate(people=Count("customer", distinct=True)))


def _members(
    arms: StepArms, stratum: Stratum, until: datetime, languages: Mapping[str, str]
) -> Members:
    """Each customer as she was drawn when she first reached the step, in whatever version: written to
    or skipped. Of a discount that is given only where it pays, those whom it was meant for."""
    arm, join, split = "CASE WHEN send.reason = %s THEN %s ELSE send.arm END", "", []
    if languages:
        own = sorted(name for name in languages if name)
        marks = ", ".join(["%s"] * len(own))
        arm += f" || '{JOINT}' || CASE WHEN who.language IN ({marks}) THEN who.language ELSE %s END"
        join = "JOIN shop_customer who ON who.id = send.customer_id "
        split = [*own, languages[""]]
    versions, names = _marks(stratum.versions), _marks(stratum.counted)
    without = sorted(WITHHELD)
    chance = "send.propensity = %s" if arms.chance else "send.propensity IS NULL"
    sql = (
        f"SELECT send.customer_id, {arm} AS arm, send.claimed_at AS since FROM marketing_send send "
        f"JOIN marketing_enrolment road ON road.id = send.enrolment_id {join}"
        f"WHERE road.version_id IN ({versions}) AND send.step = %s AND send.claimed_at < %s "
        f"AND {chance} AND (send.reason = %s OR send.arm IN ({names})) "
        f"AND send.discount NOT IN ({_marks(without)}) "
        "AND NOT EXISTS (SELECT 1 FROM marketing_send earlier "
        "JOIN marketing_enrolment way ON way.id = earlier.enrolment_id "
        "WHERE way.journey_id = %s AND earlier.step = %s AND earlier.id < send.id "
        "AND earlier.customer_id = send.customer_id)"
    )
    held = SkipReason.HELD_OUT.value
    params: list[Any] = [held, HOLDOUT, *split, *stratum.versions, arms.step, _moment(until)]
    params += [arms.chance] if arms.chance else []
    params += [held, *stratum.counted, *without, arms.journey.pk, arms.step]
    return Members(sql, params)


def _marks(values: Collection[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
