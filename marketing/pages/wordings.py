"""Rulings on wordings as they are shown: beside a refused sentence, and all of them in a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, Count, When
from django.utils.translation import gettext as _

from language.claims import Fact, wording_of
from language.statements import sentences_of
from marketing.models import RulingState, WordingRuling
from marketing.texts.review import Review
from marketing.texts.wordings import open_to_ruling

PER_PAGE = 50


@dataclass(frozen=True)
class Question:
    """A refused sentence on which a person may rule, as it is asked for; is_asked: it waits already."""

    sentence: str
    language: str
    is_asked: bool


def waiting_wordings(reviews: Iterable[tuple[str, Review]]) -> frozenset[tuple[str, str]]:
    """(language, wording) of what was asked for and waits. One query where a text (language, review) is
    refused, else none."""
    languages = {language for language, found in reviews if found.refused}
    if not languages:
        return frozenset()
    rows = WordingRuling.objects.filter(state=RulingState.PENDING, language__in=languages)
    return frozenset(rows.values_list("language", "words"))


def questions(
    parts: Mapping[str, str],
    found: Review,
    language: str,
    waiting: Collection[tuple[str, str]],
) -> dict[str, Question]:
    """By the sentence as review.sentence_at cuts it."""
    return {
        shown: Question(asked, language, (language, _wording(asked)) in waiting)
        for shown, asked in open_to_ruling(parts, found).items()
    }


def ruled_sentences(parts: Mapping[str, str], facts: Iterable[Fact]) -> list[str]:
    """Those of a text that a person ruled to state nothing, whether or not the check would mind them."""
    ruled = {fact.text for fact in facts if fact.kind == "ruling"}
    found = [
        text[slice(*span)].strip()
        for text in parts.values()
        for span in sentences_of(text)
        if wording_of(text, span) in ruled
    ]
    return list(dict.fromkeys(found))


def rulings_page(state: str, page: str | None) -> dict[str, Any]:
    """state: of which ones; anything else: all. A fixed number of queries."""
    counts = dict(WordingRuling.objects.order_by().values_list("state").annotate(n=Count("pk")))
    chosen = state if state in RulingState.values else ""
    waits_first = Case(When(state=RulingState.PENDING, then=0), default=1)
    rows = WordingRuling.objects.select_related("asked_by", "decided_by")
    rows = rows.order_by(waits_first, "-pk")
    if chosen:
        rows = rows.filter(state=chosen)
    names = {"": _("all"), **dict(RulingState.choices)}
    return {
        "state": chosen,
        "states": [
            (value, name, counts.get(value, 0) if value else sum(counts.values()))
            for value, name in names.items()
        ],
        "page": Paginator(rows, PER_PAGE).get_page(page),
    }


def _wording(sentence: str) -> str:
    return wording_of(sentence, sentences_of(sentence)[0])
