"""What the shop sells: categories with their behaviour, kinds of thing, makes, brands."""

from __future__ import annotations

from typing import NamedTuple


class Thing(NamedTuple):
    en: str
    zh: str
    price: float  # in pounds, smallest variant
    weight_g: int
    variants: str  # a key of VARIANTS
    shape: str  # a key of pictures.SHAPES


class Shelf(NamedTuple):
    """One category. Effects are in log units of demand."""

    code: str
    en: str
    zh: str
    department: str
    palette: tuple[str, str, str]
    elasticity: float
    uplift: float  # what being on promotion adds beside the lower price
    spring_festival: float
    black_friday: float
    peak_month: float
    season: float  # amplitude of the yearly wave
    units: float  # mean units a line
    things: tuple[Thing, ...]
    makes: tuple[tuple[str, str], ...]


DEPARTMENTS = {
    "tea": ("Tea", "茶"),
    "kitchen": ("Kitchen", "厨房"),
    "home": ("Home", "家居"),
    "outdoor": ("Outdoor", "户外"),
}

# label, Chinese label where it is a word, price factor, weight factor, share of the product's sales
VARIANTS = {
    "one": (("", "", 1.0, 1.0, 1.0),),
    "leaf": (("50 g", "", 1.0, 1.0, 0.6), ("200 g", "", 3.4, 3.6, 0.4)),
    "cake": (("100 g", "", 1.0, 1.0, 0.65), ("357 g", "", 3.1, 3.5, 0.35)),
    "size": (("Small", "小号", 1.0, 1.0, 0.55), ("Large", "大号", 1.45, 1.6, 0.45)),
    "set": (("Set of 2", "两件套", 1.0, 1.0, 0.6), ("Set of 4", "四件套", 1.85, 2.0, 0.4)),
    "pan": (("24 cm", "", 1.0, 1.0, 0.55), ("28 cm", "", 1.25, 1.35, 0.45)),
    "bed": (("Double", "双人", 1.0, 1.0, 0.5), ("King", "加大", 1.2, 1.25, 0.5)),
}

BRANDS = (
    ("moonhill", "Moonhill 月丘"),
    ("jade-ember", "Jade & Ember 翠烬"),
    ("old-wharf", "Old Wharf 老码头"),
    ("nine-bamboo", "Nine Bamboo 九竹"),
    ("harrow-lane", "Harrow Lane 禾巷"),
    ("cloud-kiln", "Cloud Kiln 云窑"),
    ("saltmarsh", "Saltmarsh 盐泽"),
    ("plum-rain", "Plum Rain 梅雨"),
    ("fieldstone", "Fieldstone 野石"),
    ("blue-heron", "Blue Heron 青鹭"),
    ("ashdown", "Ashdown 灰丘"),
    ("lantern-st", "Lantern Street 灯笼街"),
    ("mistral-co", "Mistral & Co 风来"),
    ("wuyi-house", "Wuyi House 武夷居"),
)

# A line name makes two things of the same make different.
LINES = (
    ("Dawn", "晨光"), ("Harbour", "港湾"), ("Willow", "杨柳"), ("Ember", "余烬"),
    ("Tide", "潮汐"), ("Juniper", "杜松"), ("Lotus", "莲"), ("Northway", "北路"),
    ("Hearth", "炉边"), ("Drift", "漂木"), ("Pine", "松间"), ("Quill", "羽笔"),
    ("Terrace", "梯田"), ("Cinder", "烟灰"), ("Meadow", "草甸"), ("Slate", "青石"),
    ("Orchard", "果园"), ("Fern", "蕨"),
)  # fmt: skip

