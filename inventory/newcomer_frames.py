"""What new SKUs and those around them are: category, price, brand, words. ORM in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.frames import DemandHistory
from language.embeddings import load_embedder
from shop.models import Variant
from shop.services.events.event_rows import among

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.newcomers import Traits


def traits_of(history: DemandHistory, rows: np.ndarray) -> Traits:
    """Of the history's SKUs at `rows`, in that order; one query, and each text encoded once."""
    import numpy as np

    from inventory.ml.newcomers import Traits

    ids = [history.variant_ids[row] for row in rows]
    columns = ("pk", "product__category", "product__brand", "product__name")
    known = {
        pk: rest for pk, *rest in Variant.objects.filter(pk__in=among(ids)).values_list(*columns)
    }
    names = [known[pk][2] for pk in ids]
    texts = sorted(set(names))
    place = {text: number for number, text in enumerate(texts)}
    encoded = load_embedder().encode(texts)
    with np.errstate(invalid="ignore", divide="ignore"):
        price = np.log(history.asked_price[rows, -1])
    return Traits(
        group=np.array([known[pk][0] or 0 for pk in ids]),
        log_price=price,
        brand=np.array([known[pk][1] or -1 for pk in ids]),
        text=encoded[[place[name] for name in names]],
    )
