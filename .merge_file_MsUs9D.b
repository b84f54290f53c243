# Words made from identifiers: names of fields (config/apps.py) and what receipts and results record (decisions.text.words). makemessages cannot see them.
msgid ""
msgstr ""
"Project-Id-Version: Backroom\n"
"Language: zh_Hans\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"

msgid "accuracy"
msgstr "准确率"

msgid "action"
msgstr "动作"

msgid "actor"
msgstr "操作者"

msgid "after"
msgstr "变更后"

msgid "against"
msgstr "对照"

msgid "all"
msgstr "全部"

msgid "allocated delta"
msgstr "已分配变动"

msgid "alt"
msgstr "替代文本"

msgid "alternatives"
msgstr "备选方案"

msgid "amount minor"
msgstr "金额（最小货币单位）"

msgid "analyst"
msgstr "分析师"

msgid "answers"
msgstr "回答的消息"

msgid "approved at"
msgstr "批准时间"

msgid "approved facts"
msgstr "批准时的事实"

msgid "arms"
msgstr "分组"

msgid "artefact"
msgstr "模型文件"

msgid "artefact bytes"
msgstr "模型文件字节数"

msgid "artefact sha256"
msgstr "模型文件 SHA-256"

msgid "as of"
msgstr "数据时点"

msgid "assigned to"
msgstr "处理人"

msgid "assumptions"
msgstr "假定"

msgid "at"
msgstr "时间"

msgid "at risk after days"
msgstr "流失风险起始天数"

msgid "at-risk"
msgstr "流失风险"

msgid "attempt"
msgstr "尝试次数"

msgid "attribute value"
msgstr "属性值"

msgid "attribution window days"
msgstr "归因窗口（天）"

msgid "author"
msgstr "作者"

msgid "authorised minor"
msgstr "已授权金额"

msgid "backtest"
msgstr "回测"

msgid "backward"
msgstr "反向权重"

msgid "barcode"
msgstr "条形码"

msgid "baseline ndcg"
msgstr "基线 ndcg"

msgid "baseline rmsse"
msgstr "基线 rmsse"

msgid "baseline value"
msgstr "基线指标值"

msgid "basis points"
msgstr "基点"

msgid "before"
msgstr "变更前"

msgid "began at"
msgstr "开始时间"

msgid "birthday"
msgstr "生日"

msgid "blend"
msgstr "融合模型"

msgid "body"
msgstr "正文"

msgid "body sha256"
msgstr "正文 SHA-256"

msgid "body zh"
msgstr "正文（中文）"

msgid "bounced at"
msgstr "退信时间"

msgid "bound by"
msgstr "受限于"

msgid "brief"
msgstr "文案要求"

msgid "budget seconds"
msgstr "时间预算（秒）"

msgid "buyer"
msgstr "采购员"

msgid "by"
msgstr "操作人"

msgid "by weight"
msgstr "按权重"

msgid "can cancel"
msgstr "可取消"

msgid "cancel requested at"
msgstr "请求取消时间"

msgid "cancelled units"
msgstr "取消件数"

msgid "captured minor"
msgstr "已扣款金额"

msgid "carrier"
msgstr "承运商"

msgid "catalogue manager"
msgstr "商品经理"

msgid "cause"
msgstr "原因"

msgid "changed at"
msgstr "变更时间"

msgid "changed by"
msgstr "操作人"

msgid "choices"
msgstr "选项"

msgid "citations"
msgstr "引用"

msgid "claimed at"
msgstr "领取时间"

msgid "clicked at"
msgstr "点击时间"

msgid "clock ahead seconds"
msgstr "时钟超前秒数"

msgid "closed at"
msgstr "关闭时间"

msgid "code"
msgstr "编码"

msgid "code version"
msgstr "代码版本"

msgid "comparison"
msgstr "对比"

msgid "complained at"
msgstr "投诉时间"

msgid "component"
msgstr "组件"

msgid "confidence"
msgstr "置信度"

msgid "constraint"
msgstr "约束"

