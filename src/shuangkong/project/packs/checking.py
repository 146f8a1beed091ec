"""What is wrong with a pack as a whole: keys, references, units, the map, and the rule files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from shuangkong.apps.indicators.catalogue import ENTRIES
from shuangkong.apps.ledger.measures import MEASURES
from shuangkong.core.errors import InputError, RulebookError
from shuangkong.core.quantities import to_base, to_micro
from shuangkong.rulebook.loader import Rulebook

from .format import MANIFEST, RULES_DIR, STATISTICS_DIR, TABLES, TableRow
from .reading import Fault, Pack, PackError, read_pack


def check_pack(folder: Path) -> tuple[Pack, list[Fault]]:
    """The pack and all its faults, by file and line.

    Raises:
        InputError: there is no such folder.
    """
    pack = read_pack(folder)
    for check in _CHECKS:
        check(pack)
    pack.faults.sort(key=lambda fault: (fault.file, fault.line))
    return pack, pack.faults


def sound_pack(folder: Path) -> Pack:
    """The pack, when it has no fault.

    Raises:
        PackError: it has.
        InputError: there is no such folder.
    """
    pack, faults = check_pack(folder)
    if faults:
        raise PackError(folder, faults)
    return pack


def _needed_tables(pack: Pack) -> None:
    for table in TABLES:
        if table.needed and not (pack.folder / f"{table.name}.csv").exists():
            pack.fault(f"{table.name}.csv", 0, "", "没有这个文件")


def _key_of(row: TableRow, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(row.cells[column] for column in columns)


def _unique_keys(pack: Pack) -> None:
    for table in TABLES:
        seen: dict[tuple[str, ...], TableRow] = {}
        for row in pack.rows(table.name):
            first = seen.setdefault(_key_of(row, table.key), row)
            if first is not row:
                shown = "、".join(cell for cell in _key_of(row, table.key) if cell)
                pack.fault(row.file, row.line, "+".join(table.key), f"“{shown}”与 {first.file} 第{first.line}行重复")


def _references(pack: Pack) -> None:
    for table in TABLES:
        for reference in table.references:
            known = {_key_of(row, reference.targets) for row in pack.rows(reference.table)}
            for row in pack.rows(table.name):
                named = _key_of(row, reference.columns)
                if named[-1] and named not in known:
                    reason = f"{reference.table} 里没有“{'、'.join(named)}”"
                    pack.fault(row.file, row.line, reference.columns[-1], reason)


def _regions(pack: Pack) -> None:
    kinds = {row.cells["code"]: row.cells["kind"] for row in pack.rows("regions")}
    region = pack.manifest.get("region")
    if region and kinds and str(region) not in kinds:
        pack.fault(MANIFEST, 0, "region", f"regions 里没有“{region}”")
    for row in pack.rows("regions"):
        overlay = row.cells["kind"] in ("zone", "park")
        if overlay != bool(row.cells["county"]):
            pack.fault(row.file, row.line, "county", "功能区、园区要写所在县市区，其他地区不写")
        if row.cells["county"] and kinds.get(row.cells["county"]) not in (None, "county"):
            pack.fault(row.file, row.line, "county", f"“{row.cells['county']}”不是县市区")
    for name in ("enterprises", "power_plants"):
        for row in pack.rows(name):
            if kinds.get(row.cells["county"]) not in (None, "county"):
                pack.fault(row.file, row.line, "county", f"“{row.cells['county']}”不是县市区")


def _targets(pack: Pack) -> None:
    indicators = {entry.code for entry in ENTRIES}
    for row in pack.rows("targets"):
        if row.cells["indicator"] not in indicators:
            pack.fault(row.file, row.line, "indicator", f"没有指标“{row.cells['indicator']}”")
    for name in ("targets", "parent_targets"):
        for row in pack.rows(name):
            if bool(row.cells["number"]) == bool(row.cells["words"]):
                pack.fault(row.file, row.line, "number", "number 和 words 要写且只写一个")


def _plans(pack: Pack) -> None:
    for row in pack.rows("plans"):
        years = [row.values.get(name) for name in ("base_year", "first_year", "last_year")]
        if None not in years and not years[0] < years[1] <= years[2]:
            pack.fault(row.file, row.line, "first_year", "应是 基期 < 首年 ≤ 末年")
    _overlaps(pack)


def _overlaps(pack: Pack) -> None:
    """Two plans of one region never hold the same year: a year would have two targets."""
    seen: dict[tuple[str, int], str] = {}
    for row in pack.rows("plans"):
        first, last = row.values.get("first_year"), row.values.get("last_year")
        if first is None or last is None:
            continue
        others = {seen[key] for year in range(first, last + 1) if (key := (row.cells["region"], year)) in seen}
        for other in sorted(others):
            pack.fault(row.file, row.line, "first_year", f"年份与“{other}”重叠：同一年不能有两份方案")
        seen |= {(row.cells["region"], year): row.cells["code"] for year in range(first, last + 1)}


def _statistics(pack: Pack) -> None:
    for row in pack.rows(STATISTICS_DIR):
        measure = MEASURES.get(row.cells["measure"])
        if measure is None:
            continue
        if measure.price_base != bool(row.cells["price_base"]):
            pack.fault(row.file, row.line, "price_base", "gdp 要写价格基期（现价写 0），其他指标不写")
        period, known_on = row.values.get("period"), row.values.get("known_on")
        if period and known_on and known_on < period.start:
            pack.fault(row.file, row.line, "known_on", "公布日早于期别")
        if row.values.get("value") is not None:
            _unit(pack, row)


def _unit(pack: Pack, row: TableRow) -> None:
    measure, unit = MEASURES[row.cells["measure"]], row.cells["unit"]
    if measure.is_rate:
        if unit != measure.unit:
            pack.fault(row.file, row.line, "unit", f"“{unit}”应是 {measure.unit}")
        return
    try:
        to_micro(to_base(row.values["value"], unit, measure.dimension))
    except InputError as error:
        pack.fault(row.file, row.line, "unit", str(error))


def _map(pack: Pack) -> None:
    name = pack.manifest.get("map")
    if not name:
        return
    try:
        features = json.loads((pack.folder / str(name)).read_text(encoding="utf-8"))["features"]
        drawn = {str(feature["properties"]["code"]) for feature in features}
    except FileNotFoundError:
        pack.fault(str(name), 0, "", "没有这个文件")
        return
    except (ValueError, KeyError, TypeError):
        pack.fault(str(name), 0, "", "不是每个要素都有 properties.code 的 GeoJSON")
        return
    counties = {row.cells["code"] for row in pack.rows("regions") if row.cells["kind"] == "county"}
    for code in sorted(drawn - counties):
        pack.fault(str(name), 0, "code", f"“{code}”不是 regions 里的县市区")
    for code in sorted(counties - drawn):
        pack.fault(str(name), 0, "code", f"缺县市区“{code}”")


def _generator(pack: Pack) -> None:
    name = pack.manifest.get("demonstration")
    if name and not (pack.folder / str(name) / "__init__.py").is_file():
        pack.fault(MANIFEST, 0, "demonstration", f"没有 Python 包“{name}”")


def _rules(pack: Pack) -> None:
    folder = pack.folder / RULES_DIR
    if not folder.is_dir():
        return
    try:
        Rulebook.load(extra_dirs=[folder])
    except RulebookError as error:
        place, _, rest = error.where.partition(" ")
        pack.fault(f"{RULES_DIR}/{place}", 0, rest, "；".join(part for part in (error.what, error.why) if part))


_CHECKS: tuple[Callable[[Pack], None], ...] = (
    _needed_tables,
    _unique_keys,
    _references,
    _regions,
    _targets,
    _plans,
    _statistics,
    _map,
    _generator,
    _rules,
)

