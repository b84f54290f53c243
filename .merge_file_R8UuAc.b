# Simplified Chinese of the back office.
msgid ""
msgstr ""
"Project-Id-Version: Backroom\n"
"Report-Msgid-Bugs-To: \n"
"POT-Creation-Date: 2026-11-28 13:48+0000\n"
"Language: zh_Hans\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"

msgid "Hours for which the old key stays valid"
msgstr "旧密钥继续有效的小时数"

msgid "Rotate"
msgstr "轮换"

msgid "Revoke"
msgstr "吊销"

msgid "Revoke the key"
msgstr "吊销密钥"

msgid "Programs that use it are refused at once. This cannot be undone."
msgstr "使用它的程序会立即被拒绝，且无法撤销。"

msgid "The key is revoked."
msgstr "密钥已吊销。"

msgid "The keys are revoked."
msgstr "密钥已吊销。"

msgid "begins with"
msgstr "前缀"

msgid "opens"
msgstr "可访问"

msgid "events from browsers"
msgstr "浏览器事件"

msgid "storefront"
msgstr "店面"

msgid "state"
msgstr "状态"

msgid "revoked"
msgstr "已吊销"

msgid "expired"
msgstr "已过期"

msgid "ending"
msgstr "即将失效"

msgid "valid"
msgstr "有效"

msgid "The API key is unknown, expired or revoked."
msgstr "API 密钥不存在、已过期或已吊销。"

#, python-format
msgid "A whole number from 1 to %(most)s."
msgstr "1 到 %(most)s 的整数。"

msgid "Use the address of `next`."
msgstr "请使用 `next` 给出的地址。"

msgid "The JSON is nested too deeply."
msgstr "JSON 嵌套层数过深。"

msgid "The request has fields that cannot be used."
msgstr "请求中有无法使用的字段。"

msgid "Correct the fields named in `errors` and send the request again."
msgstr "请更正 `errors` 中列出的字段后重新发送。"

msgid "The body is not valid JSON."
msgstr "请求正文不是有效的 JSON。"

msgid "Send one JSON document in UTF-8 with Content-Type: application/json."
msgstr "请发送一个 UTF-8 编码的 JSON 文档，并注明 Content-Type: application/json。"

msgid "The request names no key."
msgstr "请求没有携带密钥。"

msgid "Send the header `Authorization: Bearer bk_…` or `X-Api-Key: bk_…`."
msgstr "请发送请求头 `Authorization: Bearer bk_…` 或 `X-Api-Key: bk_…`。"

msgid "The key is not valid."
msgstr "密钥无效。"

msgid ""
"Ask the merchant for a new key: this one is unknown, expired or revoked."
msgstr "请向商家索取新密钥：此密钥不存在、已过期或已吊销。"

msgid "This key or role may not do that."
msgstr "此密钥或角色没有这项权限。"

msgid "Ask the owner of the shop for a role or a key that may."
msgstr "请向店主申请有权限的角色或密钥。"

msgid "There is no such thing."
msgstr "没有这项内容。"

msgid "Check the address and the identifier in it."
msgstr "请检查地址及其中的标识。"

msgid "This address does not take that method."
msgstr "此地址不支持该请求方法。"

msgid "Use one of the methods in the `Allow` header."
msgstr "请使用 `Allow` 响应头中列出的方法。"

msgid "Only JSON is spoken here."
msgstr "此接口只返回 JSON。"

msgid "Send `Accept: application/json`."
msgstr "请发送 `Accept: application/json`。"

msgid "Only JSON is read here."
msgstr "此接口只接受 JSON。"

msgid "Send the body with Content-Type: application/json."
msgstr "请以 Content-Type: application/json 发送正文。"

msgid "Too many requests for this key."
msgstr "此密钥的请求过于频繁。"

msgid "Wait for the number of seconds in the `Retry-After` header."
msgstr "请等待 `Retry-After` 响应头给出的秒数。"

msgid "The body is too large."
msgstr "请求正文过大。"

msgid "Send less in one request."
msgstr "请减少单次请求的内容。"

msgid "This write needs a key of its own."
msgstr "此写操作需要自己的幂等键。"

msgid ""
"Send `Idempotency-Key: ` with a new UUID, and the same one when you repeat "
"the request."
msgstr "请在 `Idempotency-Key: ` 中发送新的 UUID；重复同一请求时使用相同的值。"

msgid "This key belongs to another request."
msgstr "此键属于另一个请求。"

msgid "Use a new Idempotency-Key for a new request."
msgstr "新请求请使用新的 Idempotency-Key。"

msgid "The first request with this key is still being worked on."
msgstr "使用此键的首个请求仍在处理中。"

msgid "Ask again with the same key after the seconds in `Retry-After`."
msgstr "请在 `Retry-After` 给出的秒数之后用同一个键重试。"

msgid "The state of things does not allow that now."
msgstr "当前状态不允许此操作。"

msgid "Read the current state, then decide again."
msgstr "请读取当前状态后再决定。"

msgid "Something failed on our side."
msgstr "我们这边出了问题。"

msgid ""
"Try again later; a write with an Idempotency-Key can be repeated safely."
msgstr "请稍后重试；带 Idempotency-Key 的写操作可以安全地重复。"

msgid "Access"
msgstr "访问控制"

msgid "Whose role it has in the merchant API; empty: a storefront's key."
msgstr "在商家 API 中使用谁的角色；留空则为店面密钥。"

msgid "For the collector in customers' browsers: it may only send events."
msgstr "供顾客浏览器中的采集脚本使用：只能发送事件。"

msgid "API key"
msgstr "API 密钥"

msgid "API keys"
msgstr "API 密钥"

msgid "A key that everybody can read acts for nobody."
msgstr "人人可见的密钥不代表任何用户。"

msgid "Who asked: key prefix or user."
msgstr "请求方：密钥前缀或用户。"

msgid "Empty while it is worked on."
msgstr "处理期间为空。"

msgid "idempotent answer"
msgstr "幂等应答"

msgid "idempotent answers"
msgstr "幂等应答"

msgid "This key is revoked, expired or already being rotated."
msgstr "此密钥已吊销、已过期或正在轮换。"

msgid "roles"
msgstr "角色"

msgid "Brief"
msgstr "晨报"

#, python-format
msgid "80 %%: %(low)s to %(high)s"
msgstr "80%% 区间：%(low)s 至 %(high)s"

msgid "Bring your orders"
msgstr "导入订单"

msgid "Products, prices and customers come with them."
msgstr "商品、价格和客户会一并导入。"

msgid "Count your stock"
msgstr "盘点库存"

msgid ""
"What is not available is never recommended, what runs out is reordered."
msgstr "无可售库存的商品绝不推荐，即将售罄的会补货。"

msgid "Run the night"
msgstr "运行夜间任务"

msgid "Models train, prove themselves and fill this page with decisions."
msgstr "模型完成训练和检验，并用决策填满本页。"

#, python-format
msgid "Approved: %(what)s"
msgstr "已批准：%(what)s"

#, python-format
msgid "Refused: %(what)s"
msgstr "已拒绝：%(what)s"

#, python-format
msgid "Shown again tomorrow: %(what)s"
msgstr "明天再次显示：%(what)s"

#, python-format
msgid "Somebody decided this already: %(what)s"
msgstr "已有人作出决定：%(what)s"

msgid "Revenue"
msgstr "销售额"

msgid "Orders"
msgstr "订单"

msgid "Units sold"
msgstr "销售件数"

msgid "Refunds"
msgstr "退款"

msgid "Today"
msgstr "今日"

msgid "Decisions"
msgstr "决策"

msgid "Inbox"
msgstr "收件箱"

msgid "Catalogue"
msgstr "商品目录"

msgid "Products"
msgstr "商品"

msgid "SKUs"
msgstr "SKU"

msgid "Categories"
msgstr "类目"

msgid "Prices"
msgstr "价格"

msgid "Reviews"
msgstr "评价"

msgid "Stock and purchasing"
msgstr "库存与采购"

msgid "Stock"
msgstr "库存"

msgid "Stock check"
msgstr "库存核对"

msgid "Batches"
msgstr "批次"

msgid "Ring fences"
msgstr "锁定额度"

msgid "Stock ledger"
msgstr "库存流水"

msgid "Forecasts"
msgstr "需求预测"

msgid "Lost demand"
msgstr "流失需求"

msgid "Clearance"
msgstr "清仓"

msgid "Purchase orders"
msgstr "采购单"

msgid "Suppliers"
msgstr "供应商"

msgid "Sales"
msgstr "销售"

msgid "Returns"
msgstr "退货"

msgid "Payments"
msgstr "支付"

msgid "Parcels"
msgstr "包裹"

msgid "Tax rates"
msgstr "税率"

msgid "Waitlist"
msgstr "到货登记"

msgid "Customers"
msgstr "客户"

msgid "Events"
msgstr "行为事件"

msgid "Marketing"
msgstr "营销"

msgid "Segments"
msgstr "客群"

msgid "Campaigns"
msgstr "营销活动"

msgid "Journeys"
msgstr "旅程"

msgid "Recommendations"
msgstr "推荐"

msgid "Placement report"
msgstr "推荐位报告"

msgid "Rules"
msgstr "规则"

msgid "Placements"
msgstr "推荐位"

msgid "Experiments"
msgstr "实验"

msgid "Why is this here?"
msgstr "为什么推荐它？"

msgid "Scorecards"
msgstr "评分卡"

msgid "Support"
msgstr "客服"

msgid "Tickets"
msgstr "工单"

msgid "Knowledge"
msgstr "知识库"

msgid "Machine room"
msgstr "机房"

msgid "Model runs"
msgstr "模型运行"

msgid "Imports"
msgstr "导入"

msgid "Jobs"
msgstr "后台任务"

msgid "Webhooks"
msgstr "Webhook"

msgid "Deliveries"
msgstr "投递记录"

msgid "Users"
msgstr "用户"

#, python-brace-format
msgid "{count} counters differ from their ledger: open the stock check."
msgstr "{count} 个计数与流水不符：请打开库存核对。"

msgid "Close what expired, clear what is old"
msgstr "关闭过期项，清理旧数据"

msgid "Set expired goods aside"
msgstr "锁定过期商品"

msgid "Check the stock ledger"
msgstr "核对库存流水"

msgid "Train recommendations"
msgstr "训练推荐模型"

msgid "Count what was wanted and not there"
msgstr "统计想买而缺货的需求"

msgid "Write every customer's recommendations"
msgstr "写入每位客户的推荐"

msgid "Measure what campaigns brought"
msgstr "测量活动带来的销量"

msgid "Demand forecast"
msgstr "需求预测"

msgid "Reorder plan"
msgstr "补货计划"

msgid "Clearance drafts"
msgstr "清仓草案"

msgid "Learn what tickets ask"
msgstr "学习工单意图"

msgid "Sort new tickets"
msgstr "新工单分拣"

msgid "Draft replies"
msgstr "起草回复"

msgid "Customer segments"
msgstr "客户分群"

msgid "Campaigns for clearance"
msgstr "清仓活动"

msgid "Campaign drafts"
msgstr "起草营销活动"

msgid "Look at the experiments"
msgstr "查看实验"

msgid "Morning brief"
msgstr "晨报"

msgid "Night"
msgstr "夜间任务"

msgid "Step of the night"
msgstr "夜间任务步骤"

msgid "kind"
msgstr "类型"

#, python-format
msgid "%(job)s: done."
msgstr "%(job)s：完成。"

#, python-format
msgid "%(job)s has changed meanwhile."
msgstr "%(job)s 在此期间已发生变化。"

msgid "Cancel"
msgstr "取消"

#, python-format
msgid "%(count)s asked to stop."
msgstr "已请求停止 %(count)s 个。"

msgid "Run again"
msgstr "重新运行"

#, python-format
msgid "%(count)s queued again."
msgstr "已将 %(count)s 个重新排队。"

msgid "Job"
msgstr "后台任务"

msgid "State"
msgstr "状态"

msgid "Progress"
msgstr "进度"

msgid "Attempt"
msgstr "尝试次数"

msgid "Seconds"
msgstr "秒数"

msgid "Say why."
msgstr "请说明原因。"

#, python-format
msgid "%(run)s serves now."
msgstr "现由 %(run)s 提供服务。"

msgid "Run"
msgstr "运行"

msgid "Against its baseline"
msgstr "与基线对比"

msgid "Rows"
msgstr "行数"

msgid "Data until"
msgstr "数据截止"

msgid "Live since"
msgstr "上线时间"

#, python-format
msgid "%(what)s: done."
msgstr "%(what)s：完成。"

msgid "Decision"
msgstr "决策"

msgid "Kind"
msgstr "类型"

msgid "Until"
msgstr "截止"

msgid "Made at"
msgstr "生成时间"

msgid "Worth"
msgstr "价值"

msgid "The job is finished already."
msgstr "该任务已经结束。"

msgid "draft"
msgstr "草稿"

msgid "running"
msgstr "运行中"

msgid "stopped"
msgstr "已停售"

msgid "profit per person"
msgstr "人均利润"

msgid "people who clicked"
msgstr "点击的人数"

msgid "people who bought what they were shown"
msgstr "购买了所推荐商品的人数"

msgid "revenue per person from what was shown"
msgstr "推荐商品带来的人均收入"

msgid "fixed shares: learn"
msgstr "固定份额：以学习为先"

msgid "shares follow what earns: Thompson sampling"
msgstr "份额随收益变化：汤普森抽样"

msgid "Decides who gets which arm."
msgstr "决定谁分到哪一组。"

msgid "What it varies."
msgstr "它改变什么。"

msgid "Experiments of one layer share no customers."
msgstr "同一层的实验没有共同的顾客。"

msgid "Share of the layer, or of everybody, that takes part (0 to 1)."
msgstr "参与者占该层或全体的比例（0 到 1）。"

msgid "People planned in all arms; the interval is tightest there."
msgstr "所有组计划的总人数；区间在此处最窄。"

msgid "So many more unsubscribes are borne (0.005 is half a point)."
msgstr "可以承受的额外退订（0.005 为半个百分点）。"

msgid "What it is to find out."
msgstr "它要查明什么。"

msgid "experiment"
msgstr "实验"

msgid "experiments"
msgstr "实验"

msgid "Arm → share; sums to 1."
msgstr "组 → 份额；合计为 1。"

msgid "Arm → moments that they were drawn from."
msgstr "组 → 抽取份额所依据的矩。"

msgid "batch of shares"
msgstr "份额批次"

msgid "batches of shares"
msgstr "份额批次"

msgid "The first one that was given stays."
msgstr "首次给出的结论保持不变。"

msgid "This look alone would not give the verdict any more."
msgstr "仅凭这次查看已得不出该结论。"

msgid "look"
msgstr "查看"

msgid "looks"
msgstr "查看"

msgid "queued"
msgstr "排队中"

msgid "succeeded"
msgstr "成功"

msgid "failed"
msgstr "失败"

msgid "cancelled"
msgstr "已取消"

msgid "The registered handler that runs it."
msgstr "执行它的已注册处理程序。"

msgid "Same key, same job."
msgstr "同一键，同一任务。"

msgid "Back-off between attempts."
msgstr "两次尝试之间的退避时间。"

msgid "The reaper sends no hint before."
msgstr "在此之前回收程序不作提示。"

msgid "Fences a lost worker."
msgstr "用来隔离失联的工作进程。"

msgid "job"
msgstr "后台任务"

msgid "jobs"
msgstr "后台任务"

msgid "candidate"
msgstr "候选"

msgid "live"
msgstr "在用"

msgid "refused"
msgstr "已拒绝"

msgid "retired"
msgstr "已退役"

msgid "What the model is for, e.g. recommender."
msgstr "模型的用途，例如 recommender。"

msgid "The method that won on validation data."
msgstr "在验证数据上胜出的方法。"

msgid "As of: nothing later was read."
msgstr "数据时点：此后的数据一概不读。"

msgid "SHA-256 of data, parameters and code."
msgstr "数据、参数与代码的 SHA-256。"

msgid "Per model and metric, baselines included."
msgstr "按模型和指标列出，含基线。"

msgid "The metric of the gate."
msgstr "准入所用的指标。"

msgid "Why it is live or refused: msgid and params."
msgstr "上线或被拒的原因：msgid 与参数。"

msgid "Path below the artefact folder."
msgstr "产物目录下的路径。"

msgid "model run"
msgstr "模型运行"

msgid "model runs"
msgstr "模型运行"

msgid "live period"
msgstr "在用时段"

msgid "live periods"
msgstr "在用时段"

msgid "waiting for a person"
msgstr "等待处理"

msgid "approved"
msgstr "已批准"

msgid "superseded"
msgstr "已被取代"

msgid "made automatically"
msgstr "自动执行"

msgid "Registered in decisions.kinds."
msgstr "在 decisions.kinds 中注册。"

msgid "Same key, same decision."
msgstr "同一键，同一决策。"

msgid "What it is about, e.g. sku:TEA-1."
msgstr "决策对象，例如 sku:TEA-1。"

msgid "msgid and params, so that it reads in every language."
msgstr "msgid 与参数，以便用任何语言阅读。"

msgid "One sentence: msgid and params."
msgstr "一句话：msgid 与参数。"

msgid "All that the computation read."
msgstr "计算所读取的全部内容。"

msgid "decision"
msgstr "决策"

msgid "decisions"
msgstr "决策"

msgid "Can approve or refuse decisions"
msgstr "可批准或拒绝决策"

msgid "approved, refused, edited, snoozed …"
msgstr "批准、拒绝、编辑、推迟……"

msgid "decision change"
msgstr "决策变更"

msgid "decision changes"
msgstr "决策变更"

msgid "left out"
msgstr "已跳过"

#, python-format
msgid "The run that serves %(task)s now is retired; one click brings it back."
msgstr "目前为 %(task)s 提供服务的运行将退役；一键即可恢复。"

#, python-format
msgid "%(run)s: the file %(file)s is missing."
msgstr "%(run)s：文件 %(file)s 缺失。"

#, python-format
msgid "%(run)s: the file %(file)s was changed after it was written."
msgstr "%(run)s：文件 %(file)s 写入后被改动。"

msgid "The share that takes part lies above 0 and at most at 100 %."
msgstr "参与比例须大于 0 且不超过 100 %。"

msgid "It would be over before it begins: choose a later end."
msgstr "结束早于开始：请选择更晚的结束时间。"

msgid ""
"It has begun: arms that change spoil what was measured. Make a new "
"experiment."
msgstr "实验已开始：改动分组会毁掉已测得的结果。请新建实验。"

msgid "Its end has passed: choose a later one."
msgstr "结束时间已过：请选择更晚的时间。"

msgid "It has run already. Make a new experiment."
msgstr "它已经运行过。请新建实验。"

msgid ""
"Another experiment runs here. Stop that one first, or wait for its end."
msgstr "这里正在运行另一个实验。请先停止它，或等它结束。"

#, python-format
msgid ""
"The layer “%(layer)s” has no room for %(rate)s %% more customers. Stop one "
"of its experiments, or take a smaller share."
msgstr "层“%(layer)s”已容不下另外 %(rate)s %% 的顾客。请停止其中一个实验，或取更小的比例。"

msgid "An experiment has two to four arms, each with its own name."
msgstr "实验有二到四个分组，名称各不相同。"

msgid "Every arm needs a share above zero."
msgstr "每个分组的占比必须大于零。"

msgid "The shares of the arms must add up to 100 %."
msgstr "各分组的占比之和必须为 100 %。"

#, python-format
msgid ""
"%(model)s beats %(baseline)s: %(metric)s %(value)s against "
"%(baseline_value)s."
msgstr "%(model)s 优于 %(baseline)s：%(metric)s %(value)s，对比 %(baseline_value)s。"

#, python-format
msgid ""
"%(model)s does not beat %(baseline)s: %(metric)s %(value)s against "
"%(baseline_value)s."
msgstr ""
"%(model)s 未优于 %(baseline)s：%(metric)s %(value)s，对比 %(baseline_value)s。"

#, python-format
msgid "%(metric)s could not be measured on this history, so nothing changes."
msgstr "现有历史无法测得 %(metric)s，因此保持不变。"

msgid "beats its baseline"
msgstr "优于基线"

#, python-format
msgid "%(run)s did not beat its baseline, so it must not serve."
msgstr "%(run)s 未优于基线，因此不能提供服务。"

msgid "What serves has just changed; look again."
msgstr "提供服务的模型刚刚变更，请重新查看。"

msgid "No part of this installation can carry that out any more."
msgstr "本系统已没有任何部分可以执行此操作。"

#, python-format
msgid "This is decided already: %(what)s"
msgstr "已作出决定：%(what)s"

msgid "Decisions of this kind are made by a person."
msgstr "此类决策由人作出。"

#, python-format
msgid "This is decided already, or past its deadline: %(what)s"
msgstr "已作出决定或已过期限：%(what)s"

msgid "SKU"
msgstr "SKU"

msgid "product"
msgstr "商品"

msgid "reduction"
msgstr "降价"

msgid "sells (80 %)"
msgstr "可售（80 %）"

msgid "earns (80 %)"
msgstr "收益（80 %）"

msgid "next 7 days (units)"
msgstr "未来 7 天（件）"

msgid "next 28 days (units)"
msgstr "未来 28 天（件）"

msgid "method"
msgstr "方法"

#, python-format
msgid "no forecast: %(days)s day of history is missing"
msgid_plural "no forecast: %(days)s days of history are missing"
msgstr[0] "暂无预测：还缺 %(days)s 天的历史"

msgid "past and forecast"
msgstr "历史与预测"

msgid "hours out"
msgstr "缺货小时"

msgid "people"
msgstr "人"

msgid "other views"
msgstr "其他浏览"

msgid "units waited for"
msgstr "等待的件数"

msgid "searches"
msgstr "搜索"

msgid "estimated units (80 %)"
msgstr "估计件数（80 %）"

msgid "weeks"
msgstr "周"

msgid "units per look while it was there"
msgstr "有货时每次浏览的件数"

msgid "days"
msgstr "天"

msgid "taken instead"
msgstr "改选"

msgid "Searches without a result"
msgstr "无结果的搜索"

msgid "CSV by day"
msgstr "按日 CSV"

msgid "its words name"
msgstr "搜索词所指"

msgid "extra share that took the best one"
msgstr "改选最佳替代品的额外占比"

msgid "amount"
msgstr "金额"

msgid "expected cost"
msgstr "预期成本"

msgid "at most above the best"
msgstr "与最优方案的最大差距"

msgid "simple rule's cost"
msgstr "简单规则的成本"

msgid "cost of doing nothing"
msgstr "不采取行动的成本"

msgid "cost"
msgstr "成本"

msgid "margin saved (80 %)"
msgstr "挽回毛利（80%）"

msgid "notes"
msgstr "备注"

msgid "supplier"
msgstr "供应商"

msgid "lines"
msgstr "明细行"

msgid "units"
msgstr "件数"

msgid "order value"
msgstr "订购金额"

msgid "margin saved"
msgstr "挽回毛利"

msgid "why"
msgstr "理由"

msgid "Approve"
msgstr "批准"

msgid "It may then be sent to the supplier."
msgstr "之后即可发给供应商。"

msgid "Send to the supplier"
msgstr "发给供应商"

msgid "The order is mailed to the supplier."
msgstr "采购单将通过邮件发给供应商。"

msgid "Receive goods"
msgstr "收货"

msgid "Cancel the purchase order"
msgstr "取消采购单"

msgid "Nothing more will come on it."
msgstr "此单不会再有到货。"

msgid "purchase order"
msgstr "采购单"

msgid "open orders"
msgstr "未完成采购单"

msgid "unit cost"
msgstr "单位成本"

msgid "lead time (days)"
msgstr "交期（天）"

msgid "promised (days)"
msgstr "承诺(天)"

msgid "mean (days)"
msgstr "平均(天)"

msgid "median (days)"
msgstr "中位数(天)"

msgid "P90 (days)"
msgstr "P90(天)"

msgid "delay (days)"
msgstr "延迟(天)"