_LEAF_MAKES = (
    ("First Flush", "明前"), ("High Mountain", "高山"), ("Organic", "有机"),
    ("Spring Harvest", "春茶"), ("Reserve", "珍藏"), ("Everyday", "日常"),
    ("Old Tree", "古树"), ("Hand-picked", "手采"), ("Single Garden", "单一茶园"),
)  # fmt: skip
_DARK_MAKES = (
    ("High Mountain", "高山"), ("Organic", "有机"), ("Reserve", "珍藏"), ("Everyday", "日常"),
    ("Old Tree", "古树"), ("Hand-picked", "手采"), ("Single Garden", "单一茶园"), ("Aged", "陈年"),
)  # fmt: skip
_CLAY = (
    ("Stoneware", "粗陶"), ("Celadon", "青瓷"), ("Porcelain", "白瓷"), ("Zisha Clay", "紫砂"),
    ("Glass", "玻璃"), ("Cast Iron", "铸铁"), ("Crackle Glaze", "冰裂釉"), ("Ru Glaze", "汝釉"),
)  # fmt: skip
_TABLE = (
    ("Stoneware", "粗陶"), ("Celadon", "青瓷"), ("Porcelain", "白瓷"), ("Blue-and-white", "青花"),
    ("Crackle Glaze", "冰裂釉"), ("Ru Glaze", "汝釉"), ("Speckled", "斑点釉"), ("Bone China", "骨瓷"),
)  # fmt: skip
_BOARD = (
    ("Walnut", "胡桃木"), ("Acacia", "相思木"), ("Olive Wood", "橄榄木"), ("Bamboo", "竹制"),
    ("Beech", "榉木"), ("End-grain", "端纹木"), ("Oak", "橡木"),
)  # fmt: skip
_LAMP = (
    ("Rice Paper", "宣纸"), ("Bamboo", "竹编"), ("Silk", "丝绢"), ("Ceramic", "陶瓷"),
    ("Rattan", "藤编"), ("Linen", "亚麻"), ("Brass", "黄铜"),
)  # fmt: skip
_METAL = (
    ("Carbon Steel", "碳钢"), ("Cast Iron", "铸铁"), ("Tri-ply Steel", "三层不锈钢"),
    ("Enamelled", "珐琅"), ("Copper Core", "铜芯"), ("Ceramic-coated", "陶瓷涂层"),
    ("Hammered", "锤纹"),
)  # fmt: skip
_BLADE = (
    ("Damascus", "大马士革"), ("High-carbon", "高碳钢"), ("Forged", "锻打"), ("Stainless", "不锈钢"),
    ("Walnut-handled", "胡桃木柄"), ("Folded Steel", "折叠钢"), ("Ceramic", "陶瓷"),
)  # fmt: skip
_CLOTH = (
    ("Linen", "亚麻"), ("Organic Cotton", "有机棉"), ("Washed Cotton", "水洗棉"),
    ("Herringbone", "人字纹"), ("Waffle", "华夫格"), ("Hemp", "汉麻"), ("Bamboo Fibre", "竹纤维"),
)  # fmt: skip
_BOX = (
    ("Bamboo", "竹制"), ("Airtight Glass", "密封玻璃"), ("Enamel", "搪瓷"), ("Stoneware", "粗陶"),
    ("Acacia", "相思木"), ("Steel", "不锈钢"), ("Rattan", "藤编"),
)  # fmt: skip
_SCENT = (
    ("Sandalwood", "檀香"), ("Osmanthus", "桂花"), ("Cedar & Smoke", "雪松烟熏"),
    ("White Tea", "白茶"), ("Fig Leaf", "无花果叶"), ("Yuzu", "柚子"), ("Beeswax", "蜂蜡"),
)  # fmt: skip
_CAMP = (
    ("Titanium", "钛"), ("Folding", "折叠"), ("Ultralight", "轻量"), ("Stainless", "不锈钢"),
    ("Compact", "便携"), ("Expedition", "远征"), ("Trail", "山径"),
)  # fmt: skip
_GARDEN = (
    ("Classic", "经典"), ("Striped", "条纹"), ("Recycled", "再生"), ("Heritage", "复古"),
    ("Riverside", "河畔"), ("Allotment", "田园"), ("Lightweight", "轻便"),
)  # fmt: skip
_GIFT = (
    ("Spring Festival", "新春"), ("Mid-Autumn", "中秋"), ("Tasting", "品鉴"),
    ("Red Lacquer", "红漆"), ("Housewarming", "乔迁"), ("Collector's", "典藏"),
    ("Thank-you", "答谢"),
)  # fmt: skip

