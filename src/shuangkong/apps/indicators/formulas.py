"""How each calculation reads as a formula: words first, then the same with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

#: Calculations that are sums: the left side. What is taken off has one of the labels :data:`MINUS` or begins with 减.
SUMS: dict[str, str] = {
    "energy.total": "能源消费总量",
    "energy.total_of_parts": "全市能源消费总量 = Σ县市区 + 不分县",
    "energy.residual": "不分县差额",
    "assessed.total": "考核口径能源消费总量 = 能源消费总量 − 扣除项",
    "deduction.rolling": "滚动四个季度 = 上年全年 − 上年同期累计 + 本年累计",
    "deduction.of_parts": "全市扣除 = Σ县市区 + 不分县",
    "electricity.total_of_parts": "全市用电量 = Σ县市区 + 不分县",
    "electricity.sum_of_months": "累计用电量 = Σ各月",
    "electricity.difference": "当月用电量 = 累计 − 上月累计",
}
MINUS = ("回收利用",)
WORDS: dict[str, str] = {
    "energy.account": "能源账：各行、各品种、各行业的量，每行打开见其公式",
    "energy.terminal": "终端消费量 = Σ（各品种终端消费实物量 × 折标系数）",
    "energy.transformation_loss": "加工转换损失量 = Σ（投入实物量 − 产出实物量）× 折标系数",
    "energy.loss": "输配损失量 = Σ（各品种输配损失实物量 × 折标系数）",
    "energy.recovery": "回收利用量 = Σ（各品种回收利用实物量 × 折标系数）",
    "energy.difference": "平衡差额 = 期初 + 一次生产 + 回收 + 调入 − 调出 − 期末 −（转换投入 − 转换产出）− 输配损失 − 终端消费",
    "energy.product": "品种消费量 =（终端消费 + 输配损失 − 回收利用）× 折标系数；加工转换损失不分摊到品种，单列",
    "energy.sector": "行业消费量 = Σ（终端消费 + 转换投入 − 转换产出 + 输配损失 − 回收利用）× 折标系数",
    "energy.total_of_release": "该数据版本的能源消费总量 = Σ（终端消费 + 转换投入 − 转换产出 + 输配损失 − 回收利用）× 折标系数",
    "series.release": "该数据版本的数值，原样采用",
    "energy.total_issued": "下达（核定）的能源消费总量，原样采用",
    "energy.growth": "增速 =（本期能源消费总量 ÷ 上年同期 − 1）× 100%",
    "electricity.filed": "填报（计量）的用电量，原样采用",
    "electricity.growth": "增速 =（本期 ÷ 上年同期 − 1）× 100%",
    "gdp.level": "不变价地区生产总值，原样采用或由各县市区相加",
    "gdp.chained": "不变价地区生产总值 = 上年同期水平 ×（1 + 可比价增速）",
    "gdp.growth_filed": "公布（填报）的可比价增速，原样采用",
    "gdp.growth_of_levels": "增速 =（本期不变价水平 ÷ 上年同期 − 1）× 100%",
    "intensity.level": "单位GDP能耗 = 能源消费总量 ÷ 不变价地区生产总值；滚动四个季度 = 上年全年 − 上年同期累计 + 本年累计",
    "intensity.change": "变化率 =（本年累计强度 ÷ 上年同期累计强度 − 1）× 100%，两个强度先按公报位数取整",
    "intensity.decline": "降低率 =（1 − 本期强度 ÷ 基年强度）× 100%，两个强度先按公报位数取整；季度用滚动四个季度",
    "total.exemption": "比基年降低率达到激励目标的，免除能源消费总量考核",
    "carbon.total": "二氧化碳排放量 = Σ（燃料燃烧量 × 因子）+（电力调入 − 调出）× 电力因子 +（热力调入 − 调出）× 热力因子；原料用能不计",
    "carbon.total_of_parts": "全市二氧化碳排放量 = Σ县市区 + 不分县",
    "carbon.intensity": "单位GDP二氧化碳排放 = 二氧化碳排放量 ÷ 不变价地区生产总值",
    "carbon.growth": "增速 =（本期二氧化碳排放量 ÷ 上年同期 − 1）× 100%",
    "carbon.change": "变化率 =（本年累计碳强度 ÷ 上年同期累计碳强度 − 1）× 100%",
    "carbon.decline": "降低率 =（1 − 本期碳强度 ÷ 基年碳强度）× 100%；季度用滚动四个季度",
    "carbon.path": "进度要求 = 1 −（1 − R）^(已过月数 ÷ 总月数)",
    "carbon.gap": "与进度要求之差 = 比基年降低率 − 进度要求",
    "carbon.progress": "完成进度 = ln(1 − 比基年降低率) ÷ ln(1 − R) × 100%",
    "assessed.change": "考核口径变化率：两期能耗各扣除原料用能、非化石能源、单列项目、绿证后的强度之比 − 1；GDP 不调整",
    "assessed.decline": "考核口径降低率：1 −（扣除后的本期强度 ÷ 扣除后的基年强度）；GDP 不调整，逐项扣除的影响见各行",
    "deduction.filed": "填报（核定）的扣除量，原样采用",
    "deduction.feedstock": "原料用能 = Σ（各品种用作原料的实物量 × 折标系数）",
    "deduction.certificates": "绿证抵扣 = 绿证数 × 每个电量 × 电力等价折标系数；省内的不重复扣，生产年份须相符，不超过所需节能量的规定部分",
    "target.annual": "年度应降低率 = 当年目标，未下达时为 1 −（1 − R）^(1/n)",
    "target.path": "进度要求 = 1 −（1 − R）^(已过月数 ÷ 总月数)",
    "target.gap": "与进度要求之差 = 比基年降低率 − 进度要求",
    "target.progress": "完成进度 = ln(1 − 比基年降低率) ÷ ln(1 − R) × 100%",
    "target.remaining": "剩余年均应降低率 = 1 −［(1 − R) ÷ (1 − 已降低率)］^(1 ÷ 剩余年数)",
    "target.unmeasured": "尚无核算方法",
    "warning.national": "国家方案：强度上升为一级；下降而未达年度应降低率为二级；达到为三级",
    "warning.by_completion": "市方案：完成率 = 实际降低率 ÷ 年度应降低率，按完成率分级",
    "unit.total": "用能单位填报的综合能源消费量（当量值），原样采用",
    "unit.growth": "增速 =（本期 ÷ 上年同期 − 1）× 100%",
    "unit.product": "单位产品综合能耗 = 产品综合能耗 ÷ 产量；与限额标准1、2、3级和能效标杆、基准水平比较",
    "unit.product_electricity": "单位产品电耗 = 产品用电量 ÷ 产量；与限额标准比较",
    "published.figure": "统计部门公布数，原样采用",
    "published.from_growth": "变化率 =［(1 + 能源消费增速) ÷ (1 + 地区生产总值增速) − 1］× 100%",
    "withdrawn": "原有数据已撤回",
}


#: Calculations with a fixed number of inputs, with their numbers; rolling four quarters have eight.
NUMBERS: dict[tuple[str, int], str] = {
    ("intensity.level", 2): "{0} ÷ {1} = {result}",
    ("intensity.level", 6): "（{0} − {2} + {4}）÷（{1} − {3} + {5}）= {result}",
    ("intensity.change", 4): "（{0} ÷ {1}）÷（{2} ÷ {3}）− 1 → {result}",
    ("intensity.decline", 4): "1 −（{0} ÷ {1}）÷（{2} ÷ {3}）→ {result}",
    ("intensity.decline", 8): "1 −［（{0} − {2} + {4}）÷（{1} − {3} + {5}）］÷（{6} ÷ {7}）→ {result}",
    ("electricity.growth", 2): "{0} ÷ {1} − 1 → {result}",
    ("unit.growth", 2): "{0} ÷ {1} − 1 → {result}",
    ("unit.product", 2): "{0} ÷ {1} → {result}",
    ("unit.product_electricity", 2): "{0} ÷ {1} → {result}",
    ("energy.growth", 2): "{0} ÷ {1} − 1 → {result}",
    ("gdp.growth_of_levels", 2): "{0} ÷ {1} − 1 → {result}",
    ("gdp.chained", 2): "{0} ×（1 + {1}）= {result}",
    ("carbon.intensity", 2): "{0} ÷ {1} = {result}",
    ("carbon.growth", 2): "{0} ÷ {1} − 1 → {result}",
    ("carbon.change", 4): "（{0} ÷ {1}）÷（{2} ÷ {3}）− 1 → {result}",
    ("carbon.decline", 4): "1 −（{0} ÷ {1}）÷（{2} ÷ {3}）→ {result}",
    ("carbon.decline", 8): "1 −［（{0} − {2} + {4}）÷（{1} − {3} + {5}）］÷（{6} ÷ {7}）→ {result}",
    ("carbon.gap", 2): "{0} − {1} = {result}",
    ("carbon.progress", 2): "ln(1 − {1}) ÷ ln(1 − {0}) = {result}",
    ("target.gap", 3): "{1} − {2} = {result}",
    ("target.progress", 2): "ln(1 − {1}) ÷ ln(1 − {0}) = {result}",
    ("published.from_growth", 2): "（1 + {0}）÷（1 + {1}）− 1 → {result}",
}


def formula(calculation: str, terms: Sequence[tuple[str, str]], result: str) -> str:
    """The formula of a calculation with its numbers (label and text each) where all of them are known."""
    if calculation not in SUMS:
        numbers = NUMBERS.get((calculation, len(terms)))
        words = WORDS[calculation]
        return f"{words}：{numbers.format(*(text for _, text in terms), result=result)}" if numbers else words
    name = SUMS[calculation]
    if not terms:
        return name
    signed = [f"{'−' if label in MINUS or label.startswith('减') else '+'} {number}" for label, number in terms]
    return f"{name}：{' '.join(signed).removeprefix('+ ')} = {result}"