msgid "fill rate"
msgstr "满足率"

msgid "The purchase order does not allow that now."
msgstr "采购单当前不允许此操作。"

msgid "Read the order, then decide again; nothing was changed."
msgstr "请先查看采购单再决定；未作任何更改。"

msgid "There is no purchase order with this number."
msgstr "没有此编号的采购单。"

msgid "Each SKU once, and only SKUs of this order."
msgstr "每个 SKU 只能出现一次，且必须属于本采购单。"

msgid "Inventory"
msgstr "库存"

#, python-format
msgid "Units sold per day and the forecast with its 80 % interval"
msgstr "每日销量与预测，含 80% 区间"

msgid "no stock"
msgstr "无库存"

msgid "units a day"
msgstr "件/天"

msgid "more than sells in time"
msgstr "超出期内销量"

msgid "expires before it sells"
msgstr "售出前即将过期"

msgid "waiting for approval"
msgstr "等待批准"

msgid "no longer needed"
msgstr "不再需要"

msgid "SKU, reason and cycle."
msgstr "SKU、原因与周期。"

msgid "What would not sell in time."
msgstr "期内卖不掉的数量。"

msgid "Sold while it runs."
msgstr "促销期间的销量。"

msgid "Of it, what would not have sold otherwise."
msgstr "其中若不促销便卖不掉的部分。"

msgid "Bought from its category within a year and agreed to be written to."
msgstr "一年内购买过该类目且同意接收邮件。"

msgid "The campaign that was made of it."
msgstr "由此生成的活动。"

msgid "clearance draft"
msgstr "清仓草案"

msgid "clearance drafts"
msgstr "清仓草案"

msgid "smooth: often, in like amounts"
msgstr "平稳：常卖，每次数量相近"

msgid "erratic: often, in unlike amounts"
msgstr "波动：常卖，每次数量悬殊"

msgid "intermittent: seldom, in like amounts"
msgstr "间断：少卖，每次数量相近"

msgid "lumpy: seldom, in unlike amounts"
msgstr "块状：少卖，每次数量悬殊"

msgid "Sales up to and including this day were known."
msgstr "截至并包含当天的销售已知。"

msgid "What made the numbers."
msgstr "数据的来源。"

msgid "Units per day, next day first."
msgstr "每日件数，从次日开始。"

msgid "Level → units per day, next day first."
msgstr "分位 → 每日件数，从次日开始。"

msgid "Units per day that each cause adds; together they are the mean."
msgstr "每个原因每天增加的件数，合计即为均值。"

msgid "Why the interval is wide: the SKUs that a new one was likened to."
msgstr "区间较宽的原因：新 SKU 所参照的其他 SKU。"

msgid "Share of each day under a reduction that is already set."
msgstr "每天处于已设定降价之下的比例。"

msgid "The list price that it was made for."
msgstr "预测所依据的标价。"

msgid ""
"What days out of stock would have sold, of the last 28 days; not in sales."
msgstr "最近 28 天中缺货日本可卖出的件数；不计入销量。"

msgid "Units of single unusually large orders, left out of demand."
msgstr "个别异常大单的件数，不计入需求。"

msgid "days of history"
msgstr "历史天数"

msgid "days out of stock"
msgstr "缺货天数"

msgid "Masked, not counted as 0."
msgstr "已屏蔽，不计为 0。"

msgid "Days of history still needed; 0 where there is a forecast."
msgstr "还需要的历史天数；已有预测时为 0。"

msgid "demand forecast"
msgstr "需求预测"

msgid "demand forecasts"
msgstr "需求预测"

msgid "1.5: a price 1 % lower sells 1.5 % more."
msgstr "1.5：价格降低 1%，多卖 1.5%。"

#, python-format
msgid "10 % of the likely values are below."
msgstr "可能的取值中有 10% 低于此值。"

#, python-format
msgid "10 % of the likely values are above."
msgstr "可能的取值中有 10% 高于此值。"

msgid "What being on promotion adds beside the lower price, as a logarithm."
msgstr "除降价本身外，参加促销所增加的部分（对数）。"

msgid "0 to 1: how much of it is the SKU's own data, the rest its category's."
msgstr "0 到 1：其中有多少来自该 SKU 自己的数据，其余来自所属类别。"

msgid "Days away from its usual price."
msgstr "价格偏离平常价的天数。"

msgid "price elasticity"
msgstr "价格弹性"

msgid "price elasticities"
msgstr "价格弹性"

msgid "While it was sold out."
msgstr "售罄期间。"

msgid "Browsers a day among the views under consent."
msgstr "在获得同意的浏览中，每天的浏览器数。"

msgid "Views without consent: counted, nobody told apart."
msgstr "未获同意的浏览：只计数，不区分是谁。"

msgid "Without a result although their words name it."
msgstr "搜索词指向它，却没有结果。"

msgid "Empty: not estimated."
msgstr "空：未估计。"

msgid "Nothing that arrived later was counted."
msgstr "之后到达的都未计入。"

msgid "day of lost demand"
msgstr "流失需求日"

msgid "days of lost demand"
msgstr "流失需求日"

msgid "Looks in these weeks while it could be bought."
msgstr "这几周内可购买时的浏览次数。"

msgid "Drawn to the shop's rate where looks are few."
msgstr "浏览很少时，向全店比率收缩。"

msgid "lost demand"
msgstr "流失需求"

msgid "As they were typed."
msgstr "按输入原样。"

msgid "Browsers a day, under consent."
msgstr "获得同意的每日浏览器数。"

msgid "Every word names this one alone."
msgstr "每个词都只指向它。"

msgid "All products with these words lie in it."
msgstr "含有这些词的商品都在其中。"

msgid "search without a result"
msgstr "无结果的搜索"

msgid "searches without a result"
msgstr "无结果的搜索"

msgid "Visits that looked at it while it was sold out."
msgstr "售罄期间看过它的访问。"

msgid "list of substitutes"
msgstr "替代品列表"

msgid "lists of substitutes"
msgstr "替代品列表"

msgid "cycle service level"
msgstr "周期服务水平"

msgid "ABC class"
msgstr "ABC 分类"

msgid "XYZ class"
msgstr "XYZ 分类"

msgid "From 0.5 to 0.999."
msgstr "0.5 至 0.999。"

msgid "Share of the unit cost that a year in stock costs."
msgstr "库存一年的成本占单位成本的比例。"

msgid "Margins that a lost unit costs; above 1 with lost goodwill."
msgstr "每损失一件相当于几份毛利;计入商誉损失时大于 1。"

msgid "service target"
msgstr "服务目标"

msgid "service targets"
msgstr "服务目标"

msgid "first day"
msgstr "第一天"

msgid "last day"
msgstr "最后一天"

msgid "Minor units."
msgstr "最小货币单位。"

msgid "purchase budget"
msgstr "采购预算"

msgid "purchase budgets"
msgstr "采购预算"

msgid "warehouse space"
msgstr "仓库空间"

msgid "warehouse spaces"
msgstr "仓库空间"

msgid "Last day whose facts were known."
msgstr "已知事实的最后一天。"

msgid "milp, or greedy where that was better."
msgstr "milp;若贪心规则更优则为 greedy。"

msgid "SKUs and warehouses planned."
msgstr "已计划的 SKU 与仓库组合数。"

msgid "Expected lost margin, holding, waste and order cost over all weeks."
msgstr "所有周的预期毛利损失、持有、报废和订货成本。"

msgid "No plan can cost less."
msgstr "任何计划的成本都不会更低。"

msgid "The simple rule's cost, to compare."
msgstr "简单规则的成本,供比较。"

msgid "What ordering nothing would cost."
msgstr "完全不订货的成本。"

msgid ""
"What binds: name, week, limit, used, and the money that one more would earn."
msgstr "起约束作用的条件:名称、周、上限、用量,以及再多一单位能赚的钱。"

msgid "What cannot be kept: name, week, and by how much."
msgstr "无法满足的条件:名称、周、差多少。"

msgid "replenishment plan"
msgstr "补货计划"

msgid "replenishment plans"
msgstr "补货计划"

msgid "planned purchase"
msgstr "计划采购"

msgid "planned purchases"
msgstr "计划采购"

msgid "campaign, flash_sale …"
msgstr "campaign、flash_sale 等"

msgid "Its units are in the plan; no: too little is known to plan with."
msgstr "是：其数量已计入计划；否：所知太少，无法据以计划。"

msgid "What the numbers rest on."
msgstr "数字的依据。"

msgid "Data up to then; empty: not measured yet."
msgstr "所用数据的截止时间；空：尚未测量。"

msgid "planned demand"
msgstr "计划需求"

#, python-format
msgid "10 % of the outcomes lie below."
msgstr "10 % 的结果低于此值。"

#, python-format
msgid "10 % of the outcomes lie above."
msgstr "10 % 的结果高于此值。"

msgid "Forecast without it, on the days that could be compared."
msgstr "可比日内没有它时的预测。"

msgid "Measured over all days."
msgstr "全部日子的测量结果。"

msgid "What is taken out of the history, a number a day."
msgstr "从历史中剔除的数量，每天一个。"

msgid "Days with stock, which could be compared."
msgstr "有货、可以比较的天数。"

msgid "forecast or holdout"
msgstr "forecast（预测）或 holdout（对照组）"

msgid "planned units"
msgstr "计划数量"

msgid "suggested"
msgstr "建议"

msgid "sent"
msgstr "已发送"

msgid "partly received"
msgstr "部分收货"

msgid "received"
msgstr "已收货"

msgid "Supplier, warehouse and cycle: one order each."
msgstr "供应商、仓库与周期：各一张采购单。"

msgid "Empty: choose one before the order can be sent."
msgstr "为空：发送前须先选定供应商。"

msgid "cycle"
msgstr "盘查周期"

msgid "First day of the review period it belongs to."
msgstr "所属盘查周期的第一天。"

msgid "order by"
msgstr "最晚下单日"

msgid "Last safe day to order."
msgstr "最晚安全下单日。"

msgid "expected arrival"
msgstr "预计到货"

msgid "purchase orders"
msgstr "采购单"

msgid "purchase order transition"
msgstr "采购单状态变更"

msgid "purchase order transitions"
msgstr "采购单状态变更"

msgid "What the plan says."
msgstr "计划的建议。"

msgid "to order"
msgstr "订购件数"

msgid "What will be ordered."
msgstr "实际订购的数量。"

msgid "In the order's currency; empty where unknown."
msgstr "以采购单货币计；未知则为空。"

msgctxt "stock"
msgid "position"
msgstr "库存位置"

msgid "next unit earns"
msgstr "再订一件的收益"

msgid "Expected money of one unit more."
msgstr "再多一件的预期收益。"

msgid "lost without it"
msgstr "不订的损失"

msgid "Units lost if nothing is done."
msgstr "不采取行动时损失的件数。"

msgid "Margin lost if nothing is done."
msgstr "不采取行动时损失的毛利。"

msgid "ABC and XYZ."
msgstr "ABC 与 XYZ。"

msgid "What held the plan's number, with its price."
msgstr "限制计划数量的条件及其价格。"

msgid "What was not known: sentences."
msgstr "未知之处：以句子说明。"

msgid "Last day on which a buyer's number replaces the plan's."
msgstr "采购员的数量取代计划数量的最后一天。"

msgid "purchase order line"
msgstr "采购单明细"

msgid "purchase order lines"
msgstr "采购单明细"

msgid "Same key, same receipt."
msgstr "同一键，同一收货记录。"

msgid "receipt"
msgstr "收货记录"

msgid "receipts"
msgstr "收货记录"

msgid "Purchase orders are sent here."
msgstr "采购单发往此处。"

msgid "Promised days from order to arrival."
msgstr "从下单到到货的约定天数。"

msgid "Standard deviation of the lead time, where it is known."
msgstr "交期的标准差（如已知）。"

msgid "Days between two orders."
msgstr "两次下单之间的天数。"

msgid "Cost of placing one order."
msgstr "每次下单的费用。"

msgid "What one delivery holds, such as a container; empty: no limit."
msgstr "一次送货(如一个集装箱)的容积;留空表示不限。"

msgid "What one delivery may weigh; empty: no limit."
msgstr "一次送货的最大重量;留空表示不限。"

msgid "suppliers"
msgstr "供应商"

msgid "Smallest order in units."
msgstr "最少订购件数（起订量）。"

msgid "Ordered in multiples of it."
msgstr "按其倍数订购。"

msgid "In the supplier's currency."
msgstr "以供应商的货币计。"

msgid "Where it differs from the supplier's."
msgstr "与供应商默认值不同时填写。"

msgid "volume of a unit (ml)"
msgstr "单件体积(毫升)"

msgid "For containers and shelves; empty: takes no space in the plan."
msgstr "用于集装箱和货架;留空表示在计划中不占空间。"

msgid "From arrival to expiry; empty: keeps for ever."
msgstr "从到货到过期;留空表示不会过期。"

msgid "The plan may also order here, where that earns more."
msgstr "若能赚得更多,计划也可向此供应商订货。"

msgid "supplier item"
msgstr "供货项"

msgid "supplier items"
msgstr "供货项"

msgid "price break"
msgstr "阶梯价"

msgid "price breaks"
msgstr "阶梯价"

msgid "Receipts up to and including this day were known."
msgstr "已知截至当天(含)的收货记录。"

msgid "Orders received, at least in part."
msgstr "已收到(至少部分)的订单。"

msgid "Still awaited; they count as longer than so far."
msgstr "仍在等待;按“比目前更久”计入。"

msgid "Days at 20 equal steps of chance, shortest first."
msgstr "20 个等概率点上的天数,从短到长。"

msgid "Mean days after the promised day."
msgstr "平均比承诺日晚几天。"

msgid "Units received of the units ordered, 0 to 1."
msgstr "收到件数占订购件数的比例,0 至 1。"

msgid ""
"How much its own receipts count against those of its supplier, or of all, 0 "
"to 1."
msgstr "自身收货记录相对于其供应商或全部供应商记录的权重,0 至 1。"

msgid "lead time"
msgstr "交货期"

msgid "lead times"
msgstr "交货期"

msgid "Reorder"
msgstr "补货"

#, python-format
msgid "Reduce %(sku)s by %(percent)s %% to %(price)s until %(until)s"
msgstr "将 %(sku)s 降价 %(percent)s %% 至 %(price)s，截至 %(until)s"

#, python-format
msgid ""
"%(excess)s of %(units)s units of %(product)s are more than sells in "
"%(cover)s days. The sale sells about %(sold)s units; %(audience)s customers "
"could be told."
msgstr ""
"%(product)s 的 %(units)s 件库存中有 %(excess)s 件超出 %(cover)s 天的销量。此次促销约售出 %(sold)s"
" 件，可告知 %(audience)s 位顾客。"

#, python-format
msgid ""
"%(excess)s of %(units)s units of %(product)s would expire unsold by "
"%(until)s. The sale sells about %(sold)s units; %(audience)s customers could"
" be told."
msgstr ""
"%(product)s 的 %(units)s 件库存中有 %(excess)s 件将在 %(until)s 前未售出而过期。此次促销约售出 "
"%(sold)s 件，可告知 %(audience)s 位顾客。"

msgid "there is no forecast of this SKU yet"
msgstr "该 SKU 尚无预测"

msgid "its response to price has not been learned yet"
msgstr "尚未学到该 SKU 对价格的反应"

msgid "a price above 0 and a list price to compare it with are needed"
msgstr "需要大于 0 的价格和可比较的标价"

#, python-format
msgid "the promotion must name a share for each of the %(days)s days"
msgstr "促销必须为这 %(days)s 天的每一天给出比例"

msgid "no order line with a SKU has been sold yet"
msgstr "尚未售出过任何带 SKU 的订单明细"

msgid "reading sales"
msgstr "读取销售"

msgid "training and backtest"
msgstr "训练与回测"

msgid "forecasting"
msgstr "生成预测"

msgid "written"
msgstr "已写入"

msgid "training on the whole history"
msgstr "用全部历史训练"

msgid ""
"No stock count was ever recorded; the plan assumes 0 on hand: count it "
"first."
msgstr "从未记录过盘点；计划假定在手为 0：请先盘点。"

#, python-format
msgid ""
"No supplier is known; the plan assumes %(lead)s days of lead time and a "
"review every %(review)s days: choose a supplier."
msgstr "供应商未知；计划假定交期 %(lead)s 天、每 %(review)s 天盘查一次：请选择供应商。"

msgid "Its cost or its price is unknown, so the order shows no money for it."
msgstr "成本或售价未知，因此本单不显示金额。"

msgid "Measured: what was sold against the forecast made before it began."
msgstr "已测量：实际销量与开始前所作预测之比较。"

msgid "Not measured: no forecast was made before it began."
msgstr "未能测量：开始前没有预测。"

msgid "Its effect has been measured; the guess is history."
msgstr "其效果已经测量，原来的估计不再更改。"

#, python-format
msgid "A plan lasts 1 to %(days)s days; its last day is not before its first."
msgstr "计划须持续 1 至 %(days)s 天，且结束日不早于开始日。"

#, python-format
msgid "At most %(skus)s SKUs in one plan."
msgstr "一个计划最多 %(skus)s 个 SKU。"

msgid "Each SKU once."
msgstr "每个 SKU 只能出现一次。"

#, python-format
msgid "A number for each of the %(days)s days."
msgstr "%(days)s 天中每天须有一个数字。"

msgid ""
"Units are numbers from 0 on, low at most the mean, high at least the mean."
msgstr "数量须为不小于 0 的数字，下限不大于均值，上限不小于均值。"

msgid "A number of units is not negative."
msgstr "件数不能为负。"

msgid "Only a suggested or approved order can be changed."
msgstr "只有建议中或已批准的采购单可以修改。"

msgid "Only an open order without a supplier can get one."
msgstr "只有未指定供应商的未完成采购单可以指定供应商。"

msgid "The order has no line with units."
msgstr "采购单没有任何有件数的明细。"

msgid "The order is not approved, or is being sent right now."
msgstr "采购单未获批准，或正在发送。"

msgid "The mail could not be sent:"
msgstr "邮件未能发出："

msgid "Only an order that was sent can be received."
msgstr "只有已发送的采购单可以收货。"

#, python-format
msgid ""
"%(sku)s: %(units)s arrived, but only %(left)s are outstanding. Nothing was "
"booked."
msgstr "%(sku)s：到货 %(units)s 件，但只有 %(left)s 件未到。未登记任何入库。"

msgid "Say how many units arrived, at least one."
msgstr "请填写到货件数，至少一件。"

msgid "A line does not belong to this order."
msgstr "有一行明细不属于本采购单。"

#, python-format
msgid "An order that is %(before)s cannot become %(after)s."
msgstr "状态为“%(before)s”的采购单不能变为“%(after)s”。"

msgid "Somebody else changed the order in the meantime."
msgstr "在此期间有其他人修改了采购单。"

msgid "Choose a supplier before the order can be sent."
msgstr "发送前请先选择供应商。"

msgid "The supplier has no e-mail address."
msgstr "该供应商没有邮箱地址。"

#, python-format
msgid "Please deliver to %(warehouse)s:"
msgstr "请送货至 %(warehouse)s："

#, python-format
msgid "Purchase order %(number)s"
msgstr "采购单 %(number)s"

#, python-format
msgid "Order %(units)s units of %(lines)s SKUs from %(supplier)s"
msgstr "向 %(supplier)s 订购 %(lines)s 个 SKU，共 %(units)s 件"

#, python-format
msgid "Choose a supplier for %(lines)s SKUs that need %(units)s units"
msgstr "为 %(lines)s 个 SKU（需 %(units)s 件）选择供应商"

#, python-format
msgid ""
"%(lines)s SKUs are at or below their reorder points and %(late)s are past "
"their last safe day. First: %(sku)s has %(position)s units in stock and on "
"order, its reorder point is %(point)s."
msgstr ""
"有 %(lines)s 个 SKU 达到或低于补货点，其中 %(late)s 个已过最晚安全下单日。首个：%(sku)s 在手与在途共 "
"%(position)s 件，补货点为 %(point)s。"

msgid "A newer plan replaces it."
msgstr "已被更新的计划取代。"

msgid "The newest plan needs nothing here."
msgstr "最新计划显示此处无需补货。"

msgid "no demand forecast has been made yet"
msgstr "尚未生成需求预测"

msgid "no SKU has enough history for a forecast yet"
msgstr "尚无 SKU 有足够历史可供预测"

msgid "The order is below the supplier's minimum order value."
msgstr "采购单低于该供应商的最低订购金额。"

msgid "simulating lead-time demand"
msgstr "模拟交期需求"

msgid "planned"
msgstr "已完成计划"

msgid "Language"
msgstr "语言"

msgid "This figure is not among the facts."
msgstr "此数字不在事实之中。"

msgid "A figure written by hand: it must come from a slot."
msgstr "手写的数字：数字必须来自插槽。"

msgid "No fact fills this slot."
msgstr "没有事实可填入此插槽。"

msgid "A brace that is no slot."
msgstr "此花括号不是插槽。"

msgid "This slot stands in the wrong role."
msgstr "此插槽用在了错误的位置。"

msgid "It promises a reduction that is not among the facts."
msgstr "承诺了事实中没有的降价。"

msgid "It promises something free that is not among the facts."
msgstr "承诺了事实中没有的免费内容。"

msgid "It speaks of scarcity without a stock figure among the facts."
msgstr "事实中没有库存数字，却称存货紧张。"

msgid "It names a time that is not among the facts."
msgstr "提到了事实中没有的时间。"

msgid "It promises a delivery that is not among the facts."
msgstr "承诺了事实中没有的配送。"

msgid "It promises a guarantee that is not among the facts."
msgstr "承诺了事实中没有的保障。"

msgid "It claims popularity or praise that is not among the facts."
msgstr "宣称了事实中没有的热销或好评。"

msgid "It compares or uses a superlative without evidence."
msgstr "使用了没有依据的比较或最高级。"

msgid "It states an effect or a property that is not among the facts."
msgstr "陈述了事实中没有的功效或属性。"

msgid "A currency sign outside a price slot."
msgstr "价格插槽之外出现货币符号。"

msgid "A percentage outside a discount slot."
msgstr "折扣插槽之外出现百分比。"

msgid "A placeholder that nobody filled."
msgstr "占位符无人填写。"

msgid "An address written by hand: links come from slots."
msgstr "手写的地址：链接必须来自插槽。"

msgid "rule"
msgstr "规则"

msgid "Name"
msgstr "名称"

msgid "Expected sales, for purchasing"
msgstr "预计销量（供采购使用）"

msgid "Copy"
msgstr "文案"

msgid "Measuring"
msgstr "效果衡量"

msgid "campaign"
msgstr "营销活动"

msgid "recipients"
msgstr "收件人"

msgid "Somebody decided this already."
msgstr "已有人作出决定。"

msgid "spent"
msgstr "消费金额"

msgid "R F M scores"
msgstr "R F M 分值"

msgid "The journey cannot be written or moved like that."
msgstr "旅程不能这样编写或变更。"

msgid "Read the place and the reason in `detail`."
msgstr "请查看 `detail` 中的位置和原因。"

msgid "The campaign cannot take this step."
msgstr "该营销活动不能进行这一步。"

msgid "Read the reason in `detail`, then the campaign's state."
msgstr "请阅读 `detail` 中的原因，再查看营销活动的状态。"

msgid "Nothing waits for approval."
msgstr "没有等待批准的内容。"

msgid "The texts are being written; reload the page in a minute."
msgstr "文案正在撰写，请一分钟后刷新页面。"

#, python-format
msgid "%(count)s texts drafted."
msgstr "已起草 %(count)s 条文案。"

msgid "Chosen."
msgstr "已选用。"

msgid "Kept, but refused: it states something that no fact supports."
msgstr "已保留但未通过：其中有事实无法支持的说法。"

msgid "Saved, and every claim is proven."
msgstr "已保存，所有说法均有依据。"

#, python-format
msgid "Waiting for approval: %(what)s"
msgstr "等待批准：%(what)s"

msgid "Approved. The mails are on their way."
msgstr "已批准，邮件正在发出。"