msgid "constraints"
msgstr "约束条件"

msgid "constraints hit"
msgstr "约束条件"

msgid "contact"
msgstr "联系方式"

msgid "content type"
msgstr "内容类型"

msgid "context"
msgstr "背景"

msgid "cost minor"
msgstr "成本（最小货币单位）"

msgid "counted at"
msgstr "统计时间"

msgid "countries"
msgstr "国家/地区"

msgid "cover units"
msgstr "保障期需求（件）"

msgid "coverage"
msgstr "覆盖率"

msgid "coverage80"
msgstr "80% 区间覆盖率"

msgid "created at"
msgstr "创建时间"

msgid "created by"
msgstr "创建者"

msgid "currency"
msgstr "货币"

msgid "customer count"
msgstr "客户数"

msgid "cut by budget"
msgstr "因预算截断"

msgid "cycle on"
msgstr "盘查周期"

msgid "cycle service level"
msgstr "周期服务水平"

msgid "cycle units"
msgstr "周期需求（件）"

msgid "data from"
msgstr "数据起始"

msgid "data hash"
msgstr "数据指纹"

msgid "data until"
msgstr "数据截止"

msgid "dates"
msgstr "日期"

msgid "days missing"
msgstr "缺少天数"

msgid "deadline at"
msgstr "决策期限"

msgid "decided at"
msgstr "决定时间"

msgid "decided by"
msgstr "决定人"

msgid "decision note"
msgstr "决定备注"

msgid "definition"
msgstr "定义"

msgid "delivered at"
msgstr "送达时间"

msgid "demand"
msgstr "需求预测"

msgid "description"
msgstr "描述"

msgid "description zh"
msgstr "描述（中文）"

msgid "device"
msgstr "设备"

msgid "diff"
msgstr "差异"

msgid "discount minor"
msgstr "折扣金额"

msgid "diversity rate"
msgstr "多样性比率"

msgid "due at"
msgstr "到期时间"

msgid "duration seconds"
msgstr "用时（秒）"

msgid "edited at"
msgstr "编辑时间"

msgid "edited body"
msgstr "修改后正文"

msgid "edited by"
msgstr "编辑者"

msgid "edited by hand"
msgstr "人工编辑"

msgid "email"
msgstr "邮箱"

msgid "emailed at"
msgstr "邮件发出时间"

msgid "ended at"
msgstr "结束时间"

msgid "endpoint"
msgstr "Webhook"

msgid "ends at"
msgstr "结束时间"

msgid "entered at"
msgstr "进入时间"

msgid "error"
msgstr "错误"

msgid "estimated units"
msgstr "估计件数"

msgid "event id"
msgstr "事件标识"

msgid "examples"
msgstr "样例数"

msgid "exchange of"
msgstr "换货来源"

msgid "exclude"
msgstr "排除"

msgid "expected"
msgstr "预期"

msgid "expected high"
msgstr "预期上限"

msgid "expected high minor"
msgstr "预期上限（最小货币单位）"

msgid "expected low"
msgstr "预期下限"

msgid "expected low minor"
msgstr "预期下限（最小货币单位）"

msgid "expected minor"
msgstr "预期价值（最小货币单位）"

msgid "expected on"
msgstr "预计到货日"

msgid "expire decisions"
msgstr "过期决策"

msgid "expires at"
msgstr "过期时间"

msgid "expires on"
msgstr "到期日"

msgid "exploration rate"
msgstr "试探比率"

msgid "factor"
msgstr "系数"

msgid "factors"
msgstr "因子数"

msgid "facts"
msgstr "事实"

msgid "failing since"
msgstr "开始失败时间"

msgid "fallback"
msgstr "兜底"

msgid "field"
msgstr "字段"

msgid "file"
msgstr "文件"

msgid "finished at"
msgstr "完成时间"

msgid "first day"
msgstr "首日"

msgid "first response at"
msgstr "首次回复时间"

msgid "folds"
msgstr "折数"

msgid "frequency"
msgstr "购买频次"

msgid "from state"
msgstr "原状态"

