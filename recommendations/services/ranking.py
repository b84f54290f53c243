"""From the inputs of a receipt to its output: no database but the model's file, so it replays."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.ml.candidates import Candidates, Case, because, candidates
from recommendations.ml.interactions import Histories, one_history
from recommendations.services.live_model import Serving, serving_of


def pool(inputs: dict, model: Serving | None, most: int) -> list[dict]:
    """Candidates in order: product_id, source, score; what the model does not know comes last.

    Excluded products, anchors and what the person has bought are not in it.
    """
    barred = {*inputs["exclude"], *inputs["anchors"]}
    barred |= {row[0] for row in inputs["history"] if row[3]}
    rows = _as_rows(candidates(model.shelf, _case(inputs, model), most), model) if model else []
    known = barred | {row["product_id"] for row in rows}
    wide = [_row(pk, "shop_wide", 0.0) for pk in inputs["shop_wide"] if pk not in known]
    return [*rows, *wide][:most]


def with_reasons(chosen: list[dict], inputs: dict, model: Serving | None) -> list[dict]:
    """The same rows with `reason` and `because`: the product that speaks most for each."""
    result = []
    for row, (reason, product_id) in zip(chosen, _reasons(chosen, inputs, model), strict=True):
        result.append(row | {"reason": reason, "because": product_id})
    return result


def _reasons(
    chosen: list[dict], inputs: dict, model: Serving | None
) -> list[tuple[str, int | None]]:
    """(kind of reason, product) per row."""
    reasons: list[tuple[str, int | None]] = [(row["source"], None) for row in chosen]
    if model is None:
        return reasons
    personal = [place for place, row in enumerate(chosen) if row["source"] == "personal"]
    history = history_of(inputs, model)
    items = np.array([chosen[place]["item_idx"] for place in personal], dtype=np.int64)
    strongest = because(model.shelf.blend, history, items)
    for place, (row, _added) in zip(personal, strongest, strict=True):
        reasons[place] = ("popular", None)
        if row >= 0:
            product_id = int(model.recommender.product_ids[history.item_idx[row]])
            reasons[place] = ("bought" if history.bought[row] else "seen", product_id)
    for place, shown in enumerate(chosen):
        if shown["source"] in ("similar", "bought_together"):
            anchor = _nearest_anchor(shown, inputs["anchors"], model)
            reasons[place] = (shown["source"], anchor)
    return reasons


def picked(chosen: list[dict], offered: dict[int, Any]) -> dict:
    """The receipt's output."""
    return {
        "items": [
            {
                "product_id": row["product_id"],
                "sku": getattr(offered[row["product_id"]], "sku", offered[row["product_id"]]),
                "source": row["source"],
                "score": row["score"],
                "reason": row["reason"],
                "because": row["because"],
            }
            for row in chosen
        ]
    }


def compute(inputs: dict) -> dict:
    """The output again, from the receipt alone and the file of the model that it names."""
    model = serving_of(inputs["run"], inputs["baseline"]) if inputs["run"] else None
    offered = {int(product_id): sku for product_id, sku in inputs["offers"].items()}
    rows: list[dict] = []
    for size in (200, 2_000, 20_000):
        rows = [row for row in pool(inputs, model, size) if row["product_id"] in offered]
        if len(rows) >= len(offered):
            break
    return picked(with_reasons(rows, inputs, model), offered)


def _case(inputs: dict, model: Serving) -> Case:
    history = history_of(inputs, model)
    known = model.recommender.item_idx
    named = known(np.array([*inputs["anchors"], *inputs["exclude"]], dtype=np.int64))
    anchors = known(np.array(inputs["anchors"], dtype=np.int64))
    barred = np.union1d(named[named >= 0], history.item_idx[history.bought])
    return Case(
        inputs["placement"],
        history,
        anchors[anchors >= 0],
        np.array(inputs["categories"], dtype=np.int64),
        barred,
    )


def history_of(inputs: dict, model: Serving) -> Histories:
    """The person's rows that the model knows, folded as in training."""
    columns = list(zip(*inputs["history"], strict=True)) or [(), (), (), ()]
    item = model.recommender.item_idx(np.array(columns[0], dtype=np.int64))
    known = item >= 0
    return one_history(
        item[known],
        np.array(columns[1], dtype=np.float32)[known],
        np.array(columns[2], dtype=np.float64)[known],
        np.array(columns[3], dtype=bool)[known],
    )


def _as_rows(found: Candidates, model: Serving) -> list[dict]:
    ids = model.recommender.product_ids
    return [
        _row(int(ids[item]), source, score) | {"item_idx": item}
        for item, source, score in zip(found.items, found.sources, found.scores, strict=True)
    ]


def _row(product_id: int, source: str, score: float) -> dict:
    # Five digits: more would differ between two machines' arithmetic and mean nothing.
    return {"product_id": product_id, "source": source, "score": float(f"{score:.5g}")}


def _nearest_anchor(row: dict, anchors: list[int], model: Serving) -> int | None:
    """Of the page's or cart's products the one whose link to this item is strongest."""
    shelf = model.shelf
    source = shelf.similar if row["source"] == "similar" else shelf.together
    known = model.recommender.item_idx(np.array(anchors, dtype=np.int64))
    links = [
        (float(source.weights[idx, row["item_idx"]]), product_id)
        for idx, product_id in zip(known.tolist(), anchors, strict=True)
        if idx >= 0
    ]
    return max(links)[1] if links else None