msgid "Taken back; it is a draft again."
msgstr "已撤回，重新成为草稿。"

msgid "Paused: nothing more is sent after the mails in hand."
msgstr "已暂停：手头的邮件发完后不再发送。"

msgid "Going on with what the facts say now."
msgstr "按当前事实继续。"

msgid "Cancelled."
msgstr "已取消。"

msgid "The campaign has moved on in the meantime."
msgstr "在此期间营销活动已有进展。"

msgid "skipped"
msgstr "已跳过"

msgid "failed or unknown"
msgstr "失败或未知"

msgid "delivered"
msgstr "已送达"

msgid "bounced"
msgstr "退回"

msgid "complained"
msgstr "已投诉"

msgid "opened"
msgstr "已打开"

msgid "clicked"
msgstr "已点击"

msgid "unsubscribed"
msgstr "已退订"

msgid "cost of sending"
msgstr "发送成本"

msgid "customers written to"
msgstr "收到消息的顾客"

msgid "customers held out"
msgstr "留出组的顾客"

msgid "of them ordered, written to"
msgstr "其中下单的，收到消息"

msgid "of them ordered, held out"
msgstr "其中下单的，留出组"

msgid "orders, written to"
msgstr "订单，收到消息"

msgid "orders, held out"
msgstr "订单，留出组"

msgid "share that ordered, written to"
msgstr "下单比例，收到消息"

msgid "share that ordered, held out"
msgstr "下单比例，留出组"

msgid "revenue, written to"
msgstr "收入，收到消息"

msgid "revenue, held out"
msgstr "收入，留出组"

msgid "profit, written to"
msgstr "利润，收到消息"

msgid "profit, held out"
msgstr "利润，留出组"

msgid "units sold without a known cost"
msgstr "售出但成本未知的件数"

msgid "customers who would not have ordered"
msgstr "本不会下单的顾客"

msgid "orders brought"
msgstr "带来的订单"

msgid "revenue brought"
msgstr "带来的收入"

msgid "profit brought"
msgstr "带来的利润"

msgid "noise taken out by what was before"
msgstr "由此前行为消除的噪声"

msgid "profit after the cost of sending"
msgstr "扣除发送成本后的利润"

msgid "smallest effect that would show, per customer"
msgstr "能够测出的最小效果，每位顾客"

msgid "unsubscribes allowed"
msgstr "允许的退订率"

msgid "unsubscribed, of those reached"
msgstr "退订占送达的比例"

msgid "revenue brought by the promoted products"
msgstr "推广商品带来的收入"

msgid "revenue brought by all other products"
msgstr "其他所有商品带来的收入"

msgid "revenue brought by substitutes of the promoted"
msgstr "推广商品的替代品带来的收入"

msgid "revenue brought after the window"
msgstr "窗口之后带来的收入"

msgid "customers"
msgstr "客户"

msgid "of them ordered"
msgstr "其中下单"

msgid "share that ordered"
msgstr "下单比例"

msgid "orders"
msgstr "订单"

msgid "revenue"
msgstr "收入"

msgid "profit"
msgstr "利润"

msgid "last touch"
msgstr "末次触点"

msgid "in equal parts"
msgstr "均分"

msgid "data-driven (Markov)"
msgstr "数据驱动（马尔可夫）"

#, python-format
msgid "%(low)s to %(high)s"
msgstr "%(low)s 至 %(high)s"

msgid "the shop's name"
msgstr "店铺名称"

msgid "the greeting line, filled per customer"
msgstr "问候语，按客户填写"

msgid "the product's name"
msgstr "商品名称"

msgid "its price today, with currency"
msgstr "今日价格，含货币"

msgid "its lowest price in the 30 days before the reduction"
msgstr "降价前 30 天内的最低价格"

msgid "the reduction in per cent, with the sign"
msgstr "降价百分比，含符号"

msgid "the last day of the reduction"
msgstr "降价的最后一天"

msgid "the web address"
msgstr "网址"

msgid "journey"
msgstr "旅程"

msgid "under way"
msgstr "进行中"

msgid "finished"
msgstr "已完成"

msgid "Add the ready-made journeys"
msgstr "添加预置旅程"

#, python-format
msgid "%(count)s journeys added as drafts."
msgstr "已添加 %(count)s 个旅程草稿。"

msgid "They are all there already."
msgstr "预置旅程均已存在。"

#, python-format
msgid "Line %(line)s, column %(column)s: %(problem)s."
msgstr "第 %(line)s 行第 %(column)s 列：%(problem)s。"

#, python-format
msgid "Version %(number)s is saved; it is not live yet."
msgstr "版本 %(number)s 已保存，尚未上线。"

#, python-format
msgid "Version %(number)s is live."
msgstr "版本 %(number)s 已上线。"

msgid "Paused: nobody enters and nothing is sent."
msgstr "已暂停：无人进入，也不发送任何消息。"

msgid "It goes on."
msgstr "已继续。"

#, python-format
msgid "Stopped; %(count)s customers left it."
msgstr "已停止；%(count)s 位客户离开。"

#, python-brace-format
msgid "A cart is left alone for {minutes} minutes"
msgstr "购物车闲置 {minutes} 分钟"

#, python-brace-format
msgid "A product is looked at {views} times and left for {minutes} minutes"
msgstr "浏览某商品 {views} 次后离开 {minutes} 分钟"

#, python-format, python-brace-format
msgid ""
"A SKU that she looked at within {days} days is reduced by {percent} % or "
"more"
msgstr "客户 {days} 天内看过的 SKU 降价 {percent}% 或以上"

msgid "A SKU that she waits for can be sold to her"
msgstr "客户等候的 SKU 可以售出"

msgid "She agrees to marketing for the first time"
msgstr "客户首次同意接收营销信息"

#, python-brace-format
msgid "{days} days after an order"
msgstr "下单 {days} 天后"

#, python-brace-format
msgid "No order for {days} days"
msgstr "{days} 天未下单"

#, python-brace-format
msgid "{days} days before what she buys again and again runs out"
msgstr "常购商品用完前 {days} 天"

#, python-brace-format
msgid "{days} days before her birthday"
msgstr "生日前 {days} 天"

msgid "She leaves once she orders."
msgstr "客户下单即离开。"

msgid "She leaves once she orders what it is about."
msgstr "客户购买所涉商品即离开。"

msgid "yes"
msgstr "是"

msgid "no"
msgstr "否"

msgid "if so"
msgstr "如果是"

msgid "otherwise"
msgstr "否则"

#, python-format
msgid "%(n)s day"
msgid_plural "%(n)s days"
msgstr[0] "%(n)s 天"

#, python-format
msgid "%(n)s hour"
msgid_plural "%(n)s hours"
msgstr[0] "%(n)s 小时"

#, python-format
msgid "%(n)s minute"
msgid_plural "%(n)s minutes"
msgstr[0] "%(n)s 分钟"

#, python-format
msgid "Wait %(time)s"
msgstr "等待 %(time)s"

#, python-format
msgid "Did she open “%(step)s”?"
msgstr "是否打开了“%(step)s”？"

#, python-format
msgid "Did she follow the link in “%(step)s”?"
msgstr "是否点击了“%(step)s”中的链接？"

#, python-format
msgid "Is she in the segment “%(segment)s”?"
msgstr "是否属于细分“%(segment)s”？"

msgid "Has she ordered?"
msgstr "是否已下单？"

msgid "Has she not ordered?"
msgstr "是否尚未下单？"

msgid "“ordered_it” needs a trigger that is about products."
msgstr "“ordered_it”需要一个与商品有关的触发条件。"

msgid "There is no message in it."
msgstr "其中没有任何消息。"

msgid "A list of steps is needed."
msgstr "需要一个步骤列表。"

msgid "Branches nest four deep at most."
msgstr "分支最多嵌套四层。"

msgid "A step has exactly one of: send, wait, when."
msgstr "每个步骤必须且只能包含 send、wait、when 之一。"

msgid "40 steps at most."
msgstr "最多 40 个步骤。"

msgid "Channels are email, sms and push."
msgstr "渠道为 email、sms 和 push。"

msgid "Longer than nothing, and a year at most."
msgstr "须大于零，且最长一年。"

msgid "One condition is needed."
msgstr "需要一个条件。"

msgid "true or false is needed."
msgstr "需要 true 或 false。"

#, python-format
msgid "“%(step)s” is no message of this journey."
msgstr "“%(step)s”不是此旅程中的消息。"

msgid "A name of letters, digits and hyphens is needed."
msgstr "需要一个由字母、数字和连字符组成的名称。"

#, python-format
msgid "“%(step)s” is there twice."
msgstr "“%(step)s”出现了两次。"

#, python-format
msgid "One of: %(names)s."
msgstr "可选：%(names)s。"

#, python-format
msgid "A list of: %(names)s."
msgstr "由以下各项组成的列表：%(names)s。"

msgid "A text in one language at least is needed."
msgstr "至少需要一种语言的文案。"

#, python-format
msgid "A text of at most %(n)s characters."
msgstr "文案最多 %(n)s 个字符。"

msgid "A subject and a text are needed."
msgstr "主题和正文都必须填写。"

msgid "An object is needed."
msgstr "需要一个对象。"

#, python-format
msgid "“%(name)s” is unknown; there is %(known)s."
msgstr "“%(name)s”未知；可用的有 %(known)s。"

#, python-format
msgid "“%(name)s” is missing."
msgstr "缺少“%(name)s”。"

#, python-format
msgid "A whole number from %(least)s to %(most)s."
msgstr "须为 %(least)s 到 %(most)s 之间的整数。"

#, python-format
msgid "You get this e-mail because you agreed to news from %(shop)s."
msgstr "您收到这封邮件，是因为您同意接收 %(shop)s 的资讯。"

msgid "Unsubscribe"
msgstr "退订"

msgid "welcome back"
msgstr "欢迎回来"

msgid "second order"
msgstr "促成第二单"

msgid "announce a product"
msgstr "新品通知"

msgid "thank loyal customers"
msgstr "答谢忠实客户"

msgid "warm"
msgstr "亲切"

msgid "plain"
msgstr "朴实"

msgid "playful"
msgstr "活泼"

msgid "elegant"
msgstr "优雅"

msgid "e-mail"
msgstr "邮件"

msgid "SMS"
msgstr "短信"

msgid "push message"
msgstr "推送消息"

msgid "sending"
msgstr "发送中"

msgid "paused"
msgstr "已暂停"

msgid "a person"
msgstr "人工"

msgid "a changed fact"
msgstr "事实变化"

msgid "short stock"
msgstr "库存不足"

msgid "Same key, same campaign."
msgstr "同一键，同一营销活动。"

msgid "What the copy should say. No personal data."
msgstr "文案要表达的内容。请勿写个人数据。"

msgid "Whose voice it is."
msgstr "以谁的口吻。"

msgid "For customers whose language is unknown."
msgstr "用于语言未知的客户。"

msgid "Where the link leads. Empty: the copy has no link."
msgstr "链接指向的地址。留空则文案不含链接。"

msgid ""
"Share that gets nothing, 0 to 0.5. Without one no effect can be measured."
msgstr "不接收任何消息的比例，0 至 0.5。没有对照组就无法衡量效果。"

msgid "Why it is paused."
msgstr "暂停的原因。"

msgid "Not before this day; empty: once approved."
msgstr "不早于这一天；留空：批准后立即。"

msgid "Not before this hour of the recipient's own clock."
msgstr "不早于收件人当地的这一时刻。"

msgid "At most so many a minute; empty: as fast as it goes."
msgstr "每分钟最多这么多；留空：尽快发送。"

msgid "What the slots said when it was approved."
msgstr "批准时各插槽的内容。"

msgid "campaigns"
msgstr "营销活动"

msgid "featured SKU"
msgstr "主推 SKU"

msgid "featured SKUs"
msgstr "主推 SKU"

msgid "chosen"
msgstr "已选用"

msgid "refused by the check"
msgstr "未通过检查"

msgid "copy"
msgstr "文案"

msgid "copies"
msgstr "文案"

msgid "prospect"
msgstr "潜在客户"

msgid "new"
msgstr "新客户"

msgid "active"
msgstr "活跃"

msgid "loyal"
msgstr "忠实"

msgid "at risk"
msgstr "有流失风险"

msgid "lapsed"
msgstr "已流失"

msgid "one order only"
msgstr "仅一单"

msgid "Nothing later was read."
msgstr "此后的数据一概不读。"

msgid "Whole days since the last order; empty: no order yet."
msgstr "距上次下单的整天数；空：尚未下单。"

msgid "Orders that were not cancelled."
msgstr "未取消的订单。"

msgid "Orders less refunds, in minor units."
msgstr "订单额减去退款，以最小货币单位计。"

msgid "Whole days since the first order."
msgstr "距首次下单的整天数。"

msgid "Empty: the history is too short."
msgstr "空：历史过短。"

msgid "customer profile"
msgstr "客户画像"

msgid "customer profiles"
msgstr "客户画像"

msgid "What happened before it starts nothing."
msgstr "在此之前发生的事不会触发任何旅程。"

msgid "journeys"
msgstr "旅程"

msgid "version of a journey"
msgstr "旅程版本"

msgid "versions of journeys"
msgstr "旅程版本"

msgid "held out"
msgstr "留作对照"

msgid "left early"
msgstr "提前离开"

msgid "ordered"
msgstr "已下单"

msgid "what it was about is gone"
msgstr "所涉事项已不存在"

msgid "the journey was stopped"
msgstr "旅程已停止"

msgid "What it is about: cart, SKU, order, day."
msgstr "所涉事项：购物车、SKU、订单、日期。"

msgid "What the trigger saw."
msgstr "触发时所见。"

msgid "Next instruction."
msgstr "下一条指令。"

msgid "When the next step is due."
msgstr "下一步的到期时间。"

msgid "enrolment"
msgstr "参与记录"

msgid "enrolments"
msgstr "参与记录"

msgid "yes, no, sent, a reason."
msgstr "是、否、已发送或原因。"

msgid "visit of a step"
msgstr "步骤经过记录"

msgid "visits of steps"
msgstr "步骤经过记录"

msgid "sells from"
msgstr "销售开始日"

msgid "sells until"
msgstr "销售结束日"

msgid "expected extra units"
msgstr "预计增量（件）"

msgid "Of all SKUs over all days. Empty: what similar campaigns brought."
msgstr "全部 SKU、全部日子的合计。空：按同类活动的实际效果。"

msgid "at least"
msgstr "至少"

msgid "at most"
msgstr "至多"

msgid "plan of a campaign"
msgstr "活动计划"

msgid "plans of campaigns"
msgstr "活动计划"

msgid "The last day is not before the first."
msgstr "结束日不能早于开始日。"

msgid "Say all three, at least ≤ expected ≤ at most, or none."
msgstr "三个数须同时填写且 至少 ≤ 预计 ≤ 至多，或都不填。"

msgid "Conditions over customer fields; see the docs."
msgstr "针对客户字段的条件；参见文档。"

msgid "Kept by the night."
msgstr "由夜间任务维护。"

msgid "At the last night."
msgstr "截至上次夜间任务。"

msgid "segment"
msgstr "客群"

msgid "segments"
msgstr "客群"

msgid "The segment's rule when the list was made."
msgstr "生成名单时客群的规则。"

msgid "All members are written."
msgstr "所有成员均已写入。"

msgid "audience"
msgstr "受众"

msgid "audiences"
msgstr "受众"

msgid "Gets nothing, so that the effect can be measured."
msgstr "不接收任何消息，以便衡量效果。"

msgid "audience member"
msgstr "受众成员"

msgid "audience members"
msgstr "受众成员"

msgid "about to be sent"
msgstr "即将发送"

msgid "being handed over"
msgstr "投递中"

msgid "refused by the mail server"
msgstr "被邮件服务器拒收"

msgid "unknown: interrupted while it was handed over, not repeated"
msgstr "未知：投递时中断，不再重复"

msgid "no address"
msgstr "没有地址"

msgid "no consent"
msgstr "未同意"

msgid "suppressed"
msgstr "已屏蔽"

msgid "written to often enough"
msgstr "近期联系已够频繁"

msgid "ordered in the meantime"
msgstr "在此期间已下单"

msgid "has an open complaint"
msgstr "有未处理的投诉"

msgid "waits for a refund"
msgstr "正在等待退款"

msgid "sold out"
msgstr "售罄"

msgid "a fact that the text needs is gone"
msgstr "文案所需的事实已不存在"

msgid "its time has passed"
msgstr "已过时限"

msgid "taken back before it left"
msgstr "发出前已撤回"

msgid "Of the journey."
msgstr "所属旅程的步骤。"

msgid "What it was written in."
msgstr "所用语言。"

msgid "Where its link leads."
msgstr "链接指向何处。"

msgid "Not before; empty: at once."
msgstr "不早于；留空：立即。"

msgid "She asked for this very message: no cap counts it."
msgstr "客户主动要求此消息：不计入频次上限。"

msgid "What frequency caps count."
msgstr "频次上限据此计算。"

msgid "The provider's word."
msgstr "服务商的回报。"

msgid "First time."
msgstr "首次。"

msgid "send"
msgstr "发送"

msgid "sends"
msgstr "发送记录"

msgid "the address does not exist"
msgstr "地址不存在"

msgid "entered by a person"
msgstr "由人工录入"

msgid "suppression"
msgstr "屏蔽名单"

msgid "suppressions"
msgstr "屏蔽名单"

msgid "Audience"
msgstr "受众"

msgid "Approval"
msgstr "审批"

msgid "Sending"
msgstr "发送"

msgid "Results"
msgstr "结果"

msgid "Written to"
msgstr "已发送人数"

msgid "Holdout"
msgstr "对照组"

msgid "is"
msgstr "等于"

msgid "is not"
msgstr "不等于"

msgid "is at least"
msgstr "至少为"

msgid "is at most"
msgstr "至多为"

msgid "stage"
msgstr "生命周期阶段"

msgid "days since the last order"
msgstr "距上次下单天数"

msgid "spent in all (minor units)"
msgstr "累计消费（最小货币单位）"

msgid "days since the first order"
msgstr "距首次下单天数"

msgid "recency score"
msgstr "最近购买得分（R）"

msgid "frequency score"
msgstr "购买频次得分（F）"

msgid "monetary score"
msgstr "消费金额得分（M）"

msgid "country"
msgstr "国家/地区"

msgid "language"
msgstr "语言"

msgid "has bought SKU"
msgstr "买过 SKU"

msgid "has bought from category"
msgstr "买过类目"

#, python-format
msgid "A rule has at most %(most)s conditions."
msgstr "一条规则最多 %(most)s 个条件。"

msgid "every customer"
msgstr "所有客户"

msgid "at least one of:"
msgstr "至少满足其一："

msgid "none of:"
msgstr "均不满足："

msgid "A rule is a group or a condition."
msgstr "规则必须是一个组或一个条件。"

#, python-format
msgid "Groups nest at most %(most)s deep."
msgstr "组最多嵌套 %(most)s 层。"

msgid "A group is one of all, any, none."
msgstr "组只能是 all、any、none 之一。"

msgid "A group holds a list of conditions."
msgstr "组包含一个条件列表。"

msgid "A condition has a field, an op and a value."
msgstr "条件须有 field、op 和 value。"

#, python-format
msgid "There is no field %(field)s."
msgstr "没有名为 %(field)s 的字段。"

#, python-format
msgid "%(field)s cannot be compared by %(op)s."
msgstr "%(field)s 不能用 %(op)s 比较。"

#, python-format
msgid "%(field)s needs a whole number."
msgstr "%(field)s 需要整数。"

#, python-format
msgid "%(field)s needs a value."
msgstr "%(field)s 需要一个值。"

#, python-format
msgid "%(value)s is no %(field)s."
msgstr "%(value)s 不是有效的 %(field)s。"

#, python-format
msgid "Write to %(recipients)s customers: %(campaign)s"
msgstr "向 %(recipients)s 位客户发送：%(campaign)s"

#, python-format
msgid ""
"%(customers)s reachable customers of the segment “%(segment)s”; %(holdout)s "
"of them get nothing, so that the effect can be measured."
msgstr "客群“%(segment)s”中可触达客户 %(customers)s 位；其中 %(holdout)s 位不接收任何消息，以便衡量效果。"

#, python-format
msgid ""
"%(slot)s was %(before)s when the campaign was checked and is now %(after)s."
msgstr "%(slot)s 在营销活动检查时为 %(before)s，现在为 %(after)s。"

#, python-format
msgid ""
"%(slot)s was %(before)s when the campaign was checked and cannot be said any"
" more."
msgstr "%(slot)s 在营销活动检查时为 %(before)s，现在已不能再这样说。"

#, python-format
msgid "“%(copy)s” states something that no fact supports any more."
msgstr "“%(copy)s”中有事实已不再支持的说法。"

msgid "Only a draft can be proposed."
msgstr "只有草稿可以提交审批。"

msgid "Nobody in this segment has an address and agreed to be written to."
msgstr "此客群中没有既有地址又同意接收的客户。"

msgid "Choose a text in the campaign's own language first."
msgstr "请先选用一条营销活动本身语言的文案。"

#, python-format
msgid "“%(copy)s” states something that no fact supports."
msgstr "“%(copy)s”中有事实无法支持的说法。"

#, python-format
msgid "Sale: %(product)s"
msgstr "特惠：%(product)s"

msgid "Everybody"
msgstr "所有人"

#, python-format
msgid "Bought %(category)s"
msgstr "购买过 %(category)s"

msgid "The text is too long."
msgstr "正文过长。"

msgid "This text states something that no fact supports."
msgstr "此正文中有事实无法支持的说法。"

msgid "Only a draft can be changed: take the campaign back first."
msgstr "只有草稿可以修改：请先撤回营销活动。"

#, python-format
msgid ""
"It paid: %(net_profit)s after the cost of sending, against what the holdout "
"bought without it."
msgstr "值得：与没有收到消息的留出组相比，扣除发送成本后 %(net_profit)s。"

#, python-format
msgid ""
"It cost more than it brought: %(net_profit)s after the cost of sending, "
"against the holdout."
msgstr "得不偿失：与留出组相比，扣除发送成本后 %(net_profit)s。"

#, python-format
msgid ""
"Cannot tell whether it paid: %(net_profit)s after the cost of sending. So "
"many customers would show ±%(smallest_profit)s per customer."
msgstr ""
"无法判断是否值得：扣除发送成本后 %(net_profit)s。这么多顾客能测出每位顾客 ±%(smallest_profit)s 的差异。"

msgid ""
"Nobody was held out, so what these orders owe to the messages is unknown."
msgstr "没有留出任何人，因此这些订单有多少归功于消息无从得知。"

#, python-format
msgid ""
"Too few customers in one of the groups: %(customers_treated)s written to, "
"%(customers_holdout)s held out; 10 in each are the least."
msgstr ""
"其中一组顾客太少：收到消息 %(customers_treated)s 人，留出 %(customers_holdout)s 人；每组至少 10 人。"

#, python-format
msgid ""
"Profit is unknown: %(unknown_cost_units)s units were sold whose cost nobody "
"has entered. Revenue takes its place."
msgstr "利润未知：售出的 %(unknown_cost_units)s 件没有录入成本。以收入代替。"

msgid ""
"It is not over: these figures hold so far, and their intervals at every "
"look."
msgstr "尚未结束：这些数字截至目前有效，区间在任何时候查看都成立。"

#, python-format
msgid ""
"%(incremental_buyers)s customers ordered who would not have "
"(%(rate_treated)s against %(rate_holdout)s), %(incremental_orders)s orders "
"in all."
msgstr ""
"%(incremental_buyers)s 位顾客本不会下单却下了单（%(rate_treated)s 对 %(rate_holdout)s），共 "
"%(incremental_orders)s 个订单。"

#, python-format
msgid ""
"The promoted products brought %(incremental_featured)s, all others "
"%(incremental_others)s."
msgstr "推广商品带来 %(incremental_featured)s，其他所有商品 %(incremental_others)s。"

