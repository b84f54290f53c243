"""The rules of each market, the shop's own words, and SMS that grow too long."""

import pytest
from django.core.exceptions import ValidationError

from language.claims import Fact
from marketing.models import BrandVoice, GlossaryTerm, PolicyRule
from marketing.services.campaigns import campaigns
from marketing.services.content.policy import ensure_policy_rules, shipped_rules
from marketing.texts.review import Standard, review
from marketing.texts.standards import markets_of, standard_of_campaign
from marketing.texts.voice import voice_lines
from shop.models import Consent, Purpose
from tests.factories import make_customer
from tests.factories_content import make_brief, make_kettle
from tests.factories_marketing import LONG_AGO, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
FACTS = [
    Fact("shop", "name", "Leaf & Cup"), Fact("product", "name", "Copper Kettle"),
    Fact("price", "money", "£40.00"), Fact("was_price", "prior_money", "£50.00"),
    Fact("discount", "percent", "20%"), Fact("link", "link", "https://shop.example/"),
    Fact("greeting", "person", "Hello,"),
]  # fmt: skip


def findings(text: str, market: str, channel: str = "email", language: str = "en") -> list:
    rules = list(PolicyRule.objects.filter(market=market, is_active=True))
    found = review(
        {"body": text}, FACTS, Standard(channel, language, rules=rules), slots_only=True
    ).findings
    return [(f.severity, f.source.split(",")[0], text[f.start : f.end]) for f in found]


def test_rules_ship_for_every_market_with_their_sources_and_are_never_overwritten():
    assert {row["market"] for row in shipped_rules()} == {"CN", "EU", "GB", "US"}
    assert all(row["source"] and row["title_zh"] for row in shipped_rules())
    assert PolicyRule.objects.count() == len(shipped_rules())
    PolicyRule.objects.filter(code="cn-health").update(is_active=False, words="x")
    PolicyRule.objects.filter(code="eu-green").delete()
    assert ensure_policy_rules() == 1
    assert ensure_policy_rules() == 0
    rule = PolicyRule.objects.get(code="cn-health")
    assert (rule.is_active, rule.words) == (False, "x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("这是最好的水壶。", "最好"), ("销量第一！", "销量第一"), ("国家级品质", "国家级"),
        ("全国第一品牌", "全国第一"), ("独一无二的设计", "独一无二"), ("顶级茶叶", "顶级"),
    ],
)  # fmt: skip
def test_superlatives_block_in_china_and_the_word_is_named(text, words):
    law = "Advertising Law of the PRC (2021)"
    assert ("block", law, words) in findings(text, "CN", "social", "zh")
    assert not findings(text, "US", "social", "zh")


@pytest.mark.parametrize(
    "text",
    ["第一次见面，请多关照。", "独一无二的您，值得好茶。", "最近还好吗？", "最后，祝您愉快。"],
)
def test_harmless_twins_of_superlatives_pass(text):
    assert findings(text, "CN", "social", "zh") == []


@pytest.mark.parametrize(("market", "severity"), [("EU", "block"), ("CN", "block"), ("GB", "warn")])
def test_a_reduction_names_the_price_before(market, severity):
    text = "{shop}: until then {discount} off {product}."
    assert severity in {f[0] for f in findings(text, market, "social")}
    whole = "{shop}: it was {was_price}, now {price}: {discount} off {product}."
    assert [f for f in findings(whole, market, "social") if "price" in f[1].lower()] == []


def test_an_e_mail_to_the_united_states_needs_a_postal_address(settings):
    settings.PUBLIC_URL = "https://shop.example"
    assert [f[1] for f in findings("{greeting} {product}", "US")] == ["CAN-SPAM Act"]
    settings.SHOP_ADDRESS = "1 High Street, Leeds"
    assert findings("{greeting} {product}", "US") == []


def test_a_way_out_that_leads_nowhere_is_found(settings):
    settings.SHOP_ADDRESS = "1 High Street, Leeds"
    settings.PUBLIC_URL = "http://localhost:8000"
    assert [f[0] for f in findings("{product}", "US")] == ["block"]
    settings.PUBLIC_URL = "https://shop.example"
    assert findings("{product}", "US") == []


def test_an_sms_names_its_sender():
    assert ("block", "Directive 2002/58/EC", "") in findings("Hello {product}", "EU", "sms")
    assert ("block", "Directive 2002/58/EC", "") not in findings("{shop}: hello", "EU", "sms")


