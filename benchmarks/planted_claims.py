"""Plant false claims in copy, and true ones, and count what the check lets through and refuses.

    python benchmarks/planted_claims.py [--seed 0] [--count 300] [--show]

False: wrong prices, discounts, stock, ratings, delivery, comparisons, effects on health and properties of the
product, in English and Chinese, made by a generator (wording × goods × figures, anew for each seed) and
taken from sentences written by hand that nothing was tuned to (tests/language/held_out_statements.csv).
True: slots in sentences, the phrase bank, and moods. Each is checked as a provider's text (slots only) and as
a person's. Exit 1 if a false one passes or more than 3 % of the true ones are refused.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
GOODS = {
    "en": ["Copper Kettle", "linen shirt", "oak table", "night cream", "green tea", "desk lamp",
           "running shoes", "school bag", "chef's knife", "wool blanket", "headphones", "honey"],
    "zh": ["铜壶", "亚麻衬衫", "橡木桌", "晚霜", "绿茶", "台灯", "跑鞋", "书包", "菜刀", "羊毛毯", "耳机", "蜂蜜"],
}  # fmt: skip
FALSE = {
    "en": [
        "Get the {g} for just £{p}.", "The {g} now costs {p} pounds.", "Yours for under £{p}.",
        "Was £{q}, now £{p}.", "{d}% off the {g}.", "Take {d} per cent off every {g}.",
        "Save £{p} on the {g} today.", "Every second {g} is half price.", "Buy two, pay for one.",
        "Only {n} left of the {g}.", "Just {n} pieces remain.", "The {g} is almost sold out.",
        "{n} people are looking at this {g} right now.", "Rated {r} out of 5 by our customers.",
        "{n},000 happy customers cannot be wrong.", "The {g} has won {n} awards.",
        "Our best-selling {g} of all time.", "Delivered to your door within {n} hours.",
        "Free shipping on the {g}.", "The {g} arrives tomorrow.", "Order today, have it by Friday.",
        "The best {g} you can buy.", "Lasts {n} times longer than any other {g}.",
        "No other {g} comes close.", "Cheaper than in any other shop.", "The {g} relieves headaches.",
        "Doctors recommend this {g}.", "The {g} strengthens your immune system.",
        "Clinically tested: the {g} helps you sleep.", "The {g} is made of pure gold.",
        "Comes with a {n}-year guarantee.", "The {g} is handmade in Italy.", "{n} litres of room.",
        "The {g} kills 99% of germs.", "The {g} is certified organic.",
    ],
    "zh": [
        "{g}只要{p}元。", "{g}现价{p}英镑。", "不到{p}块钱就能带走{g}。", "原价{q}元，现价{p}元。", "{g}打{z}折。",
        "{g}立减{p}元。", "第二件{g}半价。", "买二送一。", "{g}仅剩{n}件。", "最后{n}个{g}。", "{g}即将售罄。",
        "已有{n}万人购买{g}。", "{g}评分{r}分。", "{g}荣获{n}项大奖。", "{g}销量全国第一。", "{g}包邮到家。",
        "{n}小时内送达。", "今天下单明天到。", "{g}是最好的选择。", "比其他{g}耐用{n}倍。", "没有哪款{g}比得上它。",
        "{g}缓解头痛。", "医生都推荐这款{g}。", "{g}增强免疫力。", "{g}帮助睡眠。", "{g}由纯金打造。", "{g}质保{n}年。",
        "{g}意大利手工制作。", "{g}杀菌率百分之九十九。", "{g}通过有机认证。", "{g}全网最低价。", "{g}顶级品质。",
    ],
}  # fmt: skip
TRUE = {
    "en": [
        "{product} is {price}.", "{product} was {was_price}; until {until} it is {price}.",
        "Until {until} there is {discount} off {product}.", "Have a look at {product}: {link}",
        "{greeting} We thought of you when we saw {product}.", "Meet {product}, for {price}.",
        "A quiet evening with {product}.", "{product} would look good on your table, we think.",
        "You left {product} in your cart.", "Questions about {product}? Just reply.",
        "{product} and {product_2} belong together.", "{shop} says hello.",
        "Here is {product} again, should you still be thinking about it.",
    ],
    "zh": [
        "{product}，{price}。", "{product} 原价 {was_price}，{until}前 {price}。", "{until}前，{product} 优惠 {discount}。",
        "看看 {product}：{link}", "{greeting}看到 {product}，就想到了您。", "认识一下 {product}，{price}。",
        "和 {product} 一起度过安静的夜晚。", "您的购物车里还有 {product}。", "关于 {product} 有疑问？直接回复即可。",
        "{shop} 向您问好。", "{product} 和 {product_2} 放在一起很好看。",
    ],
}  # fmt: skip


def main() -> int:
    options = _options()
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="planted-claims-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from language.claims import refusals

    dice = random.Random(options.seed)
    false, true = _false(dice, options.count), _true(dice, options.count)
    report: dict = {"seed": options.seed, "false": len(false), "true": len(true)}
    for way, strict in (("provider", True), ("by_hand", False)):
        passed = [t for lang, t in false if not refusals(t, _facts(lang), slots_only=strict)]
        blocked = [t for lang, t in true if refusals(t, _facts(lang), slots_only=strict)]
        report[way] = {
            "false_published": len(passed),
            "true_blocked": len(blocked),
            "true_blocked_share": round(len(blocked) / len(true), 4),
        } | ({"published": passed, "blocked": blocked} if options.show else {})
    print(json.dumps(report, indent=2, ensure_ascii=False))
    ways = [report["provider"], report["by_hand"]]
    broken = any(w["false_published"] or w["true_blocked_share"] > 0.03 for w in ways)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--show", action="store_true", help="Print what went wrong.")
    return parser.parse_args()


def _facts(language: str):
    """A kettle of £40.00 that was £50.00: every planted figure is another."""
    from language.claims import Fact

    name, cup = {"en": ("Copper Kettle", "Blue Cup"), "zh": ("铜壶", "蓝杯")}[language]
    until = {"en": "6 June 2026", "zh": "2026年6月6日"}[language]
    return [
        Fact("shop", "name", "Backroom"), Fact("greeting", "person", "Hello"),
        Fact("product", "name", name), Fact("product_2", "name", cup),
        Fact("price", "money", "£40.00"), Fact("was_price", "prior_money", "£50.00"),
        Fact("discount", "percent", "20%"), Fact("until", "date", until),
        Fact("link", "link", "https://shop.example/"),
    ]  # fmt: skip


def _held_out() -> list[tuple[str, str, str]]:
    path = ROOT / "tests/language/held_out_statements.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["language"], row["label"], row["text"]) for row in csv.DictReader(file)]


def _false(dice: random.Random, count: int) -> list[tuple[str, str]]:
    """Half by hand (all that there are, at most), the rest generated."""
    by_hand = [(lang, text) for lang, label, text in _held_out() if label != "none"]
    found = dice.sample(by_hand, min(len(by_hand), count // 2))
    while len(found) < count:
        language = dice.choice(["en", "zh"])
        figures = {
            "g": dice.choice(GOODS[language]), "p": dice.choice([9, 12, 19, 25, 35, 60]),
            "q": dice.choice([70, 90, 120]), "d": dice.choice([10, 30, 45, 70]), "z": dice.choice("345679"),
            "n": dice.randint(2, 9), "r": dice.choice(["4.7", "4.9"]),
        }  # fmt: skip
        found.append((language, dice.choice(FALSE[language]).format(**figures)))
    return found


def _true(dice: random.Random, count: int) -> list[tuple[str, str]]:
    """A third moods by hand, a third the phrase bank, a third sentences with slots."""
    from language.phrases import BANKS

    moods = [(lang, text) for lang, label, text in _held_out() if label == "none"]
    known = {fact.slot for fact in _facts("en")}
    bank = [
        (lang, phrase.text)
        for lang, parts in BANKS.items()
        for phrases in parts.values()
        for phrase in phrases
        if phrase.slots <= known
    ]
    slots = [(lang, text) for lang, texts in TRUE.items() for text in texts]
    return [dice.choice(dice.choice((moods, bank, slots))) for _number in range(count)]


if __name__ == "__main__":
    sys.exit(main())
