"""From the inputs of a receipt to its output: no database but the model's file, so it replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from recommendations.ml.candidates import Case, candidates
from recommendations.ml.chains import NOTHING_ELSE
from recommendations.ml.interactions import Histories
from recommendations.ml.one_person import because, folded, link, links
from recommendations.ml.policy import Placed, Settings, arrange
from recommendations.ml.rules import Facts
from recommendations.services.live_model import Serving, serving_of

NO_FACTS = Facts()
SECONDS_A_DAY = 86_400
# Where a list is about a person and not about products: what the ranker learned to order.
RANKED = frozenset({"home", "email"})


@dataclass
class Pool:
    """Candidates in order, each once; the four lists run side by side.

    items: index in the model, −1 for a product that it does not know.
    """

    product_ids: list[int]
    items: list[int]
    scores: list[float]
    sources: list[str]

    def add(self, source: str, product_ids: Sequence[int], barred: set[int]) -> None:
        known = barred.union(self.product_ids)
        for pk in product_ids:
            if pk not in known:
                known.add(pk)
                self.product_ids.append(pk)
                self.items.append(-1)
                self.scores.append(0.0)
                self.sources.append(source)


def pool(inputs: dict, model: Serving | None, most: int) -> Pool:
    """At most `most` candidates of the model, then what it does not know.

    Excluded products, anchors and what the person has bought are not in it.
    """
    barred = {*inputs["exclude"], *inputs["anchors"], *bought(inputs)}
    if inputs.get("list_alone") and model:
        return _of_list(inputs, model, barred)
    found = _of_model(inputs, model, barred, most) if model else Pool([], [], [], [])
    settings = inputs["settings"]
    found.add("rule", [pk for rule in settings["rules"] for pk in rule.get("brings", ())], barred)
    for source in ("taken_instead", "on_flash"):
        if source in settings["sources"]:
            found.add(source, inputs.get(source, ()), barred)
    if inputs["placement"] not in NOTHING_ELSE:
        found.add("shop_wide", inputs["shop_wide"], barred)
    return found


def _of_list(inputs: dict, model: Serving, barred: set[int]) -> Pool:
    """What the night published for her, without what she may not be offered."""
    found = Pool([], [], [], [])
    found.add("personal", inputs["listed"], barred)
    if "because" in inputs:  # nothing more is asked of the model
        return found
    items = model.recommender.item_idx(np.array(found.product_ids, dtype=np.int64))
    return Pool(found.product_ids, items.tolist(), found.scores, found.sources)


def _of_model(inputs: dict, model: Serving, barred: set[int], most: int) -> Pool:
    known = model.recommender.item_idx
    named = known(keys(sorted(barred)))
    anchors = known(keys(inputs["anchors"]))
    case = Case(
        sources=tuple(inputs["settings"]["sources"]),
        history=_open_again(history_of(inputs, model), named[named >= 0]),
        anchors=anchors[anchors >= 0],
        categories=np.array(inputs["categories"], dtype=np.int64),
        barred=named[named >= 0],
        instead=_known(inputs.get("taken_instead", ()), model),
        on_flash=_known(inputs.get("on_flash", ()), model),
        listed=_known(inputs.get("listed", ()), model),
        within=np.unique(_known(inputs["within"], model)) if "within" in inputs else None,
        is_ranked=inputs["placement"] in RANKED,
    )
    found = candidates(model.shelf, case, most)
    ids = model.recommender.product_ids[np.array(found.items, dtype=np.int64)].tolist()
    return Pool(ids, found.items, found.scores, found.sources)


def _open_again(history: Histories, barred: np.ndarray) -> Histories:
    """Her history, where what may be offered again counts as what she only looked at: nothing bars it."""
    open_again = history.bought & ~np.isin(history.item_idx, barred)
    return replace(history, bought=history.bought & ~open_again) if open_again.any() else history


def keys(product_ids: Sequence[int]) -> np.ndarray:
    """int64."""
    return np.array(product_ids, dtype=np.int64)


def _known(product_ids: Sequence[int], model: Serving) -> np.ndarray:
    items = model.recommender.item_idx(keys(product_ids))
    return items[items >= 0]


def bought(inputs: dict) -> set[int]:
    """What is not offered again: bought ever, or not as long ago as is learnt or said of the product, or
    of the placement where nothing is."""
    usual, again = inputs["settings"]["hide_bought_days"], dict(inputs.get("again", ()))
    now = datetime.fromisoformat(inputs["at"]).timestamp()
    rows = [(pk, at) for pk, _weight, at, was_bought in inputs["history"] if was_bought]
    rows += [(pk, at) for pk, at in inputs.get("bought_before", ())]
    if usual is None and not again:
        return {pk for pk, _at in rows}
    days_of = ((pk, at, again.get(pk, usual)) for pk, at in rows)
    return {pk for pk, at, days in days_of if days is None or at >= now - SECONDS_A_DAY * days}


def placed(
    found: Pool, inputs: dict, model: Serving | None, settings: Settings | None = None
) -> list[Placed]:
    """Which of the candidates are shown where, of those in inputs["offers"]: see `arrange`.

    settings: those of the inputs, where they have been read already.
    """
    settings = settings or Settings.of_json(inputs["settings"])
    facts = {int(pk): _facts(row) for pk, row in inputs["offers"].items()}
    likeness = _likeness(found, model) if settings.diversity_rate and model else None
    return arrange(
        found.product_ids,
        facts,
        settings,
        limit=inputs["limit"],
        seed=inputs["seed"],
        likeness=likeness,
    )


def _facts(row: Sequence[Any]) -> Facts:
    """An entry of inputs["offers"]: SKU, and what `arrange` asks of it where it moves anything."""
    return Facts(*row[1:]) if len(row) > 1 else NO_FACTS


def _likeness(found: Pool, model: Serving) -> Any:
    """Product keys → how near the model holds each two to be, over the nearest of them all."""
    item_of = dict(zip(found.product_ids, found.items, strict=True))

    def likeness(product_ids: Sequence[int]) -> list[list[float]]:
        items = np.array([item_of[pk] for pk in product_ids], dtype=np.int64)
        near = links(model.shelf.similar, items)
        most = float(near.max(initial=0.0))
        return (near / most).tolist() if most > 0 else near.tolist()

    return likeness


def shown(
    found: Pool, chosen: Sequence[Placed], inputs: dict, model: Serving | None
) -> list[dict[str, Any]]:
    """The rows of the receipt's output: what is shown, from which source, and why."""
    indices = [row.index for row in chosen]
    reasons = reasons_of(found, indices, inputs, model)
    return [
        {
            "product_id": found.product_ids[row.index],
            "sku": inputs["offers"][found.product_ids[row.index]][0],
            "source": found.sources[row.index],
            "score": as_shown(found.scores[row.index]),
            "reason": reason,
            "because": product_id,
            "propensity": float(f"{row.propensity:.6g}"),
            "rules": list(row.rules),
        }
        for row, (reason, product_id) in zip(chosen, reasons, strict=True)
    ]


