"""Each family of false claims is caught, role swaps and Chinese numerals among them."""

import importlib.util
import sys
from pathlib import Path

import pytest

from language.claims import refusals

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


CLAIMS, FAMILIES = _load("planted_claims"), _load("planted_families").FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_family_is_caught(family, language):
    facts, goods = CLAIMS._facts(language), CLAIMS.GOODS[language]
    texts = [
        text.format(g=goods[number % len(goods)])
        for number, text in enumerate(FAMILIES[family][language])
    ]
    passed = [text for text in texts if not refusals(text, facts, slots_only=True)]
    assert passed == []


@pytest.mark.parametrize(
    "text",
    [
        "Until {until} you get {discount} off.", "It was {was_price}, and until {until} it is {price}.",
        "{price}, valid until {until}.",
        "{until}前享{discount}优惠。", "截止{until}，{product}优惠{discount}。", "抓紧，{until}前{price}。",
        "No hurry, take your time.", "让一天从茶开始。", "有 {product} 的周末，真好。",
    ],
)  # fmt: skip
def test_slots_in_their_own_role_pass(text):
    facts = CLAIMS._facts("zh" if "的" in text or "前" in text or "，" in text else "en")
    assert refusals(text, facts, slots_only=True) == []


@pytest.mark.parametrize(
    "text",
    ["Last chance for {product}. Until {until} it is {price}.", "最后机会！{until}前{price}。"],
)
def test_urgency_without_a_date_in_its_own_sentence_is_refused(text):
    assert [c.kind for c in refusals(text, CLAIMS._facts("en"), slots_only=True)] == ["deadline"]
