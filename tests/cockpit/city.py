"""A city with counties, zones, two plans and values of four quarters a year, written through the real service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shuangkong.apps.desk.models import InboxItem
from shuangkong.apps.indicators.drafts import Draft, number_text, value_key
from shuangkong.apps.indicators.models import Indicator, Run, Target
from shuangkong.apps.indicators.services import Known, load_catalogue, publish
from shuangkong.apps.indicators.tables import ACCOUNT, Line
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.digest import canonical_json
from shuangkong.core.periods import Period

#: name → (code, in-year change of the shown quarter, cumulative decline, national severity, city severity); None: late.
COUNTIES: dict[str, tuple[str, str | None, str | None, int | None, int | None]] = {
    "北湖区": ("431002", "-3.86", "2.52", 3, 4),
    "苏仙区": ("431003", "-1.86", "1.88", 2, 2),
    "资兴市": ("431081", "0.62", "1.10", 1, 1),
    "桂阳县": ("431021", "-2.12", "2.02", 2, 2),
    "宜章县": ("431022", "0.35", "0.93", 1, 1),
    "永兴县": ("431023", "-3.52", "3.26", 3, 4),
    "嘉禾县": ("431024", "-1.64", "1.77", 2, 2),
    "临武县": ("431025", "-3.31", "2.98", 3, 4),
    "汝城县": ("431026", "-3.05", "2.71", 3, 3),
    "桂东县": ("431027", None, None, None, None),
    "安仁县": ("431028", "-2.44", "1.96", 2, 2),
}
ZONES = {"郴州高新区": ("CZ-HITECH", "-3.74", "2.42", 3, 4), "郴州经开区": ("CZ-ETDZ", "-2.61", "2.05", 2, 2)}
WORDS = {1: "一级 十分严峻", 2: "二级 比较严峻", 3: "三级 总体顺利"}
CITY_WORDS = {1: "三级", 2: "二级", 3: "一级", 4: "0级"}
PRODUCTS = ["原煤", "电力", "天然气", "焦炭", "汽油", "柴油"]
SECTORS = ["电力热力", "有色金属冶炼", "非金属矿物制品", "服务业", "居民生活", "交通运输"]
#: The calculation that makes each indicator.
CALCULATIONS = {
    "energy_intensity_change_percent": "intensity.change", "energy_intensity_decline_percent": "intensity.decline",
    "energy_intensity_required_percent": "target.path", "energy_intensity_gap_points": "target.gap",
    "energy_intensity_progress_percent": "target.progress", "warning_national": "warning.national",
}  # fmt: skip
TODAY = date(2026, 11, 24)
NEWEST = Period.ytd(2026, 9)


@dataclass
class City:
    """What was made."""

    subjects: dict[str, Subject]
    plans: dict[str, Plan]
    run: Run


class Sheet:
    """Collects drafts as a computation would."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.ids = dict(Indicator.objects.values_list("code", "id"))

    def indicator(self, code: str, name: str) -> None:
        """An indicator of one product or sector."""
        fields = {"name": name, "unit": "tce", "decimals": 0, "family": "parts"}
        self.ids[code] = Indicator.objects.get_or_create(code=code, defaults=fields)[0].pk

    def put(self, code: str, subject: Subject, period: Period, value: Any, *, basis: str = "", status: str = "ok", **more: Any) -> None:
        """One value."""
        number = None if value is None else number_text(Decimal(str(value)))
        fields = {
            "words": "", "severity": None, "demonstration": True, "recalled": False, "public": False,
            "calculation": CALCULATIONS.get(code, "target.unmeasured"),
            "sentence": "", "finding": "", "uncertainty_points": None, "inputs": "[]", "rule_set_id": None, **more,
        }  # fmt: skip
        draft = Draft(
            key=value_key(code, subject.code, period, basis, "gross", "issued", ""), indicator_id=self.ids[code], subject_id=subject.pk,
            period_kind=period.kind, period_start=period.start, period_end=period.end, basis=basis, treatment="gross", lens="issued",
            release="", value=number, status=status, **fields,
        )  # fmt: skip
        self.drafts.append(draft)

    def table(self, subject: Subject, period: Period, amounts: dict[tuple[str, str], Any], status: str) -> None:
        """The account of a place: amounts by indicator and basis."""
        lines = [
            Line(code, basis, None if amount is None else number_text(Decimal(amount)), status, 1, 0, None, "")
            for (code, basis), amount in amounts.items()
        ]
        text = canonical_json([list(line) for line in lines])
        self.put(ACCOUNT, subject, period, None, words=f"{len(lines)}行", status=status, calculation="energy.account", lines=text)


def make_city(counties: int = 11, targets_15: bool = True) -> City:
    """The city with its values; more than eleven ``counties`` are copies with invented names."""
    load_catalogue()
    subjects = make_places(counties)
    plans = make_plans(subjects["431000"])
    make_targets(plans, subjects, targets_15)
    return City(subjects, plans, publish_values(subjects))


