"""From the asked task and the figures to shares: the pure model is called here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from shuangkong.apps.indicators.decomposition.gather import Figures, as_text
from shuangkong.apps.indicators.decomposition.schemes import AIR, INPUTS, RATE, Scheme
from shuangkong.apps.plans.models import Plan
from shuangkong.core import decomposition as model
from shuangkong.core.environment import air_task, water_task
from shuangkong.core.errors import Infeasible, InputError, ShuangkongError
from shuangkong.core.rounding import WORKING_DIGITS
from shuangkong.rulebook.loader import RecordingBook

BOUNDS = ("lower", "upper", "locked")
#: How many absent figures one message lists.
SHOWN = 12
_ONE, _PERCENT = Decimal(1), Decimal(100)


@dataclass(frozen=True, slots=True)
class Asked:
    """The task: what is shared out, how much is held back, the step, the day whose regions count, bounds by county, what is tried."""

    target: Decimal
    reserve: Decimal
    step: Decimal
    on: date
    bounds: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    what_if: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Asked:
        """From what a version keeps."""
        numbers = [Decimal(body[key]) for key in ("target", "reserve", "step")]
        return cls(*numbers, date.fromisoformat(body["on"]), _nested(body["bounds"]), _nested(body["what_if"]))

    def body(self) -> dict[str, Any]:
        """As a version keeps it."""
        plain = as_text({"target": self.target, "reserve": self.reserve, "step": self.step})
        return {**plain, "on": self.on.isoformat(), "bounds": as_text(self.bounds), "what_if": as_text(self.what_if)}


def _nested(body: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Decimal]]:
    return {code: {name: Decimal(text) for name, text in of.items()} for code, of in body.items()}


def number_of(text: str, where: str) -> Decimal | None:
    """The number that a person wrote; None for nothing.

    Raises:
        InputError: it is no number.
    """
    plain = text.strip().replace(",", "").replace("，", "").replace("−", "-").rstrip("%％")
    if not plain:
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise InputError(f"“{text}”不是数", where=where, do="只填数") from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12:
        raise InputError(f"“{text}”不是可用的数", where=where)
    return number


def checked_input(key: str, value: Decimal, label: str) -> Decimal:
    """A stated figure within what it may be.

    Raises:
        InputError: outside; says between what it must lie.
    """
    kind = INPUTS[key]
    if not kind.low <= value <= kind.high:
        why = f"给出的是 {value}{kind.unit}，应在 {kind.low} 到 {kind.high} 之间"
        raise InputError(f"{kind.title}不成立", where=label, why=why, do="核对数值和单位")
    return value


@dataclass(frozen=True, slots=True)
class Task:
    """A task with the figures and rules to solve it. ``least``: what was handed down to the city, below which nothing is shared out."""

    plan: Plan
    scheme: Scheme
    asked: Asked
    found: Figures
    book: RecordingBook
    least: Decimal | None = None

    @property
    def years(self) -> int:
        """Years from the base year to the plan's last."""
        return self.plan.last_year - self.plan.base_year


def solve(task: Task, what_if: Mapping[str, Mapping[str, Decimal]] | None = None) -> dict[str, Any]:
    """The shares as a version keeps them, or the ``problem`` with the codes that conflict; ``what_if`` are figures that are only tried."""
    try:
        _require_whole(task)
        return _solved(task, _Factors(task, what_if or {}))
    except Infeasible as error:
        return {"problem": error.as_dict(), "conflicts": list(error.conflicts)}
    except ShuangkongError as error:
        return {"problem": error.as_dict(), "conflicts": []}


def _require_whole(task: Task) -> None:
    found, asked = task.found, task.asked
    if not found.regions:
        raise InputError("没有可分解的地区", where=task.plan.subject.name, do="先登记县市区")
    if found.missing:
        shown = "；".join(found.missing[:SHOWN]) + (f" 等 {len(found.missing)} 项" if len(found.missing) > SHOWN else "")
        raise InputError("数据不全，不能分解", where=task.plan.period_name, why=shown, do="补齐后再保存；缺的数不当作 0")
    if asked.target <= 0:
        raise InputError("没有全市目标", where=task.plan.period_name, why="方案没有下达这个指标的数", do="先登记目标，或在任务里填全市目标")
    if task.least is not None and asked.target < task.least:
        raise InputError("分解的目标低于下达的目标", where="target", why=f"下达 {task.least}，分解 {asked.target}", do="不低于下达的目标")
    known = {subject.code for subject in found.regions}
    for code in asked.bounds:
        if code not in known:
            raise InputError("设了界的地区当时不存在", where=code, why=f"按 {asked.on} 的地区分解", do="删去这一行")


