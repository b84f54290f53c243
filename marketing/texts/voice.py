"""How the shop writes, as lines of a prompt; the check afterwards reads the same rows (review.py)."""

from __future__ import annotations

from collections.abc import Sequence

from language.claims import Fact
from marketing.models import BrandVoice, Brief, GlossaryTerm, TermKind
from marketing.models.briefs import lines_of
from marketing.texts.people import without_customers
from marketing.texts.standards import MOST_TERMS

MOST_EXAMPLES, MOST_SENTENCES = 8, 12


def persona_of(brief: Brief) -> str:
    voice = BrandVoice.objects.first()
    return voice.persona if voice else ""


def voice_lines(brief: Brief, facts: Sequence[Fact]) -> list[str]:
    """Rules, words and examples; what the brief asks for; sentences that a document proves."""
    voice = BrandVoice.objects.first()
    lines = lines_of(voice.guidance) if voice else []
    lines += _glossary(brief.language)
    if voice and (examples := lines_of(voice.examples)[:MOST_EXAMPLES]):
        lines.append("It should sound like: " + " / ".join(examples))
    for phrase in brief.required:
        lines.append(f"Say, word for word: {without_customers(phrase)}")
    for phrase in brief.forbidden:
        lines.append(f"Never say: {without_customers(phrase)}")
    if brief.max_characters:
        lines.append("Keep the body short.")
    proven = [fact.text for fact in facts if fact.kind == "evidence"][:MOST_SENTENCES]
    return [*lines, *(f"You may use this sentence, word for word: {text}" for text in proven)]


def _glossary(language: str) -> list[str]:
    lines = []
    for term in GlossaryTerm.objects.filter(language__in=["", language])[:MOST_TERMS]:
        if term.kind == TermKind.NEVER:
            lines.append(f"Never say “{term.term}”.")
        elif term.kind == TermKind.KEEP:
            lines.append(f"Leave “{term.term}” untranslated.")
        else:
            lines.append(f"Say “{term.term}” instead of {', '.join(term.others)}.")
    return lines
