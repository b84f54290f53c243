"""What the page of a brief shows: its candidates side by side, each claim with its ground."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from language.claims import Fact, fill
from language.models import TextCall
from language.services.calls import written_cost
from language.slots import slots_of
from marketing.models import Brief, BriefChannel, Candidate, ClaimKind, Evidence, EvidenceUse
from marketing.pages.copies import as_claims, marked
from marketing.pages.effects import number
from marketing.pages.wordings import Question, questions, ruled_sentences, waiting_wordings
from marketing.services.content.claim_ledger import KINDS
from marketing.services.content.experience import Experience, experience_of
from marketing.texts.facts import brief_facts
from marketing.texts.review import Finding, Review, review, sentence_at
from marketing.texts.standards import markets_of, standard_of_brief
from shop.services.descriptions import FIELDS

SHOWN, MOST_DOCUMENTS = 24, 100
LIKE_ENOUGH = 0.6
# A broken slot, an address, a placeholder: nothing that a document could make true.
NEVER_PROVEN = frozenset({"slot", "placeholder", "contact"})


@dataclass(frozen=True)
class Problem:
    """A sentence that cannot be published, why, whether a document could prove it and whether a person
    may rule that it states nothing."""

    sentence: str
    reason: str
    kind: str
    may_be_proven: bool = True
    question: Question | None = None


@dataclass(frozen=True)
class Ground:
    words: str
    kind: str
    source: str


@dataclass(frozen=True)
class CandidateCard:
    candidate: Candidate
    parts: Sequence[tuple[str, str, SafeString]]
    problems: Sequence[Problem]
    findings: Sequence[Finding]
    grounds: Sequence[Ground]
    review: Review
    change: SafeString | str = ""
    ruled: Sequence[str] = ()

    @property
    def may_be_chosen(self) -> bool:
        return not self.review.is_blocked and self.candidate.state != "chosen"


def brief_page(brief: Brief, at: datetime | None = None) -> dict[str, Any]:
    """A fixed number of queries whatever the number of candidates."""
    at = at or timezone.now()
    facts, standard = brief_facts(brief, at), standard_of_brief(brief)
    shown = list(brief.candidates.select_related("copy", "decision")[:SHOWN])
    documents = _documents(facts)
    before = _before(brief)
    reviews = [review(c.parts, facts, standard, slots_only=not c.edited_by_hand) for c in shown]
    waiting = waiting_wordings((brief.language, found) for found in reviews)
    return {
        "brief": brief,
        "job": brief.job,
        "is_running": bool(brief.job and not brief.job.is_finished),
        "cards": [
            _card(
                candidate,
                facts,
                found,
                _problems(
                    candidate, found, questions(candidate.parts, found, brief.language, waiting)
                ),
                _grounds(candidate, found, facts, documents),
                _change(candidate, facts, before),
            )
            for candidate, found in zip(shown, reviews, strict=True)
        ],
        "facts": [fact for fact in facts if fact.fills_a_slot],
        "least_reviews": settings.RATING_MIN_REVIEWS,
        "proven": [fact for fact in facts if fact.kind == "evidence"],
        "products": [item.variant for item in brief.items.select_related("variant__product")],
        "markets": ", ".join(markets_of(brief.market)),
        "experience": [_past(one) for one in experience_of(brief, at)],
        "evidence": list(Evidence.objects.valid(at)[:MOST_DOCUMENTS]),
        "kinds": ClaimKind.choices,
        "spent": _spent(brief),
        "fell_back": next((c.provider_note for c in shown if c.provider_note), ""),
    }


def _past(one: Experience) -> dict[str, Any]:
    return {
        "campaign": one.campaign,
        "copy": one.copy,
        "arm": one.copy.arm if one.has_variants else "",
        "verdict": one.verdict,
        "money": number(one.money) if one.money else "",
        "is_revenue": one.money is not None and one.money.id != "net_profit",
        "orders": number(one.orders) if one.orders else "",
        "beside": one.beside,
    }


def _card(
    candidate: Candidate,
    facts: list[Fact],
    found: Review,
    problems: Sequence[Problem],
    grounds: Sequence[Ground],
    change: SafeString | str,
) -> CandidateCard:
    return CandidateCard(
        candidate,
        [
            (
                part,
                part_name(part),
                marked(text, [*found.claims[part], *as_claims(found, part)], facts),
            )
            for part, text in candidate.parts.items()
        ],
        problems,
        found.findings,
        grounds,
        found,
        change,
        ruled_sentences(candidate.parts, facts),
    )


def part_name(part: str) -> str:
    return {
        "subject": _("Subject"),
        "preheader": _("Preheader"),
        "body": _("Text"),
        "button": _("Button"),
    }[part]


def _problems(candidate: Candidate, found: Review, asked: Mapping[str, Question]) -> list[Problem]:
    rows = {}
    for part, claim in found.refused:
        sentence = sentence_at(candidate.parts[part], claim.start, claim.end)
        kind = KINDS.get(claim.kind, ClaimKind.SPECIFICATION)
        can = claim.kind not in NEVER_PROVEN
        problem = Problem(sentence, claim.explanation, kind, can, asked.get(sentence))
        rows.setdefault(sentence, problem)
    return list(rows.values())


def _grounds(
    candidate: Candidate, found: Review, facts: list[Fact], documents: dict[str, tuple[str, str]]
) -> list[Ground]:
    """Each proven claim once: its words as they are read, its kind, the field or the document."""
    known = {f"{{{fact.slot}}}": fact.text for fact in facts}
    rows = {}
    for part, claims in found.claims.items():
        for claim in claims:
            if not claim.is_supported or (claim.kind not in KINDS and claim.kind != "evidence"):
                continue
            words = candidate.parts[part][claim.start : claim.end].strip()
            kind, source = (
                str(ClaimKind(KINDS.get(claim.kind, ClaimKind.PRICE)).label),
                claim.source,
            )
            if claim.kind == "evidence":
                kind, source = documents.get(claim.source, ("", claim.source))
            rows[words] = Ground(known.get(words, words), kind, source)
    return list(rows.values())


def _documents(facts: Sequence[Fact]) -> dict[str, tuple[str, str]]:
    """Source → kind of claim and title, for the sentences that documents prove."""
    pks = [int(fact.slot.split("_")[1]) for fact in facts if fact.kind == "evidence"]
    uses = EvidenceUse.objects.filter(pk__in=pks).select_related("evidence")
    return {
        f"evidence:{use.evidence_id}": (str(use.get_kind_display()), use.evidence.title)
        for use in uses
    }


def _before(brief: Brief) -> str:
    if brief.channel != BriefChannel.DESCRIPTION:
        return ""
    item = brief.items.select_related("variant__product").first()
    return getattr(item.variant.product, FIELDS[brief.language]) if item else ""


def _change(candidate: Candidate, facts: list[Fact], before: str) -> SafeString | str:
    """What approving would change in the catalogue, word by word."""
    if candidate.brief.channel != BriefChannel.DESCRIPTION:
        return ""
    if candidate.decision:
        output = candidate.decision.output
        return difference(output["before"], output["after"])
    known = {fact.slot for fact in facts}
    if not slots_of(candidate.body) <= known:
        return ""
    return difference(before, fill(candidate.body, facts))


def difference(before: str, after: str) -> SafeString:
    """Words taken out struck through, words put in underlined; escaped."""
    old, new = _words(before), _words(after)
    matched = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matched.ratio() < LIKE_ENOUGH:  # another text: words that happen to recur say nothing
        return format_html("{}{}", before and _piece("del", f"{before}\n\n"), _piece("ins", after))
    pieces = []
    for tag, a, b, c, d in matched.get_opcodes():
        if tag == "equal":
            pieces.append(("", "".join(old[a:b])))
            continue
        if a < b:
            pieces.append(("del", "".join(old[a:b])))
        if c < d:
            pieces.append(("ins", "".join(new[c:d])))
    return format_html_join("", "{}", ((_piece(tag, words),) for tag, words in pieces))


def _piece(tag: str, words: str) -> str:
    """tag: del, ins, or none of them."""
    return format_html("<{0}>{1}</{0}>", tag, words) if tag else words


def _words(text: str) -> list[str]:
    return re.findall(r"[\u4e00-\u9fff]|\s+|[^\s\u4e00-\u9fff]+", text)


def _spent(brief: Brief) -> dict[str, Any]:
    calls = TextCall.objects.filter(purpose__startswith=f"brief:{brief.pk}:")
    sums = calls.aggregate(
        cost=Sum("cost_millionths"), ins=Sum("tokens_in"), outs=Sum("tokens_out")
    )
    if sums["cost"] is None:
        return {}
    return {
        "cost": written_cost(sums["cost"]),
        "tokens_in": sums["ins"] or 0,
        "tokens_out": sums["outs"] or 0,
    }