msgid "frozen at"
msgstr "冻结时间"

msgid "gate"
msgstr "关卡"

msgid "goal"
msgstr "目标"

msgid "goods return"
msgstr "对应退货"

msgid "granted"
msgstr "已同意"

msgid "greeting"
msgstr "问候语"

msgid "half life days"
msgstr "半衰期（天）"

msgid "handed over at"
msgstr "移交时间"

msgid "handoff"
msgstr "转人工"

msgid "handoffs"
msgstr "转人工"

msgid "headline"
msgstr "标题"

msgid "heartbeat at"
msgstr "心跳时间"

msgid "hide bought days"
msgstr "已购隐藏天数"

msgid "high units"
msgstr "件数上限"

msgid "higher is better"
msgstr "越高越好"

msgid "history"
msgstr "历史"

msgid "history days"
msgstr "历史天数"

msgid "hit rate"
msgstr "命中率"

msgid "holding rate"
msgstr "持有成本率"

msgid "holdout"
msgstr "对照组"

msgid "holdout count"
msgstr "对照组人数"

msgid "holdout rate"
msgstr "对照组比例"

msgid "horizon"
msgstr "预测期"

msgid "horizon days"
msgstr "预测天数"

msgid "ID"
msgstr "ID"

msgid "id"
msgstr "编号"

msgid "idempotency key"
msgstr "幂等键"

msgid "in scope accuracy"
msgstr "范围内准确率"

msgid "inputs"
msgstr "输入"

msgid "intent confidence"
msgstr "意图置信度"

msgid "intent source"
msgstr "意图来源"

msgid "intents"
msgstr "意图识别"

msgid "inventory position"
msgstr "库存位置"

msgid "is active"
msgstr "启用"

msgid "is available"
msgstr "可售"

msgid "is builtin"
msgstr "内置"

msgid "is complete"
msgstr "已完整"

msgid "is history"
msgstr "历史数据"

msgid "is holdout"
msgstr "属对照组"

msgid "is on"
msgstr "启用"

msgid "is preferred"
msgstr "首选"

msgid "is publishable"
msgstr "可公开"

msgid "is published"
msgstr "已发布"

msgid "item knn"
msgstr "商品近邻"

msgid "item norm"
msgstr "商品归一化"

msgid "items"
msgstr "商品"

msgid "items minor"
msgstr "商品金额（最小货币单位）"

msgid "iterations"
msgstr "迭代次数"

msgid "k"
msgstr "数量 k"

msgid "kept rate"
msgstr "采用率"

msgid "key"
msgstr "键"

msgid "kits"
msgstr "套装"

msgid "label"
msgstr "标签"

msgid "lag baskets"
msgstr "间隔订单数"

msgid "lapsed after days"
msgstr "判定流失天数"

msgid "last count"
msgstr "最近计数"

msgid "last day"
msgstr "末日"

msgid "last order at"
msgstr "最近下单时间"

msgid "last used at"
msgstr "最近使用时间"

msgid "lead time days"
msgstr "交期（天）"

msgid "lead time sd days"
msgstr "交期标准差（天）"

msgid "lead units"
msgstr "交期需求（件）"

msgid "learning rate"
msgstr "学习率"

msgid "lease token"
msgstr "租约令牌"

msgid "lease until"
msgstr "租约截止"

msgid "leaves"
msgstr "叶子数"

msgid "limit"
msgstr "数量上限"

msgid "line"
msgstr "明细行"

msgid "lines left for next cycle"
msgstr "留待下一周期的明细"

msgid "lines sold"
msgstr "售出行数"

msgid "lines without money"
msgstr "未知金额的明细"

msgid "link url"
msgstr "链接地址"

msgid "linked at"
msgstr "关联时间"

msgid "live since"
msgstr "上线时间"

msgid "live version"
msgstr "线上版本"

msgid "looks available"
msgstr "有货时浏览"

msgid "lost sessions"
msgstr "落空的访问"

msgid "low units"
msgstr "件数下限"

