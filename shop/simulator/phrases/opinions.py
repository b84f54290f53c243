"""What customers write about products, by aspect and feeling. `{thing}` is what they bought."""

from __future__ import annotations

# aspect -> feeling -> language -> sentences
WORDS: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {
    "quality": {
        "positive": {
            "en": (
                "Beautifully made, you can feel it the moment you pick it up.",
                "Solid and well finished, just as described.",
                "Really good quality for an everyday thing.",
                "Six months in and it still looks new.",
                "Far better than the one I had from the supermarket.",
                "Lovely weight and finish.",
            ),
            "zh": (
                "做工很精致，拿在手里就能感觉到。", "{thing}质感很好，很扎实。", "质量超出预期，日常用完全够。",
                "用了半年还跟新的一样。", "比超市买的强太多了。", "手感好，细节处理得很到位。",
            ),
        },
        "negative": {
            "en": (
                "It started to come apart after two weeks.",
                "The finish is rough and one edge is chipped.",
                "Feels cheap, nothing like the pictures.",
                "Arrived with a crack down one side.",
                "Stopped working properly after a handful of uses.",
                "Disappointing quality for a brand like this.",
            ),
            "zh": (
                "用了两个星期就坏了。", "做工粗糙，边上还有缺口。", "感觉很廉价，跟图片差远了。",
                "收到的时候侧面就有一道裂。", "没用几次就不行了。", "这个牌子做成这样，太失望了。",
            ),
        },
    },
    "taste": {
        "positive": {
            "en": (
                "Fresh, sweet and clean, no bitterness even when I forget it in the pot.",
                "Wonderful fragrance, and it lasts five infusions.",
                "My mother says it tastes like home, which is the highest praise.",
                "A really rounded cup.",
            ),
            "zh": (
                "香气很足，回甘明显，泡久了也不苦。", "耐泡，五泡之后还有味道。", "妈妈说有家乡的味道，好评。",
                "汤色清亮，口感很顺。",
            ),
        },
        "negative": {
            "en": (
                "Flat and dusty, I think it is old stock.",
                "Bitter after one minute, poured it away.",
                "Hardly any aroma, not what I paid for.",
            ),
            "zh": ("茶味很淡，感觉是陈货。", "泡一分钟就发苦，直接倒掉了。", "几乎没有香气，不值这个价。"),
        },
    },
    "use": {
        "positive": {
            "en": (
                "Easy to use and even easier to clean.",
                "I use the {thing} every single day.",
                "Exactly the right size for two people.",
                "Does what it says without any fuss.",
            ),
            "zh": ("好用，也很好清洗。", "每天都在用这个{thing}。", "两个人用大小刚刚好。", "很实用，没有花里胡哨的东西。"),
        },
        "negative": {
            "en": (
                "Smaller than I expected, check the measurements.",
                "A pain to clean.",
                "Awkward to hold when it is hot.",
                "The lid does not fit properly.",
            ),
            "zh": ("比想象的小，下单前看清尺寸。", "太难洗了。", "热的时候很烫手，拿着不方便。", "盖子盖不严。"),
        },
    },
    "look": {
        "positive": {
            "en": (
                "The colour is even nicer than in the photos.",
                "Looks gorgeous on the table, guests always ask about it.",
                "Simple and elegant.",
            ),
            "zh": ("颜色比照片还好看。", "摆在桌上很漂亮，客人都问哪里买的。", "简约大气。"),
        },
        "negative": {
            "en": ("The colour is nothing like the photo.", "Looks dull in real life.", "There is a stain that will not come off."),
            "zh": ("颜色跟图片不一样，有色差。", "实物很暗淡。", "上面有块污渍擦不掉。"),
        },
    },
    "delivery": {
        "positive": {
            "en": (
                "Came two days early.",
                "Ordered on Monday, here on Wednesday, very well wrapped.",
                "Packed so carefully that I felt bad opening it.",
            ),
            "zh": ("物流很快，提前两天到了。", "周一下单周三就到，包装很用心。", "包得特别仔细，一点没磕碰。"),
        },
        "negative": {
            "en": (
                "Took nearly three weeks to arrive.",
                "The box was crushed and nobody answered my e-mail.",
                "Delivery was late and the tracking never moved.",
            ),
            "zh": ("等了快三个星期才到。", "箱子都压扁了，发邮件也没人回。", "送得太慢，物流信息一直不更新。"),
        },
    },
    "value": {
        "positive": {
            "en": ("Worth every penny.", "Great value, especially on offer.", "I have already ordered a second one as a present."),
            "zh": ("物超所值。", "活动价入手，很划算。", "已经又买了一份送人。"),
        },
        "negative": {
            "en": ("Overpriced for what it is.", "Two days later it was 20% cheaper, annoying.", "I want my money back."),
            "zh": ("不值这个价钱。", "刚买完就降价，太坑了。", "要求退款。"),
        },
    },
}  # fmt: skip

TITLES = {
    5: {"en": ("Love it", "Perfect", "Would buy again", "Excellent", "So pleased"), "zh": ("很喜欢", "完美", "会回购", "非常满意", "值得买")},
    4: {"en": ("Very good", "Nearly perfect", "Happy with it", "Good buy"), "zh": ("不错", "挺好的", "基本满意", "推荐")},
    3: {"en": ("It is fine", "Mixed feelings", "Okay", "So so"), "zh": ("一般般", "还行吧", "中规中矩", "凑合")},
    2: {"en": ("Not great", "Expected more", "Disappointed"), "zh": ("有点失望", "不太满意", "不如预期")},
    1: {"en": ("Avoid", "Very disappointed", "Waste of money", "Returning it"), "zh": ("差评", "太失望了", "别买", "要退货")},
}  # fmt: skip

BUT = {"en": "That said, ", "zh": "不过，"}
# How many sentences of each feeling a rating is made of: (positive, negative).
MIX = {5: ((2, 0), (3, 0), (1, 0)), 4: ((2, 0), (2, 1), (1, 0)), 3: ((1, 1),), 2: ((0, 2), (1, 2)), 1: ((0, 2), (0, 3), (0, 1))}  # fmt: skip
