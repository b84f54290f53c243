"""The event log of every visit: searches, views, carts, purchases. Built column-wise."""

from __future__ import annotations

import numpy as np
import polars as pl

from .catalogue import Catalogue
from .customers import Customers
from .moments import moments
from .orders import Book
from .phrases.absent import ABSENT
from .sessions import Sessions
from .trading import Ledger
from .world import World

SEARCH_RATE = 0.28
ABANDON_RATE = 0.07  # of views that lead to no order
REMOVE_RATE = 0.3  # of abandoned cart lines
SECONDS_A_VIEW = 40
STRANGER_CONSENT = 0.85
MISSPELL_RATE = 0.06
ABSENT_RATE = 0.04  # of searches: for what the shop does not sell


def make_events(world: World, catalogue: Catalogue, customers: Customers, **told) -> pl.DataFrame:
    """`event_id, kind, occurred_at, session, visitor, customer_code, sku, order_number, units,
    query, properties, consent`, in order of time. Who refused analytics leaves purchases only.

    told: `sessions`, `ledger` and `book` of the same world.
    """
    sessions, ledger, book = told["sessions"], told["ledger"], told["book"]
    rng = world.rng("events")
    consent = _consent(rng, sessions, customers)
    views = _views(rng, sessions, ledger, consent)
    pieces = [
        views.drop("bought"),
        _searches(rng, catalogue, customers, views, sessions),
        *_carts(rng, book, views),
        _purchases(book),
    ]
    frame = pl.concat(pieces, how="diagonal_relaxed").sort("session", "second", "step", "sku_idx")
    return _finish(world, catalogue, customers, frame, sessions=sessions, consent=consent)


def _consent(rng: np.random.Generator, sessions: Sessions, customers: Customers) -> np.ndarray:
    """One answer per browser of a stranger, one per customer. Shape (sessions,)."""
    stranger = rng.random(len(sessions)) < STRANGER_CONSENT
    known = sessions.customer_idx >= 0
    return np.where(known, customers.analytics[np.maximum(sessions.customer_idx, 0)], stranger)


def _views(rng, sessions: Sessions, ledger: Ledger, consent: np.ndarray) -> pl.DataFrame:
    """One row per product page: what was looked at, and what was wanted (also when sold out)."""
    looked, asked = ledger.joined("views"), ledger.joined("lines")
    session = np.concatenate([looked["session"], asked["session"]])
    sku = np.concatenate([looked["sku"], asked["sku"]])
    bought = np.repeat([False, True], [len(looked["sku"]), len(asked["sku"])])
    frame = pl.DataFrame(
        {"session": session, "sku_idx": sku, "bought": bought, "luck": rng.random(len(sku))}
    ).filter(pl.Series(consent[session]))
    frame = frame.sort("session", "luck").with_columns(
        rank=pl.int_range(1, pl.len() + 1).over("session")
    )
    start = sessions.start_second[frame["session"].to_numpy()]
    placed = sessions.placed_second[frame["session"].to_numpy()]
    seconds = np.minimum(start + SECONDS_A_VIEW * frame["rank"].to_numpy(), placed - 45)
    return frame.drop("luck", "rank").with_columns(
        second=pl.Series(seconds), step=pl.lit(1), kind=pl.lit("view")
    )


def _searches(rng, catalogue, customers: Customers, views: pl.DataFrame, sessions) -> pl.DataFrame:
    """Some visits begin with words for the first thing that is then looked at."""
    first = views.group_by("session", maintain_order=True).agg(pl.col("sku_idx").first())
    first = first.filter(pl.Series(rng.random(len(first)) < SEARCH_RATE))
    session = first["session"].to_numpy()
    product = catalogue.product_idx[first["sku_idx"].to_numpy()]
    chinese = customers.chinese[sessions.taste_idx[session]]
    words = catalogue.products
    things = words["thing"].str.to_lowercase().to_numpy()[product]
    full = (words["make"] + " " + words["thing"]).str.to_lowercase().to_numpy()[product]
    things_zh = words["thing_zh"].to_numpy()[product]
    draw = rng.random((2, len(first)))
    english = np.where(draw[0] < 0.3, full, things)
    # A swapped pair of letters, as fingers do.
    slips = [w[:2] + w[3:4] + w[2:3] + w[4:] for w in english]
    english = np.where(draw[1] < MISSPELL_RATE, slips, english)
    query = np.where(chinese, things_zh, english).astype(object)
    absent = rng.random(len(first)) < ABSENT_RATE
    thing = rng.integers(0, len(ABSENT), len(first))
    query[absent] = np.array(ABSENT)[thing, chinese.astype(int)][absent]
    found = _results(catalogue, query)
    return first.drop("sku_idx").with_columns(
        query=pl.Series(query.astype(str)),
        properties=pl.Series(
            [f'{{"results": {count}}}' for count in found.tolist()], dtype=pl.String
        ),
        second=pl.Series(sessions.start_second[session]),
        step=pl.lit(0),
        kind=pl.lit("search"),
    )


