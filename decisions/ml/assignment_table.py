"""A file of who was in which variant and what she did then: read, checked, one row per customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

NEEDED = ("customer_id", "variant", "converted", "revenue")
PRE = "pre_period_revenue"
YES, NO = ("1", "true", "yes", "t", "y", "1.0"), ("0", "false", "no", "f", "n", "0.0")
MOST_VARIANTS = 20
# Words that name a control, the likeliest first; then what comes first in the alphabet.
CONTROL_WORDS = (
    "control", "holdout", "hold-out", "hold_out", "held out", "baseline", "placebo", "no e-mail",
    "no email", "no_email", "no mail", "none", "no", "off", "original", "status quo", "a", "0",
)  # fmt: skip


class AssignmentTableError(ValueError):
    """The file cannot be used; says why in one sentence."""


@dataclass(frozen=True)
class Facts:
    """What was found and what was done about it. ignored_columns: named so that nobody wonders."""

    rows: int
    customers: int
    rows_without_customer_or_variant: int
    repeated_rows: int
    merged_rows: int
    customers_in_two_variants: int
    pre_period_missing: int
    negative_revenues: int
    ignored_columns: list[str]


@dataclass(frozen=True)
class Assignments:
    """Parallel arrays, one entry per customer, in the order of the customers' names.

    variant: index into `variants`. converted: 0 or 1. revenue: in the file's unit. pre: NaN where
    unknown; None where the file has no such column.
    """

    variants: list[str]
    variant: np.ndarray
    converted: np.ndarray
    revenue: np.ndarray
    pre: np.ndarray | None
    facts: Facts


def read_assignments(table: pl.DataFrame) -> Assignments:
    """Check and reduce to one row per customer.

    table: text columns. Raises AssignmentTableError. A line that is there twice counts once; other
    lines of a customer in one variant are added up (converted if any did); who is in two variants
    is in none; empty lines are left out. All of that is counted in `facts`.
    """
    import polars as pl

    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise AssignmentTableError(
            f"The column {missing[0]} is missing: the file needs {', '.join(NEEDED)} "
            f"and may have {PRE}."
        )
    kept = [*NEEDED, PRE] if PRE in table.columns else [*NEEDED]
    ignored = [name for name in table.columns if name not in kept]
    rows = table.select(pl.col(kept).str.strip_chars()).with_row_index("line", offset=2)
    named = rows.filter(_filled("customer_id") & _filled("variant"))
    if not len(named):
        raise AssignmentTableError("The file names no customer with a variant.")
    typed = _typed(named, PRE in kept)
    once = typed.unique(subset=[name for name in typed.columns if name != "line"])
    people, crossed = _per_customer(once)
    variants = _variants(people)
    order = people.sort("customer_id")
    pre = order[PRE].to_numpy() if PRE in kept else None
    facts = Facts(
        rows=len(rows),
        customers=len(order),
        rows_without_customer_or_variant=len(rows) - len(named),
        repeated_rows=len(typed) - len(once),
        merged_rows=int(order["lines"].sum()) - len(order),
        customers_in_two_variants=crossed,
        pre_period_missing=int(np.isnan(pre).sum()) if pre is not None else 0,
        negative_revenues=int((order["revenue"] < 0).sum()),
        ignored_columns=ignored,
    )
    index = {name: number for number, name in enumerate(variants)}
    return Assignments(
        variants,
        np.array([index[name] for name in order["variant"].to_list()], dtype=np.int64),
        order["converted"].to_numpy().astype(float),
        order["revenue"].to_numpy(),
        pre,
        facts,
    )


def find_control(variants: list[str], wanted: str | None) -> tuple[str, str]:
    """The control's name and why it is taken. Raises AssignmentTableError for an unknown one."""
    if wanted is not None:
        if wanted not in variants:
            raise AssignmentTableError(
                f"There is no variant {wanted!r}; the file has {', '.join(variants)}."
            )
        return wanted, "named with --control"
    plain = {name.casefold().strip(): name for name in reversed(variants)}
    for word in CONTROL_WORDS:
        if word in plain:
            return plain[word], f"its name says so ({word})"
    for word in ("control", "holdout", "no ", "no_", "no-"):
        for name in variants:
            if name.casefold().startswith(word) or (len(word) > 4 and word in name.casefold()):
                return name, f"its name says so ({word.strip()})"
    return variants[0], "the first in the alphabet; name another one with --control"


def _filled(name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name).is_not_null() & (pl.col(name) != "")


def _typed(rows: pl.DataFrame, with_pre: bool) -> pl.DataFrame:
    import polars as pl

    word = pl.col("converted").str.to_lowercase()
    yes, no = word.is_in(YES), word.is_in(NO)
    found = rows.with_columns(
        pl.when(yes).then(1.0).when(no).then(0.0).otherwise(None).alias("converted_"),
        pl.col("revenue").cast(pl.Float64, strict=False).alias("revenue_"),
        *([pl.col(PRE).cast(pl.Float64, strict=False).alias("pre_")] if with_pre else []),
    )
    _refuse_first(found, "converted", "neither 1 nor 0", pl.col("converted_").is_null())
    _refuse_first(found, "revenue", "no number", ~_finite("revenue_"))
    names = {"converted_": "converted", "revenue_": "revenue"}
    if with_pre:
        _refuse_first(found, PRE, "no number", _filled(PRE) & ~_finite("pre_"))
        names["pre_"] = PRE
    typed = [pl.col(name).alias(new) for name, new in names.items()]
    return found.select("line", "customer_id", "variant", *typed)


def _finite(name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name).is_not_null() & pl.col(name).is_finite()


def _refuse_first(rows: pl.DataFrame, name: str, what: str, wrong: pl.Expr) -> None:
    bad = rows.filter(wrong.fill_null(True))
    if len(bad):
        line, value = bad.select("line", name).row(0)
        said = f"{value!r}" if value else "empty"
        more = f" ({len(bad) - 1} more such lines)" if len(bad) > 1 else ""
        raise AssignmentTableError(f"Line {line}: {name} is {said}, which is {what}{more}.")


def _per_customer(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    import polars as pl

    added = [
        pl.col("variant").first(),
        pl.col("variant").n_unique().alias("variants"),
        pl.col("converted").max(),
        pl.col("revenue").sum(),
        pl.len().alias("lines"),
    ]
    if PRE in rows.columns:  # the same before, whatever came after
        added.append(pl.col(PRE).max().fill_null(float("nan")))
    people = rows.group_by("customer_id").agg(added)
    one = people.filter(pl.col("variants") == 1)
    return one, len(people) - len(one)


def _variants(people: pl.DataFrame) -> list[str]:
    variants = sorted(people["variant"].unique().to_list())
    if len(variants) < 2:
        raise AssignmentTableError(
            "The file needs at least two variants with customers of their own, "
            f"it has {len(variants)}."
        )
    if len(variants) > MOST_VARIANTS:
        raise AssignmentTableError(
            f"The column variant holds {len(variants)} different values, more than "
            f"{MOST_VARIANTS}: is it really the variant?"
        )
    return variants
