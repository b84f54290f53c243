"""Plant false claims family by family, and count what the check catches of each.

    python benchmarks/planted_families.py [--seeds 10] [--show]

Families: what a guard of numbers alone misses (slots in the wrong role, Chinese numerals, percentages
in words, scarcity of time, rivals, health, invented ratings and deliveries, properties). Wording ×
goods, drawn anew for each seed, as a provider's text. Its author knew the patterns: the figures say
what holds for such wording, not for all wording. Exit 1 when a family falls below 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
DRAWN = 60  # per family, language and seed
LEAST = 0.95
FAMILIES: dict[str, dict[str, list[str]]] = {
    "role_swap": {
        "en": [
            "Save {{price}} on the {g}.", "Now {{was_price}}, it was {{price}}.", "{{price}} off the {g}.",
            "The {g} costs {{discount}}.", "{{discount}} of our customers come back.", "Only {{discount}} left.",
            "Delivery of the {g} for {{price}}.", "It arrives by {{until}}.", "We have made the {g} since {{until}}.",
            "{{price}} per month.", "Both for {{price}}.", "A voucher worth {{price}}.", "{{until}} days left.",
            "Yours for {{was_price}} today.", "Rated {{discount}} by everybody.", "Shipping costs {{price}}.",
        ],
        "zh": [
            "{g}立减{{price}}。", "现价{{was_price}}，原价{{price}}。", "{g}只要{{discount}}。", "仅剩{{discount}}。",
            "{{discount}}的顾客再次购买。", "运费{{price}}。", "{{until}}送达。", "{{price}}折。", "每月{{price}}。",
            "满{{price}}减{{was_price}}。", "红包{{price}}等您领。", "始于{{until}}的{g}。", "{{price}}起。",
        ],
    },
    "misused_number": {
        "en": ["{{price}} 4 pieces of the {g}.", "The {g} for £40.", "20% of all {g}s.", "Number 50 of its kind.",
               "It takes 20 minutes.", "Fifty people own the {g}.", "Twenty stars for the {g}."],
        "zh": ["{g}已有五十人购买。", "二十分钟送达。", "容量四十升。", "{g}四十元两件。", "二十颗星的{g}。"],
    },
    "chinese_numeral": {
        "en": ["Now at 八折.", "With 一年 of cover.", "Only 三件 left."],
        "zh": ["{g}八折。", "{g}质保一年。", "{g}半价。", "对折带走{g}。", "七五折。", "{g}五折起。", "两年内免费换新。",
               "十天无理由退货。", "限时三小时。", "一个月见效。", "打六八折。", "百里挑一的{g}，三成顾客都买了。"],
    },
    "percent_in_words": {
        "en": ["A fifth off the {g}.", "Thirty per cent less.", "Two thirds of the price.", "Half of what you paid.",
               "A quarter cheaper.", "Ten percent more for you.", "One third off everything.", "Half price for the {g}."],
        "zh": ["百分之三十的优惠。", "省一半。", "便宜三成。", "降了五分之一。", "比原来少两成。", "九成新客都选{g}。"],
    },
    "free": {
        "en": ["A free {g} for you.", "The {g} ships free.", "Free of charge.", "Delivery costs you nothing.",
               "We add a second {g} at no cost.", "The {g} is on us.", "A gift with every {g}."],
        "zh": ["{g}免费送。", "包邮。", "{g}不收运费。", "下单就送杯垫。", "零元带走{g}。", "{g}白送。", "赠送同款一件。"],
    },
    "only_today": {
        "en": ["Only today: the {g}.", "Today only.", "Last chance for the {g}.", "The offer ends tonight.",
               "Gone by tomorrow.", "Just this weekend.", "Hurry, time is running out.", "The clock is ticking for the {g}."],
        "zh": ["仅限今天。", "{g}今晚截止。", "最后机会。", "明天恢复原价。", "倒计时开始。", "过时不候。", "今天不买就没了。", "手慢无。"],
    },
    "rivals": {
        "en": ["Better than any other {g}.", "No other {g} compares.", "Cheaper than at our rivals.", "It beats every {g} in town.",
               "Nobody makes a better {g}.", "Unlike the {g}s of others, ours lasts.", "The competition cannot keep up.",
               "Leave other {g}s behind.", "Ahead of every rival."],
        "zh": ["比别家的{g}更好。", "没有哪款{g}能比。", "完胜同类{g}。", "别的{g}都比不上。", "甩开对手的{g}。",
               "{g}无可匹敌。", "业内领先的{g}。", "比同行便宜。", "超越所有{g}。"],
    },
    "health": {
        "en": ["The {g} helps against insomnia.", "Good for your joints.", "It lowers your blood pressure.",
               "Say goodbye to headaches.", "The {g} strengthens your immune system.", "Eases arthritis.",
               "Doctors trust the {g}.", "It keeps wrinkles away.", "Your back pain will be gone."],
        "zh": ["{g}缓解失眠。", "对关节有好处。", "降低血压。", "告别头痛。", "{g}提高抵抗力。", "医生信赖的{g}。",
               "远离皱纹。", "改善便秘。", "腰痛不再来。"],
    },
    "rating": {
        "en": ["Everybody loves the {g}.", "Our customers rave about it.", "Rated top by thousands.", "The most loved {g}.",
               "Reviewers praise the {g}.", "Critics adore it.", "Parents recommend the {g}.", "A bestseller for years."],
        "zh": ["人人都夸{g}。", "顾客都说好。", "好评如潮的{g}。", "网友强烈推荐{g}。", "卖爆了的{g}。", "{g}口碑爆棚。",
               "宝妈们都在用{g}。", "评价最高的{g}。"],
    },
    "delivery": {
        "en": ["With you tomorrow.", "The {g} is on your doorstep by Friday.", "Couriers bring it within the hour.",
               "Delivered to your door overnight.", "Order now, get it before the weekend.", "It ships the same day.",
               "We bring the {g} to your door."],
        "zh": ["{g}明天就到。", "今天下单，次日送达。", "顺丰发货。", "送到家门口。", "一小时达。", "周五前送到。", "即刻发货，极速送达。"],
    },
    "specification": {
        "en": ["The {g} is solid oak.", "Works on induction hobs.", "Safe for the dishwasher.", "Carved from one block of marble.",
               "With a leather handle.", "The {g} has a rechargeable battery.", "Made by hand in Japan.", "It never rusts.",
               "Contains no plastic.", "The {g} fits every phone.", "Knitted from merino wool."],
        "zh": ["{g}由实木打造。", "适用于电磁炉。", "可用洗碗机清洗。", "整块大理石雕成。", "真皮手柄的{g}。", "内置充电电池。",
               "日本手工制造。", "永不生锈。", "不含塑料。", "兼容各种手机。", "纯羊毛编织。"],
    },
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--show", action="store_true", help="Print what passed.")
    options = parser.parse_args()
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="planted-families-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    caught, planted, passed = _count(options.seeds)
    report = {
        family: {"planted": planted[family], "caught": round(caught[family] / planted[family], 4)}
        for family in FAMILIES
    }
    print(
        json.dumps(
            report | ({"passed": sorted(passed)} if options.show else {}),
            indent=2,
            ensure_ascii=False,
        )
    )
    return 1 if any(row["caught"] < LEAST for row in report.values()) else 0


def _count(seeds: int) -> tuple[Counter, Counter, set[str]]:
    from planted_claims import GOODS, _facts

    from language.claims import refusals

    caught: Counter = Counter()
    planted: Counter = Counter()
    passed = set()
    for seed in range(seeds):
        dice = random.Random(seed)
        for family, by_language in FAMILIES.items():
            for language, texts in by_language.items():
                for _number in range(DRAWN):
                    text = dice.choice(texts).format(g=dice.choice(GOODS[language]))
                    planted[family] += 1
                    if refusals(text, _facts(language), slots_only=True):
                        caught[family] += 1
                    else:
                        passed.add(f"{family}: {text}")
    return caught, planted, passed


if __name__ == "__main__":
    sys.exit(main())
