"""The phrase bank of the template provider: what a shop may always say, in English and Chinese.

A phrase states nothing that is not in its slots, so it is true of every shop that can fill them;
tests run every combination through `claims`. A row: text, goals it fits ("" = all), tones ("" = all).
"""

from __future__ import annotations

from dataclasses import dataclass

from language.slots import slots_of

GOALS = ("win_back", "second_order", "announce", "thank")
TONES = ("warm", "plain", "playful", "elegant")


@dataclass(frozen=True)
class Phrase:
    text: str
    goals: frozenset[str] = frozenset()
    tones: frozenset[str] = frozenset()

    @property
    def slots(self) -> set[str]:
        return slots_of(self.text)

    def fits(self, goal: str, tone: str, slots: set[str]) -> bool:
        return (
            (not self.goals or goal in self.goals)
            and (not self.tones or tone in self.tones)
            and self.slots <= slots
        )


def _phrases(*rows: tuple[str, str, str]) -> tuple[Phrase, ...]:
    return tuple(Phrase(t, frozenset(g.split()), frozenset(n.split())) for t, g, n in rows)


ENGLISH = {
    "preheader": _phrases(
        ("{product} and a few kind words inside", "", "warm playful"),
        ("We would love to see you again", "win_back", ""),
        ("A short note about {product}", "", "plain elegant"),
        ("Something to go with your first choice", "second_order", ""),
        ("Come in and have a look around", "announce", ""),
        ("With thanks from all of us at {shop}", "thank", ""),
    ),
    "about": _phrases(
        ("This is {product}.", "", "plain elegant"),
        ("Say hello to {product}.", "", "playful warm"),
        ("Meet {product}, chosen with care by {shop}.", "", "warm elegant"),
        ("{product} has its place on our shelves, and maybe soon on yours.", "", "warm playful"),
    ),
    "use": _phrases(
        ("For quiet mornings and long evenings alike.", "", "warm elegant"),
        ("A companion for everyday life.", "", "plain warm"),
        ("Take it home and see where it likes to stand.", "", "playful"),
        ("Simple, and made to be used.", "", "plain elegant"),
    ),
    "headline": _phrases(
        ("Welcome back to {shop}", "win_back", ""),
        ("What goes with your first choice", "second_order", ""),
        ("Meet {product}", "announce", ""),
        ("Thank you for being here", "thank", ""),
        ("{product}, at {shop}", "", "plain elegant"),
    ),
    "block": _phrases(
        ("Have a look at {product}. It is in the shop at {price}.", "", ""),
        ("{product} is waiting for you at {price}. Come in and look around.", "", "warm playful"),
        ("{product}, {price}. Take your time.", "", "plain elegant"),
        ("It was {was_price}, and until {until} {product} is {price}.", "", ""),
        ("Have a look at {product}, and at everything beside it.", "", "warm plain"),
    ),
    "button": _phrases(
        ("Have a look", "", ""),
        ("See {product}", "", "plain elegant"),
        ("Come on in", "", "playful warm"),
    ),
    "subject": _phrases(
        ("It has been a while – come and see {product}", "win_back", ""),
        ("{product}, and a warm hello from {shop}", "win_back", "warm elegant"),
        ("We kept your seat: {product} is here", "win_back", "playful"),
        ("Still thinking of you at {shop}", "win_back", "warm plain"),
        ("Goes well with what you chose: {product}", "second_order", ""),
        ("What to try after your first order", "second_order", "plain warm"),
        ("Your next favourite might be {product}", "second_order", "playful warm"),
        ("A companion for your first choice", "second_order", "elegant"),
        ("Meet {product}", "announce", ""),
        ("At {shop} now: {product}", "announce", "plain elegant"),
        ("Say hello to {product}", "announce", "playful warm"),
        ("A small thank-you note from {shop}", "thank", ""),
        ("For you, with thanks: {product}", "thank", "warm elegant"),
        ("You make our day at {shop}", "thank", "playful warm"),
    ),
    "opening": _phrases(
        ("It has been some time since your last order, and we would love to welcome you back.", "win_back", "warm elegant"),
        ("You have not ordered from us for a while, so here is a short note about what we think you would like.", "win_back", "plain"),
        ("We noticed a you-shaped gap in our order book. Shall we fill it?", "win_back", "playful"),
        ("The kettle is on and the shelves are full of lovely things – it would be good to see you again.", "win_back", "warm playful"),
        ("Thank you for your first order with us. We picked something that goes well with it.", "second_order", "warm plain"),
        ("Your first order has settled in by now – it might be ready for some company.", "second_order", "playful"),
        ("Thank you for choosing {shop}. May we suggest a companion for your first choice?", "second_order", "elegant"),
        ("We have something to show you that we are rather proud of.", "announce", "warm elegant"),
        ("Here is what is on our shelves for you to discover.", "announce", "plain"),
        ("Drum roll, please: there is something you should see.", "announce", "playful"),
        ("Customers like you are the reason we open the shop in the morning. Thank you.", "thank", "warm playful"),
        ("Thank you for your loyalty to {shop}. We chose this with you in mind.", "thank", "elegant plain"),
    ),
    "product": _phrases(
        ("{product} is yours for {price}.", "", ""),
        ("You will find {product} in the shop at {price}.", "", "plain elegant"),
        ("Have a look at {product}: it costs {price}, and it may be just the thing.", "", "warm playful"),
        ("Our suggestion is {product}, at {price}.", "", "warm elegant plain"),
        ("Have a look at {product} – it may be just the thing.", "", ""),
        ("{product} is rated {rating} out of 5, in {review_count} reviews.", "", ""),
    ),
    "more": _phrases(
        ("If that is not quite it, there is also {product_2} at {price_2}.", "", ""),
        ("It keeps good company with {product_2} ({price_2}).", "", "warm playful elegant"),
        ("Take a look at {product_2} as well, at {price_2}.", "", "plain warm"),
    ),
    "offer": _phrases(
        ("Until {coupon_until} you get {coupon_value} off with the code {coupon_code}.", "", ""),
        ("Use the code {coupon_code} for {coupon_value} off, valid until {coupon_until}.", "", "plain elegant"),
        ("A little something from us: {coupon_value} off until {coupon_until} with the code {coupon_code}.", "", "warm playful"),
        ("It was {was_price}, and until {until} it is {price}.", "", ""),
        ("Until {until} it is {price} instead of {was_price}.", "", "plain elegant"),
    ),
    "closing": _phrases(
        ("Take your time and have a look around: {link}", "", "warm elegant plain"),
        ("See it here: {link}", "", ""),
        ("Come and say hello: {link}", "", "playful warm"),
    ),
    "farewell": _phrases(
        ("With kind regards,\n{shop}", "", "plain elegant"),
        ("Warm wishes from all of us at {shop}", "", "warm"),
        ("See you soon,\nyour friends at {shop}", "", "playful warm"),
    ),
    "short": _phrases(
        ("{shop}: {product} has arrived on our shelves. Come and see: {link}", "announce", "warm plain"),
        ("{shop}: a new face in the shop – {product}, {price}. {link}", "announce", "playful plain elegant"),
        ("{shop}: still looking for company for your first order? {product}, {price}. {link}", "second_order", "playful warm"),
        ("{shop}: we would love to see you again. {product} says hello. {link}", "win_back", "warm elegant"),
        ("{shop}: we miss you! {product} at {price} – {link}", "win_back", "warm playful"),
        ("{shop}: it has been a while. {product} is here for you at {price}. {link}", "win_back", ""),
        ("{shop}: a match for your first order – {product}, {price}. {link}", "second_order", ""),
        ("{shop}: goes well with what you chose: {product}. {link}", "second_order", ""),
        ("{shop}: meet {product}, at {price}. {link}", "announce", ""),
        ("{shop}: have you seen {product}? {link}", "announce", "playful warm"),
        ("{shop}: thank you for being with us. We think you would like {product}. {link}", "thank", ""),
        ("{shop}: with thanks – {product}, at {price}. {link}", "thank", ""),
        ("{shop}: {product}, rated {rating} out of 5 in {review_count} reviews. {link}", "", ""),
        ("{shop}: until {coupon_until} you get {coupon_value} off with {coupon_code}. {link}", "", ""),
    ),
    "title": _phrases(
        ("We saved you a look at {product}", "win_back", ""),
        ("Good to see you again", "win_back", "warm plain"),
        ("A companion for your first order", "second_order", ""),
        ("Meet {product}", "announce second_order", ""),
        ("Thank you from {shop}", "thank", ""),
    ),
    "line": _phrases(
        ("{product}, at {price}. Tap to see more.", "", ""),
        ("{product} is waiting in the shop.", "", "warm playful"),
        ("{product}: have a look.", "", "plain elegant"),
        ("{product}: {rating} stars from {review_count} reviews.", "", ""),
    ),
    "social": _phrases(
        ("Some things just make the day nicer. {product}, at {price}.\n{link}", "", "warm playful"),
        ("{product}. Simple, considered, made to be used.\n{link}", "", "elegant plain"),
        ("Tell us: where would you put {product}?\n{link}", "", "playful warm"),
        ("On our shelves: {product}, at {price}.\n{link}", "", "plain elegant"),
        ("Slow mornings, good company and {product}.\n{link}", "", "warm elegant"),
        ("{product}: {rating} stars from {review_count} reviews.\n{link}", "", ""),
    ),
}  # fmt: skip

