"""An experiment judged by profit, added up in the database: one row per arm, every rule by hand."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.ml.effects import winsor_limit
from decisions.models import Experiment, Job, Look, Snapshot
from decisions.services import bandits, looks
from decisions.services.experiments import (
    Moments,
    adjusted_effect,
    save_experiment,
    start_experiment,
)
from decisions.services.jobs import run_job
from recommendations.services.trial_looks import look_at_experiments
from recommendations.services.trial_results import measure, subject_of, trial_results
from recommendations.services.trials import Trial, record_exposure, running_trials, unit_of
from shop.models import Consent, Customer, Purpose
from shop.services.events.visitors import link_visitor
from tests.decisions.test_experiments import make_experiment
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import make_staff

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


def running(**fields):
    fields = {"starts_at": NOW, "metric": "profit"} | fields
    return start_experiment(save_experiment(make_experiment(**fields)), at=NOW)


def expose(experiment, arm, *, customer=None, visitor="", at=NOW, batch=0, share=0.0):
    customer_id = customer.pk if customer else None
    unit = unit_of(customer_id, visitor)
    record_exposure(Trial(experiment.key, arm, {}, unit, share, batch), customer_id, visitor, at)


def crowd(experiment, arm, count, buying=0, *, at=NOW, batch=0):
    tea = make_variant(f"TEA-{arm}-{batch}")  # £10, cost £4
    made = Customer.objects.bulk_create(
        Customer(code=f"{arm}{batch}-{n}", email=f"{arm}{batch}{n}@example.com")
        for n in range(count)
    )
    for number, customer in enumerate(made):
        expose(experiment, arm, customer=customer, at=at, batch=batch, share=0.5)
        if number < buying:
            make_order([(tea, 1)], customer=customer, at=at + DAY)
    return made


def test_profit_counts_from_the_first_time_shown(django_assert_num_queries):
    experiment = running()
    shown = crowd(experiment, "a", 30, buying=4)
    crowd(experiment, "b", 30, buying=9)
    tea = make_variant("OLD")
    make_order([(tea, 1)], customer=shown[5], at=NOW - DAY)  # before: the covariate
    make_order([(tea, 9)], customer=make_customer("else"), at=NOW + DAY)  # in no arm
    expose(experiment, "a", visitor="v-1")  # counts, brings nothing
    expose(experiment, "b", visitor="v-2")
    guest = make_customer("guest")
    link_visitor("v-2", guest, at=NOW + DAY)
    make_order([(tea, 2)], customer=guest, at=NOW + 2 * DAY)
    with django_assert_num_queries(9):  # five of them whether anything ran out
        found = measure(experiment, NOW + 10 * DAY)
    assert [(arm.persons, arm.hits) for arm in found.arms] == [(31, 4), (31, 10)]
    # the guest's second unit lies beyond what any one of the spenders counts for
    assert (found.winsor_limit, found.winsorised) == (600, 1)
    assert [round(arm.mean * 31) for arm in found.arms] == [4 * 600, 9 * 600 + 600]
    assert found.arms[0].moments.x * 31 == pytest.approx(600)


def test_who_was_shown_two_arms_is_left_out_and_a_lost_cost_makes_it_revenue():
    experiment = running()
    crowd(experiment, "a", 12)
    people = crowd(experiment, "b", 12)
    expose(experiment, "a", customer=people[0], at=NOW + DAY)
    make_order([(make_variant("X", cost_minor=None), 1)], customer=people[1], at=NOW + DAY)
    found = trial_results(experiment, at=NOW + 9 * DAY)
    assert found.crossed == 1
    assert [arm.persons for arm in found.arms] == [12, 11]
    assert found.unknown_cost_units == 1
    assert round(found.arms[1].mean * 11) == 1000


def test_unsubscribes_are_the_guardrail():
    experiment = running(ends_at=NOW + 9 * DAY)
    crowd(experiment, "a", 150)
    for customer in crowd(experiment, "b", 150)[:30]:
        Consent.objects.create(
            customer=customer, purpose=Purpose.MARKETING_EMAIL, granted=False,
            source="test", recorded_at=NOW + DAY,
        )  # fmt: skip
    found = trial_results(experiment, at=NOW + 10 * DAY)
    assert [arm.unsubscribed for arm in found.arms] == [0, 30]
    assert found.against[0].guardrail == "harmed"


def test_a_look_a_night_and_a_verdict_that_stays():
    experiment = running()
    crowd(experiment, "a", 150, buying=20)
    crowd(experiment, "b", 150, buying=110)
    look_at_experiments(None, NOW + 3 * DAY)
    look_at_experiments(None, NOW + 3 * DAY)  # a night that runs twice
    rows = {row.arm: row for row in Look.objects.all()}
    assert len(rows) == 2
    first = rows["b"]
    assert first.low > 0
    found = trial_results(experiment, at=NOW + 3 * DAY)
    assert found.against[0].verdict == "win"
    # the arms draw level: the verdict stays, and that the effect moved is said
    for customer in Customer.objects.filter(code__startswith="a0-"):
        make_order([(make_variant(f"N-{customer.pk}"), 4)], customer=customer, at=NOW + 4 * DAY)
    look_at_experiments(None, NOW + 5 * DAY)
    second = Look.objects.get(arm="b", looked_on=(NOW + 5 * DAY).date())
    assert (second.verdict, second.has_moved) == ("win", True)
    assert second.low < 0
    found = trial_results(experiment, at=NOW + 5 * DAY)
    assert (found.against[0].verdict, found.against[0].has_moved) == ("win", True)
    assert len(looks.curve(subject_of(experiment), "profit")) == 4


def test_what_is_slow_to_count_is_shown_as_it_stood_and_counted_anew_by_a_job(client):
    experiment = running()
    crowd(experiment, "a", 120, buying=20)
    crowd(experiment, "b", 120, buying=90)
    look_at_experiments(None, NOW + 3 * DAY)
    Snapshot.objects.update(seconds=17)
    for customer in Customer.objects.filter(code__startswith="a0-")[:10]:
        make_order([(make_variant(f"S-{customer.pk}"), 1)], customer=customer, at=NOW + 3.5 * DAY)
    stored = trial_results(experiment, at=NOW + 4 * DAY)
    assert (stored.is_stored, stored.as_of) == (True, NOW + 3 * DAY)
    assert stored.arms[0].moments.y < measure(experiment, NOW + 4 * DAY).arms[0].moments.y
    client.force_login(make_staff("decisions.view_experiment", "decisions.change_experiment"))
    page = reverse("admin:decisions_experiment_change", args=[experiment.pk])
    assert "Counted on" in client.get(page).content.decode()
    client.post(reverse("admin:decisions_experiment_verb", args=[experiment.pk, "count"]))
    assert "It is being counted anew" in client.get(page).content.decode()
    run_job(Job.objects.get(kind="count_experiment").pk)
    Snapshot.objects.update(seconds=17)
    assert trial_results(experiment).as_of > NOW + 4 * DAY
    # An end that has passed is judged by all that came until then, never by an earlier count.
    Snapshot.objects.update(as_of=NOW + 3 * DAY)
    Experiment.objects.filter(pk=experiment.pk).update(ends_at=NOW + 5 * DAY)
    experiment.refresh_from_db()
    final = trial_results(experiment, at=NOW + 6 * DAY)
    assert (final.is_stored, final.is_final) == (False, True)


def test_shares_follow_what_earns_and_can_be_replayed():
    experiment = running(allocation="thompson")
    crowd(experiment, "a", 80, buying=4)
    crowd(experiment, "b", 80, buying=40)
    look_at_experiments(None, NOW + 2 * DAY)
    look_at_experiments(None, NOW + 2 * DAY)
    [batch] = experiment.batches.all()
    assert batch.shares["b"] > 0.9
    assert bandits.replayed(batch) == batch.shares
    now = running_trials(NOW + 2 * DAY)["home"]
    assert (now.shares_now, now.batch_now) == (batch.shares, 1)
    # batches are judged apart: in the second one everybody buys, whatever the arm
    crowd(experiment, "a", 40, buying=40, at=NOW + 3 * DAY, batch=1)
    crowd(experiment, "b", 400, buying=400, at=NOW + 3 * DAY, batch=1)
    found = measure(experiment, NOW + 6 * DAY)
    result = trial_results(experiment, at=NOW + 6 * DAY)
    difference = result.against[0].reading.effect.difference
    assert difference == pytest.approx((160 * 600 * 36 / 80 + 440 * 0) / 600)
    naive = adjusted_effect(found.arms[1].moments, found.arms[0].moments)[0].difference
    assert abs(naive - difference) > 50
    assert result.ratio_p is None


def test_the_sums_equal_brute_force():
    experiment = running()
    people = crowd(experiment, "a", 40) + crowd(experiment, "b", 40)
    spent = {}
    tea = make_variant("T")
    for number, customer in enumerate(people):
        for order in range(number % 4):
            make_order(
                [(tea, order + 1)], customer=customer, at=NOW + DAY,
                unit_price_minor=500 + 7 * number,
            )  # fmt: skip
            spent[customer.pk] = spent.get(customer.pk, 0) + (order + 1) * (100 + 7 * number)
    found = measure(experiment, NOW + 5 * DAY)
    limit = winsor_limit(np.array(list(spent.values())))
    assert found.winsor_limit == limit
    for arm, mine in zip(found.arms, (people[:40], people[40:]), strict=True):
        brute = Moments.of([min(limit, spent.get(customer.pk, 0)) for customer in mine])
        assert arm.moments.y == pytest.approx(brute.y)
        assert arm.moments.variance == pytest.approx(brute.variance)
