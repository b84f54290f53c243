"""Read a text against everything that may stand in its way; no database.

Claims are judged by language.claims. Findings are the rest: the law of the market, the shop's own
words, what the brief asks for, how long it is. What blocks cannot be chosen, approved or sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _

from language.claims import Claim, Fact, check_copy
from language.figures import fold
from language.slots import SLOT
from language.sms import SmsLength, sms_length
from language.statements import sentences_of
from marketing.models import GlossaryTerm, PolicyCheck, PolicyRule, Severity, TermKind
from marketing.texts.coupons import COUPON_SLOTS
from marketing.texts.recommended import RECOMMENDED

LATIN = re.compile(r"[a-z0-9]")
WILDCARD = ".{0,10}?"
Place = tuple[str, int, int, str]  # part, start, end, message
LOCAL_HOSTS = re.compile(r"^https?://(?:localhost|127\.|\[::1\])")


@dataclass(frozen=True)
class Finding:
    """What stands in the way of a text, where, and by whose rule."""

    severity: str
    part: str
    start: int
    end: int
    message: str
    source: str = ""
    source_url: str = ""

    @property
    def blocks(self) -> bool:
        return self.severity == Severity.BLOCK


@dataclass(frozen=True)
class Standard:
    """What a text is held to. tail: what is added to it on its way (the way out of an SMS).

    longest: per slot the longest words that it will really get, where facts differ by recipient.
    """

    channel: str
    language: str
    rules: Sequence[PolicyRule] = ()
    terms: Sequence[GlossaryTerm] = ()
    required: Sequence[str] = ()
    forbidden: Sequence[str] = ()
    max_characters: int | None = None
    longest: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tail: str = ""


@dataclass(frozen=True)
class Review:
    claims: Mapping[str, Sequence[Claim]]
    findings: Sequence[Finding]
    sms: SmsLength | None = None

    @property
    def refused(self) -> list[tuple[str, Claim]]:
        return [(p, c) for p, found in self.claims.items() for c in found if not c.is_supported]

    @property
    def is_blocked(self) -> bool:
        return bool(self.refused) or any(finding.blocks for finding in self.findings)


def review(
    parts: Mapping[str, str], facts: Sequence[Fact], standard: Standard, *, slots_only: bool
) -> Review:
    """parts: subject, preheader, body, button with slots. slots_only: no person wrote it."""
    claims = {part: check_copy(text, facts, slots_only=slots_only) for part, text in parts.items()}
    findings = [
        *_policy(parts, standard),
        *_glossary(parts, standard),
        *_wishes(parts, facts, standard),
        *_whole_coupon(parts),
        *_products_apart(parts),
    ]
    sms = sms_at_longest(parts, facts, standard) if standard.channel == "sms" else None
    if sms and sms.parts > settings.SMS_MAX_PARTS:
        findings.append(_whole(parts, Severity.BLOCK, _too_many_parts(sms)))
    return Review(claims, findings, sms)


def filled(
    text: str, facts: Sequence[Fact], longest: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The text with the facts in it; unknown slots stay. longest: the longest words win."""
    known = {fact.slot: fact.text for fact in facts}
    known |= {slot: max(words, key=len) for slot, words in (longest or {}).items() if words}
    return SLOT.sub(lambda match: known.get(match[1], match[0]), text)


def sms_at_longest(
    parts: Mapping[str, str], facts: Sequence[Fact], standard: Standard
) -> SmsLength:
    """Length at the longest real values: each slot's words are tried, the worst counts."""
    body = parts.get("body", "")
    tries = [filled(body, facts, standard.longest)]
    for slot, words in standard.longest.items():
        if f"{{{slot}}}" in body:
            tries += [filled(body, facts, {**standard.longest, slot: [one]}) for one in words]
    lengths = [sms_length(text + standard.tail) for text in tries]
    return max(lengths, key=lambda found: (found.parts, found.units))


def _too_many_parts(found: SmsLength) -> str:
    text = _("%(parts)s SMS parts (%(encoding)s, %(units)s units) at the longest real values; ") % {
        "parts": found.parts, "encoding": found.encoding, "units": found.units,
    }  # fmt: skip
    text += _("at most %(most)s are allowed (SMS_MAX_PARTS).") % {"most": settings.SMS_MAX_PARTS}
    if found.culprits:
        text += " " + _("Without these characters a part holds twice as much: %(signs)s") % {
            "signs": " ".join(found.culprits[:12])
        }
    return text


def _policy(parts: Mapping[str, str], standard: Standard) -> Iterator[Finding]:
    for rule in standard.rules:
        if rule.check_kind == PolicyCheck.WORDS:
            yield from _words(parts, rule)
        elif problem := _CHECKS[PolicyCheck(rule.check_kind)](parts, standard):
            part, start, end, message = problem
            yield _by_rule(rule, part, start, end, message)


def _words(parts: Mapping[str, str], rule: PolicyRule) -> Iterator[Finding]:
    pattern, exceptions = _pattern(rule.words), _pattern(rule.exceptions)
    for part, text in parts.items():
        folded = fold(text)
        harmless = [m.span() for m in exceptions.finditer(folded.text)] if exceptions else []
        for match in pattern.finditer(folded.text) if pattern else ():
            start, end = match.span()
            if not any(a <= start and end <= b for a, b in harmless):
                yield _by_rule(rule, part, *folded.span(start, end), str(rule))


@lru_cache(maxsize=512)
def _pattern(lines: str) -> re.Pattern | None:
    """A phrase each line; `*` is up to ten characters; Latin words only whole."""
    found = []
    for line in filter(None, (fold(line).text.strip() for line in lines.splitlines())):
        phrase = re.escape(line).replace(r"\*", WILDCARD).replace(r"\ ", r"\s+")
        before = r"(?<!\w)" if LATIN.match(line) else ""
        after = r"(?!\w)" if LATIN.match(line[-1]) else ""
        found.append(f"{before}{phrase}{after}")
    return re.compile("|".join(found)) if found else None


