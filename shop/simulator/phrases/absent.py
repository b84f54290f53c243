"""What visitors of a tea and kitchen shop look for and it does not sell: English, Chinese."""

ABSENT = (
    ("coffee grinder", "咖啡磨豆机"),
    ("french press", "法压壶"),
    ("kombucha starter", "康普茶菌种"),
    ("electric kettle", "电热水壶"),
    ("matcha subscription", "抹茶订阅"),
    ("honey dipper", "蜂蜜搅拌棒"),
    ("milk frother", "奶泡器"),
    ("rooibos", "路易波士茶"),
)
