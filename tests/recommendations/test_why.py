"""The merchant's page says what was weighed, and who may see it."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.models import Decision, Experiment
from decisions.services.experiments import start_experiment
from recommendations.ml import harness
from recommendations.ml.selection import Verdict
from recommendations.models import Placement, Rule
from recommendations.services.asking import Ask
from recommendations.services.explaining import explain
from recommendations.services.serving import recommend
from recommendations.services.training import train_recommender
from recommendations.services.why import score_parts
from shop.models import Customer, SellingHold, StockLevel, Variant
from tests.factories import make_stock
from tests.factories_access import make_staff
from tests.factories_recommendations import (
    LATER,
    START,
    make_chain_shop,
    make_taste_shop,
    publish_model,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


def test_the_page_explains_exactly_what_the_shop_shows():
    make_taste_shop()
    publish_model(weights={"ease": 1.0, "popularity": 0.2})
    ask = Ask(customer=Customer.objects.get(code="C-4"), limit=5)
    first = recommend(ask, at=LATER).items[0]
    StockLevel.objects.filter(variant__sku=first.offer.sku).update(allocated=10)
    shown = recommend(ask, at=LATER)
    receipts = Decision.objects.count()
    found = explain(ask, at=LATER)
    assert Decision.objects.count() == receipts
    assert [line.sku for line in found.lines if line.place] == [
        item.offer.sku for item in shown.items
    ]
    assert [line.reason for line in found.lines if line.place] == [
        item.reason_text for item in shown.items
    ]
    top = found.lines[0]
    assert (top.product_id, top.gate) == (first.offer.product_id, "nothing available")
    assert sum(value for _name, value in top.parts) == pytest.approx(top.score, abs=0.01)


def test_a_ranked_list_is_explained_by_what_moves_its_scores(monkeypatch):
    make_chain_shop()
    verdict = Verdict("ranker", ["for this test"])
    monkeypatch.setattr(harness, "decide", lambda *_arguments: verdict)
    run = train_recommender(as_of=LATER, seed=1, budget_seconds=0)
    assert (run.model, run.state) == ("ranker", "live")
    for variant in Variant.objects.all():
        make_stock(variant, 10)
    ask = Ask(customer=Customer.objects.get(code="C-4"), limit=5)
    parts = explain(ask, at=LATER).lines[0].parts
    assert len(parts) == score_parts.MOST_PARTS
    sizes = [abs(value) for _name, value in parts]
    assert sizes == sorted(sizes, reverse=True)
    monkeypatch.setattr(score_parts, "MOST_PARTS", 99)
    for line in explain(ask, at=LATER).lines:
        assert sum(value for _name, value in line.parts) == pytest.approx(line.score, abs=0.02)


def test_each_gate_is_named():
    variants = make_taste_shop()
    publish_model()
    SellingHold.objects.create(variant=variants[0], reason="recall", began_at=START)
    variants[1].product.state = "archived"
    variants[1].product.save()
    gates = {line.product_id: line.gate for line in explain(Ask(), at=LATER).lines}
    assert gates[variants[0].product_id] == "sale stopped"
    assert gates[variants[1].product_id] == "not on sale"


def test_the_page_opens_for_who_may_see_it(client):
    make_taste_shop()
    publish_model()
    address = reverse("admin:recommendations_why")
    client.force_login(make_staff("shop.view_product"))
    assert client.get(address).status_code == 403
    client.force_login(make_staff("recommendations.view_recommendation"))
    page = client.get(address, {"placement": "home", "customer": "C-4"})
    assert "Because you bought Thing" in page.content.decode()
    page = client.get(address, {"placement": "cart", "customer": "NOBODY"})
    assert "There is no customer with this number." in page.content.decode()
    assert "This placement needs a SKU." in page.content.decode()


def test_the_lists_of_receipts_and_scorecards_are_flat(client, django_assert_max_num_queries):
    make_taste_shop()
    publish_model()
    for _number in range(5):
        recommend(Ask(), at=LATER)
    client.force_login(
        make_staff("recommendations.view_recommendation", "recommendations.view_recommenderrun")
    )
    for name, most in (("recommendation", 9), ("recommenderrun", 8)):
        address = reverse(f"admin:recommendations_{name}_changelist")
        client.get(address)
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200
    receipt = Decision.objects.filter(kind="recommendation").first()
    address = reverse("admin:recommendations_recommendation_change", args=[receipt.pk])
    assert client.get(address).status_code == 200


def test_the_page_names_rules_settings_and_the_experiment(client):
    variants = make_taste_shop()
    publish_model()
    home = Placement.objects.get(code="home")
    home.exploration_rate = 0.2
    home.save()
    Rule.objects.create(name="Thing 2 first", action="pin", position=1, skus=[variants[2].sku])
    arms = [{"name": name, "share": 0.5, "settings": {}} for name in ("as it is", "new")]
    start_experiment(
        Experiment.objects.create(
            key="e", label="New taste?", place="recommendations:home", arms=arms
        )
    )
    client.force_login(
        make_staff("recommendations.view_recommendation", "recommendations.add_rule")
    )
    page = client.get(
        reverse("admin:recommendations_why"), {"customer": "C-4", "placement": "home"}
    )
    text = page.content.decode()
    assert '<small class="rc-rule">Thing 2 first</small>' in text
    assert "draw their free places by lot" in text
    assert "“New taste?” runs here; this person is in arm" in text
    assert "?action=never&amp;skus=S-" in text
    page = client.get(reverse("admin:recommendations_why"), {"placement": "substitute"})
    assert "This placement needs a SKU." in page.content.decode()
