"""Reviews whose rating has known causes and whose words follow the rating."""

from __future__ import annotations

import numpy as np
import polars as pl

from .catalogue import Catalogue
from .customers import Customers
from .moments import moments
from .orders import Book
from .phrases.goods import SHELVES
from .phrases.opinions import BUT, MIX, TITLES, WORDS
from .world import World

REVIEW_RATE = 0.07
REVIEW_RATE_DEFECTIVE = 0.25
ANONYMOUS_RATE = 0.08


def make_reviews(
    world: World, catalogue: Catalogue, customers: Customers, book: Book
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(import frame, truth). rating = 4.15 + quality + fit - defect - delay + noise, rounded."""
    rng = world.rng("reviews")
    lines = _reviewed_lines(rng, world, book)
    product = catalogue.product_idx[lines["sku_idx"].to_numpy()]
    who = lines["customer_idx"].to_numpy()
    fit = np.einsum("ij,ij->i", customers.taste[who], catalogue.factors[product])
    score = (
        4.15
        + 0.45 * catalogue.quality[product]
        + 0.12 * np.clip(fit, -3, 3)
        - 2.4 * lines["defective"].to_numpy()
        - 0.9 * lines["late"].to_numpy()
        + rng.normal(0, 0.7, len(lines))
    )
    rating = np.clip(np.round(score), 1, 5).astype(int)
    chinese = customers.chinese[who] & (rng.random(len(lines)) > 0.06)
    texts = [
        _write(rng, catalogue, int(product[n]), int(rating[n]), "zh" if chinese[n] else "en", late)
        for n, late in enumerate(lines["late"])
    ]
    lines = lines.with_columns(
        rating=pl.Series(rating),
        language=pl.Series(np.where(chinese, "zh", "en")),
        title=pl.Series([title for title, _b, _a in texts], dtype=pl.String),
        body=pl.Series([body for _t, body, _a in texts], dtype=pl.String),
        aspects=pl.Series([aspects for _t, _b, aspects in texts], dtype=pl.String),
        score=pl.Series(score),
        written_at=moments(world, "written_day", "written_second"),
        review_id=pl.format("R{}", pl.int_range(1, pl.len() + 1)),
    )
    return _for_import(rng, customers, lines), _truth(lines)


def _reviewed_lines(rng: np.random.Generator, world: World, book: Book) -> pl.DataFrame:
    orders = book.orders.select("order_idx", "customer_idx", "delivery_day", "late", "state")
    lines = book.lines.drop("cancelled").join(orders, on="order_idx", maintain_order="left")
    chance = np.where(lines["defective"], REVIEW_RATE_DEFECTIVE, REVIEW_RATE)
    chosen = pl.Series(rng.random(len(lines)) < chance)
    lines = lines.with_columns(
        written_day=pl.col("delivery_day") + pl.Series(rng.integers(2, 21, len(lines))),
        written_second=pl.Series(rng.integers(8 * 3600, 22 * 3600, len(lines))),
    )
    inside = (pl.col("written_day") < world.days) & (pl.col("state") == "delivered")
    return lines.filter(chosen & inside).sort(
        "written_day", "written_second", "order_idx", "sku_idx"
    )


def _write(rng, catalogue: Catalogue, product: int, rating: int, language: str, late: bool):
    """(title, body, aspects): as many good and bad sentences as the rating calls for."""
    department = SHELVES[catalogue.category_idx[product]].department
    tea_leaf = department == "tea" and catalogue.category_idx[product] < 2
    aspects = ["taste", "taste", "value"] if tea_leaf else ["quality", "use", "look", "value"]
    good, bad = MIX[rating][rng.integers(len(MIX[rating]))]
    complaints = ["delivery"] if late and bad else []
    order = [str(aspect) for aspect in rng.permutation(np.array(sorted(set(aspects))))]
    complaints = (complaints + order + ["delivery", "quality"])[:bad]
    praise = ([a for a in order if a not in complaints] + ["delivery", "quality"])[:good]
    thing = catalogue.products["thing_zh" if language == "zh" else "thing"][product]
    parts = [_sentence(rng, aspect, "positive", language) for aspect in praise]
    grumbles = [_sentence(rng, aspect, "negative", language) for aspect in complaints]
    if praise and complaints:
        grumbles[0] = BUT[language] + _continued(grumbles[0], language)
    parts += grumbles
    titles = TITLES[rating][language]
    body = (" " if language == "en" else "").join(parts)
    named = body.format(thing=thing.lower() if language == "en" else thing)
    told = [f"{aspect}+" for aspect in praise] + [f"{aspect}-" for aspect in complaints]
    return titles[rng.integers(len(titles))], named, " ".join(told)


def _continued(sentence: str, language: str) -> str:
    """A sentence that goes on after "That said, "."""
    if language == "zh" or sentence.startswith("I "):
        return sentence
    return sentence[0].lower() + sentence[1:]


def _sentence(rng, aspect: str, feeling: str, language: str) -> str:
    bank = WORDS[aspect][feeling][language]
    return bank[rng.integers(len(bank))]


def _for_import(rng, customers: Customers, lines: pl.DataFrame) -> pl.DataFrame:
    codes = customers.frame["customer_code"].gather(lines["customer_idx"])
    anonymous = pl.Series(rng.random(len(lines)) < ANONYMOUS_RATE)
    return lines.with_columns(customer_code=codes).select(
        "review_id",
        "sku",
        pl.when(~anonymous).then("customer_code").alias("customer_code"),
        "rating",
        "title",
        "body",
        "language",
        "written_at",
    )


def _truth(lines: pl.DataFrame) -> pl.DataFrame:
    rating = pl.col("rating")
    sentiment = (
        pl.when(rating >= 4)
        .then(pl.lit("positive"))
        .when(rating <= 2)
        .then(pl.lit("negative"))
        .otherwise(pl.lit("neutral"))
    )
    return lines.select(
        "review_id", "language", "aspects", "defective", "late", "score", sentiment=sentiment
    )
