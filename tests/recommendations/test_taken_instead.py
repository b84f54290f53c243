"""A page that is sold out offers first what others took who found it so."""

from dataclasses import asdict

import pytest
from django.core.cache import cache

from decisions.models import Decision
from decisions.services.receipts import replay
from inventory.models import SubstituteList
from inventory.services.substitutes import Substitute
from recommendations.services.asking import Ask
from recommendations.services.serving import recommend
from shop.models import StockLevel, Variant
from tests.factories_recommendations import LATER, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


def taken(sku, *others):
    """Learned lists as the night writes them."""
    pairs = []
    for place, one in enumerate(Variant.objects.get(sku=other) for other in others):
        rate = 0.3 / (place + 1)
        pair = Substitute(one.pk, one.product_id, rate, 0.1, 0.5, 40, 12, 0.02, "seen")
        pairs.append(asdict(pair))
    variant = Variant.objects.get(sku=sku)
    SubstituteList.objects.create(variant=variant, pairs=pairs, lost_sessions=40, as_of=LATER)


def test_what_others_took_comes_first_and_only_while_it_can_be_sold():
    make_taste_shop()
    publish_model()
    taken("S-04", "S-09", "S-07")
    answer = recommend(Ask(placement="substitute", skus=("S-04",)), at=LATER)
    first = [(item.offer.sku, item.source) for item in answer.items[:2]]
    assert first == [("S-09", "taken_instead"), ("S-07", "taken_instead")]
    receipt = Decision.objects.get(pk=answer.receipt_id)
    found, same = replay(receipt)
    assert same, found
    StockLevel.objects.filter(variant__sku="S-09").update(on_hand=0)
    later = recommend(Ask(placement="substitute", skus=("S-04",)), at=LATER)
    assert later.items[0].offer.sku == "S-07"


def test_other_placements_do_not_ask():
    make_taste_shop()
    publish_model()
    taken("S-04", "S-09")
    answer = recommend(Ask(placement="similar", skus=("S-04",)), at=LATER)
    assert "taken_instead" not in {item.source for item in answer.items}