#, python-format
msgid ""
"Their substitutes lost sales: %(incremental_substitutes)s would have been "
"bought anyway."
msgstr "其替代品销量减少：%(incremental_substitutes)s 本来也会卖出。"

#, python-format
msgid ""
"In as many days afterwards the same customers brought "
"%(incremental_afterwards)s; a minus was only pulled forward."
msgstr "其后同样天数内，同一批顾客带来 %(incremental_afterwards)s；负数表示只是提前购买。"

#, python-format
msgid ""
"Too many left: %(unsubscribe_rate)s of those reached, more than the "
"%(unsubscribe_margin)s allowed."
msgstr "退订过多：送达者的 %(unsubscribe_rate)s，超过允许的 %(unsubscribe_margin)s。"

#, python-format
msgid ""
"Few left: %(unsubscribe_rate)s of those reached, below the "
"%(unsubscribe_margin)s allowed."
msgstr "退订很少：送达者的 %(unsubscribe_rate)s，低于允许的 %(unsubscribe_margin)s。"

#, python-format
msgid ""
"Whether too many left cannot be told yet: %(unsubscribe_rate)s of those "
"reached; %(unsubscribe_margin)s are allowed."
msgstr "退订是否过多尚无法判断：送达者的 %(unsubscribe_rate)s；允许 %(unsubscribe_margin)s。"

msgid "rows of the send log"
msgstr "发送记录的行"

msgid "e-mails sent × MARKETING_SEND_COST_MINOR"
msgstr "已发邮件数 × MARKETING_SEND_COST_MINOR"

msgid "everybody on the list, their orders and returns"
msgstr "名单上的每个人，其订单和退货"

msgid "the same, and today's unit costs"
msgstr "同上，以及今天的单位成本"

msgid "order lines whose SKU has no cost"
msgstr "SKU 没有成本的订单行"

msgid "difference per customer × customers written to"
msgstr "每位顾客的差异 × 收到消息的顾客"

msgid "the same, what she spent in the 90 days before taken out (CUPED)"
msgstr "同上，并剔除此前 90 天的消费（CUPED）"

msgid "profit brought less the cost of sending"
msgstr "带来的利润减去发送成本"

msgid "1 − variance with what was before taken out ÷ without"
msgstr "1 − 剔除此前行为后的方差 ÷ 未剔除"

msgid "shown in 4 of 5 such campaigns"
msgstr "5 次此类活动中有 4 次能测出"

msgid "unsubscribed ÷ sent, Wilson's interval"
msgstr "退订 ÷ 已发送，威尔逊区间"

msgid "a rule, the same for every campaign"
msgstr "规则，对每个活动相同"

msgid "order lines by SKU, refunds not taken off"
msgstr "按 SKU 的订单行，未扣退款"

msgid "revenue of as many days after the window (CUPED)"
msgstr "窗口之后同样天数的收入（CUPED）"

#, python-format
msgid ""
"From %(similar)s measured campaigns of this goal, %(campaigns)s in all: "
"+%(mean)s %% of what sells anyway (80 %%: +%(low)s to +%(high)s %%)."
msgstr ""
"依据 %(similar)s 个同目标的已测量活动（共 %(campaigns)s 个）：比平常多卖 +%(mean)s %%（80 "
"%%：+%(low)s 至 +%(high)s %%）。"

#, python-format
msgid "Entered by hand: %(mean)s units in all (%(low)s to %(high)s)."
msgstr "人工填写：合计 %(mean)s 件（%(low)s 至 %(high)s）。"

#, python-format
msgid ""
"No campaign has been measured yet, so nothing is planned for: it could bring"
" nothing or +%(high)s %% of what sells anyway (80 %%). Enter what you "
"expect, or wait for the first result."
msgstr "尚无已测量的活动，因此未计入计划：可能毫无增量，也可能多卖 +%(high)s %%（80 %%）。请填写您的预计，或等待首个结果。"

msgid "None of its SKUs has a demand forecast yet, so nothing is planned for."
msgstr "其 SKU 均尚无需求预测，因此未计入计划。"

#, python-format
msgid "There is no segment “%(code)s”."
msgstr "没有细分“%(code)s”。"

msgid "This version belongs to another journey."
msgstr "此版本属于另一个旅程。"

msgid "Only a live journey can be paused."
msgstr "只能暂停已上线的旅程。"

msgid "Only a paused journey can be resumed."
msgstr "只能恢复已暂停的旅程。"

#, python-format
msgid "%(step)s, %(language)s: “%(words)s”. %(why)s"
msgstr "%(step)s，%(language)s：“%(words)s”。%(why)s"

#, python-format
msgid ""
"%(customers)s reachable customers used to come back, half of them within "
"%(typical)s days, and have been silent for more than %(border)s: four of "
"five who ever return had done so by then."
msgstr ""
"有 %(customers)s 位可触达客户以往会复购，半数在 %(typical)s 天内，如今已沉寂超过 %(border)s "
"天：最终复购的客户中五分之四在此之前就已回来。"

#, python-format
msgid ""
"%(customers)s reachable customers ordered once within the last %(border)s "
"days; half of those who come back do so within %(typical)s days."
msgstr ""
"有 %(customers)s 位可触达客户在最近 %(border)s 天内下过一单；会复购的客户半数在 %(typical)s 天内复购。"

msgid "the segment is empty"
msgstr "客群为空"

msgid "no bestseller is in stock and has a price"
msgstr "没有既有库存又有价格的畅销品"

msgid "no text passed the check"
msgstr "没有文案通过检查"

msgid "draft kept: too few customers have an address and agreed"
msgstr "草稿已保留：有地址且同意接收的客户太少"

msgid ""
"Nobody was held out, so what these orders owe to the campaign is unknown."
msgstr "没有设对照组，因此无从得知这些订单有多少归功于营销活动。"

#, python-format
msgid ""
"Too few customers in one of the groups (%(fewest)s, at least %(least)s "
"needed)."
msgstr "其中一组客户太少（%(fewest)s 位，至少需要 %(least)s 位）。"

#, python-format
msgid "Too early: orders count until %(until)s."
msgstr "为时尚早：订单统计至 %(until)s。"

#, python-format
msgid ""
"It worked: %(difference)s points more customers ordered than in the holdout "
"(95 %% interval %(low)s to %(high)s)."
msgstr "有效：下单客户比对照组多 %(difference)s 个百分点（95%% 置信区间 %(low)s 至 %(high)s）。"

#, python-format
msgid ""
"It did harm: %(difference)s points fewer customers ordered than in the "
"holdout (95 %% interval %(low)s to %(high)s)."
msgstr "有害：下单客户比对照组少 %(difference)s 个百分点（95%% 置信区间 %(low)s 至 %(high)s）。"

#, python-format
msgid ""
"Cannot tell: the difference is %(difference)s points (95 %% interval %(low)s"
" to %(high)s); the smallest effect this many customers would show is "
"±%(smallest)s points."
msgstr ""
"无法判断：差异为 %(difference)s 个百分点（95%% 置信区间 %(low)s 至 %(high)s）；以这些客户数，能测出的最小效果为 "
"±%(smallest)s 个百分点。"

#, python-format
msgid ""
"%(sku)s: %(messages)s messages bring about %(expected)s orders that are "
"still to come, and %(available)s units are available. It goes on once there "
"are enough."
msgstr ""
"%(sku)s：%(messages)s 条消息预计还会带来约 %(expected)s 个订单，而可售仅 %(available)s "
"件。库存充足后自动继续。"

msgid "Send a campaign"
msgstr "发送营销活动"

msgid "Refresh customer segments"
msgstr "刷新客户分群"

msgid "Draft copy"
msgstr "起草文案"

msgid "Steps of the campaign"
msgstr "营销活动步骤"

msgid "This campaign was cancelled."
msgstr "此营销活动已取消。"

msgid "profit, cannibalisation, attribution"
msgstr "利润、自相蚕食、归因"

#, python-format
msgid ""
"Revenue that the campaign brought: ≈ %(v)s (95 %% interval %(l)s to %(h)s)."
msgstr "营销活动带来的销售额：≈ %(v)s（95%% 置信区间 %(l)s 至 %(h)s）。"

msgid "Ordered"
msgstr "已下单"

msgid "Share"
msgstr "比例"

msgid "Per customer"
msgstr "每位客户"

#, python-format
msgid ""
"Orders within %(n)s days of the start count, until %(u)s, of everybody on "
"the list, written to or skipped."
msgstr "统计开始后 %(n)s 天内（至 %(u)s）名单上所有人的订单，无论已发送还是已跳过。"

msgid "Sends"
msgstr "发送记录"

msgid "The newest recipients"
msgstr "最近的收件人"

msgid "Customer"
msgstr "客户"

msgid "Reason"
msgstr "原因"

msgid "Sent"
msgstr "发送时间"

msgid "Opened"
msgstr "打开时间"

msgid "Clicked"
msgstr "点击时间"

msgid "On the frozen list"
msgstr "冻结名单人数"

msgid "Customers in the segment now"
msgstr "客群当前客户数"

msgid "Get the message"
msgstr "将收到消息"

msgid "Have an address and agreed"
msgstr "有地址且同意接收"

msgid "Held out, to measure the effect"
msgstr "对照组，用来衡量效果"

msgid "Held out"
msgstr "对照组"

msgid "When"
msgstr "时间"

msgid "at once after approval"
msgstr "批准后立即"

msgid "Cost of sending"
msgstr "发送费用"

msgid "Expected"
msgstr "预期"

#, python-format
msgid "≈ %(v)s (80 %%: %(l)s to %(h)s)"
msgstr "≈ %(v)s（80%% 区间：%(l)s 至 %(h)s）"

msgid ""
"no figure: no earlier campaign of this goal was measured against a holdout"
msgstr "无数据：此前没有同一目标的营销活动与对照组比较过"

#, python-format
msgid ""
"%(n)s people get this message at once. A mail that left cannot be called "
"back; what has not left yet can be paused."
msgstr "%(n)s 人会立即收到此消息。已发出的邮件无法收回；尚未发出的可以暂停。"

#, python-format
msgid "Yes, write to %(n)s people"
msgstr "确认，发送给 %(n)s 人"

msgid "Take back and change"
msgstr "撤回并修改"

msgid "Cancel the campaign"
msgstr "取消营销活动"

msgid "change goal, segment, products, tone"
msgstr "修改目标、客群、商品、语气"

msgid "edited"
msgstr "已编辑"

msgid "Templates were used:"
msgstr "使用了模板："

msgid "Choose"
msgstr "选用"

msgid "Edit"
msgstr "编辑"

msgid "Subject"
msgstr "主题"

msgid "Text"
msgstr "正文"

msgid "Save and check"
msgstr "保存并检查"

msgid "No text yet. Let a few be drafted and compare them side by side."
msgstr "还没有文案。先起草几条，并排比较。"

msgid "Green"
msgstr "绿色"

msgid "filled from the catalogue or proven by it; hover for the source."
msgstr "由商品目录填入或可由其证实；悬停查看来源。"

msgid "Red"
msgstr "红色"

msgid "nothing proves it, so it cannot be sent."
msgstr "没有任何依据，因此不能发送。"

msgid "What may be said"
msgstr "可以说的内容"

msgid "Freeze the audience and ask for approval"
msgstr "冻结受众并提交审批"

msgid "Draft more texts"
msgstr "再起草几条"

msgid "Pause"
msgstr "暂停"

msgid "Go on with today's facts"
msgstr "按今日事实继续"

msgid "Back"
msgstr "返回"

msgid "Effect report"
msgstr "效果报告"

msgid "final"
msgstr "最终"

msgid "Export CSV"
msgstr "导出 CSV"

msgid "Nothing was sent yet, so there is no effect to measure."
msgstr "尚未发送任何消息，没有效果可以衡量。"

msgid "Verdict"
msgstr "结论"

msgid "What it caused"
msgstr "它带来了什么"

msgid "Estimate"
msgstr "估计"

#, python-format
msgid "95 %% interval"
msgstr "95 %% 区间"

#, python-format
msgid "95 %% interval, at every look"
msgstr "95 %% 区间，随时查看均成立"

msgid "Computed from"
msgstr "计算依据"

msgid "Where it came from"
msgstr "来自哪里"

msgid "What was counted"
msgstr "计数结果"

#, python-format
msgid ""
"Everybody on the list counts, written to or skipped. Orders count until "
"%(u)s. Revenue is without taxes, after discounts and refunds; profit is "
"revenue less today's unit costs."
msgstr "名单上的每个人都计入，无论收到还是跳过。订单计至 %(u)s。收入不含税，已扣折扣和退款；利润为收入减去今天的单位成本。"

msgid "By convention"
msgstr "按惯例归因"

#, python-format
msgid ""
"These models share out the orders of whoever clicked in the last %(d)s days."
" They do not know who would have ordered anyway; the effect above does."
msgstr "这些模型分配最近 %(d)s 天内点击者的订单。它们不知道谁本来就会下单；上面的效果知道。"

msgid "There were more clicks than can be read; the oldest are left out."
msgstr "点击多于可读取的数量，最早的未计入。"

msgid "Model"
msgstr "模型"

msgid "Share of all"
msgstr "占全部比例"

#, python-format
msgid "version %(n)s is live"
msgstr "版本 %(n)s 在线"

msgid "name and holdout"
msgstr "名称与对照组"

msgid "Nobody has entered yet."
msgstr "尚无人进入。"

#, python-format
msgid "Version %(n)s"
msgstr "版本 %(n)s"

msgid "No version yet"
msgstr "尚无版本"

msgid "Steps"
msgstr "步骤"

msgid "Go live"
msgstr "上线"

msgid ""
"From now on customers enter, and messages leave by themselves. Who is under "
"way ends on the version on which she began."
msgstr "从现在起客户会进入旅程，消息将自动发出。进行中的客户按其开始时的版本走完。"

#, python-format
msgid "Let version %(n)s go live"
msgstr "让版本 %(n)s 上线"

msgid "Resume"
msgstr "继续"

msgid "Stop"
msgstr "停止"

msgid ""
"Everybody who is under way leaves, and what waits is not sent. This cannot "
"be taken back."
msgstr "所有进行中的客户都会离开，等待中的消息不再发送。此操作无法撤销。"

msgid "Stop the journey"
msgstr "停止旅程"

msgid "Change it"
msgstr "修改"

msgid ""
"The definition; docs/journeys.md names every word. Saving makes a new "
"version and changes nothing that is live."
msgstr "旅程定义；各字段见 docs/journeys.md。保存会生成新版本，不影响线上版本。"

msgid "Save as a new version"
msgstr "保存为新版本"

msgid "Versions"
msgstr "版本"

msgid "Newest customers"
msgstr "最新客户"

msgid "About"
msgstr "对象"

msgid "Entered"
msgstr "进入时间"

msgid "Next step"
msgstr "下一步"

msgid "This rule has groups inside groups; it is edited as JSON."
msgstr "此规则含有嵌套的组，请以 JSON 编辑。"

msgid "How the conditions combine"
msgstr "条件如何组合"

msgid "Field"
msgstr "字段"

msgid "Comparison"
msgstr "比较"

msgid "Value"
msgstr "值"

msgid "Who this is"
msgstr "包含哪些客户"

msgid "Choose a field to see who meets the rule."
msgstr "选择一个字段，查看哪些客户符合规则。"

msgid "Customers now"
msgstr "当前客户数"

msgid "Reachable by e-mail, with consent"
msgstr "可通过邮件触达且已同意"

msgid "Stage"
msgstr "生命周期阶段"

msgid "Spent"
msgstr "累计消费"

msgid "Days since the last order"
msgstr "距上次下单天数"

msgid "Ten of them, the newest customers first."
msgstr "显示其中十位，最新客户在前。"

msgid ""
"No customer meets this rule. Loosen a condition, or run the night so that "
"profiles are up to date."
msgstr "没有客户符合此规则。请放宽条件，或运行夜间任务以更新客户画像。"

msgid "You are unsubscribed."
msgstr "您已退订。"

#, python-format
msgid "We will not send marketing e-mails to %(email)s any more."
msgstr "我们不会再向 %(email)s 发送营销邮件。"

msgid "Unsubscribe?"
msgstr "要退订吗？"

#, python-format
msgid ""
"We will stop sending marketing e-mails to %(email)s. Messages about your "
"orders still arrive."
msgstr "我们将不再向 %(email)s 发送营销邮件。有关您订单的消息仍会送达。"

msgid "Yes, unsubscribe me"
msgstr "确认退订"

msgid "all of these"
msgstr "全部满足"

msgid "at least one of these"
msgstr "至少满足其一"

msgid "none of these"
msgstr "均不满足"

msgid "Address"
msgstr "地址"

msgid "Kinds"
msgstr "类型"

msgid "Choose none to hear of every kind, also of those that come later."
msgstr "一个都不选，则接收所有类型，包括以后新增的类型。"

msgid "Hours for which deliveries are signed with the old secret too"
msgstr "旧密钥继续参与签名的小时数"

msgid "Rotate secret"
msgstr "更换密钥"

msgid "Send a test message"
msgstr "发送测试消息"

msgid "It goes to this webhook only, signed like every other."
msgstr "只发给这个 Webhook，签名方式与其他消息相同。"

msgid "Send"
msgstr "发送"

msgid "The test message is on its way; its delivery tells what came back."
msgstr "测试消息已发出；对方的答复见其投递记录。"

msgid "Send given up again"
msgstr "重发已放弃的"

msgid "Send again what was given up"
msgstr "重发已放弃的消息"

msgid "Every delivery to this webhook that was given up starts anew."
msgstr "发往这个 Webhook、已被放弃的投递全部重新开始。"

msgid "Send again"
msgstr "重发"

#, python-format
msgid "%d deliveries are sent again."
msgstr "正在重发 %d 条投递。"

msgid "Switch on or off"
msgstr "启用或停用"

msgid ""
"Switched off, what waits is given up and new messages are kept to be sent "
"later by hand. Switched on, new messages are delivered again."
msgstr "停用后，等待中的投递将被放弃，新消息会保留，以后可手动发送。启用后，新消息恢复投递。"

msgid "Switch"
msgstr "切换"

msgid "The webhook is off."
msgstr "Webhook 已停用。"

msgid "The webhook is on."
msgstr "Webhook 已启用。"

msgid "webhook"
msgstr "Webhook"

msgid "hears of"
msgstr "接收类型"

msgid "every kind"
msgstr "所有类型"

msgid "off"
msgstr "已停用"

msgid "failing"
msgstr "投递失败中"

msgid "on"
msgstr "已启用"

#, python-format
msgid "since %s"
msgstr "自 %s 起"

msgid "waiting"
msgstr "待处理"

msgid "given up"
msgstr "已放弃"

msgid "The receiver sees the same event id and can tell that it knows it."
msgstr "接收方看到相同的事件 ID，能认出是重复消息。"

msgid "message"
msgstr "消息"

msgid "last answer"
msgstr "最近答复"

msgid "delivered or next attempt"
msgstr "送达或下次尝试"

msgid "event id"
msgstr "事件 ID"

msgid "payload"
msgstr "内容"

msgid "The webhook cannot be used like that."
msgstr "Webhook 不能这样设置。"

msgid ""
"Read the reason in `detail`; docs/webhooks.md lists the kinds and what an "
"address must be."
msgstr "原因见 `detail`；类型和地址要求见 docs/webhooks.md。"

msgid "Same key, same message."
msgstr "同一键，同一消息。"

msgid "Empty until the courier has seen it."
msgstr "投递程序处理之前为空。"

msgid "messages"
msgstr "消息"

msgid "address"
msgstr "地址"

msgid "description"
msgstr "说明"

msgid "kinds"
msgstr "类型"

msgid "Empty: every kind."
msgstr "留空：所有类型。"

msgid "why it is off"
msgstr "停用原因"

msgid "The first failure since a success."
msgstr "上次成功之后的首次失败。"

msgid "webhooks"
msgstr "Webhook"

msgid "attempts"
msgstr "尝试次数"

msgid "next attempt"
msgstr "下次尝试"

msgid "Fences a lost courier."
msgstr "防止失联的投递程序继续写入。"

msgid "last error"
msgstr "最近错误"

msgid "delivery"
msgstr "投递"

msgid "deliveries"
msgstr "投递"

msgid "The last number it gave."
msgstr "最近发出的序号。"

msgid "courier"
msgstr "投递程序"

msgid "couriers"
msgstr "投递程序"

msgid "This webhook is off. Switch it on first."
msgstr "这个 Webhook 已停用，请先启用。"

msgid "No delivery has succeeded for days."
msgstr "连续多日没有一次投递成功。"

msgid "The webhook was off."
msgstr "当时 Webhook 已停用。"

#, python-format
msgid "There is no such kind: %s."
msgstr "没有这种类型：%s。"

msgid "The secret was rotated by somebody else; reload the page."
msgstr "密钥已被他人更换，请刷新页面。"

msgid "test message"
msgstr "测试消息"

msgid "The answer did not come in time."
msgstr "未在时限内收到答复。"

msgid "The address is not on the public internet."
msgstr "该地址不在公共互联网上。"

msgid "The address must begin with https://."
msgstr "地址必须以 https:// 开头。"

msgid "This is no web address."
msgstr "这不是网址。"

msgid "Placement"
msgstr "推荐位"

msgid "From"
msgstr "起"

msgid "Take part, %"
msgstr "参与，%"

msgid "Unsubscribes borne, points"
msgstr "可承受的退订，百分点"

msgid "Shares"
msgstr "份额"

msgid "Judged by"
msgstr "评判依据"

msgid "What it is to find out"
msgstr "它要查明什么"

msgid "Layer"
msgstr "层"

msgid "People planned"
msgstr "计划人数"

msgid "One figure, chosen before it begins."
msgstr "一个指标，开始前选定。"

msgid "In all arms: the interval is tightest there."
msgstr "所有组合计：区间在此处最窄。"

msgid "Arm"
msgstr "分组"

msgid "Variety"
msgstr "多样性"

msgid "Margin"
msgstr "毛利"

msgid "Trying out"
msgstr "试探"

msgid "with rules"
msgstr "带规则"

msgid "without rules"
msgstr "不带规则"

msgid "placement"
msgstr "推荐位"

msgid "New experiment"
msgstr "新实验"

msgid "It runs. Each person keeps her arm until it ends."
msgstr "实验进行中。每人在结束前保持其分组。"

msgid "Stopped: everybody gets the placement's settings."
msgstr "已停止：所有人使用推荐位的设置。"

msgid "The first click is still being saved: look at the list."
msgstr "第一次点击仍在保存：请看列表。"

msgid "as it is"
msgstr "保持原样"

msgid "Days without what was bought"
msgstr "已购商品不再推荐的天数"

msgid "0 %: by score alone. 100 %: as unlike as can be."
msgstr "0 %：只按得分。100 %：尽可能不同。"

msgid "How much of the score is money earned per unit."
msgstr "得分中每件毛利所占比重。"

msgid ""
"Share of answers that try other products. Without some, no other model can "
"be judged by what was shown."
msgstr "尝试其他商品的回答占比。没有试探，就无法用已展示的内容评判其他模型。"

msgid "Empty: what was bought is never offered again."
msgstr "空：买过的不再推荐。"

msgid ""
"Somebody changed this placement meanwhile. Load the page and try again."
msgstr "期间有人改动了此推荐位。请重新载入页面后再试。"

msgid "sources"
msgstr "来源"

#, python-format
msgid "%(name)s: saved, and counts from now on."
msgstr "%(name)s：已保存，即刻生效。"

msgid "first reason"
msgstr "首要理由"

msgid "A day is written like 2026-03-02."
msgstr "日期写作 2026-03-02。"

msgid "An amount like 12.50."
msgstr "金额写作 12.50。"

msgid "Not below zero."
msgstr "不得小于零。"

msgid "Everywhere"
msgstr "所有推荐位"

msgid "Where"
msgstr "位置"

msgid "Category"
msgstr "类目"

msgid "Brand"
msgstr "品牌"

msgid "Attribute"
msgstr "属性"

msgid "Price from"
msgstr "价格下限"

