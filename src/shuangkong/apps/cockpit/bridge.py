"""From the gross to the assessed figure of one place: the bars of the waterfall, each with the value that it opens into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from shuangkong.apps.cockpit import selectors
from shuangkong.apps.cockpit.cells import Cell
from shuangkong.apps.cockpit.selectors import Moment
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.ui.charts import Chart
from shuangkong.apps.ui.figures import explained_at, text
from shuangkong.apps.ui.waterfall import Step, waterfall


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: what it did to the decline in percentage points, and what it is per GDP in the base and in the report period."""

    part: str
    label: str
    number: Decimal | None
    base: Decimal | None
    report: Decimal | None
    note: str
    address: str

    @property
    def whole(self) -> bool:
        """Whether it is a figure and not a step between two."""
        return self.part in ("gross", "assessed")


@dataclass
class Bridge:
    """Both declines of a place and the steps between them."""

    name: str
    gross: Cell
    assessed: Cell
    bars: list[Bar]

    @cached_property
    def chart(self) -> Chart | None:
        """The waterfall in percentage points; None where no step could be made."""
        if not self.bars:
            return None
        label = _("%(name)s累计降低率从毛口径%(gross)s到考核口径%(assessed)s") % {
            "name": self.name, "gross": text(self.gross), "assessed": text(self.assessed)
        }  # fmt: skip
        return waterfall([Step(bar.label, bar.number, bar.whole, bar.address) for bar in self.bars], label, "%")


def bridge_of(user: Any, name: str, values: Sequence[Cell], moment: Moment) -> Bridge | None:
    """The bridge of a place at a moment; None where nothing is deducted. Two statements."""
    found = {cell.treatment: cell for cell in values if cell.indicator.code == selectors.DECLINE and cell.period_end == moment.end}
    gross, assessed = found.get(selectors.GROSS), found.get(selectors.ASSESSED)
    if gross is None or assessed is None:
        return None
    whole = Value.objects.visible_to(user).filter(pk=assessed.pk).only("inputs", "run").first()
    lines = [line for line in whole.inputs if "part" in line] if whole is not None else []
    opens = _opened(user, [line["opens"] for line in lines if "opens" in line], moment)
    own = {"gross": explained_at(gross.pk), "assessed": explained_at(assessed.pk)}
    return Bridge(name, gross, assessed, [_bar(line, {**opens, **own}) for line in lines])


def _opened(user: Any, keys: list[str], moment: Moment) -> dict[str, str]:
    rows = Value.objects.visible_to(user).filter(key__in=keys)
    rows = rows.filter(current__isnull=False) if moment.run is None else rows.filter(run=moment.run)
    return {key: explained_at(pk) for key, pk in rows.values_list("key", "pk")}


def _bar(line: Mapping[str, Any], addresses: Mapping[str, str]) -> Bar:
    number, base, report = (None if line[name] is None else Decimal(line[name]) for name in ("number", "base", "report"))
    address = addresses.get(line.get("opens", line["part"]), "")
    return Bar(line["part"], line["label"], number, base, report, line["detail"], address)
