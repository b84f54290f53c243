"""Product descriptions: an opening, what it is made of, and how to live with it."""

from __future__ import annotations

OPENINGS = {
    "tea": (
        ("Bright in the cup and gentle on the second and third infusion.", "汤色清亮，二泡三泡依然柔和。"),
        ("Rolled by hand in small batches and rested before it reaches us.", "小批量手工揉捻，静置后才上架。"),
        ("The one we drink behind the counter when nobody is looking.", "没人的时候，我们在柜台后面喝的就是它。"),
        ("A quiet everyday favourite that also makes a good present.", "日常安静陪伴，送人也体面。"),
    ),
    "kitchen": (
        ("Made for cooks who use the same three things every day.", "为每天只用那几样顺手工具的人而做。"),
        ("Well balanced, easy to clean and happy on any hob.", "手感均衡，容易清洗，各种灶具都能用。"),
        ("Heavier than it looks, in the way that you want it to be.", "比看上去更有分量，而且恰到好处。"),
        ("A shape that has hardly changed in a hundred years, for good reason.", "百年来几乎没变过的器形，自有道理。"),
    ),
    "home": (
        ("Soft light, warm colours, and no fuss.", "光线柔和，颜色温暖，不费心。"),
        ("Made to be used, washed and used again.", "为反复使用、反复清洗而做。"),
        ("A small thing that changes a room in the evening.", "小小一件，让夜晚的房间不一样。"),
    ),
    "outdoor": (
        ("Packs small, lasts long, and has been rained on a good deal.", "收纳小巧，经久耐用，也经过风雨考验。"),
        ("For long lunches that start as short walks.", "散步走着走着，就成了一顿悠长的午餐。"),
        ("Built for weekends: light to carry, simple to clean.", "为周末而生：轻便好带，清洗简单。"),
    ),
}  # fmt: skip

MIDDLES = {
    "tea": (
        ("{make} leaf from a garden that we have bought from for years.", "{make}原叶，来自我们合作多年的茶园。"),
        ("{make} quality, packed in London within a month of landing.", "{make}品质，到港一个月内在伦敦分装。"),
        ("Our {make_lower} grade: whole leaves, very little dust.", "{make}级：叶片完整，少有碎末。"),
    ),
    "kitchen": (
        ("The {make_lower} body spreads heat and wear evenly.", "{make}材质，受热均匀，耐磨耐用。"),
        ("{make} throughout, finished by hand so that no two are quite alike.", "通体{make}，手工收尾，件件略有不同。"),
        ("We chose {make_lower} because it ages well and can be repaired.", "选用{make}，越用越好，也方便修补。"),
    ),
    "home": (
        ("{make}, from a small workshop that finishes each piece by hand.", "{make}，小作坊出品，逐件手工收尾。"),
        ("The {make_lower} version is the one people come back for.", "回头客最多的，是这款{make}。"),
    ),
    "outdoor": (
        ("{make}, with seams and joints that we have tried to break.", "{make}款，接缝和关节都经过我们反复折腾。"),
        ("The {make_lower} build keeps it light without feeling flimsy.", "{make}结构，轻而不单薄。"),
    ),
}  # fmt: skip

ENDINGS = {
    "tea": (
        ("Brew at 80–95 °C for two minutes. Keep dry and away from light.", "80–95℃冲泡两分钟。避光干燥保存。"),
        ("Best within eighteen months of opening the tin.", "开罐后十八个月内饮用最佳。"),
    ),
    "kitchen": (
        ("Wash by hand and dry at once. Two-year guarantee.", "请手洗并及时擦干。质保两年。"),
        ("Care card and spare parts list in the box. Two-year guarantee.", "盒内附保养卡与配件清单。质保两年。"),
    ),
    "home": (
        ("Wash cool, dry in the shade. Returns within 30 days.", "冷水洗，阴干。30天内可退。"),
        ("Comes in a plain card box that is ready to give.", "素色纸盒包装，可直接送人。"),
    ),
    "outdoor": (
        ("Dry before storing. Two-year guarantee.", "收纳前请晾干。质保两年。"),
        ("Weight and pack size on the label are measured, not promised.", "标签上的重量与收纳尺寸均为实测。"),
    ),
}  # fmt: skip
