"""The address: parameters read fast are read as the serializer reads them; newest events count at once."""

import numpy as np
import pytest
from django.core.cache import cache
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from recommendations.api.asked import read_asked
from recommendations.api.serializers import RecommendationAsk
from recommendations.api.storefront import amount_of
from recommendations.ml.chains import ORDER
from recommendations.ml.interactions import one_history
from recommendations.ml.one_person import folded
from recommendations.ml.sources import Factors, HistoryRule
from shop.models import Event
from shop.money import from_minor, minor_digits
from tests.factories import make_order
from tests.factories_access import bearer, make_key
from tests.factories_recommendations import make_taste_shop, publish_model

ADDRESS = "/api/storefront/v1/recommendations/"

words = st.one_of(st.text(max_size=70), st.sampled_from(["C-1", " C-1 ", "", "A,B", "A" * 64]))
params = st.fixed_dictionaries(
    {},
    optional={
        "placement": st.one_of(st.sampled_from(sorted(ORDER)), words),
        "customer": words,
        "visitor": words,
        "session": words,
        "order": words,
        "channel": words,
        "sku": words,
        "exclude": words,
        "limit": st.one_of(st.integers(-1, 60).map(str), words, st.just("1.0"), st.just("٣")),
        "language": st.one_of(st.sampled_from(["en", "zh"]), words),
        "other": words,
    },
)


@settings(max_examples=300, deadline=None)
@given(params)
@example({"placement": "post_purchase", "order": "1"})
@example({"placement": "cart", "order": "1"})
@example({"sku": ",".join("A" * 201)})
@example({"limit": "+5"})
@example({"limit": "5_0"})
def test_the_fast_reading_is_the_serializer_s(query):
    serializer = RecommendationAsk(data=query)
    if serializer.is_valid():
        found = read_asked(query)
        assert {name: found[name] for name in serializer.validated_data} == (
            serializer.validated_data
        )
        assert all(not found[name] for name in found if name not in serializer.validated_data)
    else:
        with pytest.raises(ValidationError) as refused:
            read_asked(query)
        assert refused.value.detail == serializer.errors


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("minor", [0, 5, 99, 100, 123456789])
def test_an_amount_is_written_as_its_decimal(minor, currency):
    assert amount_of(minor, minor_digits(currency)) == str(from_minor(minor, currency))


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from([0.1, 0.5, 1.0])), max_size=8
    )
)
def test_a_folded_history_is_that_of_a_batch(rows):
    items = list(range(7, 7 + len(rows)))
    at, bought, weight = ([row[column] for row in rows] for column in (0, 1, 2))
    batch = one_history(
        np.array(items, dtype=np.int64),
        np.array(weight, dtype=np.float32),
        np.array(at, dtype=np.float64),
        np.array(bought, dtype=bool),
    )
    own = folded(items, weight, at, bought)
    for name in ("indptr", "item_idx", "weight", "baskets_ago", "bought", "at"):
        assert np.array_equal(getattr(own, name), getattr(batch, name)), name


def test_folding_in_solves_the_whole_weighted_system():
    """Within 1e-4 of the normal equations written out over every item, seen or not."""
    rng = np.random.default_rng(4)
    factors, alpha, regularization = rng.normal(size=(300, 8)).astype(np.float32), 12.0, 0.3
    history = folded([3, 90, 250], [1.0, 2.0, 0.4], [1.0, 2.0, 3.0], [True, True, False])
    source = Factors.of(factors, alpha, regularization, HistoryRule(None, True))
    confidence = np.ones(300)
    confidence[history.item_idx] += alpha * np.log2(1 + history.weight)
    wanted = np.zeros(300)
    wanted[history.item_idx] = 1
    wide = factors.astype(np.float64)
    left = wide.T @ (confidence[:, None] * wide) + regularization * np.eye(8)
    full = np.linalg.solve(left, wide.T @ (confidence * wanted))
    assert source.user_factors(history)[0] == pytest.approx(full, abs=1e-4)
    assert source.scores(history)[0] == pytest.approx(wide @ full, abs=1e-4)


@pytest.fixture
def api(client, settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    key = bearer(make_key().secret)

    class Api:
        def get(self, **query):
            answer = client.get(ADDRESS, query, **key)
            return answer.status_code, answer.json()

        def send(self, event):
            body = {"events": [event]}
            address = "/api/storefront/v1/events/"
            return client.post(address, body, content_type="application/json", **key).json()

    return Api()


def reasons(body):
    return {item["reason"] for item in body["items"]}


@pytest.mark.django_db
def test_an_event_counts_from_the_next_request_on(api):
    make_taste_shop()
    publish_model()
    assert reasons(api.get(visitor="v-1", limit=2)[1]) == {"Popular with other customers"}
    seen = {"event_id": "e1", "kind": "view", "sku": "S-04", "visitor": "v-1", "consent": True}
    assert api.send(seen | {"session": "s-1"})["accepted"] == 1
    for query in ({}, {"session": "s-1"}):
        body = api.get(visitor="v-1", limit=2, **query)[1]
        assert reasons(body) == {"Because you looked at Thing 4"}


@pytest.mark.django_db
def test_an_impression_and_a_click_name_the_receipt_and_the_place(api):
    make_taste_shop()
    publish_model()
    body = api.get(limit=1)[1]
    shown = {"receipt": body["receipt"], "position": 1, "placement": "home"}
    for kind in ("impression", "click"):
        event = {"event_id": kind, "kind": kind, "sku": body["items"][0]["sku"], "visitor": "v"}
        assert api.send(event | {"properties": shown})["accepted"] == 1
    assert [event.properties for event in Event.objects.order_by("pk")] == [shown, shown]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"placement": "post_purchase"}, "order"),
        ({"placement": "substitute"}, "sku"),
        ({"placement": "complementary", "order": "1"}, "sku"),
        ({"channel": "moon"}, "channel"),
    ],
)
def test_what_a_placement_needs_is_said(api, query, field):
    status, body = api.get(**query)
    assert status == 400
    assert field in str(body["errors"])


@pytest.mark.django_db
def test_after_an_order_the_address_shows_what_goes_with_it(api):
    variants = make_taste_shop()
    publish_model()
    make_order([(variants[0], 1)], number="N-1")
    body = api.get(placement="post_purchase", order="N-1", limit=3)[1]
    assert {item["source"] for item in body["items"]} == {"bought_together"}
    assert body["items"][0]["reason"] == "Often bought with Thing 0"
