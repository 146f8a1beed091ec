"""The words, tables and charts of a situation report, from values alone: it states, and at most subtracts a requirement from a value.

The result is plain data (JSON): ``title``, ``mark``, ``issuer``, ``issued_on``, ``blocks`` in order, and ``figures``, the list of all
figures used with a key each, so that two versions can be compared.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings

from shuangkong.apps.cockpit.situation.sources import POLLUTANTS, Sheet, read_sheet
from shuangkong.apps.indicators.models import Run, Value
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.apps.ui.charts import Line, line_chart
from shuangkong.core import wording
from shuangkong.core.periods import Period

Block = dict[str, Any]
ABSENT = "缺报"
DASH = "—"
BASES = {"equivalent": "等价值", "calorific": "当量值"}


def compose(user: Any, plan: Plan, subject: Subject, period: Period, today: date, run: Run | None = None) -> dict[str, Any]:
    """The report on ``subject`` for ``period`` as ``user`` may see it on ``today``."""
    sheet = read_sheet(user, plan, subject, period, run)
    blocks = [
        *_overall(sheet, subject, period, plan),
        *_counties(sheet, period),
        *_pollutants(sheet, subject),
        *_quality(sheet, subject),
        *_next_steps(sheet, subject),
    ]
    return {
        "title": f"{subject.name}{period.spoken}节能形势分析",
        "mark": "演示：本文所用数据含虚构的演示数据，不是统计数据。" if settings.DEMONSTRATION else "",
        "issuer": _issuer(user, subject),
        "issued_on": f"{today.year}年{today.month}月{today.day}日",
        "period": period.code,
        "blocks": blocks,
        "figures": _figures(sheet),
    }


def _issuer(user: Any, subject: Subject) -> str:
    """The office that speaks: the writer's department, else the region itself."""
    return (user.department.full_name or user.department.short_name) if user.department_id else subject.name


def _text(words: str) -> Block:
    return {"kind": "text", "text": words}


def _head(level: int, words: str) -> Block:
    return {"kind": f"h{level}", "text": words}


def _known(value: Value | None) -> bool:
    return value is not None and value.value is not None


def _caveat(value: Value | None) -> str:
    """What stands behind a figure that is not whole: （不完整：…）."""
    if value is None or value.status in ("ok", ""):
        return ""
    words, why = {"estimated": "估算", "incomplete": "不完整", "missing": ABSENT}[value.status], _why(value)
    return f"（{words}：{why}）" if why else f"（{words}）"


def _why(value: Value) -> str:
    """Why a figure is not whole. What a whole figure says of itself (the effect of coefficients) is no reason."""
    if value.status == "estimated" and value.calculation in ("intensity.change", "intensity.decline"):
        return value.finding
    return value.sentence or value.finding


def _absent(value: Value | None) -> str:
    """缺报, or that what was filed does not suffice and why."""
    return f"尚算不出：{value.sentence}" if value is not None and value.sentence else ABSENT


def _wan_tce(tce: Decimal) -> str:
    return f"{wording.number(tce / 10_000, 2)}万吨标准煤"


# ── 一、总体情况 ───────────────────────────────────────────────


def _overall(sheet: Sheet, subject: Subject, period: Period, plan: Plan) -> list[Block]:
    return [
        _head(1, "一、总体情况"),
        _head(2, "（一）单位地区生产总值能耗"),
        _text(_in_year(sheet, subject, period)),
        _text(_since_base(sheet, subject, period, plan)),
        *_trend_chart(sheet, plan),
        _head(2, "（二）能源消费总量与用电量"),
        _text(_totals(sheet, subject, period)),
    ]


def _in_year(sheet: Sheet, subject: Subject, period: Period) -> str:
    value = sheet.of(subject, "energy_intensity_change_percent")
    if not _known(value):
        return f"{period.spoken}，{subject.name}单位地区生产总值能耗{_absent(value)}。"
    sentence = f"{period.spoken}，{subject.name}单位地区生产总值能耗同比{wording.change(value.value)}{_caveat(value)}"
    required = sheet.number(subject, "energy_intensity_annual_required_percent")
    level = sheet.of(subject, "warning_national")
    if required is None:
        return f"{sentence}；本年降低目标未下达。"
    shortfall = value.value + required
    verdict = "达到" if shortfall <= 0 else "未达到"
    graded = f"，国家预警等级为{level.words}" if level and level.words else "，不评级"
    gap = "" if shortfall == 0 else f"，{wording.points(-shortfall, above='超出', below='相差')}"
    return f"{sentence}，本年应{wording.decline(required)}，{verdict}进度要求{gap}{graded}。"


