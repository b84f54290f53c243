"""Messages of journeys that rest on a ruling: live, sent, pulled with it, and what many of them cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketing.models import Journey, PulledStep, Send, SkipReason, WordingRuling
from marketing.services.content import wordings
from marketing.services.journeys import journeys, walking
from marketing.services.journeys.journey_words import JourneyMessages
from marketing.services.sending.hand_over import belt
from tests.factories_content import make_ruling
from tests.factories_marketing import make_reachable
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SING = "{product} remembers your grandmother's kitchen"


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"


def singing() -> dict:
    return send("reminder", body=f"{{greeting}}\n\n{SING}.\n\n{{product}}: {{price}}\n\n{{link}}")


def carts(number: int, *, wares: int = 1) -> None:
    """Each customer left one of so many SKUs."""
    kinds = [make_ware(f"KET-{n}") for n in range(wares)]
    for n, one in enumerate(make_reachable(number, language="en")):
        event(one, kinds[n % wares])


def in_hand() -> list[int]:
    walking.enter(Journey.objects.select_related("live_version").get(), NOON + HOUR)
    walking.step_due(NOON + HOUR)
    return list(Send.objects.order_by("pk").values_list("pk", flat=True))


def hand_over(pks: list[int]) -> None:
    with belt(1) as moving:
        moving.renew(JourneyMessages("email"))
        moving.hand_over(pks, at=NOON + HOUR)


def test_without_a_ruling_it_is_no_version_and_with_one_it_is_sent(mailoutbox):
    with pytest.raises(journeys.JourneyError, match="reminder, en"):
        make_journey({"on": "cart_left"}, singing())
    Journey.objects.all().delete()
    make_ruling(SING)
    make_journey({"on": "cart_left"}, singing(), exits=())
    carts(1)
    walking.walk(NOON + HOUR)
    [mail] = mailoutbox
    assert "remembers your grandmother" in mail.body


def test_withdrawing_pulls_the_message_with_it(mailoutbox):
    ruling = make_ruling(SING)
    make_journey({"on": "cart_left"}, singing(), exits=())
    carts(1)
    wordings.withdraw(ruling, None)
    [pulled] = PulledStep.objects.all()
    assert (pulled.step, pulled.state, pulled.sentence) == ("reminder", "held", SING)
    walking.walk(NOON + HOUR)
    assert not mailoutbox
    make_ruling(SING)
    journeys.release_step(pulled)
    walking.walk(NOON + 3 * HOUR)
    assert len(mailoutbox) == 1


def test_a_ruling_that_is_gone_when_the_message_leaves_lets_it_not_leave(mailoutbox):
    ruling = make_ruling(SING)
    make_journey({"on": "cart_left"}, singing(), exits=())
    carts(1)
    pks = in_hand()
    WordingRuling.objects.filter(pk=ruling.pk).update(state="withdrawn")
    hand_over(pks)
    assert not mailoutbox
    assert Send.objects.get().reason == SkipReason.NOTHING_TRUE


def test_rulings_are_read_once_for_a_round_however_many_carts(mailoutbox):
    make_ruling(SING)
    make_journey({"on": "cart_left"}, singing(), exits=())
    carts(12, wares=4)
    pks = in_hand()
    with CaptureQueriesContext(connection) as seen:
        hand_over(pks)
    assert len(mailoutbox) == 12
    asked = [one["sql"] for one in seen if 'FROM "marketing_wordingruling"' in one["sql"]]
    assert len(asked) == 1
    assert not [one for one in seen if 'FROM "marketing_evidenceuse"' in one["sql"]]
