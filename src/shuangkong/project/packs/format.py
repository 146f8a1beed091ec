"""The pack format as data: which tables a pack may hold, with which columns, keys and references.

``docs/how-to/add-a-city.md`` prints it for people. A pack is a folder with ``pack.yaml`` and tables of comma-separated values in
UTF-8 whose first line names the columns. The folder ``statistics`` holds any number of files of one shape; ``rules`` holds the
place's own rows of the rulebook.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shuangkong.apps.ledger.measures import MEASURES

FORMAT = 1
MANIFEST = "pack.yaml"
MANIFEST_KEYS = {"format": True, "code": True, "title": True, "region": True, "map": False, "demonstration": False}
RULES_DIR = "rules"
STATISTICS_DIR = "statistics"

REGION_KINDS = ("nation", "province", "city", "county", "unallocated", "zone", "park")
ROLES = ("lead", "support", "implement")
EVIDENCE = ("published", "reposted", "recalled")
RELEASES = ("preliminary", "verified", "final", "census")
PRICE_BASES = ("", "0", "2015", "2020", "2025")
COMPARISONS = ("", "=", ">", ">=", "<", "<=", "≈")
TARGET_KINDS = ("binding", "expected", "qualitative", "internal")
FUELS = ("coal", "gas", "hydro", "wind", "solar", "biomass", "waste")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``kind``: text, integer, number, date, period or yesno. ``required``: a cell may not be empty."""

    name: str
    kind: str = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    longest: int = 0
    means: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """The cells of ``columns`` name a row of ``table`` by ``targets`` (where they are not empty)."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the file ``name``.csv, or every file of the folder ``name`` where ``folder``."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...] = ()
    needed: bool = False
    folder: bool = False
    means: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)


@dataclass(slots=True)
class TableRow:
    """One row that was read: its file and line, the cells as text, and the values that could be made of them."""

    file: str
    line: int
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)


def _text(name: str, longest: int = 0, *, required: bool = True, means: str = "", choices: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", required, choices, longest, means)


_PLAN = Reference(("plan",), "plans", ("code",))
_CLAUSE = Reference(("plan", "clause"), "clauses", ("plan", "code"))
_REGION = Reference(("region",), "regions", ("code",))
_COUNTY = Reference(("county",), "regions", ("code",))

#: What a clause is about, where the platform sends its notices to whoever leads it.
TOPICS = ("warning", "telemetry")

TABLES = (
    Table(
        "regions",
        (
            _text("code", 40, means="GB/T 2260 的六位代码，或本包自定的代码（功能区、园区、不分县）"),
            _text("name", 120),
            _text("full_name", 120),
            _text("kind", choices=REGION_KINDS),
            _text("parent", 40, required=False, means="上级地区"),
            _text("county", 40, required=False, means="功能区、园区所在的县市区"),
            Column("position", "integer", means="排列次序"),
        ),
        ("code",),
        (Reference(("parent",), "regions", ("code",)), _COUNTY),
        needed=True,
        means="地区：市、县市区、不分县、功能区、园区",
    ),
    Table(
        "departments",
        (_text("code", 40), _text("short_name", 60), _text("full_name", 120), _text("category", 40)),
        ("code",),
        means="方案点名的单位",
    ),
    Table(
        "plans",
        (
            _text("code", 40),
            _text("title", 200),
            _text("period_name", 20),
            _text("document", 80, required=False),
            Column("issued_on", "date", required=False),
            _text("region", 40),
            Column("base_year", "integer"),
            Column("first_year", "integer"),
            Column("last_year", "integer"),
        ),
        ("code",),
        (_REGION,),
        means="方案",
    ),
    Table(
        "clauses",
        (
            _text("plan"),
            _text("code", 20),
            _text("number", 20, means="方案中的序号，如 二（一）1"),
            _text("chapter", 80),
            _text("section", 80, required=False),
            _text("title", 80),
            _text("summary"),
            _text("responsibility_kind", 40, means="牵头+分工、单独负责、按职责分工（无牵头）"),
            _text("responsibility_text", required=False),
            Column("open_ended", "yesno", means="名单以“等”结尾"),
            _text("topic", 20, required=False, choices=TOPICS, means="平台据以派待办的事：warning 为形势分析预警，telemetry 为自动监测"),
        ),
        ("plan", "code"),
        (_PLAN,),
        means="条款",
    ),
    Table(
        "duties",
        (_text("plan"), _text("clause"), _text("department"), _text("role", choices=ROLES)),
        ("plan", "clause", "department", "role"),
        (_CLAUSE, Reference(("department",), "departments", ("code",))),
        means="条款与单位：牵头（含单独负责）、责任、落实",
    ),
    Table(
        "obligations",
        (_text("plan"), _text("clause"), _text("code", 20), _text("text", 300), _text("frequency", 60), _text("owner", 120)),
        ("plan", "clause", "code"),
        (_CLAUSE,),
        means="条款提出的规则和经常性任务",
    ),
    Table("actions", (_text("plan"), Column("number", "integer"), _text("name", 80)), ("plan", "number"), (_PLAN,), means="重点行动"),
    Table(
        "parent_targets",
        (
            _text("plan"),
            Column("action", "integer"),
            _text("place", 40),
            _text("document", 80),
            _text("indicator", 120),
            _text("comparison", required=False, choices=COMPARISONS),
            Column("number", "number", required=False),
            _text("unit", 40, required=False),
            _text("words", 80, required=False),
            Column("target_year", "integer"),
            _text("evidence", choices=EVIDENCE),
        ),
        ("plan", "action", "place", "document", "indicator"),
        (Reference(("plan", "action"), "actions", ("plan", "number")),),
        means="上级方案在同一行动下的指标",
    ),
    Table(
        "annexes",
        (_text("plan"), Column("number", "integer"), _text("title", 120), Column("published", "yesno")),
        ("plan", "number"),
        (_PLAN,),
        means="附件；未公开的受限",
    ),
    Table(
        "targets",
        (
            _text("plan"),
            _text("indicator", 60),
            _text("region"),
            Column("number", "number", required=False),
            Column("incentive", "number", required=False),
            _text("words", 80, required=False),
            _text("kind", choices=TARGET_KINDS),
            _text("source", 120),
            Column("public", "yesno"),
            _text("set_by", 80, required=False, means="下达的机关"),
        ),
        ("plan", "indicator", "region", "kind"),
        (_PLAN, _REGION),
        means="目标：有数写数，只有话写话",
    ),
    Table(
        "parks",
        (
            _text("region"),
            _text("level", 20),
            _text("leading_industries", 200, required=False),
            _text("note", 300, required=False),
            _text("evidence", choices=EVIDENCE),
        ),
        ("region",),
        (_REGION,),
        means="功能区和园区的公开情况",
    ),
    Table(
        "enterprises",
        (
            _text("code", 40),
            _text("name", 120),
            _text("county"),
            _text("industry", 16, means="GB/T 4754 的两位大类"),
            _text("line", 60),
            _text("note", 200, required=False),
            _text("as_of", 20, required=False),
            _text("evidence", choices=EVIDENCE),
            _text("place_as_seen", 60, required=False),
        ),
        ("code",),
        (_COUNTY,),
        means="公开资料中见到的企业",
    ),
    Table(
        "power_plants",
        (
            _text("code", 40),
            _text("name", 120),
            _text("county"),
            _text("fuel", choices=FUELS),
            Column("capacity_mw", "number"),
            Column("commissioned", "integer", required=False),
            Column("longitude", "number", required=False),
            Column("latitude", "number", required=False),
            _text("place_as_seen", 60, required=False),
            _text("source", 120),
            _text("evidence", choices=EVIDENCE),
            _text("note", 200, required=False),
        ),
        ("code",),
        (_COUNTY,),
        means="电厂",
    ),
    Table(
        STATISTICS_DIR,
        (
            _text("region"),
            _text("measure", choices=tuple(name for name, measure in MEASURES.items() if not measure.by_product)),
            Column("period", "period"),
            Column("value", "number"),
            _text("unit", 16),
            _text("price_base", required=False, choices=PRICE_BASES, means="0 为现价；只用于 gdp"),
            _text("release", choices=RELEASES),
            Column("known_on", "date", means="公布日；未见时为次年末"),
            _text("publisher", 40),
            _text("title", 60),
            Column("published_on", "date", required=False),
            _text("evidence", choices=EVIDENCE),
            _text("note", 100, required=False),
        ),
        ("region", "measure", "period", "price_base", "release"),
        (_REGION,),
        folder=True,
        means="公开发布的统计数（台账来源 published）",
    ),
)
