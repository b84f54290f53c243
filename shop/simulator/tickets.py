"""Tickets: each has a cause in the shop's history, an intent and a feeling that are known."""

from __future__ import annotations

import numpy as np
import polars as pl

from .answers import answers
from .catalogue import Catalogue
from .customers import Customers
from .moments import moments
from .orders import Book, returned_lines
from .phrases.goods import SHELVES
from .phrases.questions import (
    BODIES,
    CLOSINGS,
    GREETINGS,
    INTENTS,
    LEAF_BODIES,
    SUBJECTS,
)
from .sessions import Sessions
from .trading import Ledger
from .world import World

LEAF_SHELVES = {"green-white-tea", "dark-tea"}
TYPO_RATE = 0.12
OPEN_DAYS = 4  # newer tickets still wait for an answer
AGENT_LABEL_RATE = 0.7
AGENT_ERROR_RATE = 0.04
WRITES_ENGLISH_RATE = 0.07  # of the Chinese customers
CHANNELS = (("email", 0.55), ("chat", 0.30), ("web", 0.15))
# Chance per order that nothing in particular explains.
BACKGROUND = {
    "where_is_my_order": (0.03, 2, 7),
    "change_address": (0.006, 0, 1),
    "invoice": (0.008, 1, 12),
    "payment": (0.005, 0, 2),
    "praise": (0.008, 18, 28),  # after the latest delivery
    "complaint": (0.002, 5, 15),
}
EVENING_SECOND = 22 * 3600 + 3000  # after the last order of the day


def make_tickets(world: World, catalogue: Catalogue, customers: Customers, **told):
    """(import frame, truth), in order of time. told: `sessions`, `ledger`, `book`."""
    rng = world.rng("tickets")
    causes = pl.concat(
        [
            *_order_causes(rng, told["book"]),
            *_line_causes(rng, world, told["book"]),
            _sold_out(rng, told["sessions"], told["ledger"]),
            _curious(rng, told["sessions"], told["ledger"]),
        ],
        how="diagonal_relaxed",
    ).with_columns(pl.col("intent").cast(pl.String))
    second = rng.integers(8 * 3600, 22 * 3600, len(causes))
    # Written on the day of the order: after it, so that its number is known.
    causes = causes.with_columns(
        second=pl.when(pl.col("same_day")).then(EVENING_SECOND).otherwise(pl.Series(second))
    ).filter((pl.col("day") < world.days) & (pl.col("customer_idx") >= 0))
    causes = causes.sort("day", "second", "intent", "customer_idx", "sku_idx", "order_number")
    rows = [_write(rng, catalogue, customers, cause) for cause in causes.iter_rows(named=True)]
    frame = causes.hstack(pl.DataFrame(rows)).with_columns(
        created_at=moments(world, "day", "second"),
        number=pl.format("K{}", pl.int_range(1, pl.len() + 1) + 5000),
    )
    answered = world.days - 1 - frame["day"].to_numpy() >= OPEN_DAYS
    frame = frame.hstack(answers(world, frame, answered))
    imported = frame.with_columns(**_worked_on(rng, world, frame)).select(
        "number", "customer_code", "email", "channel", "state", "intent",
        "subject", "body", "created_at", "first_response_at", "csat",
    )  # fmt: skip
    truth = frame.select(
        "number", "intent", "sentiment", "urgency", "language", "order_number", "sku_idx",
        "wait_hours", "content_chance",
    )  # fmt: skip
    return imported, truth


def _worked_on(rng: np.random.Generator, world: World, frame: pl.DataFrame) -> dict[str, pl.Series]:
    """What the support desk did: old tickets are closed, and most were given a kind by an agent.

    Agents err now and then, so the label is data, not the truth.
    """
    count = len(frame)
    age = world.days - 1 - frame["day"].to_numpy()
    state = np.where(age >= 30, "closed", np.where(age >= OPEN_DAYS, "solved", "open"))
    slip = rng.random(count) < AGENT_ERROR_RATE
    other = rng.choice(np.array(sorted(INTENTS)), count)
    said = np.where(slip, other, frame["intent"].to_numpy())
    labelled = (age >= OPEN_DAYS) & (rng.random(count) < AGENT_LABEL_RATE)
    named = pl.select(pl.when(pl.Series(labelled)).then(pl.Series(said.astype(str)))).to_series()
    return {"state": pl.Series(state), "intent": named}


def _order_causes(rng: np.random.Generator, book: Book) -> list[pl.DataFrame]:
    first = book.lines.group_by("order_idx", maintain_order=True).agg(pl.col("sku_idx").first())
    orders = book.orders.join(first, on="order_idx", maintain_order="left")
    causes = []
    for intent, (rate, soonest, latest) in BACKGROUND.items():
        chosen = orders.filter(pl.Series(rng.random(len(orders)) < rate) & ~pl.col("cancelled"))
        causes.append(_cause(rng, chosen, intent, "day", (soonest, latest)))
    late = orders.filter(pl.col("late") & ~pl.col("cancelled"))
    asks = late.filter(pl.Series(rng.random(len(late)) < 0.35))
    causes.append(_cause(rng, asks, "where_is_my_order", "ship_day", (4, 8)))
    angry = late.filter(pl.Series(rng.random(len(late)) < 0.08))
    causes.append(_cause(rng, angry, "complaint", "delivery_day", (0, 3)))
    cancelled = orders.filter("cancelled")
    told = cancelled.filter(pl.Series(rng.random(len(cancelled)) < 0.7))
    causes.append(_cause(rng, told, "cancel", "day", (0, 1)))
    return causes


