"""The words in which a rating is stated: `rated {rating} out of 5`, `{review_count}条评价`.

A slot of a rating states something in them alone: of five stars and of no other scale, of the product
and not of the shop, of the reviews here and not of another site, neither more nor less than the figure.
Elsewhere it is refused, and nothing clears it. What stands around them is read like all other words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from language.figures import Folded, fold

RATING_SLOT = re.compile(r"(rating|review_count)(_\d+)?")
ANY_RATING = re.compile(r"\{(?:rating|review_count)(?:_\d+)?\}")
AROUND = 300  # characters before and after that are looked at: few clauses are longer
SENTENCE_END = re.compile(r"[.!?;。！？\n]")
_RATED, _RATING = r"\{rating(?:_\d+)?\}", r"(?P<slot>\{rating(?:_\d+)?\})"
_COUNT = r"(?P<slot>\{review_count(?:_\d+)?\})"
_IT, _FIVE = r"(?:it|them|\{product(?:_\d+)?\})", r"(?:5|five)(?![\d.,]*\d)"
_BUYERS = r"(?:of\s+)?(?:(?:our|its|the)\s+)?(?:verified\s+)?(?:customers|buyers)"
_BUYERS_ZH = r"(?:已购)?(?:买家|顾客|客户|用户|购买者)们?"
_STARS = rf"(?:\s*(?:-\s*)?stars?\b(?:\s+(?:rating|average|out\s+of\s+{_FIVE}))?|\s*[★⭐]"
_STARS += rf"|\s*(?:out\s+of\s+|/\s*){_FIVE}(?:\s*(?:-\s*)?stars?\b)?)"
_SCALE_ZH = rf"(?:满分[为是]?\s*(?:{_FIVE}|五)\s*分?|(?:{_FIVE}|五)\s*分(?:满分|制))"

# `slot` is judged; it needs words of its role before it (`lead`) or after it (`tail`). `buyers`: they
# say who wrote the reviews.
FORMS = [
    re.compile(form)
    for form in (
        rf"(?:(?P<lead>(?P<buyers>\b{_BUYERS}\s+(?:who\s+(?:reviewed|rated)\s+{_IT}\s+)?(?:rate|rated|give|gave)\s+{_IT})"
        rf"|\b(?:rated|scores)(?:\s+{_IT})?|\b(?:(?:average|mean|overall|product)\s+)*(?:rating|score)(?:\s+(?:of|is)|\s*:)?"
        rf"|\baverage\s+of)(?:\s+an\s+average(?:\s+of)?)?\s*)?{_RATING}(?P<tail>{_STARS})?"
        rf"(?:\s+(?:by|from)\s+(?P<buyers_2>{_BUYERS}\b))?",
        rf"(?:{_SCALE_ZH}\s*(?:[,:]\s*)?)?(?:(?P<lead>(?:(?P<buyers>{_BUYERS_ZH})(?:的|给出?了?|打出?了?)?)?"
        r"(?:平均|综合|商品)?(?:评分|得分|打分)[为是达]?\s*:?|平均)\s*)?"
        rf"{_RATING}(?P<tail>\s*(?:/\s*5\s*分?(?!\d)|分|颗?星|[★⭐])(?:的?(?:评分|评价))?)?"
        rf"(?:\s*(?:[(,]\s*)?{_SCALE_ZH}(?:\s*\))?)?",
        rf"(?:(?P<lead>\b(?:reviews|ratings)\s*:)\s*)?{_COUNT}(?P<tail>\s+(?P<buyers>(?:(?:verified|customer|buyer)"
        rf"\s+)+)?(?:published\s+)?(?:reviews?|ratings?)\b|\s+(?P<buyers_2>{_BUYERS})\s+(?:who\s+)?(?:have\s+)?"
        rf"(?:reviewed|rated)\b(?:\s+{_IT})?)?",
        rf"(?P<lead>\b(?:reviewed|rated)|{_RATED}{_STARS}?)\s+(?:by|from)\s+{_COUNT}\s+(?P<buyers>{_BUYERS})\b",
        rf"(?P<lead>\b(?:reviewed|rated))\s+{_COUNT}\s+times\b",
        rf"(?:(?P<lead>(?:评价|评论)数?\s*:)\s*)?{_COUNT}(?P<tail>\s*[条个则]\s*(?P<buyers>已购|真实|{_BUYERS_ZH}的?)?"
        rf"(?:商品)?(?:评价|评论|评分)|\s*[位名]\s*(?P<buyers_2>{_BUYERS_ZH})的?(?:评价|评分|打分)过?)?",
    )
]
# What begins a clause, and whose rating it is. Between that and the words of the rating nothing else
# may stand: who is meant (our service, experts), how much more or less, how good that is.
CLAUSE_START = re.compile(r"[,.;:!?()|\n–—·。！？、]|\s-\s|\b(?:and|but|while|which)\b|并?且|并")
SUBJECT = re.compile(
    rf"\{{product(?:_\d+)?\}}|\bit(?:['’]s|s)?\b|它|这款|该商品|{_RATED}{_STARS}?"
    r"|\{review_count(?:_\d+)?\}\s*(?:reviews|ratings|条评价)"
)
GIVEN = re.compile(r"(?:\b(?:gives?|gave|given|rates?|awards?|awarded|scored?)|给|评)\s*$")
BETWEEN = re.compile(
    r"(?:[\s\[\]【】『』“”\"]|\{[a-z0-9_]+\}|\b(?:is|are|has|have|had|got|comes|with|an?|the|its|rated|at|now|currently|already"
    r"|also|there|from|in|by|of|based|on|after|across|read|see)\b"
    r"|已经?|现在?|目前|一?共|累计|有|获[得评]?|收[到获]|得到|来自|根据|基于|看看|在|的|是|为|了|由|也|和|与|带着)*+"
)
POINTS = re.compile(
    r"(?:获得?|收[到获]|得到)了?\s*$"
)  # 获得4.6分: of a card, unless a product got them
# Directly after: another scale or unit, what all the reviews say, a place that is not this shop.
AFTER = re.compile(
    r"-\w|\s*(?:[-–/+]\s*\d|[-–]\s*\{rating|[%\d]|(?:\(\s*)?out\s+of\b|of\s+\d|per\s?cent|(?:off|left|days?|hours?|more|less"
    r"|hotels?|until|till|since|before)\b|(?:this|last|per|an?|each)\s+(?:day|week|month|year)\b"
    r"|(?:\w+\s+)?(?:say|agree|praise|prove|rave|love|recommend|speak|lie|can['’]?t|cannot)s?\b"
    r"|(?:[,–-]\s*)?(?:all|every|each)\s+(?:one|of)\b|and\s+(?:rising|counting|growing|climbing)\b"
    r"|[折元块件天减抵送以起多人钟期级球]|优惠|库存|酒店|[全都均皆]|一致|[零无没])"
    r"|\s+(?:on|in|by|from|at|for|among|across|according)\b(?!\s+(?:\{|average\b|our\s+shop\b"
    r"|(?:(?:our|its|the)\s+)?review(?:s|ers)\b))"
)
# What may follow a slot that has words of its role before it only.
ENDS = re.compile(
    r"\s*(?:$|[.,;:!?()·|\n–—。！？、{]|and\b|(?:on|in|by|from|at|for|across)\s|来自|基于|共|的)"
)
# In the same sentence: another scale, another site, another judge.
ELSEWHERE = re.compile(
    r"\bout\s+of\s+(?:(?!5(?![\d.,]*\d))\d|(?:three|four|six|seven|ten|an?\s+hundred)\b)|/\s*(?!5\b)\d|\b(?:scale|points)\b"
    r"|(?:10|十|百|100)\s*分制|满分(?![为是]?\s*[5五])"
    r"|\b(?:amazon|google|trustpilot|yelp|ebay|etsy|tripadvisor|facebook|instagram|tiktok|app\s+store|which\?)"
    r"|淘宝|天猫|京东|拼多多|豆瓣|点评|小红书|抖音|亚马逊|美团"
    r"|\b(?:tests?|tested|lab|jury|press|magazines?|critics)\b|测试|检测|评测|媒体|评委|杂志"
)


@dataclass(frozen=True)
class RatingPhrase:
    """Words with the slot that they judge, which begins at `slot`. says_buyers: they call those who
    wrote the reviews customers."""

    start: int
    end: int
    slot: int
    says_buyers: bool


def rating_phrases(text: str) -> list[RatingPhrase]:
    """Where slots of a rating stand in their role; whether a fact fills them is not asked here."""
    if not ANY_RATING.search(text):
        return []
    folded = fold(text)
    found = (match for form in FORMS for match in form.finditer(folded.text))
    return [_phrase(folded, match) for match in found if _is_in_its_role(folded.text, match)]


def without_ratings(text: str) -> str:
    """The text with these phrases blanked, so that offsets stay true."""
    for phrase in rating_phrases(text):
        text = text[: phrase.start] + " " * (phrase.end - phrase.start) + text[phrase.end :]
    return text


def _phrase(folded: Folded, match: re.Match) -> RatingPhrase:
    start, end = folded.span(*match.span())
    slot, _ = folded.span(*match.span("slot"))
    said = match.groupdict()
    return RatingPhrase(
        start, end, slot, any(said[one] for one in said if one.startswith("buyers"))
    )


def _is_in_its_role(text: str, match: re.Match) -> bool:
    said = match.groupdict()
    has_role = said.get("tail") or (said.get("lead") and ENDS.match(text, match.end()))
    if not has_role or AFTER.match(text, match.end()):
        return False
    before = text[max(0, match.start() - AROUND) : match.start()]
    after = text[match.end() : match.end() + AROUND]
    sentence = SENTENCE_END.split(before)[-1] + match.group() + SENTENCE_END.split(after)[0]
    return _is_of_the_product(before) and not ELSEWHERE.search(sentence)


def _is_of_the_product(before: str) -> bool:
    """before: what stands before the words of the rating."""
    clause = CLAUSE_START.split(before)[-1]
    *_, subject = [None, *SUBJECT.finditer(clause)]
    if subject is None:
        return BETWEEN.fullmatch(clause) is not None and not POINTS.search(clause)
    is_given = GIVEN.search(clause, 0, subject.start())
    return BETWEEN.fullmatch(clause, subject.end()) is not None and not is_given
