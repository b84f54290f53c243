"""tiers: the terms of tier programmes, one row per tier, the programme's own columns repeated."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _

from marketing.models import TierFigure, TierProgramme
from marketing.services.tiers.programmes import (
    Terms,
    TierError,
    TierTerms,
    change_programme,
    create_programme,
    terms_of,
)
from shop.importers.columns import choice, code, day, money, text, whole
from shop.importers.registry import importer
from shop.importers.run import Chunk
from shop.importers.table import LINE
from shop.money import from_minor

TIERS = [
    code("programme", max_length=40, required=True, about="The programme's code."),
    text("programme_name", max_length=100, required=True),
    text("programme_name_zh", max_length=100),
    choice("figure", TierFigure.values, required=True),
    whole("window_days", low=7, high=1095, about="365 where empty."),
    whole("grace_days", low=0, high=366, about="30 where empty."),
    day("starts_on", required=True),
    day("ends_on", about="The last day; no end where empty."),
    code("tier", max_length=40, required=True, about="The tier's code."),
    text("tier_name", max_length=60, required=True),
    text("tier_name_zh", max_length=60),
    money("enter_at", required=True, about="What wins it; orders are whole numbers."),
    money("stay_at", about="What keeps it; as much as wins it where empty."),
    code("offer_code", max_length=40, about="Coupon offer of which each member gets one."),
]


@importer("tiers", TIERS)
def load_tiers(rows: pl.DataFrame, chunk: Chunk) -> None:
    """A new programme is a draft; of one that is there the terms change, and a tier that the file does
    not name stays. Who is in which tier is no file's to say: the looks find it from the facts."""
    keys = rows.select(pl.concat_str("programme", "tier", separator="/")).to_series()
    rows = rows.with_columns(_first=chunk.first_time(keys))
    rows = chunk.reject(rows, ~pl.col("_first"), "tier", "is repeated for this programme")
    came: dict[str, int] = {"new": 0, "changed": 0, "unchanged": 0}
    by_code: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.iter_rows(named=True):
        by_code[row["programme"]].append(row)
    refused: dict[str, list[int]] = defaultdict(list)
    for programme_code, group in by_code.items():
        try:
            came[_take(programme_code, group)] += len(group)
        except TierError as error:
            refused[str(error)] += [row[LINE] for row in group]
    for reason, lines in refused.items():
        rows = chunk.reject(rows, pl.col(LINE).is_in(lines), "programme", reason)
    chunk.count(**came)
    chunk.wrote("tiers", came["new"] + came["changed"])


def _take(programme_code: str, group: list[dict[str, Any]]) -> str:
    """What became of it. Raises TierError."""
    known = TierProgramme.objects.filter(code=programme_code).first()
    terms = _terms(known, group)
    if known is None:
        create_programme(programme_code, terms)
        return "new"
    before = known.revision
    return "changed" if change_programme(known, terms).revision != before else "unchanged"


def _terms(known: TierProgramme | None, group: list[dict[str, Any]]) -> Terms:
    first = group[0]
    tiers = {one.code: one for one in terms_of(known).tiers} if known else {}
    tiers |= {row["tier"]: _tier(row, first["figure"]) for row in group}
    return Terms(
        name=first["programme_name"],
        name_zh=first["programme_name_zh"] or "",
        figure=first["figure"],
        window_days=first["window_days"] or 365,
        grace_days=30 if first["grace_days"] is None else first["grace_days"],
        starts_on=first["starts_on"],
        ends_on=first["ends_on"],
        tiers=tuple(sorted(tiers.values(), key=lambda one: one.enter_at)),
    )


def _tier(row: dict[str, Any], figure: str) -> TierTerms:
    stay = row["enter_at"] if row["stay_at"] is None else row["stay_at"]
    enter, stay = (_unit(value, figure) for value in (row["enter_at"], stay))
    return TierTerms(
        row["tier"],
        row["tier_name"],
        enter,
        stay,
        row["tier_name_zh"] or "",
        row["offer_code"] or "",
    )


def _unit(minor: int, figure: str) -> int:
    """Orders stand in the money column as whole numbers."""
    if figure != TierFigure.ORDERS:
        return minor
    orders = from_minor(minor)
    if orders != orders.to_integral_value():
        raise TierError(_("Orders are whole numbers."))
    return int(orders)