msgid "macro f1"
msgstr "宏平均 F1"

msgid "majority"
msgstr "多数类"

msgid "map"
msgstr "平均精确率"

msgid "margin rate"
msgstr "毛利比率"

msgid "marketer"
msgstr "营销人员"

msgid "max attempts"
msgstr "最多尝试次数"

msgid "mean units"
msgstr "日均件数"

msgid "measure als"
msgstr "评估：ALS"

msgid "measure blend"
msgstr "评估：融合模型"

msgid "measure ease"
msgstr "评估：EASE"

msgid "measure item knn"
msgstr "评估：商品近邻"

msgid "measure item_knn"
msgstr "评估：商品近邻"

msgid "measure popularity"
msgstr "评估：热门榜"

msgid "measure transitions"
msgstr "评估：转移模型"

msgid "members sha256"
msgstr "成员 SHA-256"

msgid "metric"
msgstr "指标"

msgid "metrics"
msgstr "指标"

msgid "min rows"
msgstr "最少行数"

msgid "min shelf life days"
msgstr "最短剩余保质期（天）"

msgid "minimum order"
msgstr "最低订购金额"

msgid "minimum order minor"
msgstr "最低订购金额（最小货币单位）"

msgid "missing"
msgstr "缺少"

msgid "monetary minor"
msgstr "累计消费（最小货币单位）"

msgid "moq"
msgstr "起订量"

msgid "moving average"
msgstr "移动平均"

msgid "name"
msgstr "名称"

msgid "name zh"
msgstr "名称（中文）"

msgid "names"
msgstr "名称"

msgid "ndcg difference"
msgstr "ndcg 差值"

msgid "night"
msgstr "夜间任务"

msgid "night step"
msgstr "夜间任务步骤"

msgid "no supplier lead days"
msgstr "无供应商时的交期（天）"

msgid "no supplier review days"
msgstr "无供应商时的盘查周期（天）"

msgid "not before"
msgstr "最早执行时间"

msgid "note"
msgstr "备注"

msgid "novelty"
msgstr "新颖度"

msgid "number"
msgstr "编号"

msgid "occurred at"
msgstr "发生时间"

msgid "off at"
msgstr "停用时间"

msgid "on hand delta"
msgstr "在手变动"

msgid "on order"
msgstr "在途"

msgid "one-time"
msgstr "仅一单"

msgid "only"
msgstr "仅运行"

msgid "open key"
msgstr "登记键"

msgid "opened at"
msgstr "打开时间"

msgid "order by days"
msgstr "最晚下单（天后）"

msgid "order by on"
msgstr "最晚下单日"

msgid "order cost"
msgstr "每次下单费用"

msgid "order cost minor"
msgstr "每次下单费用（最小货币单位）"

msgid "order up to level"
msgstr "目标库存水平"

msgid "out of stock seconds"
msgstr "缺货秒数"

msgid "outcome"
msgstr "后续结果"

msgid "output"
msgstr "输出"

msgid "own"
msgstr "本店模型"

msgid "owner"
msgstr "店主"

msgid "pack size"
msgstr "装箱数"

msgid "pairs"
msgstr "配对"

msgid "params"
msgstr "参数"

msgid "parent"
msgstr "上级"

msgid "passages"
msgstr "知识片段"

msgid "paused by"
msgstr "暂停原因"

msgid "pay by"
msgstr "付款期限"

msgid "payload"
msgstr "任务内容"

msgid "penalty"
msgstr "惩罚系数"

msgid "per minute"
msgstr "每分钟"

msgid "persona"
msgstr "口吻"

msgid "personal"
msgstr "个性化"

msgid "personalisation refused"
msgstr "拒绝个性化"

msgid "phone"
msgstr "电话"

msgid "place"
msgstr "位置"

msgid "placed at"
msgstr "下单时间"

msgid "placed on"
msgstr "下单日"

msgid "placement"
msgstr "推荐位"

msgid "popular"
msgstr "热门"

msgid "popularity"
msgstr "热门榜"

msgid "position"
msgstr "序号"

