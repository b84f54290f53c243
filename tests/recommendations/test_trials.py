"""A placement's experiment: the same arm for the same person, one exposure each."""

import pytest
from django.core.cache import cache

from decisions.services.experiments import save_experiment, start_experiment
from recommendations.services.trials import (
    record_exposure,
    running_trials,
    trial_of,
    unit_of,
)
from shop.models import Event, VisitorLink
from tests.decisions.test_experiments import make_experiment
from tests.factories import NOW, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment():
    cache.clear()
    return start_experiment(save_experiment(make_experiment("home-rules")), at=NOW)


def test_running_trials_are_read_in_one_query(experiment, django_assert_num_queries):
    save_experiment(make_experiment("draft", place="recommendations:cart"))
    with django_assert_num_queries(1):
        assert running_trials(NOW) == {"home": experiment}


def test_a_person_keeps_her_arm_and_nobody_has_none(experiment, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert trial_of(experiment, 7, "v-1") == trial_of(experiment, 7, "v-2")
        assert trial_of(experiment, None, "") is None
        found = trial_of(experiment, None, "v-1")
    assert found.settings == {"rules": found.arm == "a"}
    assert unit_of(None, "v-1") == "visitor:v-1"


def test_an_exposure_is_one_event_and_links_nobody(experiment, django_assert_num_queries):
    customer = make_customer()
    trial = trial_of(experiment, customer.pk, "v-1")
    record_exposure(trial, customer.pk, "v-1", NOW)
    with django_assert_num_queries(0):
        record_exposure(trial, customer.pk, "v-1", NOW)
    cache.clear()  # another process
    record_exposure(trial, customer.pk, "v-1", NOW)
    event = Event.objects.get(kind="exposure")
    assert event.properties == {"experiment": "home-rules", "arm": trial.arm}
    assert (event.customer_id, event.visitor) == (customer.pk, "")
    assert not VisitorLink.objects.exists()