def grow(city: City, counties: int) -> City:
    """The same city with more counties, all values published anew."""
    subjects = make_places(counties)
    return City(subjects, city.plans, publish_values(subjects))


def publish_values(subjects: dict[str, Subject]) -> Run:
    """All values of all subjects in one run."""
    sheet = Sheet()
    for i, (product, sector) in enumerate(zip(PRODUCTS, SECTORS, strict=True)):
        sheet.indicator(f"energy_product_tce:p{i}", f"{product}消费量（折标准煤）")
        sheet.indicator(f"energy_sector_tce:s{i}", f"{sector}能源消费量")
    shape = {code: (change, decline, national, city) for code, change, decline, national, city in [*COUNTIES.values(), *ZONES.values()]}
    for code, subject in subjects.items():
        late = code in shape and shape[code][0] is None
        fill(sheet, subject, shape.get(code, ("-2.38", "2.10", 2, 3)), late)
    run = publish(sheet.drafts, Known(date(2026, 11, 20), "a" * 64), now=datetime(2026, 11, 20, 6, tzinfo=UTC), reason="测试")
    assert run is not None
    return run


def make_places(counties: int) -> dict[str, Subject]:
    """City, counties, zones, by code."""
    kinds = Subject.Kind
    city, _made = Subject.objects.get_or_create(code="431000", defaults={"kind": kinds.CITY, "name": "郴州市", "position": 100})
    subjects = {"431000": city}
    for i, (name, row) in enumerate(COUNTIES.items()):
        fields = {"kind": kinds.COUNTY, "name": name, "parent": city, "position": 110 + i}
        subjects[row[0]], _made = Subject.objects.get_or_create(code=row[0], defaults=fields)
    for i in range(counties - len(COUNTIES)):
        code = f"4399{i:02d}"
        subjects[code] = Subject.objects.create(kind=kinds.COUNTY, code=code, name=f"第{i + 1}县", parent=city, position=200 + i)
    for i, (name, row) in enumerate(ZONES.items()):
        fields = {"kind": kinds.ZONE, "name": name, "parent": city, "county": subjects["431002"], "position": 400 + i}
        subjects[row[0]], _made = Subject.objects.get_or_create(code=row[0], defaults=fields)
    return subjects


def make_plans(city: Subject) -> dict[str, Plan]:
    """The closed 14th and the running 15th."""
    fourteenth = Plan.objects.create(
        code="cz-14", title="“十四五”节能减排行动方案", period_name="“十四五”", document="郴政发〔2023〕6号", subject=city, base_year=2020,
        first_year=2021, last_year=2025,
    )  # fmt: skip
    fifteenth = Plan.objects.create(
        code="cz-15", title="“十五五”节能减排方案（演示）", period_name="“十五五”", subject=city, base_year=2025, first_year=2026,
        last_year=2030, demonstration=True,
    )  # fmt: skip
    return {"cz-14": fourteenth, "cz-15": fifteenth}


def make_targets(plans: dict[str, Plan], subjects: dict[str, Subject], targets_15: bool) -> None:
    """Targets of the city in both periods and of the counties in the 15th."""
    ids = {i.code: i for i in Indicator.objects.all()}
    city = subjects["431000"]
    numbers = {"energy_intensity_decline_percent": 15, "cod_reduction_t": 10500, "nh3n_reduction_t": 700, "nox_reduction_t": 3674}
    for code, number in numbers.items():
        Target.objects.create(plan=plans["cz-14"], indicator=ids[code], subject=city, number=Decimal(number), public=True)
    for code, words in (("energy_total_tce", "得到合理控制"), ("energy_co2_t", "增量得到有效控制")):
        Target.objects.create(plan=plans["cz-14"], indicator=ids[code], subject=city, words=words, public=True)
        if targets_15:
            Target.objects.create(plan=plans["cz-15"], indicator=ids[code], subject=city, words=words, public=True, demonstration=True)
    if targets_15:
        for subject in subjects.values():
            if subject.kind in (Subject.Kind.CITY, Subject.Kind.COUNTY):
                Target.objects.create(
                    plan=plans["cz-15"], indicator=ids["energy_intensity_decline_percent"], subject=subject, number=Decimal(14),
                    demonstration=True,
                )  # fmt: skip


def quarters(first: int, last: tuple[int, int]) -> list[tuple[int, int]]:
    """(year, last month) of the quarters to ``last``."""
    return [(y, m) for y in range(first, last[0] + 1) for m in (3, 6, 9, 12) if (y, m) <= last]


