import pytest

from support.ml.replies import (
    UnprovenFigureError,
    check_figures,
    compose_reply,
    order_record,
    without_marks,
)

ORDER = {
    "number": "T-1002",
    "state": "shipped",
    "placed_on": "2026-11-02",
    "dates": {"paid": "2026-11-02", "shipped": "2026-11-05"},
    "tracking": "DHL 00340434",
    "total": "£12.00",
    "can_cancel": False,
    "was_named": True,
}
PASSAGE = {
    "code": "returns",
    "title": "Returns",
    "text": "You can return unused goods within 30 days.",
    "score": 0.6,
}


def inputs(**changes):
    return {
        "language": "en",
        "intent": "where_is_my_order",
        "confidence": 0.9,
        "sentiment": 0.0,
        "wants_person": False,
        "risk": False,
        "name": "Ada",
        "shop": "Leaf & Cup",
        "message": {"ref": "1", "text": "Where is it?"},
        "order": ORDER,
        "returns": [],
        "stock": [],
        "passages": [],
    } | changes


def test_the_state_of_the_order_answers_where_it_is():
    reply = compose_reply(inputs())
    assert reply["handoff"] == ""
    assert "Your order T-1002 was sent on 5 November 2026. [1]" in reply["body"]
    assert "DHL 00340434" in reply["body"]
    assert reply["citations"] == [
        {
            "n": 1,
            "kind": "order",
            "ref": "T-1002",
            "label": "T-1002",
            "text": order_record(ORDER, "en"),
        }
    ]


def test_a_chinese_customer_gets_chinese():
    reply = compose_reply(inputs(language="zh"))
    assert "您的订单 T-1002 已于2026年11月5日发货。 [1]" in reply["body"]


def test_every_sentence_cites_a_record():
    reply = compose_reply(
        inputs(
            intent="return_refund",
            returns=[{"number": "R-1", "on": "2026-11-20", "refund": "£12.00"}],
            passages=[PASSAGE],
        )
    )
    marks = {row["n"] for row in reply["citations"]}
    assert all(s["cites"] and set(s["cites"]) <= marks for s in reply["sentences"])
    assert {row["kind"] for row in reply["citations"]} == {"order", "return", "passage"}


def test_without_a_record_a_person_is_asked_and_nothing_is_said():
    reply = compose_reply(inputs(intent="product_question"))
    assert (reply["handoff"], reply["body"], reply["sentences"]) == ("no_record", "", [])


def test_an_order_alone_does_not_answer_a_complaint_about_damage():
    assert compose_reply(inputs(intent="damaged"))["handoff"] == "no_record"
    assert compose_reply(inputs(intent="damaged", passages=[PASSAGE]))["handoff"] == ""


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"language": "other"}, "language"),
        ({"risk": True}, "risk"),
        ({"wants_person": True}, "asked_for_person"),
        ({"intent": "complaint", "sentiment": -0.9}, "angry"),
        ({"confidence": 0.1}, "unsure"),
    ],
)
def test_causes_to_hand_off(changes, cause):
    assert compose_reply(inputs(**changes))["handoff"] == cause


def test_cancelling_depends_on_whether_it_has_left():
    unsent = ORDER | {"state": "paid", "can_cancel": True}
    assert "can still be cancelled" in compose_reply(inputs(intent="cancel", order=unsent))["body"]
    assert "no longer be cancelled" in compose_reply(inputs(intent="cancel"))["body"]


def test_an_imported_order_without_dates_says_only_what_is_known():
    history = ORDER | {"dates": {}, "tracking": "", "state": "delivered"}
    body = compose_reply(inputs(order=history))["body"]
    assert "placed on 2 November 2026, is recorded as delivered" in body


def test_an_order_the_customer_did_not_name_is_announced():
    body = compose_reply(inputs(order=ORDER | {"was_named": False}))["body"]
    assert "You named no order" in body


def test_a_figure_that_no_record_holds_is_a_fault():
    citations = [{"n": 1, "kind": "passage", "ref": "x", "label": "", "text": "within 30 days"}]
    check_figures([{"text": "You have 30 days.", "cites": [1]}], citations)
    with pytest.raises(UnprovenFigureError):
        check_figures([{"text": "You have 60 days.", "cites": [1]}], citations)


def test_the_customer_does_not_see_the_marks():
    assert without_marks("It was sent. [1] See [12][3]") == "It was sent. See"


def test_composing_twice_gives_the_same():
    assert compose_reply(inputs()) == compose_reply(inputs())


def test_an_order_that_was_not_named_is_not_taken_for_the_broken_one():
    latest = ORDER | {"was_named": False}
    body = compose_reply(inputs(intent="damaged", order=latest, passages=[PASSAGE]))["body"]
    assert "T-1002" not in body
