"""The baseline: an aspect is spoken of where one of its words stands."""

from __future__ import annotations

import re

_WORDS: dict[str, str] = {
    "quality": r"quality|broke|broken|material|made|sturdy|durable|flimsy|soft|leak\w*|works?|质量|做工|材质|料子|坏|结实|好用|好看|漂亮|起球|掉色|漏",
    "fit": r"fits?|fitted|size|sizes|tight|loose|small|large|big|short|long|wide|narrow|尺码|大小|合身|合适|偏大|偏小|太大|太小|紧|松|码",
    "delivery": r"deliver\w*|ship\w*|courier|arriv\w*|parcel|tracking|post|late|dispatch\w*|快递|物流|发货|送货|到货|收到|包裹|送到|延误",
    "packaging": r"packag\w*|packed|packing|box|boxes|wrap\w*|包装|盒子|箱子|礼盒|包得|袋子",
    "price": r"price\w*|expensive|cheap\w*|value|money|cost\w*|worth|bargain|discount|overpriced|价|贵|便宜|划算|值|优惠|打折|钱",
    "service": r"service|support|staff|helpful|reply|replied|answer\w*|rude|phone|agent|客服|服务|态度|售后|回复|电话|没人理",
    "returns": r"refund\w*|return\w*|exchange\w*|money back|replacement|warranty|退款|退货|换货|退|换|保修",
    "description": r"described|description|picture\w*|photo\w*|advertised|listing|website|wrong item|描述|图片|照片|不符|色差|发错|页面",
}
_PATTERNS = {
    aspect: re.compile("|".join(_bounded(word) for word in words.split("|")), re.IGNORECASE)
    for aspect, words in _WORDS.items()
    for _bounded in (lambda word: rf"\b{word}\b" if word.isascii() else word,)
}


def aspects_by_words(clause: str) -> list[str]:
    return [aspect for aspect, pattern in _PATTERNS.items() if pattern.search(clause)]
