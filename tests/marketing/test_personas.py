"""Personas over the nights: learned, placed, kept, refused; and what never gets into one."""

import re
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from sklearn.metrics import adjusted_rand_score

from config import night_steps
from decisions.models import ModelRun, RunState
from marketing.definitions.rules import customers_of
from marketing.frames.personas import MAY_READ, bought, excluded_categories, is_sensitive, unread
from marketing.ml.personas import PersonaParams
from marketing.models import Persona, PersonaMember, PersonaSnapshot
from marketing.services.customers import persona_members as members
from marketing.services.customers import personas
from marketing.texts.persona_names import names
from marketing.texts.sensitive import WORDS
from shop.models import Category, Consent, Customer, Order, Product, Purpose, Variant
from tests.factories import make_customer, make_order
from tests.factories_marketing import Quiet
from tests.factories_personas import END, make_kinds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick(tmp_path, monkeypatch):
    """Fewer cuts and samples, and no encoder of texts, which takes seconds to load."""
    monkeypatch.setattr(
        "marketing.ml.personas.PersonaParams", partial(PersonaParams, most=4, samples=5, nulls=9)
    )
    monkeypatch.setattr(personas, "meanings", lambda products: {})
    with override_settings(ARTEFACT_DIR=tmp_path):
        yield


def run_night(as_of=END) -> dict:
    return members.refresh_personas(Quiet(), as_of, seed=1)


def rows() -> list:
    return list(
        PersonaMember.objects.order_by("pk").values_list("customer_id", "persona_id", "since")
    )


def test_planted_kinds_are_found_named_and_twice_equals_once():
    kinds = make_kinds()
    found = run_night()
    assert found["state"] == RunState.LIVE
    assert found["customers"] >= 320
    placed = dict(PersonaMember.objects.values_list("customer__code", "persona_id"))
    some = [n for n in range(330) if f"K{n:05d}" in placed]
    assert adjusted_rand_score(kinds[some], [placed[f"K{n:05d}"] for n in some]) > 0.9
    called = " ".join(Persona.objects.values_list("evident_name", flat=True))
    assert "Tea" in called
    assert "Knives" in called or "Boards" in called
    assert "evening" in called
    chinese = Persona.objects.get(evident_name__contains="Tea").evident_name_zh
    assert chinese.startswith("Tea类")
    for one in PersonaSnapshot.objects.all():
        assert one.evidence[0]["low"] > 1.15
        assert one.customers == one.persona.members.count()
        assert one.spent_365_low_minor <= one.spent_365_minor <= one.spent_365_high_minor
        assert one.spent_365_minor == 12_500  # five orders of 30.00 with 5.00 of tax
    run = ModelRun.objects.get()
    assert run.value == run.metrics["agreement"] > run.baseline_value
    written = rows()
    assert run_night()["customers"] == len(written)
    assert (rows(), ModelRun.objects.count(), Persona.objects.count()) == (written, 1, 3)


def test_what_is_bought_later_changes_nothing():
    make_kinds()
    before = unread(END)
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    first = bought(ids, END, before)
    late = make_order([(Variant.objects.first(), 5)], customer=Customer.objects.first(), at=END)
    second = bought(ids, END, before)
    assert all(np.array_equal(getattr(first, name), getattr(second, name)) for name in vars(first))
    later = bought(ids, END + timedelta(hours=1), before)
    assert later.at.size == first.at.size + 1
    assert late.placed_at.timestamp() in later.at


def test_nothing_but_what_is_listed_is_read():
    make_kinds(30)
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as caught:
        closed = unread(END)
        bought(ids, END, closed)
    named = {
        (table, column)
        for query in caught.captured_queries
        for table, column in re.findall(r'"(\w+)"\."(\w+)"', query["sql"])
        if not re.fullmatch(r"[UVW]\d+", table)
    }
    aliased = {
        column
        for query in caught.captured_queries
        for _alias, column in re.findall(r'"?\b([UVW]\d+)"?\."(\w+)"', query["sql"])
    }
    assert named, "no column seen: the pattern does not fit this database"
    assert {one for one in named if one[1] not in MAY_READ.get(one[0], ())} == set()
    assert aliased <= set().union(*MAY_READ.values())
    assert "shop_customer" not in {table for table, _column in named}