def _by_rule(rule: PolicyRule, part: str, start: int, end: int, message: str) -> Finding:
    return Finding(rule.severity, part, start, end, message, rule.source, rule.source_url)


def _prior_price(parts: Mapping[str, str], standard: Standard) -> Place | None:
    """A reduction is spoken of, and the price before it is not."""
    slots = {slot for text in parts.values() for slot in SLOT.findall(text)}
    for part, text in parts.items():
        for match in SLOT.finditer(text):
            name, _sign, place = match[1].partition("discount")
            if name == "" and "discount" in match[1] and f"was_price{place}" not in slots:
                message = _("It announces a reduction; {was_price} must say the price before it.")
                return part, *match.span(), message
    return None


def _sender(parts: Mapping[str, str], standard: Standard) -> Place | None:
    if standard.channel not in ("sms", "push"):
        return None  # an e-mail names the shop below every text and as its sender
    if any("{shop}" in text or settings.SHOP_NAME in text for text in parts.values()):
        return None
    return "body", 0, 0, _("Nobody is told who sends it: {shop} is missing.")


def _postal_address(parts: Mapping[str, str], standard: Standard) -> Place | None:
    if standard.channel != "email" or settings.SHOP_ADDRESS:
        return None
    return "body", 0, 0, _("The e-mail has no postal address: set SHOP_ADDRESS.")


def _way_out(parts: Mapping[str, str], standard: Standard) -> Place | None:
    """Each e-mail and SMS gets a link; it leads nowhere while the shop has no public address."""
    if standard.channel not in ("email", "sms") or not LOCAL_HOSTS.match(settings.PUBLIC_URL):
        return None
    return "body", 0, 0, _("The link to unsubscribe leads to this machine only: set PUBLIC_URL.")


_CHECKS = {
    PolicyCheck.PRIOR_PRICE: _prior_price,
    PolicyCheck.SENDER: _sender,
    PolicyCheck.POSTAL_ADDRESS: _postal_address,
    PolicyCheck.WAY_OUT: _way_out,
}


def _glossary(parts: Mapping[str, str], standard: Standard) -> Iterator[Finding]:
    for term in standard.terms:
        if term.language and term.language != standard.language:
            continue
        words = [term.term] if term.kind == TermKind.NEVER else term.others
        severity = Severity.WARN if term.kind == TermKind.PREFER else Severity.BLOCK
        pattern = _pattern("\n".join(words))
        for part, text in parts.items():
            folded = fold(text)
            for match in pattern.finditer(folded.text) if pattern else ():
                start, end = folded.span(*match.span())
                yield Finding(
                    severity, part, start, end, _term_words(term, text[start:end]), _("glossary")
                )


def _term_words(term: GlossaryTerm, said: str) -> str:
    words = {"said": said, "term": term.term}
    if term.kind == TermKind.NEVER:
        return _("The shop never says “%(said)s”.") % words
    if term.kind == TermKind.KEEP:
        return _("“%(term)s” is not translated: “%(said)s”.") % words
    return _("Say “%(term)s” instead of “%(said)s”.") % words


def _wishes(
    parts: Mapping[str, str], facts: Sequence[Fact], standard: Standard
) -> Iterator[Finding]:
    """What the brief asks for: said, not said, not longer."""
    whole = fold("\n".join(filled(text, facts) for text in parts.values())).text
    for phrase in standard.required:
        if fold(phrase).text not in whole:
            yield _whole(parts, Severity.BLOCK, _("It does not say “%(what)s”.") % {"what": phrase})
    for phrase in standard.forbidden:
        if fold(phrase).text in whole:
            yield _whole(parts, Severity.BLOCK, _("It says “%(what)s”.") % {"what": phrase})
    length = len(filled(parts.get("body", ""), facts, standard.longest))
    if standard.max_characters and length > standard.max_characters:
        text = _("%(length)s characters; the brief allows %(most)s.")
        words = {"length": length, "most": standard.max_characters}
        yield _whole(parts, Severity.BLOCK, text % words)


def _whole_coupon(parts: Mapping[str, str]) -> Iterator[Finding]:
    """Who is promised something off is told with which code and until when."""
    slots = {slot for text in parts.values() for slot in SLOT.findall(text)}
    if not slots & COUPON_SLOTS:
        return
    for slot in sorted({"coupon_code", "coupon_until"} - slots):
        text = _("It speaks of a coupon and does not say {%(slot)s}.") % {"slot": slot}
        yield Finding(Severity.BLOCK, "body", 0, 0, text, _("coupon"))


def _products_apart(parts: Mapping[str, str]) -> Iterator[Finding]:
    """Recommended products are lines of their own: in a sentence or a subject they read as nothing."""
    for part, text in parts.items():
        for match in SLOT.finditer(text):
            if match[1] != RECOMMENDED:
                continue
            line = text[text.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
            if part != "body" or line.strip() != match[0]:
                message = _("{recommended} must stand in a line of its own in the body.")
                yield Finding(Severity.BLOCK, part, *match.span(), message, _("recommendations"))


def _whole(parts: Mapping[str, str], severity: str, message: str) -> Finding:
    return Finding(severity, "body", 0, 0, message, _("brief"))


def sentence_at(text: str, start: int, end: int) -> str:
    """The sentence in which this stretch stands."""
    for left, right in sentences_of(text):
        if left <= start < right or left < end <= right:
            return text[left:right].strip()
    return text[start:end].strip()
