"""Compose a draft from records alone: every sentence cites one, or a person is asked instead.

Pure and deterministic, so that the receipt of a draft can be computed again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .reply_words import WORDS, say_date

SURE_ENOUGH = 0.3  # below this the question itself is a guess among twelve kinds
UPSET = -0.55  # of −1 … 1; with a complaint, a person answers
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
# Which kinds of question an order's state answers, and which it only introduces.
_ORDER_ANSWERS = ("where_is_my_order", "cancel", "change_address")
_ORDER_INTRODUCES = ("return_refund", "damaged", "invoice", "payment")


class UnprovenFigureError(Exception):
    """A sentence holds a figure that none of its records holds: a fault of the templates."""


@dataclass
class _Reply:
    """Sentences with their marks; a record is numbered when it is first cited."""

    language: str
    citations: list[dict] = field(default_factory=list)
    sentences: list[dict] = field(default_factory=list)
    answers: bool = False

    def cite(self, kind: str, ref: str, label: str, text: str) -> int:
        for row in self.citations:
            if (row["kind"], row["ref"], row["text"]) == (kind, ref, text):
                return row["n"]
        number = len(self.citations) + 1
        row = {"n": number, "kind": kind, "ref": ref, "label": label, "text": text}
        self.citations.append(row)
        return number

    def say(self, word: str, mark: int, *, answers: bool = False, **slots: str) -> None:
        text = WORDS[self.language][word].format(**slots)
        self.sentences.append({"text": text, "cites": [mark]})
        self.answers = self.answers or answers


def compose_reply(inputs: dict[str, Any]) -> dict[str, Any]:
    """Draft, or the cause why a person must answer.

    inputs: language, intent, confidence, sentiment, wants_person, risk, name, shop, message,
        order, returns, stock, passages; see `support.frames.reply_inputs`.
    returns: handoff ("" or a cause), body, sentences and citations.
    Raises UnprovenFigureError.
    """
    cause = _needs_person(inputs)
    if cause:
        return {"handoff": cause, "body": "", "sentences": [], "citations": []}
    reply = _Reply(inputs["language"])
    _say_order(reply, inputs)
    _say_returns(reply, inputs)
    _say_stock(reply, inputs)
    _say_passages(reply, inputs)
    if inputs["intent"] == "praise" and not reply.answers:
        mark = reply.cite("message", inputs["message"]["ref"], "", inputs["message"]["text"])
        reply.say("thanks", mark, answers=True)
    if not reply.answers:
        return {"handoff": "no_record", "body": "", "sentences": [], "citations": []}
    check_figures(reply.sentences, reply.citations)
    return {
        "handoff": "",
        "body": _body(reply, inputs),
        "sentences": reply.sentences,
        "citations": reply.citations,
    }


def check_figures(sentences: list[dict], citations: list[dict]) -> None:
    """Every figure of a sentence stands in a record that it cites. Raises UnprovenFigureError."""
    records = {row["n"]: set(_NUMBER.findall(f"{row['label']} {row['text']}")) for row in citations}
    for sentence in sentences:
        proven = set().union(*(records[mark] for mark in sentence["cites"]))
        stray = set(_NUMBER.findall(sentence["text"])) - proven
        if stray:
            raise UnprovenFigureError(f"{', '.join(sorted(stray))} in {sentence['text']!r}")


def without_marks(body: str) -> str:
    """What the customer gets: the draft without its citation marks."""
    return re.sub(r" ?\[\d{1,2}\]", "", body)


def _needs_person(inputs: dict[str, Any]) -> str:
    if inputs["language"] not in WORDS:
        return "language"
    if inputs["risk"]:
        return "risk"
    if inputs["wants_person"]:
        return "asked_for_person"
    if inputs["intent"] == "complaint" and inputs["sentiment"] < UPSET:
        return "angry"
    return "unsure" if inputs["confidence"] < SURE_ENOUGH else ""


def _say_order(reply: _Reply, inputs: dict[str, Any]) -> None:
    order, intent = inputs["order"], inputs["intent"]
    if not order or intent not in (*_ORDER_ANSWERS, *_ORDER_INTRODUCES):
        return
    # The latest order is a fair answer to "where is it?"; that it is the broken one is a guess.
    if intent in _ORDER_INTRODUCES and not order["was_named"]:
        return
    record = order_record(order, reply.language)
    mark = reply.cite("order", order["number"], order["number"], record)
    if not order["was_named"]:
        reply.say("latest", mark)
    on = order["dates"].get(order["state"])
    word = f"{order['state']}_on" if on else order["state"]
    slots = {"number": order["number"], "placed": say_date(order["placed_on"], reply.language)}
    if on:
        slots["on"] = say_date(on, reply.language)
    reply.say(word, mark, answers=intent in _ORDER_ANSWERS, **slots)
    if order["tracking"] and intent == "where_is_my_order":
        reply.say("tracking", mark, tracking=order["tracking"])
    if intent == "cancel":
        reply.say(_cancel_word(order), mark)
    if intent == "change_address" and order["state"] != "cancelled":
        reply.say("can_redirect" if order["can_cancel"] else "cannot_redirect", mark)
    if intent == "payment":
        reply.say("total", mark, answers=True, total=order["total"])


def _cancel_word(order: dict) -> str:
    if order["state"] == "cancelled":
        return "is_cancelled"
    return "can_cancel" if order["can_cancel"] else "cannot_cancel"


def order_record(order: dict[str, Any], language: str) -> str:
    """The order as one line, in the words of the reply: what a reader checks a sentence against."""
    parts = [order["number"], order["state"], say_date(order["placed_on"], language)]
    parts += [f"{state} {say_date(on, language)}" for state, on in sorted(order["dates"].items())]
    return " · ".join(part for part in (*parts, order["tracking"], order["total"]) if part)


def _say_returns(reply: _Reply, inputs: dict[str, Any]) -> None:
    if inputs["intent"] not in ("return_refund", "payment"):
        return
    for row in inputs["returns"]:
        on = say_date(row["on"], reply.language)
        mark = reply.cite(
            "return", row["number"], row["number"], f"{row['number']} · {on} · {row['refund']}"
        )
        reply.say("refund", mark, answers=True, refund=row["refund"], on=on, number=row["number"])


def _say_stock(reply: _Reply, inputs: dict[str, Any]) -> None:
    if inputs["intent"] not in ("restock", "product_question"):
        return
    for row in inputs["stock"]:
        label = f"{row['name']} ({row['sku']})"
        mark = reply.cite("stock", row["sku"], label, f"{label} · {row['at']}")
        word = "in_stock" if row["is_available"] else "no_stock"
        reply.say(
            word, mark, answers=inputs["intent"] == "restock", name=row["name"], sku=row["sku"]
        )


def _say_passages(reply: _Reply, inputs: dict[str, Any]) -> None:
    for row in inputs["passages"]:
        mark = reply.cite("passage", row["code"], row["title"], row["text"])
        reply.say("passage", mark, answers=True, title=row["title"], text=row["text"])


def _body(reply: _Reply, inputs: dict[str, Any]) -> str:
    words = WORDS[reply.language]
    hello = words["hello"].format(name=inputs["name"]) if inputs["name"] else words["hello_nobody"]
    lines = [
        f"{sentence['text']} {''.join(f'[{mark}]' for mark in sentence['cites'])}"
        for sentence in reply.sentences
    ]
    if inputs["sentiment"] < -0.2 or inputs["intent"] in ("damaged", "complaint"):
        lines.insert(0, words["sorry"])
    return "\n\n".join([hello, "\n".join(lines), words["bye"].format(shop=inputs["shop"])])