def test_sensitive_goods_are_not_read_and_give_no_name(settings):
    make_kinds(450)
    tea = Category.objects.get(code="tea")
    Category.objects.filter(pk=tea.pk).update(code="baby-care", name="Baby care", name_zh="母婴")
    child = Category.objects.create(code="wipes", name="Wipes", parent=tea)
    Product.objects.filter(code="P-lamps").update(name="Prayer lamp")
    settings.MARKETING_PERSONA_EXCLUDED = ["boards"]
    assert excluded_categories() == {tea.pk, child.pk, Category.objects.get(code="boards").pk}
    read = bought(list(Customer.objects.values_list("pk", flat=True)), END, unread(END))
    assert set(read.category.tolist()) == {"knives", "picnic", "candles"}
    run_night()
    said = str(list(Persona.objects.values())) + str(list(PersonaSnapshot.objects.values()))
    said += (personas.live_personas() or "") and personas.live_personas().model.to_json()
    assert not any(word in said.lower() for word in ("baby", "母婴", "wipes", "prayer", "boards"))
    assert PersonaSnapshot.objects.exists()


def test_a_name_never_comes_from_a_category_that_became_sensitive():
    Category.objects.create(code="x", name="Halal food")
    row = {"inside": 0.5, "outside": 0.1, "lift": 5.0, "low": 4.0, "high": 6.0, "weight": 0.7}
    assert names([row | {"trait": "category:x"}])["en"] == "No strong habit"
    Category.objects.filter(code="x").update(name="Dried fruit")
    assert names([row | {"trait": "category:x"}])["en"] == "Dried fruit"


@pytest.mark.parametrize(
    "text",
    [
        "Health",
        "Baby & toddler",
        "baby's",
        "Halal snacks",
        "Kosher",
        "婴儿用品",
        "减肥茶",
        "Sex toys",
        "HEARING AIDS",
    ],
)
def test_sensitive_words(text):
    assert is_sensitive(text)


@pytest.mark.parametrize(
    "text",
    [
        "Teaware",
        "Healthy-looking plants",
        "Unisex scarf",
        "Eiderdown",
        "Babysitter's tea cup",
        "茶具",
        "礼盒",
    ],
)
def test_other_words_are_left_alone(text):
    assert not is_sensitive(text)


def test_every_kind_of_sensitive_word_is_there_in_both_languages(settings):
    for words in WORDS.values():
        assert any(word.isascii() for word in words)
        assert any(not word.isascii() for word in words)
    settings.MARKETING_PERSONA_WORDS = ["wig"]
    assert is_sensitive("A wig")
    assert not is_sensitive("Twig basket")


def test_who_refused_is_not_read_and_placed_nowhere():
    make_kinds()
    no = Customer.objects.get(code="K00007")
    Consent.objects.create(
        customer=no,
        purpose=Purpose.PERSONALISATION,
        granted=False,
        recorded_at=END - timedelta(days=400),
    )
    run_night()
    assert not PersonaMember.objects.filter(customer=no).exists()
    assert PersonaMember.objects.filter(customer__code="K00008").exists()


def test_a_persona_keeps_its_code_and_its_given_name_over_learnings():
    make_kinds()
    run_night()
    tea = Persona.objects.get(evident_name__contains="Tea")
    personas.rename(tea, "  Evening   sippers ", "")
    make_kinds(300, seed=9, first=1000)
    later = END + timedelta(days=29)
    found = run_night(later)
    assert (found["state"], ModelRun.objects.count()) == (RunState.LIVE, 2)
    assert Persona.objects.filter(retired_at__isnull=True).count() == 3
    tea.refresh_from_db()
    assert (str(tea), tea.snapshots.count()) == ("Evening sippers", 2)
    newest = tea.snapshots.first()
    assert newest.kept_share > 0.8
    assert newest.shift < 0.3
    assert 0 <= ModelRun.objects.latest("pk").metrics["drift"]["moved_share"] < 0.1
    since = PersonaMember.objects.get(customer__code="K00000")
    assert (since.since, since.as_of) == (END, later)


def test_a_kind_that_is_gone_is_retired_and_its_code_never_used_again():
    make_kinds()
    run_night()
    codes = set(Persona.objects.values_list("code", flat=True))
    Category.objects.filter(code__in=["tea", "knives", "boards"]).update(name="Medicine")
    make_kinds(330, seed=4, first=2000, orders=8)
    try:
        run_night(END + timedelta(days=30))
    except personas.PersonasRefusedError:
        pytest.fail("what is live goes on")
    new = set(Persona.objects.values_list("code", flat=True)) - codes
    live = personas.live_personas()
    shown = set(Persona.objects.filter(retired_at__isnull=True).values_list("pk", flat=True))
    assert shown == set(live.personas.values())
    assert all(int(code[1:]) > len(codes) for code in new)