def as_shown(score: float) -> float:
    """Five digits: more would differ between two machines' arithmetic and mean nothing."""
    return float(f"{score:.5g}")


def reasons_of(
    found: Pool, indices: Sequence[int], inputs: dict, model: Serving | None
) -> list[tuple[str, int | None]]:
    """(kind of reason, product that speaks most for it) for each of these candidates."""
    reasons: list[tuple[str, int | None]] = [(found.sources[index], None) for index in indices]
    if model is None:
        return reasons
    if "because" in inputs:
        return [_as_written(inputs["because"][found.product_ids[index]]) for index in indices]
    personal = [place for place, (source, _pk) in enumerate(reasons) if source == "personal"]
    if personal:
        history = history_of(inputs, model)
        items = np.array([found.items[indices[place]] for place in personal], dtype=np.int64)
        strongest = because(model.shelf.blend, history, items)
        for place, (row, _added) in zip(personal, strongest, strict=True):
            reasons[place] = _of_history(history, row, model)
    anchors = _known_anchors(inputs, model)
    for place, index in enumerate(indices):
        if found.sources[index] in ("similar", "bought_together"):
            anchor = _nearest_anchor(found.sources[index], found.items[index], anchors, model)
            reasons[place] = (found.sources[index], anchor)
        if found.sources[index] == "taken_instead" and inputs["anchors"]:
            reasons[place] = ("taken_instead", inputs["anchors"][0])
    return reasons


def _as_written(because: int) -> tuple[str, int | None]:
    """A reason of the night, as PublishedList has it."""
    if not because:
        return "popular", None
    return ("bought" if because > 0 else "seen"), abs(because)


def _of_history(history: Histories, row: int, model: Serving) -> tuple[str, int | None]:
    if row < 0:
        return "popular", None
    product_id = int(model.recommender.product_ids[history.item_idx[row]])
    return ("bought" if history.bought[row] else "seen"), product_id


def compute(inputs: dict) -> dict:
    """The output again, from the receipt alone and the file of the model that it names."""
    model = serving_of(inputs["run"], inputs["baseline"]) if inputs["run"] else None
    # Through JSON the keys became text.
    keyed = [name for name in ("offers", "because") if name in inputs]
    inputs = inputs | {name: {int(pk): row for pk, row in inputs[name].items()} for name in keyed}
    found = pool(inputs, model, inputs.get("pool_size", 0))
    return {"items": shown(found, placed(found, inputs, model), inputs, model)}


def history_of(inputs: Mapping[str, Any], model: Serving) -> Histories:
    """The person's rows that the model knows, folded as in training."""
    rows = inputs["history"]
    items = model.recommender.item_idx(np.array([row[0] for row in rows], dtype=np.int64)).tolist()
    known = [(item, *row[1:]) for item, row in zip(items, rows, strict=True) if item >= 0]
    return folded(
        [row[0] for row in known],
        [row[1] for row in known],
        [row[2] for row in known],
        [row[3] for row in known],
    )


def _known_anchors(inputs: dict, model: Serving) -> list[tuple[int, int]]:
    """(item, product) of those of the page's or cart's products that the model knows."""
    known = model.recommender.item_idx(np.array(inputs["anchors"], dtype=np.int64)).tolist()
    pairs = zip(known, inputs["anchors"], strict=True)
    return [(item, product_id) for item, product_id in pairs if item >= 0]


def _nearest_anchor(
    source: str, item: int, anchors: list[tuple[int, int]], model: Serving
) -> int | None:
    """The anchor whose link to this item is strongest."""
    if len(anchors) < 2:
        return anchors[0][1] if anchors else None
    near = model.shelf.similar if source == "similar" else model.shelf.together
    return max((link(near, anchor, item), product_id) for anchor, product_id in anchors)[1]
