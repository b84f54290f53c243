"""What a forecast rests on: the answer to price, what empty shelves hid, what each cause adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from inventory.frames import DemandHistory, categories_of, lost_demand_panel
from inventory.models import PriceElasticity

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.elasticity import Elasticities

CHUNK_ROWS = 500
RECENT_DAYS = 28
YEAR_WEEKS = 40  # as far as a plan of the slowest supplier looks


@dataclass(frozen=True)
class Basis:
    """Of every SKU of a history, in its order. corrected_units (n,): what days out of stock would
    have sold of the last 28."""

    response: Elasticities
    corrected_units: np.ndarray
    classes: np.ndarray


def find_basis(history: DemandHistory) -> Basis:
    """Learned from the whole history; reads categories and the evidence of empty shelves."""
    import numpy as np

    from inventory.ml.classes import demand_classes
    from inventory.ml.elasticity import learn_elasticities
    from inventory.ml.expected import corrected, expected_units

    panel, groups = history.panel, categories_of(history.variant_ids)
    response = learn_elasticities(
        panel.units,
        history.asked_price,
        given(panel.promotion),
        groups=groups,
        sold_out=history.sold_out & np.isfinite(panel.units),
    )
    expected = expected_units(panel.units, response.effect, groups)
    recent = slice(-RECENT_DAYS, None)
    days = panel.periods[recent].astype("datetime64[D]").astype(object)
    evidence = lost_demand_panel(history.variant_ids, days[0], days[-1]).estimated_units
    out = history.out_days[:, recent]
    wanted = corrected(np.zeros(out.shape), expected[:, recent], out, evidence)
    return Basis(response, wanted.sum(axis=1), demand_classes(panel.units))


def write_elasticities(history: DemandHistory, basis: Basis, on: date) -> int:
    """Replace the rows of SKUs with a price; twice equals once."""
    import numpy as np

    found = basis.response
    rows = [
        PriceElasticity(
            variant_id=variant,
            elasticity=round(float(found.elasticity[row]), 4),
            low=round(float(found.low[row]), 4),
            high=round(float(found.high[row]), 4),
            promotion_log=round(float(found.promotion[row]), 4),
            promotion_low=round(float(found.promotion_low[row]), 4),
            promotion_high=round(float(found.promotion_high[row]), 4),
            own_share=round(float(found.own_share[row]), 4),
            priced_days=int(found.priced_days[row]),
            as_of=on,
        )
        for row, variant in enumerate(history.variant_ids)
        if np.isfinite(history.asked_price[row, -1])
    ]
    fields = [one.name for one in PriceElasticity._meta.concrete_fields if one.name != "variant"]
    PriceElasticity.objects.bulk_create(
        rows,
        batch_size=CHUNK_ROWS,
        update_conflicts=True,
        unique_fields=["variant"],
        update_fields=fields,
    )
    return len(rows)


def explain(
    history: DemandHistory, basis: Basis, parts: dict[str, np.ndarray], rows: np.ndarray
) -> dict[str, np.ndarray]:
    """cause → (len(rows), H) units per day; the causes sum to what the parts sum to."""
    import numpy as np

    from inventory.ml.explain import contributions

    sold = np.where(history.out_days, 0.0, history.panel.units)[rows]
    return contributions(parts, sold, lost=basis.corrected_units[rows] / RECENT_DAYS)


def rests_on(history: DemandHistory, basis: Basis, rows: np.ndarray) -> list[dict]:
    """What the plan needs beside the forecast of each SKU, as DemandForecast.basis.

    dispersion: phi of Var = mean + phi · mean² of a day's count, where demand is counted in units; of
    days without their year and reductions, which the mean has already.
    year: factors of the weeks after the forecast's day: of the year, where more than one is known,
    and of the reductions that are set already.
    """
    from inventory.ml.counts import dispersion, is_count
    from inventory.ml.course import find_course

    panel = history.panel
    found: list[dict] = [{} for _row in rows]
    course = find_course(panel)
    if is_count(panel.units[rows]):
        phi = dispersion(course.plain(panel).units[rows], basis.classes[rows])
        for place, value in enumerate(phi):
            found[place]["dispersion"] = round(float(value), 4)
    if course.year is not None or course.lifts is not None:
        days = (len(panel.skus), 7 * YEAR_WEEKS)
        factors = course.ahead(panel.units.shape[1], days, history.planned.until(days[1]))
        weeks = factors.reshape(-1, YEAR_WEEKS, 7).mean(axis=2)
        for place, row in enumerate(rows):
            if (weeks[row] != 1).any():
                found[place]["year"] = weeks[row].round(3).tolist()
    return found


def given(part: np.ndarray | None) -> np.ndarray:
    """Prices and promotions of a panel; the shop's own history always carries both."""
    if part is None:
        raise ValueError("a panel without prices or promotions is no history of a shop")
    return part
