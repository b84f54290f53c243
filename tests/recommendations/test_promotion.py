"""A night's model is judged by what was tried out before it serves, and only then goes live."""

import uuid
from datetime import timedelta
from random import Random

import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.models import Decision, Experiment, LivePeriod, ModelRun, RunState
from decisions.services.model_runs import live_run, make_live
from recommendations import report_frames
from recommendations.kept import forget_settings
from recommendations.models import TASK, Placement
from recommendations.services import off_policy, promotion, ranking
from recommendations.services.live_model import serving_of
from recommendations.services.promotion import clearly_worse, promote
from recommendations.services.trials import trial_of
from shop.models import Product
from tests.factories import make_stock, make_variant
from tests.factories_access import make_staff
from tests.factories_recommendations import (
    LATER,
    begin_keys,
    browse,
    make_taste_shop,
    publish_model,
)

pytestmark = pytest.mark.django_db
AT = LATER + timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path, monkeypatch):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    monkeypatch.setattr("recommendations.ml.off_policy.MIN_EFFECTIVE_ROWS", 30)
    monkeypatch.setattr("recommendations.ml.off_policy.MIN_SUPPORT_RATE", 0.5)  # a small world


@pytest.fixture
def popular(monkeypatch):
    """Popularity serves and tries out; everybody has clicked what is of her own taste."""
    begin_keys(Product)
    make_taste_shop(customers=80, products=15, bought=2)
    bits = Random(7)  # the same lots in every run of the test
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=bits.getrandbits(128), version=4))
    run = publish_model(weights={"popularity": 1.0}, salt="popular")
    Placement.objects.filter(code="home").update(exploration_rate=1.0)
    forget_settings()
    return run


def candidate(weight: float = 1.0, salt: str = "new") -> ModelRun:
    run = publish_model(weights={"ease": weight}, salt=salt, goes_live=False)
    assert run.state == RunState.CANDIDATE
    return run


def said(run) -> str:
    return run.params["promotion"]["said"]["msgid"]


def test_what_is_clearly_worse_by_what_was_tried_out_does_not_go_live(popular, client):
    browse(answers=6)
    run = promote(candidate(-1.0), at=AT)  # it shows what is of nobody's own taste
    assert run.state == RunState.REFUSED
    assert live_run(TASK) == popular
    home = run.params["promotion"]["judged"]["placements"]["home"]
    assert home["difference"][2] < 0
    assert home["worse_p"] < promotion.WORSE_P
    assert run.verdict["msgid"] == promotion.WORSE
    client.force_login(make_staff("recommendations.view_recommenderrun"))
    address = reverse("admin:recommendations_recommenderrun_change", args=[run.pk])
    page = client.get(address).content.decode()
    assert "clearly worse than what is shown (most on: home page)" in page
    assert "Likely worse" in page
    make_live(run, reason="I know better")  # a person may
    assert live_run(TASK) == run


def test_what_is_not_worse_goes_live_and_says_what_was_found(popular):
    browse()
    run = promote(candidate(), at=AT)
    assert (run.state, live_run(TASK)) == (RunState.LIVE, run)
    assert said(run) == promotion.NOT_WORSE
    assert run.params["promotion"]["judged"]["placements"]["home"]["worse_p"] > 0.5


def test_where_nothing_was_tried_out_it_goes_live_and_says_that_nobody_can_tell(popular):
    Placement.objects.filter(code="home").update(exploration_rate=0)
    forget_settings()
    browse(people=4)
    run = promote(candidate(), at=AT)
    assert live_run(TASK) == run
    assert said(run) == promotion.CANNOT_TELL


def test_the_first_model_of_a_shop_is_compared_with_nothing():
    make_taste_shop()
    run = promote(candidate(), at=AT)
    assert live_run(TASK) == run
    assert said(run) == promotion.FIRST


def test_twice_is_once_and_an_attempt_that_died_before_is_taken_up(popular, monkeypatch):
    browse(people=4)
    new = candidate()

    def dies(run, *, at):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(off_policy, "judge", dies)
        with pytest.raises(KeyboardInterrupt):
            promote(new, at=AT)
    assert live_run(TASK) == popular
    assert promote(ModelRun.objects.get(pk=new.pk), at=AT).state == RunState.LIVE
    make_live(popular, reason="a person brought it back")
    promote(ModelRun.objects.get(pk=new.pk), at=AT)
    assert live_run(TASK) == popular
    assert LivePeriod.objects.count() == 3


