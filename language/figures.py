"""Every figure in a text, however it is written: digits of any script, English and Chinese words.

Pure text in, spans out. Used by `claims` to find what copy states and whether a fact says the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen
fourteen fifteen sixteen seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = """fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth
sixtieth seventieth eightieth ninetieth hundredth thousandth"""
ONES, TENS, ORDINALS = _ONES.split(), _TENS.split(), _ORDINALS.split()
SCALES = {"hundred": 100, "dozen": 12, "thousand": 1000, "million": 10**6, "billion": 10**9}
WORD_VALUES = (
    {word: value for value, word in enumerate(ONES)}
    | {word: 20 + 10 * index for index, word in enumerate(TENS)}
    | SCALES
)
CHINESE_DIGITS = dict(
    zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
CHINESE_DIGITS |= dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True))
CHINESE_SCALES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
CHINESE_SCALES |= {"万": 10**4, "亿": 10**8, "廿": 20, "卅": 30}
# Letters of other scripts that look Latin, and signs that are numbers without saying so.
LOOKALIKES = dict(zip("асеорхуіѕԁɡ", "aceopxyisdg", strict=True))
LOOKALIKES |= {"🔟": "10", "💯": "100", "％": "%", "﹪": "%", "٪": "%", "⁒": "%"}

_NUMERAL = "".join([*CHINESE_DIGITS, *CHINESE_SCALES])
_WORD = "|".join(sorted([*WORD_VALUES, *ORDINALS], key=len, reverse=True))
DIGITS = re.compile(r"\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?")
WORDS = re.compile(rf"\b(?:{_WORD})s?(?:(?:[\s-]+|[\s-]+and[\s-]+)(?:{_WORD})s?)*\b")
CHINESE = re.compile(rf"[{_NUMERAL}]+(?:点[{_NUMERAL}]+)?")

_UNIT_OF_ONE = (
    r"[\s-]+(?:full[\s-]+|whole[\s-]+|calendar[\s-]+)?"
    r"(?:year|month|week|day|hour|minute|pound|dollar|euro|percent|per\s?cent|left|remaining|get|star|"
    r"kilo|gram|litre|liter|metre|meter|watt|free|penny|in[\s-]stock|available)"
)
BENIGN_WORDS = re.compile(
    r"\bone(?!" + _UNIT_OF_ONE + r")(?<!only one)(?<!just one)(?<!buy one)(?<!number one)"
    r"(?<!get one)(?<!no\. one)(?<!last one)(?<!for one)\b(?![\s-]+(?:and|hundred|thousand|million))"
    r"|\bones\b|\btwo of (?:us|you)\b|\byou two\b|\bthree cheers\b|\bfirst things first\b"
    r"|\b(?:one|two|three|five|ten|fifteen|twenty|thirty) (?:\w+ )?(?:minutes?|seconds?) "
    r"(?:of (?:quiet|peace|calm|silence|stillness|rest|your (?:time|day))|to yoursel(?:f|ves)|for yoursel(?:f|ves)|alone)\b"
    r"|\bcloud nine\b|\bor two\b|\bone in a million\b|\bthanks a million\b"
)
# 一 before a classifier is "a"; these idioms count nothing either.
_MEASURES = (
    r"(?:年|个?月|天|日|周|星期|个?小时|分钟|秒|折|元|块|毛|角|成|倍|公斤|斤|千克|克|升|毫升|米|厘米|公里|"
    r"瓦|度|级|星|号|半|送|赠|赔|件起|个工作日)"
)
BENIGN_CHINESE = re.compile(
    rf"(?<![第买送仅剩减打满赔付百之])一(?!{_MEASURES})"
    r"|(?:的|每|新|这|让|把|给|为|整|和|开启|开始|结束|度过|点亮)一天|一天(?=从|里|之|的(?:开始|结束|疲惫|忙碌|清晨))"
    # A day, week or year that is nobody's term: nothing lasts it, comes in it or is kept for it.
    r"|(?<![第买送仅剩减打满赔付百之只限保修换退航用达每])一(?:天|日|周|星期|年)(?!之?内|以内|送|到|达|发|质|保|退|换|期|有效|无|不|都|仍|还|也|只|就|一|两|用|能|可|够|量|之?后)"
    r"|(?<![\d年零一二三四五六七八九十])(?:[一二三四五六七八九]|十[一二]?)月(?!\d|[一二三四五六七八九十底初末前内])"
    r"|(?:周|星期|礼拜)[一二三四五六日天]"  # a weekday; claim_words knows when it is a deadline
    r"|两个人|[两三]五?好友|三口之家|三言两语|五味|七夕|五一(?=[假劳黄小])|六一(?=儿童)|十一(?=[假黄国])|四时|三更|(?:早上|上午|中午|下午|傍晚|晚上|凌晨|清晨|夜里)(?:[一二两三四五六七八九]|十[一二]?)点|一年四季|一年一度|一心一意|一点一滴|一五一十|独一无二|万一|第一次|第一时间|第一口"
    r"|十分(?!之|钟)|万分(?!之)|千万(?=别|不|要|记)|百(?=分之)|百搭|百般|百姓|四季|四周|四处|四方|三餐|五彩|七彩|八方|四海|五湖"
    r"|万物|万家|万事|万象|千家万户|千山万水|千变万化|十足|二维码|五谷|五官|五金|两全|三三两两|三五好友|丢三落四|七上八下|乱七八糟|百合"
)

_PERCENT_AFTER = re.compile(r"\s*(?:%|percent\b|per\s?cent\b|pct\b)")
_PERCENT_BEFORE = re.compile(r"百分之$")
_ZHE = re.compile(r"\s*折")
_MONEY_BEFORE = re.compile(r"(?:[£$€¥₤₹₩]|\b(?:gbp|usd|eur|cny|rmb|jpy))\s*$")
MONEY_AFTER = re.compile(
    r"\s*(?:[£$€¥₤₹]|gbp\b|usd\b|eur\b|cny\b|rmb\b|pounds?\b|quid\b|dollars?\b|bucks?\b|euros?\b|"
    r"pence\b|p\b|元|块|人民币|美元|英镑|欧元|镑)"
)
MONTHS = "january february march april may june july august september october november december"
_MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS.split())
DATES = (
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTH})\b\.?"
               r"(?:,?\s+(?P<year>\d{4}))?"),
    re.compile(rf"\b(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b"
               r"(?:,?\s+(?P<year>\d{4}))?"),
    re.compile(r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]"),
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b"),
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One figure: where it stands in the original text, what kind, which value.

    kind: percent (off, so 八折 is 20), money, date (value MM-DD), or unit:WORD for what it counts.
    """

    start: int
    end: int
    kind: str
    value: str


