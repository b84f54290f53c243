"""Stored sentences and identifiers read in the reader's language."""

from django.utils.translation import override

from decisions.templatetags.receipts import figure, grid
from decisions.text import both, render, sentence, words


def test_a_sentence_may_be_filled_with_a_sentence():
    inner = sentence("no purchase in the test part")
    text = sentence("The history cannot be split by time: %(reason)s.", reason=inner)
    assert render(text) == "The history cannot be split by time: no purchase in the test part."
    with override("zh-hans"):
        assert render(text) == "历史无法按时间切分：测试部分没有购买。"


def test_an_identifier_reads_as_words():
    assert words("order_by_days") == "order by days"
    assert words("") == ""
    assert figure("pack_size") == "pack size"
    assert figure("CO0014-1") == "CO0014-1"
    with override("zh-hans"):
        assert words("safety_stock") == figure("safety_stock") == "安全库存"
        assert words("something_new") == "something new"


def test_a_name_in_both_languages_fills_a_sentence():
    text = sentence("Approved: %(what)s", what=both("Welcome back", "欢迎回来"))
    assert render(text) == "Approved: Welcome back"
    with override("zh-hans"):
        assert render(text) == "已批准：欢迎回来"


def test_rows_with_short_lists_are_a_table():
    rows = [{"sku": "TEA-1", "bound_by": ["moq", "pack_size"]}]
    assert grid(rows)["rows"] == [[("sku", "TEA-1"), ("bound_by", "moq, pack size")]]
    assert grid([{"demand": list(range(28))}]) is None
