import numpy as np
import pytest

from language import sentiment
from language.embeddings import HashedNgrams
from language.ml.chinese_sentiment import chinese_polarity
from language.ml.sentiment_head import fit_head
from language.seeds import sentiment_examples


@pytest.mark.parametrize(
    "praise",
    [
        "物超所值",
        "售后服务没得说",
        "真后悔没早点买",
        "一点异味都没有",
        "没有异味，放心用",
        "不得不说很好吃",
    ],
)
def test_chinese_praise_with_negating_characters(praise):
    assert chinese_polarity(praise) > 0


@pytest.mark.parametrize(
    "blame", ["不好吃", "一点都不好用", "质量太差", "不值这个价", "说是正品其实是假货"]
)
def test_chinese_blame(blame):
    assert chinese_polarity(blame) < 0


def test_chinese_without_any_known_word_is_exactly_neutral():
    assert chinese_polarity("四节电池") == 0.0


def test_degree_makes_chinese_stronger():
    assert (
        chinese_polarity("非常好用") > chinese_polarity("好用") > chinese_polarity("有点好用") > 0
    )


def test_what_follows_but_counts_more():
    assert chinese_polarity("味道不错，但是送餐太慢") < 0 < chinese_polarity("送餐慢，但是味道很好")


@pytest.mark.parametrize(
    ("text", "language", "sign"),
    [
        ("The kettle is wonderful, I love it", "en", 1),
        ("It broke after one day and nobody answers", "en", -1),
        ("杯子很漂亮，朋友都夸", "zh", 1),
        ("收到就是坏的，要求赔偿", "zh", -1),
    ],
)
def test_one_interface_for_both_languages(text, language, sign):
    found = sentiment.sentiment_of(text)
    assert found.language == language
    assert np.sign(found.score) == sign
    assert -1 <= found.score <= 1


def test_english_rests_on_textblob_among_others():
    from textblob import TextBlob

    text = "A really good and useful bag"
    parts = sentiment.sentiment_of(text).parts
    assert parts["textblob"] == TextBlob(text).sentiment.polarity
    assert set(parts) == {"textblob", "vader", "head"}


def test_without_the_encoder_the_lexicons_still_answer(monkeypatch):
    monkeypatch.setattr(sentiment, "load_embedder", lambda: HashedNgrams(64))
    assert set(sentiment.sentiment_of("Terrible quality").parts) == {"textblob", "vader"}
    assert sentiment.sentiment_of("Wo ist meine Bestellung?").score == 0.0


def test_head_recovers_a_known_direction():
    vectors = np.eye(4, dtype=np.float32)
    head = fit_head(vectors, np.array([1.0, 1.0, -1.0, -1.0]), alpha=0.01)
    assert np.sign(head.predict(vectors)).tolist() == [1, 1, -1, -1]


def test_examples_are_balanced_and_unique():
    rows = sentiment_examples()
    assert len({text for _language, text, _score in rows}) == len(rows)
    for language in ("en", "zh"):
        positive = sum(score > 0 for own, _text, score in rows if own == language)
        negative = sum(score < 0 for own, _text, score in rows if own == language)
        assert 0.7 < positive / negative < 1.4
