"""A stored forecast under another price or another promotion. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from decisions.text import SentenceError, sentence
from inventory.models import DemandForecast

NO_NUMBERS = gettext_noop("there is no forecast of this SKU yet")
NO_ELASTICITY = gettext_noop("its response to price has not been learned yet")
NO_PRICE = gettext_noop("a price above 0 and a list price to compare it with are needed")
OTHER_DAYS = gettext_noop("the promotion must name a share for each of the %(days)s days")


@dataclass(frozen=True)
class WhatIf:
    """A stored forecast under another price or promotion, and how sure the difference is.

    change_units, low_units, high_units: over the whole horizon, against the stored forecast; the
    interval is that of price elasticity and promotion effect, not that of the demand itself.
    """

    mean_units: list[float]
    quantile_units: dict[str, list[float]]
    change_units: float
    low_units: float
    high_units: float


class NoWhatIfError(SentenceError):
    """The question cannot be answered; `sentence` says what is missing."""


def what_if(
    row: DemandForecast,
    *,
    price_minor: int | None = None,
    promotion: Sequence[float] | None = None,
) -> WhatIf:
    """The forecast had the price been `price_minor`, or had the days these shares of promotion.

    Reads one row (the SKU's elasticity, unless it came with `row.variant`) and writes nothing:
    quick enough for a slider. Raises NoWhatIfError.
    """
    import numpy as np

    from inventory.ml.what_if import Response, day_factors

    if row.is_refused:
        raise NoWhatIfError(sentence(NO_NUMBERS))
    known = getattr(row.variant, "elasticity", None)
    if known is None:
        raise NoWhatIfError(sentence(NO_ELASTICITY))
    if price_minor is not None and not (price_minor > 0 and row.price_minor):
        raise NoWhatIfError(sentence(NO_PRICE))
    ratio = price_minor / row.price_minor if price_minor and row.price_minor else 1.0
    mean = np.array(row.mean_units, dtype=float)
    planned = np.array(row.planned_promotion or [0.0] * len(mean))
    wanted = planned if promotion is None else np.array(promotion, dtype=float)
    if wanted.shape != mean.shape:
        raise NoWhatIfError(sentence(OTHER_DAYS, days=len(mean)))
    response = Response(
        known.elasticity,
        known.low,
        known.high,
        known.promotion_log,
        known.promotion_low,
        known.promotion_high,
    )
    middle, low, high = day_factors(response, ratio, wanted - planned)
    changes = [float((mean * (factor - 1)).sum()) for factor in (middle, low, high)]
    return WhatIf(
        (mean * middle).round(3).tolist(),
        {
            level: (np.array(units) * middle).round(3).tolist()
            for level, units in row.quantile_units.items()
        },
        *changes,
    )