msgid "precision"
msgstr "精确率"

msgid "prefix"
msgstr "前缀"

msgid "previous secret"
msgstr "旧密钥"

msgid "previous secret until"
msgstr "旧密钥有效至"

msgid "price from minor"
msgstr "价格下限（最小单位）"

msgid "price to minor"
msgstr "价格上限（最小单位）"

msgid "prices include tax"
msgstr "价格含税"

msgid "priority"
msgstr "优先级"

msgid "product id"
msgstr "商品编号"

msgid "progress done"
msgstr "已完成进度"

msgid "progress note"
msgstr "进度说明"

msgid "progress total"
msgstr "总进度"

msgid "properties"
msgstr "属性"

msgid "provider"
msgstr "生成方式"

msgid "provider note"
msgstr "生成说明"

msgid "prune jobs"
msgstr "清理后台任务"

msgid "prune receipts"
msgstr "清理回执"

msgid "public id"
msgstr "公开编号"

msgid "published at"
msgstr "发布时间"

msgid "purpose"
msgstr "用途"

msgid "push token"
msgstr "推送令牌"

msgid "quantile units"
msgstr "分位数件数"

msgid "quantiles"
msgstr "分位数"

msgid "query"
msgstr "搜索词"

msgid "queue"
msgstr "队列"

msgid "rate per minute"
msgstr "每分钟请求上限"

msgid "read at"
msgstr "读取时间"

msgid "reason"
msgstr "原因"

msgid "recall"
msgstr "召回率"

msgid "received at"
msgstr "接收时间"

msgid "received units"
msgstr "已收件数"

msgid "recency baskets"
msgstr "近期订单数"

msgid "recency days"
msgstr "距上次下单天数"

msgid "recommender"
msgstr "推荐模型"

msgid "recorded at"
msgstr "记录时间"

msgid "reference"
msgstr "关联单据"

msgid "refund minor"
msgstr "退款（最小货币单位）"

msgid "refunded at"
msgstr "退款时间"

msgid "refunded by"
msgstr "退款人"

msgid "refunded minor"
msgstr "退款金额"

msgid "regularization"
msgstr "正则化"

msgid "released at"
msgstr "归还时间"

msgid "reorder point"
msgstr "补货点"

msgid "replenishment"
msgstr "补货计划"

msgid "replies"
msgstr "起草回复"

msgid "reply"
msgstr "回复"

msgid "request sha256"
msgstr "请求 SHA-256"

msgid "requested by"
msgstr "发起人"

msgid "reserved delta"
msgstr "已预留变动"

msgid "resolved at"
msgstr "解决时间"

msgid "result"
msgstr "结果"

msgid "resumed"
msgstr "已恢复"

msgid "returned at"
msgstr "退货时间"

msgid "returned units"
msgstr "退回件数"

msgid "review mean units"
msgstr "盘查期日均（件）"

msgid "review period days"
msgstr "盘查周期（天）"

msgid "revoked at"
msgstr "吊销时间"

msgid "ring fenced"
msgstr "活动锁定"

msgid "ring fenced delta"
msgstr "活动锁定变动"

msgid "row count"
msgstr "行数"

msgid "run"
msgstr "运行"

msgid "run state"
msgstr "运行状态"

msgid "safety stock"
msgstr "安全库存"

msgid "scope"
msgstr "范围"

msgid "score"
msgstr "得分"

msgid "score parts"
msgstr "得分构成"

msgid "scored"
msgstr "已评分"

msgid "search als"
msgstr "调参：ALS"

msgid "search blend"
msgstr "调参：融合模型"

msgid "search ease"
msgstr "调参：EASE"

msgid "search item knn"
msgstr "调参：商品近邻"

msgid "search item_knn"
msgstr "调参：商品近邻"

msgid "search popularity"
msgstr "调参：热门榜"

msgid "search transitions"
msgstr "调参：转移模型"

msgid "seasonal naive"
msgstr "季节性朴素法"

msgid "seconds"
msgstr "秒数"

