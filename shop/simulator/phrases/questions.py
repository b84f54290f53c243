"""What customers write to support, by intent. Slots: {number} order, {thing} with {is} {has} {was}
{does} in its number, {name}, {days}."""

from __future__ import annotations

# intent -> (feelings that go with it, urgency 1 low to 4 urgent, needs an order)
INTENTS: dict[str, tuple[tuple[str, ...], int, bool]] = {
    "where_is_my_order": (("neutral", "negative"), 2, True),
    "return_refund": (("neutral", "negative"), 2, True),
    "damaged": (("negative",), 3, True),
    "cancel": (("neutral",), 3, True),
    "change_address": (("neutral",), 3, True),
    "product_question": (("neutral",), 1, False),
    "restock": (("neutral",), 1, False),
    "invoice": (("neutral",), 1, True),
    "payment": (("negative", "neutral"), 3, True),
    "complaint": (("negative",), 4, True),
    "praise": (("positive",), 1, True),
}

SUBJECTS: dict[str, dict[str, tuple[str, ...]]] = {
    "where_is_my_order": {"en": ("Where is my order?", "Order {number}", "Delivery question"), "zh": ("我的订单到哪了", "订单{number}", "物流查询")},
    "return_refund": {"en": ("Return", "Refund for {number}", "Sending something back"), "zh": ("退货", "订单{number}申请退款", "想退货")},
    "damaged": {"en": ("Broken on arrival", "Damaged item", "Order {number} damaged"), "zh": ("收到破损", "商品坏了", "订单{number}有破损")},
    "cancel": {"en": ("Please cancel", "Cancel order {number}"), "zh": ("取消订单", "请取消{number}")},
    "change_address": {"en": ("Wrong address", "Change of address for {number}"), "zh": ("修改收货地址", "地址填错了")},
    "product_question": {"en": ("Question about the {thing}", "Before I buy"), "zh": ("咨询{thing}", "买之前想问一下")},
    "restock": {"en": ("Back in stock?", "{thing} sold out"), "zh": ("什么时候补货", "{thing}没货了")},
    "invoice": {"en": ("Invoice please", "Receipt for {number}"), "zh": ("开发票", "订单{number}发票")},
    "payment": {"en": ("Charged twice", "Payment problem"), "zh": ("重复扣款", "支付问题")},
    "complaint": {"en": ("Complaint", "Not acceptable"), "zh": ("投诉", "非常不满")},
    "praise": {"en": ("Thank you", "Just to say thanks"), "zh": ("感谢", "谢谢你们")},
}  # fmt: skip

