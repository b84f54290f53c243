"""Which language a text is in, from its script and its commonest words. No model, no file."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

ENGLISH, CHINESE, OTHER = "en", "zh", "other"

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_NOISE = re.compile(r"https?://\S+|[\w.+-]+@[\w.-]+|#?[A-Za-z]{0,4}-?\d[A-Za-z0-9-]*")
# A Chinese character says about as much as two thirds of an English word.
_WORDS_PER_HAN = 0.67
_MIXED_SHARE = 0.2

_ENGLISH = """the a an i you he she it we they my your our is are was were am be been do does did have has
    had not no yes can could would will should and or but if of to in on for with at from this that
    what where when why how who which there here me us him them please thanks thank hi hello order
    refund return when still arrived delivery package parcel item received got get want need help
    cancel change address size color colour product shop very good great bad broken wrong love like
    any all more some just now back after before than then so too up out about money invoice stock
    days week today payment card don't didn't hasn't haven't isn't it's i'm can't won't"""
_FOREIGN = """der die das und ist nicht ich sie wir ein eine mit für auf wo meine bestellung le la les des
    du et est pas je vous nous un une avec pour sur où ma commande el los las y es no yo usted una
    con por para en dónde mi pedido il lo gli di che non sono per dove mio ordine het een niet ik
    met voor op waar mijn o os uma não com onde meu på och är inte var min"""
_ENGLISH_WORDS = frozenset(_ENGLISH.split())
_FOREIGN_WORDS = frozenset(_FOREIGN.split())


@dataclass(frozen=True)
class Detected:
    """The language of a text; `is_mixed` when Chinese and Latin words share it."""

    language: str
    chinese_share: float
    is_mixed: bool


def detect_language(text: str) -> Detected:
    """`en`, `zh` or `other`; the share is that of Chinese among all words.

    Mixed text takes the language with the larger share, so "订单 A12 的 tracking number" is Chinese.
    Text without any word (numbers, emoji) is `other`.
    """
    plain = unicodedata.normalize("NFKC", _NOISE.sub(" ", text))
    han = len(_HAN.findall(plain))
    words = _LATIN_WORD.findall(plain.lower())
    chinese = han * _WORDS_PER_HAN
    share = chinese / (chinese + len(words)) if chinese or words else 0.0
    is_mixed = _MIXED_SHARE <= share <= 1 - _MIXED_SHARE
    if len(_KANA.findall(plain)) > 0.2 * han and _KANA.search(plain):
        return Detected(OTHER, share, is_mixed)
    if share >= 0.5:
        return Detected(CHINESE, share, is_mixed)
    return Detected(ENGLISH if _reads_english(plain, words) else OTHER, share, is_mixed)


def _reads_english(text: str, words: list[str]) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    latin = sum(letter.isascii() for letter in letters)
    if not words or latin < 0.5 * len(letters):
        return False
    english = sum(word in _ENGLISH_WORDS for word in words)
    foreign = sum(word in _FOREIGN_WORDS and word not in _ENGLISH_WORDS for word in words)
    return english >= foreign and latin > 0.9 * (len(letters) - len(_HAN.findall(text)))
