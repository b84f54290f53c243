"""Words that state something a shop must be able to prove, in English and Chinese.

Each row: kind, pattern over folded text (lower case, plain digits), kinds of fact that prove it.
An empty set of proofs: only a text fact that says the same words does.
Superlatives and 国家级-style words follow the Advertising Law of the PRC, article 9 (3); prior
prices and "free" follow the UK Consumer Protection rules' list of always unfair practices.
"""

from __future__ import annotations

import re

_FREE_OF = "hassle|worry|care|stress|fuss|hands|trouble|effort|drama|free"
_WEEKDAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
# “A free evening”, “a free wall” is nobody's gift; “free weekend delivery” is.
_FREE_ROOM = (
    rf"(?:time|day|night|morning|afternoon|evening|weekend|hour|minute|moment|{_WEEKDAY}|wall|shelf|corner|seat|chair)"
    r"(?=\s*[^\w\s]|\s*$|\s+(?:ahead|and|or|to|with|on|in|for|off|left|coming|this|next)\b)"
)
_UNHURRIED = (
    "no|without|need to|never|not|n't|n’t|nobody in a|no one in a|not in a|n't in a|n’t in a"
)
_NO_HURRY = "".join(rf"(?<!{before} )" for before in _UNHURRIED.split("|"))

# A day is a deadline beside words of haste, buying or delivery; “see you tonight” is none, and “until”
# before a slot (four blanks, where words are looked for) has its date.
_PRESSING_EN = (
    r"\b(?:only|just|ends?|ending|last|final|(?:until|till|by|before)(?!\s{4})|clos\w+|over|deadline|order\w*|buy\w*|bought|get|grab|snap|"
    r"save|saving|offer\w*|deals?|price\w*|off|deliver\w*|arriv\w+|ship\w*|dispatch\w*|gone|left|stock|restock\w*|expir\w+|"
    r"yours|with\s+you|back|goes|rise\w*|receive\w*|land\w*|reach\w*)\b"
)
_PRESSING_ZH = (
    r"(?:仅|只[限有剩到要]|限|截止|截至|结束|之?前|最后|以?内|下单|购买|买|抢|拍|优惠|价|折|送[达到货]|到货|到家|到手|发货|寄|收到|"
    r"拿到|补货|涨|过期|有效|错过|返场|赶|恢复|下架|停售|库存)"
)


def _near(word: str, other: str) -> str:
    """The word with the other before or after it in one sentence."""
    rest = r"[^.!?。！？\n]*?"
    return rf"(?:{other}{rest}{word}|{word}{rest}{other})"