def _since_base(sheet: Sheet, subject: Subject, period: Period, plan: Plan) -> str:
    value = sheet.of(subject, "energy_intensity_decline_percent")
    target = sheet.targets.get((subject.code, "energy_intensity_decline_percent"))
    asked = f"{plan.period_name}目标为降低{wording.number(target.number, 1)}%" if target and target.number is not None else "目标未下达"
    if not _known(value):
        return f"按滚动四个季度计，比{plan.base_year}年累计降低率{_absent(value)}；{asked}。"
    words = f"按滚动四个季度计，比{plan.base_year}年累计{wording.decline(value.value)}{_caveat(value)}；{asked}"
    required = sheet.number(subject, "energy_intensity_required_percent")
    if required is None:
        return f"{words}。"
    gap = wording.points(value.value - required, above="超前", below="落后")
    progress = sheet.number(subject, "energy_intensity_progress_percent")
    done = f"，目标完成进度{wording.number(progress, 1)}%" if progress is not None else ""
    left = sheet.number(subject, "energy_intensity_remaining_rate_percent")
    rest = f"，余期年均须降低{wording.number(left, 2)}%" if left is not None and period.end.year <= plan.last_year and left > 0 else ""
    return f"{words}，至本期应累计{wording.decline(required)}，{gap}{done}{rest}。"


def _totals(sheet: Sheet, subject: Subject, period: Period) -> str:
    total = [sheet.of(subject, "energy_total_tce", basis) for basis in BASES]
    spoken = [
        f"{_wan_tce(value.value)}（{name}）{_caveat(value)}" if _known(value) else f"{ABSENT}（{name}）{_caveat(value)}"
        for value, name in zip(total, BASES.values(), strict=True)
    ]
    target = sheet.targets.get((subject.code, "energy_total_tce"))
    asked = f"；总量目标为“{target.words}”，不评级" if target and target.words else ""
    growth = sheet.number(subject, "energy_growth_percent")
    economy = sheet.number(subject, "gdp_growth_percent")
    output = f"按可比价计，地区生产总值同比{wording.growth(economy)}。" if economy is not None else ""
    grew = f"，同比{wording.growth(growth, 1)}" if growth is not None else ""
    electricity = sheet.of(subject, "electricity_10k_kwh")
    power = f"全社会用电量{wording.number(electricity.value / 10_000, 2)}亿千瓦时" if _known(electricity) else f"全社会用电量{ABSENT}"
    rise = sheet.number(subject, "electricity_growth_percent")
    rose = f"，同比{wording.growth(rise, 1)}" if rise is not None else ""
    return f"{period.spoken}，能源消费总量{'、'.join(spoken)}{grew}{asked}。{power}{_caveat(electricity)}{rose}。{output}"


def _trend_chart(sheet: Sheet, plan: Plan) -> list[Block]:
    ends = sorted({value.period_end for value in sheet.trend})
    if len(ends) < 2:
        return []
    lines = [Line(name, [_trend_point(sheet, code, end) for end in ends], role) for code, name, role in TREND_LINES]
    caption = f"图1 单位地区生产总值能耗比{plan.base_year}年累计降低率（%，滚动四个季度）"
    drawn = line_chart([_quarter_label(end) for end in ends], lines, caption, every=2 if len(ends) > 8 else 0)
    as_table = {"columns": list(drawn.headings), "rows": [list(row) for row in drawn.rows]}
    return [{"kind": "chart", "caption": caption, "option": drawn.option, "width": 720, "height": 320, **as_table}]


TREND_LINES = (("energy_intensity_decline_percent", "实绩", "actual"), ("energy_intensity_required_percent", "应达到", "required"))


def _trend_point(sheet: Sheet, code: str, end: date) -> Decimal | None:
    """What is known at the end of a quarter; an incomplete figure breaks the line."""
    found = [v for v in sheet.trend if v.indicator.code == code and v.period_end == end and v.status in ("ok", "estimated")]
    return found[-1].value if found else None