BODIES: dict[str, dict[str, tuple[str, ...]]] = {
    "where_is_my_order": {
        "en": (
            "I ordered {days} days ago (order {number}) and it still hasn't arrived. Could you tell me where it is?",
            "Any news on {number}? The tracking page has said the same thing since last week.",
            "When will my {thing} get here? Order number is {number}.",
            "Hello, just checking whether order {number} has left the warehouse yet.",
            "It has been {days} days and nothing. Has {number} got lost in the post?",
        ),
        "zh": (
            "我{days}天前下的单，订单号{number}，到现在还没收到，请问到哪了？",
            "{number}这个订单有消息吗？物流一直没更新。",
            "请问我的{thing}什么时候能到？订单号是{number}。",
            "你好，帮我查一下{number}发货了没有。",
            "都{days}天了还没到，{number}是不是寄丢了？",
        ),
    },
    "return_refund": {
        "en": (
            "I would like to return the {thing} from order {number}. Not what I expected. How do I send it back?",
            "Please refund order {number}, I have changed my mind about the {thing}.",
            "The {thing} {is} too small for us. Can I send it back and get my money back? Order {number}.",
            "I sent back the {thing} from {number} {days} days ago, when will I get the refund?",
        ),
        "zh": (
            "订单{number}里的{thing}我想退货，和想象的不一样，怎么寄回？",
            "{number}请帮我退款，{thing}我不想要了。",
            "{thing}太小了，可以退货退款吗？订单号{number}。",
            "{number}的{thing}我{days}天前就寄回去了，退款什么时候到账？",
        ),
    },
    "damaged": {
        "en": (
            "The {thing} in order {number} arrived broken, there are pieces all over the box. I need a replacement.",
            "Opened {number} today and the {thing} {has} a big crack. Very disappointed, it was a present.",
            "My {thing} (order {number}) stopped working after {days} days. This can't be right.",
            "Box was crushed and the {thing} {is} chipped. Order no. {number}. Photos attached.",
        ),
        "zh": (
            "订单{number}的{thing}收到就是碎的，箱子里都是碎片，请给我补发。",
            "今天拆开{number}，{thing}有一条很大的裂，本来是送人的，太失望了。",
            "{thing}用了{days}天就坏了，订单号{number}，这质量说不过去。",
            "快递箱压扁了，{thing}磕掉一块，订单{number}，照片已上传。",
        ),
    },
    "cancel": {
        "en": (
            "Please cancel order {number}, I ordered the wrong size.",
            "Can you stop {number} before it ships? I no longer need it.",
            "I placed {number} by mistake just now, please cancel it.",
        ),
        "zh": ("请取消订单{number}，规格拍错了。", "{number}还没发货吧？我不要了，请帮我取消。", "刚才不小心下了{number}，麻烦取消一下。"),
    },
    "change_address": {
        "en": (
            "I have moved and forgot to change my address. Can {number} go to the new one instead?",
            "Wrong postcode on order {number}, it should be SE15 4QN. Please correct it before it goes out.",
            "Could you send order {number} to my office? I will be away all week.",
        ),
        "zh": ("我搬家了忘记改地址，{number}能改寄新地址吗？", "订单{number}邮编写错了，应该是SE15 4QN，发货前请改一下。", "{number}可以寄到公司吗？这周我都不在家。"),
    },
    "product_question": {
        "en": (
            "{does} the {thing} need any special care? Can I put the {thing} in the dishwasher?",
            "How big {is} the {thing} exactly? My shelf is only 30 cm wide.",
            "Would the {thing} make a good present, and do you have gift boxes?",
            "Where {is} the {thing} made, and is that safe for small children?",
            "What is the difference between the two sizes of the {thing}?",
        ),
        "zh": (
            "{thing}平时怎么保养？能进洗碗机吗？",
            "{thing}具体多大？我的架子只有30厘米宽。",
            "{thing}适合送人吗，有礼盒包装吗？",
            "{thing}是哪里产的？小朋友用安全吗？",
            "{thing}大小两款有什么区别？",
        ),
    },
    "restock": {
        "en": (
            "The {thing} {is} sold out. When will you have more?",
            "Do you know when the {thing} {is} back in stock? I have been waiting for weeks.",
            "Can you let me know as soon as the {thing} {is} available again?",
        ),
        "zh": ("{thing}没货了，什么时候补货？", "请问{thing}大概什么时候有货？等了好几周了。", "{thing}到货了能通知我吗？"),
    },
    "invoice": {
        "en": (
            "Could you send me a VAT invoice for order {number}? My accountant is asking.",
            "I need a receipt with the company name for {number}.",
        ),
        "zh": ("订单{number}麻烦开一张发票，公司报销用。", "{number}需要开公司抬头的发票，谢谢。"),
    },
    "payment": {
        "en": (
            "My card was charged twice for order {number}. Please check.",
            "I tried to pay for {number} three times and it keeps failing, but the money has left my account.",
            "The discount code did not come off order {number}.",
        ),
        "zh": ("订单{number}扣了我两次款，请核实。", "{number}付了三次都失败，可是钱已经扣了。", "{number}优惠码没有抵扣上。"),
    },
    "complaint": {
        "en": (
            "This is the third time I am writing about {number} and nobody answers. Absolutely unacceptable.",
            "Terrible service. {number} was late, the {thing} {was} wrong and your reply was no help at all.",
            "I am very unhappy with how order {number} was handled and will not be coming back.",
        ),
        "zh": (
            "{number}这件事我已经是第三次写信了，没人回，太不像话了。",
            "服务太差了，{number}送得慢，{thing}还发错了，客服也不解决。",
            "对{number}的处理非常不满，以后不会再来了。",
        ),
    },
    "praise": {
        "en": (
            "The {thing} from {number} {is} wonderful, thank you so much for the careful packing!",
            "Just wanted to say that order {number} came quickly and everything is perfect.",
            "Lovely shop, lovely people. The {thing} {was} a big hit at home.",
        ),
        "zh": ("{number}的{thing}非常棒，包装也很用心，谢谢！", "订单{number}到得很快，东西都很好，特意来说声谢谢。", "店很好，人也很好，{thing}家里人都喜欢。"),
    },
}  # fmt: skip

# For leaf tea, where pots and pans would sound odd.
LEAF_BODIES: dict[str, dict[str, tuple[str, ...]]] = {
    "damaged": {
        "en": (
            "The bag of {thing} in order {number} arrived split open, there is leaf all over the box.",
            "The {thing} from {number} smells musty, I think it got damp. Please send a fresh one.",
        ),
        "zh": ("订单{number}里的{thing}包装破了，茶叶撒了一箱。", "{number}的{thing}有霉味，应该是受潮了，请换一份新的。"),
    },
    "return_refund": {
        "en": (
            "I ordered the wrong {thing} in {number}, still sealed. How do I send it back?",
            "Please refund the {thing} from order {number}, the seal is unbroken.",
        ),
        "zh": ("{number}里的{thing}买错了，没拆封，怎么退？", "订单{number}的{thing}请帮我退款，未拆封。"),
    },
    "product_question": {
        "en": (
            "How should I brew the {thing}, and how many infusions does it give?",
            "Which year is the {thing} from, and is it suitable as a present?",
            "How much caffeine is in the {thing}?",
        ),
        "zh": ("{thing}用多少度的水泡？能泡几次？", "{thing}是哪一年的？适合送人吗？", "{thing}晚上喝会影响睡眠吗？"),
    },
}  # fmt: skip

GREETINGS = {"en": ("Hi,", "Hello,", "Hi there,", "Dear team,", "", ""), "zh": ("你好，", "您好，", "在吗？", "亲，", "", "")}  # fmt: skip
CLOSINGS = {"en": ("Thanks, {name}", "Kind regards, {name}", "{name}", "Please reply soon.", "", "Many thanks"), "zh": ("谢谢！", "麻烦了。", "请尽快回复。", "", "{name}", "辛苦了")}  # fmt: skip