def test_a_persona_that_no_learning_finds_is_retired_and_comes_back_as_another():
    """Of three kinds one is taken out of the books; later its orders are there again."""
    kinds = make_kinds(480)
    run_night()
    codes = {n: f"K{n:05d}" for n in range(480)}
    gone = Persona.objects.get(members__customer__code=codes[2])
    personas.rename(gone, "Carvers", "")
    crowd = personas.segment_of(gone)
    theirs = Order.objects.filter(customer__code__in=[codes[n] for n in np.flatnonzero(kinds == 2)])
    theirs.update(state="cancelled")

    found = run_night(END + timedelta(days=30))
    run = ModelRun.objects.get(pk=found["run"])
    assert (found["state"], run.metrics["groups"]) == (RunState.LIVE, 2)
    assert run.metrics["drift"]["gone"] == [gone.pk]
    assert list(Persona.objects.filter(retired_at__isnull=False)) == [gone]
    assert (gone.members.count(), gone.snapshots.count()) == (0, 1)
    assert not customers_of(crowd.rule).exists()
    assert Persona.objects.get(members__customer__code=codes[0]).snapshots.count() == 2

    used = set(Persona.objects.values_list("code", flat=True))
    theirs.update(state="delivered")
    make_kinds(3, seed=5, first=900)  # else the data are the first run's, and nothing is learned
    assert run_night(END + timedelta(days=60))["state"] == RunState.LIVE
    again = Persona.objects.get(members__customer__code=codes[2])
    assert again.retired_at is None
    assert again.code not in used
    gone.refresh_from_db()
    assert (str(gone), gone.retired_at is not None) == ("Carvers", True)
    assert not customers_of(crowd.rule).exists()


def test_between_learnings_new_customers_are_placed_by_the_live_model():
    make_kinds()
    run_night()
    fresh = make_kinds(6, seed=3, first=500, orders=8)
    once = make_order([(Variant.objects.first(), 1)], customer=make_customer("ONCE"), at=END)
    assert not personas.is_due(END + timedelta(days=1))
    run_night(END + timedelta(days=1))
    assert ModelRun.objects.count() == 1
    by_kind = {
        kind: Persona.objects.get(members__customer__code=f"K{kind:05d}").pk for kind in range(3)
    }
    placed = dict(PersonaMember.objects.values_list("customer__code", "persona_id"))
    right = [placed.get(f"K{500 + n:05d}") == by_kind[fresh[n]] for n in range(6)]
    assert sum(right) >= 5
    assert not PersonaMember.objects.filter(customer=once.customer).exists()


def test_customers_alike_give_a_refusal_and_no_members():
    make_kinds(alike=True)
    with pytest.raises(personas.PersonasRefusedError, match="No habit repeats itself"):
        run_night()
    assert not PersonaMember.objects.exists()
    assert not Persona.objects.exists()
    with pytest.raises(night_steps.SkipStepError, match="No habit"):
        night_steps._personas(Quiet(), END)


def test_too_few_customers_are_counted_in_the_reason():
    make_kinds(60)
    with pytest.raises(
        personas.PersonasRefusedError, match="60 customers have 3 orders or more; 300"
    ):
        run_night()


def test_a_refusal_later_leaves_the_live_personas(monkeypatch):
    make_kinds()
    run_night()
    written = len(rows())
    refusal = personas.PersonasRefusedError({"msgid": "no", "params": {}})
    monkeypatch.setattr(
        members, "learn_personas", lambda *args, **kwargs: (_ for _ in ()).throw(refusal)
    )
    found = run_night(END + timedelta(days=40))
    assert found["missing"]
    assert found["customers"] == written


def test_a_night_that_dies_is_finished_by_the_next_attempt(monkeypatch):
    make_kinds()
    place = members.place_customers
    monkeypatch.setattr(
        members, "place_customers", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        run_night()
    assert (ModelRun.objects.count(), PersonaMember.objects.count()) == (1, 0)
    monkeypatch.setattr(members, "place_customers", place)
    assert run_night()["customers"] == PersonaMember.objects.count() > 300
    assert ModelRun.objects.count() == 1


def test_a_persona_is_not_renamed_to_what_is_sensitive():
    persona = Persona.objects.create(code="p1", evident_name="Tea", evident_name_zh="茶")
    with pytest.raises(personas.PersonaError, match="not named after"):
        personas.rename(persona, "Pregnant", "")
    persona.refresh_from_db()
    assert persona.name == ""


def test_the_encoder_reads_what_products_are_called(monkeypatch):
    from marketing.frames import personas as persona_frames

    monkeypatch.setattr(personas, "meanings", persona_frames.meanings)
    make_kinds()
    assert run_night()["state"] == RunState.LIVE
    live = personas.live_personas().model
    kept = [name for name in live.space.names if name.startswith("text:")]
    assert bool(kept) == bool(live.words.text_axes.size)