def _quarter_label(end: date) -> str:
    year, quarter = (end.year - 1, 4) if end.month == 1 else (end.year, (end.month - 1) // 3)
    return Period.quarter(year, quarter).label


# ── 二、分县市区情况 ────────────────────────────────────────────

COLUMNS = ["地区", "本年同比", "本年应降", "累计降低率", "应达到", "差距（百分点）", "国家等级", "市级等级"]


def _counties(sheet: Sheet, period: Period) -> list[Block]:
    if not sheet.parts:
        return []
    blocks = [_head(1, "二、分县市区情况"), *[_text(words) for words in _by_level(sheet)]]
    blocks.append(
        {
            "kind": "table",
            "caption": f"表1 各县市区能耗强度进展（{period.spoken}）",
            "columns": COLUMNS,
            "rows": [_row(sheet, s) for s in sheet.parts],
        }
    )
    if sheet.zones:
        caption = f"表2 园区能耗强度进展（{period.spoken}，与所在县市区重叠，不计入合计）"
        blocks.append({"kind": "table", "caption": caption, "columns": COLUMNS, "rows": [_row(sheet, s) for s in sheet.zones]})
    return blocks


def _by_level(sheet: Sheet) -> list[str]:
    by_severity: dict[int, list[Subject]] = {1: [], 2: [], 3: []}
    unrated = []
    for part in sheet.parts:
        level = sheet.of(part, "warning_national")
        if level and level.severity in by_severity:
            by_severity[level.severity].append(part)
        else:
            unrated.append(part)
    words = {
        1: "能耗强度不降反升，形势十分严峻（一级）",
        2: "能耗强度下降但未达到进度要求，形势比较严峻（二级）",
        3: "达到进度要求，形势总体顺利（三级）",
    }
    lines = [f"{len(who)}个县市区{words[severity]}：{_names(who)}。" for severity, who in by_severity.items() if who]
    if unrated:
        lines.append(f"{len(unrated)}个县市区数据缺报、不完整或目标未下达，不评级：{_names(unrated)}。")
    return lines


def _names(subjects: list[Subject]) -> str:
    return "、".join(subject.name for subject in subjects)


def _row(sheet: Sheet, subject: Subject) -> list[str]:
    change = sheet.number(subject, "energy_intensity_change_percent")
    required_year = sheet.number(subject, "energy_intensity_annual_required_percent")
    decline = sheet.number(subject, "energy_intensity_decline_percent")
    required = sheet.number(subject, "energy_intensity_required_percent")
    gap = sheet.number(subject, "energy_intensity_gap_points")
    national, city = sheet.of(subject, "warning_national"), sheet.of(subject, "warning_city")
    return [
        subject.name,
        wording.short_decline(-change) if change is not None else ABSENT,
        f"{wording.number(required_year, 2)}%" if required_year is not None else DASH,
        wording.short_decline(decline) if decline is not None else ABSENT,
        f"{wording.number(required, 2)}%" if required is not None else DASH,
        wording.signed(gap) if gap is not None else DASH,
        national.words if national and national.words else "不评级",
        city.words if city and city.words else "不评级",
    ]


# ── 三至五 ─────────────────────────────────────────────────────


def _pollutants(sheet: Sheet, subject: Subject) -> list[Block]:
    lines = []
    for code in POLLUTANTS:
        target = sheet.targets.get((subject.code, code))
        if target and target.number is not None:
            value = sheet.of(subject, code)
            done = f"已核定{wording.number(value.value, 0)}吨" if _known(value) else f"核定量{ABSENT}"
            lines.append(f"{target.indicator.name}目标{wording.number(target.number, 0)}吨，{done}")
    number = "三" if sheet.parts else "二"
    return [_head(1, f"{number}、主要污染物重点工程减排量"), _text("；".join(lines) + "。")] if lines else []


def _quality(sheet: Sheet, subject: Subject) -> list[Block]:
    order = "二三四"[int(bool(sheet.parts)) + int(any(k[1] in POLLUTANTS for k in sheet.targets if k[0] == subject.code))]
    seen: dict[str, list[str]] = {}
    for value in sheet.values.values():
        if value.status != "ok" and (why := _why(value)):
            seen.setdefault(why.rstrip("。"), []).append(value.subject.name)
    body = [_text(f"{'、'.join(dict.fromkeys(who))}：{sentence}。") for sentence, who in list(seen.items())[:12]]
    body = body or [_text("本期所用数据齐全。")]
    return [_head(1, f"{order}、数据质量"), *body]


def _next_steps(sheet: Sheet, subject: Subject) -> list[Block]:
    levels = {p: level.severity for p in sheet.parts if (level := sheet.of(p, "warning_national"))}
    alarming = [p for p in sheet.parts if levels.get(p) == 1]
    behind = [p for p in sheet.parts if levels.get(p) == 2]
    absent = [p for p in sheet.parts if not _known(sheet.of(p, "energy_intensity_change_percent"))]
    lines = []
    if alarming:
        lines.append(f"对{_names(alarming)}加强工作指导，分析能耗强度上升原因，提出能源消费调控措施。")
    if behind:
        lines.append(f"督促{_names(behind)}对照年度应降低幅度查找差距，补上进度。")
    if absent:
        lines.append(f"请{_names(absent)}补报本期能耗数据。")
    if not lines:
        return []
    order = "三四五"[int(bool(sheet.parts)) + int(any(k[1] in POLLUTANTS for k in sheet.targets if k[0] == subject.code))]
    return [_head(1, f"{order}、下一步工作"), *[_text(line) for line in lines]]


def _figures(sheet: Sheet) -> list[dict[str, str]]:
    """Every figure that the report rests on, once each, in a fixed order, as text."""
    listed = []
    for (subject, code, basis), value in sorted(sheet.values.items()):
        # the figure without a basis named is the one at the equivalent basis where there are two
        if not basis and value.basis and sheet.values.get((subject, code, value.basis)) == value:
            continue
        text = value.words or (
            ABSENT if value.value is None else f"{wording.number(value.value, value.indicator.decimals)}{value.indicator.unit}"
        )
        name = f"{value.subject.name} {value.indicator.name}"
        paired = basis in BASES and (subject, code, "calorific") in sheet.values
        label = f"{name}（{BASES[basis]}）" if paired else name
        listed.append({"key": f"{subject}|{code}|{basis}", "label": label, "text": text, "value_id": str(value.pk)})
    return listed