_ROWS: list[tuple[str, str, set[str]]] = [
    ("discount", r"\bhalf[\s-]*(?:price[ds]?|off|the\s+(?:\w+\s+)?(?:price|cost))", {"half"}),
    ("discount", r"\b(?:cut|sliced|slashed|split|chopped)\s+(?:\w+\s+){0,2}prices?\s+in\s+(?:half|two)\b", {"half"}),
    ("discount", r"\b(?:an?|one)[\s-]+(?:half|third|quarter|fifth|tenth)[\s-]+(?:off|less|cheaper|of\s+the)", set()),
    ("discount", r"\b(?:two|three)[\s-]+(?:thirds|quarters|fifths)\b", set()),
    ("discount", r"半价|对折|减半|半折|半数|(?:[价钱省付减折降惠费砍]|便宜|只[要需花])[^，。！？]{0,6}一半|一半[^，。！？]{0,6}(?:[价钱省付减折降惠费]|就[能可]|带走|拿下|到手)", {"half"}),
    ("discount", r"\bdiscount\w*|\bsale\s+prices?\b|\bon\s+(?:special\s+)?(?:sale|offer)\b|\bprice\s+(?:cut|drop)s?\b"
                 r"|\b(?:cut|slashed|dropped|lowered|reduced)\s+(?:the|our|its)\s+prices?\b|\bmarked\s+down\b"
                 r"|\b(?:special|exclusive|limited)\s+offer\b|\bbargain\b|\bmoney\s+off\b|\bsave\s+(?:big|money|on)\b"
                 r"|\bsavings?\b|\b(?:big|huge|massive|great)\s+(?:sale|savings|deals?)\b|\breduced\b|\bcheaper\b|\bprice\s+of\s+old\b",
     {"percent", "prior_money"}),
    ("discount", r"打折|折扣(?!码)|优惠(?![券码])|特价|降价|直降|立减|满减|促销|减价|特惠|会员价|促销价|大促|跳楼价|便宜了", {"percent", "prior_money"}),
    ("discount", r"\bbogo\w*|\bbuy\s+one\b|\b(?:two|three|2|3)[\s-]+for[\s-]+(?:the\s+price\s+of[\s-]+)?(?:one|two|1|2)\b|买[一二两三]送|第二[件份杯盒]", set()),
    ("discount", r"\btwice\s+(?:as|the)\b|\b(?:double|triple|treble)\s+(?:the|your|our|points)\b|翻倍|双倍|加倍|双份", set()),
    ("free", rf"(?<!feel )(?<!set )(?<!break )(?<!(?:sets|runs) )(?<![\w-])free\b(?!\s+(?:to|from|spirit|hand|you|up|as)\b)(?!\s+{_FREE_ROOM})(?![\s-]*spirited)(?:\s+\w+)?"
             rf"|\b(?!(?:{_FREE_OF}|an?|the|my|your|our|one|some|any|every|each|next|first)\b)\w+[\s-]free\b(?!\s+(?:to|{_FREE_ROOM}))|\bcomplimentary\b|\bgratis\b|\bno[\s-]+(?:extra\s+)?(?:charge|cost|fee)s?\b|\bon\s+(?:us|the\s+house)\b", set()),
    ("free", r"免费|包邮|免邮|免运费|零元|白送|赠送|赠品|买就送|送礼品|免单|不要钱|无需付费", set()),
    ("stock", r"\b(?:only|just|last)\s+(?:a\s+)?(?:few|handful|couple|dozen|some)\b|\b(?:almost|nearly)\s+(?:gone|sold\s+out|out\s+of\s+stock)\b|\bselling\s+(?:out|fast)\b"
              r"|\bwhile\s+(?:stocks?|supplies)\s+lasts?\b|\blimited\s+(?:stock|supply|supplies|quantit\w+|edition|numbers?)\b|\brunning\s+(?:low|out)\b|\b(?:back\s+)?in\s+stock\b|\bsold\s+out\b|\blow\s+stock\b|\bflying\s+off\b",
     {"count"}),
    ("stock", r"仅剩|只剩|所剩无几|库存(?:紧张|告急|不多)|即将售罄|售罄|限量|数量有限|最后[几一两三数]?[件份盒个批]|卖完|断货|现货|供不应求|手慢无|抢光", {"count"}),
    ("deadline", rf"\b(?:limited[\s-]+time|for\s+a\s+limited|last\s+chance|final\s+(?:hours?|days?|call)|ends?\s+soon|ending\s+soon|{_NO_HURRY}hurry)\b|限时|即将(?:结束|截止)|最后机会|倒计时|抓紧|赶快|马上结束", {"date"}),
    ("deadline", rf"\b(?:today\s+only|only\s+today|(?:until|till|by|before|ends?(?:\s+on)?)\s+(?:today|noon|midnight|{_WEEKDAY}|christmas|new\s+year))\b", set()),
    ("deadline", _near(rf"\b(?:tonight|tomorrow|midnight|(?:this|next)\s+(?:week|weekend|month|{_WEEKDAY})|(?:on|from)\s+(?:today|noon|{_WEEKDAY}|christmas|new\s+year))\b", _PRESSING_EN), set()),
    ("deadline", r"今[天日晚夜](?:仅|截止|结束|前|内|特|最后)|仅(?:限)?今[天日]", set()),
    ("deadline", _near(r"(?:双十[一二]|双1[12]|半(?:年|个?月|天|日|个?小时|个?钟头|周))", _PRESSING_ZH), set()),
    ("deadline", _near(r"(?:今晚|明[天日晚]|后天|本周|下周|本月|月底|(?<!的)周[末一二三四五六日天]|星期[一二三四五六日天]|礼拜[一二三四五六日天])", _PRESSING_ZH), set()),
    ("delivery", r"\b(?:next|same|one)[\s-]day\b|\bovernight\b|\b(?:express|fast|quick|rapid|instant|guaranteed|worldwide)\s+(?:delivery|shipping|dispatch)\b|\b(?:ships?|arrives?|delivered|dispatched)\s+(?:today|in|within|by|before|the\s+same|straight)\b", set()),
    ("delivery", r"次日达|当日达|隔日达|当天发货|闪送|极速(?:达|发货|配送)|今发|顺丰|小时达|即日发货|隔天", set()),
    ("guarantee", r"\b(?:guarantee[ds]?|warrant(?:y|ies)|money[\s-]+back|lifetime|no[\s-]+questions[\s-]+asked|refund(?:s|able|ed)?|full\s+year|all\s+year\s+cover|fortnight|decades?|centur(?:y|ies))\b|\ban?[\s-]+(?:full\s+)?year(?:'s|’s|s)?[\s-]+(?:of\s+)?(?:cover|supply|guarantee|warranty)", set()),
    ("guarantee", r"质保|保修|包换|包退|退款|终身|假一赔|无理由|保证|永久|三包", set()),
    ("rating", r"\b(?:best|top)[\s-]+(?:sell(?:er|ers|ing)|rated)\b|\bbestsell\w+|\baward[\s-]?winn\w+|\b(?:most|hugely|wildly)\s+(?:popular|loved)\b|\bnumber[\s-]+one\b|#\s*1\b|\bno\.?\s*1\b|\b\w+[\s-]stars?\s+(?:rat\w+|review\w*)|\b(?:five|four)[\s-]star\b|\bthousands\s+of\b|\bhundreds\s+of\b|\bmillions\s+of\b|\b(?:everyone|everybody|nation|country|britain|world|town|city|family|families|people)(?:'s|’s|s'|s’)?\s+favou?rites?\b|\bloved\s+by\b|\bcustomers?\s+(?:rate|say|love|agree)\b|\b(?:rated|voted|recommended)\b", set()),
    ("rating", r"好评|五星|销量|爆款|热销|畅销|口碑|获奖|金奖|万人|网红|人气|推荐指数|回购率|满意度|百强", set()),
    ("comparison", r"\b(?:the|our|britain(?:'s|’s)|europe(?:'s|’s)|world(?:'s|’s)|uk(?:'s|’s)?)\s+(?:very\s+)?(?:best|cheapest|fastest|finest|lowest|greatest|leading|strongest|lightest)\b|\b(?:lowest|best|unbeatable|cheapest)\s+(?:ever\s+)?(?:prices?|value|deals?|offers?)\b|\bworld[\s-]?(?:class|leading|famous)\b|\b(?:better|cheaper|faster|lighter|stronger)\s+than\b|\bunrivall?ed\b|\bunbeatable\b|\bmarket[\s-]leading\b", set()),
    ("comparison", r"最(?:好|佳|低|高|优|强|大|新|先进|便宜|划算|实惠|快|畅销|受欢迎|权威|顶级|具)|第一(?!次|时间|口|眼|步|杯)|顶级|国家级|世界级|唯一|首选|独家|极品|史低|全网|全国|冠军|领先|绝无仅有|无与伦比|史上|媲美|优于|胜过|王牌", set()),
    ("health", r"\b(?:cure[sd]?|heals?|treats?\s+(?:\w+\s+)?(?:pain|acne|anxiety|insomnia|colds?)|clinically|doctors?|dermatologists?|dentists?|physicians?|paediatricians?|pediatricians?|midwives|vets|nurses|scientists|scientifically|proven|anti[\s-]?(?:ageing|aging|bacterial|viral|oxidant\w*)|detox\w*|weight[\s-]loss|slimming|boosts?\s+(?:your\s+)?immun\w+|immune|lowers?\s+(?:your\s+)?(?:blood|cholesterol)|hypoallergenic|non[\s-]?toxic|chemical|organic|certified|vegan|waterproof|lower\s+blood)\b", set()),
    ("health", r"治疗|治愈|疗效|根治|防癌|抗癌|减肥|瘦身|排毒|降(?:血|三高|压|糖)|临床|医生|专家推荐|抗菌|杀菌|消炎|养生功效|增强免疫|提高免疫|有机认证|认证|防水|抗衰|美白|祛斑|助眠|安神", set()),
    ("discount", r"\bsave\s+(?:an?|one|two)[\s-]+(?:half|third|quarter|fifth|tenth)s?\b", set()),
    ("discount", r"\bclearance\b|\bto\s+clear\b|骨折价|清仓|折上折|白菜价", set()),
    ("coupon", r"\b(?:promo(?:tion(?:al)?)?|discount|voucher|coupon)\s+codes?\b|\b(?:use|enter|apply|quote|type|with|by)\s+(?:(?:the|your|this|our|my)\s+)?codes?\b"
               r"|\b(?:vouchers?|coupons?)\b(?!\s+codes?)|优惠码|折扣码|兑换码|领券|红包|优惠券|代金券", {"coupon"}),
    ("price", r"\b(?:under|below|less\s+than|cheaper\s+than)\s+[£$€¥]?\d|(?:不到|不足|低于)[\d一二两三四五六七八九十百千]+[元块镑磅]|一[杯顿][^，。\s]{1,4}钱", set()),
    # Families of wording that planted claims found missing; docs/language.md tells what is still missed.
    ("stock", rf"{_NO_HURRY}\bhurry\b|\bnot\s+be\s+(?:around|here|available)\b|\bbefore\s+(?:they|it)\s*(?:are|is|'re|'s)\s+gone\b|\bfinal\s+(?:few|pieces|units)\b|不再补货|绝版|抢完|抢空|先到先得", {"count"}),
    ("rating", r"\bas\s+(?:seen|worn|featured)\b|\bswear\s+by\b|\bfavou?rite\s+of\b|\b(?:chefs|experts|professionals|celebrities)\b|同款|大奖|赞不绝口|人手一", set()),
    ("comparison", r"\bof\s+its\s+kind\b|\bunlike\s+(?:other|any)\b|\b(?:anywhere|nowhere)\s+else\b|\bcheaper\s+anywhere\b|\bnothing\s+else\b|\bthe\s+only\s+\w+\s+you\b|\b\w+est\s+\w+\s+(?:on\s+the\s+market|in\s+the\s+world|money\s+can\s+buy|around)\b|同类|独一无二(?!的[您你])|极致|史无前例|前所未有|首屈一指|一流|不可替代", set()),
    ("health", r"\bgood\s+for\s+(?:your|the)\s+(?:heart|skin|eyes|gut|health|body|mind|bones|joints|hair|liver|brain)\b|\bhelps?\s+(?:you\s+)?(?:to\s+)?(?:sleep|lose|burn|digest|concentrate|focus|recover|breathe)\b|\b(?:burns?|melts?)\s+(?:fat|calories)\b|\btoxins?\b|有益|(?:有助于?|帮助|帮[您你]|促进|提升|增进|利于)[^，。！？]{0,3}(?:睡眠|入睡|消化|吸收|代谢|循环|恢复|专注|记忆|肤质|视力|发育|减|健康)|改善(?:睡眠|肤质|视力|循环)|缓解|舒缓(?!心情)|纯天然", set()),
    ("specification", r"\b(?:hand|home|machine)[\s-]?(?:made|crafted|finished|sewn|woven)\b|\bmade\s+(?:of|from|in|by\s+hand)\s+(?!love\b)\w+|\b(?:made|sewn|woven|carved|painted|knitted|finished|stitched|poured)\s+by\s+hand\b|\b(?:dishwasher|microwave|oven|freezer|machine)[\s-]+(?:safe|proof|washable)\b|\bcarbon[\s-]neutral\b|\bsustainabl[ye]\b|\brecycl\w+|\bstainless\b|手工制|纯手工|可机洗|洗碗机|不锈钢|环保|可回收|进口", set()),
    ("free", r"\b(?:postage|shipping|delivery)\s+(?:is\s+)?(?:included|covered|paid)\b|\bno\s+(?:shipping|postage|delivery)\s+(?:costs?|fees?|charges?)?|运费我们|邮费我们|含运费|送[^\s，。]{0,6}一[只份个支件条盒]", set()),
    ("delivery", r"\bdeliver\s+(?:worldwide|anywhere)\b|当[天日]送达|[节春年]前(?:送|收|到)|送货上门", set()),
    # Families that benchmarks/planted_families.py plants: what is said in other words.
    ("deadline", r"\bclock\s+is\s+ticking\b|\btime\s+is\s+(?:running|almost)\b|\bbefore\s+(?:the\s+)?(?:weekend|end\s+of|price\s+(?:rises|goes))|\b(?:final|closing)\s+(?:hours|days|chance)\b|过时不候|过期不候|恢复原价|即将涨价|错过(?:今天|再等)", {"date"}),
    ("comparison", r"\bno(?:body|\s+one|\s+other|thing)?\s+(?:\w+\s+){0,3}(?:compares?|comes?\s+close|matches|beats|rivals|makes?\s+(?:a\s+)?better)\b|\bbeats?\s+(?:any|every|all|the)\b"
                   r"|\b(?:than|unlike|leaves?|outshines|outlasts|outperforms)\s+(?:(?:any|all|every|the|our|its|most)\s+)?(?:others?|rivals?|competit\w+|ordinary|usual|rest|\w+\s+of\s+others)\b"
                   r"|\bunlike\s+(?:the\s+)?(?:\w+\s+){1,3}of\s+others\b|\bahead\s+of\s+(?:the|every|all|any)\b|\b(?:rivals?|competition|competitors?)\b", set()),
    ("comparison", r"(?:没有|无|没)[^，。！？]{0,8}(?:比得[上过]|能比|可比|能及|媲美|匹敌|更好|更强|对手)|无可匹敌|都?比不[上过]|(?:完胜|秒杀|甩开|超越|碾压|打败|领先)[^，。！？]{0,6}(?:同类|同行|对手|所有|任何|其他|别|竞品|市面)"
                   r"|比(?:别家|其他|同行|同类|任何|所有|市面|别人|别的)|业[内界]|行业|竞品|对手|同行", set()),
    ("rating", r"\b(?:customers?|people|everyone|everybody|reviewers?|critics|families|parents|buyers|readers|users)\s+(?:\w+\s+){0,2}(?:loves?|raves?|praises?|adores?|recommends?|trusts?|prefers?|swears?|agree)\b"
               r"|\b(?:most|majority\s+of|(?:almost|nearly)\s+all)\s+(?:of\s+)?(?:our\s+)?(?:customers?|people|users|buyers|parents)\b", set()),
    ("rating", r"(?:大家|人人|顾客|用户|网友|宝妈|客人|粉丝|回头客)(?:们)?[^，。！？]{0,4}(?:说好|都?说|都?夸|推荐|好评|称赞|满意|在用|赞)|强烈推荐|卖[爆断]|评价最|大多数(?:人|顾客|用户)|绝大多数|(?:人|客|户|会员|买家|家庭|家长)过半|过半的?(?:人|顾客|客人|用户|会员|买家|家庭|家长)", set()),
    ("delivery", r"\bdoor[\s-]?steps?\b|\bto\s+(?:your|the)\s+door\b|\bcouriers?\b|\bwithin\s+the\s+hour\b|次[日晨]|送到[^，。！？]{0,3}(?:家|门|手)|家门口|即[刻时]发货|发货", set()),
    ("free", r"\b(?:gift|present|bonus|extra)\s+(?:with|comes\s+with|for)\s+(?:every|each|any|your\s+order)\b|\bcosts?\s+(?:you\s+)?nothing\b|不花钱|不收[^，。！？]{0,3}(?:费|钱)|零费用|附赠", set()),
    ("health", r"\b(?:headaches?|migraines?|insomnia|arthritis|eczema|acne|cholesterol|diabetes|cancer|blood\s+(?:pressure|sugar)|immunity|metabolism|inflammations?|asthma|allerg(?:y|ies)|(?:joint|back|neck|muscle)\s+(?:pain|ache)s?|wrinkles|cellulite)\b"
               r"|头痛|头疼|偏头痛|失眠|关节|湿疹|胆固醇|糖尿|血压|血糖|血脂|免疫|抵抗力|新陈代谢|炎症|发炎|过敏|哮喘|感冒|腰[痛疼]|皱纹|便秘|疾病", set()),
    ("specification", r"\b(?:solid|pure|real|genuine|massive)\s+(?:oak|wood|walnut|brass|steel|silver|gold|copper|leather|silk|wool|linen|cotton|marble|stone|cashmere|bamboo|cedar|pine|beech|maple|glass|porcelain)\b"
                      r"|\b(?:oak|walnut|beech|brass|steel|titanium|cashmere|merino|leather|silk|ceramic|porcelain|bamboo|alumini?um|marble|granite)\s+(?:frame|body|handle|lid|base|lining|sole|spout|cover|case|blade|top|legs?|filling|fabric|coating)s?\b"
                      r"|\b(?:cut|carved|cast|forged|hewn|woven|knitted|stitched|blown)\s+(?:from|out\s+of|by)\b|\b(?:works?|compatible)\s+(?:with|on|in)\s+(?:any|all|every|most|both|gas|induction|\w+\s+(?:hobs?|stoves?|cookers?|phones?|devices?))\b"
                      r"|\b(?:dishwashers?|microwaves?|tumble[\s-]dry\w*|bluetooth|rechargeable|batter(?:y|ies)|induction)\b", set()),
    ("specification", r"实木|真皮|真丝|纯(?:棉|金|银|铜|羊毛|麻|钢)|羊绒|大理石|橡木打造|电磁炉|微波炉|烘干机|蓝牙|充电|电池|续航|兼容|适[用配]于|由[^，。！？]{1,8}(?:打造|制成|雕成|织成)|永不|绝不(?:生锈|褪色|变形)", set()),
    ("currency", r"[£$€¥₤₹₩]|(?<!\w)(?:gbp|usd|eur|cny|rmb)(?!\w)|\b(?:quid|bucks|pennies|pence)\b|\b(?:pounds?|dollars?|euros?)\b", {"never"}),
    ("percent", r"%|\bper\s?cent\b|百分之", {"never"}),
    ("placeholder", r"\[[^\]]{1,40}\]|<[^>]{1,40}>|\bxx+\b|【(?:姓名|名字|价格|链接|产品|商品)】|lorem ipsum", {"never"}),
    ("contact", r"https?:\S+|www\.\S+|\b[\w.+-]+@[\w-]+\.\w+|\b[\w-]+\.(?:com|co\.uk|net|org|shop|cn|io)\b", {"never"}),
]  # fmt: skip

