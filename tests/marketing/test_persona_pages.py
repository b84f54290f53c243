"""Personas where people and programs use them: rules, briefs, pages, the API."""

import pytest

from decisions.models import LivePeriod, ModelRun, RunState
from marketing.definitions.rule_text import parse, to_text
from marketing.definitions.rules import RuleError, customers_of, sentences
from marketing.models import Brief, Persona, PersonaMember, PersonaSnapshot, Segment
from marketing.services.content.briefs import campaign_of, readers_of
from shop.models import Category
from tests.factories import make_customer
from tests.factories_access import make_staff
from tests.factories_content import make_brief
from tests.factories_personas import END

pytestmark = pytest.mark.django_db


def index(trait: str, lift: float = 2.0, weight: float = 0.3) -> dict:
    return {
        "trait": trait, "inside": 0.4 if lift > 1 else 0.1, "outside": 0.2, "lift": lift,
        "low": lift * 0.9, "high": lift * 1.1, "weight": weight,
    }  # fmt: skip


def live_run() -> ModelRun:
    cut = {"groups": 2, "stability": 0.9, "recovery": [0.9, 0.8], "silhouette": 0.2, "smallest": 40}
    repeats = {"category:tea": {"is_kept": True}, "evening": {"is_kept": False}}
    run = ModelRun.objects.create(
        task="personas", model="kmeans_2", params={"method": "kmeans"}, seed=1, data_until=END,
        row_count=1, data_hash="x", code_version="x", metric="agreement", higher_is_better=True,
        value=0.4, baseline="chance", baseline_value=0.1, state=RunState.LIVE,
        metrics={
            "agreement": 0.4, "null_agreement": 0.1, "stability": 0.9, "silhouette": 0.2,
            "prediction_strength": 0.5, "is_natural": False, "groups": 2, "customers": 400,
            "cuts": [cut], "repeats": repeats, "drift": {"moved_share": 0.4},
        },
    )  # fmt: skip
    LivePeriod.objects.create(task="personas", run=run, began_at=END)
    return run


def make_persona(run: ModelRun, group: int, *, people: int = 2, **fields) -> Persona:
    Category.objects.get_or_create(code="tea", defaults={"name": "Tea", "name_zh": "茶"})
    name = fields.pop("name", f"Kind {group}")
    persona = Persona.objects.create(
        code=f"p{group + 1}", evident_name=name, evident_name_zh=f"类{group}"
    )
    PersonaSnapshot.objects.create(
        persona=persona, run=run, group=group, as_of=END, evident_name=name, evident_name_zh="类",
        evidence=[index("category:tea"), index("evening"), index("price", 0.8, 0.1)], recovery=0.9,
        customers=people, share=0.5, counted_at=END, spent_365_minor=12_345,
        spent_365_low_minor=11_000, spent_365_high_minor=13_000, **fields,
    )  # fmt: skip
    for number in range(people):
        customer = make_customer(f"C{group}-{number}")
        PersonaMember.objects.create(customer=customer, persona=persona, since=END, as_of=END)
    return persona


def test_a_rule_asks_for_a_persona_and_is_read_with_its_name():
    persona = make_persona(live_run(), 0)
    other = make_customer("NOBODY")
    rule = parse("persona is p1")
    assert parse(to_text(rule)) == rule
    assert set(customers_of(rule)) == {row.customer for row in persona.members.all()}
    assert sentences(rule) == ["customer persona is Kind 0"]
    assert other in customers_of(parse("persona is not p1"))
    Persona.objects.filter(pk=persona.pk).update(retired_at=END)
    assert sentences(rule) == ["customer persona is Kind 0 (not found any more)"]
    with pytest.raises(RuleError, match="p9 is no customer persona"):
        parse("persona is p9")


def test_a_brief_hears_how_its_readers_buy_in_words_only():
    brief = make_brief()
    persona = make_persona(live_run(), 0)
    Persona.objects.filter(pk=persona.pk).update(name="Ann Smith's friends 7")
    Brief.objects.filter(pk=brief.pk).update(persona=persona, segment=None)
    brief = Brief.objects.get(pk=brief.pk)
    said = readers_of(brief)
    assert said == (
        "They buy more from Tea than other customers. They often order in the evening. "
        "They choose the cheaper goods of a kind."
    )
    assert not any(sign.isdigit() for sign in said)
    assert campaign_of(brief).segment == Segment.objects.get(code="persona-p1")


def test_the_cards(admin_client, django_assert_max_num_queries):
    run = live_run()
    make_persona(run, 0, kept_share=0.3, shift=0.9)
    make_persona(run, 1, people=3)
    with django_assert_max_num_queries(16):
        text = admin_client.get("/marketing/persona/").content.decode()
    for word in (
        "Kind 0",
        "Kind 1",
        "Lines from Tea",
        "×2",
        "1.80 to 2.20",
        "differ by degree",
        "40 %",
    ):
        assert word in text
    assert "It shares only 30 %" in text
    for number in range(2, 8):
        make_persona(run, number)
    with django_assert_max_num_queries(16):
        admin_client.get("/marketing/persona/")


def test_one_persona_and_who_sees_its_people(client, admin_client, django_assert_max_num_queries):
    make_persona(live_run(), 0)
    with django_assert_max_num_queries(20):
        text = admin_client.get("/marketing/persona/p1/page/").content.decode()
    assert "C0-1" in text
    assert "persona is p1" in text
    client.force_login(make_staff("shop.view_product"))
    assert client.get("/marketing/persona/p1/page/").status_code == 403
    analyst = make_staff("marketing.view_persona")
    client.force_login(analyst)
    shown = client.get("/marketing/persona/p1/page/").content.decode()
    assert "Rename" not in shown


def test_rename_and_segment(admin_client, client):
    persona = make_persona(live_run(), 0)
    admin_client.post("/marketing/persona/p1/do/", {"verb": "rename", "name": "Sippers"})
    persona.refresh_from_db()
    assert str(persona) == "Sippers"
    answer = admin_client.post(
        "/marketing/persona/p1/do/", {"verb": "rename", "name": "Diabetic"}, follow=True
    )
    assert "not named after" in answer.content.decode()
    persona.refresh_from_db()
    assert persona.name == "Sippers"
    for _time in range(2):
        admin_client.post("/marketing/persona/p1/do/", {"verb": "segment"})
    assert Segment.objects.get(code="persona-p1").name == "Sippers"
    assert admin_client.post("/marketing/persona/p1/do/", {"verb": "x"}).status_code == 400
    client.force_login(make_staff("marketing.view_persona"))
    refused = client.post("/marketing/persona/p1/do/", {"verb": "rename", "name": "No"})
    assert refused.status_code == 403


def test_before_the_first_learning(admin_client):
    text = admin_client.get("/marketing/persona/").content.decode()
    assert "No personas yet" in text


def test_the_api(admin_client):
    make_persona(live_run(), 0)
    listed = admin_client.get("/api/merchant/v1/personas/").json()["results"]
    assert [one["code"] for one in listed] == ["p1"]
    one = admin_client.get("/api/merchant/v1/personas/p1/").json()
    assert one["evidence"][0] == {
        "trait": "category:tea", "inside": 0.4, "outside": 0.2, "lift": 2.0, "low": 1.8, "high": 2.2,
    }  # fmt: skip
    assert one["learnings"][0]["customers"] == 2
    assert "C0-" not in str(one)
    assert admin_client.get("/api/merchant/v1/personas/p9/").status_code == 404
