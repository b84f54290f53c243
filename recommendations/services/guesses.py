"""What a request will ask the gates of, foreseen before anything of it is read.

A list about a page, or for nobody, follows from the model alone unless the shop or the person says
otherwise. So its gates travel in the journey that reads both; where the reading then names other
candidates, they are asked as ever. A guess decides nothing: it spares a second journey.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from recommendations.ml.policy import Settings
from recommendations.services import ranking
from recommendations.services.asking import MAX_LIMIT, Ask
from recommendations.services.gates import Offer, price_kind_of
from recommendations.services.inputs import baseline_of
from recommendations.services.live_model import Serving, loaded_model

GUESSED = 64  # candidates, as a request asks for at first
ASIDE = 10  # more offers than are shown, for a person: some of the candidates may be hers already
# Sources that ask the database for what they name.
READING = frozenset({"taken_instead", "on_flash"})
DECIDING = ("exclude", "anchors", "categories", "history", "listed", "shop_wide")


@dataclass(frozen=True)
class Guess:
    """Candidates by the model that serves here now. most: offers to ask for."""

    model: Serving
    inputs: dict[str, Any]
    found: ranking.Pool
    most: int

    def pool(self, inputs: dict[str, Any]) -> ranking.Pool:
        """The candidates of the request as it was read."""
        if all(inputs[name] == self.inputs[name] for name in DECIDING) and not (
            inputs.get("bought_before")
        ):
            return self.found
        return ranking.pool(inputs, self.model, GUESSED)

    def offers(self, rows: list[tuple], found: ranking.Pool, limit: int) -> dict[int, Offer] | None:
        """Of the first `limit` candidates that pass, where the gates were asked of all before them.

        rows: the offers that the journey brought. None: others have to be asked.
        """
        passed = {row[0]: row for row in rows}
        asked = self.found.product_ids
        if len(rows) == self.most:  # the database stopped there
            asked = asked[: asked.index(rows[-1][0]) + 1]
        known = set(asked)
        offered: dict[int, Offer] = {}
        for product_id in found.product_ids:
            if product_id not in known:
                return None
            if product_id in passed:
                offered[product_id] = Offer.of_row(passed[product_id])
                if len(offered) == limit:
                    return offered
        return None


def guess_of(ask: Ask, settings: Settings, at: datetime, listed: bool) -> Guess | None:
    """None where the candidates depend on what has to be read first, or nothing serves here yet.

    listed: whether a published list may be the answer.
    """
    needs_reading = not settings.keeps_order or READING & {*settings.sources}
    if listed or ask.order or price_kind_of(ask.placement) or needs_reading:
        return None
    if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        return None
    model = loaded_model()
    if model is None:
        return None
    anchors, excluded = _known(ask.skus, model), _known(ask.exclude, model)
    if anchors is None or excluded is None:
        return None
    ids, category_of = model.recommender.product_ids, model.recommender.category_ids
    inputs = {
        "placement": ask.placement,
        "at": at.isoformat(),
        "settings": settings.as_json,
        "exclude": [int(ids[item]) for item in excluded],
        "anchors": list(dict.fromkeys(int(ids[item]) for item in anchors)),
        "categories": sorted({int(category_of[item]) for item in anchors} - {0}),
        "history": [],
        "listed": [],
        "shop_wide": [],
        "run": model.run.pk,
        "baseline": baseline_of(model),
    }
    found = ranking.pool(inputs, model, GUESSED)
    person = bool(ask.customer or ask.code or ask.visitor)
    most = min(ask.limit, MAX_LIMIT) + (ASIDE if person else 0)
    return Guess(model, inputs, found, most) if found.product_ids else None


def _known(skus: tuple[str, ...], model: Serving) -> list[int] | None:
    """The model's items of all of them; None where it knows one of them not."""
    index = model.recommender.skus
    if skus and index is None:
        return None
    items = [index.item(sku) for sku in skus] if index else []
    return None if -1 in items else items
