"""A sentiment of Chinese text from words: longest match, negation, degree, contrast."""

from __future__ import annotations

import math
import re

from .chinese_lexicon import CONTRAST, DEGREES, NEGATORS, POLARITY

# VADER's normalisation constant, kept so that both languages share one scale.
ALPHA = 15.0
_REACH_CHARACTERS = 4  # how far before a word its negation or degree may stand
_CLAUSE = re.compile(r"[，。！？；,.!?;…~\s]+")
_TWICE_NEGATED = re.compile("不得不|不能不|不会不|没有不|无不|不可不")
_ABSENT = re.compile("[都也]没有?$")
_CONTRAST = re.compile("|".join(CONTRAST.split()))
_NEGATORS = sorted(NEGATORS.split(), key=len, reverse=True)
_FACTORS = {word: factor for factor, words in DEGREES.items() for word in words.split()}
_LONGEST = max(map(len, POLARITY))


def chinese_polarity(text: str) -> float:
    """One number in −1 … 1; 0 where no word of the lexicon stands.

    Source: the rules of Hutto & Gilbert, VADER, ICWSM 2014, section 3.3 (negation, degree,
    contrast, exclamation), moved to Chinese word order; the lexicon is ours.
    """
    total, weight = 0.0, 1.0
    for clause in _CLAUSE.split(text.lower()):
        before, contrast, after = _cut(clause)
        if contrast:
            total = 0.5 * (total + weight * _clause_sum(before))
            weight = 1.5
        total += weight * _clause_sum(after)
    total *= 1.0 + 0.1 * min(4, text.count("！") + text.count("!"))
    return total / math.sqrt(total * total + ALPHA / 4)


def _cut(clause: str) -> tuple[str, str, str]:
    found = _CONTRAST.search(clause)
    if not found:
        return "", "", clause
    return clause[: found.start()], found.group(), clause[found.end() :]


def _clause_sum(clause: str) -> float:
    clause = _TWICE_NEGATED.sub("", clause)
    # 一点异味都没有: the negation stands behind what it denies.
    denied = _ABSENT.search(clause)
    if denied:
        return -0.75 * _words_sum(clause[: denied.start()])
    return _words_sum(clause)


def _words_sum(clause: str) -> float:
    total, start, free_from = 0.0, 0, 0
    while start < len(clause):
        word = _longest_match(clause, start)
        if not word:
            start += 1
            continue
        context = clause[max(free_from, start - _REACH_CHARACTERS) : start]
        total += _in_context(POLARITY[word], context)
        start += len(word)
        free_from = start
    return total


def _longest_match(clause: str, start: int) -> str:
    for length in range(min(_LONGEST, len(clause) - start), 0, -1):
        word = clause[start : start + length]
        if word in POLARITY:
            return word
    return ""


def _in_context(value: float, context: str) -> float:
    for word, factor in _FACTORS.items():
        if context.endswith(word):
            value *= factor
            context = context[: -len(word)]
            break
    negated = any(word in context for word in _NEGATORS)
    return -0.75 * value if negated else value