def _results(catalogue: Catalogue, query: np.ndarray) -> np.ndarray:
    """How many products the shop's own search finds: those whose name holds the words as typed."""
    names = catalogue.products.select(
        pl.col("name").str.to_lowercase(), pl.col("name_zh").str.to_lowercase()
    )
    every, place = np.unique(query.astype(str), return_inverse=True)
    holds = [
        pl.col("name").str.contains(words, literal=True)
        | pl.col("name_zh").str.contains(words, literal=True)
        for words in every.tolist()
    ]
    counts = [names.select(one.sum()).item() for one in holds]
    return np.array(counts, dtype=np.int64)[place]


def _carts(rng, book: Book, views: pl.DataFrame) -> list[pl.DataFrame]:
    """Bought lines pass through the cart; a few others are put there and left or taken out."""
    sold = book.lines.select("session", "sku_idx", units=pl.col("units").cast(pl.Int64))
    bought = views.filter("bought").join(sold, on=["session", "sku_idx"], how="inner")
    views = views.with_columns(units=pl.lit(1, dtype=pl.Int64))
    kept = _cart_rows(bought, "cart_add", 12)
    luck = rng.random(len(views))
    left = views.filter(~pl.col("bought") & pl.Series(luck < ABANDON_RATE))
    removed = left.filter(pl.Series(rng.random(len(left)) < REMOVE_RATE))
    return [kept, _cart_rows(left, "cart_add", 9), _cart_rows(removed, "cart_remove", 30)]


def _cart_rows(views: pl.DataFrame, kind: str, later: int) -> pl.DataFrame:
    return views.select(
        "session",
        "sku_idx",
        second=pl.col("second") + later,
        step=pl.lit(2),
        kind=pl.lit(kind),
        units="units",
    )


def _purchases(book: Book) -> pl.DataFrame:
    return book.lines.select(
        pl.col("session").cast(pl.Int64),
        pl.col("sku_idx").cast(pl.Int64),
        "order_number",
        pl.col("units").cast(pl.Int64),
        second=pl.col("placed_second"),
        step=pl.lit(3),
        kind=pl.lit("purchase"),
    )


def _finish(world, catalogue, customers, frame: pl.DataFrame, **told) -> pl.DataFrame:
    sessions, consent = told["sessions"], told["consent"]
    session = frame["session"].to_numpy()
    known = sessions.signed_in[session] | (frame["kind"] == "purchase").to_numpy()
    customer = np.where(known, sessions.customer_idx[session], -1)
    codes = customers.frame["customer_code"]
    customer_idx = pl.Series(customer)
    frame = frame.with_columns(
        day=pl.Series(sessions.day[session]),
        consent=pl.Series(consent[session]),
        customer_code=codes.gather(customer_idx.replace(-1, None)),
        sku=catalogue.skus["sku"].gather(frame["sku_idx"]),
        device=pl.Series(sessions.device[session]),
    ).with_columns(occurred_at=moments(world, "day", "second"))
    frame = frame.sort("day", "second", "session", "step", maintain_order=True)
    prefix = f"sim{world.seed}"
    return frame.with_row_index("n").select(
        "kind",
        "occurred_at",
        "customer_code",
        "sku",
        "order_number",
        "units",
        "query",
        "properties",
        "consent",
        event_id=pl.format("{}-{}", pl.lit(prefix), pl.col("n") + 1),
        session=pl.format("{}-s{}", pl.lit(prefix), pl.col("session") + 1),
        # Multiplying by an odd number below 2**40 permutes: ids look random and never collide.
        visitor=pl.format("v{}", (pl.col("device") * 668_265_263_7 + 12_345) % 2**40),
    )
