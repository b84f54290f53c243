"""A rating is stated in its own words, of five stars, of its own product; every other role is refused."""

from dataclasses import replace

import pytest

from language.claims import Fact, check_copy, refusals
from language.rating_words import rating_phrases
from language.statements import as_read

OTHERS = [
    Fact("shop", "name", "Leaf & Cup"),
    Fact("product", "name", "Copper Kettle", "variant:KET-1"),
    Fact("product_2", "name", "Tea Tin", "variant:TIN-1"),
    Fact("price", "money", "£12.50", "price:7"),
    Fact("discount", "percent", "20%", "price:7,3"),
    Fact("until", "date", "30 November 2026", "price:7"),
    Fact("link", "link", "https://shop.example/k"),
]
# Every other product has the figures that would make a swap look true.
RATED = [
    Fact("rating", "stars", "4.6", "reviews:KET-1"),
    Fact("review_count", "reviews", "120", "reviews:KET-1"),
    Fact("rating_2", "stars", "4.1", "reviews:TIN-1"),
    Fact("review_count_2", "reviews", "31", "reviews:TIN-1"),
]
FACTS = [*OTHERS, *RATED]
OF_BUYERS = [*OTHERS, *(replace(fact, is_of_buyers=True) for fact in RATED)]

RIGHT = [
    "{product}: {rating} stars",
    "{product} – {rating} ★",
    "{product} is rated {rating} out of 5",
    "{product} is rated {rating} out of five, from {review_count} reviews.",
    "{product} is rated {rating}/5 in {review_count} reviews, and it is yours for {price}.",
    "It has a {rating}-star rating in {review_count} reviews. Have a look: {link}",
    "Its average rating is {rating}.",
    "{shop}: {product}, rated {rating} out of 5. {link}",
    "Read {review_count} reviews of {product} here: {link}",
    "{product} has {review_count} ratings.",
    "If that is not quite it, there is also {product_2}, rated {rating_2} out of 5.",
    "Save {discount} on {product} until {until}. It is rated {rating} out of 5.",
    "{product}，评分{rating}，售价{price}。",
    "{product}，{review_count}条评价，评分{rating}（满分5分）。",
    "{product}，{rating}分（满分５分）",
    "{product}获得{rating}颗星，欢迎来看看。",
    "{product}评分：{rating}星",
    "看看{product}吧，{review_count} 条评价，平均 {rating} 分。",
    "与{product_2}（评分{rating_2}）搭配，相得益彰。",
]
OF_CUSTOMERS = [
    "{product} is rated {rating} out of 5 by {review_count} customers.",
    "{product} is rated {rating} out of 5 by our customers.",
    "{review_count} customers who reviewed it gave it {rating} stars.",
    "Customers rate {product} {rating} out of 5.",
    "{review_count} verified reviews of {product}",
    "已有{review_count}位顾客评价过{product}。",
    "{product}有{review_count}条真实评价",
    "{product}的用户评分为{rating}分",
]
# Each is a rating's slot as something else: money, a reduction, stock, time, another scale …
WRONG = [
    "{product} costs {rating}",
    "Yours for {rating}",
    "£{rating} stars",
    "Save {rating} on {product}",
    "{rating}% off {product}",
    "{product} with {rating} off",
    "{product}: {review_count} left",
    "Only {review_count} in stock",
    "Ends in {review_count} days",
    "{rating} days to decide",
    "Until {rating}",
    "{product} is rated {rating} out of 10",
    "{product} is rated {rating}/10",
    "{product}: {rating} stars out of ten",
    "{product}: {rating} out of 50",
    "{product}: rated {rating} on a scale of 10",
    "Over {rating} stars",
    "More than {review_count} reviews",
    "Nearly {rating} stars for {product}",
    "{product} – ★★★★★ {rating} stars",
    "{product}, top-rated at {rating} out of 5",
    "{product}, independently rated {rating} out of 5",
    "We gave {product} {rating} stars",
    "Doctors rate it {rating} out of 5",
    "We have {rating} stars and {review_count} reviews",
    "Everything here is rated {rating} stars",
    "Safety rating: {rating}",
    "A {rating}-star hotel feeling",
    "Collect {rating} stars",
    "{review_count} reviews this week",
    "{review_count} reviews, all of them happy",
    "{review_count} reviews can't be wrong",
    "We give it {rating} stars",
    "专家评分{rating}分",
    "全店商品评分{rating}分",
    "我们给它{rating}分",
    "安全评分{rating}分",
    "获得{rating}分",
    "{product}：集{rating}颗星",
    "米其林{rating}星",
    "All {review_count} reviews",
    "{review_count} five-star reviews",
    "{review_count} positive reviews",
    "{review_count} glowing reviews",
    "{review_count} happy customers",
    "Bought by {review_count} customers",
    "{review_count} reviews agree",
    "{review_count} stars",
    "{rating} reviews",
    "{product} is rated {review_count} out of 5",
    "{product} is rated {rating} out of 5 by experts",
    "{product}: {rating} stars on Trustpilot",
    "Amazon: {product}, {rating} stars",
    "{rating} stars for comfort",
    "Our delivery is rated {rating} stars",
    "{shop} is rated {rating} out of 5",
    "{product_2} is rated {rating} out of 5",
    "{product} has {review_count_2} reviews",
    "{product}售价{rating}",
    "{rating}元就能带回家",
    "{product}打{rating}折",
    "{product}仅剩{review_count}件",
    "还有{rating}天",
    "只要{rating}分钟",
    "{product}评分{rating}（满分10分）",
    "十分制，{product}评分{rating}分",
    "{product}评分超过{rating}分",
    "{product}评分高达{rating}",
    "{product}有超过{review_count}条评价",
    "{review_count}条好评",
    "{review_count}条五星评价",
    "{review_count}位顾客买过{product}",
    "服务评分{rating}分",
    "{shop}评分{rating}分",
    "豆瓣评分{rating}",
    "{product_2}评分{rating}分",
    "{product}已售{review_count}",
    "{product}评分{review_count}",
]
# Their slot is right; what stands beside it is still praise that nobody proves.
PRAISE = [
    "Top rated: {product}, {rating} stars",
    "{product} is best rated, {rating} stars",
    "{product} – the highest rated kettle, {rating} stars",
    "Customers love it: {rating} stars",
    "Customers love {product}, rated {rating} out of 5",
    "Everyone's favourite: {product}, {rating} stars",
    "Nothing compares to {product}: {rating} stars",
    "{product}口碑极佳，评分{rating}",
    "好评如潮：{product}，评分{rating}分",
    "顾客都说好，{product}评分{rating}",
    "{product}，评分最高，{rating}分",
    "It cures headaches and is rated {rating} out of 5",
    "{product}纯铜打造，评分{rating}",
]


