"""The verdict on a placement's experiment: who counts, what is said, and what is not."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.models import Experiment
from decisions.services.experiments import save_experiment, start_experiment
from recommendations.services.trial_results import trial_results
from recommendations.services.trials import Trial, record_exposure, unit_of
from shop.models import Customer
from shop.services.events.visitors import link_visitor
from tests.decisions.test_experiments import make_experiment
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_report import make_answer, make_seen

pytestmark = pytest.mark.django_db
END = NOW + timedelta(days=20)


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


def running(**fields) -> Experiment:
    return start_experiment(save_experiment(make_experiment(starts_at=NOW, **fields)), at=NOW)


def expose(experiment, arm, *, customer=None, visitor="", at=NOW):
    customer_id = customer.pk if customer else None
    trial = Trial(experiment.key, arm, {}, unit_of(customer_id, visitor))
    record_exposure(trial, customer_id, visitor, at)


def people(experiment, arm: str, count: int, clicking: int = 0, buying: int = 0) -> None:
    tea = make_variant(f"TEA-{arm}")
    at = NOW + timedelta(hours=1)
    made = Customer.objects.bulk_create(
        Customer(code=f"{arm}-{n}", email=f"{arm}{n}@example.com") for n in range(count)
    )
    for number, customer in enumerate(made):
        expose(experiment, arm, customer=customer)
        if number < max(clicking, buying):
            answer = make_answer([tea], at=at)
            kind = "click" if number < clicking else "impression"
            make_seen(kind, answer, tea.sku, at=at, customer=customer.code)
        if number < buying:
            make_order([(tea, 1)], customer=customer, at=at + timedelta(hours=1))


def test_a_clear_difference_is_said_with_its_interval():
    experiment = running(metric="clicked", ends_at=END)
    people(experiment, "a", 60, clicking=6)
    people(experiment, "b", 60, clicking=30)
    early = trial_results(experiment, at=END - timedelta(days=1))
    assert "Too early to tell “b” from “a”" in early.against[0].text
    found = trial_results(experiment, at=END)
    assert [(arm.persons, arm.hits) for arm in found.arms] == [(60, 6), (60, 30)]
    (against,) = found.against
    assert against.verdict == "win"
    assert "“b” is better than “a”: 50.00 % against 10.00 %" in against.text
    assert (found.warning, found.is_early) == ("", False)
    assert found.ratio_p == 1.0
    assert found.is_final


def test_who_did_nothing_counts_and_little_is_cannot_tell():
    experiment = running(metric="bought", ends_at=END + timedelta(days=1))
    people(experiment, "a", 40, buying=4)
    people(experiment, "b", 40, buying=5)
    found = trial_results(experiment, at=END)
    assert [(arm.persons, arm.hits) for arm in found.arms] == [(40, 4), (40, 5)]
    assert found.against[0].verdict == "cannot tell"
    assert found.is_early
    said = trial_results(experiment, at=END + timedelta(days=2)).against[0].text
    assert "Cannot tell “b” from “a”" in said
    assert "would show a difference of ±" in said


def test_money_is_compared_per_person():
    experiment = running(metric="revenue", ends_at=END)
    people(experiment, "a", 20, buying=2)
    people(experiment, "b", 20, buying=20)
    found = trial_results(experiment, at=END)
    assert found.arms[1].moments.y == 1000
    assert "£10.00 against £1.00" in found.against[0].text


def test_too_few_people_is_no_verdict():
    experiment = running()
    people(experiment, "a", 9)
    people(experiment, "b", 30)
    (against,) = trial_results(experiment, at=END).against
    assert "Too few people: 9 in the smaller" in against.text
    assert against.reading is None


def test_sizes_that_do_not_fit_their_shares_are_an_alarm():
    experiment = running()
    people(experiment, "a", 80)
    people(experiment, "b", 20)
    found = trial_results(experiment, at=END)
    assert found.ratio_p < 1e-3
    assert "do not fit their shares" in found.warning


def test_who_saw_two_arms_is_left_out():
    experiment = running()
    customer = make_customer()
    expose(experiment, "a", visitor="v-1")
    expose(experiment, "b", customer=customer)
    link_visitor("v-1", customer, at=NOW)
    found = trial_results(experiment, at=END)
    assert found.crossed == 1
    assert [arm.persons for arm in found.arms] == [0, 0]
    assert found.ratio_p is None


MAY = [f"decisions.{verb}_experiment" for verb in ("view", "add", "change", "delete")]


def form(**fields) -> dict:
    arms = {
        "arm-TOTAL_FORMS": 4, "arm-INITIAL_FORMS": 4,
        "arm-0-name": "as it is", "arm-0-share": 50,
        "arm-1-name": "varied", "arm-1-share": 50, "arm-1-diversity_rate": 0.4,
        "arm-1-rules": "no",
    }  # fmt: skip
    given = {"label": "More variety?", "place": "recommendations:home", "metric": "clicked"}
    return given | arms | fields


def test_an_experiment_is_set_up_started_and_stopped_on_its_page(client):
    client.force_login(make_staff(*MAY, username="mia"))
    add = reverse("admin:decisions_experiment_add")
    text = client.get(add).content.decode()
    assert "New experiment" in text
    assert "Too little to plan with: 0 people" in text
    refused = client.post(add, form(**{"arm-0-share": 30}))
    assert "must add up to 100 %" in refused.content.decode()
    for _click in range(2):
        client.post(add, form(once="t-1"))
    experiment = Experiment.objects.get()
    assert (experiment.key, experiment.author.username) == ("more-variety", "mia")
    assert experiment.arms[1]["settings"] == {"diversity_rate": 0.4, "rules": False}
    page = reverse("admin:decisions_experiment_change", args=[experiment.pk])
    client.post(page, form(label="Variety"))
    client.post(reverse("admin:decisions_experiment_verb", args=[experiment.pk, "start"]))
    text = client.get(page).content.decode()
    assert "Too few people" in text
    assert "The intervals hold at every look" in text
    assert client.post(page, form(label="Late")).status_code == 403
    file = client.get(reverse("admin:decisions_experiment_file", args=[experiment.pk]))
    assert file.content.decode().startswith("day,metric,arm,people,mean")
    client.post(reverse("admin:decisions_experiment_verb", args=[experiment.pk, "stop"]))
    experiment.refresh_from_db()
    assert (experiment.label, experiment.state) == ("Variety", "stopped")
    listed = client.get(reverse("admin:decisions_experiment_changelist")).content.decode()
    assert "Home page" in listed


def test_who_may_only_look_starts_nothing(client):
    experiment = save_experiment(make_experiment())
    client.force_login(make_staff("decisions.view_experiment"))
    page = reverse("admin:decisions_experiment_change", args=[experiment.pk])
    assert client.get(page).status_code == 200
    start = reverse("admin:decisions_experiment_verb", args=[experiment.pk, "start"])
    assert client.post(start).status_code == 403
    assert client.get(reverse("admin:decisions_experiment_add")).status_code == 403
