"""Rules as text: what is read, what is written back, where a mistake is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketing.admin.rule_field import RuleField
from marketing.definitions.rule_text import RuleSyntaxError, parse, to_text
from marketing.definitions.rules import RuleError, customers_of, sentences
from shop.models import Event
from tests.factories import make_customer

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
VIEW = {"did": "view", "op": "at_least", "times": 3, "days": 30}
NO_PURCHASE = {"did": "purchase", "op": "at_most", "times": 0, "days": 30}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", {}),
        (
            "stage is not at_risk",
            {"all": [{"field": "stage", "op": "is_not", "value": "at_risk"}]},
        ),
        (
            "did view at least 3 times within 30 days AND did not purchase within 30 days",
            {"all": [VIEW, NO_PURCHASE]},
        ),
        (
            'frequency >= 2 or not (country = "New Zealand" or did view within 1 day)',
            {
                "any": [
                    {"field": "frequency", "op": "at_least", "value": 2},
                    {
                        "none": [
                            {"field": "country", "op": "is", "value": "New Zealand"},
                            {"did": "view", "op": "at_least", "times": 1, "days": 1},
                        ]
                    },
                ]
            },
        ),
    ],
)
def test_text_is_read_and_written_back(text, rule):
    assert parse(text) == rule
    assert parse(to_text(rule)) == rule


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("stage", 5, "“is”, “is not”"),
        ("stage ? x", 6, "a word"),
        ("age >= 3", 0, "a field"),
        ("frequency >= many", 13, "a whole number"),
        ("frequency >= 2 frequency >= 3", 15, "“and”, “or”"),
        ("(frequency >= 2", 15, "“)”"),
        ("did dance within 3 days", 4, "an event: view"),
        ("did view 3 times within 3 days", 9, "“at least”"),
        ("did view within 3 weeks", 18, "“days”"),
        ("did view at last 3 times within 3 days", 12, "“least” or “most”"),
        ("stage is and", 9, "a value"),
        ("(" * 30, 21, "fewer parentheses"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_what_could_stand_there(text, position, expected):
    with pytest.raises(RuleSyntaxError) as caught:
        parse(text)
    assert caught.value.position == position
    assert expected in caught.value.expected
    assert f"character {position + 1}" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["did view within 0 days", "did view at least 0 times within 3 days", "x" * 4001]
)
def test_what_is_out_of_bounds_is_refused(text):
    with pytest.raises(RuleError):
        parse(text)


def test_the_form_takes_rows_and_text_alike_and_says_what_is_wrong():
    field = RuleField(required=False)
    assert field.clean("did view at least 3 times within 30 days") == {"all": [VIEW]}
    assert field.clean("{}") == {}
    with pytest.raises(Exception, match="At character 1"):
        field.clean("nonsense")


def test_an_event_reads_as_a_sentence():
    assert sentences({"all": [VIEW]}) == ["product view at least 3 times within 30 days"]


CONDITIONS = st.builds(
    lambda kind, op, times, days: {
        "did": kind,
        "op": op,
        "times": max(times, 1) if op == "at_least" else times,
        "days": days,
    },
    st.sampled_from(["view", "purchase"]),
    st.sampled_from(["at_least", "at_most", "is"]),
    st.integers(0, 3),
    st.integers(1, 6),
)
RULES = st.recursive(
    CONDITIONS,
    lambda inner: st.builds(
        lambda group, parts: {group: parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
).map(lambda rule: {"all": [rule]} if "did" in rule else rule)
HAPPENED = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["view", "purchase"]), st.integers(-24, 8 * 24)),
    max_size=25,
)


def meets(rule, events, at) -> bool:
    """The same rule by counting in Python."""
    if "did" in rule:
        since = at - timedelta(days=rule["days"])
        count = sum(kind == rule["did"] and since < when <= at for kind, when in events)
        return {
            "at_least": count >= rule["times"],
            "at_most": count <= rule["times"],
            "is": count == rule["times"],
        }[rule["op"]]
    group, parts = next(iter(rule.items()))
    answers = [meets(part, events, at) for part in parts]
    return {"all": all(answers), "any": any(answers), "none": not any(answers)}[group]


@pytest.mark.django_db
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rule=RULES, happened=HAPPENED)
def test_the_query_finds_whom_counting_in_python_finds(rule, happened, django_assert_num_queries):
    Event.objects.all().delete()
    people = [make_customer(f"P{number}") for number in range(5)] if not _people() else _people()
    rows = [(who, kind, AT - timedelta(hours=hours)) for who, kind, hours in happened]
    Event.objects.bulk_create(
        Event(
            event_id=f"e{n}",
            kind=kind,
            occurred_at=when,
            received_at=when,
            customer=people[who],
            consent=True,
        )
        for n, (who, kind, when) in enumerate(rows)
    )
    try:
        again = parse(to_text(rule))
    except RuleError:
        return  # deeper than a rule may be
    wanted = {
        people[who].pk
        for who in range(5)
        if meets(rule, [(kind, when) for person, kind, when in rows if person == who], AT)
    }
    asks_events = '"did"' in json.dumps(rule)  # then it looks how far the latest events go
    with django_assert_num_queries(1 + asks_events):
        found = set(customers_of(rule, at=AT).values_list("pk", flat=True))
    assert found == wanted
    assert set(customers_of(again, at=AT).values_list("pk", flat=True)) == wanted


def _people():
    from shop.models import Customer

    return list(Customer.objects.order_by("pk"))


@pytest.mark.django_db
def test_a_profile_cannot_be_asked_of_an_earlier_day():
    with pytest.raises(RuleError, match="last night only"):
        customers_of(parse("stage is new and did view within 3 days"), at=AT)


@pytest.mark.django_db
def test_a_value_is_a_parameter_and_never_sql():
    rule = parse('country is "\'; DROP TABLE shop_customer; --"')
    sql, parameters = customers_of(rule).query.sql_with_params()
    assert "DROP" not in sql
    assert "'; DROP TABLE shop_customer; --" in parameters
    assert not customers_of(rule).exists()


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "did not view within 30 days",
        "did view at most 2 times within 30 days",
        "did view exactly 2 times within 30 days",
        "did view at least 3 times within 30 days and did not purchase within 30 days",
        "not (did view within 30 days or did purchase at least 2 times within 30 days)",
    ],
)
def test_counting_events_is_planned_as_joins_and_never_as_a_list_per_customer(text):
    found = customers_of(parse(text), at=AT)
    assert " NOT IN " not in str(found.query)
    assert "SubPlan" not in found.explain()