msgid "secret"
msgstr "密钥"

msgid "secret sha256"
msgstr "密钥 SHA-256"

msgid "seed"
msgstr "随机种子"

msgid "seen at"
msgstr "处理时间"

msgid "send after"
msgstr "最早发送时间"

msgid "send cost"
msgstr "发送费用"

msgid "send from"
msgstr "发送时刻"

msgid "send on"
msgstr "发送日期"

msgid "sent at"
msgstr "发送时间"

msgid "sentences"
msgstr "语句"

msgid "sentiment"
msgstr "情绪"

msgid "sequence"
msgstr "序号"

msgid "series refused"
msgstr "未评分序列"

msgid "series scored"
msgstr "已评分序列"

msgid "session"
msgstr "会话"

msgid "shipped at"
msgstr "发货时间"

msgid "shipped by"
msgstr "发货人"

msgid "shipped examples"
msgstr "自带样例"

msgid "shipped units"
msgstr "已发件数"

msgid "shop"
msgstr "店铺"

msgid "similar"
msgstr "相似商品"

msgid "similarity"
msgstr "相似度"

msgid "sku"
msgstr "SKU"

msgid "skus"
msgstr "SKU"

msgid "skus looked at"
msgstr "查看的 SKU"

msgid "skus planned"
msgstr "已规划 SKU"

msgid "sla due at"
msgstr "应答时限"

msgid "snoozed"
msgstr "已推迟"

msgid "snoozed until"
msgstr "推迟至"

msgid "solved at"
msgstr "解决时间"

msgid "source"
msgstr "来源"

msgid "sources"
msgstr "来源"

msgid "spellings"
msgstr "写法"

msgid "started at"
msgstr "开始时间"

msgid "starts at"
msgstr "开始时间"

msgid "state note"
msgstr "状态说明"

msgid "status"
msgstr "状态"

msgid "step"
msgstr "步骤"

msgid "steps"
msgstr "步骤"

msgid "stockout days"
msgstr "缺货天数"

msgid "stopped at"
msgstr "停止时间"

msgid "subject"
msgstr "主题"

msgid "suggested units"
msgstr "建议件数"

msgid "supplier sku"
msgstr "供应商 SKU"

msgid "support agent"
msgstr "客服"

msgid "sweep artefacts"
msgstr "清理模型文件"

msgid "task"
msgstr "用途"

msgid "tax basis points"
msgstr "税率（基点）"

msgid "tax class"
msgstr "税类"

msgid "tax minor"
msgstr "税额"

msgid "templates"
msgstr "模板"

msgid "tenure days"
msgstr "首单至今天数"

msgid "terms"
msgstr "条款"

msgid "test share"
msgstr "测试集比例"

msgid "text"
msgstr "内容"

msgid "texts"
msgstr "文案"

msgid "threads"
msgstr "线程数"

msgid "tidy"
msgstr "清理"

msgid "time zone"
msgstr "时区"

msgid "title"
msgstr "标题"

msgid "title zh"
msgstr "标题（中文）"

msgid "to role"
msgstr "转给角色"

msgid "to state"
msgstr "新状态"

msgid "to user"
msgstr "转给用户"

msgid "token"
msgstr "令牌"

msgid "tone"
msgstr "语气"

msgid "too short"
msgstr "历史太短"

msgid "total minor"
msgstr "总额（最小货币单位）"

msgid "tracking"
msgstr "物流单号"

msgid "tracking code"
msgstr "运单号"

msgid "tracks stock"
msgstr "检查库存"

msgid "training 1 of 2"
msgstr "训练第 1 轮，共 2 轮"

msgid "training 1 of 3"
msgstr "训练第 1 轮，共 3 轮"

msgid "training 1 of 4"
msgstr "训练第 1 轮，共 4 轮"

msgid "training 1 of 5"
msgstr "训练第 1 轮，共 5 轮"

msgid "training 2 of 2"
msgstr "训练第 2 轮，共 2 轮"

msgid "training 2 of 3"
msgstr "训练第 2 轮，共 3 轮"

