"""Every planted false claim is refused; its harmless twin passes."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.claims import Fact, UnknownSlotError, check_copy, fill, refusals
from language.figures import figures
from language.phrases import BANKS
from language.slots import slots_of
from tests.language.claim_texts import FALSE, REFUSED_WRONGLY, TRUE

FACTS = [
    Fact("shop", "name", "Leaf & Cup"),
    Fact("product", "name", "Pulse 2 Kettle", "variant:KET-2"),
    Fact("price", "money", "£12.50", "price:7"),
    Fact("was_price", "prior_money", "£15.00", "price:3"),
    Fact("discount", "percent", "20%", "campaign:1"),
    Fact("until", "date", "30 November 2026", "campaign:1"),
    Fact("code", "coupon", "WELCOME", "campaign:1"),
    Fact("coupon_code", "coupon", "K7QM-2ZDX-94RT", "coupon offer:SPRING/1"),
    Fact("coupon_value", "coupon", "20 %", "coupon offer:SPRING/1"),
    Fact("coupon_until", "coupon", "3 March 2026", "coupon offer:SPRING/1"),
    Fact("capacity", "text", "holds 1.7 litres", "attribute:capacity"),
    Fact("link", "link", "https://shop.example/k"),
    Fact("greeting", "person", "Hello Ana,"),
    Fact("rating", "stars", "4.6", "reviews:KET-2"),
    Fact("review_count", "reviews", "120", "reviews:KET-2"),
]
PLAIN = [fact for fact in FACTS if fact.slot in ("shop", "product", "price", "link")]


@pytest.mark.parametrize("text", FALSE)
def test_a_false_claim_is_refused(text):
    assert refusals(text, FACTS)


@pytest.mark.parametrize("text", FALSE)
def test_a_false_claim_is_refused_from_a_provider_with_few_facts(text):
    assert refusals(text, PLAIN, slots_only=True)


@pytest.mark.parametrize("text", REFUSED_WRONGLY)
def test_what_is_known_to_be_refused_wrongly_still_is(text):
    assert refusals(text, FACTS)


@pytest.mark.parametrize("text", TRUE)
def test_a_true_text_passes(text):
    assert refusals(text, FACTS) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Now £12.50.", "figure_by_hand"),
        ("{product} for 12.50", "figure_by_hand"),
        ("Get {discount} off", "unknown_slot"),
        ("A discount for you", "discount"),
    ],
)
def test_a_provider_may_not_write_even_a_right_figure(text, reason):
    assert reason in {claim.reason for claim in refusals(text, PLAIN, slots_only=True)}


def test_claims_point_at_the_words_they_judge():
    text = "Only ３ left: {product} at {price}."
    marked = [(text[c.start : c.end], c.is_supported) for c in check_copy(text, PLAIN)]
    assert marked == [("３", False), ("{product}", True), ("{price}", True)]


def test_a_supported_claim_names_its_source():
    claims = check_copy("{product}: {price}, or £12.50", FACTS)
    assert [claim.source for claim in claims if claim.kind == "money"] == ["price:7", "price:7"]


def test_half_price_is_true_when_the_discount_is_a_half():
    half = [Fact("discount", "percent", "50%")]
    assert refusals("Half price! 半价！", half) == []
    assert refusals("五折", half) == []


def test_stock_words_need_a_stock_figure():
    assert refusals("Only {available} left", [Fact("available", "count", "3")]) == []
    assert refusals("Only 4 left", [Fact("available", "count", "3")])


def test_fill_replaces_slots_and_refuses_unknown_ones():
    assert fill("{product} at {price}", FACTS) == "Pulse 2 Kettle at £12.50"
    with pytest.raises(UnknownSlotError, match="cost"):
        fill("{cost}", FACTS)


def test_a_fact_of_an_unknown_kind_cannot_be_made():
    with pytest.raises(ValueError, match="no kind of fact"):
        Fact("price", "mony", "£1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("£1,234.50", [("money", "1234.5")]),
        ("12,50 €", [("money", "12.5")]),
        ("八五折", [("percent", "15")]),
        ("9.5折", [("percent", "5")]),
        ("一千二百三十四元", [("money", "1234")]),
        ("三万五千块", [("money", "35000")]),
        ("one hundred and twenty-five pounds", [("money", "125")]),
        ("two dozen cups", [("unit:cups", "24")]),
        ("5 March 2026", [("date", "03-05")]),
        ("2026年3月5日", [("date", "03-05")]),
        ("百分之二十", [("percent", "20")]),
    ],
)
def test_figures_are_read_with_kind_and_value(text, expected):
    assert [(figure.kind, figure.value) for figure in figures(text)][: len(expected)] == expected


DIGIT_SETS = [
    "0123456789",
    "０１２３４５６７８９",
    "٠١٢٣٤٥٦٧٨٩",
    "०१२३४५६७८९",
    "๐๑๒๓๔๕๖๗๘๙",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
]


@settings(max_examples=150, deadline=None)
@given(
    number=st.integers(0, 10**9).filter(lambda n: n not in (20, 30, 2026)),
    digits=st.sampled_from(DIGIT_SETS),
    before=st.sampled_from(["", "Save ", "Only ", "仅剩", "£", "for ", "，"]),
    after=st.sampled_from(["", "%", " off", "折", " left", "元", " days", "年", ".", "\u200b%"]),
    joiner=st.sampled_from(["", "\u200b", "\ufe0f\u20e3"]),
)
def test_no_figure_in_any_script_slips_through(number, digits, before, after, joiner):
    written = joiner.join(digits[int(digit)] for digit in str(number))
    text = f"A kettle {before}{written}{after}"
    assert refusals(text, [fact for fact in PLAIN if fact.slot != "product"])


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_can_be_checked_and_spans_lie_inside_it(text):
    for claim in check_copy(text, FACTS):
        assert 0 <= claim.start < claim.end <= len(text)


def all_phrases():
    for language, bank in BANKS.items():
        for part, phrases in bank.items():
            for phrase in phrases:
                yield pytest.param(phrase.text, id=f"{language}-{part}-{phrase.text[:24]}")


@pytest.mark.parametrize("text", list(all_phrases()))
def test_every_phrase_of_the_bank_is_provable(text):
    more = [
        Fact("product_2", "name", "Tea tin"),
        Fact("price_2", "money", "£4.00"),
    ]
    assert refusals(text, [*FACTS, *more], slots_only=True) == []
    assert slots_of(text) <= {fact.slot for fact in [*FACTS, *more]}


def test_neighbouring_phrases_make_no_new_claim():
    """Product, offer and suggestion stand in one paragraph: a slot must not lean on its neighbour."""
    more = [Fact("product_2", "name", "Tea tin"), Fact("price_2", "money", "£4.00")]
    for language, glue in (("en", " "), ("zh", "")):
        bank = BANKS[language]
        for parts in product(bank["product"], bank["offer"], bank["more"]):
            text = glue.join(part.text for part in parts)
            assert refusals(text, [*FACTS, *more], slots_only=True) == [], text
