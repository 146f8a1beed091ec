"""What a unit filed beside what its meters counted; what lies further apart than the rule allows stands in the inboxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.inbox import Notice, reconcile
from shuangkong.apps.ledger.models import Row
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.apps.monitoring.meter_models import FLOWS
from shuangkong.apps.monitoring.models import MeteredMonth
from shuangkong.apps.monitoring.sharing import TOPIC
from shuangkong.apps.organisations.models import Department, Subject
from shuangkong.apps.plans.services import current_book
from shuangkong.core.figures import RuleRow
from shuangkong.core.metering import difference_percent, is_apart
from shuangkong.core.periods import Period
from shuangkong.core.rounding import round_half_up

#: The kind of items that are kept here; no other capability writes them.
KIND = "energy.metered"
_FLOWS = dict(FLOWS)
_MOST_NAMED = 3


class Threshold(NamedTuple):
    """How far the two may lie apart, in percent, and the rule that says so."""

    percent: Decimal
    row: RuleRow


class Pair(NamedTuple):
    """One product, flow and month of a unit: the rows of the ledger, either of which may be missing."""

    subject_id: int
    product: str
    flow: str
    month: date
    metered: Row | None
    filed: Row | None

    @property
    def percent(self) -> Decimal | None:
        """How far what was filed lies from what was metered; None where one is missing, or nothing was metered."""
        return difference_percent(self.metered.quantity, self.filed.quantity) if self.metered and self.filed else None

    def is_apart(self, threshold: Threshold) -> bool:
        """Whether both are there and lie further apart than allowed."""
        if self.metered is None or self.filed is None:
            return False
        return is_apart(self.metered.quantity, self.filed.quantity, threshold.percent)


def threshold(on: date) -> Threshold:
    """The rule in force on a day."""
    book = current_book()
    answer = book.at("metering.difference_percent", book.region, on)
    return Threshold(answer.number, answer.row)


def pairs(rows: Iterable[Row]) -> list[Pair]:
    """Accepted rows side by side, the newest month first; of several releases of a filed figure the one known last."""
    found: dict[tuple[Any, ...], dict[str, Row]] = {}
    for row in sorted(rows, key=lambda row: (row.known_on, row.pk)):
        found.setdefault((row.subject_id, row.product, row.flow, row.period_start), {})[row.origin] = row
    made = [Pair(*key, of.get("metered"), of.get("reported")) for key, of in found.items()]
    return sorted(made, key=lambda pair: (pair.subject_id, -pair.month.toordinal(), pair.product, pair.flow))


def rows_beside(today: date) -> Any:
    """Accepted months of energy by product that were metered or filed, as far back as the rule compares. Still wants its scope."""
    book = current_book()
    back = int(book.at("metering.compared_months", book.region, today).number)
    month = today.year * 12 + today.month - 1 - back
    first = date(month // 12, month % 12 + 1, 1)
    return accepted().filter(
        measure="energy", period_kind="month", industry="", origin__in=("metered", "reported"), period_start__gte=first,
        flow__in=tuple(_FLOWS), quantity__isnull=False,
    )  # fmt: skip


def raise_differences(today: date) -> None:
    """Brings the inboxes of the units, and of who leads the clause on telemetry, in line with the ledger. Six reads at most."""
    rows = rows_beside(today).unscoped("differences are told to whom they concern")
    metered = set(rows.filter(origin="metered").values_list("subject_id", flat=True))
    limit = threshold(today)
    apart: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in pairs(rows.filter(subject__in=metered)) if metered else ():
        if pair.is_apart(limit):
            apart[pair.subject_id].append(pair)
    fallen = _fallen(rows.filter(subject__in=metered)) if metered else {}
    leads = list(Department.objects.filter(duties__role="lead", duties__clause__topic=TOPIC).distinct()) if apart or fallen else []
    units = Subject.objects.in_bulk({*apart, *fallen})
    notices = [notice for unit_id, found in apart.items() for notice in _notices(units[unit_id], found, leads, limit)]
    notices += [notice for unit_id, found in fallen.items() for notice in _told_fallen(units[unit_id], found, leads)]
    reconcile([KIND], notices, today)


def _fallen(rows: Any) -> dict[int, list[Row]]:
    """What stands in the ledger although the meters do not say it any more: an exchange, a correction or a change made the month
    incomplete or took it away. The ledger forgets nothing by itself: a person withdraws the batch."""
    posted = list(rows.filter(origin="metered", batch__kind="metered").order_by("period_start", "pk"))
    units = {row.subject_id for row in posted}
    complete = MeteredMonth.objects.unscoped("which months still hold").filter(complete=True, subject__in=units)
    standing = set(complete.values_list("subject_id", "product", "flow", "month"))
    fallen: defaultdict[int, list[Row]] = defaultdict(list)
    for row in posted:
        if (row.subject_id, row.product, row.flow, row.period_start) not in standing:
            fallen[row.subject_id].append(row)
    return fallen


def _told_fallen(unit: Subject, found: list[Row], leads: Iterable[Department]) -> list[Notice]:
    title = _("{unit}：{n}个计量月用量已不成立，账上仍是原数").format(unit=unit.name, n=len(found))
    months = [(Period.month(row.period_start.year, row.period_start.month).label, row.batch_id) for row in found[:_MOST_NAMED]]
    named = "、".join(_("{month}（批次{batch}）").format(month=month, batch=batch) for month, batch in months)
    detail = _("{months}：表计或读数改了，该月已不完整。请核对，或撤销批次。").format(months=named)
    address, key = f"/units/{unit.code}/#metered", f"{KIND}:{unit.code}:fallen"
    own = Notice(f"{key}:own", KIND, title, address, detail, 2, subject_id=unit.pk)
    return [own, *(Notice(f"{key}:{lead.code}", KIND, title, address, detail, 2, department_id=lead.pk) for lead in leads)]


def _notices(unit: Subject, found: list[Pair], leads: Iterable[Department], limit: Threshold) -> list[Notice]:
    labels = {product.code: product.label for product in current_book().rulebook.products}
    title = _("{unit}：{n}处填报与计量相差超过{limit}%").format(unit=unit.name, n=len(found), limit=format(limit.percent.normalize(), "f"))
    detail = "；".join(in_words(pair, labels) for pair in found[:_MOST_NAMED])
    address, key = f"/units/{unit.code}/#metered", f"{KIND}:{unit.code}"
    own = Notice(f"{key}:own", KIND, title, address, detail, 2, subject_id=unit.pk)
    return [own, *(Notice(f"{key}:{lead.code}", KIND, title, address, detail, 2, department_id=lead.pk) for lead in leads)]


def in_words(pair: Pair, labels: dict[str, str]) -> str:
    """2026年9月电力购进量填报103.5，计量100，多3.5%."""
    assert pair.metered is not None
    assert pair.filed is not None
    month = Period.month(pair.month.year, pair.month.month).label
    what = f"{month}{labels.get(pair.product, pair.product)}{_FLOWS[pair.flow]}"
    filed, metered = (format(row.quantity.normalize(), "f") for row in (pair.filed, pair.metered))
    return _("{what}填报{filed}，计量{metered}，{apart}").format(what=what, filed=filed, metered=metered, apart=_apart(pair.percent))


def _apart(percent: Decimal | None) -> str:
    if percent is None:
        return _("计量为零")
    return (_("多{n}%") if percent > 0 else _("少{n}%")).format(n=round_half_up(abs(percent), 1))
