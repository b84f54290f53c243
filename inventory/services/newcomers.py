"""The forecast of a SKU with little history, and whom it was likened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.frames import DemandHistory
from inventory.newcomer_frames import traits_of
from inventory.services.forecast_basis import Basis

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.metrics import Forecast

BORROWED = "borrowed"
NAMED = 3  # likes that the page names


def liken(
    history: DemandHistory, basis: Basis, known: tuple[np.ndarray, Forecast], new: np.ndarray
) -> tuple[Forecast, list[dict]] | None:
    """Forecast and basis of the SKUs at rows `new`, from those with one of their own; None without
    any new SKU, or with too few others to be likened to."""
    import numpy as np

    from inventory.ml.counts import dispersion
    from inventory.ml.newcomers import LEAST_PEERS, borrow, likeness

    rows, forecast = known
    if not len(new) or len(rows) < LEAST_PEERS:
        return None
    together = np.concatenate([new, rows])
    traits = traits_of(history, together)
    weight = likeness(traits, np.arange(len(new)), np.arange(len(new), len(together)))
    phi = dispersion(history.panel.units[rows], basis.classes[rows])
    found = borrow(history.panel.units[new], forecast.mean, phi, weight)
    skus = [history.panel.skus[row] for row in rows]
    return found.forecast, [
        {
            "dispersion": round(float(found.dispersion[place]), 4),
            "own_share": round(float(found.own[place]), 3),
            "like": [
                {"sku": skus[peer], "weight": round(float(weight[place, peer]), 3)}
                for peer in np.argsort(-weight[place], kind="stable")[:NAMED]
            ],
        }
        for place in range(len(new))
    ]