@pytest.mark.parametrize("text", RIGHT)
def test_a_rating_in_its_own_words_passes(text):
    assert refusals(text, FACTS, slots_only=True) == []
    assert refusals(text, FACTS) == []


@pytest.mark.parametrize("text", WRONG)
def test_every_other_role_is_refused(text):
    for slots_only in (True, False):
        found = refusals(text, OF_BUYERS, slots_only=slots_only)
        assert "misused_slot" in {claim.reason for claim in found}


@pytest.mark.parametrize("text", PRAISE)
def test_praise_stays_unproven_beside_a_rating(text):
    found = refusals(text, OF_BUYERS, slots_only=True)
    assert found
    assert "misused_slot" not in {claim.reason for claim in found}


@pytest.mark.parametrize("text", OF_CUSTOMERS)
def test_customers_are_named_only_where_each_review_is_of_a_purchase(text):
    assert refusals(text, OF_BUYERS, slots_only=True) == []
    assert {claim.reason for claim in refusals(text, FACTS, slots_only=True)} == {"not_of_buyers"}


@pytest.mark.parametrize("text", ["{product}: {rating} stars", "{product}有{review_count}条评价"])
def test_without_reviews_enough_nothing_fills_the_slot(text):
    assert [claim.reason for claim in refusals(text, OTHERS)] == ["unrated"]


@pytest.mark.parametrize("text", ["Rated 4.6 out of 5", "4.6 stars", "120 reviews", "评分4.6"])
def test_a_rating_written_out_is_refused_even_when_it_is_right(text):
    assert refusals(text, OF_BUYERS)
    assert refusals(text, OF_BUYERS, slots_only=True)


@pytest.mark.parametrize("text", ["Rated {rating} out of 5", "{product}评分{rating}（满分5分）"])
def test_control_the_same_words_without_the_slot_are_a_claim(text):
    assert refusals(text, FACTS) == []
    assert refusals(text.replace("{rating}", "five"), FACTS)
    assert refusals(text.replace("{rating}", "{price}"), FACTS)


def test_a_rating_names_its_source_and_its_words_are_no_claims_of_their_own():
    claims = check_copy("{product} is rated {rating} out of 5.", FACTS)
    assert [(claim.kind, claim.source) for claim in claims] == [
        ("name", "variant:KET-1"),
        ("stars", "reviews:KET-1"),
    ]


def test_the_words_of_a_rating_are_not_read_and_those_around_them_are():
    assert as_read("{product} is rated {rating} out of 5 and pours well.") == "it is and pours well"
    assert as_read("Save {rating} today") == "save today"
    assert rating_phrases("A kettle, five stars") == []


def test_hidden_signs_and_other_digits_do_not_change_the_scale():
    assert refusals("{product}: {rating} out of 1\u200b0", FACTS)
    assert refusals("{product}: {rating} out of １０", FACTS)
    assert refusals("{product}: {rating} out of ５", FACTS) == []