msgid "training 2 of 4"
msgstr "训练第 2 轮，共 4 轮"

msgid "training 2 of 5"
msgstr "训练第 2 轮，共 5 轮"

msgid "training 3 of 3"
msgstr "训练第 3 轮，共 3 轮"

msgid "training 3 of 4"
msgstr "训练第 3 轮，共 4 轮"

msgid "training 3 of 5"
msgstr "训练第 3 轮，共 5 轮"

msgid "training 4 of 4"
msgstr "训练第 4 轮，共 4 轮"

msgid "training 4 of 5"
msgstr "训练第 4 轮，共 5 轮"

msgid "training 5 of 5"
msgstr "训练第 5 轮，共 5 轮"

msgid "transitions"
msgstr "转移模型"

msgid "triage"
msgstr "分拣"

msgid "triaged at"
msgstr "分拣时间"

msgid "undefined"
msgstr "无法计算"

msgid "unit"
msgstr "单位"

msgid "unit cost minor"
msgstr "单位成本（最小货币单位）"

msgid "unit margin"
msgstr "单位毛利"

msgid "unit price minor"
msgstr "单价（最小货币单位）"

msgid "unit refund minor"
msgstr "单件退款（最小货币单位）"

msgid "units left"
msgstr "剩余件数"

msgid "units per look"
msgstr "每次浏览件数"

msgid "units sold"
msgstr "售出件数"

msgid "unsubscribed at"
msgstr "退订时间"

msgid "updated at"
msgstr "更新时间"

msgid "urgency"
msgstr "紧急程度"

msgid "url"
msgstr "网址"

msgid "user"
msgstr "用户"

msgid "user norm"
msgstr "用户归一化"

msgid "valid from"
msgstr "生效时间"

msgid "valid until"
msgstr "失效时间"

msgid "validation ndcg"
msgstr "验证集 ndcg"

msgid "value"
msgstr "值"

msgid "verb"
msgstr "操作"

msgid "views"
msgstr "浏览"

msgid "visited at"
msgstr "经过时间"

msgid "visitor"
msgstr "访客"

msgid "voided minor"
msgstr "已撤销金额"

msgid "waitlist units"
msgstr "登记件数"

msgid "wants person"
msgstr "要求人工"

msgid "was named"
msgstr "已点名"

msgid "was wished"
msgstr "应客户要求"

msgid "weight g"
msgstr "重量（克）"

msgid "weights"
msgstr "权重"

msgid "win back"
msgstr "欢迎回来"

msgid "written at"
msgstr "撰写时间"

msgid "base units"
msgstr "基线数量"

msgid "basis"
msgstr "依据"

msgid "effect by day"
msgstr "每日效果"

msgid "effect high units"
msgstr "效果上限"

msgid "effect low units"
msgstr "效果下限"

msgid "effect units"
msgstr "效果数量"

msgid "ends on"
msgstr "结束日"

msgid "is counted"
msgstr "计入计划"

msgid "known days"
msgstr "可比天数"

msgid "label zh"
msgstr "中文名称"

msgid "measured at"
msgstr "测量时间"

msgid "measured by"
msgstr "测量方式"

msgid "source id"
msgstr "来源编号"

msgid "starts on"
msgstr "开始日"

msgid "told at"
msgstr "告知时间"

msgid "kind"
msgstr "种类"

msgid "price minor"
msgstr "价格"

msgid "bulk units"
msgstr "大单件数"

msgid "corrected units"
msgstr "缺货补回件数"

msgid "demand class"
msgstr "需求类别"

msgid "contributions"
msgstr "各原因贡献"

msgid "planned promotion"
msgstr "计划促销"

msgid "promotion log"
msgstr "促销效应"

msgid "promotion low"
msgstr "促销效应下限"

msgid "promotion high"
msgstr "促销效应上限"

msgid "own share"
msgstr "自身数据占比"

msgid "priced days"
msgstr "变价天数"

msgid "elasticity"
msgstr "弹性"

