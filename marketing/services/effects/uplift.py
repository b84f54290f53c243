"""Learn from finished campaigns whom a message moves; live only if that beats a random order."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import ModelRun
from decisions.services.artefacts import write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, publish_run
from decisions.text import SentenceError, sentence
from inventory.profit_frames import arm_sums, person_profits
from marketing.delivery.costs import cost_minor, possible_costs_minor
from marketing.frames import effects as frames
from marketing.frames.orders import order_history
from marketing.ml.uplift import LEARNERS, LEAST_PER_ARM, Trial, UpliftParams, cross_fit, fit
from marketing.ml.uplift_features import NAMES, order_features
from marketing.ml.uplift_metrics import (
    Price,
    area_under,
    calibration,
    curve_with_band,
    qini,
    targeting_gain,
)
from marketing.models import AudienceMember, Campaign, CampaignState, Channel

TASK = "uplift"
LOOK_BACK = timedelta(days=365)
MOST_CAMPAIGNS = 20
MOST_CUSTOMERS = 300_000
BASELINE = "random order"
TOO_FEW = gettext_noop(
    "Finished campaigns of the last year held out %(held)s customers and wrote to %(treated)s; %(least)s of each "
    "are needed to learn whom a message moves."
)


class TooLittleHistoryError(SentenceError):
    """`sentence` says what is missing."""


def train_uplift(as_of: datetime, *, seed: int, progress: Progress | None = None) -> ModelRun:
    """Cross-fit T-, X- and DR-learners on every finished campaign with a holdout, and publish the
    best. It goes live only when its Qini area, at the level corrected for three learners, is
    above zero with its whole interval. Raises TooLittleHistoryError."""
    started = time.perf_counter()
    trial, campaigns = _finished(as_of)
    held = int((~trial.treated).sum()) if trial else 0
    treated = int(trial.treated.sum()) if trial else 0
    if trial is None or min(held, treated) < LEAST_PER_ARM:
        raise TooLittleHistoryError(
            sentence(TOO_FEW, held=held, treated=treated, least=LEAST_PER_ARM)
        )
    params = UpliftParams(seed=seed)
    # What a message costs is part of what is learned: whom it pays with.
    costs = possible_costs_minor()
    digest = data_hash(
        trial.features, trial.treated, trial.outcome, trial.share, asdict(params), costs
    )
    if known := existing_run(TASK, digest):
        return known
    fitted = cross_fit(trial, params)
    level = 1 - 0.05 / len(LEARNERS)
    judged = {name: qini(one, fitted.score, level=level) for name, one in fitted.uplift.items()}
    best = max(judged, key=lambda name: judged[name].area)
    line = calibration(fitted.uplift[best], fitted.score)
    gains = {
        cost: asdict(
            targeting_gain(
                fitted.uplift[best], fitted.score, Price(cost=cost), seed=seed, level=level
            )
        )
        | {"cost": cost}
        for cost in costs
    }
    cost = cost_minor(Channel.EMAIL)
    steps = curve_with_band(fitted.uplift[best], fitted.score, cost=cost, level=level)
    model = fit(best, trial, params)

    def write(path: Path) -> object:
        return path.write_text(model.to_json(), encoding="utf-8")

    return publish_run(
        Trained(
            task=TASK,
            model=best,
            params=asdict(params),
            seed=seed,
            data_until=as_of,
            row_count=len(trial.outcome),
            data_hash=digest,
            metrics={
                "qini_minor": {name: asdict(one) for name, one in judged.items()},
                "calibration": asdict(line),
                "curve_minor": {
                    "steps": [asdict(one) for one in steps],
                    "area": area_under(steps),
                    "level": level,
                    "cost": cost,
                    "customers": len(trial.outcome),
                },
                "targeting_minor": gains[cost],
                "targeting_at": list(gains.values()),
                "features": list(NAMES),
                "campaigns": campaigns,
            },
            metric="qini_low_minor",
            higher_is_better=True,
            value=judged[best].low,
            baseline=BASELINE,
            baseline_value=0.0,
            artefact=write_artefact(TASK, ".json", write),
            duration_seconds=time.perf_counter() - started,
        ),
        progress,
    )


def _finished(as_of: datetime) -> tuple[Trial | None, list[int]]:
    """One row per member of each finished campaign: features as of its start, profit in its
    window. A campaign with a sold SKU whose cost nobody entered is left out."""
    parts: list[tuple[Any, ...]] = []
    used: list[int] = []
    rows = 0
    recent = Campaign.objects.filter(
        Q(holdout_rate__gt=0) | Q(audience__holdout_rate__gt=0),
        state=CampaignState.SENT,
        started_at__gte=as_of - LOOK_BACK,
    ).order_by("-started_at")
    for campaign in recent[:MOST_CAMPAIGNS]:
        subject = frames.campaign_subject(campaign, as_of)
        if subject is None or subject.ends_at > as_of or campaign.started_at is None:
            continue
        # Who was left out because it would not pay is told from what she bought, too: her
        # chance of getting the message is known.
        subject = replace(subject, members=frames.everybody_drawn(campaign, campaign.started_at))
        sums = arm_sums(subject.members, subject.window)
        rows += sum(one.customers for one in sums.values())
        if any(one.unknown_cost_units for one in sums.values()) or rows > MOST_CUSTOMERS:
            continue
        parts.append(_rows(campaign, subject, campaign.started_at))
        used.append(campaign.pk)
    if not parts:
        return None, used
    features, treated, outcome, share = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Trial(features, treated, outcome, share), used


def _rows(campaign: Campaign, subject: frames.Subject, start: datetime) -> tuple[Any, ...]:
    members = list(
        AudienceMember.objects.filter(audience=campaign.audience)
        .order_by("customer_id")
        .values_list("customer_id", "is_holdout", "is_left_out", "propensity")
    )
    customers = np.array([row[0] for row in members], dtype=np.int64)
    history = order_history(start)
    features = order_features(
        customers,
        history.customer_ids,
        history.placed_at,
        history.amount_minor,
        as_of=start.timestamp(),
    )
    profit = person_profits(subject.members, subject.window)
    return (
        features,
        np.array([not held and not left_out for _pk, held, left_out, _chance in members]),
        np.array([profit.get(int(pk), 0.0) for pk in customers]),
        np.array([1 - campaign.holdout_rate if row[3] is None else row[3] for row in members]),
    )