SHELVES = (
    Shelf("green-white-tea", "Green & white tea", "绿茶与白茶", "tea", ("#e7efe0", "#6d8f5a", "#2f4a2b"),
          1.5, 0.30, 0.45, 0.10, 4.5, 0.20, 1.6, (
              Thing("Longjing Green Tea", "龙井绿茶", 9.5, 90, "leaf", "tin"),
              Thing("Bi Luo Chun", "碧螺春", 10.5, 90, "leaf", "tin"),
              Thing("Silver Needle White Tea", "白毫银针", 14.0, 90, "leaf", "pouch"),
              Thing("White Peony", "白牡丹", 9.0, 90, "leaf", "pouch"),
              Thing("Jasmine Pearls", "茉莉龙珠", 8.5, 90, "leaf", "tin"),
              Thing("Genmaicha", "玄米茶", 6.0, 100, "leaf", "pouch"),
          ), _LEAF_MAKES),
    Shelf("dark-tea", "Black, oolong & pu-erh", "红茶、乌龙与普洱", "tea", ("#f3e6da", "#a4562f", "#4b2416"),
          1.4, 0.28, 0.55, 0.15, 12.5, 0.30, 1.5, (
              Thing("Keemun Black Tea", "祁门红茶", 7.5, 90, "leaf", "tin"),
              Thing("Lapsang Souchong", "正山小种", 8.0, 90, "leaf", "tin"),
              Thing("Tie Guan Yin Oolong", "铁观音", 10.0, 90, "leaf", "pouch"),
              Thing("Da Hong Pao Rock Oolong", "大红袍岩茶", 13.5, 90, "leaf", "tin"),
              Thing("Shou Pu-erh Cake", "普洱熟茶饼", 11.0, 130, "cake", "cake"),
              Thing("Sheng Pu-erh Cake", "普洱生茶饼", 13.0, 130, "cake", "cake"),
          ), _DARK_MAKES),
    Shelf("teaware", "Teaware", "茶具", "tea", ("#e4ecec", "#5f8d8a", "#24403f"),
          1.8, 0.32, 0.35, 0.35, 12.0, 0.22, 1.15, (
              Thing("Teapot", "茶壶", 28.0, 650, "size", "teapot"),
              Thing("Gaiwan", "盖碗", 18.0, 260, "one", "bowl"),
              Thing("Tea Cups", "品茗杯", 14.0, 320, "set", "cup"),
              Thing("Fairness Pitcher", "公道杯", 15.0, 280, "one", "cup"),
              Thing("Tea Tray", "茶盘", 42.0, 1400, "size", "board"),
              Thing("Tea Caddy", "茶叶罐", 17.0, 420, "size", "jar"),
          ), _CLAY),
    Shelf("gift-sets", "Gift sets", "礼盒", "tea", ("#f6e1dc", "#b8332e", "#5c1512"),
          1.6, 0.40, 1.30, 0.45, 12.2, 0.35, 1.3, (
              Thing("Tea Gift Box", "茶礼盒", 34.0, 700, "one", "box"),
              Thing("Teapot Gift Set", "茶壶礼盒", 58.0, 1600, "one", "box"),
              Thing("Tea & Candle Set", "茶香套装", 39.0, 900, "one", "box"),
              Thing("Chopstick Gift Set", "筷子礼盒", 24.0, 350, "one", "box"),
              Thing("Tea Discovery Set", "茶叶品鉴装", 22.0, 300, "one", "box"),
          ), _GIFT),
    Shelf("cookware", "Cookware", "锅具", "kitchen", ("#ececee", "#5b6270", "#22262f"),
          2.2, 0.35, 0.15, 0.70, 11.8, 0.20, 1.05, (
              Thing("Wok", "炒锅", 38.0, 1800, "pan", "pan"),
              Thing("Frying Pan", "平底锅", 32.0, 1200, "pan", "pan"),
              Thing("Casserole", "炖锅", 64.0, 3900, "pan", "pot"),
              Thing("Saucepan", "奶锅", 29.0, 1000, "one", "pot"),
              Thing("Steamer", "蒸笼", 22.0, 900, "size", "pot"),
              Thing("Kettle", "烧水壶", 45.0, 1300, "one", "teapot"),
          ), _METAL),
    Shelf("knives", "Knives", "刀具", "kitchen", ("#e9ecee", "#74818c", "#2c3740"),
          2.0, 0.33, 0.05, 0.60, 11.9, 0.18, 1.05, (
              Thing("Chef's Knife", "主厨刀", 52.0, 260, "one", "knife"),
              Thing("Vegetable Cleaver", "菜刀", 46.0, 380, "one", "knife"),
              Thing("Paring Knife", "水果刀", 19.0, 110, "one", "knife"),
              Thing("Bread Knife", "面包刀", 34.0, 220, "one", "knife"),
          ), _BLADE),
    Shelf("boards", "Boards", "砧板与餐板", "kitchen", ("#efe8dd", "#8a6a43", "#3b2b17"),
          1.8, 0.30, 0.10, 0.45, 11.9, 0.15, 1.05, (
              Thing("Chopping Board", "砧板", 27.0, 1500, "size", "board"),
              Thing("Serving Board", "餐板", 24.0, 900, "size", "board"),
              Thing("Cheese Board", "芝士板", 21.0, 800, "one", "board"),
          ), _BOARD),
    Shelf("tableware", "Tableware", "餐具", "kitchen", ("#e8eaf2", "#56699a", "#222c4b"),
          1.9, 0.30, 0.40, 0.40, 12.1, 0.24, 1.5, (
              Thing("Rice Bowls", "饭碗", 16.0, 600, "set", "bowl"),
              Thing("Noodle Bowls", "面碗", 20.0, 900, "set", "bowl"),
              Thing("Dinner Plates", "餐盘", 24.0, 1300, "set", "plate"),
              Thing("Mugs", "马克杯", 15.0, 700, "set", "cup"),
              Thing("Soy Dishes", "味碟", 9.0, 240, "set", "plate"),
              Thing("Serving Platter", "大盘", 29.0, 1100, "one", "plate"),
          ), _TABLE),
    Shelf("storage", "Storage & pantry", "收纳与储物", "kitchen", ("#f2eee4", "#a98d5a", "#4a3b1f"),
          1.9, 0.26, 0.25, 0.30, 1.2, 0.22, 1.3, (
              Thing("Storage Jar", "储物罐", 11.0, 520, "size", "jar"),
              Thing("Rice Bin", "米桶", 26.0, 1700, "size", "jar"),
              Thing("Bread Box", "面包箱", 34.0, 1900, "one", "box"),
              Thing("Lunch Box", "便当盒", 21.0, 480, "one", "box"),
              Thing("Spice Jars", "调料罐", 18.0, 600, "set", "jar"),
          ), _BOX),
    Shelf("textiles", "Home textiles", "家纺", "home", ("#f0e7ea", "#a06a7b", "#472631"),
          1.7, 0.28, 0.20, 0.45, 12.6, 0.25, 1.2, (
              Thing("Tea Towels", "茶巾", 12.0, 180, "set", "cloth"),
              Thing("Table Runner", "桌旗", 22.0, 260, "one", "cloth"),
              Thing("Apron", "围裙", 26.0, 310, "one", "cloth"),
              Thing("Throw", "盖毯", 58.0, 1100, "one", "cloth"),
              Thing("Duvet Cover", "被套", 78.0, 1600, "bed", "cloth"),
              Thing("Cushion Cover", "靠垫套", 19.0, 200, "set", "cloth"),
          ), _CLOTH),
    Shelf("candles-scent", "Candles & scent", "香薰", "home", ("#f7efdc", "#c79a3c", "#5a4212"),
          1.8, 0.32, 0.35, 0.50, 12.4, 0.45, 1.4, (
              Thing("Scented Candle", "香薰蜡烛", 19.0, 380, "size", "candle"),
              Thing("Incense Sticks", "线香", 9.0, 80, "one", "pouch"),
              Thing("Reed Diffuser", "藤条香薰", 24.0, 420, "one", "candle"),
              Thing("Hand Soap", "手工皂", 7.5, 140, "one", "box"),
          ), _SCENT),
    Shelf("lamps-lanterns", "Lamps & lanterns", "灯饰", "home", ("#f5e9e0", "#c0703f", "#54290f"),
          1.9, 0.28, 0.60, 0.40, 12.2, 0.35, 1.1, (
              Thing("Lantern", "灯笼", 16.0, 240, "size", "lantern"),
              Thing("Table Lamp", "台灯", 54.0, 1500, "one", "lantern"),
              Thing("Pendant Shade", "吊灯罩", 39.0, 900, "one", "lantern"),
          ), _LAMP),
    Shelf("camp-kitchen", "Camp kitchen", "露营厨具", "outdoor", ("#e5ecdf", "#5d7a4b", "#26351d"),
          2.1, 0.30, -0.10, 0.35, 7.2, 0.60, 1.1, (
              Thing("Camp Stove", "露营炉", 48.0, 650, "one", "stove"),
              Thing("Cook Set", "露营套锅", 42.0, 800, "one", "pot"),
              Thing("Camp Mug", "露营杯", 13.0, 160, "set", "cup"),
              Thing("Travel Tea Set", "旅行茶具", 36.0, 700, "one", "teapot"),
              Thing("Vacuum Flask", "保温壶", 31.0, 560, "size", "flask"),
              Thing("Spork Set", "叉勺套装", 9.5, 60, "set", "fork"),
          ), _CAMP),
    Shelf("picnic-garden", "Picnic & garden", "野餐与园艺", "outdoor", ("#e2eef0", "#4f8797", "#1d3b44"),
          1.9, 0.30, -0.15, 0.20, 6.5, 0.70, 1.15, (
              Thing("Picnic Basket", "野餐篮", 46.0, 1700, "size", "basket"),
              Thing("Picnic Blanket", "野餐垫", 34.0, 1200, "size", "cloth"),
              Thing("Cool Bag", "保冷袋", 27.0, 600, "size", "basket"),
              Thing("Herb Planter", "香草盆", 18.0, 1300, "set", "jar"),
              Thing("Watering Can", "浇水壶", 29.0, 1000, "one", "teapot"),
              Thing("Garden Apron", "园艺围裙", 28.0, 350, "one", "cloth"),
          ), _GARDEN),
)  # fmt: skip