def test_health_and_urgency_words_name_their_law_even_where_a_document_proves_them():
    text = "It detoxifies. Only today."
    facts = [*FACTS, Fact("evidence_1", "evidence", "It detoxifies", "evidence:1")]
    rules = list(PolicyRule.objects.filter(market="EU"))
    found = review({"body": text}, facts, Standard("social", "en", rules=rules), slots_only=True)
    assert [text[f.start : f.end] for f in found.findings if f.blocks] == [
        "detoxifies",
        "Only today",
    ]
    assert [claim.kind for _part, claim in found.refused] != ["health"]


def test_a_blocking_rule_stops_the_approval_and_names_the_law():
    make_reachable(2)
    campaign = make_campaign(variant=make_kettle(), market="US")
    with pytest.raises(campaigns.CampaignError, match="CAN-SPAM"):
        campaigns.propose_campaign(campaign)


def test_markets_come_from_the_countries_of_the_shop(settings):
    settings.SHOP_COUNTRIES = ["DE", "FR", "GB", "NO", "CN"]
    assert markets_of("") == ["CN", "EU", "GB"]
    assert markets_of("US") == ["US"]


def test_wildcards_and_whole_words():
    PolicyRule.objects.all().delete()
    PolicyRule.objects.create(
        code="x", market="GB", title="No", source="Law", words="treats*disease\ncure"
    )
    assert len(findings("It treats any disease and will cure all.", "GB", "social")) == 2
    assert findings("A curer of secure obscurities.", "GB", "social") == []


@pytest.mark.parametrize("words", ["", " \n", "***"])
def test_a_rule_about_words_needs_words(words):
    with pytest.raises(ValidationError):
        PolicyRule(code="x", market="GB", title="No", source="Law", words=words).full_clean()


def test_the_shops_own_words_are_checked_and_go_into_the_prompt():
    GlossaryTerm.objects.create(kind="never", term="cheap")
    GlossaryTerm.objects.create(kind="prefer", term="kettle", instead_of="boiler, pot")
    GlossaryTerm.objects.create(kind="keep", term="Leaf & Cup", instead_of="叶与杯")
    BrandVoice.objects.create(pk=1, guidance="Short sentences.", examples="Put the kettle on.")
    terms = list(GlossaryTerm.objects.all())
    text = "A cheap pot from 叶与杯, cheaply."
    found = review({"body": text}, FACTS, Standard("social", "en", terms=terms), slots_only=True)
    assert [(f.severity, text[f.start : f.end]) for f in found.findings] == [
        ("block", "叶与杯"), ("block", "cheap"), ("warn", "pot"),
    ]  # fmt: skip
    lines = voice_lines(make_brief(must_say="Hello fair"), FACTS)
    assert lines == [
        "Short sentences.",
        "Leave “Leaf & Cup” untranslated.",
        "Never say “cheap”.",
        "Say “kettle” instead of boiler, pot.",
        "It should sound like: Put the kettle on.",
        "Say, word for word: Hello fair",
    ]


def sms_campaign(name: str, body: str):
    customer = make_customer("P-1", name=name, phone="+447700900000")
    Consent.objects.create(
        customer=customer, purpose=Purpose.MARKETING_SMS, granted=True, source="t",
        recorded_at=LONG_AGO,
    )  # fmt: skip
    return make_campaign(variant=make_kettle(), channel="sms", body=body)


def test_an_sms_is_measured_at_the_longest_name_that_will_get_it():
    campaign = sms_campaign("Maximiliane Featherstonehaugh", "{shop}: {greeting} {product}.")
    standard = standard_of_campaign(campaign, "en")
    found = review({"body": campaign.copies.get().body}, FACTS, standard, slots_only=True)
    assert found.sms.encoding == "GSM-7"
    assert standard.longest["greeting"] == ["Hello Maximiliane Featherstonehaugh,"]
    text = "Leaf & Cup: Hello Maximiliane Featherstonehaugh, Copper Kettle." + standard.tail
    assert found.sms.units == len(text)


def test_one_chinese_name_turns_the_whole_sms_into_half_the_room():
    campaign = sms_campaign("王小明", "{shop}: {greeting} {product}.")
    standard = standard_of_campaign(campaign, "en")
    found = review({"body": campaign.copies.get().body}, FACTS, standard, slots_only=True)
    assert (found.sms.encoding, found.sms.culprits) == ("UCS-2", "王小明")


def test_an_sms_of_too_many_parts_cannot_be_approved(settings):
    settings.SMS_MAX_PARTS = 1
    campaign = sms_campaign("王小明", "{shop}: {greeting} have a look at {product}. {link}")
    with pytest.raises(campaigns.CampaignError, match=r"SMS parts \(UCS-2"):
        campaigns.propose_campaign(campaign)
    settings.SMS_MAX_PARTS = 5
    campaigns.propose_campaign(campaign)