def fill(sheet: Sheet, subject: Subject, shape: tuple[Any, Any, Any, Any], late: bool) -> None:
    """All values of one subject: the 14th in even steps, the 15th to the newest quarter."""
    change, decline, national, city = shape
    for n, (year, month) in enumerate(quarters(2021, (2025, 12)), 1):
        ytd, rolling = Period.ytd(year, month), Period.rolling(year, month)
        sheet.put("energy_intensity_change_percent", subject, ytd, Decimal("-3.10") + n % 3)
        sheet.put("energy_intensity_decline_percent", subject, rolling, Decimal("0.71") * n)
    ends(sheet, subject)
    steps = {3: Decimal("0.4"), 6: Decimal("0.7"), 9: Decimal(1)}
    for month, part in steps.items():
        gone = late and month == 9
        status = "missing" if gone else "ok"
        rate = None if gone else Decimal(change or "-1.5")
        sheet.put("energy_intensity_change_percent", subject, Period.ytd(2026, month), rate, status=status)
        value = None if gone else Decimal(decline or "1.5") * part
        sheet.put("energy_intensity_decline_percent", subject, Period.rolling(2026, month), value, status=status)
        if not gone:
            levels(sheet, subject, month, Decimal(decline or "1.5") * part, national or 2, city or 2)
    parts(sheet, subject, late)


def ends(sheet: Sheet, subject: Subject) -> None:
    """The result of the 14th."""
    last = Period.rolling(2025, 12)
    sheet.put("energy_intensity_required_percent", subject, last, 15)
    sheet.put("energy_intensity_gap_points", subject, last, Decimal("14.2") - 15)
    sheet.put("energy_intensity_progress_percent", subject, last, "94.2")
    sheet.put("warning_national", subject, Period.ytd(2025, 12), 2, severity=2, words=WORDS[2])


def levels(sheet: Sheet, subject: Subject, month: int, decline: Decimal, national: int, city: int) -> None:
    """Levels by both schemes and what they rest on."""
    ytd, rolling = Period.ytd(2026, month), Period.rolling(2026, month)
    required = Decimal("0.75") * (month // 3)
    sheet.put("warning_national", subject, ytd, national, severity=national, words=WORDS[national])
    sheet.put("warning_city", subject, ytd, city, severity=city, words=CITY_WORDS[city], recalled=True)
    sheet.put("energy_intensity_required_percent", subject, rolling, required)
    sheet.put("energy_intensity_gap_points", subject, rolling, decline - required)
    sheet.put("energy_intensity_progress_percent", subject, rolling, decline / 14 * 100)
    sheet.put("energy_intensity_remaining_rate_percent", subject, rolling, "3.12")
    sheet.put("energy_intensity_annual_required_percent", subject, ytd, "2.97")


def parts(sheet: Sheet, subject: Subject, late: bool) -> None:
    """Total, products, sectors, electricity, GDP of the newest quarter and a year before."""
    size = 13 if subject.code == "431000" else 1
    for period in (NEWEST, NEWEST.year_before()):
        gone = late and period == NEWEST
        status = "missing" if gone else "incomplete" if subject.code == "431000" and period == NEWEST else "ok"
        own = "missing" if gone else "ok"
        account: dict[tuple[str, str], Any] = {}
        for basis, amount in (("equivalent", 1_021_800), ("calorific", 903_400)):
            sheet.put("energy_total_tce", subject, period, None if status != "ok" else amount * size, basis=basis, status=status)
            terminal = None if gone else amount * size * Decimal("0.93")
            balance = {"energy_terminal_tce": terminal, "energy_balance_difference_tce": None if gone else 12_300}
            account |= {(code, basis): amount for code, amount in balance.items()}
        if not gone:
            for i in range(len(PRODUCTS)):
                account[f"energy_product_tce:p{i}", "equivalent"] = 626_000 * size // (i + 1)
                account[f"energy_sector_tce:s{i}", "equivalent"] = 415_000 * size // (i + 1)
        sheet.table(subject, period, account, own)
        sheet.put("electricity_10k_kwh", subject, period, 114_200 * size)
        sheet.put("electricity_growth_percent", subject, period, "5.8")
        sheet.put("gdp_growth_percent", subject, period, "6.1")
        sheet.put("energy_growth_percent", subject, period, None if status != "ok" else "3.1", status=status)


def open_items(subject: Subject, today: date = TODAY) -> None:
    """Things to do for the office of ``subject``."""
    rows = [
        ("资兴市强度一级预警：确认处置", "预警 · 发现于11-14", 1, date(2026, 11, 23)),
        ("桂东县三季度能源未报", "催报 · 已提醒1次", 2, today),
        ("苏仙区三季度能源第2次报", "审核 · 上次退回原因：焦炭消费突增42%", 3, date(2026, 11, 27)),
        ("3条折标系数待核实", "规则", 3, None),
    ]
    for i, (title, detail, severity, due) in enumerate(rows):
        InboxItem.objects.create(
            key=f"test-{i}", kind="test", title=title, detail=detail, severity=severity, address="/", for_subject=subject, due_on=due,
            opened_on=date(2026, 11, 14), demonstration=True,
        )  # fmt: skip
