"""Stored sentences and identifiers read in the reader's language."""

from django.utils.translation import override

from decisions.templatetags.receipts import figure
from decisions.text import render, sentence, words


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
