"""What a persona must never be made of or named after: a default list of words, in two languages.

A product category or name with one of these words says, or lets guess, something about health,
family, religion, sexuality, origin or politics. Such purchases are not read at all. The list errs on
the safe side; the shop adds words and category codes (docs/personas.md).

Source: Regulation (EU) 2016/679, articles 9 and 22 (4); PIPL, article 28.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS: dict[str, tuple[str, ...]] = {
    "health": (
        "health", "healthcare", "medical", "medicine", "medicines", "medication", "pharmacy",
        "pharmaceutical", "drug", "drugs", "supplement", "supplements", "vitamin", "vitamins",
        "diabetes", "diabetic", "blood pressure", "incontinence", "allergy", "allergies", "asthma",
        "disability", "disabled", "wheelchair", "hearing aid", "hearing aids", "mobility aid",
        "orthopaedic", "orthopedic", "menopause", "menstrual", "sanitary pads", "tampon", "tampons",
        "weight loss", "slimming", "diet", "dietary", "gluten-free", "gluten free", "smoking",
        "nicotine", "first aid", "patient", "therapy", "detox",
        "健康", "保健", "医", "药", "病", "血压", "血糖", "糖尿", "过敏", "残疾", "轮椅", "助听",
        "月经", "卫生巾", "减肥", "瘦身", "戒烟", "理疗", "养生",
    ),
    "family": (
        "baby", "babies", "infant", "infants", "toddler", "toddlers", "newborn", "maternity",
        "pregnancy", "pregnant", "nursing", "breastfeeding", "nappy", "nappies", "diaper", "diapers",
        "kids", "kid", "children", "child", "childrens", "wedding", "bridal", "funeral", "mourning",
        "孕", "婴", "宝宝", "母婴", "儿童", "童装", "尿布", "纸尿裤", "奶粉", "哺乳", "婚", "丧", "殡",
    ),
    "religion": (
        "religion", "religious", "christian", "catholic", "bible", "bibles", "church", "islam",
        "islamic", "muslim", "quran", "koran", "halal", "ramadan", "eid", "jewish", "kosher",
        "hanukkah", "judaica", "hindu", "diwali", "buddhist", "buddha", "prayer", "rosary",
        "communion", "baptism",
        "宗教", "佛", "圣经", "教堂", "基督", "天主", "清真", "穆斯林", "伊斯兰", "古兰", "斋月",
        "祈祷", "祭祀",
    ),
    "sexuality": (
        "sex", "sexual", "erotic", "adult toys", "adults only", "condom", "condoms", "lingerie",
        "lgbt", "lgbtq", "gay", "lesbian", "transgender", "pride",
        "情趣", "成人用品", "避孕", "性用品", "同性",
    ),
    "origin and politics": (
        "ethnic", "race", "racial", "immigrant", "political", "politics", "party membership",
        "trade union", "union member", "election", "campaign badge", "veteran",
        "民族", "种族", "移民", "政治", "党", "工会", "选举",
    ),
}  # fmt: skip


def sensitive_word(text: str, extra: Iterable[str] = ()) -> str:
    """The first such word in a text, "" for none. Latin words as whole words, Chinese anywhere."""
    found = _pattern(tuple(extra)).search(text)
    return found.group() if found else ""


def _pattern(extra: tuple[str, ...]) -> re.Pattern[str]:
    if extra not in _patterns:
        every = [*(word for group in WORDS.values() for word in group), *extra]
        latin = [re.escape(word) for word in every if word.isascii() and word.strip()]
        chinese = [re.escape(word) for word in every if not word.isascii()]
        text = rf"(?<![a-z])(?:{'|'.join(latin)})(?:'s|’s)?(?![a-z])|{'|'.join(chinese)}"
        _patterns[extra] = re.compile(text, re.IGNORECASE)
    return _patterns[extra]


_patterns: dict[tuple[str, ...], re.Pattern[str]] = {}