def _line_causes(rng: np.random.Generator, world: World, book: Book) -> list[pl.DataFrame]:
    dates = book.orders.select("order_idx", "customer_idx", "delivery_day", "cancelled")
    lines = book.lines.drop("cancelled").join(dates, on="order_idx", maintain_order="left")
    broken = lines.filter(pl.col("defective") & ~pl.col("cancelled"))
    broken = broken.filter(pl.Series(rng.random(len(broken)) < 0.5))
    back = returned_lines(world, book).filter(~pl.col("defective"))
    back = back.join(dates.drop("cancelled"), on="order_idx", maintain_order="left")
    back = back.filter(pl.Series(rng.random(len(back)) < 0.5))
    return [
        _cause(rng, broken, "damaged", "delivery_day", (0, 4)),
        _cause(rng, back, "return_refund", "delivery_day", (1, 3)),
    ]


def _cause(rng, rows: pl.DataFrame, intent: str, after: str, days: tuple[int, int]) -> pl.DataFrame:
    later = rng.integers(*days, len(rows))
    frame = rows.select(
        "customer_idx",
        "sku_idx",
        "order_number",
        "delivery_day",
        ordered_day="day",
        day=pl.col(after) + pl.Series(later),
    )
    if intent == "where_is_my_order":  # nobody asks for what has arrived
        frame = frame.filter(pl.col("day") < pl.col("delivery_day"))
    return frame.drop("delivery_day").with_columns(
        intent=pl.lit(intent), same_day=pl.col("day") == pl.col("ordered_day")
    )


def _sold_out(rng: np.random.Generator, sessions: Sessions, ledger: Ledger) -> pl.DataFrame:
    """Who wanted something that was gone asks when it will be back."""
    asked = ledger.joined("lines")
    missed = np.flatnonzero((asked["wanted_units"] > 0) & (asked["units"] == 0))
    missed = missed[rng.random(len(missed)) < 0.05]
    return _from_sessions(sessions, asked["session"][missed], asked["sku"][missed], "restock")


def _curious(rng: np.random.Generator, sessions: Sessions, ledger: Ledger) -> pl.DataFrame:
    looked = ledger.joined("views")
    chosen = np.flatnonzero(rng.random(len(looked["sku"])) < 0.0012)
    return _from_sessions(
        sessions, looked["session"][chosen], looked["sku"][chosen], "product_question"
    )


def _from_sessions(sessions: Sessions, session, sku, intent: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_idx": sessions.customer_idx[session],
            "sku_idx": sku,
            "day": sessions.day[session],
            "ordered_day": sessions.day[session],
        }
    ).with_columns(intent=pl.lit(intent), same_day=pl.lit(True))


def _write(rng, catalogue: Catalogue, customers: Customers, cause: dict) -> dict:
    who, intent = cause["customer_idx"], cause["intent"]
    chinese = bool(customers.chinese[who]) and rng.random() > WRITES_ENGLISH_RATE
    language = "zh" if chinese else "en"
    product = int(catalogue.product_idx[cause["sku_idx"]])
    leaf = SHELVES[catalogue.category_idx[product]].code in LEAF_SHELVES
    slots = _slots(rng, catalogue.products, product, cause, lower=not (chinese or leaf))
    name = customers.frame["name"][who]
    slots["name"] = name if chinese else name.split()[0]
    if chinese:
        slots["thing"] = catalogue.products["thing_zh"][product]
    bodies = LEAF_BODIES.get(intent, BODIES[intent]) if leaf else BODIES[intent]
    body = _pick(rng, bodies[language]).format(**slots)
    body = body[0].upper() + body[1:]
    if not chinese and rng.random() < TYPO_RATE:
        body = _typo(rng, body)
    closing = _pick(rng, CLOSINGS[language]).format(**slots)
    feelings, urgency, _needs_order = INTENTS[intent]
    parts = (_pick(rng, GREETINGS[language]), body, closing)
    return {
        "customer_code": customers.frame["customer_code"][who],
        "email": customers.frame["email"][who],
        "name": name,
        "channel": str(rng.choice([c for c, _ in CHANNELS], p=[p for _, p in CHANNELS])),
        "subject": _pick(rng, SUBJECTS[intent][language]).format(**slots),
        "body": ("" if chinese else "\n\n").join(part for part in parts if part),
        "sentiment": _pick(rng, feelings),
        "urgency": urgency,
        "language": language,
    }


def _slots(rng, products: pl.DataFrame, product: int, cause: dict, *, lower: bool) -> dict:
    thing = products["thing"][product]
    plural = thing.endswith("s")
    return {
        "number": _number(rng, cause["order_number"] or ""),
        "thing": thing.lower() if lower else thing,
        "days": max(cause["day"] - cause["ordered_day"], 2),
        "is": "are" if plural else "is",
        "has": "have" if plural else "has",
        "was": "were" if plural else "was",
        "does": "do" if plural else "does",
    }


def _pick(rng: np.random.Generator, bank: tuple[str, ...]) -> str:
    return bank[rng.integers(len(bank))]


def _number(rng: np.random.Generator, number: str) -> str:
    """As people write it: mostly copied, now and then in their own way."""
    if not number:
        return ""
    forms = (number, number, number, f"#{number}", number.lower(), f"{number[:2]} {number[2:]}")
    return forms[rng.integers(len(forms))]


def _typo(rng: np.random.Generator, text: str) -> str:
    """Two neighbouring letters of one longer word change places. Numbers stay as they are."""
    words = text.split(" ")
    long = [
        n for n, word in enumerate(words) if word.isalpha() and word.isascii() and len(word) > 4
    ]
    if not long:
        return text
    n = long[rng.integers(len(long))]
    at = int(rng.integers(1, len(words[n]) - 2))
    word = words[n]
    words[n] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
