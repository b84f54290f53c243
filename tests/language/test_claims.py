"""Every planted false claim is refused; its harmless twin passes."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.claims import Fact, UnknownSlotError, check_copy, fill, refusals, slots_of
from language.figures import figures
from language.phrases import BANKS

FACTS = [
    Fact("shop", "name", "Leaf & Cup"),
    Fact("product", "name", "Pulse 2 Kettle", "variant:KET-2"),
    Fact("price", "money", "£12.50", "price:7"),
    Fact("was_price", "prior_money", "£15.00", "price:3"),
    Fact("discount", "percent", "20%", "campaign:1"),
    Fact("until", "date", "30 November 2026", "campaign:1"),
    Fact("code", "name", "WELCOME", "campaign:1"),
    Fact("capacity", "text", "holds 1.7 litres", "attribute:capacity"),
    Fact("link", "link", "https://shop.example/k"),
    Fact("greeting", "person", "Hello Ana,"),
]
PLAIN = [fact for fact in FACTS if fact.slot in ("shop", "product", "price", "link")]

FALSE = """
Now £9.99.
Now only 12.49 pounds.
Yours for nine pounds ninety-nine.
Just ten quid!
It costs $12.50 and £13.
EUR 12,99 today.
Get 25% off.
Twenty-five percent off.
A full thirty per cent less.
٢٥% off everything.
２５％ off everything.
𝟐𝟓% off everything.
2\u200b5% off.
②⑤% off.
½ price on all kettles.
Half price on all kettles.
HALF-PRICE kettles.
Half the usual price.
A third off every kettle.
Two thirds less.
Buy one get one.
BOGO on kettles.
Two for one on kettles.
3 for 2 on kettles.
Free delivery on your order.
fr\u0435e delivery on your order.
FREE gift with it.
It ships free.
Delivery is on us.
At no extra cost.
A complimentary cup comes with it.
Sugar-free sweets inside.
Only 3 left.
Only three left.
Just a few left.
Last few remaining.
Almost gone.
Selling fast.
While stocks last.
Limited edition.
A dozen left in the shop.
Back in stock.
Ends tonight.
Ends on Friday.
Until Sunday you can order it.
Today only.
Order by midnight.
Until 1 December.
Until December 1st.
Until 2026-12-01.
Valid to the fifth of December.
Next-day delivery.
Same day dispatch.
Delivered within a week.
Arrives in 2 days.
Two-year warranty.
One-year warranty.
A lifetime guarantee.
A full year of cover.
Money-back promise.
Refunded without questions.
It holds 1.8 litres.
It holds two litres.
1.7 kilos of tea.
Rated five stars.
4.8 stars.
Our best-selling kettle.
The number one kettle.
#1 in kettles.
Award-winning design.
Thousands of happy homes.
Loved by a million people.
10,000 customers cannot be wrong.
The best kettle in town is the best.
The lowest prices anywhere.
Cheaper than the others.
World-class quality.
Clinically tested and clinically proven.
It cures headaches.
Boosts your immune system.
Certified organic leaves.
100 points for you.
Points are doubled: twice the points.
💯 quality.
🔟 reasons to buy.
Only one left.
Just one day to go, one day.
Call +44 20 7946 0958.
Write to sales@shop.example.
See www.shop.example now.
Dear [Name], hello.
Price: {cost}.
It is {price.
{price} off your order.
{price}% off.
£{price} for you.
{discount} left in the shop.
{discount}% off.
Pay {discount}.
Was {price}, so hurry.
Now {was_price}.
Only {was_price}.
Save {price} on it.
{until} off.
{price} items sold.
现在只要9.9元。
只要九块九。
仅售十二元。
售价一百二十五元。
一律八五折。
七折优惠等你来。
全场五折。
打对折。
半价购买。
立减一半。
再减百分之三十。
满三百减五十。
第二件半价。
买一送一。
买二送一。
免费赠送茶杯。
全国包邮。
免运费。
加购有赠品。
仅剩三件。
只剩最后几件。
库存告急。
限量发售。
即将售罄。
仅限今日。
今晚截止。
明天涨价。
双十一狂欢。
十二月一日前有效。
12月1日前有效。
周日截止。
限购一年。
质保一年。
保修期为一年。
两年质保。
终身保修。
三年包换。
半年内可退。
七天无理由退货。
假一赔十。
次日达。
当天发货。
四十八小时内发货。
一小时送达。
容量两升。
重一公斤。
五星好评。
销量第一。
全网最低价。
最好的水壶。
最便宜的选择。
国家级品质。
顶级茶叶。
唯一正品。
独家配方。
史低价格。
万人好评。
累计售出一百万件。
获奖产品。
可以治疗失眠。
有助于减肥瘦身。
有效抗菌。
天然有机认证。
壹佰元优惠。
１２元起。
②折。
积分翻倍。
【姓名】您好。
原价{price}。
立减{price}。
现价{was_price}。
{price}折。
{discount}元。
仅需{was_price}。
""".strip().splitlines()

TRUE = """
{product} is yours for {price}.
It was {was_price}, now {price}.
Until {until} it is {price} instead of {was_price}.
Use the code {code} for {discount} off, valid until {until}.
A discount of {discount} with the code {code}.
{greeting} welcome back to {shop}.
Meet the Pulse 2 Kettle at Leaf & Cup.
It holds 1.7 litres.
It holds 1.7 litres and costs £12.50.
Now £12.50 with 20% off until 30 November.
Twenty percent off until November 30th.
The one you have been waiting for.
One of our own favourites.
No one makes tea like you do.
Feel free to have a look.
A hassle-free way to make tea.
A worry-free morning.
At first light, the kettle sings.
For the first time in a while.
A moment for you and a friend.
Make somebody's day.
Take a second to breathe.
A cup or two in good company.
Freedom in every cup.
Brew a cup today.
You may like it.
We march to our own drum.
Best wishes from all of us.
Carefree afternoons begin here.
A bit of everything nice.
Someone will be happy.
Once upon a teatime.
Everyone at the table will smile.
Often the simplest things are lovely.
Weight off your shoulders, tea in your hand.
A friend for the long evenings.
See it here: {link}
{product}，售价{price}。
原价{was_price}，现价{price}。
{until}前凭优惠码{code}，可享{discount}优惠。
即日起享八折，{until}前有效。
售价12.50英镑。
一条温柔的围巾，一些好茶。
一起喝一杯吧。
一定要来看看。
每一天都值得好好喝茶。
美好的一天，从一杯茶开始。
一年四季都适合。
独一无二的您，值得好茶。
十分适合送给朋友。
千万别错过好茶。
万家灯火，一盏清茶。
四季皆宜。
一点小心意。
三五好友，围炉煮茶。
一如既往地感谢您。
一边看书一边喝茶。
第一次见面，请多关照。
最近还好吗？
最后，祝您生活愉快。
点此查看：{link}
慢慢看，不着急。
半糖主义者的茶。
""".strip().splitlines()


@pytest.mark.parametrize("text", FALSE)
def test_a_false_claim_is_refused(text):
    assert refusals(text, FACTS)


@pytest.mark.parametrize("text", FALSE)
def test_a_false_claim_is_refused_from_a_provider_with_few_facts(text):
    assert refusals(text, PLAIN, slots_only=True)


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
