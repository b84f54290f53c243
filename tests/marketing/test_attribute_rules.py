"""What customers said of themselves: read by segments only while they agree, never once taken back."""

from datetime import timedelta

import pytest

from marketing.definitions.rule_text import parse, to_text
from marketing.definitions.rules import RuleError, customers_of, sentences
from shop.importers.run import Options, import_file
from shop.models import Consent, CustomerAttribute
from shop.services.customers import CustomerError, Said, record_attribute
from tests.factories import make_customer
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import AS_OF

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def codes(text, at=AS_OF) -> set[str]:
    return set(customers_of(parse(text), at=at).values_list("code", flat=True))


def said(code, value, *, name="diet", kind="text", at=AS_OF - 5 * DAY, agrees=True):
    customer = make_customer(code)
    record_attribute(customer, Said(name, value, "personalisation", "quiz", kind), at=at)
    if agrees is not None:
        Consent.objects.create(
            customer=customer, purpose="personalisation", granted=agrees, source="quiz",
            recorded_at=AS_OF - 9 * DAY,
        )  # fmt: skip
    return customer


def test_only_while_she_agrees_and_her_newest_word():
    said("A", "vegan")
    said("B", "vegan", agrees=False)
    said("C", "vegan", agrees=None)
    other = said("D", "vegan")
    record_attribute(other, Said("diet", "fish", "personalisation", "quiz"), at=AS_OF - 2 * DAY)
    gone = said("E", "vegan")
    record_attribute(gone, Said("diet", "", "personalisation", "quiz"), at=AS_OF - 2 * DAY)
    make_customer("F")
    assert codes('attribute diet is "vegan"') == {"A"}
    assert codes('attribute diet is not "vegan"') == {"D"}
    assert codes('attribute diet is "vegan"', at=AS_OF - 3 * DAY) == {"A", "D", "E"}
    Consent.objects.create(
        customer=other, purpose="personalisation", granted=False, source="page", recorded_at=AS_OF
    )
    assert codes('attribute diet is "fish"', at=AS_OF + DAY) == set()


def test_numbers_are_compared_as_numbers():
    said("A", "9", name="shoe-size", kind="number")
    said("B", "42.5", name="shoe-size", kind="number")
    assert codes("attribute shoe-size > 10") == {"B"}
    assert codes("attribute shoe-size is 9") == {"A"}
    assert codes('attribute shoe-size is "9"') == {"A"}
    assert sentences(parse("attribute shoe-size >= 42")) == [
        "said of herself: shoe-size is at least 42"
    ]
    for text in ("attribute shoe-size >= 42", 'attribute diet is not "New Zealand"'):
        assert to_text(parse(text)) == text


def test_a_word_is_of_its_kind_stands_once_and_goes_with_its_customer():
    one = said("A", "9", name="shoe-size", kind="number")
    record_attribute(one, Said("shoe-size", "9", "personalisation", "quiz", "number"), at=AS_OF)
    assert CustomerAttribute.objects.count() == 1
    for value, kind in (("large", "number"), ("maybe", "yes_no")):
        with pytest.raises(CustomerError):
            record_attribute(one, Said("shoe-size", value, "personalisation", "quiz", kind))
    one.delete()
    assert not CustomerAttribute.objects.exists()


@pytest.mark.parametrize(
    "rule",
    [
        {"attribute": "Diet", "op": "is", "value": "vegan"},
        {"attribute": "diet", "op": "at_least", "value": "vegan"},
        {"attribute": "diet", "op": "is", "value": True},
        {"attribute": "diet", "op": "is", "value": 'a"b'},
        {"attribute": "diet", "op": "is_not", "value": 3},
    ],
)
def test_what_makes_no_sense_is_refused(rule):
    with pytest.raises(RuleError):
        customers_of({"all": [rule]})


def test_files_bring_words_once_and_refuse_what_is_none(tmp_path):
    make_customer("A")
    path = tmp_path / "said.csv"
    path.write_text(
        "customer_code,name,kind,value,purpose,recorded_at,source\n"
        "A,diet,,vegan,personalisation,2026-01-01 10:00,quiz\n"
        "A,shoe-size,number,42.5,analytics,2026-01-01 10:00,quiz\n"
        "A,shoe-size,number,large,analytics,2026-01-01 10:00,quiz\n"
        "A,Diet,,vegan,personalisation,2026-01-01 10:00,quiz\n"
        "Z,diet,,vegan,personalisation,2026-01-01 10:00,quiz\n"
    )
    report = import_file("customer_attributes", path, options=Options())
    assert (report.new, report.rejected) == (2, 3)
    assert import_file("customer_attributes", path, options=Options()).unchanged == 2
    assert CustomerAttribute.objects.get(name="shoe-size").number == 42.5


def test_programs_read_and_add(client):
    make_customer("A")
    secret = make_key(user=make_staff(is_superuser=True)).secret
    here = "/api/merchant/v1/customers/A/attributes/"
    heads = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"}
    body = {"name": "diet", "value": "vegan", "purpose": "personalisation", "source": "quiz"}
    made = client.post(here, body, content_type="application/json", headers=heads)
    assert made.status_code == 201, made.content
    wrong = body | {"kind": "number"}
    refused = client.post(here, wrong, content_type="application/json", headers=heads | {"Idempotency-Key": "l"})  # fmt: skip
    assert refused.status_code == 400
    [row] = client.get(here, headers=heads).json()["results"]
    assert (row["name"], row["kind"], row["value"]) == ("diet", "text", "vegan")
