"""Listed words with two senses: refused in the one that a shop must prove, read by itself in the other."""

import pytest

from language.listed_claims import find_claims
from tests.language.test_statements import FACTS

FALSE = [
    "Get a free kettle.", "Free weekend delivery on {product}.", "A free day pass for everyone.",
    "Free evening shipping.", "Your free gift is waiting.", "The first free refill is ours.",
    "Hurry, they go fast.", "Don't wait, hurry!", "Please hurry.", "Not long now: hurry!",
    "Order this week, yours until Friday.", "Only this week: {product}.",
    "{product} at half its price, this weekend only.",
    "{product} costs {discount}.", "An extra {discount} off {product}.", "Pay {discount} for {product}.",
    "Now {was_price} today.", "{product} is {was_price} now.", "Today {was_price}.",
    "价格只剩一半。", "{product}只要一半。", "省下一半。", "一半就能带走。", "花一半的钱，买{product}。", "便宜一半。",
    "半小时送达。", "半天内发货。", "半年内有效。", "双十一价更低。", "双十一前下单。",
    "过半顾客选了它。", "客户过半都回来了。", "过半的家庭在用。",
]  # fmt: skip
FINE = [
    "A free evening and a good book.", "What would you hang on a free wall?", "Nothing on a free Monday.",
    "Free weekend ahead?", "You have a free hour, we have tea.", "Nobody in a hurry, nobody at the door.",
    "Never hurry a good cup.", "You can't hurry tomatoes.", "Don't hurry.",
    "This week's letter is about {product}, {discount} less until {until}.",
    "{product} costs {discount} less until {until}.", "Until {until} you pay {discount} less.",
    "It's {price} instead of {was_price} now.", "{product} is {price}, down from {was_price} today.",
    "花开一半最好看。", "棋下到一半，茶凉了。", "分给邻居一半。",
    "想了半天开场白。", "约了半年，终于见面。", "双十一将至，别太累。",
    "暑假过半，作业写了几页？", "周三过半，坚持住。",
]  # fmt: skip


@pytest.mark.parametrize("text", FALSE)
def test_what_a_shop_must_prove_is_refused(text):
    assert find_claims(text, FACTS, slots_only=True).refused


@pytest.mark.parametrize("text", FINE)
def test_the_other_sense_is_left_to_the_reader(text):
    assert not find_claims(text, FACTS, slots_only=True).refused