@dataclass(frozen=True)
class Folded:
    """A text as a reader hears it: one script of digits, lower case, nothing invisible."""

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.origin[start], self.origin[end - 1] + 1


@lru_cache(maxsize=512)  # a text is read in several ways, and for many recipients
def fold(text: str) -> Folded:
    """Full-width, Arabic-Indic, circled, superscript … all become plain; zero-width signs vanish."""
    characters, origin = [], []
    for position, character in enumerate(text):
        for plain in _plain(character):
            characters.append(plain)
            origin.append(position)
    return Folded("".join(characters), tuple(origin))


def figures(text: str) -> list[Figure]:
    """All figures in reading order, not overlapping."""
    folded = fold(text)
    taken: list[tuple[int, int]] = []
    found = [
        _dated(folded, match, taken) for pattern in DATES for match in pattern.finditer(folded.text)
    ]
    for pattern, value_of, benign in (
        (DIGITS, _digits_value, None),
        (WORDS, words_value, BENIGN_WORDS),
        (CHINESE, chinese_value, BENIGN_CHINESE),
    ):
        harmless = [match.span() for match in benign.finditer(folded.text)] if benign else []
        for match in pattern.finditer(folded.text):
            if not _inside(match.span(), harmless) and not _overlaps(match.span(), taken):
                found.append(_figure(folded, match.span(), value_of(match.group())))
    return sorted((figure for figure in found if figure), key=lambda figure: figure.start)