def _solved(task: Task, factors: _Factors) -> dict[str, Any]:
    asked, found, book = task.asked, task.found, task.book
    weights, floor = model.scheme(task.scheme.name, tuple(task.scheme.factors), book, book.region, asked.on)
    made = {s.code: factors.of(s.code, s.name, weights) for s in found.regions}
    bounds = {s.code: model.Bounds(**asked.bounds[s.code]) if asked.bounds.get(s.code) else model.FREE for s in found.regions}
    if task.scheme.kind == RATE:
        rates = [
            model.RateRegion(
                s.code, s.name, found.base[s.code], found.gdp[s.code], factors.input(s.code, "growth"), made[s.code], bounds[s.code]
            )
            for s in found.regions
        ]  # fmt: skip
        return _rate_body(model.decompose_rate(asked.target, task.years, rates, weights, floor, asked.step, asked.reserve), made)
    tonnes = [model.TonneRegion(s.code, s.name, factors.base(s.code), made[s.code], bounds[s.code]) for s in found.regions]
    return _tonne_body(model.decompose_tonnes(asked.target, tonnes, weights, floor, asked.step, asked.reserve), made)


class _Factors:
    """The factors of the regions that do not follow from bases: stated ones, growth over the years, the task of air and water."""

    def __init__(self, task: Task, what_if: Mapping[str, Mapping[str, Decimal]]) -> None:
        self.task, self.what_if = task, what_if
        self.limits: dict[str, Decimal] = {}
        self.weights: dict[str, Decimal] = {}
        book, on, scheme = task.book, task.asked.on, task.scheme
        if scheme.task == "air":
            self.limits = {name: book.at(f"environment.limit.{name}", book.region, on).number for name in AIR}
            self.weights = {name: book.at(f"decomposition.task.{scheme.pollutant}.{name}", book.region, on).number for name in AIR}

    def input(self, code: str, key: str) -> Decimal:
        """A stated figure, or what is tried in its place."""
        return self.what_if.get(code, {}).get(key, self.task.found.inputs[code][key])

    def base(self, code: str) -> Decimal:
        """The base amount, or what is tried in its place where it is a stated figure."""
        return self.what_if.get(code, {}).get(self.task.scheme.base, self.task.found.base[code])

    def of(self, code: str, label: str, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """The factors of one region; those that the model makes of the bases are left out."""
        made = {}
        for factor, key in self.task.scheme.factors.items():
            if key:
                made[factor] = self.input(code, key)
            elif factor == "task" and weights[factor]:
                made[factor] = self._task(code, label)
            elif factor == "growth" and self.task.scheme.kind != RATE:
                made[factor] = _grown(self.input(code, "growth"), self.task.years)
        return made

    def _task(self, code: str, label: str) -> Decimal:
        mine = self.task.found.readings.get(code, {})
        if self.task.scheme.task == "air":
            return air_task(mine, self.limits, self.weights, label)
        return water_task(mine.get("water_sections"), mine.get("water_sections_met"), label)


def _grown(annual_growth_percent: Decimal, years: int) -> Decimal:
    """Growth over the years as a multiple."""
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        return (_ONE + annual_growth_percent / _PERCENT) ** years


def _share(share: model.Share, factors: Mapping[str, Decimal]) -> dict[str, Any]:
    plain = {"exact": share.exact, "rounded": share.rounded, "score": share.score, "parts": share.parts, "factors": factors}
    return {"code": share.code, "label": share.label, "held": share.held, **as_text(plain)}


def _rate_body(made: model.RateDecomposition, factors: Mapping[str, Mapping[str, Decimal]]) -> dict[str, Any]:
    facts = as_text(
        {
            "target": made.target_percent, "reached": made.reached_percent, "surplus": made.surplus_pp,
            "structure": made.structure_effect_percent, "equal": made.equal_percent,
        }
    )  # fmt: skip
    return {"kind": "rate", **facts, "shares": [_share(share, factors[share.code]) for share in made.shares]}


def _tonne_body(made: model.TonneDecomposition, factors: Mapping[str, Mapping[str, Decimal]]) -> dict[str, Any]:
    shared = sum((share.rounded for share in made.shares), Decimal(0))
    facts = as_text({"target": made.total, "reserve": made.reserve, "shared": shared})
    return {"kind": "tonnes", **facts, "shares": [_share(share, factors[share.code]) for share in made.shares]}
