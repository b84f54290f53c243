"""Journeys that are there from the start, as drafts: read one, change it, let it go live.

Waits and texts are a sensible beginning, not a measured optimum; the holdout of each journey tells
what it is worth in this shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReadyMade:
    code: str
    name: str
    name_zh: str
    definition: dict[str, Any]


def _text(en: tuple[str, str], zh: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {
        "en": {"subject": en[0], "body": f"{{greeting}}\n\n{en[1]}\n\n{{link}}"},
        "zh": {"subject": zh[0], "body": f"{{greeting}}\n\n{zh[1]}\n\n{{link}}"},
    }


def _mail(step: str, en: tuple[str, str], zh: tuple[str, str]) -> dict[str, Any]:
    return {"id": step, "send": "email", "texts": _text(en, zh)}


READY_MADE: tuple[ReadyMade, ...] = (
    ReadyMade(
        "cart-left",
        "Left in the cart",
        "购物车提醒",
        {
            "trigger": {"on": "cart_left", "minutes": 60},
            "exits": ["ordered"],
            "steps": [
                _mail(
                    "reminder",
                    (
                        "Your cart is still here",
                        "You put {product} into your cart. It costs {price}.",
                    ),
                    ("您的购物车还在", "您把 {product} 放进了购物车，价格为 {price}。"),
                ),
                {"id": "wait", "wait": {"days": 1}},
                {
                    "id": "looked",
                    "when": {"clicked": "reminder"},
                    "then": [],
                    "otherwise": [
                        _mail(
                            "again",
                            (
                                "About {product}",
                                "If you have a question about {product}, just reply.",
                            ),
                            ("关于 {product}", "如果您对 {product} 有任何疑问，直接回复即可。"),
                        )
                    ],
                },
            ],
        },
    ),
    ReadyMade(
        "looked-around",
        "Looked and left",
        "浏览未购提醒",
        {
            "trigger": {"on": "product_viewed", "minutes": 240, "views": 2},
            "exits": ["ordered"],
            "steps": [
                _mail(
                    "seen",
                    ("You looked at {product}", "Here is {product} again, for {price}."),
                    ("您看过 {product}", "再为您展示一次 {product}，价格为 {price}。"),
                )
            ],
        },
    ),
    ReadyMade(
        "welcome",
        "Welcome",
        "欢迎",
        {
            "trigger": {"on": "joined"},
            "exits": [],
            "steps": [
                _mail(
                    "hello",
                    ("Welcome to {shop}", "Thank you for joining us."),
                    ("欢迎来到 {shop}", "感谢您的加入。"),
                ),
                {"id": "wait", "wait": {"days": 4}},
                {
                    "id": "first-order",
                    "when": {"ordered": False},
                    "then": [
                        _mail(
                            "look-around",
                            (
                                "A look around {shop}",
                                "Have a look at these:\n\n{recommended}\n\n"
                                "If you are looking for something else, just reply.",
                            ),
                            (
                                "逛逛 {shop}",
                                "为您挑选了这些：\n\n{recommended}\n\n"
                                "如果您在找别的，直接回复即可。",
                            ),
                        )
                    ],
                },
            ],
        },
    ),
    ReadyMade(
        "after-the-order",
        "After the order",
        "购后关怀",
        {
            "trigger": {"on": "delivered", "days": 10},
            "exits": [],
            "steps": [
                {
                    **_mail(
                        "how-is-it",
                        (
                            "How is {product}?",
                            "We would like to hear how you get on with {product}: a few words help us and others.",
                        ),
                        (
                            "{product} 用得怎么样？",
                            "我们想听听您怎么看 {product}：写几句话给我们吧。",
                        ),
                    ),
                    "link": "review",
                }
            ],
        },
    ),
    ReadyMade(
        "review",
        "Ask for a review",
        "请求评价",
        {
            "trigger": {"on": "review_due", "days": 10},
            "exits": [],
            "steps": [
                {
                    **_mail(
                        "ask",
                        (
                            "How is {product}?",
                            "We would like to hear what you think of {product}, good or bad. "
                            "A few words are enough:",
                        ),
                        (
                            "{product} 用得怎么样？",
                            "我们想听听您对 {product} 的看法，好的坏的都想听。几句话就够了：",
                        ),
                    ),
                    "link": "review_form",
                }
            ],
        },
    ),
    ReadyMade(
        "come-back",
        "Come back",
        "唤回",
        {
            "trigger": {"on": "silent", "days": 120},
            "exits": ["ordered"],
            "steps": [
                _mail(
                    "missed",
                    (
                        "We have not heard from you",
                        "We would be glad to see you at {shop} again. Have a look at these:"
                        "\n\n{recommended}",
                    ),
                    ("好久不见", "期待您再来 {shop} 看看。为您挑选了这些：\n\n{recommended}"),
                ),
                {"id": "wait", "wait": {"days": 14}},
                _mail(
                    "last-word",
                    ("Shall we stay in touch?", "If our letters are no use to you, leave below."),
                    ("还要保持联系吗？", "如果您不再需要我们的邮件，可在下方退订。"),
                ),
            ],
        },
    ),
    ReadyMade(
        "refill",
        "Running out",
        "补货提醒",
        {
            "trigger": {"on": "refill_due", "days": 3},
            "exits": ["ordered_it"],
            "steps": [
                _mail(
                    "refill",
                    (
                        "Time for more {product}?",
                        "Perhaps it is time for {product} again. It is {price}.",
                    ),
                    ("{product} 快用完了吗？", "您时常购买 {product}，价格为 {price}。"),
                )
            ],
        },
    ),
    ReadyMade(
        "back-in-stock",
        "Back in stock",
        "到货通知",
        {
            "trigger": {"on": "back_in_stock"},
            "exits": ["ordered_it"],
            "steps": [
                _mail(
                    "it-is-back",
                    (
                        "{product} is back",
                        "You asked us to tell you: {product} can be ordered, for {price}.",
                    ),
                    (
                        "{product} 回来了",
                        "您让我们通知您：{product} 现在可以订购，价格为 {price}。",
                    ),
                )
            ],
        },
    ),
    ReadyMade(
        "price-drop",
        "Price drop",
        "降价通知",
        {
            "trigger": {"on": "price_dropped", "percent": 10, "days": 30},
            "exits": ["ordered_it"],
            "steps": [
                _mail(
                    "lower",
                    (
                        "News about {product}",
                        "{product} is {price} until {until}; it was {was_price}.",
                    ),
                    (
                        "{product} 有新消息",
                        "{product} 现价 {price}，截至 {until}；原价 {was_price}。",
                    ),
                )
            ],
        },
    ),
    ReadyMade(
        "birthday",
        "Birthday",
        "生日祝福",
        {
            "trigger": {"on": "birthday", "days": 0},
            "exits": [],
            "steps": [
                _mail(
                    "wishes",
                    ("Happy birthday from {shop}", "We wish you a wonderful day."),
                    ("{shop} 祝您生日快乐", "祝您度过美好的一天。"),
                )
            ],
        },
    ),
)
