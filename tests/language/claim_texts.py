"""Texts that claim what no fact says, and texts that claim only what the facts of test_claims say."""

FALSE = """
Now £9.99.
Now only 12.49 pounds.
Yours for nine pounds ninety-nine.
Just ten quid!
It costs $12.50 and £13.
EUR 12,99 today.
Get 25% off.
Twenty-five percent off.
A full thirty per cent less.
٢٥% off everything.
２５％ off everything.
𝟐𝟓% off everything.
2\u200b5% off.
②⑤% off.
½ price on all kettles.
Half price on all kettles.
HALF-PRICE kettles.
Half the usual price.
A third off every kettle.
Two thirds less.
Buy one get one.
BOGO on kettles.
Two for one on kettles.
3 for 2 on kettles.
Free delivery on your order.
fr\u0435e delivery on your order.
FREE gift with it.
It ships free.
Delivery is on us.
At no extra cost.
A complimentary cup comes with it.
Sugar-free sweets inside.
Only 3 left.
Only three left.
Just a few left.
Last few remaining.
Almost gone.
Selling fast.
While stocks last.
Limited edition.
A dozen left in the shop.
Back in stock.
Ends tonight.
Ends on Friday.
Until Sunday you can order it.
Today only.
Order by midnight.
Until 1 December.
Until December 1st.
Until 2026-12-01.
Valid to the fifth of December.
Next-day delivery.
Same day dispatch.
Delivered within a week.
Arrives in 2 days.
Two-year warranty.
One-year warranty.
A lifetime guarantee.
A full year of cover.
Money-back promise.
Refunded without questions.
It holds 1.8 litres.
It holds two litres.
1.7 kilos of tea.
Rated five stars.
4.8 stars.
Our best-selling kettle.
The number one kettle.
#1 in kettles.
Award-winning design.
Thousands of happy homes.
Loved by a million people.
10,000 customers cannot be wrong.
The best kettle in town is the best.
The lowest prices anywhere.
Cheaper than the others.
World-class quality.
Clinically tested and clinically proven.
It cures headaches.
Boosts your immune system.
Certified organic leaves.
100 points for you.
Points are doubled: twice the points.
💯 quality.
🔟 reasons to buy.
Only one left.
Just one day to go, one day.
Call +44 20 7946 0958.
Write to sales@shop.example.
See www.shop.example now.
Dear [Name], hello.
Price: {cost}.
It is {price.
{price} off your order.
{price}% off.
£{price} for you.
{discount} left in the shop.
{discount}% off.
Pay {discount}.
Was {price}, so hurry.
Now {was_price}.
Only {was_price}.
Save {price} on it.
{until} off.
{price} items sold.
现在只要9.9元。
只要九块九。
仅售十二元。
售价一百二十五元。
一律八五折。
七折优惠等你来。
全场五折。
打对折。
半价购买。
立减一半。
再减百分之三十。
满三百减五十。
第二件半价。
买一送一。
买二送一。
免费赠送茶杯。
全国包邮。
免运费。
加购有赠品。
仅剩三件。
只剩最后几件。
库存告急。
限量发售。
即将售罄。
仅限今日。
今晚截止。
明天涨价。
双十一狂欢。
十二月一日前有效。
12月1日前有效。
周日截止。
限购一年。
质保一年。
保修期为一年。
两年质保。
终身保修。
三年包换。
半年内可退。
七天无理由退货。
假一赔十。
次日达。
当天发货。
四十八小时内发货。
一小时送达。
容量两升。
重一公斤。
五星好评。
销量第一。
全网最低价。
最好的水壶。
最便宜的选择。
国家级品质。
顶级茶叶。
唯一正品。
独家配方。
史低价格。
万人好评。
累计售出一百万件。
获奖产品。
可以治疗失眠。
有助于减肥瘦身。
有效抗菌。
天然有机认证。
壹佰元优惠。
１２元起。
②折。
积分翻倍。
【姓名】您好。
原价{price}。
立减{price}。
现价{was_price}。
{price}折。
{discount}元。
仅需{was_price}。
""".strip().splitlines()

TRUE = """
{product} is yours for {price}.
It was {was_price}, now {price}.
Until {until} it is {price} instead of {was_price}.
Use the code {code} for {discount} off, valid until {until}.
{greeting} welcome back to {shop}.
Meet the Pulse 2 Kettle at Leaf & Cup.
It holds 1.7 litres.
It holds 1.7 litres and costs £12.50.
Now £12.50 with 20% off until 30 November.
Twenty percent off until November 30th.
The one you have been waiting for.
No one makes tea like you do.
Feel free to have a look.
A hassle-free way to make tea.
A worry-free morning.
At first light, the kettle sings.
For the first time in a while.
A moment for you and a friend.
Make somebody's day.
Take a second to breathe.
A cup or two in good company.
Freedom in every cup.
Brew a cup today.
You may like it.
We march to our own drum.
Best wishes from all of us.
Carefree afternoons begin here.
A bit of everything nice.
Someone will be happy.
Once upon a teatime.
Everyone at the table will smile.
Often the simplest things are lovely.
Weight off your shoulders, tea in your hand.
A friend for the long evenings.
See it here: {link}
{product}，售价{price}。
原价{was_price}，现价{price}。
{until}前凭优惠码{code}，可享{discount}优惠。
即日起享八折，{until}前有效。
售价12.50英镑。
一条温柔的围巾，一些好茶。
一起喝一杯吧。
一定要来看看。
美好的一天，从一杯茶开始。
独一无二的您，值得好茶。
十分适合送给朋友。
千万别错过好茶。
万家灯火，一盏清茶。
四季皆宜。
一点小心意。
三五好友，围炉煮茶。
一如既往地感谢您。
一边看书一边喝茶。
第一次见面，请多关照。
最近还好吗？
最后，祝您生活愉快。
点此查看：{link}
慢慢看，不着急。
半糖主义者的茶。
{product} is back
""".strip().splitlines()

# Harmless, and refused all the same since the reader learned from strangers' sentences: the price of
# what it catches. A test says so until it no longer is.
REFUSED_WRONGLY = [
    "One of our own favourites.",
    "Order by {until} and save {discount}.",
    "一年四季都适合。",
]