WORD_CLAIMS = [(kind, re.compile(pattern), frozenset(proofs)) for kind, pattern, proofs in _ROWS]

# A slot in the wrong role: a price offered as a discount, a discount counted as stock, was and now
# exchanged. Per kind of slot: what may not stand before it, what may not follow it.
_EN_OFF = (
    r"^\s*(?:off\b|discount|less\b|cheaper|reduction|savings?|saved|back\b|credit|voucher|rebate)"
)
_ZH_OFF = r"^\s*(?:优惠|折|立减|减免|满减|红包|券|返现|的?折扣)"
_UNITS = (
    r"^\s*(?:left\b|remaining|in\s+stock|items?\b|pieces?\b|hours?\b|days?\b|weeks?\b|months?\b|years?\b|"
    r"stars?\b|customers|reviews|件|个|天|小时|年|月|星|人|库存|条评价)"
)
# A price is that of the goods for as long as one keeps them.
_PER = r"^\s*(?:(?:per|a|an|each|every)\s+(?:month|week|day|hour|year|litre|liter|kilo\w*|gram|metre|person|head)\b|/|monthly\b|weekly\b|(?:一|每)?个?月|起)"
# What a figure beside it is not the price, the reduction or the end of.
FOREIGN = re.compile(
    r"(?:\b(?:delivery|shipping|postage|deposit|refund|cashback|vouchers?|coupons?|gift\s+cards?|fees?|fine|tip|credit)\b"
    r"[^.,;!?，。；！？]{0,32}|(?:运费|邮费|押金|定金|红包|返现|代金券|手续费|小费)[^，。；！？]{0,6})$"
)
# A date is an end and a percentage is a reduction: other roles are refused by default.
OWN_ROLE: dict[str, tuple[re.Pattern, re.Pattern]] = {
    "date": (
        re.compile(
            r"(?:\b(?:until|till|through|after|past|once|valid\s+(?:to|until|through)|up\s+to(?:\s+and\s+including)?|no\s+later\s+than|"
            r"(?:end|finishe|close|expire|stop|run)s?(?:\s+out)?(?:\s+(?:on|after|at\s+the\s+end\s+of))?|ending(?:\s+on)?|over\s+(?:on|after)|"
            r"(?:last|final)\s+day(?:\s+is)?|deadline(?:\s+is)?|"
            r"(?:order|shop|buy|decide|choose|visit|drop\s+in|look\s+in|(?:take|have)\s+a\s+look)(?:\s+\w+){0,3}?\s+(?:by|before)|"
            r"(?:(?:price|offer|it)\s+)?(?:goes|go|changes?|returns?)(?:\s+\w+){0,2}?\s+(?:on|after))"
            r"|截至|截止(?:到|于|日期?[是为]?|时间[是为]?)?|有效期?[至到]|直?至|到|直到|持续[到至]|结束[于在日]?|最后一天[是为]?)\s*[:：]?\s*$"
        ),
        re.compile(
            r"^\s*(?:之前|以前|前|止|截止|为止|到期|有效|结束|之?后|过后|(?:就|便)?(?:是|为)(?:它的)?(?:最后|末)一?[天日]|恢复|一过"
            r"|is\s+(?:the|its|your|our)\s+(?:last|final)\b|(?:has|is)\s+(?:passed|over|gone)\b|marks\s+the\s+end|is\s+(?:when|where)\s+(?:it|this|the\s+\w+)\s+(?:ends|stops|closes))"
        ),
    ),
    "percent": (
        re.compile(
            r"(?:\b(?:save|saves|saving(?:\s+(?:of|is))?|discount(?:\s+(?:of|is))?|reduction(?:\s+(?:of|is))?|take|takes|taken|less|"
            r"(?:reduced|cut|down|off|lower(?:ed)?|drop(?:s|ped)?|fell|falls|comes?\s+down|came\s+down|gone\s+down)\s+by|down)"
            r"|优惠[了力度幅度]*|[立直]减|直降|降[价了低幅]*|下调[了]?|减[免价了少]*|[节]?省[了下]*|折扣[力度幅度]*|让利[了]?|低[了]?|便宜[了]?|少[了付花]*|[立尊]?享)\s*[是为达]?\s*[:：]?\s*$"
        ),
        re.compile(
            r"^\s*(?:off\b|discount\b|reduction\b|less\b|lower\b|below\b|cheaper\b|saving\b|的?(?:优惠|折扣|降价|降幅|减免|让利|价差|幅度))"
        ),
    ),
}
# What settles a role in spite of the word before it: “costs {discount} less”, “instead of {was_price} now”.
SETTLED: dict[str, tuple[re.Pattern, re.Pattern]] = {
    "percent": (
        re.compile(r"\b(?:costs?|pay|price\s+is)\s*$"),
        re.compile(r"^\s*(?:less|lower|cheaper|below)\b"),
    ),
    "prior_money": (
        re.compile(r"\b(?:instead\s+of|rather\s+than|down\s+from)\s*$"),
        re.compile(r"^\s*(?:now|today)\b"),
    ),
}
MISUSE: dict[str, tuple[re.Pattern, re.Pattern]] = {
    "money": (
        re.compile(r"(?:\b(?:was|were|before|formerly|originally|instead of|rrp|save|worth|off|up to|free over|over|above|half(?:\s+of)?|twice|double|than|under|below)|原价|原来|立减|直降|省|优惠|满|减|价值|市价|每月|每天|每年|[£$€¥\d]|\b(?:two|three|both|pair|set|all|each\s+month)\s+(?:of\s+(?:them|it)\s+)?(?:for|at))\s*$"),
        re.compile(rf"{_EN_OFF}|{_ZH_OFF}|{_UNITS}|{_PER}|^\s*(?:%|percent|k\b|[\d万千百起])"),
    ),
    "prior_money": (
        re.compile(r"(?:\b(?:now|only|just|for|at|today|pay|save|currently|priced at)|现价|现在|只要|仅|仅需|到手|特价|立减|省|优惠价|[£$€¥\d])\s*$"),
        re.compile(rf"{_EN_OFF}|{_ZH_OFF}|{_UNITS}|^\s*(?:now\b|today\b|%|percent|k\b|[\d万千百])"),
    ),
    "percent": (
        re.compile(r"(?:\b(?:yours for|now for|costs?|pay|price\s+(?:is|of)|extra|another|additional|to)|售价|价格|只要|再减|额外|[£$€¥\d])\s*$"),
        re.compile(rf"{_UNITS}|^\s*(?:%|percent|折|元|pure|more|cotton|natural|faster|of\s+customers|顾客|含量|\d)"),
    ),
    "count": (
        re.compile(r"(?:\b(?:for|save|price|costs?)|售价|省|[£$€¥\d])\s*$"),
        re.compile(rf"{_EN_OFF}|{_ZH_OFF}|^\s*(?:%|折|元|pounds|dollars|stars?|reviews|customers|days|hours|\d)"),
    ),
    "date": (
        re.compile(r"(?:\b(?:for|save|costs?|arrives?|since|from|starts?|(?:arriv\w+|deliver\w*|ship\w*|dispatch\w*|with\s+you|at\s+your\s+door|get\s+it|have\s+it|receive\w*|reach\w*|land\w*)(?:\s+\w+){0,3}?\s+(?:by|before|on|until|no\s+later\s+than))|售价|送达|发货|到货|收到|起|[£$€¥])\s*$"),
        re.compile(r"^\s*(?:off\b|%|折|元|days|years)|^[^，。；！？]{0,4}(?:送达|到货|发货|送到|收到|到家|拿到|到手)"),
    ),
}  # fmt: skip