msgid "Price to"
msgstr "价格上限"

msgid "What"
msgstr "内容"

msgid "Place"
msgstr "名次"

msgid "Times"
msgstr "倍数"

msgid "Switched on"
msgstr "启用"

msgid "Why"
msgstr "原因"

msgid "Try on"
msgstr "试用对象"

msgid "Customer numbers"
msgstr "客户编号"

msgid "Empty: five customers drawn at random."
msgstr "空：随机抽取五位客户。"

msgid "SKU of the page"
msgstr "页面的 SKU"

msgid "Empty: what sells best."
msgstr "空：最畅销的。"

msgid "over"
msgstr "已结束"

msgid "not yet"
msgstr "未开始"

msgid "says"
msgstr "说明"

msgid "conflicts"
msgstr "冲突"

msgid "Switch on"
msgstr "启用"

msgid "Switch off"
msgstr "停用"

#, python-format
msgid "%(count)s switched."
msgstr "已切换 %(count)s 条。"

msgid "New rule"
msgstr "新规则"

msgid "This rule"
msgstr "本规则"

msgid "The first click is still being saved: here is the list."
msgstr "第一次点击仍在保存：这是列表。"

#, python-format
msgid "“%(rule)s” is saved and counts from now on."
msgstr "“%(rule)s”已保存，即刻生效。"

msgid "against its baseline"
msgstr "与基线相比"

msgid "verdict"
msgstr "结论"

msgid "It is on its way; load this page again for its result."
msgstr "正在进行；重新载入页面查看结果。"

msgid "what was shown"
msgstr "实际展示"

#, python-format
msgid "There is no customer %(codes)s."
msgstr "没有客户 %(codes)s。"

msgid "Customer number"
msgstr "客户编号"

msgid "Visitor"
msgstr "访客"

msgid "The page's SKU, or the cart's SKUs with commas between."
msgstr "页面的 SKU；购物车则填多个 SKU，以逗号分隔。"

msgid "Order number"
msgstr "订单号"

msgid "After the purchase: instead of SKUs."
msgstr "购买之后：代替 SKU。"

msgid "There is no customer with this number."
msgstr "没有此编号的客户。"

msgid "This placement needs a SKU."
msgstr "此推荐位需要一个 SKU。"

msgid "0.005 is half a point."
msgstr "0.005 为半个百分点。"

msgid "The experiment cannot take this step."
msgstr "实验不能走这一步。"

msgid "Read the reason in `detail`, then the experiment's state."
msgstr "请先看 `detail` 中的原因，再看实验的状态。"

msgid "Too many people for this figure: profit is added up in the database."
msgstr "此指标的人数过多：利润在数据库中汇总。"

msgid "First day; the last 28 full days if empty."
msgstr "首日；留空为最近 28 个整天。"

msgid "Last day, included."
msgstr "末日，含当日。"

msgid "null: not known, which is not 0."
msgstr "null：未知，并不等于 0。"

#, python-format
msgid "Of the 95 % interval."
msgstr "95 % 区间的端点。"

msgid "In as many days before."
msgstr "此前同样天数内。"

msgid "SKUs without a unit cost."
msgstr "没有单位成本的 SKU。"

msgid "Events that counted nowhere."
msgstr "未计入任何地方的事件。"

msgid "Empty: both."
msgstr "空：两者。"

msgid "Empty: every placement."
msgstr "空：所有推荐位。"

msgid "One of them must fit."
msgstr "须符合其中之一。"

msgid "Its code; with all that lies below it."
msgstr "其编码；含所有下级。"

msgid "Its code."
msgstr "其编码。"

msgid "Of a pin."
msgstr "用于固定。"

msgid "Of boost (above 1) and bury (below 1)."
msgstr "用于提升（大于 1）与压低（小于 1）。"

msgid "The rule in words."
msgstr "规则的文字表述。"

msgid "What is wrong and what to do."
msgstr "问题与处理办法。"

msgid "Whether the rule does not do what it says."
msgstr "规则是否未如其所言。"

msgid "The other rule."
msgstr "另一条规则。"

msgid "There is none with this code."
msgstr "没有此编码。"

msgid "Printable characters only."
msgstr "只能使用可打印字符。"

#, python-format
msgid "At most %(most)s SKUs."
msgstr "最多 %(most)s 个 SKU。"

msgid "The customer's code."
msgstr "客户编码。"

msgid "The browser's id."
msgstr "浏览器标识。"

msgid ""
"The visit's id: of a visitor who is no customer yet only this visit counts, "
"once something is known of it."
msgstr "本次访问的编号：尚非客户的访客，一旦有所了解，只计本次访问。"

msgid "After an order: its number; what goes with its goods is shown."
msgstr "下单之后：订单号；展示与所购商品搭配的商品。"

msgid ""
"The channel's code: its own prices count beside those for all channels."
msgstr "渠道编码：除通用价格外也采用该渠道的价格。"

msgid "SKUs not to offer."
msgstr "不要推荐的 SKU。"

msgid "This placement needs an order, or SKUs."
msgstr "此推荐位需要订单或 SKU。"

msgid "Send it back with impressions and clicks."
msgstr "请随曝光和点击一并传回。"

msgid "There is no such channel."
msgstr "没有此渠道。"

#, python-format
msgid "%(metric)s of each training against its baseline"
msgstr "每次训练的 %(metric)s 与其基线"

msgid "model"
msgstr "模型"

msgid "baseline"
msgstr "基线"

msgid "Product keys, best first."
msgstr "商品键，最佳在前。"

msgid "published list"
msgstr "已发布列表"

msgid "published lists"
msgstr "已发布列表"

msgid "Nothing at or after it was read."
msgstr "此刻及之后的都未读取。"

msgid "When the reading began, by our clock."
msgstr "按我方时钟，读取开始的时间。"

msgid "publication of lists"
msgstr "列表发布"

msgid "publications of lists"
msgstr "列表发布"

msgid "In order, the fallbacks last; empty: the usual."
msgstr "按顺序，后备在最后；空：默认。"

msgid "0: by score alone; 1: as unlike as can be."
msgstr "0：只按得分；1：尽可能不同。"

msgid "Share of answers that try something else."
msgstr "尝试其他商品的回答所占比例。"

msgid "How much of the score is money earned."
msgstr "得分中毛利所占的比重。"

msgid "How long what was bought is not offered; empty: ever."
msgstr "已购商品多少天内不再推荐；空：永远。"

msgid "placements"
msgstr "推荐位"

#, python-format
msgid "No such placement. One of: %s."
msgstr "没有此推荐位。可选：%s。"

msgid "A list of sources, e.g. [\"popular\"]."
msgstr "来源列表，例如 [\"popular\"]。"

#, python-format
msgid "No such source: %(unknown)s. There are: %(known)s."
msgstr "没有此来源：%(unknown)s。可选：%(known)s。"

msgid "Each source once."
msgstr "每个来源一次。"

msgid "pin to a position"
msgstr "固定到位置"

msgid "boost"
msgstr "提升"

msgid "bury"
msgstr "压低"

msgid "offer only"
msgstr "只推荐"

msgid "never offer"
msgstr "从不推荐"

msgid "SKUs; one of them must fit."
msgstr "SKU；须符合其中之一。"

msgid "Of a pin: 1 is the first."
msgstr "固定位置：1 为第一位。"

msgid "Of boost and bury: what the score is multiplied by."
msgstr "提升与压低：得分所乘的系数。"

msgid "rules"
msgstr "规则"

msgid "recommendation"
msgstr "推荐"

msgid "recommendations"
msgstr "推荐"

msgid "recommender scorecard"
msgstr "推荐模型成绩单"

msgid "recommender scorecards"
msgstr "推荐模型成绩单"

msgid "Recommendation"
msgstr "推荐"

msgid "Click rate"
msgstr "点击率"

msgid "of what was seen"
msgstr "占看到的次数"

msgid "Bought"
msgstr "购买"

#, python-format
msgid "of what was seen, within %(days)s days by the same person"
msgstr "占看到的次数，同一人 %(days)s 天内"

msgid "Revenue per 1,000 seen"
msgstr "每千次曝光收入"

msgid "after discounts, without taxes"
msgstr "折后，不含税"

msgid "Margin per 1,000 seen"
msgstr "每千次曝光毛利"

msgid "revenue less today's unit cost"
msgstr "收入减去当前单位成本"

msgid "Range shown"
msgstr "展示范围"

msgid "of the products on sale; counted, so without an interval"
msgstr "占在售商品；为实数，故无区间"

msgid "Novelty"
msgstr "新颖度"

msgid "bits; 10 means that one buyer in 1,024 knew it"
msgstr "比特；10 表示 1,024 位买家中有一位知道它"

msgid "people who saw something"
msgstr "看到推荐的人数"

msgid "products seen"
msgstr "看到的商品次数"

msgid ""
"name no receipt. Send the answer's `receipt` in the event's properties."
msgstr "没有写明推荐单。请在事件的 properties 中带上回答里的 `receipt`。"

msgid ""
"name a receipt that is not here. Send it as it was answered; old ones are "
"deleted."
msgstr "写明的推荐单不存在。请原样发送；旧的会被删除。"

msgid ""
"name a product that this answer did not hold. Send the SKU of the item."
msgstr "写明的商品不在该回答中。请发送该条目的 SKU。"

msgid "more"
msgstr "更多"

msgid "less"
msgstr "更少"

msgid "cannot tell"
msgstr "无法判断"

msgid "unknown"
msgstr "未知"

msgid "without a brand"
msgstr "无品牌"

#, python-format
msgid "Enter the unit cost of: %(skus)s."
msgstr "请填写单位成本：%(skus)s。"

msgid "Nobody had bought anything in the 90 days before."
msgstr "此前 90 天无人购买。"

msgid "Fewer than five people bought: too few for an interval."
msgstr "购买者不足五人：不足以给出区间。"

#, python-format
msgid "%(n)s points"
msgstr "%(n)s 个百分点"

msgid "everywhere"
msgstr "所有推荐位"

msgid " and "
msgstr "且"

msgid "everything"
msgstr "所有商品"

#, python-format
msgid "%(place)s: %(action)s %(what)s%(when)s."
msgstr "%(place)s：%(action)s %(what)s%(when)s。"

#, python-format
msgid "pin to place %(n)s"
msgstr "固定到第 %(n)s 位"

#, python-format
msgid " and %(n)s more"
msgstr " 等另外 %(n)s 个"

#, python-format
msgid "SKU %(skus)s"
msgstr "SKU %(skus)s"

#, python-format
msgid "category %(name)s"
msgstr "类目 %(name)s"

#, python-format
msgid "brand %(name)s"
msgstr "品牌 %(name)s"

#, python-format
msgid "%(name)s = %(value)s"
msgstr "%(name)s = %(value)s"

#, python-format
msgid "price %(low)s to %(high)s"
msgstr "价格 %(low)s 至 %(high)s"

#, python-format
msgid "price from %(low)s"
msgstr "价格 %(low)s 起"

#, python-format
msgid "price up to %(high)s"
msgstr "价格至 %(high)s"

#, python-format
msgid ", from %(a)s until %(b)s"
msgstr "，%(a)s 至 %(b)s"

#, python-format
msgid ", from %(a)s on"
msgstr "，%(a)s 起"

#, python-format
msgid ", until %(b)s"
msgstr "，至 %(b)s"

msgid "not on sale"
msgstr "未在售"

msgid "sale stopped"
msgstr "已停售"

msgid "nothing available"
msgstr "无可售库存"

msgid "no price"
msgstr "无价格"

msgid "No model serves that knows persons apart."
msgstr "没有能区分个人的模型在服务。"

msgid ""
"The lists of the model that serves are not written yet: the night does that."
msgstr "服务中的模型的列表尚未写入：夜间会写入。"

msgid "The model and what it reads are the same as at the last time."
msgstr "模型及其所读数据与上次相同。"

#, python-format
msgid ""
"Nothing was tried out here in 28 days. Set “Trying out” above 0 %% on the "
"placement; a few weeks later models can be compared before anybody is shown "
"them."
msgstr "28 天内这里没有试探。请在推荐位上将“试探”设为大于 0 %%；几周后即可在展示给任何人之前比较模型。"

#, python-format
msgid ""
"%(found)s slots carry no probability: they were shown by an older version. "
"Wait until its answers are out of the 28 days."
msgstr "%(found)s 个展位没有概率：由旧版本展示。请等其回答移出 28 天。"

#, python-format
msgid ""
"%(found)s people saw something that was tried out, at least %(needed)s are "
"needed."
msgstr "%(found)s 人看到过试探内容，至少需要 %(needed)s 人。"

#, python-format
msgid ""
"What was tried out agrees with this model in too few places: it is worth "
"%(found)s slots, at least %(needed)s are needed. Wait, or try out more."
msgstr "试探内容与此模型一致之处太少：相当于 %(found)s 个展位，至少需要 %(needed)s 个。请等待或增加试探。"

#, python-format
msgid ""
"This model mostly shows what was never tried here (%(found)s of it was, at "
"least %(needed)s is needed): only an experiment can tell."
msgstr "此模型展示的多为从未试探过的内容（试探过的占 %(found)s，至少需要 %(needed)s）：只有实验才能判断。"

#, python-format
msgid ""
"Likely better: %(dr)s clicks per 100 slots against %(shown)s (difference "
"%(low)s to %(high)s). An experiment can confirm it."
msgstr "可能更好：每百展位 %(dr)s 次点击，对比 %(shown)s（差异 %(low)s 至 %(high)s）。可用实验确认。"

#, python-format
msgid ""
"Likely worse: %(dr)s clicks per 100 slots against %(shown)s (difference "
"%(low)s to %(high)s)."
msgstr "可能更差：每百展位 %(dr)s 次点击，对比 %(shown)s（差异 %(low)s 至 %(high)s）。"

#, python-format
msgid ""
"Cannot tell: %(dr)s clicks per 100 slots against %(shown)s (difference "
"%(low)s to %(high)s)."
msgstr "无法判断：每百展位 %(dr)s 次点击，对比 %(shown)s（差异 %(low)s 至 %(high)s）。"

msgid "The first day comes after the last one."
msgstr "首日晚于末日。"

#, python-format
msgid "At most %(most)s days at once."
msgstr "一次最多 %(most)s 天。"

#, python-format
msgid "A day since %(year)s."
msgstr "%(year)s 年以来的日期。"

msgid "This period has not begun yet."
msgstr "此期间尚未开始。"

#, python-format
msgid "More than %(most)s events in these days. Choose fewer days."
msgstr "这些天的事件超过 %(most)s 个。请选择更少的天数。"

msgid "Its time is over: it does nothing. Give it a later end, or delete it."
msgstr "已过期：不起作用。请延后结束时间或删除。"

msgid "It has not begun yet."
msgstr "尚未开始。"

msgid ""
"No product that can be sold now fits it. Check its conditions, stock and "
"prices."
msgstr "目前没有可售商品符合。请检查条件、库存与价格。"

#, python-format
msgid ""
"“%(name)s” was made first and has place %(n)s: this one comes into play only"
" where that one finds nothing. Choose another place."
msgstr "“%(name)s”建立在先，占用第 %(n)s 位：只有它找不到商品时本规则才起作用。请另选位置。"

#, python-format
msgid "“%(name)s” wants place %(n)s too: this one was made first and has it."
msgstr "“%(name)s”也要第 %(n)s 位：本规则建立在先，占用该位。"

#, python-format
msgid "“%(name)s” never offers any of these products: change one of the two."
msgstr "“%(name)s”从不推荐这些商品：请修改其中一条。"

#, python-format
msgid "“%(name)s” never offers %(n)s of these %(all)s products."
msgstr "“%(name)s”从不推荐这 %(all)s 件商品中的 %(n)s 件。"

#, python-format
msgid "“%(name)s” asks for products that this one bars: never goes before it."
msgstr "“%(name)s”要的商品被本规则禁止：“从不推荐”优先。"

#, python-format
msgid ""
"“%(name)s” offers only other products here, so that this pin has nothing to "
"place."
msgstr "“%(name)s”在此只推荐其他商品，固定规则无商品可放。"

msgid "With it nothing at all is left to show here."
msgstr "启用后这里将没有任何商品可展示。"

#, python-format
msgid "Nothing is left to show here: %(names)s bars all that this offers."
msgstr "这里没有商品可展示：%(names)s 禁止了它所提供的一切。"

msgid "Give it a name that others understand."
msgstr "请取一个他人能懂的名称。"

#, python-format
msgid "A year from %(a)s to %(b)s."
msgstr "%(a)s 至 %(b)s 的年份。"

#, python-format
msgid "Say which place, from 1 to %(most)s."
msgstr "请写明位置，1 至 %(most)s。"

msgid "A boost multiplies by more than 1."
msgstr "提升的系数须大于 1。"

msgid "To bury multiplies by less than 1; 0 sends it to the end."
msgstr "压低的系数须小于 1；0 表示排到最后。"

msgid "Choose what it does."
msgstr "请选择它做什么。"

msgid ""
"Say which products: SKUs, a category, a brand, an attribute or a price."
msgstr "请写明哪些商品：SKU、类目、品牌、属性或价格。"

#, python-format
msgid "There is no SKU %(skus)s."
msgstr "没有 SKU %(skus)s。"

#, python-format
msgid "At most %(most)s SKUs; a category or brand says more in one word."
msgstr "最多 %(most)s 个 SKU；用类目或品牌更简洁。"

msgid "Say which value."
msgstr "请写明值。"

msgid "Say which attribute has this value."
msgstr "请写明哪个属性为此值。"

msgid "The highest price is below the lowest one."
msgstr "最高价低于最低价。"

#, python-format
msgid "%(count)s products recommended on %(placement)s"
msgstr "在 %(placement)s 推荐了 %(count)s 件商品"

#, python-format
msgid "Because you bought %(name)s"
msgstr "因为您购买过 %(name)s"

#, python-format
msgid "Because you looked at %(name)s"
msgstr "因为您浏览过 %(name)s"

#, python-format
msgid "Similar to %(name)s"
msgstr "与 %(name)s 相似"

#, python-format
msgid "Often bought with %(name)s"
msgstr "常与 %(name)s 一起购买"

msgid "Popular in this category"
msgstr "此类目热门"

msgid "Popular with other customers"
msgstr "其他客户的热门之选"

msgid "In the shop now"
msgstr "店内现有商品"

msgid "Goes with what you looked at last"
msgstr "与您刚看过的商品搭配"

#, python-format
msgid "Others who found %(name)s sold out took this"
msgstr "%(name)s 售罄时，其他人选择了它"

msgid "On offer for a short time"
msgstr "限时优惠"

msgid "Selected by the shop"
msgstr "店铺精选"

#, python-format
msgid ""
"Too little history for recommendations: %(purchases)s of "
"%(purchases_needed)s purchases and %(customers)s of %(customers_needed)s "
"customers with a purchase."
msgstr ""
"历史太少，无法推荐：购买 %(purchases)s 次（需 %(purchases_needed)s 次），有购买的客户 %(customers)s "
"位（需 %(customers_needed)s 位）。"

msgid "no purchase in the test part"
msgstr "测试部分没有购买"

#, python-format
msgid "The history cannot be split by time: %(reason)s."
msgstr "历史无法按时间切分：%(reason)s。"

#, python-format
msgid ""
"Too few people: %(found)s in the smaller of “%(a)s” and “%(b)s”, at least "
"%(least)s needed."
msgstr "人数太少：“%(a)s”与“%(b)s”中较小一组为 %(found)s 人，至少需要 %(least)s 人。"

#, python-format
msgid ""
"Too early to tell “%(b)s” from “%(a)s”: an interval that holds at every look"
" needs 100 people in each arm and some who differ."
msgstr "现在区分“%(b)s”与“%(a)s”为时过早：随时查看都成立的区间需要每组 100 人，且其中有人表现不同。"

#, python-format
msgid ""
"“%(b)s” is better than “%(a)s”: %(treated)s against %(control)s, a "
"difference of %(difference)s (95 %%: %(low)s to %(high)s)."
msgstr ""
"“%(b)s”优于“%(a)s”：%(treated)s 对比 %(control)s，差异 %(difference)s（95 %%：%(low)s "
"至 %(high)s）。"

#, python-format
msgid ""
"“%(b)s” is worse than “%(a)s”: %(treated)s against %(control)s, a difference"
" of %(difference)s (95 %%: %(low)s to %(high)s)."
msgstr ""
"“%(b)s”劣于“%(a)s”：%(treated)s 对比 %(control)s，差异 %(difference)s（95 %%：%(low)s "
"至 %(high)s）。"

#, python-format
msgid ""
"Cannot tell “%(b)s” from “%(a)s”: %(treated)s against %(control)s "
"(difference %(low)s to %(high)s). So many people would show a difference of "
"±%(smallest)s or more."
msgstr ""
"无法区分“%(b)s”与“%(a)s”：%(treated)s 对比 %(control)s（差异 %(low)s 至 "
"%(high)s）。这么多人能显示 ±%(smallest)s 或更大的差异。"

#, python-format
msgid ""
"The arms' sizes do not fit their shares (p = %(p)s): something loses people "
"of one arm. Do not trust the figures; look for what differs between the "
"arms."
msgstr "各组人数与占比不符（p = %(p)s）：某一组在流失人。请勿相信这些数字；请查找各组之间的差别。"

msgid "Judge a recommender by what was tried out"
msgstr "用试探数据评判推荐模型"

msgid "Refresh customers' recommendations"
msgstr "刷新客户的推荐"

#, python-format
msgid "Difference of “%(arm)s”, day by day, with its interval"
msgstr "“%(arm)s”的差异，逐日，附区间"

msgid "More people unsubscribed than are borne."
msgstr "退订人数超过可承受的范围。"

msgid "No more people unsubscribed than are borne."
msgstr "退订人数没有超过可承受的范围。"

msgid "Whether more people unsubscribed than are borne cannot be told yet."
msgstr "退订人数是否超过可承受的范围尚无法判断。"

msgid "home page"
msgstr "首页"

msgid "product page"
msgstr "商品页"

msgid "product page: similar"
msgstr "商品页：相似"

msgid "product page: goes with it"
msgstr "商品页：搭配"

msgid "cart"
msgstr "购物车"

msgid "after the purchase"
msgstr "购买之后"

msgid "sold out: instead of it"
msgstr "售罄：替代品"

msgid "flash sale"
msgstr "限时抢购"

msgid "own taste"
msgstr "个人偏好"

msgid "this visit"
msgstr "本次访问"

msgid "similar products"
msgstr "相似商品"

msgid "bought together"
msgstr "一起购买"

msgid "taken when it was sold out"
msgstr "售罄时的选择"

msgid "in the flash sale"
msgstr "限时抢购中"

msgid "popular in the category"
msgstr "类目热销"

msgid "popular in the shop"
msgstr "全店热销"

msgid "sold or new lately"
msgstr "近期售出或上新"

msgid "a rule of yours"
msgstr "您的规则"

#, python-format
msgid "%(count)d × %(what)s."
msgstr "%(count)d × %(what)s。"

msgid "Write off"
msgstr "报损"

msgid "Write off what is not promised"
msgstr "报损未被承诺的部分"

#, python-format
msgid "%(units)d units were written off."
msgstr "已报损 %(units)d 件。"

msgid "on hand"
msgstr "在手"

msgid "set aside"
msgstr "已锁定"

msgid "Description"
msgstr "描述"

msgid "History"
msgstr "历史"

msgid "price from"
msgstr "起价"

msgid "available"
msgstr "可售"

msgid "price ledger"
msgstr "价格流水"

msgid "price"
msgstr "价格"

msgid "stock by warehouse"
msgstr "分仓库存"

msgid "made of"
msgstr "组成"

msgid "Now"
msgstr "当前"

msgid "promised"
msgstr "已占用"

msgid "sale"
msgstr "销售状态"

msgid "not listed"
msgstr "未上架"

msgid "never counted"
msgstr "不计库存"

msgid "on sale"
msgstr "在售"