msgid "guess units"
msgstr "预计增量"

msgid "guess low units"
msgstr "至少"

msgid "guess high units"
msgstr "至多"

msgid "campaign"
msgstr "活动"

msgid "excess units"
msgstr "过剩数量"

msgid "discount percent"
msgstr "折扣（%）"

msgid "price"
msgstr "价格"

msgid "expected units"
msgstr "预计数量"

msgid "expected low units"
msgstr "预计下限"

msgid "expected high units"
msgstr "预计上限"

msgid "extra units"
msgstr "增量"

msgid "audience customers"
msgstr "可告知顾客"

msgid "picked up by"
msgstr "已生成活动"

msgid "state"
msgstr "状态"

msgid "cover"
msgstr "覆盖"

msgid "percent"
msgstr "百分比"

msgid "gain"
msgstr "收益"

msgid "floor"
msgstr "底价"

msgid "options"
msgstr "选项"

msgid "chosen"
msgstr "选定"

msgid "evidence"
msgstr "证据"

msgid "proceeds"
msgstr "销售所得"

msgid "cover days"
msgstr "覆盖天数"

msgid "sale days"
msgstr "促销天数"

msgid "floor rate"
msgstr "最低毛利率"

msgid "expiry floor rate"
msgstr "临期最低毛利率"

msgid "dead after days"
msgstr "视为呆滞的天数"

msgid "salvage rate"
msgstr "残值率"

msgid "demand units"
msgstr "需求数量"

msgid "days"
msgstr "天数"

msgid "units"
msgstr "数量"

msgid "cost"
msgstr "成本"

msgid "needed units"
msgstr "所需数量"

msgid "excess"
msgstr "过剩"

msgid "forecast as of"
msgstr "预测截止日"

msgid "margin floor"
msgstr "最低毛利"

msgid "drafts"
msgstr "草案"

msgid "left alone"
msgstr "维持原价"

msgid "dropped"
msgstr "已撤销"

msgid "without a list price"
msgstr "无标价"

msgid "without a cost"
msgstr "无成本"

msgid "without an elasticity"
msgstr "无价格弹性"

msgid "measured"
msgstr "已测量"

msgid "not comparable"
msgstr "无法比较"

msgid "arrives on"
msgstr "到货日"

msgid "bindings"
msgstr "约束"

msgid "bound minor"
msgstr "成本下限"

msgid "capacity kg"
msgstr "载重(千克)"

msgid "capacity litres"
msgstr "容量(升)"

msgid "delay days"
msgstr "延迟天数"

msgid "edit until"
msgstr "修改有效至"

msgid "from units"
msgstr "起订件数"

msgid "greedy minor"
msgstr "简单规则的成本"

msgid "is alternative"
msgstr "备选"

msgid "mean days"
msgstr "平均天数"

msgid "measure"
msgstr "指标"

msgid "nothing minor"
msgstr "不订货的成本"

msgid "order on"
msgstr "订货日"

msgid "plan"
msgstr "计划"

msgid "quantile days"
msgstr "天数分位数"

msgid "service class"
msgstr "服务类别"

msgid "shelf life days"
msgstr "保质期(天)"

msgid "shortage rate"
msgstr "缺货成本率"

msgid "target rate"
msgstr "目标比率"

msgid "violations"
msgstr "无法满足的条件"

msgid "weight"
msgstr "权重"

msgid "without minor"
msgstr "不订的毛利损失"

msgid "age units"
msgstr "库龄数量"

msgid "average on hand"
msgstr "平均在库"

msgid "excess minor"
msgstr "过剩金额"

msgid "out risk"
msgstr "断货概率"

msgid "out risk 28"
msgstr "28 天断货概率"

msgid "revenue"
msgstr "收入"

msgid "revenue minor"
msgstr "收入"

msgid "stock minor"
msgstr "库存金额"

msgid "stock"
msgstr "库存金额"

msgid "unit cost"
msgstr "单位成本"

msgid "on hand"
msgstr "在库"

msgid "without a forecast"
msgstr "无预测"
