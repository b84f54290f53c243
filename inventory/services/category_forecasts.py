"""Totals of categories and of the shop beside the SKUs' forecasts of a night."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from django.db import transaction

from decisions.models import ModelRun
from inventory.models import CategoryForecast, DemandForecast
from shop.models import Variant
from shop.services.events.event_rows import among

KEEP_DAYS = 60  # as the SKUs' own
TOTALS = ["horizon_days", "skus", "mean_units", "low_units", "high_units"]


def write_totals(
    rows: list[DemandForecast], run: ModelRun | None, on: date, *, seed: int
) -> list[CategoryForecast]:
    """Replace the night's totals; SKUs of no category count in the shop's alone."""
    import numpy as np

    from inventory.ml.hierarchy import totals
    from inventory.ml.metrics import Forecast

    made = [row for row in rows if not row.is_refused]
    if not made:
        return []
    category = dict(
        Variant.objects.filter(pk__in=among(row.variant_id for row in made)).values_list(
            "pk", "product__category"
        )
    )
    forecast = Forecast(
        np.array([row.mean_units for row in made]),
        np.array(
            [[row.quantile_units[q] for q in sorted(row.quantile_units)] for row in made]
        ).transpose(0, 2, 1),
    )
    card = run.params.get("scorecard", {}) if run else {}
    totals_of = partial(
        totals,
        forecast,
        day_correlation=float(card.get("day_correlation", 0.0)),
        sku_correlation=float(card.get("sku_correlation", 0.0)),
        seed=seed,
    )
    groups = np.array([category[row.variant_id] or 0 for row in made])
    found = totals_of(groups) | {-1: totals_of(np.zeros(len(made), int))[0]}
    count = {int(group): int((groups == group).sum()) for group in np.unique(groups)} | {
        -1: len(made)
    }
    fresh = [
        CategoryForecast(
            category_id=None if group == -1 else group,
            as_of=on,
            horizon_days=made[0].horizon_days,
            skus=count[group],
            mean_units=round(mean, 3),
            low_units=round(float(quantiles[0]), 3),
            high_units=round(float(quantiles[-1]), 3),
        )
        for group, (mean, quantiles) in sorted(found.items())
        if group != 0
    ]
    _keep(fresh, on)
    return fresh


def _keep(fresh: list[CategoryForecast], on: date) -> None:
    """The same totals again are the same rows."""
    with transaction.atomic():
        there = {row.category_id: row for row in CategoryForecast.objects.filter(as_of=on)}
        for row in fresh:
            if before := there.pop(row.category_id, None):
                row.pk = before.pk
        again = [row for row in fresh if row.pk]
        if again:
            CategoryForecast.objects.bulk_update(again, TOTALS)
        CategoryForecast.objects.filter(pk__in=[row.pk for row in there.values()]).delete()
        CategoryForecast.objects.bulk_create(row for row in fresh if not row.pk)
        CategoryForecast.objects.filter(as_of__lt=on - timedelta(days=KEEP_DAYS)).delete()
