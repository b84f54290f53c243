"""A second list of claims and harmless texts, from which the sentence model never learned.

Its author had read the word patterns and claim_texts.py, so it is not independent of those. Whoever
changes a pattern or a seed because of a line here must say so in docs/language.md.
"""

# Facts when these are judged: product {product}, price {price}, nothing else is known.
FALSE = """
You will pay under a tenner for it.
Knock a fiver off at the till.
Everything must go at rock-bottom prices.
Two for the price of one all week.
Pay less than ever before.
Its price has never been lower.
Our prices have fallen again.
We are giving away every second tin.
Your second cup is on the house.
Postage is included in what you pay.
We cover the postage.
There are hardly any left on the shelf.
Stock is dwindling.
Once it is gone, it will not come back.
The shelves are emptying by the minute.
Our last batch of the season.
Get yours before somebody else does.
Order now and it is with you before the weekend.
On your doorstep by breakfast.
Leaves our warehouse within the hour.
It reaches you the morning after you order.
Courier straight to your door the same afternoon.
Reviewers give it full marks.
Customers cannot stop praising it.
Nine out of ten would buy it again.
Voted kettle of the year.
The nation's favourite kettle.
More people choose it than any other.
No other kettle boils so quickly.
You will not find it for less anywhere.
Outperforms every rival.
Quieter than ordinary kettles.
A kettle second to none.
Nothing else comes close.
It eases back pain.
Good for your heart.
Helps you fall asleep sooner.
Relieves stress and anxiety.
Keeps colds away.
Doctors swear by it.
Burns fat while you rest.
Made of solid silver.
Made from recycled plastic.
Hand-made in Japan.
Dishwasher safe.
It is completely BPA free.
Works with induction hobs.
Comes with a leather case.
Runs all day on a single charge.
We will replace it if it ever breaks.
Not happy? Send it back whenever you like.
It is not as if it were not on sale.
不到十块钱就能带回家。
价格腰斩。
比平时少花一半的钱。
第二件不要钱。
全场低至三折起。
今天下单立省五十。
邮费我们出。
运费由本店承担。
下单即送精美杯垫。
库存见底了。
错过就没有了。
卖一件少一件。
最后一批，不再补货。
手慢就没了。
今天下单明天就到。
早上买下午就能收到。
两小时内送到家门口。
顾客都给满分。
大家都说好用。
回头客特别多。
十个人里有九个会再买。
去年卖得最多的一款。
比别家便宜。
同类产品里没有对手。
别处买不到这个价。
业内数一数二。
无人能及的品质。
远超同行。
喝了不容易感冒。
对心脏有好处。
能缓解腰痛。
让您更快入睡。
有助于消化。
改善睡眠质量。
提高免疫力。
燃烧脂肪。
纯银打造。
日本手工制作。
可放入洗碗机清洗。
电磁炉也能用。
内置大容量电池。
坏了包赔新的。
不满意随时退。
原装进口。
采用食品级不锈钢材质。
""".strip().splitlines()

TRUE = """
Good morning from all of us at {shop}.
We thought of you when {product} arrived.
Put the kettle on and stay a while.
A quiet corner, an open window, and {product}.
Some evenings ask for company.
{product} is here, for {price}.
Rain on the glass, steam in the air.
We are glad you are with us.
Take your time; we will be here.
What would you pour it into?
It would look lovely on your table.
Have a look at {product} and tell us what you think.
Made for slow mornings.
A small pleasure for a long day.
There is always room for another cup.
You know where to find us.
Thank you for being part of our story.
Some things are better shared.
Let the afternoon begin.
Pull up a chair.
For readers, dreamers and early risers.
Your kitchen called. It misses you.
A gift that says you remembered.
Come in from the cold.
We hope it makes you smile.
We look forward to hearing from you.
If you have a question, simply reply to this mail.
Here is something we enjoyed choosing.
It pairs nicely with a good book.
Good things take their time.
早安，愿您今天心情愉快。
窗外下着雨，屋里有茶香。
我们想起了您。
{product}来了，售价{price}。
给自己一点安静的时间。
坐下来，慢慢喝。
送给懂生活的您。
您的厨房在想念您。
期待您的回信。
谢谢您一直陪伴我们。
有问题请直接回复这封邮件。
适合慢悠悠的早晨。
和好书很相配。
愿这份心意带给您温暖。
把下午留给自己。
家里来客人时，不妨泡上一壶。
美好的事物值得等待。
来看看我们为您挑选的{product}。
我们很高兴认识您。
天冷了，记得添衣。
""".strip().splitlines()
