"""What a model would have brought in a placement, before anybody is shown it.

Read from what was shown while the placement was trying products out: each such slot carries the
probability with which its product stood there. The candidate's list for the same request is made
from the receipt: the person's history, and what could be sold then. Of a product that the answer never
asked the gates about nobody knows whether it could be sold then; where it can be sold today, the
candidate is taken to have shown it, in a slot that nothing was tried in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from access.figures import points, significant
from decisions.jobs import Progress
from decisions.models import Decision, ModelRun
from recommendations import report_frames as frames
from recommendations.ml.off_policy import (
    OffPolicyError,
    Slots,
    as_figures,
    fit_rewards,
    halves,
    off_policy,
)
from recommendations.ml.policy import Settings
from recommendations.services import ranking
from recommendations.services.gates import Offer, offers, rows_of
from recommendations.services.live_model import Serving, serving_of

DAYS = 28
MOST_ANSWERS = 3_000  # per placement, the newest; each is ranked again
CHUNK = 200
USUAL_POOL = 200


@dataclass
class _Rows:
    """Slots of one placement as they are collected, one entry each."""

    person: list[int]
    product: list[int]
    position: list[int]
    reward: list[float]
    propensity: list[float]
    candidate: list[int]

    def as_slots(self) -> Slots:
        person, product = np.array(self.person), np.array(self.product)
        place, candidate = np.array(self.position), np.array(self.candidate)
        reward, half = np.array(self.reward), halves(person)
        model = fit_rewards(product, place, reward, half)
        expected = model.expect(np.maximum(candidate, 0), place, half)
        return Slots(
            person=person,
            reward=reward,
            propensity=np.array(self.propensity, dtype=np.float64),
            target=(candidate == product).astype(np.float64),
            expected=model.expect(product, place, half),
            # Where the candidate's list has ended, nothing can be clicked.
            expected_target=np.where(candidate >= 0, expected, 0.0),
        )


def judge(run: ModelRun, *, at: datetime, progress: Progress | None = None) -> dict[str, Any]:
    """Placement → figures of clicks per slot, or why there are none. JSON-able.

    Raises ArtefactError when the run's file is missing.
    """
    since, people = at - timedelta(days=DAYS), frames.People()
    seen = frames.seen_between(since, at, people)
    answers = _answers(seen)
    model = serving_of(run.pk, "")
    found: dict[str, Any] = {}
    for number, (placement, rows) in enumerate(sorted(answers.items())):
        if progress is not None:
            progress(number, len(answers), placement)
        found[placement] = _of_placement(seen, rows, model)
    return {
        "placements": found,
        "since": since.isoformat(),
        "until": at.isoformat(),
        # It has learned from what these people then did: too good to be true.
        "has_seen_it": run.data_until > since,
    }


def _answers(seen: frames.Seen) -> dict[str, dict[str, list[int]]]:
    """Placement → answer → its rows, the newest MOST_ANSWERS answers."""
    found: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for row in range(len(seen.placement) - 1, -1, -1):
        mine = found[seen.placement[row]]
        if seen.receipts[row] in mine or len(mine) < MOST_ANSWERS:
            mine.setdefault(seen.receipts[row], []).append(row)
    return found


def _of_placement(
    seen: frames.Seen, answers: dict[str, list[int]], model: Serving
) -> dict[str, Any]:
    rows = _Rows([], [], [], [], [], [])
    gates = _Gates()
    for answer in _explored(list(answers)):
        listed = _listed(answer, model, gates)
        shown = answer.output["items"]
        for row in answers[str(answer.pk)]:
            place = int(seen.position[row])
            rows.person.append(int(seen.touches.person[row]))
            rows.product.append(int(seen.touches.product[row]))
            rows.position.append(place)
            rows.reward.append(float(not np.isnan(seen.touches.clicked_at[row])))
            rows.propensity.append(shown[place - 1].get("propensity", np.nan))
            rows.candidate.append(listed[place - 1] if place <= len(listed) else -1)
    if not rows.person:
        return {"refused": "no_exploration", "found": 0, "needed": 1}
    try:
        return as_figures(off_policy(rows.as_slots()))
    except OffPolicyError as error:
        return {"refused": error.reason, "found": error.found, "needed": error.needed}


def _explored(keys: list[str]) -> Iterator[Decision]:
    """The receipts of answers that were made while products were tried out."""
    for start in range(0, len(keys), CHUNK):
        found = Decision.objects.filter(pk__in=keys[start : start + CHUNK]).only(
            "inputs", "output", "constraints_hit"
        )
        for answer in found.order_by("pk"):
            if answer.inputs.get("settings", {}).get("exploration_rate"):
                yield answer


def _listed(answer: Decision, model: Serving, gates: _Gates) -> list[int]:
    """The products that the candidate would have shown, best first, nothing tried out."""
    inputs = answer.inputs
    settings = Settings.of_json(inputs["settings"] | {"exploration_rate": 0.0})
    asked = inputs | {"settings": settings.as_json, "run": model.run.pk, "baseline": ""}
    # A list that the night published is of another model.
    asked |= {"listed": [], "list_alone": False}
    found = ranking.pool(asked, model, asked.get("pool_size", USUAL_POOL))
    known = {int(pk): row for pk, row in inputs["offers"].items()}
    stopped = {row.get("product_id") for row in answer.constraints_hit}
    unknown = [pk for pk in found.product_ids if pk not in known and pk not in stopped]
    asked["offers"] = known | gates.rows(unknown, settings)
    return [found.product_ids[one.index] for one in ranking.placed(found, asked, model)]


class _Gates:
    """What can be sold today, each product asked once."""

    def __init__(self) -> None:
        self.at = timezone.now()
        self.known: dict[int, Offer | None] = {}

    def rows(self, product_ids: list[int], settings: Settings) -> dict[int, list[Any]]:
        """As a receipt keeps offers, for those of the products that can be sold."""
        new = [pk for pk in product_ids if pk not in self.known]
        if new:
            found = offers(new, self.at, with_attributes=True)
            self.known |= {pk: found.get(pk) for pk in new}
        there = {pk: offer for pk in product_ids if (offer := self.known[pk]) is not None}
        return rows_of(there, settings)


def refusal_text(placement: dict[str, Any]) -> str:
    """Why there is no figure, and what to do; empty where there is one."""
    said = {
        "found": significant(placement.get("found", 0), 3),
        "needed": significant(placement.get("needed", 0), 3),
    }
    texts = {
        "no_exploration": _("Nothing was tried out here in 28 days. Set “Trying out” above 0 %% on the placement; a few weeks later models can be compared before anybody is shown them."),
        "no_propensity": _("%(found)s slots carry no probability: they were shown by an older version. Wait until its answers are out of the 28 days."),
        "too_few_persons": _("%(found)s people saw something that was tried out, at least %(needed)s are needed."),
        "too_few_effective_rows": _("What was tried out agrees with this model in too few places: it is worth %(found)s slots, at least %(needed)s are needed. Wait, or try out more."),
        "no_support": _("This model mostly shows what was never tried here (%(found)s of it was, at least %(needed)s is needed): only an experiment can tell."),
    }  # fmt: skip
    reason = placement.get("refused", "")
    return texts[reason] % said if reason else ""


def verdict_text(placement: dict[str, Any]) -> str:
    """The estimate in a sentence: clicks per 100 slots against what was shown."""
    _value, low, high = placement["difference"]
    said = {
        "dr": points(placement["dr"][0], 2),
        "shown": points(placement["shown"][0], 2),
        "low": points(low, 2, signed=True),
        "high": points(high, 2, signed=True),
    }
    if low > 0:
        return _("Likely better: %(dr)s clicks per 100 slots against %(shown)s (difference %(low)s to %(high)s). An experiment can confirm it.") % said  # fmt: skip
    if high < 0:
        return _("Likely worse: %(dr)s clicks per 100 slots against %(shown)s (difference %(low)s to %(high)s).") % said  # fmt: skip
    return _("Cannot tell: %(dr)s clicks per 100 slots against %(shown)s (difference %(low)s to %(high)s).") % said  # fmt: skip