#, python-format
msgid ""
"%(left)d = %(on_hand)d on hand − %(allocated)d allocated − %(reserved)d "
"reserved − %(ring_fenced)d ring-fenced"
msgstr ""
"%(left)d = 在手 %(on_hand)d − 已分配 %(allocated)d − 已预留 %(reserved)d − 活动锁定 "
"%(ring_fenced)d"

msgid "kit"
msgstr "套装"

msgid "units in one kit"
msgstr "每套件数"

#, python-format
msgid "struck through: %s"
msgstr "划线价：%s"

msgid "products on sale"
msgstr "在售商品"

msgid "products"
msgstr "商品"

msgid "picture"
msgstr "图片"

msgid "consent ledger"
msgstr "同意记录"

msgid "total"
msgstr "合计"

msgid "customer"
msgstr "客户"

msgid "last order"
msgstr "最近订单"

msgid "Visitor or customer code, in full."
msgstr "完整的访客或客户编号。"

msgid "who"
msgstr "来自"

msgid "Event id, in full."
msgstr "完整的事件 ID。"

msgid "rating"
msgstr "评分"

msgid "Backroom: everything, can be read in again"
msgstr "Backroom：全部内容，可再导入"

msgid "Export"
msgstr "导出"

#, python-format
msgid "Export of %(what)s"
msgstr "导出%(what)s"

msgid "There is no such format."
msgstr "没有这种格式。"

msgid "The file is being made; it can be fetched below."
msgstr "正在生成文件；完成后可在下方下载。"

msgid "As the file shows"
msgstr "按文件判断"

msgid "Day first: 31/12/2026"
msgstr "日在前：31/12/2026"

msgid "Month first: 12/31/2026"
msgstr "月在前：12/31/2026"

msgid "Found out by itself"
msgstr "自动识别"

msgid "File"
msgstr "文件"

msgid "What is in it"
msgstr "内容"

msgid "Dates"
msgstr "日期"

msgid "Characters"
msgstr "字符编码"

msgid "Trial run: check everything, write nothing"
msgstr "试运行：全部检查，不写入"

msgid "It stops at its next part. What is in the shop stays."
msgstr "处理完当前部分后停止，已写入的保留。"

msgid "Carrier"
msgstr "承运商"

msgid "Tracking code"
msgstr "运单号"

msgid "Sound: back on the shelf"
msgstr "完好：重新上架"

msgid "Instead: one SKU a line, with units after a space (TEA-1 2)"
msgstr "换成：每行一个 SKU，空格后写件数（TEA-1 2）"

msgid "One SKU a line, with units after a space."
msgstr "每行一个 SKU，空格后写件数。"

msgid "Amount"
msgstr "金额"

msgid "Ship a parcel"
msgstr "发出包裹"

msgid "What is in the parcel"
msgstr "包裹内容"

msgid "parcel sent"
msgstr "包裹已发出"

msgid "Cancel the rest"
msgstr "取消剩余部分"

msgid "What has not left may be sold again, and its money goes back."
msgstr "未发出的部分可重新销售，货款退还。"

msgid "rest cancelled"
msgstr "剩余部分已取消"

msgid "Take back"
msgstr "收回退货"

msgid "What came back"
msgstr "退回的商品"

msgid "goods taken back"
msgstr "退货已收"

msgid "Exchange"
msgstr "换货"

msgid "What came back, and what goes out"
msgstr "退回什么，换出什么"

msgid "goods exchanged"
msgstr "已换货"

msgid "Refund"
msgstr "退款"

msgid "Refund without goods"
msgstr "不退货退款"

msgid "refund recorded"
msgstr "退款已记录"

msgid "Paid back"
msgstr "已退还"

msgid "What the shop owes for this order was paid back by hand."
msgstr "该订单店铺所欠款项已人工退还。"

msgid "paid back"
msgstr "已退还"

msgid "discount"
msgstr "折扣"

msgid "tax"
msgstr "税"

msgid "places"
msgstr "发货地"

msgid "unit price"
msgstr "单价"

#, python-format
msgid "%d shipped"
msgstr "已发 %d"

#, python-format
msgid "%d cancelled"
msgstr "已取消 %d"

#, python-format
msgid "%d returned"
msgstr "已退 %d"

msgid "refund"
msgstr "退款"

msgid "Number, or the customer's code, e-mail address or name."
msgstr "订单编号，或客户的编码、邮箱、姓名。"

#, python-format
msgid "%s in it"
msgstr "含 %s"

#, python-format
msgid "%s on top"
msgstr "另加 %s"

msgid "paid"
msgstr "已付款"

#, python-format
msgid "%(paid)s, of which %(back)s paid back"
msgstr "%(paid)s，其中已退还 %(back)s"

msgid "still owed"
msgstr "尚欠"

#, python-format
msgid "%s by the customer"
msgstr "客户尚欠 %s"

#, python-format
msgid "%s by the shop"
msgstr "店铺尚欠 %s"

msgid "nothing"
msgstr "无"

msgid "origin"
msgstr "来源"

msgid "imported"
msgstr "导入"

msgid "placed here"
msgstr "本店下单"

msgid "Mark as paid"
msgstr "标记为已付款"

msgid "Mark as shipped"
msgstr "标记为已发货"

msgid "shipped"
msgstr "已发货"

msgid "Mark as delivered"
msgstr "标记为已送达"

msgid "The customer's money has arrived."
msgstr "客户的款项已到账。"

msgid "The goods leave the stock. This cannot be undone."
msgstr "货物离开库存。此操作无法撤销。"

msgid "The customer has the goods."
msgstr "客户已收到货物。"

msgid "Cancel the order"
msgstr "取消订单"

msgid "Its units may be sold again. This cannot be undone."
msgstr "其占用的库存可重新销售。此操作无法撤销。"

msgid "order"
msgstr "订单"

msgid "return"
msgstr "退货"

msgid "authorised"
msgstr "已授权"

msgid "captured"
msgstr "已扣款"

msgid "tax in it"
msgstr "其中税额"

msgid "shipment"
msgstr "发货"

msgid "returned"
msgstr "已退货"

msgid "rate"
msgstr "税率"

msgid "Price"
msgstr "价格"

msgid "Empty: from now on."
msgstr "留空：立即生效。"

msgid "Put what is left on sale again"
msgstr "剩余部分恢复销售"

msgid "on sale again"
msgstr "已恢复销售"

msgid "left"
msgstr "剩余"

msgid "allocated"
msgstr "已分配"

msgid "reserved"
msgstr "已预留"

msgid "ring-fenced"
msgstr "活动锁定"

msgid "Adjust"
msgstr "调整"

msgid "Adjust with a reason"
msgstr "说明原因并调整"

msgid "Enter a count"
msgstr "录入盘点"

msgid "What was counted on the shelf"
msgstr "货架上实际清点的件数"

msgid "Transfer"
msgstr "调拨"

msgid "Transfer to another warehouse"
msgstr "调拨到其他仓库"

msgid "Set aside"
msgstr "锁定"

msgid "Set aside for a sale"
msgstr "为活动锁定"

msgid "The ledger has it."
msgstr "已记入流水。"

msgid "movement"
msgstr "变动"

msgid "Give the units back"
msgstr "释放库存"

msgid "given back"
msgstr "已释放"

msgid "Let the sale go on"
msgstr "恢复销售"

msgid "Nothing was repaired: tick the box to say that you are sure."
msgstr "未作任何修复：请先勾选确认。"

msgid "The check is on its way; this page shows its result."
msgstr "核对已开始，结果将显示在本页。"

msgid "Units"
msgstr "件数"

msgid "Batch"
msgstr "批次"

msgid "Expires on"
msgstr "到期日"

msgid "Units more or less"
msgstr "增减件数"

msgid "Units counted on the shelf"
msgstr "货架实盘件数"

msgid "To warehouse"
msgstr "调入仓库"

msgid "Purpose"
msgstr "用途"

msgid "can be served now"
msgstr "现在可供应"

msgid "SKU, product or customer code, or a guest's address in full."
msgstr "SKU、商品或客户编号，或访客的完整地址。"

msgid "wants"
msgstr "想要"

msgid "Cancel these entries"
msgstr "取消这些登记"

#, python-format
msgid "Text of 1 to %d characters."
msgstr "1 至 %d 个字符的文本。"

msgid "A time with its offset, e.g. 2026-03-02T09:00:00Z."
msgstr "含时区的时间，例如 2026-03-02T09:00:00Z。"

#, python-format
msgid "A list of 1 to %d events."
msgstr "1 至 %d 个事件的列表。"

msgid "Decades away from our clock."
msgstr "与我们的时钟相差数十年。"

msgid "There is none with this name."
msgstr "没有这个名称。"

msgid "The position of one of the order's lines, each once."
msgstr "订单明细的序号，每个只出现一次。"

msgid "The message is not signed as it must be."
msgstr "消息签名不符合要求。"

msgid ""
"Sign the raw body and the current time with the secret of this provider."
msgstr "请用该支付机构的密钥对原始正文和当前时间签名。"

msgid "Neither the order nor the payment is known here."
msgstr "这里既没有该订单，也没有该笔支付。"

msgid "Send the message again later; name the order as docs/api.md says."
msgstr "请稍后重发；按 docs/api.md 的说明注明订单。"

msgid "There are fewer units than wanted."
msgstr "件数不足。"

msgid ""
"Offer the available units named in `errors`, or take the SKU out of the "
"cart."
msgstr "请按 `errors` 中的可售件数提供，或将该 SKU 移出购物车。"

msgid "Something in the request cannot be sold now."
msgstr "请求中有目前不能销售的内容。"

msgid "Take the lines named in `errors` out of the order."
msgstr "请将 `errors` 中列出的明细移出订单。"

msgid "The total is not the one that the customer was shown."
msgstr "总额与向客户显示的不一致。"

msgid "Read the prices again and show the customer the new total."
msgstr "请重新读取价格，并向客户显示新的总额。"

msgid "The order is not where this step begins."
msgstr "订单不在此步骤的起始状态。"

msgid "Read the order's state; docs/api.md shows the way of an order."
msgstr "请查看订单状态；docs/api.md 说明了订单的流转。"

msgid "The stock cannot be changed like that."
msgstr "库存不能这样更改。"

msgid "Read the reason in `detail`, then the current counters."
msgstr "请阅读 `detail` 中的原因，再查看当前库存数。"

msgid "The price cannot be set like that."
msgstr "价格不能这样设置。"

msgid ""
"Read the reason in `detail`; a price never changes, a new one replaces it."
msgstr "请阅读 `detail` 中的原因；价格从不修改，而是由新价格取代。"

msgid "The customer cannot be written like that."
msgstr "客户资料不能这样写入。"

msgid ""
"Read the reason in `detail`; use the customer code that the shop knows."
msgstr "请阅读 `detail` 中的原因；请使用店铺已知的客户编码。"

msgid "These units cannot come back."
msgstr "这些件数不能退回。"

msgid "Read the reason in `detail`, then the order's lines."
msgstr "请阅读 `detail` 中的原因，再查看订单明细。"

msgid "This much cannot go back."
msgstr "不能退还这么多。"

msgid "Read the order's balance: never more goes back than was paid."
msgstr "请查看订单余额：退款不能超过已付金额。"

msgid "Nobody can wait like that."
msgstr "无法这样登记。"

msgid "Read the reason in `detail`."
msgstr "请阅读 `detail` 中的原因。"

#, python-format
msgid "%(available)d of %(wanted)d units are available."
msgstr "需要 %(wanted)d 件，可售 %(available)d 件。"

msgid "The sender's clock when it sent them."
msgstr "发送时发送方的时钟。"

msgid "Give either a SKU or a product."
msgstr "请给出 SKU 或商品之一。"

msgid "Give either a customer or an e-mail address."
msgstr "请给出客户或电子邮箱之一。"

msgid "Shop"
msgstr "店铺"

#, python-brace-format
msgid ""
"{promised} units are promised to orders and carts, but {counted} were "
"counted."
msgstr "已有 {promised} 件被订单和购物车占用，但实盘为 {counted} 件。"

msgid "announced availability"
msgstr "已通知的可售状态"

msgid "announced availabilities"
msgstr "已通知的可售状态"

msgid "A code has no spaces and no slashes."
msgstr "编码不能含空格和斜杠。"

msgid "channel"
msgstr "渠道"

msgid "channels"
msgstr "渠道"

msgid "brand"
msgstr "品牌"

msgid "brands"
msgstr "品牌"

msgid "category"
msgstr "类目"

msgid "categories"
msgstr "类目"

msgctxt "kind of attribute"
msgid "text"
msgstr "文本"

msgctxt "kind of attribute"
msgid "number"
msgstr "数字"

msgid "choice"
msgstr "选项"

msgid "yes or no"
msgstr "是或否"

msgid "attribute"
msgstr "属性"

msgid "attributes"
msgstr "属性"

msgid "archived"
msgstr "已归档"

msgid "Which of the tax rates applies."
msgstr "适用哪一档税率。"

msgid "product image"
msgstr "商品图片"

msgid "product images"
msgstr "商品图片"

msgid "Size, colour …"
msgstr "尺寸、颜色……"

msgid "Unit cost in minor units."
msgstr "单位成本，以最小货币单位计。"

msgid ""
"No: never counted (imported history, downloads); sold without a stock check."
msgstr "否：从不盘点（导入的历史、下载类商品）；销售时不检查库存。"

msgid "Not sold within so many days of expiry."
msgstr "距到期不足这些天数时不再销售。"

msgid "variant"
msgstr "规格"

msgid "variants"
msgstr "规格"

msgid "In one kit."
msgstr "每套所含件数。"

msgid "kit component"
msgstr "套装组件"

msgid "kit components"
msgstr "套装组件"

msgid "A kit cannot be a part of another kit."
msgstr "套装不能再作为另一套装的组件。"

msgid "A component has to be counted."
msgstr "组件必须是计数库存的商品。"

msgid "There are units of this SKU on hand: it cannot be a kit."
msgstr "该 SKU 还有在手库存，不能设为套装。"

#, python-format
msgid "%(name)s is no time zone; write Europe/London."
msgstr "%(name)s 不是时区；请写成 Europe/London。"

msgid "The shop's own number."
msgstr "店铺自己的编号。"

msgid "en or zh; empty: unknown."
msgstr "en 或 zh；空：未知。"

msgid "Like Europe/London; empty: the shop's own."
msgstr "例如 Europe/London；留空：使用店铺时区。"

msgid "Month and day, 02-29; no year is kept."
msgstr "月和日，如 02-29；不保存年份。"

msgid "Where her app receives messages."
msgstr "其应用接收消息的地址。"

msgid "marketing by e-mail"
msgstr "邮件营销"

msgid "marketing by SMS"
msgstr "短信营销"

msgid "marketing by push message"
msgstr "推送营销"

msgid "personal recommendations"
msgstr "个性化推荐"

msgid "behaviour analytics"
msgstr "行为分析"

msgid "Checkout, import, preference page …"
msgstr "结账、导入、偏好页面……"

msgid "consent"
msgstr "同意"

msgid "consents"
msgstr "同意"

msgid "product view"
msgstr "浏览商品"

msgid "search"
msgstr "搜索"

msgid "added to cart"
msgstr "加入购物车"

msgid "removed from cart"
msgstr "移出购物车"

msgid "purchase"
msgstr "购买"

msgid "review"
msgstr "评价"

msgid "recommendation shown"
msgstr "推荐曝光"

msgid "recommendation clicked"
msgstr "推荐点击"

msgid "message sent"
msgstr "消息已发送"

msgid "message opened"
msgstr "消息已打开"

msgid "message link clicked"
msgstr "消息链接点击"

msgid "experiment exposure"
msgstr "实验曝光"

msgid "Same id, same event."
msgstr "同一标识，同一事件。"

msgid "The client's clock, kept."
msgstr "客户端时钟，仅作保留。"

msgid "Ours, used."
msgstr "我方时钟，实际使用。"

msgid "By how much the client's clock ran ahead of ours."
msgstr "客户端时钟比我们快多少。"

msgid "Anonymous browser id."
msgstr "匿名浏览器标识。"

msgid "What was searched for."
msgstr "搜索的内容。"

msgid "Whether analytics was allowed when it happened."
msgstr "发生时是否允许行为分析。"

msgid "event"
msgstr "行为事件"

msgid "events"
msgstr "行为事件"

msgid "event key"
msgstr "事件键"

msgid "event keys"
msgstr "事件键"

msgid "visitor link"
msgstr "访客关联"

msgid "visitor links"
msgstr "访客关联"

msgid "placed"
msgstr "已下单"

msgid "partly shipped"
msgstr "部分发货"

msgid "Sum of the lines."
msgstr "各明细之和。"

msgid "What the customer owes."
msgstr "客户应付金额。"

msgid "Within the total, or on top where prices are without tax."
msgstr "含在总额内；若价格不含税，则另加。"

msgid "Unpaid after this, its stock is released."
msgstr "逾此时间未付款，库存将释放。"

msgid "Imported: it never moved the stock ledger."
msgstr "导入的数据：从未变动库存流水。"

msgid "What was asked for under the key."
msgstr "该键对应的请求内容。"

msgid "order transition"
msgstr "订单状态变更"

msgid "order transitions"
msgstr "订单状态变更"

msgid "item"
msgstr "商品"

msgid "shipping"
msgstr "运费"

msgid "fee"
msgstr "费用"

msgid "As it stood on the order."
msgstr "下单时的内容。"

msgid "Before discounts of the whole order."
msgstr "整单折扣之前。"

msgid "Its share of the discounts of the whole order."
msgstr "分摊到的整单折扣。"

msgid "2000 is 20 %; empty: no rate was known, 0 was taken."
msgstr "2000 即 20 %；留空：没有可用税率，按 0 计。"

msgid "order line"
msgstr "订单明细"

msgid "order lines"
msgstr "订单明细"

msgid "allocation"
msgstr "分配"

msgid "allocations"
msgstr "分配"

msgid "Same number, same parcel."
msgstr "同一编号，同一包裹。"

msgid "shipments"
msgstr "发货"

msgid "shipment line"
msgstr "发货明细"

msgid "shipment lines"
msgstr "发货明细"

msgid "returns"
msgstr "退货"

msgid "return line"
msgstr "退货明细"

msgid "return lines"
msgstr "退货明细"

msgid "The provider's own id."
msgstr "支付机构的编号。"

msgid "payment"
msgstr "付款"

msgid "payments"
msgstr "支付"

msgid "refunded"
msgstr "已退款"

msgid "voided"
msgstr "已撤销"

msgid "refund failed"
msgstr "退款失败"

msgid "The provider's clock."
msgstr "支付机构的时钟。"

msgid "payment event"
msgstr "支付事件"

msgid "payment events"
msgstr "支付事件"

msgid "Same number, same refund."
msgstr "同一编号，同一退款。"

msgid "Of the amount, returned tax."
msgstr "金额中退还的税。"

msgid "refunds"
msgstr "退款"

msgid "ISO 3166, two letters."
msgstr "ISO 3166 两位字母代码。"

msgid "2000 is 20 %."
msgstr "2000 即 20 %。"

msgid "tax rate"
msgstr "税率"

msgid "tax rates"
msgstr "税率"

msgid "list price"
msgstr "标价"

msgid "campaign price"
msgstr "活动价"

msgid "flash price"
msgstr "秒杀价"

msgid "Who or what set it."
msgstr "由谁或什么设定。"

msgid "Same key, same row."
msgstr "同一键，同一行。"

msgid "prices"
msgstr "价格"

msgid "reviews"
msgstr "评价"

msgid "Lowest ships first."
msgstr "数值最小的先发货。"

msgid "warehouse"
msgstr "仓库"

msgid "warehouses"
msgstr "仓库"

msgid "Ordered, not yet shipped."
msgstr "已下单，未发货。"

msgid "In carts, expires."
msgstr "在购物车中，会过期。"

msgid "Set aside for a sale."
msgstr "为促销活动留出。"

msgid "stock level"
msgstr "库存水平"

msgid "stock levels"
msgstr "库存水平"

msgid "batch"
msgstr "批次"

msgid "batches"
msgstr "批次"

msgid "flash-sale:7, expired:LOT-9 …"
msgstr "flash-sale:7、expired:LOT-9……"

msgid "Set aside at the beginning."
msgstr "最初锁定的件数。"

msgid "Neither sold nor given back yet."
msgstr "尚未售出也未归还。"

msgid "Same key, same fence."
msgstr "同一键，同一锁定。"

msgid "Given back from then on."
msgstr "从那时起归还。"

msgid "ring fence"
msgstr "锁定额度"

msgid "ring fences"
msgstr "锁定额度"

msgid "adjusted"
msgstr "调整"

msgid "counted"
msgstr "盘点"

msgid "released"
msgstr "已释放"

msgid "allocation cancelled"
msgstr "分配取消"

msgid "transferred"
msgstr "已调拨"

msgid "given back from a sale"
msgstr "由活动归还"

msgid "order:1001, po:7 …"
msgstr "order:1001、po:7……"

msgid "Same key, same movement."
msgstr "同一键，同一变动。"

msgid "stock movement"
msgstr "库存变动"

msgid "stock movements"
msgstr "库存变动"

msgid "held"
msgstr "预留中"

msgid "What was asked under the key."
msgstr "该键对应的请求内容。"

msgid "reservation"
msgstr "预留"

msgid "reservations"
msgstr "预留"

msgid "selling hold"
msgstr "停售"

msgid "selling holds"
msgstr "停售"

msgctxt "waitlist"
msgid "waiting"
msgstr "等待中"

msgctxt "waitlist"
msgid "notified"
msgstr "已通知"

msgctxt "waitlist"
msgid "bought"
msgstr "已购买"

msgctxt "waitlist"
msgid "cancelled"
msgstr "已取消"

msgctxt "waitlist"
msgid "expired"
msgstr "已过期"

msgid "Any SKU of it will do."
msgstr "其任一 SKU 均可。"

msgid "Of a guest, until the entry closes."
msgstr "访客的，直至登记结束。"

msgid "Agreed to be told once it is back."
msgstr "同意到货时收到通知。"

msgid "Product page, support, import …"
msgstr "商品页、客服、导入……"

msgid "Who waits for what; empty when closed, so that nobody waits twice."
msgstr "谁在等什么；结束后为空，因此无人重复等待。"

msgid "waitlist entry"
msgstr "到货登记"

msgid "waitlist entries"
msgstr "到货登记"

#, python-brace-format
msgid "Batch {code} is known with another expiry date: {date}."
msgstr "批次 {code} 已登记了另一个到期日：{date}。"

msgid "none"
msgstr "无"

#, python-brace-format
msgid "There is no batch {code} here."
msgstr "这里没有批次 {code}。"

msgid "A write-off needs a reason."
msgstr "报损必须说明原因。"

msgid "Nothing of this batch can be written off: it is promised, or gone."
msgstr "该批次没有可报损的件数：已被承诺或已出库。"

#, python-brace-format
msgid "The key {key} already stands for another movement."
msgstr "键 {key} 已用于另一笔变动。"

msgid "Not enough stock in this warehouse."
msgstr "该仓库库存不足。"

msgid "There are not so many units behind this ring fence."
msgstr "锁定额度内没有这么多件。"

msgid "This e-mail address belongs to another customer."
msgstr "此邮箱属于另一位客户。"

msgid "An event is an object."
msgstr "事件必须是一个对象。"

#, python-format
msgid "A whole number from 0 to %d."
msgstr "0 到 %d 的整数。"

msgid "An object."
msgstr "一个对象。"

msgid "Plain JSON values only."
msgstr "只能是普通 JSON 值。"

#, python-format
msgid "One of: %s."
msgstr "只能是：%s。"

msgid "Before 1970."
msgstr "早于 1970 年。"

msgid "More than a day in the future."
msgstr "晚于当前一天以上。"

msgid "Older than what the event log keeps."
msgstr "早于事件日志的保留期限。"

#, python-format
msgid "At most %d bytes of text."
msgstr "文本最多 %d 字节。"

msgid "Only a signed identity names a customer here."
msgstr "此处只有经签名的身份才能指明客户。"

msgid "Not signed here."
msgstr "并非由本系统签名。"

