"""A third list, written after the patterns of the families and never learned from or tuned to.

Whoever changes a pattern or a seed because of a line here must say so in docs/language.md.
"""

# Facts when these are judged: those of benchmarks/planted_claims.py.
FALSE_EN = """
You would pay twice as much elsewhere.
The price drops by the hour.
Pay {was_price} and not a penny more.
Members get it for less.
It is practically a giveaway.
Throw in a tin and we will not charge for it.
We hardly have any of it left.
This batch will not be repeated.
The queue is getting longer.
It will be on your table by Saturday.
Our van comes round the same evening.
Every buyer came back for another.
The magazine called it a triumph.
A favourite in royal kitchens.
Nothing on the shelf next to it holds heat like this.
The others look tired beside it.
Your skin will thank you after a week.
It calms an upset stomach.
Sleep like a child again.
It weighs less than an apple.
The seams are double stitched.
You can put it straight on the flame.
It was fired in a wood kiln in Devon.
One charge lasts the whole trip.
If it cracks, we send another.
Approved for use by children.
Grown without any spray.
The glaze contains no lead.
""".strip().splitlines()
FALSE_ZH = """
别处要贵一倍。
价格每小时都在降。
会员价更低。
几乎等于白拿。
再送一罐，不另收钱。
这批卖完就不做了。
已经有很多人在排队。
周六就能摆上您的餐桌。
当晚专车送到。
每位买家都回来复购。
杂志称它为杰作。
皇家厨房的最爱。
旁边的都显得逊色。
一周后皮肤会感谢您。
能安抚不适的肠胃。
重新睡得像个孩子。
比一个苹果还轻。
接缝双线缝合。
可直接放在明火上。
在景德镇柴窑烧制。
一次充满够用整个旅程。
摔坏了我们再寄一个。
儿童可放心使用。
种植时不打药。
釉料不含铅。
""".strip().splitlines()
TRUE = """
The window is open and the birds are early.
A small table, two chairs and {product}.
Tell us what you would cook first.
We wrapped our scarves and thought of you.
Autumn has a way of slowing things down.
Come by whenever you like: {link}
Some letters deserve a slow reply.
{product} is waiting at {price}.
Our cat approves, for what it is worth.
May your weekend be long and your tea be warm.
That was our news; now it is your turn.
Between the rain and the radio, a quiet hour.
窗开着，鸟儿起得早。
一张小桌，两把椅子，还有 {product}。
告诉我们，您会先做什么菜？
围上围巾，想起了您。
秋天让一切慢了下来。
随时来坐坐：{link}
有些信，值得慢慢回。
{product} 在等您，{price}。
愿您的周末悠长，茶是暖的。
雨声和收音机之间，安静片刻。
我们的近况就是这样，轮到您了。
""".strip().splitlines()
