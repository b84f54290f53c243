"""Experiments on placements: who is in which arm, and that they have seen it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from decisions.models import Experiment
from decisions.services.experiments import arm_of, takes_part
from shop.models import EventKind
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow

PLACE = "recommendations:"
# A hint that spares a question to the log; the event's id is what keeps it single.
SECONDS_REMEMBERED = 3600


@dataclass(frozen=True)
class Trial:
    """The arm of one person. settings: laid over the placement's own. share: the propensity with
    which she got it, where shares change; batch: which of them held. instead_of: the run that was to
    serve her and could not, so that she was shown the live model's list; None: all as planned."""

    key: str
    arm: str
    settings: dict
    unit: str
    share: float = 0.0
    batch: int = 0
    instead_of: int | None = None

    @property
    def as_json(self) -> dict[str, object]:
        """As a receipt keeps it."""
        said: dict[str, object] = {"key": self.key, "arm": self.arm}
        return said if self.instead_of is None else said | {"not_served": self.instead_of}


def runs_of(experiments: Iterable[Experiment]) -> set[int]:
    """The models that their arms serve."""
    arms = (arm["settings"] for one in experiments for arm in one.arms)
    return {int(settings["run"]) for settings in arms if "run" in settings}


def place_of(placement: str) -> str:
    return f"{PLACE}{placement}"


def running_trials(at: datetime) -> dict[str, Experiment]:
    """Placement code → the experiment that runs there, in one query."""
    found = Experiment.objects.running(at).filter(place__startswith=PLACE)
    return {experiment.place.removeprefix(PLACE): experiment for experiment in found}


def unit_of(customer_id: int | None, visitor: str) -> str:
    """Who is assigned: the customer where she is known, else the browser; "" for nobody."""
    if customer_id:
        return f"customer:{customer_id}"
    return f"visitor:{visitor}" if visitor else ""


def trial_of(experiment: Experiment, customer_id: int | None, visitor: str) -> Trial | None:
    """The arm of this person; None for who takes no part, and for somebody nobody knows: she could
    not be told again."""
    unit = unit_of(customer_id, visitor)
    if not unit or not takes_part(experiment, unit):
        return None
    arm = arm_of(experiment, unit)
    return Trial(experiment.key, arm.name, arm.settings, unit, arm.share, arm.batch)


def record_exposure(trial: Trial, customer_id: int | None, visitor: str, at: datetime) -> None:
    """Log that this person has been shown this arm: once, however often she comes back.

    Where the arm's model could not serve she still counts in her arm, by intention to treat: left
    out, the people of the other arms at that time would stand against nobody. But the event says so
    (`not_served`), and the first answer that does come from the arm leaves one of its own.
    """
    known = f"{trial.key}\x00{trial.unit}\x00{trial.arm}"
    known += "" if trial.instead_of is None else "\x00not served"
    event_id = f"exposure:{hashlib.sha256(known.encode()).hexdigest()[:50]}"
    if cache.get(event_id):
        return
    row = EventRow(
        event_id=event_id,
        kind=EventKind.EXPOSURE,
        occurred_at=at,
        received_at=at,
        # Never both: an event that names a visitor and a customer links the two.
        visitor="" if customer_id else visitor,
        customer_id=customer_id,
        properties=json.dumps(_properties(trial)),
    )
    append_events([row])
    cache.set(event_id, 1, SECONDS_REMEMBERED)


def _properties(trial: Trial) -> dict[str, object]:
    said: dict[str, object] = {"experiment": trial.key, "arm": trial.arm}
    if trial.instead_of is not None:
        said["not_served"] = trial.instead_of
    return said | ({"batch": trial.batch, "share": trial.share} if trial.batch else {})