msgid "An exchange stays in the currency of its order."
msgstr "换货须与原订单同一币种。"

#, python-format
msgid "Paid with return %(number)s."
msgstr "以退货 %(number)s 抵付。"

#, python-brace-format
msgid "{sku} is a kit: move the SKUs it is made of."
msgstr "{sku} 是套装：请操作其组件 SKU。"

msgid "Many others are buying the same goods; please try again."
msgstr "许多人正在购买相同的商品，请重试。"

#, python-brace-format
msgid ""
"Only {found} of {wanted} units can leave: the others are expired or set "
"aside."
msgstr "{wanted} 件中只有 {found} 件可以出库：其余已过期或被锁定。"

#, python-brace-format
msgid ""
"Not enough stock in this warehouse: {available} available, {on_hand} on "
"hand."
msgstr "此仓库库存不足：可售 {available}，在手 {on_hand}。"

msgid "There are not so many units in this batch."
msgstr "该批次没有这么多件。"

msgid "A discount is not more than the goods cost."
msgstr "折扣不能超过商品金额。"

msgid "Discount"
msgstr "折扣"

msgid "Shipping"
msgstr "运费"

#, python-brace-format
msgid "Order {number} is {before}; it cannot become {to}."
msgstr "订单 {number} 的状态为“{before}”，不能变为“{to}”。"

msgid "Not paid in time."
msgstr "未按时付款。"

msgid "Order cancelled."
msgstr "订单已取消。"

#, python-brace-format
msgid "These lines lie in several warehouses ({places}): name one."
msgstr "这些明细分布在多个仓库（{places}）：请指定一个。"

msgid "This order has no such line, or nothing of it is counted."
msgstr "该订单没有这一行，或该行不计库存。"

#, python-brace-format
msgid "{sku}: nothing of it was promised from warehouse {place}."
msgstr "{sku}：仓库 {place} 没有为它分配库存。"

msgid "This payment belongs to another order."
msgstr "该笔支付属于另一订单。"

#, python-brace-format
msgid "The order is in {ours}, the payment in {theirs}."
msgstr "订单币种为 {ours}，支付币种为 {theirs}。"

msgid "The shop owes nothing for this order."
msgstr "店铺对该订单没有应退款项。"

msgid "Paid after the order was cancelled."
msgstr "订单取消后才付款。"

msgid "No order is known for this payment."
msgstr "找不到该笔支付对应的订单。"

msgid "This event id already stands for another event."
msgstr "该事件 ID 已用于另一事件。"

msgid "An order has lines, and each line has units above zero."
msgstr "订单须有明细，且每行件数大于零。"

msgid "A discount and a shipping charge are not negative."
msgstr "折扣和运费不能为负。"

msgid "This key already stands for another order."
msgstr "此键已用于另一个订单。"

msgid "Nothing to pay."
msgstr "无需付款。"

msgid "The prices have changed since the customer saw them."
msgstr "自客户看到之后，价格已发生变化。"

msgid "These goods are priced in different currencies."
msgstr "这些商品以不同货币计价。"

msgid "This SKU is not on sale."
msgstr "此 SKU 未在售。"

msgid "The sale of this SKU is stopped for now."
msgstr "此 SKU 暂停销售。"

msgid "This SKU has no price."
msgstr "此 SKU 没有价格。"

msgid "This key already stands for another price."
msgstr "此键已用于另一个价格。"

msgid "A price is not negative."
msgstr "价格不能为负。"

msgid "A reduced price needs an end."
msgstr "优惠价须有结束时间。"

msgid "The price would end before it begins."
msgstr "价格的结束时间早于开始时间。"

msgid "A price cannot begin in the past."
msgstr "价格不能从过去开始。"

msgid "A refund is above zero."
msgstr "退款必须大于零。"

#, python-brace-format
msgid "{left} can still be refunded of this order."
msgstr "该订单还可退款 {left}。"

msgid "This number already stands for another refund."
msgstr "该编号已用于另一笔退款。"

msgid "The number of units must be above zero."
msgstr "件数必须大于零。"

msgid "These units were ordered; cancel the order instead."
msgstr "这些件数已下单；请改为取消订单。"

msgid "This quota was not set aside for this SKU."
msgstr "该额度不是为此 SKU 锁定的。"

msgid "This key already stands for another reservation."
msgstr "此键已用于另一个预留。"

#, python-brace-format
msgid "{sku} is not on sale."
msgstr "{sku} 未在销售。"

msgid "A return has lines, and each line has units above zero."
msgstr "退货须有明细，且每行件数大于零。"

msgid "This number already stands for another return."
msgstr "此编号已用于另一笔退货。"

msgid "Only what was shipped can come back; cancel the order instead."
msgstr "只有已发货的才能退回；请改为取消订单。"

msgid "This order has no such line."
msgstr "此订单没有这一行明细。"

#, python-brace-format
msgid "{text}: {left} units can still come back."
msgstr "{text}：还可退回 {left} 件。"

msgid "A ring fence has a purpose and units above zero."
msgstr "锁定额度须注明用途，件数须大于零。"

msgid "Expired units are set aside by their batch."
msgstr "过期商品按批次锁定。"

msgid ""
"These units are expired: write them off, or correct the date of their batch."
msgstr "这些商品已过期：请报损，或更正批次日期。"

msgid "This key already stands for another ring fence."
msgstr "该键已用于另一锁定额度。"

msgid "Only of a partly shipped order can the rest be cancelled."
msgstr "只有部分发货的订单才能取消剩余部分。"

#, python-brace-format
msgid "{kit}: some of its parts have left; ship the others too."
msgstr "{kit}：部分组件已发出，请把其余组件也发出。"

msgid "A parcel has lines, and each line has units above zero."
msgstr "包裹须有明细，每行件数须大于零。"

msgid "A parcel leaves one warehouse."
msgstr "一个包裹只能从一个仓库发出。"

#, python-brace-format
msgid "{sku}: {left} units are still to be shipped."
msgstr "{sku}：还有 {left} 件待发。"

msgid "This number already stands for another parcel."
msgstr "该编号已用于另一包裹。"

msgid "An expiry date belongs to a batch: name its code."
msgstr "到期日属于批次：请填写批次号。"

msgid "An adjustment needs a reason."
msgstr "调整必须说明原因。"

msgid "An adjustment of 0 units changes nothing."
msgstr "调整 0 件没有任何变化。"

msgid "A count is not negative."
msgstr "盘点数不能为负。"

msgid "The stock is moving too fast to be counted now."
msgstr "库存变动太快，现在无法盘点。"

msgid "The goods are in this warehouse already."
msgstr "商品已在该仓库。"

msgid "The file is no longer kept; hand it in again."
msgstr "文件已不再保留，请重新上传。"

#, python-format
msgid ""
"The file has %(size)d MB; at most %(most)d MB are taken here. Pack it with "
"gzip, cut it in parts, or use the command import_data on the server."
msgstr ""
"文件有 %(size)d MB，这里最多接收 %(most)d MB。请用 gzip 压缩、拆分文件，或在服务器上使用 import_data 命令。"

#, python-format
msgid ""
"A trial run of more than %(most)d MB would hold up every other write of the "
"embedded database. Import it right away, or try a part of it."
msgstr "超过 %(most)d MB 的试运行会阻塞内置数据库的所有其他写入。请直接导入，或先试其中一部分。"

msgid "Name a customer, or the e-mail address of a guest."
msgstr "请写明客户，或访客的电子邮箱。"

msgid "A guest waits only with consent to be told."
msgstr "访客须同意接收通知才能登记。"

msgid "This entry is being changed by somebody else; please try again."
msgstr "此登记正被他人修改；请重试。"

#, python-brace-format
msgid "{sku}: {wanted} wanted, {available} available."
msgstr "{sku}：需要 {wanted} 件，可售 {available} 件。"

msgid "Import a file"
msgstr "导入文件"

msgid "export"
msgstr "导出"

msgid "order placed"
msgstr "已下单"

msgid "order paid"
msgstr "订单已付款"

msgid "order partly shipped"
msgstr "订单部分发货"

msgid "order shipped"
msgstr "订单已发货"

msgid "order delivered"
msgstr "订单已送达"

msgid "order cancelled"
msgstr "订单已取消"

msgid "in stock again"
msgstr "恢复有货"

msgid "price changed"
msgstr "价格变更"

msgid "product changed"
msgstr "商品变更"

msgid "goods returned"
msgstr "商品退回"

msgid "refund due"
msgstr "应退款"

msgid "question"
msgstr "问题"

msgid "intent"
msgstr "意图"

msgid "answer due"
msgstr "应答时限"

msgid "Assign to me"
msgstr "分配给我"

msgid "Mark as solved"
msgstr "标记为已解决"

msgid "Close"
msgstr "关闭"

#, python-format
msgid "%(n)s ticket changed."
msgid_plural "%(n)s tickets changed."
msgstr[0] "已更改 %(n)s 个工单。"

msgid "both languages"
msgstr "两种语言"

msgid "kept"
msgstr "采用率"

msgid "records"
msgstr "引用记录"

msgid "summary"
msgstr "摘要"

msgid "Somebody moved this ticket meanwhile."
msgstr "在此期间已有人处理了此工单。"

msgid "This draft was sent or replaced meanwhile."
msgstr "在此期间此草稿已发送或被替换。"

msgid "Open"
msgstr "待处理"

msgid "Mine"
msgstr "我的"

msgid "Waiting for customer"
msgstr "等待客户"

msgid "Solved"
msgstr "已解决"

msgid "All"
msgstr "全部"

msgid "Unknown customer"
msgstr "未知客户"

msgid "upset"
msgstr "不满"

msgid "pleased"
msgstr "满意"

msgid "calm"
msgstr "平静"

#, python-format
msgid "The reply to %(who)s is on its way."
msgstr "给 %(who)s 的回复正在发出。"

msgid "The draft is discarded; nothing was sent."
msgstr "草稿已丢弃，未发送任何内容。"

msgid "The note is kept; the customer does not see it."
msgstr "备注已保存，客户看不到。"

msgid "The ticket is yours."
msgstr "工单已归您处理。"

msgid "Thank you: the next night learns from it."
msgstr "谢谢：下一次夜间任务会从中学习。"

msgid "The ticket is handed to a colleague."
msgstr "工单已转交同事。"

msgid "The ticket is solved."
msgstr "工单已解决。"

msgid "The ticket is open again."
msgstr "工单已重新打开。"

msgid "No address is known to answer to."
msgstr "没有可回复的地址。"

msgid "There is nothing to send."
msgstr "没有可发送的内容。"

msgid "discarded"
msgstr "已丢弃"

msgid "The customer's message; one draft for each."
msgstr "客户的消息；每条消息一份草稿。"

msgid "As composed, with citation marks like [1]."
msgstr "生成时的原文，含 [1] 这样的引用标记。"

msgid "One row per mark: n, kind, ref, label, text."
msgstr "每个标记一行：n、kind、ref、label、text。"

msgid "What the agent made of it."
msgstr "客服修改后的内容。"

msgid "Share of the draft that was sent, 0 to 1."
msgstr "草稿被采用发送的比例，0 至 1。"

msgid "drafts"
msgstr "草稿"

msgid "Answers this kind of question only; empty: any."
msgstr "只回答此类问题；空：不限。"

msgid "knowledge article"
msgstr "知识库文章"

msgid "knowledge articles"
msgstr "知识库文章"

msgid "open"
msgstr "待处理"

msgid "waiting for the customer"
msgstr "等待客户"

msgid "solved"
msgstr "已解决"

msgid "closed"
msgstr "已关闭"

msgid "chat"
msgstr "在线聊天"

msgid "contact form"
msgstr "联系表单"

msgid "telephone"
msgstr "电话"

msgid "where is my order"
msgstr "订单在哪里"

msgid "return or refund"
msgstr "退货或退款"

msgid "damaged or wrong"
msgstr "破损或发错"

msgid "cancel the order"
msgstr "取消订单"

msgid "change the address"
msgstr "修改地址"

msgid "question about a product"
msgstr "商品咨询"

msgid "back in stock"
msgstr "到货咨询"

msgid "invoice"
msgstr "发票"

msgid "complaint"
msgstr "投诉"

msgid "praise"
msgstr "表扬"

msgid "something else"
msgstr "其他"

msgid "agent"
msgstr "客服"

msgid "import"
msgstr "导入"

msgid "low"
msgstr "低"

msgid "normal"
msgstr "普通"

msgid "high"
msgstr "高"

msgid "urgent"
msgstr "紧急"

msgid "What a storefront sees."
msgstr "店面可见的内容。"

msgid "Where to answer a person without account."
msgstr "没有账户的客户的回复地址。"

msgid "en, zh or other."
msgstr "en、zh 或其他。"

msgid "0 to 1."
msgstr "0 至 1。"

msgid "−1 to 1."
msgstr "−1 至 1。"

msgid "ticket"
msgstr "工单"

msgid "tickets"
msgstr "工单"

msgid "from the customer"
msgstr "客户来信"

msgid "to the customer"
msgstr "发给客户"

msgid "internal note"
msgstr "内部备注"

msgid "Handed to the mailer."
msgstr "已交给邮件服务器。"

msgid "no record answers it"
msgstr "没有记录能回答"

msgid "the question is not clear"
msgstr "问题不明确"

msgid "the customer is upset"
msgstr "客户不满"

msgid "the customer asked for a person"
msgstr "客户要求人工"

msgid "a language we do not draft in"
msgstr "不支持起草的语言"

msgid "safety or law"
msgstr "安全或法律问题"

msgid "an agent passed it on"
msgstr "客服转交"

msgid "Same key, same hand-off."
msgstr "同一键，同一次转人工。"

msgid "msgid and params."
msgstr "msgid 与参数。"

msgid "hand-off"
msgstr "转人工"

msgid "hand-offs"
msgstr "转人工"

msgid "The draft was sent or replaced meanwhile."
msgstr "在此期间草稿已发送或被替换。"

msgid "Reply to a customer"
msgstr "回复客户"

#, python-format
msgid "Answer %(number)s: %(quote)s"
msgstr "回复 %(number)s：%(quote)s"

#, python-format
msgid "Every sentence names the record behind it; records used: %(records)s."
msgstr "每句话都注明依据的记录；所用记录：%(records)s。"

#, python-format
msgid "The customer wrote: “%(quote)s”"
msgstr "客户写道：“%(quote)s”"

#, python-format
msgid "%(missing)s more tickets with an intent named by a person are needed."
msgstr "还需要 %(missing)s 个由人工标注意图的工单。"

#, python-format
msgid ""
"All %(rows)s named tickets have the same intent: nothing to tell apart."
msgstr "全部 %(rows)s 个已标注工单的意图相同：无从区分。"

msgid "Sort a ticket and draft an answer"
msgstr "分拣工单并起草答复"

msgid "Send a reply by e-mail"
msgstr "通过邮件发送回复"

msgid "Learn the shop's own intents"
msgstr "学习本店的意图"

#, python-format
msgid "Rotate the key “%(name)s”"
msgstr "轮换密钥“%(name)s”"

msgid ""
"A new key with the same rights is made. The old one stays valid for a while,"
" so that nobody is cut off."
msgstr "将生成一个权限相同的新密钥。旧密钥会继续有效一段时间，以免任何程序中断。"

#, python-format
msgid "The key “%(name)s” is made"
msgstr "密钥“%(name)s”已生成"

msgid "Copy it now: it is shown this once and stored nowhere."
msgstr "请立即复制：只显示这一次，且不保存在任何地方。"

#, python-format
msgid "It opens the merchant API with the role of %(user)s."
msgstr "它以 %(user)s 的角色访问商家 API。"

msgid "It opens the storefront API."
msgstr "它可访问店面 API。"

msgid "I have copied it"
msgstr "我已复制"

msgid "You have no role yet. Ask the owner of the shop for one."
msgstr "您还没有角色，请向店主申请。"

#, python-format
msgid "all %(n)s waiting"
msgstr "查看全部 %(n)s 项待办"

msgid "Nothing waits for you. The next night fills this page."
msgstr "没有等待您处理的事项。下一次夜间任务会填满本页。"

#, python-format
msgid "Yesterday, %(d)s"
msgstr "昨日 %(d)s"

#, python-format
msgid "Last day with orders, %(d)s"
msgstr "最近有订单的一天 %(d)s"

#, python-format
msgid "until %(d)s"
msgstr "截止 %(d)s"

msgid "Refuse"
msgstr "拒绝"

msgid "Later"
msgstr "稍后"

msgid "Receipt"
msgstr "回执"

msgid "Approve this decision?"
msgstr "批准此决策？"

msgid "It is carried out at once and recorded under your name."
msgstr "将立即执行，并以您的名义记录。"

msgid "Refuse this decision?"
msgstr "拒绝此决策？"

#, python-format
msgid "nothing on %(d)s to compare with"
msgstr "%(d)s 没有可比数据"

#, python-format
msgid "%(p)s on %(d)s"
msgstr "较 %(d)s %(p)s"

msgid "First steps"
msgstr "起步"

msgid "Three steps to the first brief"
msgstr "三步得到第一份晨报"

msgid "done"
msgstr "完成"

#, python-format
msgid "The night finished %(d)s."
msgstr "夜间任务于 %(d)s 完成。"

msgid "The night is running."
msgstr "夜间任务正在运行。"

#, python-format
msgid "%(n)s step failed."
msgid_plural "%(n)s steps failed."
msgstr[0] "%(n)s 个步骤失败。"

#, python-format
msgid "%(n)s model refused."
msgid_plural "%(n)s models refused."
msgstr[0] "%(n)s 个模型被拒绝。"

#, python-format
msgid "%(n)s model went live."
msgid_plural "%(n)s models went live."
msgstr[0] "%(n)s 个模型已上线。"

msgid "Step"
msgstr "步骤"

msgid "Result"
msgstr "结果"

msgid "Open the receipt on its own page"
msgstr "在单独页面打开回执"

msgid "working"
msgstr "处理中"

msgid "Show it again tomorrow?"
msgstr "明天再次显示？"

#, python-format
msgid "and %(n)s more"
msgstr "另有 %(n)s 项"

msgid "Cancel this job?"
msgstr "取消此任务？"

msgid "It stops at its next step. What it has finished stays."
msgstr "它会在下一个步骤停止；已完成的部分保留。"

msgid "Run this job again?"
msgstr "重新运行此任务？"

msgid "Steps that are done are not repeated."
msgstr "已完成的步骤不会重复。"

msgid "Asked to stop; it ends at its next step."
msgstr "已请求停止；将在下一个步骤结束。"

msgid "Everything it said"
msgstr "全部输出"

msgid "Queue"
msgstr "队列"

msgid "Created"
msgstr "创建时间"

msgid "Started"
msgstr "开始时间"

msgid "Next attempt"
msgstr "下次尝试"

msgid "Step of"
msgstr "所属任务"

msgid "Make live"
msgstr "设为在用"

msgid "Let this run serve from now on?"
msgstr "从现在起由此运行提供服务？"

msgid "Data"
msgstr "数据"

msgid "until"
msgstr "至"

msgid "rows"
msgstr "行"

msgid "Trained"
msgstr "训练时间"

msgid "Code, seed"
msgstr "代码、随机种子"

msgid "Fingerprint of the data"
msgstr "数据指纹"

msgid "checksum is right"
msgstr "校验和正确"

msgid "Backtest"
msgstr "回测"

msgid "on the shop's own history, same split for all"
msgstr "基于本店自己的历史，所有方法使用相同切分"

msgid "Compare with"
msgstr "对比"

msgid "decides whether it goes live; higher is better"
msgstr "决定能否上线；越高越好"

msgid "decides whether it goes live; lower is better"
msgstr "决定能否上线；越低越好"

#, python-format
msgid "second line: run #%(n)s"
msgstr "第二行：运行 #%(n)s"

msgid "No figures: the history was too short to measure."
msgstr "无数据：历史太短，无法衡量。"

msgid "When it was live"
msgstr "在用时段"

msgid "By"
msgstr "操作人"

msgid "still"
msgstr "至今"

msgid "the night"
msgstr "夜间任务"

msgid "Never."
msgstr "从未。"

msgid "Parameters"
msgstr "参数"

msgid "Made by"
msgstr "生成者"

msgid "a rule"
msgstr "规则"

msgctxt "version"
msgid "code"
msgstr "代码"

msgid "How"
msgstr "方法"

msgid "What bound it"
msgstr "约束条件"

msgid "What else was possible"
msgstr "备选方案"

msgid "From what: all that the computation read"
msgstr "依据：计算读取的全部内容"

msgid "Who decided"
msgstr "由谁决定"

msgid "proposed"
msgstr "已提出"

msgid "shown again"
msgstr "再次显示"

msgid "What came of it"
msgstr "后续结果"

msgid "Compute again"
msgstr "重新计算"

msgid "Equal: the same inputs give the same result."
msgstr "一致：相同的输入得到相同的结果。"

msgid "Different. Computed now:"
msgstr "不一致。现在算得："

msgid "optional"
msgstr "选填"

msgid "day"
msgstr "日"

msgid "waitlist"
msgstr "到货登记"

#, python-format
msgid "estimated units (80 %%)"
msgstr "估计件数（80 %%）"

msgid "The events"
msgstr "事件"

msgid "Nothing in these weeks."
msgstr "这几周没有。"

#, python-format
msgid "One person"
msgid_plural "%(n)s people"
msgstr[0] "%(n)s 人"

#, python-format
msgid "one other view"
msgid_plural "%(n)s other views"
msgstr[0] "%(n)s 次其他浏览"

#, python-format
msgid "one unit on the waitlist"
msgid_plural "%(n)s units on the waitlist"
msgstr[0] "到货登记 %(n)s 件"

#, python-format
msgid "one search"
msgid_plural "%(n)s searches"
msgstr[0] "%(n)s 次搜索"

#, python-format
msgid "As known at %(at)s."
msgstr "截至 %(at)s 所知。"

msgid "Stock ledger of the SKU"
msgstr "该 SKU 的库存流水"

msgid "Out of stock"
msgstr "缺货"

msgid "from"
msgstr "起"

msgid "It was there all day."
msgstr "全天有货。"

msgid "Views meanwhile"
msgstr "期间的浏览"

msgid "arrived"
msgstr "到达"

msgid "without consent"
msgstr "未获同意"

msgid "The event log no longer keeps them."
msgstr "事件日志已不再保留。"

msgid "None."
msgstr "无。"

#, python-format
msgid "The first %(n)s are shown."
msgstr "显示前 %(n)s 条。"

msgid "Began to wait"
msgstr "开始等待"

msgid "when"
msgstr "时间"

msgid "typed"
msgstr "输入"

#, python-format
msgid "expected (80 %%)"
msgstr "预计（80 %%）"

#, python-format
msgid "brought (80 %%)"
msgstr "实际增量（80 %%）"

msgid "sells anyway"
msgstr "平常销量"

msgid "measured by"
msgstr "测量方式"

msgid "the holdout"
msgstr "对照组"

#, python-format
msgid "the forecast, one day"
msgid_plural "the forecast, %(n)s days"
msgstr[0] "与预测比较，%(n)s 天"

msgid ""
"For some SKUs it is too late to order: start later, sell less, or leave them"
" out."
msgstr "部分 SKU 已来不及订货：请推迟开始、减少销量或将其移出。"

#, python-format
msgid "extra units (80 %%)"
msgstr "增量（80 %%）"

msgid "sells anyway until then"
msgstr "到期前的平常销量"

msgid "in stock and on order"
msgstr "在库及在途"

msgid "still to order"
msgstr "尚需订货"

msgid "of it for this sale"
msgstr "其中为本次销售"

msgid "last safe day"
msgstr "最晚安全订货日"

msgid "no forecast"
msgstr "无预测"

msgid "nothing to order"
msgstr "无需订货"

msgid "too late"
msgstr "已来不及"

msgid "no supplier"
msgstr "无供应商"

