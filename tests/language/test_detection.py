import pytest

from language.detection import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order 20231?", "en"),
        ("Parcel never came!!", "en"),
        ("我的订单什么时候到？", "zh"),
        ("我的快递Order 991还没到", "zh"),
        ("tracking 显示已签收，但是我没收到", "zh"),
        ("Wo ist meine Bestellung? Ich habe sie nicht erhalten", "other"),
        ("注文した商品がまだ届きません", "other"),
        ("Где мой заказ", "other"),
        ("12345 👍", "other"),
        ("", "other"),
    ],
)
def test_language_of_a_message(text, language):
    assert detect_language(text).language == language


def test_mixed_text_is_marked():
    assert detect_language("我想要 refund please 谢谢").is_mixed
    assert not detect_language("请问什么时候发货").is_mixed


def test_addresses_and_order_numbers_do_not_count_as_words():
    assert detect_language("订单 AB-10023 发到 someone@example.com").chinese_share == 1.0