def test_a_shop_that_prefers_it_shows_the_new_model_to_half_of_the_people_first(popular, settings):
    settings.RECOMMENDER_PROMOTION = "experiment"
    browse(people=4)
    new = promote(candidate(), at=AT)
    assert (new.state, live_run(TASK)) == (RunState.CANDIDATE, popular)
    assert said(new) == promotion.TRIED
    experiment = Experiment.objects.get()
    assert [arm["settings"]["run"] for arm in experiment.arms] == [popular.pk, new.pk]
    assert trial_of(experiment, 1, "").settings["run"] in (popular.pk, new.pk)
    promote(new, at=AT)
    second = promote(candidate(0.5, salt="tomorrow"), at=AT)
    assert said(second) == promotion.WAITING
    assert live_run(TASK) == popular
    assert Experiment.objects.count() == 1


def test_looking_at_many_places_refuses_no_more_often():
    """Holm: of four places 0.01 is luck, 0.006 is not."""
    assert (
        clearly_worse({str(n): {"worse_p": p} for n, p in enumerate([0.01, 0.3, 0.5, 0.9])}) == []
    )
    assert clearly_worse({"a": {"worse_p": 0.5}, "b": {"worse_p": 0.006}}) == ["b"]
    assert clearly_worse({"a": {"refused": "no_support"}}) == []


def test_what_the_answer_never_asked_the_gates_about_is_no_support(popular):
    """Products outside the logged pool are shown by the candidate all the same, where they can be
    sold; else the next ones would stand in for them, and an unsupported list would look supported."""
    browse(people=40)
    model = serving_of(candidate().pk, "")
    answer = next(off_policy._explored(list(Decision.objects.values_list("pk", flat=True))))
    listed = off_policy._listed(answer, model, off_policy._Gates())
    first = listed[0]
    del answer.inputs["offers"][str(first)]
    assert off_policy._listed(answer, model, off_policy._Gates()) == listed
    answer.constraints_hit = [{"product_id": first, "gate": "cannot be sold now"}]
    assert first not in off_policy._listed(answer, model, off_policy._Gates())
    answer.constraints_hit = []
    Product.objects.filter(pk=first).update(state=Product.State.ARCHIVED)
    assert first not in off_policy._listed(answer, model, off_policy._Gates())


def test_a_candidate_of_what_was_never_listed_is_refused_as_unsupported(popular, monkeypatch):
    """It would put three products first that the logged model has never proposed."""
    browse(people=40)
    new = [make_variant(f"X-{number}") for number in range(3)]
    for variant in new:
        make_stock(variant, 10)
    really = ranking.pool

    def with_new(inputs, model, most):
        found = ranking.Pool([], [], [], [])
        found.add("personal", [one.product_id for one in new], set())
        found.add("personal", really(inputs, model, most).product_ids, set())
        return found

    monkeypatch.setattr(off_policy.ranking, "pool", with_new)
    run = candidate()
    home = off_policy.judge(run, at=AT)["placements"]["home"]
    assert (home["refused"], home["found"]) == ("too_few_effective_rows", 0)
    # Where they cannot be sold the candidate would not have shown them either.
    Product.objects.filter(code__startswith="P-X-").update(state=Product.State.ARCHIVED)
    home = off_policy.judge(run, at=AT)["placements"]["home"]
    assert home.get("found", 1) > 0


def test_more_events_than_are_read_at_once_are_judged_by_a_sample(popular, monkeypatch):
    browse()
    monkeypatch.setattr(report_frames, "MOST_EVENTS", 600)
    for name, least in (("EFFECTIVE_ROWS", 1), ("SUPPORT_RATE", 0.01), ("PERSONS", 2)):
        monkeypatch.setattr(f"recommendations.ml.off_policy.MIN_{name}", least)
    found = off_policy.judge(candidate(), at=AT)["placements"]["home"]
    assert 0 < found["persons"] < 80