msgid ""
"Still to order: so that nine times in ten nothing runs out until the last "
"day. Last safe day: ordered by then, goods arrive before the first day nine "
"times in ten."
msgstr "尚需订货：十次中九次可保证到最后一天都不断货。最晚安全订货日：在此之前下单，十次中九次可在开始日之前到货。"

msgid ""
"Enter what arrived. More than is outstanding is refused; what is missing "
"stays open."
msgstr "请填写到货件数。超过未到件数会被拒绝；缺少的部分继续保留。"

msgid "outstanding"
msgstr "未到"

msgid "arrived now"
msgstr "本次到货"

#, python-format
msgid "Units of %(sku)s that arrived"
msgstr "%(sku)s 的到货件数"

msgid "Book into stock"
msgstr "登记入库"

msgid "Nothing is outstanding on this order."
msgstr "此采购单没有未到货物。"

#, python-format
msgid "extra share (80 %%)"
msgstr "额外占比（80 %%）"

msgid "visits that took it"
msgstr "改选它的访问"

msgid "share otherwise"
msgstr "平时占比"

#, python-format
msgid "%(taken)s of %(lost)s"
msgstr "%(lost)s 中的 %(taken)s"

msgid ""
"Of the visits that found it sold out, the share that took this one beyond "
"those that take it anyway. Few visits are drawn to what alike products show."
msgstr "发现售罄的访问中，超出平时而改选此商品的占比。访问很少时向相似商品的水平收缩。"

msgid "Nothing is known yet."
msgstr "尚无所知。"

#, python-format
msgid "Rotate the secret of “%(endpoint)s”"
msgstr "更换“%(endpoint)s”的密钥"

msgid ""
"A new secret is made. For a while every delivery carries two signatures, one"
" by each secret, so that nothing is refused while you change the receiver."
msgstr "将生成新密钥。一段时间内每次投递都带新旧两个签名，您更换接收方配置期间不会有消息被拒。"

#, python-format
msgid "The secret of “%(endpoint)s”"
msgstr "“%(endpoint)s”的密钥"

msgid ""
"Copy it now: no page shows it again. The receiver needs it to check "
"signatures."
msgstr "请立即复制：此后不再显示。接收方要用它核对签名。"

msgid ""
"More than 500,000 people saw it: this figure is read person by person. "
"Choose profit per person for the next one; it is added up in the database."
msgstr "超过 500,000 人看到：此指标须逐人读取。下次请选择人均利润，它在数据库中汇总。"

msgid "Stop this experiment?"
msgstr "停止此实验？"

msgid ""
"Everybody gets the placement's own settings from now on. It cannot be "
"started again."
msgstr "此后所有人使用推荐位自身的设置。实验无法再次开始。"

#, python-format
msgid ""
"Today's figures alone would no longer give that verdict on “%(a)s”: the "
"effect may have been a novelty."
msgstr "仅凭今天的数字已得不出关于“%(a)s”的这一结论：效果可能只是新鲜感。"

msgid ""
"Its planned end has passed: these are the intervals of one look at that end."
msgstr "已过计划的结束时间：这些是在结束时查看一次的区间。"

msgid ""
"The intervals hold at every look: you may look every day and stop at any "
"verdict."
msgstr "区间在任何时候查看都成立：您可以每天查看，在任何结论处停止。"

#, python-format
msgid ""
"One unit was sold whose cost nobody has entered, so revenue takes the place "
"of profit."
msgid_plural ""
"%(n)s units were sold whose cost nobody has entered, so revenue takes the "
"place of profit."
msgstr[0] "售出的 %(n)s 件没有录入成本，因此以收入代替利润。"

#, python-format
msgid "“%(a)s” less “%(c)s”, per person, day by day, with its interval"
msgstr "“%(a)s”减“%(c)s”，人均，逐日，附区间"

msgid "People"
msgstr "人数"

msgid "With it"
msgstr "有此行为"

msgid "Unsubscribed"
msgstr "退订"

msgid "Settings"
msgstr "设置"

msgid "as the placement has it"
msgstr "与推荐位相同"

#, python-format
msgid ""
"One person saw more than one arm (signed in on the way) and is left out."
msgid_plural ""
"%(n)s people saw more than one arm (signed in on the way) and are left out."
msgstr[0] "%(n)s 人看到了多个分组（途中登录），不计入。"

#, python-format
msgid "Sizes of the arms against their shares: p = %(p)s."
msgstr "各组人数与占比：p = %(p)s。"

#, python-format
msgid ""
"Bayesian view of “%(a)s”: better with probability %(p)s, 95 %% between %(l)s"
" and %(h)s; taking it where it is worse costs %(x)s on average. Prior: no "
"effect, give or take 30 %% of the first arm's figure."
msgstr ""
"“%(a)s”的贝叶斯视角：更好的概率为 %(p)s，95 %% 介于 %(l)s 与 %(h)s 之间；若其实更差而采用，平均损失 "
"%(x)s。先验：无效果，上下浮动为第一组数值的 30 %%。"

msgid "Shares so far"
msgstr "至今的份额"

msgid "What it can show"
msgstr "它能测出什么"

#, python-format
msgid "In the last four weeks one person was shown recommendations."
msgid_plural "In the last four weeks %(p)s people were shown recommendations."
msgstr[0] "最近四周有 %(p)s 人看到推荐。"

msgid "Costs are missing, so the table speaks of revenue per person."
msgstr "缺少成本，因此表中为人均收入。"

msgid "The table speaks of profit per person."
msgstr "表中为人均利润。"

msgid "Smaller differences than these will most likely end in “cannot tell”."
msgstr "比这更小的差异多半会以“无法判断”告终。"

msgid "Weeks"
msgstr "周数"

msgid "Shows, one look at the end"
msgstr "能测出，结束时查看一次"

msgid "of the mean"
msgstr "占均值"

msgid "Shows, looked at daily"
msgstr "能测出，每天查看"

#, python-format
msgid ""
"Too little to plan with: %(n)s people were shown recommendations in the last"
" four weeks, at least 100 are needed."
msgstr "数据太少，无法规划：最近四周有 %(n)s 人看到推荐，至少需要 100 人。"

msgid "Arms"
msgstr "分组"

msgid ""
"the first is what the others are compared with; what is empty stays as the "
"placement has it"
msgstr "第一组是其他组的比较对象；留空则与推荐位相同"

msgid "Save"
msgstr "保存"

msgid "Delete"
msgstr "删除"

msgid "Start"
msgstr "开始"

msgid "Start this experiment?"
msgstr "开始此实验？"

msgid ""
"From then on customers see its arms, and neither arms nor shares can be "
"changed. What is not saved yet is not part of it."
msgstr "此后客户会看到各分组，分组与占比都不能再改。尚未保存的内容不包括在内。"

msgid "Open it"
msgstr "打开"

#, python-format
msgid "%(n)s of %(all)s lists on %(p)s change."
msgstr "%(p)s 的 %(all)s 个列表中有 %(n)s 个变化。"

#, python-format
msgid "None of these lists on %(p)s changes."
msgstr "%(p)s 的这些列表都不变。"

#, python-format
msgid "Page of %(s)s."
msgstr "%(s)s 的页面。"

msgid "somebody nobody knows"
msgstr "未知访客"

msgid "changes"
msgstr "变化"

msgid "stays as it is"
msgstr "不变"

msgid "enters"
msgstr "进入"

#, python-format
msgid "from %(n)s"
msgstr "原第 %(n)s 位"

#, python-format
msgid "leaves %(n)s"
msgstr "移出第 %(n)s 位"

msgid "Nothing is shown here, before and after."
msgstr "前后都不展示任何商品。"

#, python-format
msgid "The experiment “%(e)s” runs here: its arms lie over these settings."
msgstr "实验“%(e)s”在此运行：其分组覆盖这些设置。"

msgid "Sources, first to last"
msgstr "来源，从先到后"

msgid "what stands earlier is offered first; nothing ticked: the usual order"
msgstr "靠前的先推荐；都不勾选：默认顺序"

#, python-format
msgid "%(s)s: earlier"
msgstr "%(s)s：提前"

#, python-format
msgid "%(s)s: later"
msgstr "%(s)s：推后"

#, python-format
msgid "Changed by %(a)s, %(d)s"
msgstr "%(a)s 修改，%(d)s"

msgid ""
"You may look at placements but not change them; a marketer or the owner may."
msgstr "您可以查看但不能修改推荐位；营销人员或店主可以。"

msgid "Period"
msgstr "期间"

msgid "Show"
msgstr "显示"

msgid "Usual periods"
msgstr "常用期间"

#, python-format
msgid ""
"Still open: sales until %(d)s can be due to what was shown in these days, so"
" money and purchases will still grow."
msgstr "尚未结束：截至 %(d)s 的销售仍可能归因于这些天的展示，金额与购买还会增加。"

#, python-format
msgid "%(m)s event counts nowhere. It does"
msgid_plural "%(m)s events count nowhere. They"
msgstr[0] "%(m)s 个事件未计入任何地方。它们"

#, python-format
msgid "%(s)s seen by %(p)s people · %(c)s clicked · %(b)s bought"
msgstr "%(p)s 人看到 %(s)s 次 · 点击 %(c)s · 购买 %(b)s"

msgid "Too little to say more yet."
msgstr "数据太少，尚不能多说。"

#, python-format
msgid "%(f)s of at least %(n)s %(w)s"
msgstr "%(w)s：%(f)s，至少需要 %(n)s"

msgid "Share by brand"
msgstr "品牌占比"

msgid "Nothing was seen in these days."
msgstr "这些天没有任何曝光。"

msgid ""
"Send an impression for each product that comes into view and a click for "
"each that is followed, with the answer's receipt in their properties."
msgstr "商品进入视野时发送 impression，被点击时发送 click，并在 properties 中带上回答的 receipt。"

msgid "The API"
msgstr "API"

#, python-format
msgid ""
"Changes are against %(a)s – %(b)s. A sale is due to the last click on that "
"product within %(n)s days before it, else to the last time it was seen; each"
" sale counts once. Intervals are 95 %%."
msgstr ""
"变化相对于 %(a)s – %(b)s。一笔销售归因于此前 %(n)s 天内对该商品的最后一次点击，否则归因于最后一次看到；每笔销售只计一次。区间为 "
"95 %%。"

msgid "The clicks"
msgstr "点击"

msgid "The impressions"
msgstr "曝光"

msgid "Which products"
msgstr "哪些商品"

msgid "everything that is filled must fit"
msgstr "所填各项须全部符合"

#, python-format
msgid "Made by %(a)s, %(d)s"
msgstr "%(a)s 建立，%(d)s"

msgid "Save and go on"
msgstr "保存并继续"

msgid ""
"You may look at rules but not change them; a marketer or the owner may."
msgstr "您可以查看但不能修改规则；营销人员或店主可以。"

msgid "Before anybody is shown it"
msgstr "展示给任何人之前"

msgid "what it would have brought, from what was tried out in 28 days"
msgstr "据 28 天的试探，它本会带来什么"

msgid "Estimate again"
msgstr "重新估计"

msgid "It is being estimated; load this page again for the result."
msgstr "正在估计；重新载入页面查看结果。"

msgid "The estimate failed."
msgstr "估计失败。"

msgid ""
"It has learned from these very days, so that these estimates are too good. "
"Judge it by days after its data."
msgstr "它正是从这些天学到的，因此这些估计过于乐观。请用其数据之后的日子评判。"

msgid "Estimator"
msgstr "估计方法"

msgid "clicks per 100 slots"
msgstr "每百展位点击"

#, python-format
msgid ""
"%(r)s slots of %(p)s people, worth %(e)s of this model's own; mean weight "
"%(s)s; weights cut at %(c)s (%(k)s of them)."
msgstr ""
"%(p)s 人的 %(r)s 个展位，相当于此模型自身的 %(e)s 个；平均权重 %(s)s；权重截断于 %(c)s（其中 %(k)s 个）。"

#, python-format
msgid ""
"Not estimated yet. Placements that try products out (“Trying out” above 0 "
"%%) make it possible."
msgstr "尚未估计。有试探（“试探”大于 0 %%）的推荐位才能估计。"

msgid "Nothing was seen in 28 days, so there is nothing to judge by."
msgstr "28 天内没有任何曝光，因此无从评判。"

#, python-format
msgid "One training"
msgid_plural "The last %(n)s trainings, oldest first"
msgstr[0] "最近 %(n)s 次训练，从旧到新"

msgid ""
"the ring is the one that is live · each was measured on the newest quarter "
"of its own data"
msgstr "圆环为现用模型 · 每次都在其数据最新的四分之一上测量"

msgid ""
"No training has been measured yet. The night trains; “Jobs” says what is "
"missing."
msgstr "尚无训练被测量。夜间训练；“任务”会说明缺少什么。"

msgid "What it would do"
msgstr "它会带来什么"

msgid "tried now, nothing is saved"
msgstr "现场试算，尚未保存"

msgid "Others"
msgstr "换一批"

msgid "The preview did not answer. Change something, or load the page again."
msgstr "预览没有回应。请改动内容或重新载入页面。"

msgid "Trying it …"
msgstr "试算中……"

#, python-format
msgid "Run %(n)s did not beat its baseline, so %(b)s serves."
msgstr "运行 %(n)s 未优于其基线，因此由 %(b)s 提供服务。"

#, python-format
msgid "Run %(n)s is live."
msgstr "运行 %(n)s 在用。"

msgid "No model yet: what sells in the shop is shown."
msgstr "尚无模型：显示店内热销商品。"

msgid ""
"The customer refused personal recommendations: nothing about the person is "
"used."
msgstr "该客户拒绝个性化推荐：不使用其任何个人信息。"

#, python-format
msgid "One product in the history."
msgid_plural "%(n)s products in the history."
msgstr[0] "历史中有 %(n)s 件商品。"

msgid "Sources"
msgstr "来源"

msgid "variety"
msgstr "多样性"

msgid "margin"
msgstr "毛利"

msgid "trying out"
msgstr "试探"

msgid "Change"
msgstr "修改"

#, python-format
msgid ""
"%(r)s %% of the answers draw their free places by lot; below stands the list"
" of the others."
msgstr "%(r)s %% 的回答以抽签填充空位；下面是其余回答的列表。"

msgid "Experiment"
msgstr "实验"

#, python-format
msgid ""
"“%(e)s” runs here; this person is in arm “%(a)s”, whose settings lie over "
"those above."
msgstr "“%(e)s”在此运行；此人属于“%(a)s”组，其设置覆盖上述设置。"

#, python-format
msgid "“%(e)s” runs here; name a customer or visitor to see the arm."
msgstr "“%(e)s”在此运行；请指明客户或访客以查看分组。"

msgid "Rules here"
msgstr "此处的规则"

msgid "Product"
msgstr "商品"

msgid "Source"
msgstr "来源"

msgid "Score"
msgstr "得分"

msgid "Score parts"
msgstr "得分构成"

msgid "Stopped by"
msgstr "拦截原因"

msgid "Make a rule"
msgstr "新建规则"

msgid "Never here"
msgstr "此处从不推荐"

msgid "Pin"
msgstr "固定"

msgid "There is nothing to recommend yet."
msgstr "目前没有可推荐的内容。"

msgid "Format"
msgstr "格式"

msgid "To be opened in Excel (with a byte order mark)"
msgstr "用 Excel 打开（带字节顺序标记）"

msgid "Make the file"
msgstr "生成文件"

msgid "Back to the list"
msgstr "返回列表"

msgid "Your files"
msgstr "您的文件"

msgid "None yet."
msgstr "暂无。"

#, python-format
msgid "%(n)s row"
msgid_plural "%(n)s rows"
msgstr[0] "%(n)s 行"

msgid "Download"
msgstr "下载"

msgid "no longer kept"
msgstr "已不再保留"

msgid "Not in this file:"
msgstr "此文件不包含："

#, python-format
msgid "Files are kept for one day."
msgid_plural "Files are kept for %(n)s days."
msgstr[0] "文件保留 %(n)s 天。"

msgid "trial run: nothing is written"
msgstr "试运行：不写入"

msgid "Download rejected rows"
msgstr "下载被拒的行"

msgid "Import now"
msgstr "立即导入"

msgid "Import this file now?"
msgstr "现在导入此文件？"

msgid ""
"Good rows are written; rejected rows are left out and stay in the file to "
"download."
msgstr "合格的行写入；被拒的行不写入，可在文件中下载。"

msgid "Stop this import?"
msgstr "停止此次导入？"

msgid ""
"It stops at its next part. What is in the shop stays; the same file can be "
"imported again."
msgstr "处理完当前部分后停止。已写入的保留；同一文件可再次导入。"

msgid "Asked to stop; it ends at its next part."
msgstr "已请求停止；处理完当前部分后结束。"

msgid "Waiting for a worker."
msgstr "等待工作进程。"

#, python-format
msgid "%(done)s of about %(total)s rows"
msgstr "约 %(total)s 行中的 %(done)s 行"

msgid "Reading the file."
msgstr "正在读取文件。"

msgid ""
"Nothing is lost: what was written before stays, and the corrected file may "
"be handed in again."
msgstr "没有丢失任何内容：之前写入的保留，改正后的文件可再次上传。"

#, python-format
msgid ""
"The same file was imported before (%(when)s): what has not changed since "
"counts as unchanged."
msgstr "同一文件此前已导入（%(when)s）：此后未变的计为“未变”。"

msgid "What would happen"
msgstr "预计结果"

msgid "What happened"
msgstr "结果"

#, python-format
msgid ""
"%(read)s rows were read: %(new)s new, %(changed)s changed, %(unchanged)s "
"unchanged, %(rejected)s rejected."
msgstr ""
"共读取 %(read)s 行：新增 %(new)s，变更 %(changed)s，未变 %(unchanged)s，被拒 %(rejected)s。"

msgid "Money in the file"
msgstr "文件中的金额"

#, python-format
msgid "%(read)s read = %(accepted)s accepted + %(rejected)s rejected"
msgstr "读取 %(read)s = 接受 %(accepted)s + 被拒 %(rejected)s"

#, python-format
msgid "%(rows)s row whose amount is no number"
msgid_plural "%(rows)s rows whose amount is no number"
msgstr[0] "%(rows)s 行的金额不是数字"

msgid "Asked for by"
msgstr "发起人"

msgid "Why rows were rejected"
msgstr "被拒原因"

msgid "Column and reason"
msgstr "列与原因"

msgid ""
"The file of rejected rows holds each row as it stood, with its line and what"
" is wrong. Correct it and import it: the first four columns are ignored."
msgstr "被拒行文件保留每行原样，并注明行号和问题。改正后再导入即可：前四列会被忽略。"

msgid ""
"CSV, or CSV packed with gzip, with one header line. Good rows land, bad rows"
" come back in a file that says what is wrong with each. The same file twice "
"changes nothing."
msgstr "CSV 或 gzip 压缩的 CSV，含一行表头。合格的行写入，不合格的行退回到一个注明问题的文件中。同一文件导入两次不会有任何变化。"

msgid "Import"
msgstr "导入"

msgid "What was imported"
msgstr "导入记录"

msgid "New"
msgstr "新增"

msgid "Changed"
msgstr "变更"

msgid "Rejected"
msgstr "被拒"

msgid "trial run"
msgstr "试运行"

msgid "Newer"
msgstr "较新"

msgid "Older"
msgstr "较早"

msgid "Nothing yet."
msgstr "暂无。"

msgid ""
"Nobody has checked yet. The night does it, and so does the button below."
msgstr "尚未核对过。夜间任务会核对，也可点下面的按钮。"

msgid "The last check did not come to an end."
msgstr "上次核对没有完成。"

#, python-format
msgid "One counter differs from its ledger."
msgid_plural "%(n)s counters differ from their ledger."
msgstr[0] "%(n)s 个计数与流水不符。"

msgid ""
"Nothing was repaired. Look for the cause first: no service of this shop can "
"make a difference."
msgstr "未作任何修复。请先查明原因：本系统的任何服务都不会造成差异。"

msgid "Every counter equals its ledger."
msgstr "所有计数与流水一致。"

#, python-format
msgid "Checked %(at)s: %(levels)s counters against %(movements)s movements."
msgstr "核对时间 %(at)s：%(levels)s 个计数，对照 %(movements)s 条变动。"

#, python-format
msgid "One row was repaired."
msgid_plural "%(n)s rows were repaired."
msgstr[0] "已修复 %(n)s 行。"

msgid "The job"
msgstr "任务"

msgid "A check is running; load this page again for its result."
msgstr "核对进行中；刷新本页查看结果。"

msgid "Check now"
msgstr "立即核对"

msgid "What differs"
msgstr "差异"

msgid "counter"
msgstr "计数"

msgid "stands at"
msgstr "当前值"

msgid "ledger says"
msgstr "流水值"

msgid "I know the cause. Set the counters to what the ledger says."
msgstr "我已查明原因，按流水重设计数。"

msgid "Repair"
msgstr "修复"

msgid "Conversation"
msgstr "对话"

msgid "All tickets"
msgstr "全部工单"

msgid "what it asks"
msgstr "咨询内容"

msgid "being sorted"
msgstr "分拣中"

msgid "In a person's hands"
msgstr "人工处理中"

msgid "being sent"
msgstr "发送中"

msgid "Draft: every mark names its record. Read it before it leaves."
msgstr "草稿：每个标记都注明其记录。发送前请先阅读。"

msgid "Reply"
msgstr "回复"

msgid "Write to the customer, or a note for colleagues"
msgstr "写给客户，或给同事留备注"

msgid "Records behind the draft"
msgstr "草稿依据的记录"

msgid "stock"
msgstr "库存"

msgid "knowledge"
msgstr "知识库"

msgid "The marks are taken out when the reply is sent."
msgstr "发送回复时会去掉这些标记。"

msgid "Discard draft"
msgstr "丢弃草稿"

msgid "Keep as note"
msgstr "存为备注"

msgid "Hand off"
msgstr "转交"

msgid "Take it"
msgstr "我来处理"

msgid "Open again"
msgstr "重新打开"

msgid "Send this reply to one person?"
msgstr "将此回复发送给一位客户？"

msgid "Once sent it cannot be taken back. It is recorded under your name."
msgstr "发送后无法收回，并以您的名义记录。"

msgid "It really asks about"
msgstr "实际咨询的是"

msgid "Correct"
msgstr "更正"

msgid "Latest orders"
msgstr "最近订单"

msgid "Other tickets"
msgstr "其他工单"

msgid ""
"No customer of the shop has this address, so no order is shown or quoted."
msgstr "店内没有客户使用此地址，因此不显示也不引用任何订单。"

msgid "Which tickets"
msgstr "筛选工单"

msgid "Number, subject, customer, order"
msgstr "编号、主题、客户、订单"

msgid "Search tickets"
msgstr "搜索工单"

#, python-format
msgid "late by %(t)s"
msgstr "已超时 %(t)s"

#, python-format
msgid "%(t)s left"
msgstr "还剩 %(t)s"

msgid "No ticket matches."
msgstr "没有符合的工单。"

msgid ""
"Nothing waits here. New messages arrive by themselves; older ones come with "
"import_data tickets FILE."
msgstr "暂无待办。新消息会自动到达；旧消息可用 import_data tickets FILE 导入。"

msgid "The first 60 are shown; search for others."
msgstr "仅显示前 60 个，其余请搜索。"

msgid "Choose a ticket."
msgstr "请选择一个工单。"

msgid "move"
msgstr "移动"

msgid "edit"
msgstr "编辑"

#~ msgid "This look contradicts the earlier ones: the effect moved."
#~ msgstr "这次查看与先前矛盾：效果发生了变化。"

#, python-format
#~ msgid ""
#~ "The effect of “%(a)s” is no longer what the earlier days showed: it may have"
#~ " been a novelty. The interval stays as it was."
#~ msgstr "“%(a)s”的效果已不是先前几天所显示的：可能只是新鲜感。区间保持不变。"

#~ msgid ""
#~ "It is still running. Read the verdict once, at its end: stopping at the "
#~ "first good day finds effects that are not there."
#~ msgstr "实验仍在进行。请在结束时一次性阅读结论：在第一个好日子停止会发现并不存在的效果。"
