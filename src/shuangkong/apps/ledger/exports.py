"""What of the ledger can be exported: the rows that the data browser shows with the same address, and batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.exports import ROWS_MAX, Table
from shuangkong.apps.ledger import browsing, selectors
from shuangkong.apps.ledger.forms import RowFilterForm
from shuangkong.apps.ledger.words import Words, amount, price_base
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.periods import Period

READ_AT_ONCE = 2000


def rows(user: Any, filters: dict[str, str]) -> Table:
    """Accepted rows with their origin, filtered as the data browser filters them."""
    words = Words(current_rulebook())
    form = RowFilterForm(filters, words=words)
    found = browsing.filtered(user, form.filters(), form.subjects).order_by("-period_end", "pk")
    headings = [
        _("地区"), _("园区"), _("指标"), _("行业"), _("能源品种"), _("流向"), _("期别"), _("填报数"), _("填报单位"), _("基本量"), _("单位"),
        _("价格基期"), _("数据来源"), _("数据版本"), _("发布（报送）日期"), _("文号"), _("批次"), _("演示"), _("备注"),
    ]  # fmt: skip
    return Table(_("台账数据"), headings, _row_values(found, words), min(found.count(), ROWS_MAX))


def _row_values(found: Any, words: Words) -> Iterator[list[Any]]:
    for row in found[:ROWS_MAX].iterator(READ_AT_ONCE):
        yield [
            row.subject.name,
            row.zone.name if row.zone else "",
            words.measure(row),
            words.industries.get(row.industry, row.industry),
            words.products.get(row.product, row.product),
            words.flows.get(row.flow, row.flow),
            Period(row.period_start, row.period_end, row.period_kind).label,
            row.filed,
            row.unit_filed,
            amount(row),
            words.unit(row),
            price_base(row),
            words.origins.get(row.origin, row.origin),
            words.releases.get(row.release, row.release),
            row.known_on,
            row.document,
            row.batch_id,
            _("演示") if row.demonstration else "",
            row.remark,
        ]


def batches(user: Any, filters: dict[str, str]) -> Table:
    """Batches with their counts and states."""
    found = selectors.batches_of(user).order_by("-id")
    headings = [
        _("批次"), _("内容"), _("导入者"), _("文号"), _("读出行"), _("入账行"), _("未变行"), _("退回行"), _("入账时间"), _("撤销时间"),
        _("演示"),
    ]  # fmt: skip
    values = (
        [
            batch.pk, batch.title, batch.owner.display_name if batch.owner else "", batch.document, batch.rows_read, batch.rows_kept,
            batch.rows_unchanged, batch.rows_refused, batch.applied_at, batch.withdrawn_at, _("演示") if batch.demonstration else "",
        ]
        for batch in found.iterator(READ_AT_ONCE)
    )  # fmt: skip
    return Table(_("导入批次"), headings, values, found.count())