CHINESE = {
    "preheader": _phrases(
        ("{product}，还有几句心里话", "", "warm playful"),
        ("期待与您再次见面", "win_back", ""),
        ("关于{product}的几句话", "", "plain elegant"),
        ("与您上次的选择很相配", "second_order", ""),
        ("进来看看吧", "announce", ""),
        ("{shop}全体向您致谢", "thank", ""),
    ),
    "about": _phrases(
        ("这就是{product}。", "", "plain elegant"),
        ("来认识一下{product}。", "", "playful warm"),
        ("{product}，由{shop}用心挑选。", "", "warm elegant"),
        ("{product}摆在我们的货架上，也许很快会摆进您家里。", "", "warm playful"),
    ),
    "use": _phrases(
        ("适合安静的清晨，也适合悠长的夜晚。", "", "warm elegant"),
        ("陪伴您的日常生活。", "", "plain warm"),
        ("带它回家，看看它喜欢待在哪里。", "", "playful"),
        ("简单，用着顺手就好。", "", "plain elegant"),
    ),
    "headline": _phrases(
        ("欢迎回到{shop}", "win_back", ""),
        ("为您上次的选择找个伴", "second_order", ""),
        ("认识一下{product}", "announce", ""),
        ("谢谢您的陪伴", "thank", ""),
        ("{shop}的{product}", "", "plain elegant"),
    ),
    "block": _phrases(
        ("看看{product}吧，售价{price}。", "", ""),
        ("{product}在店里等您，{price}。进来逛逛吧。", "", "warm playful"),
        ("{product}，{price}。慢慢看，不着急。", "", "plain elegant"),
        ("{product}原价{was_price}，{until}前{price}。", "", ""),
        ("看看{product}，也看看它身边的好物。", "", "warm plain"),
    ),
    "button": _phrases(
        ("去看看", "", ""),
        ("查看{product}", "", "plain elegant"),
        ("进来逛逛", "", "playful warm"),
    ),
    "subject": _phrases(
        ("好久不见，来看看{product}吧", "win_back", ""),
        ("{shop}想念您，也想让您看看{product}", "win_back", "warm elegant"),
        ("您的位置还留着：{product}在等您", "win_back", "playful"),
        ("与您上次的选择很相配：{product}", "second_order", ""),
        ("下一件心头好，也许是{product}", "second_order", "playful warm"),
        ("为您的初次选择，寻得一位良伴", "second_order", "elegant"),
        ("来认识一下{product}", "announce", ""),
        ("{shop}上新：{product}", "announce", "plain elegant"),
        ("快来和{product}打个招呼", "announce", "playful warm"),
        ("来自{shop}的感谢", "thank", ""),
        ("谢谢您，这份心意请收下：{product}", "thank", "warm elegant"),
        ("有您真好，{shop}敬上", "thank", "playful warm"),
    ),
    "opening": _phrases(
        ("距离您上次光临已有一段时间，我们很期待再次见到您。", "win_back", "warm elegant"),
        ("您有一阵子没有下单了，这里为您挑了一些可能喜欢的。", "win_back", "plain"),
        ("货架上好像少了点什么——原来是少了您的身影。", "win_back", "playful"),
        ("茶已泡好，好物也已上架，就等您回来坐坐。", "win_back", "warm playful"),
        ("感谢您在我们这里下单。我们为您挑了与它相配的好物。", "second_order", "warm plain"),
        ("您上次带回家的宝贝，应该想要个伴儿了吧？", "second_order", "playful"),
        ("感谢您选择{shop}。容我们为您的心爱之物推荐一位良伴。", "second_order", "elegant"),
        ("有样东西想给您看看，我们自己也很喜欢。", "announce", "warm elegant"),
        ("以下商品已经上架，欢迎选购。", "announce", "plain"),
        ("铛铛铛！有新朋友要介绍给您。", "announce", "playful"),
        ("因为有您，我们每天开门都满心欢喜。谢谢您。", "thank", "warm playful"),
        ("感谢您一直以来对{shop}的信任，这是为您用心挑选的。", "thank", "elegant plain"),
    ),
    "product": _phrases(
        ("{product}，售价{price}。", "", ""),
        ("推荐您看看{product}，价格{price}。", "", "plain elegant warm"),
        ("看看{product}吧，{price}就能带回家，说不定正合心意。", "", "warm playful"),
        ("看看{product}吧，说不定正合心意。", "", ""),
        ("{product}评分{rating}（满分5分），共有{review_count}条评价。", "", ""),
    ),
    "more": _phrases(
        ("如果还想再挑挑，{product_2}也很合适，价格{price_2}。", "", ""),
        ("与{product_2}（{price_2}）搭配，相得益彰。", "", "warm playful elegant"),
    ),
    "offer": _phrases(
        ("{coupon_until}前凭优惠码{coupon_code}，可享{coupon_value}优惠。", "", ""),
        ("一点小心意：{coupon_until}前输入优惠码{coupon_code}，享{coupon_value}优惠。", "", "warm playful"),
        ("原价{was_price}，{until}前{price}。", "", ""),
    ),
    "closing": _phrases(
        ("慢慢看，不着急：{link}", "", "warm elegant plain"),
        ("点此查看：{link}", "", ""),
        ("来逛逛吧：{link}", "", "playful warm"),
    ),
    "farewell": _phrases(
        ("此致\n{shop}", "", "plain elegant"),
        ("祝您生活愉快\n{shop}", "", "warm playful"),
        ("期待与您再见\n{shop}", "", ""),
    ),
    "short": _phrases(
        ("【{shop}】认识一下{product}，售价{price}：{link}", "announce", "warm plain playful"),
        ("【{shop}】货架上多了{product}，来看看吧：{link}", "announce", ""),
        ("【{shop}】给上次的选择找个伴？{product}，{price}：{link}", "second_order", "playful warm"),
        ("【{shop}】期待再次见到您，{product}向您问好：{link}", "win_back", "warm elegant"),
        ("【{shop}】好久不见！{product}，{price}，等您来看：{link}", "win_back", ""),
        ("【{shop}】想念您了，来看看{product}吧：{link}", "win_back", ""),
        ("【{shop}】与您上次的选择很相配：{product}，{price}。{link}", "second_order", ""),
        ("【{shop}】{product}已上架，售价{price}。{link}", "announce", ""),
        ("【{shop}】感谢一路相伴，为您推荐{product}。{link}", "thank", ""),
        ("【{shop}】谢谢您的信任：{product}，{price}。{link}", "thank", ""),
        ("【{shop}】{product}，评分{rating}（满分5分），{review_count}条评价：{link}", "", ""),
        ("【{shop}】{coupon_until}前凭{coupon_code}享{coupon_value}优惠：{link}", "", ""),
    ),
    "title": _phrases(
        ("好久不见，来看看{product}", "win_back", ""),
        ("为您的宝贝找个伴", "second_order", ""),
        ("来认识{product}", "announce second_order", ""),
        ("谢谢您，{shop}敬上", "thank", ""),
    ),
    "line": _phrases(
        ("{product}，售价{price}，点开看看。", "", ""),
        ("{product}在店里等您。", "", "warm playful"),
        ("{product}，欢迎查看。", "", "plain elegant"),
        ("{product}，{review_count}条评价，评分{rating}分。", "", ""),
    ),
    "social": _phrases(
        ("有些小物，让平常的日子也亮起来。{product}，{price}。\n{link}", "", "warm playful"),
        ("{product}。简单，用心，为日常而生。\n{link}", "", "elegant plain"),
        ("说说看，您会把{product}放在家里的哪里？\n{link}", "", "playful warm"),
        ("货架上的新朋友：{product}，{price}。\n{link}", "", "plain elegant"),
        ("{product}，{review_count}条评价，评分{rating}分。\n{link}", "", ""),
    ),
}  # fmt: skip

BANKS = {"en": ENGLISH, "zh": CHINESE}