def words_value(words: str) -> Decimal | None:
    """`one hundred and twenty-five` → 125; None for an ordinal, which counts nothing."""
    total = group = 0
    for word in re.split(r"[\s-]+", words):
        word = word if word in WORD_VALUES else word.removesuffix("s")
        if word == "and":
            continue
        if word not in WORD_VALUES:
            return None
        if word in SCALES:
            group = max(group, 1) * SCALES[word]
            if SCALES[word] >= 1000:
                total, group = total + group, 0
        else:
            group += WORD_VALUES[word]
    return Decimal(total + group)


def chinese_value(numeral: str) -> Decimal | None:
    """`一百二十五` → 125, `八五` → 85, `九点五` → 9.5."""
    whole, _point, fraction = numeral.partition("点")
    value = str(_chinese_whole(whole))
    if fraction:
        if not all(sign in CHINESE_DIGITS for sign in fraction):
            return None
        value += "." + "".join(str(CHINESE_DIGITS[sign]) for sign in fraction)
    return Decimal(value)


def _chinese_whole(numeral: str) -> int:
    if all(sign in CHINESE_DIGITS for sign in numeral):
        return int("".join(str(CHINESE_DIGITS[sign]) for sign in numeral))
    total = section = digit = 0
    for sign in numeral:
        if sign in CHINESE_DIGITS:
            digit = CHINESE_DIGITS[sign]
        elif CHINESE_SCALES[sign] >= 10**4:
            total, section, digit = (total + section + digit) * CHINESE_SCALES[sign], 0, 0
        else:
            section, digit = section + max(digit, 1) * CHINESE_SCALES[sign], 0
    return total + section + digit


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Me"):  # zero-width, combining, variation selector, keycap
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    plain = unicodedata.normalize("NFKC", character).lower()
    return "".join(LOOKALIKES.get(sign, sign) for sign in plain)


def _digits_value(digits: str) -> Decimal:
    """`1,234.50` and `12,50`: a comma followed by two digits at the end is a decimal comma."""
    plain = re.sub(r"['’]", "", digits)
    if re.fullmatch(r"\d+,\d{1,2}", plain):
        return Decimal(plain.replace(",", "."))
    return Decimal(plain.replace(",", ""))


def _figure(folded: Folded, span: tuple[int, int], value: Decimal | None) -> Figure:
    start, end = span
    before, after = folded.text[max(0, start - 12) : start], folded.text[end : end + 24]
    kind, value = _kind(before, after, value)
    shown = "" if value is None else format(value.normalize(), "f")
    return Figure(*folded.span(start, end), kind, shown)


def _kind(before: str, after: str, value: Decimal | None) -> tuple[str, Decimal | None]:
    if _ZHE.match(after) and value is not None:
        return "percent", 100 - value * 10 if value < 10 else 100 - value
    if _PERCENT_AFTER.match(after) or _PERCENT_BEFORE.search(before):
        return "percent", value
    if _MONEY_BEFORE.search(before) or MONEY_AFTER.match(after):
        return "money", value
    unit = re.match(r"[\s-]*([a-z]+|[\u4e00-\u9fff])", after)
    return f"unit:{unit.group(1) if unit else ''}", value


def _dated(folded: Folded, match: re.Match, taken: list[tuple[int, int]]) -> Figure | None:
    if _overlaps(match.span(), taken):
        return None
    taken.append(match.span())
    month = match["month"]
    number = int(month) if month.isdigit() else _month_number(month)
    return Figure(*folded.span(*match.span()), "date", f"{number:02d}-{int(match['day']):02d}")


def _month_number(name: str) -> int:
    return 1 + [month[:3] for month in MONTHS.split()].index(name[:3])


def _inside(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def _overlaps(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in spans)
